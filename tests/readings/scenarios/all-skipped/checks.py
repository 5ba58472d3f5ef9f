from pytest_bdd import scenarios

from steps import *

scenarios('.')

import pytest

pytestmark = pytest.mark.skip(reason='environment down')
