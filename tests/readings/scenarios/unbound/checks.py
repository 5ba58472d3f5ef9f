from pytest_bdd import scenario

from steps import *


@scenario("plain.feature", "One flight")
def test_one():
    pass
