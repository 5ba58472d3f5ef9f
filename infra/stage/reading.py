"""Looks at roots whose providers can't be had: their format, their syntax, and their arguments as documented."""

from __future__ import annotations

import importlib
import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.stage.check import from_here
from infra.stage.documented import Fault, Parse, faults
from infra.stage.errors import StageError
from infra.stage.program import Terraform, tell

_NOT_VALIDATED = (
    "NOT validated, tested or planned: its provider can't be had here. Judged are format, syntax and whether each "
    "argument is documented ({source}), and its source by Checkov; Terraform Cloud validates it in its own plan"
)
_RULES = ("format", "syntax", "argument", "not-validated")


def read(roots: list[Path], documentation: Path, reports: Path, terraform: Terraform, path: str) -> None:
    """Leave roots.sarif in `reports`: what is wrong, and of each root that it is not validated.

    Raises StageError where a root, the documentation or the parser is not there.
    """
    documented, parse = _documented(documentation), _parser()
    found: list[tuple[Path, Fault]] = []
    files: list[Path] = []
    for root in roots:
        mine = sorted(root.glob("*.tf"))
        if not mine:
            raise StageError(f"there is no Terraform in {root}", "name the root with --root")
        files += mine
        found += [(file, fault) for file in mine for fault in faults(file.read_text("utf-8"), documented, parse)]
        found.append((root / "terraform.tf", Fault(rule="not-validated", message=_said(root, documentation))))
    if all(fault.rule != "syntax" for _, fault in found):  # what does not parse has no format
        found += [(file, _UNFORMATTED) for file in _unformatted(roots, terraform, path)]
    (reports / "roots.sarif").write_text(json.dumps(_sarif(files, found), indent=1), encoding="utf-8")


_UNFORMATTED = Fault(rule="format", message="not in Terraform's canonical format; run `terraform fmt -recursive`")


def _said(root: Path, documentation: Path) -> str:
    words = _NOT_VALIDATED.format(source=documentation.as_posix())
    tell(f"{root.as_posix()}: {words}")
    return words


def _unformatted(roots: list[Path], terraform: Terraform, path: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as home:
        env = {"HOME": home, "PATH": path, "CHECKPOINT_DISABLE": "1"}
        said = terraform.run(Path(), env, "fmt", "-check", "-no-color", *map(str, roots))
    if said.code not in {0, 3}:
        raise StageError(f"terraform fmt ended with exit code {said.code}", "try it by hand: terraform fmt -check")
    yield from (Path(from_here(line)) for line in said.out.decode("utf-8", "replace").splitlines() if line.strip())


def _documented(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StageError(f"{file} can't be read: {error}", "name the file with --documented") from error


def _parser() -> Parse:
    """Return python-hcl2's parser (https://pypi.org/project/python-hcl2/), whose errors are lark's."""
    try:
        hcl2, lark = (
            importlib.import_module("hcl2"),
            importlib.import_module("lark"),
        )
    except ImportError as error:
        raise StageError("there is no HCL parser", "run the check through `clearance run --stage plan`") from error
    plain = hcl2.SerializationOptions(with_comments=False, explicit_blocks=False, strip_string_quotes=True)

    def parse(text: str) -> dict[str, Any]:
        try:
            return dict(hcl2.loads(text, serialization_options=plain))
        except lark.exceptions.LarkError as error:
            raise ValueError(f"{type(error).__name__} in line {getattr(error, 'line', '?')}") from error

    return parse


def _sarif(files: list[Path], found: list[tuple[Path, Fault]]) -> dict[str, Any]:
    return {
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "terraform fmt, HCL parser and documented arguments; not validated",
                        "rules": [{"id": rule} for rule in _RULES],
                    }
                },
                "invocations": [{"executionSuccessful": True}],
                "artifacts": [{"location": {"uri": file.as_posix()}} for file in files],
                "results": [_result(file, fault) for file, fault in found],
            }
        ],
    }


def _result(file: Path, fault: Fault) -> dict[str, Any]:
    logical = {"logicalLocations": [{"fullyQualifiedName": fault.resource}]} if fault.resource else {}
    place = {"physicalLocation": {"artifactLocation": {"uri": file.as_posix()}}, **logical}
    level = "note" if fault.rule == "not-validated" else "error"
    return {"ruleId": fault.rule, "level": level, "message": {"text": fault.message}, "locations": [place]}
