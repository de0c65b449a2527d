"""What replies to one problem are graded against: its tests, run on a tree that holds the answer alone."""

from dataclasses import dataclass
from functools import cached_property

from repair_rubrics import Attempt, FileEdit, Hunk, Patch, Reward, Rubric, rewards
from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport
from repair_sandbox.spec import TestSpec
from repair_tasks import AnswerDiff, answer_diff
from repair_tasks.grading import Answer, stage_seconds

from function_tests.answers import read_answer
from function_tests.checks import SOLUTION, TESTS
from function_tests.problem import FunctionProblem

PLACEHOLDER = "# The answer takes the place of this line.\n"
"""What the tree holds before the answer, so that an empty function too changes something and is tested."""
SOURCES = {SOLUTION: PLACEHOLDER}
STAGES = ("queue", "start", "apply", "tests", "control")
"""Of a test run."""


def passed(attempt: Attempt) -> float:
    """1 when the function passes every test, and not the same tests with changed expectations; else 0, also for a reply without such a function."""
    return rewards.resolved(attempt)


def function_format(attempt: Attempt) -> float:
    """The whole function in a code block; less for one outside of a block, a bare body, or a cut-off block, 0 for no function."""
    return rewards.answer_format(attempt)


RUBRIC = Rubric((Reward("passed", "correctness", 1.0, passed), Reward("format", "format", 0.0, function_format)))


@dataclass(frozen=True)
class FunctionCase:
    """See `repair_tasks.grading.Case`."""

    problem: FunctionProblem
    image: str
    rubric: Rubric = RUBRIC

    @property
    def instance_id(self) -> str:
        return self.problem.task_id

    @cached_property
    def gold(self) -> Patch:
        """The patch that writes the canonical solution."""
        return solution_patch(self.problem.solution)

    def read(self, reply: str) -> Answer:
        found = read_answer(reply, self.problem)
        patch = solution_patch(found.code, found.repairs) if found.code else Patch()
        diff = answer_diff(patch, SOURCES) if patch else AnswerDiff("", f"the reply holds no function {self.problem.entry_point}")
        return Answer(Attempt(reply, self.gold, "function", SOURCES, read=patch), diff)

    def spec(self, diff: str, limits: Limits) -> TestSpec:
        del diff
        problem = self.problem
        return TestSpec(
            instance_id=problem.task_id,
            image=self.image,
            gold_patch=self.gold.to_diff(SOURCES),
            fail_to_pass=tuple(f"{TESTS}::{name}" for name in problem.test_names),
            pass_to_pass=(),
            test_patch=_added(TESTS, problem.test_module).to_text(),
            tree={SOLUTION: PLACEHOLDER.encode()},
            arguments=(TESTS,),
            workdir_on_path=True,
            limits=limits,
        )

    def metrics(self, report: TestReport) -> dict[str, float]:
        return stage_seconds(report, STAGES)


def solution_patch(code: str, repairs: tuple[str, ...] = ()) -> Patch:
    """The patch that puts `code` in the placeholder's place."""
    removed = tuple(f"-{line}" for line in PLACEHOLDER.splitlines())
    hunk = Hunk(removed + _added_lines(code), 1)
    return Patch((FileEdit(SOLUTION, SOLUTION, (hunk,)),), "function", repairs)


def _added(path: str, text: str) -> Patch:
    return Patch((FileEdit(None, path, (Hunk(_added_lines(text), 0),)),))


def _added_lines(text: str) -> tuple[str, ...]:
    return tuple(f"+{line}" for line in text.removesuffix("\n").split("\n"))
