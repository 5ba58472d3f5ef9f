"""Readers: one a report format. A module here has `read(report, materials) -> Reading`, no I/O, and judges nothing.

A report that cannot be read raises `UnreadableError`; what a tool could not see, in a report that can be read, goes
into the reading's `problems`. A new format is a new module and a line in `READERS`.
"""

from __future__ import annotations

from collections.abc import Mapping

from clearance.model import Materials, Reader, Reading, UnreadableError
from clearance.readers import (
    bandit,
    checkov,
    checkov_log,
    coverage,
    cyclonedx,
    detect_secrets,
    file_list,
    junit,
    pip_audit,
    sarif,
    scenarios,
    squawk,
    terraform_plan,
    terraform_validate,
    zizmor,
)
from clearance.readers.strangers import instead


# These three stand on numpy, which takes longer to start than everything else here.
def _load(report: bytes, materials: Materials) -> Reading:
    from clearance.readers import load

    return load.read(report, materials)


def _locust(report: bytes, materials: Materials) -> Reading:
    from clearance.readers import locust

    return locust.read(report, materials)


def _load_comparison(report: bytes, materials: Materials) -> Reading:
    from clearance.readers import load_comparison

    return load_comparison.read(report, materials)


def _naming(name: str, reader: Reader) -> Reader:
    """Let a reader that refuses a report say what it looks like instead."""

    def read(report: bytes, materials: Materials) -> Reading:
        try:
            return reader(report, materials)
        except UnreadableError as error:
            other = instead(report, name)
            if other is None:
                raise
            raise UnreadableError(f"{str(error).rstrip('.')}; it looks like {other[0]}", other[1]) from error

    return read


_READERS: Mapping[str, Reader] = {
    "bandit": bandit.read,
    "checkov": checkov.read,
    "checkov-log": checkov_log.read,
    "coverage": coverage.read,
    "cyclonedx": cyclonedx.read,
    "detect-secrets": detect_secrets.read,
    "file-list": file_list.read,
    "junit": junit.read,
    "load": _load,
    "load-comparison": _load_comparison,
    "locust": _locust,
    "pip-audit": pip_audit.read,
    "sarif": sarif.read,
    "scenarios": scenarios.read,
    "squawk": squawk.read,
    "terraform-plan": terraform_plan.read,
    "terraform-validate": terraform_validate.read,
    "zizmor": zizmor.read,
}

READERS: Mapping[str, Reader] = {name: _naming(name, reader) for name, reader in _READERS.items()}
