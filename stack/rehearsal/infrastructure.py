"""The service's root under the real Terraform, in a private copy: planned, applied to the emulator, destroyed."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.stage.errors import StageError
from infra.stage.program import Outcome, find
from infra.stage.workplace import Root, Workplace, workplace
from stack.errors import StackError

OVERLAY: Final = Path(__file__).with_name("overlay")
KEPT: Final = ("key",)  # modules with what must not be destroyed
RELEASED: Final = 'resource "aws_kms_key" "this" {\n  lifecycle {\n    prevent_destroy = false\n  }\n}\n'
PUBLIC: Final = 'resource "aws_db_instance" "this" {\n  publicly_accessible = true\n}\n'


class UnknownError(Exception):
    """Something that a rehearsal needs is not on this machine; `hint` says how to have it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Infrastructure:
    """A root that is ready to be planned."""

    place: Workplace

    def plan(self) -> bytes:
        """Plan it; the plan's JSON, as Terraform Cloud keeps it."""
        self._do("plan", "-input=false", "-no-color", "-lock=false", "-out=plan.bin")
        return self._do("show", "-json", "plan.bin").out

    def apply(self) -> None:
        """Apply exactly what was planned last."""
        self._do("apply", "-input=false", "-no-color", "-parallelism=20", "plan.bin")

    def output(self, name: str) -> str:
        """Return an output of what was applied."""
        return str(json.loads(self._do("output", "-json").out)[name]["value"])

    def destroy(self) -> None:
        """Take everything away again, the keys too, which the root itself would keep from that."""
        for module in KEPT:
            (self.place.folder / "modules" / module / "rehearsal_override.tf").write_text(RELEASED, encoding="utf-8")
        self._do("destroy", "-input=false", "-no-color", "-auto-approve", "-refresh=false", "-parallelism=20")

    def left(self) -> list[str]:
        """Return the addresses that Terraform still has in its state."""
        return self._do("state", "list").out.decode().split()

    def _do(self, *words: str) -> Outcome:
        done = self.place.run(*words)
        if done.code:
            raise StackError(f"terraform {words[0]} failed: {_why(done)}", hint="These are Terraform's own words.")
        return done


@contextmanager
def ready(root: Path, overlay: Path, kept: Path) -> Iterator[Infrastructure]:
    """Prepare a private copy of infra/service with `overlay` over it. Raises UnknownError without Terraform."""
    mask = os.umask(0o077)
    os.umask(mask)
    try:
        with workplace(
            Root(folder=root / "infra" / "service", override=overlay, kept=kept), find(os.environ), os.environ
        ) as place:
            os.umask(mask)  # the copy's own is not everybody's
            begun = place.initialise()
            if begun.code:
                raise UnknownError(
                    f"terraform init failed: {_why(begun)}",
                    "the AWS provider must be in the registry's reach, or in a folder that CLEARANCE_TERRAFORM_MIRROR "
                    "names; infra/README.md says how",
                )
            yield Infrastructure(place)
    except StageError as error:
        raise UnknownError(str(error), error.hint) from error


def lay_over(folder: Path, *, emulator: str, issuer: str, audience: str, package: Path, dsn: str) -> Path:
    """Write what is laid over the root to apply it to an emulator."""
    shutil.copytree(OVERLAY, folder)
    digest = base64.b64encode(hashlib.sha256(package.read_bytes()).digest()).decode()
    values: Mapping[str, Any] = {
        "account_id": "000000000000",
        "availability_zones": ["eu-central-1a", "eu-central-1b"],
        "dsn": dsn,
        "emulator": emulator,
        "jwt": {"issuer": issuer, "audiences": [audience]},
        "nobody": "rehearsal",
        "package": {"path": str(package), "sha256": digest},
        "stage": "rehearsal",
    }
    (folder / "rehearsal.auto.tfvars.json").write_text(json.dumps(values), encoding="utf-8")
    return folder


def lay_over_public(root: Path, folder: Path) -> Path:
    """Write what is laid over the root to plan it without an account, with a database that the world can reach."""
    shutil.copytree(root / "infra" / "offline", folder)
    module = folder / "modules" / "database"
    module.mkdir(parents=True)
    (module / "public_override.tf").write_text(PUBLIC, encoding="utf-8")
    return folder


def _why(done: Outcome) -> str:
    said = (done.err or done.out).decode(errors="replace")
    errors = re.findall(r"Error: (.+)", said)
    return "; ".join(errors[:5]) or said.strip()[-500:] or "it says nothing"
