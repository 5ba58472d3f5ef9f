"""The steps: which resources a rule is about, and what must be true of them."""

MODULES = (
    "security.plan.steps.chosen",
    "security.plan.steps.loss",
    "security.plan.steps.exposure",
    "security.plan.steps.operation",
)
