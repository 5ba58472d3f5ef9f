"""Makes a root's plan as JSON without its sensitive values, once for all who ask, kept by what it is made of."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

from infra.stage.check import unprepared
from infra.stage.errors import StageError
from infra.stage.program import Outcome, tell
from infra.stage.redaction import redact
from infra.stage.workplace import Workplace, alone

_PLAN = "plan.json"
_DIGEST = re.compile(r"[0-9a-f]{64}-[0-9a-f]{16}")


def kept_plan(place: Workplace) -> Path:
    """Return the file with the plan's JSON, made if there is none of exactly this root by this Terraform.

    Only a plan that Terraform completed is kept; the plan of an errored run is returned, in the workplace, and gone
    with it. Raises StageError where there is none at all.
    """
    with alone(place.kept / "plan.lock"):
        file = place.kept / place.digest / _PLAN
        if file.is_file():
            tell(f"the plan of these files is there already: {place.digest[:12]}")
            return file
        document = make(place)
        if document.get("errored") is not False:
            return _written(place.folder / _PLAN, document)
        _discard_others(place)
        file.parent.mkdir(mode=0o700, exist_ok=True)
        return _written(file, document)


def make(place: Workplace) -> dict[str, Any]:
    """Plan the root, without refreshing what is not there, and return the plan's JSON redacted.

    The plan file, which holds every value in clear, lies in the private copy and is deleted at once.
    """
    begun = place.initialise()
    if begun.code != 0:
        raise StageError(*unprepared(begun))
    binary = place.folder / "plan.bin"
    try:
        planned = place.run("plan", "-input=false", "-refresh=false", "-lock=false", "-json", f"-out={binary}")
        if not binary.is_file():
            raise StageError(
                f"terraform plan failed and left no plan: {'; '.join(_errors(planned)) or 'it says nothing'}",
                "mend the root; try it by hand as infra/README.md says",
            )
        binary.chmod(0o600)
        for error in _errors(planned):
            tell(f"terraform plan: {error}")
        shown = place.run("show", "-json", str(binary))
    finally:
        binary.unlink(missing_ok=True)
    try:
        document = json.loads(shown.out)
    except ValueError as error:
        raise StageError("terraform show -json printed no JSON", "try it by hand as infra/README.md says") from error
    if not isinstance(document, dict):
        raise StageError("terraform show -json printed no plan", "try it by hand as infra/README.md says")
    return redact(document)


def _errors(planned: Outcome) -> list[str]:
    """Return what Terraform objects to: a summary and a place each, since details and snippets may show values."""
    errors = []
    for line in planned.out.splitlines():
        try:
            said = json.loads(line).get("diagnostic") or {}
        except (ValueError, AttributeError):
            continue
        if said.get("severity") == "error":
            place = said.get("range") or {}
            at = f" ({place.get('filename')}:{(place.get('start') or {}).get('line')})" if place else ""
            errors.append(f"{said.get('summary')}{at}")
    return errors


def _written(file: Path, document: dict[str, Any]) -> Path:
    """Write the document, readable by its owner alone, whole or not at all."""
    beside = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        json.dump(document, opened)
    beside.replace(file)
    return file


def _discard_others(place: Workplace) -> None:
    """Delete the plans of other states of the files: nobody will ask for them soon."""
    for old in place.kept.iterdir():
        if old.name != place.digest and _DIGEST.fullmatch(old.name):
            shutil.rmtree(old, ignore_errors=True)
