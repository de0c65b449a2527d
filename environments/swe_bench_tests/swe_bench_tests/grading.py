"""What replies to one instance are graded against: its gold patch, the source that its prompt shows, its tests."""

from dataclasses import dataclass

from repair_rubrics import Attempt, Reward, Rubric, rewards
from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport
from repair_sandbox.spec import TestSpec
from repair_tasks import RepairTaskFields, answer_diff, task_gold, task_sources
from repair_tasks.grading import Answer, stage_seconds

from swe_bench_tests.specs import TestPlan, needs_install, sandbox_spec

RUBRIC = Rubric(
    (
        Reward("resolved", "correctness", 1.0, rewards.resolved),
        Reward("fail_to_pass", "correctness", 0.0, rewards.fail_to_pass),
        Reward("pass_to_pass", "correctness", 0.0, rewards.pass_to_pass),
        Reward("similarity", "correctness", 0.0, rewards.similarity),
        Reward("format", "format", 0.0, rewards.answer_format),
        Reward("quality", "quality", 0.0, rewards.quality),
    )
)
STAGES = ("queue", "start", "apply", "install", "tests", "control")
"""Of a test run."""


@dataclass(frozen=True)
class SweBenchCase:
    """See `repair_tasks.grading.Case`."""

    instance_id: str
    prompt: str
    fields: RepairTaskFields
    tests: TestPlan
    rubric: Rubric = RUBRIC

    def read(self, reply: str) -> Answer:
        sources = task_sources(self.prompt, self.fields)
        attempt = Attempt(reply, task_gold(self.fields), self.fields.edit_format, sources)
        return Answer(attempt, answer_diff(attempt.patch, sources))

    def spec(self, diff: str, limits: Limits) -> TestSpec:
        return sandbox_spec(self.instance_id, self.fields.gold_patch, self.tests, limits, needs_install(diff))

    def metrics(self, report: TestReport) -> dict[str, float]:
        return stage_seconds(report, STAGES)
