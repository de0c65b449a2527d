"""Runs pytest in the tests' own interpreter and reports over descriptor 3; its text is the argument of `python -c`.

What it says is not trusted (the code under test lives in the same process): the verdict needs it complete and consistent, and a control run
catches who forges it. Everything used after the repository's code was imported is bound to a local name before.
"""

import sys

if sys.path and sys.path[0] == "":
    del sys.path[0]  # no module of the tree stands in for one of the standard library here

import fcntl
import json
import os


def main() -> None:
    say, hear = connect()
    setup = hear()
    key = setup["key"]
    owner = os.getpid()
    getpid, leave, encode = os.getpid, os._exit, json.dumps

    def tell(**values: object) -> None:
        if getpid() == owner:  # a test that forks goes on in a second process, which has nothing to say
            say((key + " " + encode(values) + "\n").encode("ascii"))

    def flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except (AttributeError, OSError, ValueError):
                pass

    sys.path.insert(0, setup["program_folder"])  # what the `pytest` program has there
    sys.argv = [os.path.join(setup["program_folder"], "pytest")] + setup["arguments"]
    import pytest

    status = int(pytest.main(setup["arguments"], plugins=[reporter(pytest, tell, hear)]))
    tell(event="end", exitstatus=status)
    flush()
    leave(status if getpid() == owner else 1)


def connect():  # type: ignore[no-untyped-def]
    """A function that writes to the supervisor and one that reads its next line, as an object."""
    channel = 3
    fcntl.fcntl(channel, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    write, read, decode = os.write, os.read, json.loads
    pending = bytearray()

    def say(content: bytes) -> None:
        while content:
            content = content[write(channel, content) :]

    def hear():  # type: ignore[no-untyped-def]
        while b"\n" not in pending:
            chunk = read(channel, 65536)
            if not chunk:
                raise EOFError("the supervisor closed the channel")
            pending.extend(chunk)
        line, _, rest = bytes(pending).partition(b"\n")
        pending[:] = rest
        return decode(line.decode("ascii"))

    return say, hear


def reporter(pytest, tell, hear):  # type: ignore[no-untyped-def]
    """A plugin object; its hooks keep to what pytest 5 to 9 have in common."""
    plan = {"stop_on": (), "stop_after": 0}  # type: dict
    held = {"session": None, "finished": 0}  # type: dict

    def stop(why: str) -> None:
        if held["session"] is not None:
            held["session"].shouldstop = why

    class Reporter:
        @pytest.hookimpl(hookwrapper=True, tryfirst=True)  # type: ignore[untyped-decorator]
        def pytest_collection_modifyitems(self, session, items):  # type: ignore[no-untyped-def]
            yield
            held["session"] = session
            tell(event="collected", ids=[item.nodeid for item in items], xfail=[item.nodeid for item in items if item.get_closest_marker("xfail")])
            plan.update(hear())
            first = set(plan["first"])
            items[:] = [items[index] for index in plan["first"]] + [item for index, item in enumerate(items) if index not in first]
            plan["stop_on"] = set(plan["stop_on"])

        @pytest.hookimpl(optionalhook=True)  # type: ignore[untyped-decorator]
        def pytest_xdist_node_collection_finished(self, node, ids):  # type: ignore[no-untyped-def]
            tell(event="xdist", ids=list(ids))

        def pytest_runtest_logreport(self, report):  # type: ignore[no-untyped-def]
            outcome = report.outcome
            if hasattr(report, "wasxfail"):
                outcome = {"skipped": "xfailed", "passed": "xpassed"}.get(outcome, outcome)
            subtest = "subtest" in type(report).__name__.lower()
            marked = "xfail" in report.keywords
            tell(event="report", id=report.nodeid, when=report.when, outcome=outcome, subtest=subtest, xfail=marked, s=round(report.duration, 6))
            if outcome == "failed" and report.nodeid in plan["stop_on"]:
                stop("an expected test failed")

        def pytest_runtest_logfinish(self, nodeid):  # type: ignore[no-untyped-def]
            held["finished"] += 1
            if held["finished"] == plan["stop_after"]:
                stop("every test that was asked for has run")

    return Reporter()


main()
