import pytest
from pytest_bdd import scenario

from steps import *


@pytest.mark.parametrize("browser", ["chrome", "firefox"])
@scenario("rich.feature", "Many <who>")
def test_many(browser):
    pass


@scenario("rich.feature", "One flight")
def test_one():
    pass


@scenario("rich.feature", "Ça va « bien » ?")
def test_well():
    pass
