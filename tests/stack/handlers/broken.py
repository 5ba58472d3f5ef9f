"""A handler that cannot be imported."""

import a_module_that_nobody_has  # noqa: F401


def handler(_event, _context):
    """Never come to life."""
