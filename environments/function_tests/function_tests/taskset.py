"""`function-tests`: a signature with a docstring in, a Python function out, scored by running the problem's tests.

A check of general ability before and after training on repair. Tests run in locked containers that see nothing but the function (see
`repair_sandbox`); what is the policy's doing is a score, what is the machine's is an error on the rollout.
"""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import verifiers.v1 as vf
from pydantic import Field
from repair_corpus import PYTHON_IMAGE
from repair_tasks.engine import TestRunOptions, get_ready, sandbox
from repair_tasks.grading import RAN_AND_FAILED, Graded, Question, graded
from repair_tasks.loading import BUNDLED
from repair_tasks.manifest import Manifest
from single_turn import last_message

from function_tests.dataset import load_problems
from function_tests.grading import RUBRIC, STAGES, FunctionCase
from function_tests.problem import FunctionProblem
from function_tests.prompts import build_prompt

logger = logging.getLogger(__name__)

METRICS = ("tests_run", "to_fix_failing", "tampered", "cached", "memory_mb", "cpu_s", "repairs", *(f"{stage}_s" for stage in STAGES))
"""Of those of every test run; places in a source, for one, mean nothing here."""


class FunctionTestsData(vf.TaskData):
    """One problem: the prompt and, for scoring, what solves it and its tests."""

    problem: FunctionProblem
    tests_image: str
    """Image that the tests run in. (`image` would be one for the rollout, which needs none.)"""


class FunctionTestsTaskConfig(TestRunOptions, vf.TaskConfig):
    """Flags under `--env.taskset.task.*`: what one test run may use."""

    tests_s: float = Field(30.0, gt=0)
    """Wall time of the tests, in seconds; what takes longer is `test_timeout`."""
    memory_mb: int = Field(1024, gt=0)
    """Memory of one container; what takes more is `resource_limit`. Together with `cpus` it decides how many run at once."""


class FunctionTestsConfig(vf.TasksetConfig):
    """Flags under `--env.taskset.*`."""

    dataset: str = BUNDLED
    """`bundled`, a .jsonl or .parquet file, or a Hugging Face name."""
    subset: str | None = None
    """Configuration of a Hugging Face dataset, such as `sanitized` of MBPP."""
    split: str = "test"
    """Split of a Hugging Face dataset."""
    image: str = PYTHON_IMAGE
    """Container image that the tests run in: Python 3.9 or newer, pytest, git, and the packages that they import."""
    manifest: Path | None = None
    """Manifest that `repair validate` wrote: problems in its quarantine are left out, and counted in the log."""
    task: FunctionTestsTaskConfig = FunctionTestsTaskConfig()


class FunctionTestsTask(vf.Task[FunctionTestsData, vf.State, FunctionTestsTaskConfig]):
    """One problem. Its rewards are the parts of `RUBRIC`; they read the trace and the task alone, so `vf-replay` scores them again."""

    @property
    def key(self) -> str:
        """The task id: stable across positions."""
        return str(self.data.id)

    async def setup(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Have a container started while the model writes; fail before the model is asked when there is no engine or no image."""
        await asyncio.to_thread(get_ready, self._case.spec("", self.config.limits), self.config.slots)

    @vf.reward(weight=RUBRIC["passed"].weight)
    async def passed(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["passed"]

    @vf.reward(weight=RUBRIC["format"].weight)
    async def format(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["format"]

    @vf.metric
    async def test_metrics(self, trace: vf.Trace) -> dict[str, float]:
        result = await self._graded(trace)
        trace.info["repair"] = result.report
        return {name: result.metrics[name] for name in METRICS}

    async def validate(self, runtime: vf.Runtime | None = None) -> bool:
        """Whether the canonical solution passes, and the same function with an empty body fails."""
        del runtime
        gold, empty = await asyncio.gather(graded(self._question(self.gold_reply)), graded(self._question(self.noop_reply)))
        for name, result in (("canonical solution", gold), ("empty function", empty)):
            logger.info("%s: %s: %s: %s", self.key, name, result.report["outcome"], result.report["reason"])
        return gold.report["outcome"] == "resolved" and empty.report["outcome"] in RAN_AND_FAILED

    @property
    def gold_reply(self) -> str:
        """The canonical solution as an ideal model would answer."""
        return f"```python\n{self.data.problem.solution}```\n"

    @property
    def noop_reply(self) -> str:
        """The function with an empty body: it is tested, and fails."""
        return f"```python\n{self.data.problem.stub}```\n"

    async def _graded(self, trace: vf.Trace) -> Graded:
        timeout_s = trace.agent.config.timeout.scoring or self.data.timeout.scoring
        return await graded(self._question(last_message(trace), trace.id), timeout_s)

    def _question(self, reply: str, trace_id: str = "") -> Question:
        fresh = (trace_id or "validate") if self.config.fresh else ""
        return Question(reply, self._case, self.config.limits, self.config.slots, self.config.every_test, fresh)

    @property
    def _case(self) -> FunctionCase:
        return FunctionCase(self.data.problem, self.data.tests_image)


class FunctionTestsTaskset(vf.Taskset[FunctionTestsTask, FunctionTestsConfig]):
    """The problems of the configured dataset, in its order."""

    def load(self) -> Iterator[FunctionTestsTask]:
        sandbox(self.config.task.limits, self.config.task.slots)  # here, while this is the main thread
        quarantine = Manifest.read(self.config.manifest).quarantine if self.config.manifest else {}
        left_out = []
        for problem in load_problems(self.config.dataset, self.config.subset, self.config.split, self.config.image):
            if problem.task_id in quarantine:
                left_out.append(f"{problem.task_id}: {quarantine[problem.task_id]}")
                continue
            data = FunctionTestsData(
                id=problem.task_id, name=problem.task_id, prompt=build_prompt(problem), problem=problem, tests_image=self.config.image
            )
            yield FunctionTestsTask(data, self.config.task)
        if left_out:
            logger.warning("%s: left out %d problems by the manifest:\n  %s", self.config.dataset, len(left_out), "\n  ".join(left_out))

    def images(self) -> dict[str, int]:
        """The image and the number of problems that run in it."""
        problems = load_problems(self.config.dataset, self.config.subset, self.config.split, self.config.image)
        return {self.config.image: sum(1 for _ in problems)}
