"""`defects4j-repair`: a Java bug and its failing tests in, a patch or a rewritten function out, scored by compiling and testing it.

Verdicts come from locked containers that see nothing but the patch (see `repair_sandbox`), in stages: apply, compile, trigger tests, relevant
tests. What is the policy's doing is a score; what is the machine's is an error on the rollout.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import verifiers.v1 as vf
from repair_tasks import TokenBudget
from repair_tasks.engine import TestRunOptions, get_ready, sandbox
from repair_tasks.grading import NOOP_REPLY, RAN_AND_FAILED, Graded, Question, graded
from repair_tasks.manifest import Manifest
from single_turn import last_message

from defects4j_repair.answers import RUBRIC, BugFields, Defects4jCase, bug_fields
from defects4j_repair.bugs import BugOptions, select_bugs
from defects4j_repair.prompts import NotShown, PromptOptions, bug_prompt

logger = logging.getLogger(__name__)


class Defects4jData(BugFields, vf.TaskData):
    """One bug: the prompt and, for scoring, the gold patch, the whole source, and what to run."""


class Defects4jTaskConfig(TestRunOptions, vf.TaskConfig):
    """Flags under `--env.taskset.task.*`: what one test run may use."""


class Defects4jConfig(BugOptions, PromptOptions, TokenBudget, vf.TasksetConfig):
    """Flags under `--env.taskset.*`."""

    runner: Literal["junit", "defects4j"] = "junit"
    """Who gives the verdict: `junit`, our runner; `defects4j`, the framework's own commands: slower and easily fooled, to compare with."""
    framework_image: str = "defects4j:latest"
    """For runner `defects4j`: image with Defects4J, such as its own Dockerfile makes."""
    manifest: Path | None = None
    """Manifest that `repair validate` wrote: bugs in its quarantine are left out, and counted in the log."""
    task: Defects4jTaskConfig = Defects4jTaskConfig()


class Defects4jTask(vf.Task[Defects4jData, vf.State, Defects4jTaskConfig]):
    """One bug. Its rewards are the parts of `RUBRIC`; they read the trace and the task alone, so `vf-replay` scores them again."""

    @property
    def key(self) -> str:
        """The bug's name: stable across prompts and positions."""
        return str(self.data.id)

    async def setup(self, trace: vf.Trace, runtime: vf.Runtime) -> None:
        """Have a container started while the model writes; fail before the model is asked when there is no engine or no image."""
        spec = self._case.spec("", self.config.limits)
        await asyncio.to_thread(get_ready, spec, self.config.slots)

    @vf.reward(weight=RUBRIC["resolved"].weight)
    async def resolved(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["resolved"]

    @vf.reward(weight=RUBRIC["compiles"].weight)
    async def compiles(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["compiles"]

    @vf.reward(weight=RUBRIC["trigger_tests"].weight)
    async def trigger_tests(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["trigger_tests"]

    @vf.reward(weight=RUBRIC["relevant_tests"].weight)
    async def relevant_tests(self, trace: vf.Trace) -> float:
        return (await self._graded(trace)).rewards["relevant_tests"]

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
        """Whether the gold patch, answered in the form asked for, resolves the bug, and without a repair exactly the trigger tests fail."""
        del runtime
        questions = (self._question(self.gold_reply), self._question(NOOP_REPLY, every_test=True))
        gold, noop = await asyncio.gather(*(graded(question) for question in questions))
        for name, result in (("gold", gold), ("no-op", noop)):
            logger.info("%s: %s patch: %s: %s", self.key, name, result.report["outcome"], result.report["reason"])
        failed = noop.report["outcome"] in RAN_AND_FAILED and not self.noop_fault({**noop.report, "metrics": noop.metrics})
        return gold.report["outcome"] == "resolved" and failed

    @property
    def gold_reply(self) -> str:
        """The human fix as an ideal model would answer.

        Raises:
            PatchDoesNotApply: it does not fit the sources.
        """
        return self._case.gold_reply()

    @property
    def noop_reply(self) -> str:
        """A patch that repairs nothing and runs the tests all the same."""
        return NOOP_REPLY

    def noop_fault(self, scored: dict[str, Any]) -> str:
        """Why the score of such a patch, with every test run, tells of a broken task; empty when it does not."""
        if scored["outcome"] != "tests_failed":  # a bug may be a loop, behind which nothing runs
            return ""
        triggers = sum(len(methods) for _, methods in self.data.tests.trigger_tests)
        passing, others = triggers - round(scored["metrics"]["to_fix_failing"]), round(scored["metrics"]["to_keep_failing"])
        if passing:
            return f"{passing} of {triggers} trigger tests pass without a repair"
        return f"{others} tests besides the trigger tests fail without a repair" if others else ""

    async def _graded(self, trace: vf.Trace) -> Graded:
        timeout_s = trace.agent.config.timeout.scoring or self.data.timeout.scoring
        return await graded(self._question(last_message(trace), trace.id), timeout_s)

    def _question(self, reply: str, trace_id: str = "", every_test: bool = False) -> Question:
        fresh = (trace_id or "validate") if self.config.fresh else ""
        return Question(reply, self._case, self.config.limits, self.config.slots, every_test or self._every_test, fresh)

    @property
    def _case(self) -> Defects4jCase:
        fields = BugFields(**{name: getattr(self.data, name) for name in BugFields.model_fields})
        return Defects4jCase(self.key, str(self.data.prompt), fields)

    @property
    def _every_test(self) -> bool:
        """A share of passing tests that is part of the reward must be exact; one that is only shown may stop at the first failure."""
        weights = {fn.__name__: getattr(fn, "_vf_weight", 1.0) for fn in self.hooks("reward")}
        return self.config.every_test or any(weights.get(name) for name in ("trigger_tests", "relevant_tests"))


class Defects4jTaskset(vf.Taskset[Defects4jTask, Defects4jConfig]):
    """The bugs asked for, by project and number."""

    def load(self) -> Iterator[Defects4jTask]:
        sandbox(self.config.task.limits, self.config.task.slots)  # here, while this is the main thread
        excess, left_out, kept = self.config.excess(), self._quarantine(), 0
        skipped: list[str] = []
        for bug in select_bugs(self.config):
            try:
                prompt = bug_prompt(bug, self.config)
            except NotShown as error:
                skipped.append(f"{bug.instance_id}: {error}")
                continue
            if reason := left_out.get(bug.instance_id) or excess(prompt.text):
                skipped.append(f"{bug.instance_id}: {reason}")
                continue
            kept += 1
            fields = bug_fields(bug, prompt, self.config, self._framework_image)
            yield Defects4jTask(Defects4jData(id=bug.instance_id, name=bug.instance_id, prompt=prompt.text, **dict(fields)), self.config.task)
        if skipped:
            logger.warning("%s: left out %d of %d bugs:\n  %s", self.config.dataset, len(skipped), kept + len(skipped), "\n  ".join(skipped))

    def images(self) -> dict[str, int]:
        """Image to the number of the chosen bugs that run in it; no prompt is made for it."""
        left_out = self._quarantine()
        bugs = (bug for bug in select_bugs(self.config) if bug.instance_id not in left_out)
        return dict(Counter(self._framework_image or bug.prepared.image for bug in bugs))

    @property
    def _framework_image(self) -> str:
        return self.config.framework_image if self.config.runner == "defects4j" else ""

    def _quarantine(self) -> dict[str, str]:
        if self.config.manifest is None:
            return {}
        return {name: f"quarantined by the manifest: {reason}" for name, reason in Manifest.read(self.config.manifest).quarantine.items()}
