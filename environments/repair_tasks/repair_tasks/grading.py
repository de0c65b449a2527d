"""From a reply to its grade: read it, run the tests once on what it changes, ask the rubric.

One run feeds every reward and metric of a rollout, and equal replies of a group share it. Runs happen in threads of their own, many at once; what
bounds the containers is the sandbox. A verdict that was not reached is an exception, never a 0.
"""

import asyncio
import dataclasses
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from repair_rubrics import Attempt, Patch, Rubric, TestFigures, rewards
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport, TestStatus
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec
from repair_sandbox.verdict_cache import VerdictCache

from repair_tasks.diffs import AnswerDiff
from repair_tasks.engine import meet_engine, sandbox

RAN_AND_FAILED = ("tests_failed", "test_timeout", "resource_limit")
"""Outcomes of a patch that repairs nothing which show that the tests tell: a bug may well be a loop."""
APPLY_RUNGS = ("exact", "whitespace", "recount", "fuzz")
THREADS = 64
"""Replies graded at once in one process; all but as many as there are slots wait for one."""
KEPT = 256
"""Grades remembered beside those in the making; each holds its prompt. (Verdicts are remembered on disk, by the sandbox.)"""
LOG_CHARACTERS = 4000
NAMED_TESTS = 20
MARGIN_SHARE, MARGIN_S = 0.1, 10.0
"""How much before verifiers' scoring time-out ours is: the lesser of a share of it and so many seconds."""

NOOP_REPLY = """\
```diff
diff --git a/NOTHING_REPAIRED.txt b/NOTHING_REPAIRED.txt
new file mode 100644
--- /dev/null
+++ b/NOTHING_REPAIRED.txt
@@ -0,0 +1 @@
+This file repairs nothing.
```
"""
"""A patch after which the tests run on the buggy code: the true control, since an empty answer runs none."""


class VerdictLate(InfrastructureError):
    """The scoring time-out came before the verdict: waiting for a slot or the machine took too long, not the patch."""


@dataclass(frozen=True)
class Answer:
    """A reply, read."""

    attempt: Attempt
    """What rewards look at; the tests' figures are still to come."""
    diff: AnswerDiff
    """What the repository gets."""


class Case(Protocol):
    """What replies are graded against. Hashable; equal ones give every reply the same grade."""

    @property
    def instance_id(self) -> str: ...

    @property
    def rubric(self) -> Rubric: ...


    def read(self, reply: str) -> Answer:
        """Never raises for the reply's fault."""
        ...

    def spec(self, diff: str, limits: Limits) -> TestSpec:
        """What to run for a reply that is this git diff.

        Raises:
            ValueError: the dataset is at fault.
        """
        ...

    def metrics(self, report: TestReport) -> dict[str, float]:
        """Figures of a test run besides those of every case."""
        ...


@dataclass(frozen=True)
class Question:
    """A reply and everything that decides its grade. Hashable."""

    reply: str
    case: Case
    limits: Limits
    slots: int | None = None
    """Test runs at once on this machine; None for what it carries."""
    every_test: bool = False
    """Run on after the first failure, so that the shares of passing tests are exact."""
    fresh: str = ""
    """Unless empty, no earlier verdict is used; questions that differ in it are run apart."""


@dataclass(frozen=True)
class Graded:
    """Everything there is to say of one reply."""

    rewards: Mapping[str, float]
    metrics: dict[str, float]
    report: dict[str, object]
    """For people: the outcome and its reason, failing tests, tampering, stage times, the end of the tests' output."""


async def graded(question: Question, scoring_timeout_s: float | None = None) -> Graded:
    """The grade of a reply: a remembered one, one that is being made, or a new one.

    Raises:
        InfrastructureError: no verdict was reached, in time or at all.
        ValueError (RowError, GoldDoesNotApply): the dataset is at fault.
    """
    future = asyncio.wrap_future(_grades.ask(question))
    wait_s = None if scoring_timeout_s is None else scoring_timeout_s - min(MARGIN_SHARE * scoring_timeout_s, MARGIN_S)
    try:
        # Shielded: a caller that gives up must not take the verdict from the others that wait for it.
        return await asyncio.wait_for(asyncio.shield(future), wait_s)
    except TimeoutError:
        raise VerdictLate(
            f"{question.case.instance_id}: no verdict within {wait_s:g} s, shortly before the scoring time-out of {scoring_timeout_s:g} s, "
            f"which would have scored a true 0; allow more (--env.agent.timeout.scoring), or run fewer rollouts at once"
        ) from None


def grade(question: Question) -> Graded:
    """Grade one reply, here and now.

    Raises:
        See `graded`.
    """
    answer = question.case.read(question.reply)
    report = _tested(question, answer)
    attempt = dataclasses.replace(answer.attempt, tests=_figures(report))
    metrics = {**_metrics(attempt, report), **question.case.metrics(report)}
    return Graded(question.case.rubric.score(attempt).parts, metrics, _for_people(attempt.patch, report))


def _tested(question: Question, answer: Answer) -> TestReport:
    if not answer.attempt.patch:
        return TestReport("no_patch", answer.diff.failure or "the answer holds no patch")
    if answer.diff.failure:
        return TestReport("apply_failed", answer.diff.failure)
    if not answer.diff.text:
        return TestReport("no_patch", "the patch changes nothing")
    spec = question.case.spec(answer.diff.text, question.limits)
    meet_engine()
    shared = sandbox(question.limits, question.slots)
    if not question.fresh:
        return shared.score(spec, answer.diff.text, stop_at_first_failure=not question.every_test)
    with tempfile.TemporaryDirectory(prefix="repair-fresh-") as folder:
        fresh = Sandbox(shared.backend, VerdictCache(Path(folder)), shared.slots)
        return fresh.score(spec, answer.diff.text, stop_at_first_failure=not question.every_test)


def _figures(report: TestReport) -> TestFigures:
    if report.tampering:
        return TestFigures(False, 0.0, 0.0, ran=False)
    kept = _share(report.pass_to_pass, ("passed", "xfailed", "skipped")) if report.pass_to_pass else float(bool(report.fail_to_pass))
    return TestFigures(report.resolved, _share(report.fail_to_pass, ("passed",)), kept, ran=bool(report.fail_to_pass))


def _failing(statuses: Mapping[str, TestStatus]) -> float:
    """How many of the tests that were run do not pass."""
    return float(sum(status not in ("passed", "xfailed", "skipped", "not_run") for status in statuses.values()))


def _share(statuses: Mapping[str, TestStatus], good: tuple[TestStatus, ...]) -> float:
    return sum(status in good for status in statuses.values()) / len(statuses) if statuses else 0.0


def _metrics(attempt: Attempt, report: TestReport) -> dict[str, float]:
    """The figures of `rewards.metrics`, but for applying, which the container's word is for; and those of the run."""
    ran = [status for status in (*report.fail_to_pass.values(), *report.pass_to_pass.values()) if status != "not_run"]
    return {
        **rewards.metrics(attempt),
        "applied": float(bool(report.apply_rung)),
        "apply_rung": float(APPLY_RUNGS.index(report.apply_rung)) if report.apply_rung in APPLY_RUNGS else 0.0,
        "tests_run": float(len(ran)),
        "to_fix_failing": _failing(report.fail_to_pass),
        "to_keep_failing": _failing(report.pass_to_pass),
        "tampered": float(bool(report.tampering)),
        "cached": float(report.cached),
        "memory_mb": report.memory_mb,
        "cpu_s": report.cpu_s,
    }


def stage_seconds(report: TestReport, stages: tuple[str, ...]) -> dict[str, float]:
    """`<stage>_s` to seconds; 0 for a stage that was not reached."""
    return {f"{stage}_s": report.stages_s.get(stage, 0.0) for stage in stages}


def _for_people(patch: Patch, report: TestReport) -> dict[str, object]:
    statuses = {**report.fail_to_pass, **report.pass_to_pass}
    failing = [f"{test}: {status}" for test, status in statuses.items() if status not in ("passed", "xfailed", "skipped", "not_run")]
    return {
        "outcome": report.outcome,
        "reason": report.reason,
        "failing": failing[:NAMED_TESTS],
        "tampering": list(report.tampering),
        "stripped": list(report.stripped),
        "apply_rung": report.apply_rung,
        "repairs": sorted(set(patch.repairs)),
        "stages_s": {stage: round(seconds, 4) for stage, seconds in report.stages_s.items()},
        "exit_code": report.exit_code,
        "attempts": report.attempts,
        "cached": report.cached,
        "image_digest": report.image_digest,
        "log_tail": report.log_tail[-LOG_CHARACTERS:],
    }


class _Grades:
    """Grades by question, also those in the making. A failed one is forgotten, so that asking again tries again."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[Question, Future[Graded]] = OrderedDict()
        self._room = threading.BoundedSemaphore(THREADS)

    def ask(self, question: Question) -> Future[Graded]:
        with self._lock:
            known = self._known.get(question)
            if known is not None:
                self._known.move_to_end(question)
                return known
            future: Future[Graded] = Future()
            self._known[question] = future
            if len(self._known) > KEPT and (oldest := next((asked for asked, grade in self._known.items() if grade.done()), None)):
                del self._known[oldest]
        # A daemon: an interrupted run must not wait for tests that nobody will read (the sandbox removes their containers).
        threading.Thread(target=self._work, args=(question, future), name=f"grade {question.case.instance_id}", daemon=True).start()
        return future

    def _work(self, question: Question, future: Future[Graded]) -> None:
        try:
            with self._room:
                result = grade(question)
        except BaseException as error:
            with self._lock:
                self._known.pop(question, None)
            future.set_exception(error)
        else:
            future.set_result(result)


_grades = _Grades()
