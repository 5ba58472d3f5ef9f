from pytest_bdd import scenarios

from steps import *

scenarios('.')
