"""What the tests of this folder need and this machine may lack, and which of them need it."""

import os
import shutil
from pathlib import Path

MIRROR = "CLEARANCE_TERRAFORM_MIRROR"
REQUIRED = "CLEARANCE_TERRAFORM_TESTS"
HINT = f"They need terraform on PATH, and the AWS provider in a folder that {MIRROR} names"
WITH_TERRAFORM = ("tests/terraform/test_driver.py", "tests/terraform/test_read_step.py")
WITH_PROVIDER = (
    "tests/terraform/test_gate_plan.py",
    "tests/terraform/test_stage_plan.py",
    "tests/rehearsal/test_overlay.py",
)


def missing() -> dict[str, tuple[str, ...]]:
    """What is not here, each with the test files that need it."""
    if shutil.which("terraform") is None:
        return {"terraform": (*WITH_TERRAFORM, *WITH_PROVIDER)}
    if not Path(os.environ.get(MIRROR) or "/nowhere").is_dir():
        return {"AWS provider": WITH_PROVIDER}
    return {}
