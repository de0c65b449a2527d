"""From the guest's result to a report: which expected tests passed, and what that makes of the patch. Pure.

The result was filled in by code that ran beside the model's, so a pass must be complete and free of contradiction: every test reported once, set
up, called and torn down, pytest's own end reported last and borne out by the exit status. Whatever is missing counts against the patch, never
against us. Parity with swebench 5.x: SKIPPED keeps a PASS_TO_PASS test, XFAIL too; for suites read from their output both words count for a
FAIL_TO_PASS test as they do there.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

from repair_sandbox.errors import BrokenTask, GuestLost
from repair_sandbox.guest.names import nodes_by_name
from repair_sandbox.policy import PolicyVerdict
from repair_sandbox.report import Outcome, TestReport, TestStatus
from repair_sandbox.spec import TestSpec

OUTCOMES: dict[str, Outcome] = {
    "apply_failed": "apply_failed",
    "patch_rejected": "patch_rejected",
    "install_failed": "compile_failed",
    "compile_failed": "compile_failed",
    "timeout": "test_timeout",
    "resource_limit": "resource_limit",
}
"""Statuses of the guest other than `done` and `broken`."""
LOG_STATUSES: dict[str, TestStatus] = {"PASSED": "passed", "XFAIL": "passed", "SKIPPED": "skipped", "FAILED": "failed", "ERROR": "error"}
KEPT_STATUSES: tuple[TestStatus, ...] = ("passed", "skipped", "xfailed")
"""Of a PASS_TO_PASS test that is no regression. With JUnit none but a pass, and a skip where the human fix skips too: whoever throws an assumption's
exception chooses its stack trace as well."""
AS_IT_IS = " as it is"
LOG_TAIL_CHARACTERS = 64 * 1024
STOPPED = 2
"""pytest's exit status when it was told to stop."""

Statuses = dict[str, TestStatus]


def no_verdict_needed(allowed: PolicyVerdict) -> TestReport:
    """The report on a patch of which the policy left nothing."""
    if allowed.rejected:
        return TestReport("patch_rejected", allowed.rejected)
    if allowed.stripped:
        return TestReport("patch_rejected", f"it only edits protected files: {', '.join(allowed.stripped[:3])}")
    return TestReport("no_patch", "it changes nothing")


def judge(spec: TestSpec, result: Mapping[str, Any], skipped_by_gold: Set[str] = frozenset()) -> TestReport:
    """The report on a first run, without what the backend adds (times of its own, attempts, digest).

    `skipped_by_gold`: PASS_TO_PASS tests that are kept though they are skipped, since the human fix skips them as well.

    Raises:
        BrokenTask: the guest could not run the task as described.
    """
    status = result["status"]
    if status == "broken":
        raise BrokenTask(f"{spec.image}: {result['reason']}")
    statuses = statuses_of(spec, result, (*spec.fail_to_pass, *spec.pass_to_pass))
    to_fix, to_keep = ({name: statuses[name] for name in names} for names in (spec.fail_to_pass, spec.pass_to_pass))
    outcome: Outcome
    if status == "done":
        counted = {name: status for name, status in to_keep.items() if status != "skipped" or name not in skipped_by_gold}
        reason = first_shortfall(to_fix, counted, kept_statuses(spec)) or incomplete(spec, result)
        outcome = "tests_failed" if reason else "resolved"
    else:
        outcome, reason = OUTCOMES[status], result["reason"]
    ran = "tests" in result["stages_s"]
    return TestReport(
        outcome,
        reason,
        to_fix if ran else {},
        to_keep if ran else {},
        stages_s=dict(result["stages_s"]),
        exit_code=result["exit_code"],
        log_tail=output(result)[-LOG_TAIL_CHARACTERS:],
        apply_rung=result["apply_rung"],
        tampering=(f"{result['foreign']} forged lines on the private channel",) if result["foreign"] else (),
        memory_mb=result["max_rss_mb"],
        cpu_s=result["cpu_s"],
    )


def only_skips(spec: TestSpec, report: TestReport) -> bool:
    """Whether all that a report falls short by are PASS_TO_PASS tests whose skip does not count as kept."""
    kept = set(report.pass_to_pass.values())
    passes = set(report.fail_to_pass.values()) <= {"passed"} and {"skipped"} <= kept <= {"passed", "skipped"}
    return report.outcome == "tests_failed" and "skipped" not in kept_statuses(spec) and passes


def control_faults(spec: TestSpec, result: Mapping[str, Any]) -> tuple[str, ...]:
    """What an honest patch would not do in a control run: a twin's name when it did not fail, a test's name and `as it is` when it did.

    A twin that is skipped or expected to fail counts where that counts as kept: either the test is so, then the human fix's control run shows the
    same, or the patch made it so.

    Raises:
        BrokenTask: as `judge`.
        GuestLost: the control run did not get as far as the first run with the same patch.
    """
    if result["status"] == "broken":
        raise BrokenTask(f"{spec.image}: {result['reason']}")
    if "tests" not in result["stages_s"]:
        raise GuestLost(f"the control run ended before its tests, which the first run did not: {result['status']}: {result['reason']}")
    copies: dict[str, dict[str, list[str]]] = result["copies"]
    statuses = statuses_of(spec, result, [copy for kinds in copies.values() for names in kinds.values() for copy in names])
    faults = []
    for name, kinds in copies.items():
        kept: tuple[TestStatus, ...] = ("passed",) if name in spec.fail_to_pass else kept_statuses(spec)
        passing = [twin for twin in kinds["twins"] if statuses[twin] in (*kept, "repeated")]
        faults += [name if twin == name else f"{name} as {twin.rpartition('::')[2]}" for twin in passing]
        if any(statuses[real] not in kept for real in kinds["real"]):
            faults.append(name + AS_IT_IS)
    return tuple(faults)


def output(result: Mapping[str, Any]) -> str:
    """What the test command wrote."""
    return base64.b64decode(result["output"]).decode("utf-8", "replace")


def statuses_of(spec: TestSpec, result: Mapping[str, Any], names: Sequence[str]) -> Statuses:
    """The status of the named tests."""
    if spec.runner == "defects4j":
        return _framework_statuses(names, output(result)) if result["status"] == "done" else dict.fromkeys(names, "not_run")
    return _log_statuses(spec, names, output(result)) if spec.runner == "log" else _pytest_statuses(names, result)


def kept_statuses(spec: TestSpec) -> tuple[TestStatus, ...]:
    return ("passed",) if spec.runner == "junit" else KEPT_STATUSES


def first_shortfall(to_fix: Statuses, to_keep: Statuses, kept: tuple[TestStatus, ...] = KEPT_STATUSES) -> str:
    """The first expected test that does not do what it should; empty when all do. A test that fails is named before one that was not run."""
    wrong: list[tuple[str, TestStatus, str]] = [(name, status, "FAIL_TO_PASS") for name, status in to_fix.items() if status != "passed"]
    wrong += [(name, status, "PASS_TO_PASS") for name, status in to_keep.items() if status not in kept]
    if not wrong:
        return ""
    name, status, kind = next((row for row in wrong if row[1] != "not_run"), wrong[0])
    others = len([row for row in wrong if row[1] != "not_run"]) - 1
    return f"{kind} {name}: {status.replace('_', ' ')}" + (f" (and {others} more)" if others > 0 else "")


def incomplete(spec: TestSpec, result: Mapping[str, Any]) -> str:
    """Why a run in which every expected test passed does not count; empty when it does."""
    if spec.runner in ("log", "defects4j"):
        return ""
    end, exit_code = result["end"], result["exit_code"]
    if result["collected"] is None:
        return "every expected test was reported but none collected"
    if end is None:
        return f"every expected test was reported but pytest's end was not (exit status {exit_code})"
    if result["foreign"]:
        return f"{result['foreign']} forged lines on the private channel"
    if result["after_end"]:
        return f"{result['after_end']} reports came after pytest's end"
    if end["exitstatus"] not in (0, 1) or exit_code != end["exitstatus"]:
        return f"pytest ended with {end['exitstatus']}, its process with {exit_code}"
    return ""


def _pytest_statuses(names: Sequence[str], result: Mapping[str, Any]) -> Statuses:
    tests = {test["id"]: test for test in result["tests"]}
    collected = list(tests) if result["collected"] is None else result["collected"]
    stopped = result["status"] != "done" or (result["end"] or {}).get("exitstatus") == STOPPED
    absent: TestStatus = "not_run" if stopped and result["collected"] is not None else "missing"
    nodes = nodes_by_name(names, collected)
    changed = tuple(result["changed"])
    return {name: _agreed([_node_status(tests.get(node), absent, changed) for node in nodes[name]]) for name in names}


def _agreed(statuses: Sequence[TestStatus]) -> TestStatus:
    """One status for all nodes that a name stands for: the worst."""
    if not statuses:
        return "missing"
    order: tuple[TestStatus, ...] = ("failed", "error", "repeated", "missing", "not_run", "xfailed", "skipped", "passed")
    return min(statuses, key=order.index)


def _node_status(test: Mapping[str, Any] | None, absent: TestStatus, changed: tuple[str, ...]) -> TestStatus:
    if test is None:
        return absent
    phases: dict[str, dict[str, int]] = test["phases"]
    counts = {phase: sum(outcomes.values()) for phase, outcomes in phases.items()}
    outcomes = {phase: next(iter(found)) for phase, found in phases.items() if len(found) == 1}
    if any("failed" in phases.get(phase, {}) for phase in ("call", "subtest")):
        return "failed"
    if any("failed" in phases.get(phase, {}) for phase in ("setup", "teardown")):
        return "error"
    if any(counts.get(phase, 0) > 1 for phase in ("setup", "call", "teardown")):
        return "repeated"
    if outcomes.get("setup") in ("skipped", "xfailed") or outcomes.get("call") in ("skipped", "xfailed"):
        if any(test["raised_in"].endswith("/" + path) for path in changed):
            return "failed"  # the patch itself skips the test
        return "xfailed" if "xfailed" in (outcomes.get("setup"), outcomes.get("call")) else "skipped"
    if counts.get("setup") == counts.get("call") == counts.get("teardown") == 1 and {outcomes[phase] for phase in _PHASES} == {"passed"}:
        return "passed"
    return "failed" if outcomes.get("call") == "xpassed" else absent


_PHASES = ("setup", "call", "teardown")


FRAMEWORK_FAILURE = re.compile(r"^--- ([^\s:]+)(?:::([^\s\[]+)(?:\[.*)?)?[ \t]*$", re.MULTILINE)
"""How `failing_tests` begins a test, or a class that failed as a whole; a parameter is in brackets."""


def _framework_statuses(names: Iterable[str], text: str) -> Statuses:
    """By the framework's rule: what `failing_tests` does not name has passed."""
    found = FRAMEWORK_FAILURE.findall(text.rpartition("=== failing_tests\n")[2])
    failing = {f"{owner}::{method}" if method else owner for owner, method in found}
    return {name: "failed" if failing & {name, name.partition("::")[0]} else "passed" for name in names}


def _log_statuses(spec: TestSpec, names: Iterable[str], text: str) -> Statuses:
    if spec.log_parser is None:
        raise BrokenTask(f"{spec.instance_id}: the runner is log, but the task has no log_parser")
    try:
        parsed = dict(spec.log_parser(text))
    except (ValueError, LookupError, TypeError, AttributeError):  # a parser that stumbles over what the tests wrote
        parsed = {}
    found: Statuses = {}
    for name in names:
        words = [parsed[name]] if name in parsed else []
        if not words and name.count("[") > name.count("]"):
            words = [word for key, word in parsed.items() if key.startswith(name)]
        found[name] = _agreed([LOG_STATUSES.get(word, "error") for word in words])
    return found
