"""`swe-bench-tests`: an issue and source code in, a patch out, scored by running the tests that the human fix makes pass.

Tests run in locked containers that see nothing but the patch (see `repair_sandbox`); the model's turn needs no container. What is the policy's
doing is a score; what is the machine's is an error on the rollout, so that no outage trains anybody.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import verifiers.v1 as vf
from repair_tasks import BugRow, LoadingOptions, RepairTaskFields, gold_answer, load_tasks
from repair_tasks.engine import TestRunOptions, get_ready, sandbox
from repair_tasks.grading import NOOP_REPLY, Graded, Question, graded
from repair_tasks.loading import load_rows
from repair_tasks.manifest import Manifest
from single_turn import last_message

from swe_bench_tests.grading import RUBRIC, SweBenchCase
from swe_bench_tests.specs import TestPlan, plan_tests, sandbox_spec

logger = logging.getLogger(__name__)


class SweBenchTestsData(RepairTaskFields, vf.TaskData):
    """One instance: the prompt and, for scoring, the gold patch, where the prompt shows which source, and what to run."""

    tests: TestPlan


class SweBenchTestsTaskConfig(TestRunOptions, vf.TaskConfig):
    """Flags under `--env.taskset.task.*`: what one test run may use."""


class SweBenchTestsConfig(LoadingOptions, vf.TasksetConfig):
    """Flags under `--env.taskset.*`."""

    image_template: str = ""
    """Image of every task in place of the row's: `{instance_id}` is the row's id, `{image}` the image it names (`registry.local/{image}`)."""
    manifest: Path | None = None
    """Manifest that `repair validate` wrote: tasks in its quarantine are left out, and counted in the log; those whose human fix also passes with
    the FAIL_TO_PASS tests first are run in that order, in which a wrong patch fails sooner."""
    task: SweBenchTestsTaskConfig = SweBenchTestsTaskConfig()


class SweBenchTestsTask(vf.Task[SweBenchTestsData, vf.State, SweBenchTestsTaskConfig]):
    """One instance. Its rewards are the parts of `RUBRIC`; they read the trace and the task alone, so `vf-replay` scores them again."""

    @property
    def key(self) -> str:
        """The instance id: stable across prompts and positions."""
        return str(self.data.id)

    async def setup(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Have a container started while the model writes; fail before the model is asked when there is no engine or no image."""
        spec = sandbox_spec(self.key, self.data.gold_patch, self.data.tests, self.config.limits)
        await asyncio.to_thread(get_ready, spec, self.config.slots)

    @vf.reward(weight=RUBRIC["resolved"].weight)
    async def resolved(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["resolved"]

    @vf.reward(weight=RUBRIC["fail_to_pass"].weight)
    async def fail_to_pass(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["fail_to_pass"]

    @vf.reward(weight=RUBRIC["pass_to_pass"].weight)
    async def pass_to_pass(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["pass_to_pass"]

    @vf.reward(weight=RUBRIC["similarity"].weight)
    async def similarity(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["similarity"]

    @vf.reward(weight=RUBRIC["format"].weight)
    async def format(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["format"]

    @vf.reward(weight=RUBRIC["quality"].weight)
    async def quality(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["quality"]

    @vf.metric
    async def test_metrics(self, trace: vf.Trace) -> dict[str, float]:
        result = await self._graded(trace)
        trace.info["repair"] = result.report
        return result.metrics

    async def validate(self, runtime: vf.Runtime | None = None) -> bool:
        """Whether the gold patch, answered in the format asked for, resolves the task, and a patch that repairs nothing fails its tests."""
        del runtime
        gold, noop = await asyncio.gather(graded(self._question(self.gold_reply)), graded(self._question(NOOP_REPLY)))
        for name, result in (("gold", gold), ("no-op", noop)):
            logger.info("%s: %s patch: %s: %s", self.key, name, result.report["outcome"], result.report["reason"])
        return gold.report["outcome"] == "resolved" and noop.report["outcome"] == "tests_failed"

    def in_order(self, fail_to_pass_first: bool) -> Self:
        """The task with the FAIL_TO_PASS tests run ahead of the others, or with all in their own order; a command of the suite's own has but one."""
        first = fail_to_pass_first and self.data.tests.runner == "pytest"
        reordered: Self = self.with_data(tests=self.data.tests.model_copy(update={"fail_to_pass_first": first}))
        return reordered

    @property
    def gold_reply(self) -> str:
        """The human fix as an ideal model would answer.

        Raises:
            PatchDoesNotApply: it does not fit the sources shown.
        """
        return gold_answer(str(self.data.prompt), self._fields)

    @property
    def noop_reply(self) -> str:
        """A patch that repairs nothing and runs the tests all the same."""
        return NOOP_REPLY

    async def _graded(self, trace: vf.Trace) -> Graded:
        timeout_s = trace.agent.config.timeout.scoring or self.data.timeout.scoring
        return await graded(self._question(last_message(trace), trace.id), timeout_s)

    def _question(self, reply: str, trace_id: str = "") -> Question:
        fresh = (trace_id or "validate") if self.config.fresh else ""
        case = SweBenchCase(self.key, str(self.data.prompt), self._fields, self.data.tests)
        return Question(reply, case, self.config.limits, self.config.slots, self._every_test, fresh)

    @property
    def _fields(self) -> RepairTaskFields:
        return RepairTaskFields(**{name: getattr(self.data, name) for name in RepairTaskFields.model_fields})

    @property
    def _every_test(self) -> bool:
        """A share of passing tests that is part of the reward must be exact; one that is only shown may stop at the first failure."""
        weights = {fn.__name__: getattr(fn, "_vf_weight", 1.0) for fn in self.hooks("reward")}
        return self.config.every_test or any(weights.get(name) for name in ("fail_to_pass", "pass_to_pass"))


class SweBenchTestsTaskset(vf.Taskset[SweBenchTestsTask, SweBenchTestsConfig]):
    """The instances of the configured dataset, in its order."""

    def load(self) -> Iterator[SweBenchTestsTask]:
        sandbox(self.config.task.limits, self.config.task.slots)  # here, while this is the main thread
        manifest = self._manifest()
        for task in load_tasks(self.config, _leaving_out(manifest)):
            fields = {name: getattr(task.fields, name) for name in RepairTaskFields.model_fields}
            tests = plan_tests(task.row, self.config.image_template)
            data = SweBenchTestsData(id=task.instance_id, name=task.instance_id, prompt=task.prompt, tests=tests, **fields)
            record = manifest.tasks.get(task.instance_id)
            yield SweBenchTestsTask(data, self.config.task).in_order(record is not None and record.fail_to_pass_first)

    def images(self) -> dict[str, int]:
        """Image to the number of the dataset's tasks that run in it; no prompt is made for it."""
        left_out = _leaving_out(self._manifest())
        rows = [row for row in load_rows(self.config.dataset, self.config.split) if not left_out(row)]
        return dict(Counter(plan_tests(row, self.config.image_template).image for row in rows))

    def _manifest(self) -> Manifest:
        return Manifest.read(self.config.manifest) if self.config.manifest else Manifest()


def _leaving_out(manifest: Manifest) -> Callable[[BugRow], str | None]:
    """Why a row does not become a task; None when it does."""

    def leave_out(row: BugRow) -> str | None:
        if row.instance_id in manifest.quarantine:
            return f"quarantined by the manifest: {manifest.quarantine[row.instance_id]}"
        if row.language not in ("", "python") and not row.eval_script and not row.test_command:
            return f"its tests are written in {row.language}, and its row says no command that runs them (Java: see defects4j-repair)"
        return None

    return leave_out
