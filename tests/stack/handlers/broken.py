"""A handler that cannot be imported."""

from importlib import import_module

import_module("a_module_that_nobody_has")


def handler(_event, _context):
    """Never come to life."""
