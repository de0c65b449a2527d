"""Exceptions of a test get lost on the way into its record."""
# ruff: noqa
import _pytest.runner

real = _pytest.runner.CallInfo.from_call.__func__


def from_call(cls, func, when, reraise=None):
    def quiet():
        try:
            return func()
        except Exception:
            return None

    return real(cls, quiet, when, reraise)


_pytest.runner.CallInfo.from_call = classmethod(from_call)
