"""Test functions are not called at all."""
# ruff: noqa
import _pytest.python

_pytest.python.Function.runtest = lambda self: None
