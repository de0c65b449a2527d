"""The supervisor's end of the private channel to a test runner. Everything that comes in may be forged: nothing here may crash or block on it."""

import base64
import json
import os
from typing import Any, Dict, List, Optional, Set

from repair_sandbox.guest.names import nodes_by_name

ANSWER_S = 60.0
"""How long the runner may take to read what it is sent."""


class Listener:
    """Tells the runner its key and plan, takes in its reports."""

    def __init__(self, request: Dict[str, Any], channel: Any) -> None:
        self.request = request
        self.channel = channel
        channel.settimeout(ANSWER_S)
        self.key = base64.b16encode(os.urandom(16)).decode("ascii")
        self.expected = request["expected"]["fail_to_pass"] + request["expected"]["pass_to_pass"] + request.get("copies", [])
        self.pending = bytearray()
        self.tests: Dict[str, Dict[str, Any]] = {}
        self.collected: Optional[List[str]] = None
        self.marked: Set[str] = set()
        self.wanted: Set[str] = set()
        self.to_fix: Set[str] = set()
        """What is left of FAIL_TO_PASS."""
        self.on_fixed: Any = None
        """Called when every test of it has passed."""
        self.end: Optional[Dict[str, Any]] = None
        self.after_end = 0
        self.foreign = 0
        self.greet()

    def greet(self) -> None:
        """Send what the runner needs to begin."""
        self.send({"key": self.key, "arguments": self.arguments()})

    def arguments(self) -> List[str]:
        """The task's arguments, with pytest's cache out of the tree, where it could not be written; when to stop is for us to say (`stops`).

        Of a control run, in which half the tests fail, nobody reads the tracebacks: to format them takes a third of its time.
        """
        cache = os.path.join(os.environ.get("TMPDIR", "/tmp"), "pytest-cache")
        return ["-o", "cache_dir=" + cache, *self.request["arguments"], "--maxfail=0", *(["--tb=no"] if self.request["twins"] else [])]

    def send(self, message: Dict[str, Any]) -> None:
        self.channel.sendall(json.dumps(message).encode("ascii") + b"\n")

    def hear(self, chunk: bytes) -> None:
        self.pending += chunk
        if b"\n" in chunk:
            *lines, rest = bytes(self.pending).split(b"\n")
            self.pending[:] = rest
            for line in lines:
                if not self.take(line):
                    self.foreign += 1

    def take(self, line: bytes) -> bool:
        """Take in one line; False for one that is not our runner's."""
        key, _, text = line.partition(b" ")
        if key != self.key.encode("ascii"):
            return False
        try:
            event = json.loads(text.decode("ascii"))
            kind = event["event"]
            if self.end is not None:
                self.after_end += 1
                return True
            return self.take_event(kind, event)
        except OSError:  # the runner does not read, or is no more
            return True
        except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
            return False

    def take_event(self, kind: str, event: Dict[str, Any]) -> bool:
        if kind == "report":
            self.take_report(event)
        elif kind == "collected" and self.collected is None:
            self.marked = set(texts(event["xfail"]))
            self.collected = texts(event["ids"])
            self.plan(self.collected)
        elif kind == "failed":
            self.send({"stop": self.stops()})
        elif kind == "xdist":
            self.collected = texts(event["ids"])
        elif kind == "end":
            self.end = {"exitstatus": int(event["exitstatus"])}
        else:
            return False
        return True

    def plan(self, node_ids: List[str]) -> None:
        """Answer a collection with what runs first."""
        by_name = nodes_by_name(self.expected, node_ids)
        self.wanted = {node for nodes in by_name.values() for node in nodes}
        places = {node_id: index for index, node_id in enumerate(node_ids)}
        self.to_fix = {node for name in self.request["expected"]["fail_to_pass"] for node in by_name[name]}
        self.send({"first": sorted(places[node] for node in self.to_fix) if self.request["fail_to_pass_first"] else []})

    def stops(self) -> bool:
        """Whether a run goes on after a failure: asked for after each, so that the tests' process does not know a control run from another."""
        if self.request["twins"]:
            return all("teardown" in self.tests.get(node, {"phases": {}})["phases"] for node in self.wanted)
        failed = any("failed" in counts for node in self.wanted & self.tests.keys() for counts in self.tests[node]["phases"].values())
        return bool(self.request["stop_at_first_failure"]) and failed

    def take_report(self, event: Dict[str, Any]) -> None:
        node_id, phase, outcome, raised_in = texts([event["id"], event["when"], event["outcome"], event["raised_in"]])
        test = self.tests.setdefault(node_id, {"id": node_id, "phases": {}, "xfail": bool(event["xfail"]), "raised_in": "", "duration_s": 0.0})
        test["duration_s"] = round(test["duration_s"] + float(event["s"]), 6)
        test["raised_in"] = raised_in or test["raised_in"]
        if outcome == "rerun":  # a plugin repeats a flaky test, which is no second report
            test["phases"] = {}
            return
        counts = test["phases"].setdefault(phase, {})
        counts[outcome] = counts.get(outcome, 0) + 1
        if phase == "teardown" and node_id in self.to_fix and all("passed" in outcomes for outcomes in test["phases"].values()):
            self.to_fix.discard(node_id)
            if self.on_fixed and not self.to_fix:
                self.on_fixed()

    def results(self) -> Dict[str, Any]:
        """Fields of the result; of the expected tests only, a suite may have a hundred times as many."""
        by_name = nodes_by_name(self.expected, self.tests if self.collected is None else self.collected)
        wanted = {node for nodes in by_name.values() for node in nodes}
        tests = [dict(test, xfail=test["xfail"] or test["id"] in self.marked) for test in self.tests.values() if test["id"] in wanted]
        collected = None if self.collected is None else [node for node in self.collected if node in wanted]
        return {"tests": tests, "collected": collected, "end": self.end, "after_end": self.after_end, "foreign": self.foreign}


def texts(values: Any) -> List[str]:
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise TypeError("a list of texts was due")
    return values
