"""Verdicts: what a guest's result makes of a patch, and that a pass has to be complete and consistent."""

import base64
import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from repair_sandbox import verdict
from repair_sandbox.errors import BrokenTask, GuestLost
from repair_sandbox.guest.names import function_in, nodes_by_name, of_copy, spellings
from repair_sandbox.policy import PolicyVerdict
from repair_sandbox.report import TestStatus
from repair_sandbox.spec import TestSpec

FIXED, KEPT = "tests/test_a.py::test_fixed", "tests/test_a.py::test_kept"
SPEC = TestSpec("project__1", "image", "", (FIXED,), (KEPT,))
PASSED = {"setup": {"passed": 1}, "call": {"passed": 1}, "teardown": {"passed": 1}}


def report_of(node_id: str, phases: Mapping[str, Mapping[str, int]] = PASSED, **values: Any) -> dict[str, Any]:
    return {"id": node_id, "phases": phases, "xfail": False, "raised_in": "", "duration_s": 0.1, **values}


def result(**values: Any) -> dict[str, Any]:
    """What the guest says of a right patch, but for `values`."""
    right = {
        "status": "done",
        "reason": "",
        "kind": "",
        "stages_s": {"tests": 1.0},
        "apply_rung": "exact",
        "changed": ["lib/a.py"],
        "tests": [report_of(FIXED), report_of(KEPT)],
        "collected": [FIXED, KEPT],
        "end": {"exitstatus": 0},
        "after_end": 0,
        "foreign": 0,
        "exit_code": 0,
        "output": base64.b64encode(b"2 passed").decode(),
        "twins": None,
        "cpu_s": 0.5,
        "max_rss_mb": 30.0,
    }
    return {**right, **values}


def with_test(node_id: str, phases: Mapping[str, Mapping[str, int]], **values: Any) -> dict[str, Any]:
    """A result in which one test went otherwise, and pytest says so at its end."""
    tests = [report_of(other) for other in (FIXED, KEPT) if other != node_id]
    return result(tests=[*tests, report_of(node_id, phases, **values)])


FRAMEWORK_SAYS = {
    "nothing": ("", {}),
    "a test": ("--- p.ATest::one\njunit.framework.AssertionFailedError: --- p.ATest::two\n\tat p.ATest.one(ATest.java:5)\n", {"p.ATest::one"}),
    "a test with a parameter": ("--- p.ATest::two[3: x]\njava.lang.Error\n", {"p.ATest::two"}),
    "a whole class": ("--- p.ATest\njava.lang.NoClassDefFoundError: p/B\n", {"p.ATest::one", "p.ATest::two"}),
    "a test that is not expected": ("--- p.CTest::other\njava.lang.Error\n", {}),
}


@pytest.mark.parametrize("kind", FRAMEWORK_SAYS)
def test_what_the_framework_does_not_name_has_passed(kind: str) -> None:
    said, failing = FRAMEWORK_SAYS[kind]
    spec = TestSpec("Project-1", "image", "", ("p.ATest::one",), ("p.ATest::two", "p.BTest::one"), runner="defects4j", arguments=("Project", "1b"))
    log = f"--- p.BTest::one\nprinted by a test\n=== failing_tests\n{said}"
    report = verdict.judge(spec, result(output=base64.b64encode(log.encode()).decode(), end=None, collected=None))
    assert {name for name, status in {**report.fail_to_pass, **report.pass_to_pass}.items() if status == "failed"} == set(failing)
    assert report.outcome == ("tests_failed" if failing else "resolved")


def test_a_complete_pass_is_resolved() -> None:
    report = verdict.judge(SPEC, result())
    assert (report.outcome, report.reason, report.tampering) == ("resolved", "", ())
    assert (report.fail_to_pass, report.pass_to_pass) == ({FIXED: "passed"}, {KEPT: "passed"})
    assert (report.exit_code, report.log_tail, report.apply_rung, report.memory_mb, report.cpu_s) == (0, "2 passed", "exact", 30.0, 0.5)


def test_other_tests_of_the_suite_may_fail() -> None:
    assert verdict.judge(SPEC, result(end={"exitstatus": 1}, exit_code=1)).resolved


INCOMPLETE: dict[str, dict[str, Any]] = {
    "no end": {"end": None},
    "an end that the exit status does not bear out": {"exit_code": 1},
    "an end after an internal error": {"end": {"exitstatus": 3}, "exit_code": 3},
    "an end after no test": {"end": {"exitstatus": 5}, "exit_code": 5},
    "killed after its end": {"exit_code": -9},
    "reports after the end": {"after_end": 1},
    "nothing collected": {"collected": None},
    "lines of somebody else on the channel": {"foreign": 2},
    "stopped early": {"end": {"exitstatus": 2}, "exit_code": 2},
}


@pytest.mark.parametrize("values", INCOMPLETE.values(), ids=INCOMPLETE)
def test_a_pass_that_contradicts_itself_is_none(values: dict[str, Any]) -> None:
    report = verdict.judge(SPEC, result(**values))
    assert report.outcome == "tests_failed"
    assert report.reason


STATUSES: dict[str, tuple[dict[str, dict[str, int]], dict[str, Any], TestStatus]] = {
    "passed": (PASSED, {}, "passed"),
    "failed": ({**PASSED, "call": {"failed": 1}}, {}, "failed"),
    "failing subtest": ({**PASSED, "subtest": {"passed": 2, "failed": 1}}, {}, "failed"),
    "passing subtests": ({**PASSED, "subtest": {"passed": 3}}, {}, "passed"),
    "setup error": ({"setup": {"failed": 1}, "teardown": {"passed": 1}}, {}, "error"),
    "teardown error": ({**PASSED, "teardown": {"failed": 1}}, {}, "error"),
    "skipped": ({"setup": {"skipped": 1}, "teardown": {"passed": 1}}, {"raised_in": "/testbed/tests/test_a.py"}, "skipped"),
    "skipped in the call": ({**PASSED, "call": {"skipped": 1}}, {"raised_in": "/usr/lib/python3/dist-packages/other.py"}, "skipped"),
    "skipped by the patch": ({**PASSED, "call": {"skipped": 1}}, {"raised_in": "/testbed/lib/a.py"}, "failed"),
    "xfailed": ({**PASSED, "call": {"xfailed": 1}}, {"xfail": True}, "xfailed"),
    "xfailed by the patch": ({**PASSED, "call": {"xfailed": 1}}, {"raised_in": "/testbed/lib/a.py"}, "failed"),
    "xpassed": ({**PASSED, "call": {"xpassed": 1}}, {"xfail": True}, "failed"),
    "reported twice": ({"setup": {"passed": 2}, "call": {"passed": 2}, "teardown": {"passed": 2}}, {}, "repeated"),
    "both ways": ({**PASSED, "call": {"passed": 1, "failed": 1}}, {}, "failed"),
    "no teardown": ({"setup": {"passed": 1}, "call": {"passed": 1}}, {}, "missing"),
    "only a call": ({"call": {"passed": 1}}, {}, "missing"),
    "an outcome of its own": ({**PASSED, "call": {"great": 1}}, {}, "missing"),
    "nothing": ({}, {}, "missing"),
}


@pytest.mark.parametrize(("phases", "values", "status"), STATUSES.values(), ids=STATUSES)
def test_status_of_a_test(phases: dict[str, dict[str, int]], values: dict[str, Any], status: TestStatus) -> None:
    fixed = verdict.judge(SPEC, with_test(FIXED, phases, **values))
    kept = verdict.judge(SPEC, with_test(KEPT, phases, **values))
    assert (fixed.fail_to_pass[FIXED], kept.pass_to_pass[KEPT]) == (status, status)
    assert fixed.resolved == (status == "passed")
    assert kept.resolved == (status in ("passed", "skipped", "xfailed"))
    assert fixed.resolved or FIXED in fixed.reason
    assert kept.resolved or KEPT in kept.reason


def test_a_test_that_was_not_collected_is_missing() -> None:
    report = verdict.judge(SPEC, result(tests=[report_of(FIXED)], collected=[FIXED]))
    assert (report.outcome, report.pass_to_pass) == ("tests_failed", {KEPT: "missing"})


def test_what_a_stopped_run_left_out_was_not_run() -> None:
    tests = [report_of(FIXED, {**PASSED, "call": {"failed": 1}})]
    report = verdict.judge(SPEC, result(tests=tests, end={"exitstatus": 2}, exit_code=2))
    assert (report.outcome, report.fail_to_pass, report.pass_to_pass) == ("tests_failed", {FIXED: "failed"}, {KEPT: "not_run"})
    assert report.reason == f"FAIL_TO_PASS {FIXED}: failed"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("apply_failed", "apply_failed"),
        ("patch_rejected", "patch_rejected"),
        ("install_failed", "compile_failed"),
        ("timeout", "test_timeout"),
        ("resource_limit", "resource_limit"),
    ],
)
def test_statuses_without_a_full_run(status: str, outcome: str) -> None:
    report = verdict.judge(SPEC, result(status=status, reason="so it is", tests=[], end=None))
    assert (report.outcome, report.reason) == (outcome, "so it is")


def test_a_patch_that_does_not_get_to_the_tests_has_no_statuses() -> None:
    report = verdict.judge(SPEC, result(status="apply_failed", reason="so it is", stages_s={"tree": 0.1, "apply": 0.1}))
    assert (report.fail_to_pass, report.pass_to_pass) == ({}, {})


def test_a_broken_task_is_ours() -> None:
    with pytest.raises(BrokenTask, match="image: no git"):
        verdict.judge(SPEC, result(status="broken", reason="no git in the image"))


def test_patches_of_which_the_policy_left_nothing() -> None:
    assert verdict.no_verdict_needed(PolicyVerdict("", (), "a link")).outcome == "patch_rejected"
    assert verdict.no_verdict_needed(PolicyVerdict("", ("tests/a.py",))).outcome == "patch_rejected"
    assert verdict.no_verdict_needed(PolicyVerdict("")).outcome == "no_patch"


FAILED = {**PASSED, "call": {"failed": 1}}
COPIES = {FIXED: {"real": [FIXED + "_b"], "twins": [FIXED, FIXED + "_c"]}, KEPT: {"real": [], "twins": [KEPT]}}


def control(real: Mapping[str, Mapping[str, int]], twin: Mapping[str, Mapping[str, int]], kept: Mapping[str, Mapping[str, int]]) -> dict[str, Any]:
    tests = [report_of(FIXED, twin), report_of(FIXED + "_b", real), report_of(FIXED + "_c", FAILED), report_of(KEPT, kept)]
    return result(tests=tests, collected=[test["id"] for test in tests], end={"exitstatus": 1}, exit_code=1, copies=COPIES)


def test_an_honest_control_run_passes_what_is_real_and_fails_the_twins() -> None:
    skipped, xfailed, twice = ({**PASSED, "call": {"skipped": 1}}, {**PASSED, "call": {"xfailed": 1}}, {phase: {"passed": 2} for phase in PASSED})
    assert verdict.control_faults(SPEC, control(PASSED, FAILED, FAILED)) == ()
    assert verdict.control_faults(SPEC, control(PASSED, PASSED, FAILED)) == (FIXED,)
    assert verdict.control_faults(SPEC, control(FAILED, FAILED, FAILED)) == (FIXED + verdict.AS_IT_IS,)
    assert verdict.control_faults(SPEC, control(FAILED, PASSED, PASSED)) == (FIXED, FIXED + verdict.AS_IT_IS, KEPT)
    assert verdict.control_faults(SPEC, control(PASSED, twice, twice)) == (FIXED, KEPT)
    assert verdict.control_faults(SPEC, control(PASSED, skipped, skipped)) == (KEPT,)
    assert verdict.control_faults(SPEC, control(PASSED, xfailed, xfailed)) == (KEPT,)
    assert verdict.control_faults(SPEC, control(skipped, FAILED, FAILED)) == (FIXED + verdict.AS_IT_IS,)
    assert verdict.control_faults(SPEC, result(tests=[], collected=[], copies=COPIES)) == (FIXED + verdict.AS_IT_IS,)
    assert verdict.control_faults(SPEC, result(copies={})) == ()


def test_a_control_run_that_ends_before_its_tests_says_nothing() -> None:
    with pytest.raises(GuestLost, match="apply_failed"):
        verdict.control_faults(SPEC, result(status="apply_failed", stages_s={"apply": 1.0}))
    with pytest.raises(BrokenTask):
        verdict.control_faults(SPEC, result(status="broken"))


COPIED = {
    "t.py::a": "t.py::b",
    "a/a.py::A::a[a::a]": "a/a.py::A::b[a::a]",
    "t.py::a[1": "t.py::b[1",
    "a (app.tests.A)": "b (app.tests.A)",
    "a": "b",
}


@pytest.mark.parametrize("name", COPIED)
def test_the_name_of_a_copy(name: str) -> None:
    assert of_copy(name, "a", "b") == COPIED[name]
    assert "::" not in name or function_in(name) == "a"


NAMES: dict[str, tuple[str, list[str], list[str]]] = {
    "as it is": ("t.py::a[1 2]", ["t.py::a[1 2]", "t.py::a[1 3]"], ["t.py::a[1 2]"]),
    "cut at a blank": ("t.py::a[1", ["t.py::a[1 2]", "t.py::a[1 3]", "t.py::a[12]"], ["t.py::a[1 2]", "t.py::a[1 3]"]),
    "cut elsewhere": ("t.py::a[log(pho", ["t.py::a[log(photon)]", "t.py::a[log]"], ["t.py::a[log(photon)]"]),
    "not cut": ("t.py::a", ["t.py::ab", "t.py::a[1]"], []),
    "blanks made one": ("t.py::a[1 2]", ["t.py::a[1   2]"], ["t.py::a[1   2]"]),
    "path cut": ("t.py::a[/z.py]", ["t.py::a[/x/y/z.py]", "t.py::a[//x/z.py]"], ["t.py::a[/x/y/z.py]"]),
    "exact before others": ("t.py::a[/z]", ["t.py::a[/x/z]", "t.py::a[/z]"], ["t.py::a[/z]"]),
    "none": ("t.py::b", ["t.py::a"], []),
}


@pytest.mark.parametrize(("name", "nodes", "found"), NAMES.values(), ids=NAMES)
def test_nodes_that_a_name_stands_for(name: str, nodes: list[str], found: list[str]) -> None:
    assert nodes_by_name([name], nodes) == {name: found}


def test_spellings_of_an_odd_node() -> None:
    assert spellings("") == ["", "", ""]
    assert spellings("t.py::a[ü  b]")[1:] == ["t.py::a[ü", "t.py::a[ü b]"]


def test_all_nodes_of_a_cut_name_must_pass() -> None:
    spec = dataclasses.replace(SPEC, fail_to_pass=("t.py::a[1",), pass_to_pass=())
    nodes = ["t.py::a[1 2]", "t.py::a[1 3]"]
    good = [report_of(node) for node in nodes]
    assert verdict.judge(spec, result(tests=good, collected=nodes)).resolved
    bad = [good[0], report_of(nodes[1], {**PASSED, "call": {"failed": 1}})]
    assert verdict.judge(spec, result(tests=bad, collected=nodes)).fail_to_pass == {"t.py::a[1": "failed"}
    assert verdict.judge(spec, result(tests=good[:1], collected=nodes)).fail_to_pass == {"t.py::a[1": "missing"}


def log_spec(parser: Callable[[str], Mapping[str, str]] | None) -> TestSpec:
    return dataclasses.replace(SPEC, runner="log", log_parser=parser, fail_to_pass=("a", "b"), pass_to_pass=("c", "d"))


def log_result(text: str) -> dict[str, Any]:
    return result(tests=[], collected=None, end=None, exit_code=1, output=base64.b64encode(text.encode()).decode())


def words(text: str) -> dict[str, str]:
    return {line.split()[0]: line.split()[1] for line in text.splitlines()}


def test_a_suite_that_is_read_from_its_output() -> None:
    report = verdict.judge(log_spec(words), log_result("a PASSED\nb XFAIL\nc SKIPPED\nd PASSED"))
    assert report.resolved
    assert (report.fail_to_pass, report.pass_to_pass) == ({"a": "passed", "b": "passed"}, {"c": "skipped", "d": "passed"})


@pytest.mark.parametrize(
    "text", ["a PASSED\nb PASSED\nc PASSED", "a FAILED\nb PASSED\nc PASSED\nd PASSED", "a SKIPPED\nb PASSED\nc PASSED\nd PASSED", "odd"]
)
def test_a_suite_whose_output_lacks_something(text: str) -> None:
    assert verdict.judge(log_spec(words), log_result(text)).outcome == "tests_failed"


def test_a_log_task_without_a_parser_is_broken() -> None:
    with pytest.raises(BrokenTask, match="log_parser"):
        verdict.judge(log_spec(None), log_result(""))
