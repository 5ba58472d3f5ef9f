"""Lets Terraform look at a root that nobody will apply: checked and planned in a private copy, without an account.

The gate's stage `plan` runs it as a tool of its own, `python -m infra.stage`; it needs the standard library alone
(`read` an HCL parser too), decides nothing and leaves reports. What reads them are the gate's readers.
"""
