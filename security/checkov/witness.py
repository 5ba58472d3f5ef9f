"""CKV_CLEARANCE_0: passes for every resource and data source, so that the report names all that Checkov looked at.

Without it a resource that no check applies to is as absent from the report as one in a file that was passed over.
"""

from __future__ import annotations

from typing import Any

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.data.base_check import BaseDataCheck
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

NAME = "Ensure that every resource is looked at"


class ResourceWitness(BaseResourceCheck):
    """Judges nothing."""

    def __init__(self) -> None:
        super().__init__(
            name=NAME, id="CKV_CLEARANCE_0", categories=[CheckCategories.GENERAL_SECURITY], supported_resources=["*"]
        )

    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Pass."""
        return CheckResult.PASSED


class DataWitness(BaseDataCheck):
    """Judges nothing."""

    def __init__(self) -> None:
        super().__init__(
            name=NAME, id="CKV_CLEARANCE_0", categories=[CheckCategories.GENERAL_SECURITY], supported_data=["*"]
        )

    def scan_data_conf(self, conf: dict[str, Any]) -> CheckResult:
        """Pass."""
        return CheckResult.PASSED


resources = ResourceWitness()
data = DataWitness()
