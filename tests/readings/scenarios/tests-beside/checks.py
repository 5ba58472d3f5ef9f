from pytest_bdd import scenario

from steps import *


@scenario("plain.feature", "One flight")
def test_bound():
    pass


def test_two_flights():
    assert True


def test_of_another_kind():
    assert 1 == 2
