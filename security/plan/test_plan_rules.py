"""Binds every scenario of every feature file in this folder: none can stay unbound."""

from pytest_bdd import scenarios

from security.plan.steps import MODULES

pytest_plugins = MODULES

scenarios(".")
