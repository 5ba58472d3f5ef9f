"""The API against its own description: no 5xx, and no answer outside `service/openapi.json`, for made-up requests.

Bounded and deterministic: the same requests each time, to BASE_URL or to a local stack started for the session.
"""

import os
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method

from features.deployment import deployment

ROOT = Path(__file__).parents[2]
SCHEMA = schemathesis.openapi.from_path(ROOT / "service/openapi.json")


@pytest.fixture(scope="session")
def target():
    """Where the service answers, and its tokens."""
    with deployment(os.environ) as found:
        yield found


@SCHEMA.hook
def filter_query(_context, query):
    """Leave out what a URL cannot say: an empty list is nothing there, so what it was to break is not broken."""
    return not query or all(value not in ([], {}) for value in query.values())


@SCHEMA.parametrize()
@settings(max_examples=20, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_answer_is_one_that_the_description_allows(case, target):
    """Requests made from the description, valid and not, are answered as it says, and never with a 5xx."""
    token = target.token("flights:write" if case.method.upper() == "POST" else "flights:read")
    case.call_and_validate(
        base_url=target.base_url,
        headers={"Authorization": f"Bearer {token.value}"},
        # An HTTP API answers 404, not 405, where it has no route for a method. JSON Schema cannot say that the keys of
        # a batch must differ or that a cursor must be one of ours. Tokens are the business of features/.
        excluded_checks=[unsupported_method, positive_data_acceptance, ignored_auth],
        timeout=30,
    )
