"""`swe-bench-diff`: an issue and source code in, a patch out, scored against the human fix by text alone.

Covers every dataset of the SWE-bench schema that `repair_tasks` loads. Nothing is executed: an honest fix that differs from the human one
scores below 1, and how far below is a matter of text (see the README for how well that tells solved from unsolved).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import verifiers.v1 as vf
from pydantic import model_validator
from repair_rubrics import Attempt, Reward, Rubric, rewards
from repair_rubrics.rubric import check_weights
from repair_tasks import LoadingOptions, RepairTaskFields, gold_answer, load_tasks, task_gold, task_sources
from single_turn import last_message

RUBRIC = Rubric(
    (
        Reward("format", "format", 0.1, rewards.answer_format),
        Reward("similarity", "correctness", 0.8, rewards.similarity),
        Reward("quality", "quality", 0.1, rewards.quality),
    )
)


class SweBenchDiffData(RepairTaskFields, vf.TaskData):
    """One instance: the prompt and, for scoring, the gold patch and where the prompt shows which source."""


class SweBenchDiffConfig(LoadingOptions, vf.TasksetConfig):
    """Flags under `--env.taskset.*`; those of a single task under `--env.taskset.task.*`."""

    @model_validator(mode="after")
    def _weights_sum_to_one(self) -> "SweBenchDiffConfig":
        weights = RUBRIC.weights
        for name, plugged in self.task.rewards.items():
            if name not in weights and not plugged.fn:
                raise ValueError(f"task.rewards: no reward {name!r} to re-weight, and no `fn` that makes it one; there are {', '.join(weights)}")
            weights[name] = weights.get(name, 1.0) if plugged.weight is None else plugged.weight
        check_weights(weights | {judge.name or judge.id: judge.weight for judge in self.task.judges})
        return self


@dataclass(frozen=True)
class Graded:
    """Everything there is to say of one reply."""

    rewards: dict[str, float]
    metrics: dict[str, float]
    report: dict[str, object]
    """For people: the outcome, why a patch did not apply, what the parser put right, stage times."""


class SweBenchDiffTask(vf.Task[SweBenchDiffData, vf.State, vf.TaskConfig]):
    """One instance. Its rewards are the parts of `RUBRIC`; they read the trace and the task alone, so `vf-replay` scores them again."""

    @property
    def key(self) -> str:
        """The instance id: stable across prompts and positions."""
        return str(self.data.id)

    @vf.reward(weight=RUBRIC["format"].weight)
    async def format(self, trace: vf.Trace) -> float:
        return self._graded(trace).rewards["format"]

    @vf.reward(weight=RUBRIC["similarity"].weight)
    async def similarity(self, trace: vf.Trace) -> float:
        return self._graded(trace).rewards["similarity"]

    @vf.reward(weight=RUBRIC["quality"].weight)
    async def quality(self, trace: vf.Trace) -> float:
        return self._graded(trace).rewards["quality"]

    @vf.metric
    async def patch_metrics(self, trace: vf.Trace) -> dict[str, float]:
        graded = self._graded(trace)
        trace.info["repair"] = graded.report
        return graded.metrics

    async def validate(self, runtime: vf.Runtime | None = None) -> bool:
        """Whether the gold patch, answered in the format asked for, scores 1 in every reward, and an empty answer 0 in every one."""
        del runtime
        gold = grade(gold_answer(self._prompt, self.data), self._prompt, _fields(self.data))
        empty = grade("", self._prompt, _fields(self.data))
        return set(gold.rewards.values()) == {1.0} and set(empty.rewards.values()) == {0.0}

    @property
    def _prompt(self) -> str:
        return str(self.data.prompt)

    def _graded(self, trace: vf.Trace) -> Graded:
        return grade(last_message(trace), self._prompt, _fields(self.data))


class SweBenchDiffTaskset(vf.Taskset[SweBenchDiffTask, SweBenchDiffConfig]):
    """The instances of the configured dataset, in its order."""

    def load(self) -> Iterator[SweBenchDiffTask]:
        for task in load_tasks(self.config):
            fields = {name: getattr(task.fields, name) for name in RepairTaskFields.model_fields}
            data = SweBenchDiffData(id=task.instance_id, name=task.instance_id, prompt=task.prompt, **fields)
            yield SweBenchDiffTask(data, self.config.task)


@lru_cache(maxsize=256)
def grade(reply: str, prompt: str, fields: RepairTaskFields) -> Graded:
    """Score one reply. Pure, and remembered for a while: three rewards and the metrics of a rollout ask, and replies of a group repeat.

    Raises:
        ValueError: the gold patch does not fit the sources shown (a fault of the dataset or the repository cache).
    """
    started = time.perf_counter()
    attempt = Attempt(reply, task_gold(fields), fields.edit_format, task_sources(prompt, fields))
    patch, parsed = attempt.patch, time.perf_counter()
    applied, tried = attempt.applied, time.perf_counter()
    scores = RUBRIC.score(attempt)
    scored = time.perf_counter()
    report: dict[str, object] = {
        "outcome": "no_patch" if not patch else "scored" if applied and applied.ok else "apply_failed",
        "apply_failure": str(applied.failure) if patch and applied and applied.failure else None,
        "repairs": sorted(set(patch.repairs)),
        "stages_s": {"parse": round(parsed - started, 6), "apply": round(tried - parsed, 6), "score": round(scored - tried, 6)},
    }
    return Graded(dict(scores.parts), rewards.metrics(attempt), report)


def _fields(data: SweBenchDiffData) -> RepairTaskFields:
    return RepairTaskFields(**{name: getattr(data, name) for name in RepairTaskFields.model_fields})
