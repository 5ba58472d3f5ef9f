"""The Terraform of infra/ as plain values: a block is a dict under its labels, an expression is text in `${...}`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

INFRA = Path(__file__).parents[2] / "infra"
ROOT = INFRA / "service"
GATE = INFRA / "gate"
TERRAFORM_CLOUD = INFRA / "terraform_cloud"
GITHUB = INFRA / "github"
ROOTS = (ROOT, GATE, TERRAFORM_CLOUD, GITHUB)
PLAIN = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)


def parse(path: Path) -> dict[str, Any]:
    return parse_text(path.read_text())


def parse_text(text: str) -> dict[str, Any]:
    return dict(hcl2.loads(text, serialization_options=PLAIN))


def blocks(kind: str, folder: Path = ROOT) -> Iterator[tuple[Path, str, Any]]:
    """All blocks of a kind below a folder, tests apart: file, labels between dots, body."""
    for path in sorted(folder.rglob("*.tf")):
        for block in parse(path).get(kind, []):
            for label, body in block.items():
                if kind in {"resource", "data"}:
                    yield from ((path, f"{label}.{name}", inner) for name, inner in body.items())
                else:
                    yield path, label, body


def block(kind: str, label: str, folder: Path) -> Any:
    """The one block of a kind with a label."""
    [body] = [body for _, found, body in blocks(kind, folder) if found == label]
    return body


def locals_of(folder: Path) -> dict[str, Any]:
    """The locals of a root, without its modules'."""
    return {
        name: value
        for path in sorted(folder.glob("*.tf"))
        for found in parse(path).get("locals", [])
        for name, value in found.items()
    }
