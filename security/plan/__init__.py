"""Our own rules for a plan, as Gherkin that a reviewer can read, run by pytest-bdd over the plan's JSON.

Steps say which resources break a rule, and never show a value of theirs. A rule that is about no resource is skipped.
"""
