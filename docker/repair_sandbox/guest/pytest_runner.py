"""Runs pytest in the tests' own interpreter and reports over an inherited socket; its text is the argument of `python -c`, followed by the
folder to look for modules in first.

What it says is not trusted (the code under test lives in the same process): the verdict needs it complete and consistent, and a control run
catches who forges it. Everything used after the repository's code was imported is bound to a local name before.
"""

import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]  # no module of the tree stands in for one of the standard library here

import contextlib
import fcntl
import json
import os
from typing import Any, Callable, Dict, Generator, List, Tuple

CHANNEL_FD = 197
"""`process.CHANNEL_FD`."""


def main() -> None:
    say, hear = connect()
    setup = hear()
    key = setup["key"]
    owner = os.getpid()
    getpid, leave, encode = os.getpid, os._exit, json.dumps

    def tell(**values: Any) -> None:
        if getpid() == owner:  # a test that forks goes on in a second process, which has nothing to say
            say((key + " " + encode(values) + "\n").encode("ascii"))

    sys.path.insert(0, sys.argv[1])  # the folder that the `pytest` program or `python -m pytest` has there
    sys.argv = [os.path.join(os.path.dirname(sys.executable), "pytest")] + setup["arguments"]
    import pytest

    status = int(pytest.main(setup["arguments"], plugins=[reporter(pytest, tell, hear)]))
    tell(event="end", exitstatus=status)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()
    leave(status if getpid() == owner else 1)


def connect() -> Tuple[Callable[[bytes], None], Callable[[], Any]]:
    """A function that writes to the supervisor and one that reads its next line, an object."""
    fcntl.fcntl(CHANNEL_FD, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    write, read, decode = os.write, os.read, json.loads
    pending = bytearray()

    def say(content: bytes) -> None:
        while content:
            content = content[write(CHANNEL_FD, content) :]

    def hear() -> Any:
        while b"\n" not in pending:
            chunk = read(CHANNEL_FD, 65536)
            if not chunk:
                raise EOFError("the supervisor closed the channel")
            pending.extend(chunk)
        line, _, rest = bytes(pending).partition(b"\n")
        pending[:] = rest
        return decode(line.decode("ascii"))

    return say, hear


def reporter(pytest: Any, tell: Callable[..., None], hear: Callable[[], Any]) -> Any:
    """A plugin object; its hooks keep to what pytest 5 to 9 have in common."""
    held: Dict[str, Any] = {"session": None, "failed": False}
    fspath, getpid, owner = os.fspath, os.getpid, os.getpid()

    def caller(excinfo: Any) -> str:
        """The file that called pytest.skip or pytest.xfail, which raised."""
        files = [fspath(entry.path) for entry in excinfo.traceback]
        return next((file for file in reversed(files) if not file.endswith("outcomes.py")), "")

    class Reporter:
        @pytest.hookimpl(hookwrapper=True, tryfirst=True)
        def pytest_collection_modifyitems(self, session: Any, items: List[Any]) -> Generator[None, Any, None]:
            yield
            if held["session"] is not None:
                return
            held["session"] = session
            marked = [item.nodeid for item in items if item.get_closest_marker("xfail")]
            tell(event="collected", ids=[item.nodeid for item in items], xfail=marked)
            first = hear()["first"]
            moved = set(first)
            items[:] = [items[index] for index in first] + [item for index, item in enumerate(items) if index not in moved]

        @pytest.hookimpl(optionalhook=True)
        def pytest_xdist_node_collection_finished(self, node: Any, ids: Any) -> None:
            tell(event="xdist", ids=list(ids))

        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(self, item: Any, call: Any) -> Generator[None, Any, None]:
            known = call.excinfo is not None and call.excinfo.typename in ("Skipped", "XFailed", "SkipTest")
            raised_in = caller(call.excinfo) if known else ""
            outcome = yield
            if known:
                outcome.get_result().raised_in = raised_in

        def pytest_runtest_logreport(self, report: Any) -> None:
            outcome = report.outcome
            if hasattr(report, "wasxfail"):
                outcome = {"skipped": "xfailed", "passed": "xpassed"}.get(outcome, outcome)
            tell(
                event="report",
                id=report.nodeid,
                when="subtest" if "subtest" in type(report).__name__.lower() else report.when,
                outcome=outcome,
                xfail="xfail" in report.keywords,
                raised_in=getattr(report, "raised_in", ""),
                s=round(report.duration, 6),
            )
            held["failed"] = held["failed"] or outcome == "failed"

        def pytest_runtest_logfinish(self, nodeid: str) -> None:
            if held["failed"] and held["session"] is not None and getpid() == owner:
                held["failed"] = False
                tell(event="failed")
                if hear()["stop"]:
                    held["session"].shouldstop = "an expected test failed"

    return Reporter()


main()
