"""Binds every scenario of every feature file in this folder: none can stay unbound."""

from pytest_bdd import scenarios

pytest_plugins = (
    "features.steps.access",
    "features.steps.answers",
    "features.steps.canary",
    "features.steps.listing",
    "features.steps.lookup",
    "features.steps.recovery",
    "features.steps.reporting",
    "features.steps.statistics",
    "features.steps.tracing",
)

scenarios(".")
