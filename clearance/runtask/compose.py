"""Puts the worker together from the environment: the one place where it says who plays which part.

CLEARANCE_RUNTASK_… `HOSTS` hosts of Terraform Cloud · `SHELF` where evidence lies · `PROJECT` the folder of the policy,
the trust file and our own Checkov checks (the working folder, or Lambda's own) · `POLICY_DIGEST` what the policy's
digest must be · `CHECKOV_PYTHON` the Python of Checkov's environment · `CANARY_URL`, `CANARY_TOKEN` what is asked of
the API after an apply.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from clearance.attest.trust import FILE as TRUST
from clearance.model import ClearanceError, Evidence
from clearance.runtask.canary import Canary, absent
from clearance.runtask.client import Client
from clearance.runtask.clock import SystemClock
from clearance.runtask.decide import CANARY, decide
from clearance.runtask.library import PinnedLibrary, open_shelf
from clearance.runtask.nouns import Limits
from clearance.runtask.places import Hosts
from clearance.runtask.ports import Memory, Ports
from clearance.runtask.request import Request, Secret
from clearance.runtask.retrying import Patience
from clearance.runtask.scan import CHECK, Installed, Scanner
from clearance.subject import POLICY

PREFIX = "CLEARANCE_RUNTASK_"
CHECKS = "security/checkov"


class Inspector:
    """What looks at plans, and what asks the API; where either is not to be had, evidence that saw nothing."""

    def __init__(self, scanner: Scanner | None, canary: Canary | None) -> None:
        self._scanner, self._canary = scanner, canary

    def scan(self, plan: bytes) -> Evidence:
        """Look at a plan."""
        if self._scanner is None:
            return absent(CHECK, f"there is no Checkov here: set {PREFIX}CHECKOV_PYTHON")
        return self._scanner.scan(plan)

    def canary(self, request: Request) -> Evidence:
        """Ask the API."""
        if self._canary is None:
            return absent(CANARY, f"nobody says where the API is: set {PREFIX}CANARY_URL")
        return self._canary.ask()

    def close(self) -> None:
        """End what was started."""
        if self._scanner is not None:
            self._scanner.close()


def ports_of(environ: Mapping[str, str], memory: Memory, plan_key: bytes) -> Ports:
    """Make the ports of a worker. Raises ClearanceError for what is missing or not as it must be."""
    project = Path(_said(environ, "PROJECT") or environ.get("LAMBDA_TASK_ROOT") or ".").resolve()
    shelf = _said(environ, "SHELF")
    if shelf is None:
        raise ClearanceError(f"{PREFIX}SHELF is not set", "name the folder, or s3://bucket/prefix, of the evidence")
    clock = SystemClock()
    return Ports(
        clock=clock,
        library=PinnedLibrary(project / POLICY, project / TRUST, open_shelf(shelf), _said(environ, "POLICY_DIGEST")),
        inspection=Inspector(_scanner(environ, project), _canary(environ)),
        terraform=Client(hosts=Hosts.parse(_said(environ, "HOSTS")), patience=Patience(clock=clock)),
        memory=memory,
        decide=decide,
        plan_key=plan_key,
        limits=Limits(),
    )


def client_of(environ: Mapping[str, str]) -> Client:
    """Make what speaks with Terraform Cloud, for who has nothing to decide."""
    return Client(hosts=Hosts.parse(_said(environ, "HOSTS")), patience=Patience(clock=SystemClock()))


def _scanner(environ: Mapping[str, str], project: Path) -> Scanner | None:
    python = _said(environ, "CHECKOV_PYTHON")
    return None if python is None else Scanner(Installed(python=Path(python), checks=project / CHECKS))


def _canary(environ: Mapping[str, str]) -> Canary | None:
    url, token = _said(environ, "CANARY_URL"), _said(environ, "CANARY_TOKEN")
    return None if url is None else Canary(url=url, token=Secret(token) if token else None)


def _said(environ: Mapping[str, str], name: str) -> str | None:
    return environ.get(PREFIX + name) or None
