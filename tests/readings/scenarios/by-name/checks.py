from functools import partial

import pytest_bdd
from pytest_bdd import scenario

from steps import *

bind = scenario = partial(pytest_bdd.scenario, "plain.feature")


@scenario("One flight")
def test_departing():
    pass


@pytest_bdd.scenario("plain.feature", "Two flights")
def test_departing_twice():
    pass
