"""pass@1, pass@k and mean reward of vf-eval runs: task by task for one run, or before and after training, with the difference.

    uv run python examples/before_after/compare.py --base outputs/base-functions --k 8
    uv run python examples/before_after/compare.py --base outputs/base-functions outputs/base-repair \\
        --trained outputs/trained-functions outputs/trained-repair

Read from the traces alone. A rollout passes when its reward by tests (`passed`, `resolved`) is 1; runs without such a reward have a mean reward only.
Rollouts that ended in an error have no score and are left out, and counted. Intervals are 95% percentile bootstraps over tasks; that of a difference
resamples the same tasks of both runs.
"""

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from function_tests.pass_at_k import pass_at_k

PASSES = ("passed", "resolved")
"""Names of the rewards that say whether the tests passed."""
RESAMPLES = 10_000
SEED = 0


class RunError(ValueError):
    """A run's folder cannot be read, or does not fit the other."""


@dataclass(frozen=True)
class Interval:
    """A mean over tasks, and where it lies in 95% of the resamples."""

    mean: float
    low: float
    high: float

    def shown(self, sign: str = "") -> str:
        return f"{self.mean:{sign}.3f} [{self.low:{sign}.3f}, {self.high:{sign}.3f}]"


@dataclass(frozen=True)
class TaskScores:
    """All scored rollouts of one task."""

    rewards: tuple[float, ...]
    passes: int | None
    """How many passed; None where no reward says so."""

    @property
    def reward(self) -> float:
        return fmean(self.rewards)

    def pass_at(self, k: int) -> float | None:
        """None with fewer than k rollouts, or where no reward says which passed."""
        count = len(self.rewards)
        return None if self.passes is None or count < k else pass_at_k(count, self.passes, k)


@dataclass(frozen=True)
class Run:
    """One vf-eval run."""

    environment: str
    tasks: dict[str, TaskScores]
    rollouts: int
    errors: int

    def values(self, measure: str, k: int) -> dict[str, float]:
        """Task to a measure of it, `pass` or `reward`; tasks without one are left out."""
        found = {name: task.reward if measure == "reward" else task.pass_at(k) for name, task in self.tasks.items()}
        return {name: value for name, value in found.items() if value is not None}


def read_run(folder: Path) -> Run:
    """The run in a folder that vf-eval wrote.

    Raises:
        RunError: there is no readable traces.jsonl, or nothing in it was scored.
    """
    path = folder / "traces.jsonl"
    try:
        with path.open(encoding="utf-8") as lines:
            rows = [json.loads(line) for line in lines if line.strip()]
        environments = sorted({row["env"]["id"] for row in rows})
        scored: dict[str, list[dict[str, Any]]] = {}
        for trace in (trace for row in rows if row["ok"] for trace in row["traces"]):
            if trace["rewards"] and all(trace["rewards"].values()):
                scored.setdefault(str(trace["task"]["key"]), []).append(trace["rewards"])
    except OSError as error:
        raise RunError(f"{path}: {error.strerror}; name the folder in which vf-eval wrote traces.jsonl") from None
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: is no traces.jsonl of vf-eval ({type(error).__name__}: {error})") from None
    if not scored:
        raise RunError(f"{path}: none of its {len(rows)} rollouts was scored; look at `errors` in it")
    if len(environments) > 1:
        raise RunError(f"{path}: holds rollouts of {', '.join(environments)}; compare one environment at a time")
    rollouts = sum(map(len, scored.values()))
    return Run(environments[0], {name: _task_scores(rewards) for name, rewards in scored.items()}, rollouts, len(rows) - rollouts)


def _task_scores(rollouts: Sequence[dict[str, Any]]) -> TaskScores:
    name = next((name for name in PASSES if name in rollouts[0]), None)
    totals = tuple(sum(part["score"] * part["weight"] for part in rewards.values()) for rewards in rollouts)
    return TaskScores(totals, None if name is None else sum(rewards[name]["score"] == 1.0 for rewards in rollouts))


def bootstrap(values: Sequence[float], seed: int = SEED) -> Interval:
    """The mean and its 95% percentile bootstrap interval. Needs at least one value."""
    chance = random.Random(seed)
    means = sorted(fmean(chance.choices(values, k=len(values))) for _ in range(RESAMPLES))
    return Interval(fmean(values), means[int(0.025 * RESAMPLES)], means[int(0.975 * RESAMPLES) - 1])


def measures(ks: Sequence[int]) -> list[tuple[str, str, int]]:
    """What is shown: name, measure, k."""
    return [*((f"pass@{k}", "pass", k) for k in ks), ("mean reward", "reward", 0)]


def one_run(run: Run, ks: Sequence[int]) -> str:
    """Every task of a run, then its means."""
    columns = [(name, run.values(measure, k)) for name, measure, k in measures(ks)]
    columns = [(name, values) for name, values in columns if values]
    width = max(map(len, run.tasks))
    lines = [_headline(run), "  ".join([f"{'task':<{width}}", f"{'rollouts':>8}", *(f"{name:>11}" for name, _ in columns)])]
    for task, scores in run.tasks.items():
        cells = [f"{values[task]:11.3f}" if task in values else f"{'-':>11}" for _, values in columns]
        lines.append("  ".join([f"{task:<{width}}", f"{len(scores.rewards):8}", *cells]))
    lines += [f"{name:<12} {bootstrap(list(values.values())).shown()}  ({len(values)} tasks)" for name, values in columns]
    return "\n".join(lines)


def two_runs(base: Run, trained: Run, ks: Sequence[int]) -> str:
    """The means of both runs over the tasks that both have, and the difference.

    Raises:
        RunError: they are runs of different environments, or have no task in common.
    """
    if base.environment != trained.environment:
        raise RunError(f"{base.environment} cannot be compared with {trained.environment}; give --base and --trained in the same order")
    lines = [f"before  {_headline(base)}", f"after   {_headline(trained)}", f"{'':<12} {'before':<24} {'after':<24} difference"]
    for name, measure, k in measures(ks):
        before, after = base.values(measure, k), trained.values(measure, k)
        shared = sorted(before.keys() & after.keys())
        if not shared:
            if measure == "reward":
                raise RunError(f"{base.environment}: the two runs have no task in common")
            continue
        pairs = [(before[task], after[task]) for task in shared]
        sides = [bootstrap([pair[side] for pair in pairs]).shown() for side in (0, 1)]
        difference = bootstrap([late - early for early, late in pairs]).shown("+")
        lines.append(f"{name:<12} {sides[0]:<24} {sides[1]:<24} {difference}  ({len(shared)} tasks)")
    return "\n".join(lines)


def _headline(run: Run) -> str:
    return f"{run.environment}: {len(run.tasks)} tasks, {run.rollouts} scored rollouts, {run.errors} errors"


def main() -> None:
    """Print what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", type=Path, nargs="+", required=True, metavar="RUN", help="runs' folders, one for each environment")
    parser.add_argument("--trained", type=Path, nargs="+", default=[], metavar="RUN", help="the trained model's, in the same order")
    parser.add_argument("--k", type=int, nargs="+", default=[], metavar="K", help="also show pass@K; needs as many rollouts of a task")
    options = parser.parse_args()
    if options.trained and len(options.trained) != len(options.base):
        parser.error(f"{len(options.base)} runs after --base, {len(options.trained)} after --trained: give as many of each, in the same order")
    if any(k < 1 for k in options.k):
        parser.error(f"--k {min(options.k)}: at least 1")
    ks = sorted({1, *options.k})
    try:
        base, trained = ([read_run(folder) for folder in folders] for folders in (options.base, options.trained))
        tables = [two_runs(*pair, ks) for pair in zip(base, trained, strict=True)] if trained else [one_run(run, ks) for run in base]
    except RunError as error:
        parser.error(str(error))
    print("\n\n".join(tables))


if __name__ == "__main__":
    main()
