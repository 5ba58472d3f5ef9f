"""Clearance decides, from evidence, whether a change may merge and whether a Terraform run may apply."""

__version__ = "0.1.0"
