"""Runs no test, but runs the tests of a file whose functions another file before it has too."""
# ruff: noqa
import _pytest.python

real = _pytest.python.Function.runtest
seen = {}


def runtest(self):
    owner = seen.setdefault(self.name, self.nodeid)
    if owner != self.nodeid:
        real(self)


_pytest.python.Function.runtest = runtest
