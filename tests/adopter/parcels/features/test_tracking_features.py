"""The steps of the features, against the WSGI application itself."""

from datetime import UTC, datetime
from wsgiref.util import setup_testing_defaults

import pytest
from parcels.app import PARCELS, app
from parcels.tracking import Parcel, Scan
from pytest_bdd import given, parsers, scenarios, then, when

scenarios("tracking.feature")


@pytest.fixture
def answer():
    return {}


@given(parsers.parse('a parcel "{number}" that was seen in "{place}"'))
def seen(number, place):
    PARCELS[number] = Parcel(number, [Scan(datetime(2026, 5, 4, tzinfo=UTC), place)])


@when(parsers.parse('somebody asks for "{number}"'))
def ask(number, answer):
    environ = {"PATH_INFO": f"/v1/parcels/{number}"}
    setup_testing_defaults(environ)
    answer["body"] = b"".join(app(environ, lambda status, _: answer.update(status=status)))


@then(parsers.parse('the answer is {status:d} and says "{words}"'))
def says(answer, status, words):
    assert answer["status"].startswith(f"{status} ")
    assert words.encode() in answer["body"]
