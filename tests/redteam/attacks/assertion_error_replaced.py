"""A failed assertion raises pytest's expected failure instead."""
# ruff: noqa
import builtins

import _pytest.outcomes

builtins.AssertionError = _pytest.outcomes.XFailed
