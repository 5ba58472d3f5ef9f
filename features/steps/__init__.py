"""The steps, one module a subject, listed by hand; each may use another's, and asserts in words wherever it is used."""

import pytest

MODULES = (
    "features.steps.access",
    "features.steps.answers",
    "features.steps.canary",
    "features.steps.concurrency",
    "features.steps.listing",
    "features.steps.lookup",
    "features.steps.recovery",
    "features.steps.reporting",
    "features.steps.statistics",
    "features.steps.tracing",
)

pytest.register_assert_rewrite(*MODULES)
