"""The Terraform of infra/ as plain values: a block is a dict under its labels, an expression is text in `${...}`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

INFRA = Path(__file__).parents[2] / "infra"
ROOT = INFRA / "service"
_PLAIN = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


def parse(path: Path) -> dict[str, Any]:
    return hcl2.loads(path.read_text(), serialization_options=_PLAIN)


def blocks(kind: str, folder: Path = ROOT) -> Iterator[tuple[Path, str, Any]]:
    """All blocks of a kind below a folder, tests apart: file, labels between dots, body."""
    for path in sorted(folder.rglob("*.tf")):
        for block in parse(path).get(kind, []):
            for label, body in block.items():
                if kind in {"resource", "data"}:
                    yield from ((path, f"{label}.{name}", inner) for name, inner in body.items())
                else:
                    yield path, label, body
