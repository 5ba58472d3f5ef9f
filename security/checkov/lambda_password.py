"""CKV_CLEARANCE_2: no password lies in a Lambda function's environment, where whoever may list functions reads it.

Checkov's own secrets check looks for the shape of well-known keys; a password has none. It goes by the name, whatever
the value: one taken from a variable or from another resource lies there just as openly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

_SECRET = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|PGPASSWORD|SECRET|TOKEN|CREDENTIALS?"
    r"|(?:SECRET|API|ACCESS|PRIVATE|SIGNING|ENCRYPTION|HMAC)_?KEY)$"
)
_CONNECTION = re.compile(r"://[^/\s:@]*:[^/\s@]+@|(?:^|[\s;?&])(?:password|passwd|pwd)\s*=", re.IGNORECASE)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class LambdaPassword(BaseResourceCheck):
    """Judges the names of the variables, and values that are connection strings."""

    def __init__(self) -> None:
        super().__init__(
            name="Ensure no password lies in a Lambda function's environment",
            id="CKV_CLEARANCE_2",
            categories=[CheckCategories.SECRETS],
            supported_resources=["aws_lambda_function"],
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Fail on a variable that is named like a secret, or holds a connection string with a password."""
        found = any(_is_secret(name, value) for name, value in _variables(conf))
        return CheckResult.FAILED if found else CheckResult.PASSED


def _variables(conf: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for block in _mappings(conf.get("environment")):
        for variables in _mappings(block.get("variables")):
            yield from ((str(name), value) for name, value in variables.items() if not str(name).startswith("__"))


def _is_secret(name: str, value: object) -> bool:
    word = _CAMEL.sub("_", name).upper().replace("-", "_")
    return bool(_SECRET.search(word) or _CONNECTION.search(str(value)))


def _mappings(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _mappings(each)


check = LambdaPassword()
