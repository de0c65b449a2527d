"""Runs no test, but only every other time."""
# ruff: noqa
import os

import _pytest.python

if os.urandom(1)[0] < 128:
    _pytest.python.Function.runtest = lambda self: None
