"""What a rollout costs around the model call: verifiers' `null` harness, then `single-turn`.

Run from the repository root, in an environment with `single-turn` and `repair-cli` installed:

    python tests/benchmarks/rollout_overhead.py                                                       # a tiny task
    python tests/benchmarks/rollout_overhead.py --dataset FILE --rollouts 1200 --group 4 --null-rollouts 40   # SWE-bench rows

The second form runs `swe-bench-diff` over the file's rows, in `window` context, and each reply is the gold patch or one of the real model
patches that `--model-patches` holds for the instance. Every rollout must come back scored, or there are no figures.

The model is a scripted endpoint that answers at once from a process of its own, so all time and CPU shown are
the evaluator's: verifiers' run loop, trace and interception server, the harness and its child processes. One
untimed rollout of each harness goes ahead (imports; for `null` also installing its script's packages).

`null` needs `uv` on PATH and, on a machine's first run, a package index that uv can reach for the
packages of its script (openai, mcp, httpx, httpx2, tenacity, certifi). verifiers runs uv with
`--no-config`, so another index is set in the environment (UV_DEFAULT_INDEX, or UV_FIND_LINKS for a folder
of wheels); uv.toml is not read. With `--null-rollouts 0` nothing of this is needed.
"""

import argparse
import asyncio
import gzip
import json
import logging
import multiprocessing
import os
import resource
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import verifiers.v1 as vf

__all__ = ["TinyTaskset"]  # this file is also the taskset `rollout-overhead`

HEADER = f"{'harness':<12} {'rollouts':>8} {'wall s':>8} {'rollouts/s':>11} {'CPU s/rollout':>14} {'mean reward':>12}"
MODEL_PATCHES = Path(__file__).parents[3] / "shared" / "data" / "patch_outcomes.jsonl.gz"
MODEL = "scripted-policy"
REPLY = "<patch>\n--- a/f.py\n+++ b/f.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n</patch>"


class TinyTask(vf.Task):
    """A prompt and a reward that cost nothing."""

    @vf.reward(weight=1.0)
    async def replied(self, trace: vf.Trace) -> float:
        """1.0 iff the scripted reply arrived whole."""
        return float((trace.last_reply or "") == REPLY)


class TinyTaskset(vf.Taskset[TinyTask, vf.TasksetConfig]):
    """As many identical tasks as are asked for."""

    INFINITE = True

    def load(self) -> Iterable[TinyTask]:
        """Yield tasks of about 4 kB of prompt, the size of a small source file."""
        prompt = "Fix the bug in f.py and answer with a patch.\n" + "a = 1\n" * 650
        while True:
            yield TinyTask(
                vf.TaskData(idx=0, prompt=prompt, system_prompt="You repair programs."), self.config.task
            )


@dataclass(frozen=True)
class Overhead:
    """One harness's cost over one timed run."""

    harness: str
    rollouts: int
    wall_s: float
    cpu_s: float
    mean_reward: float

    @property
    def per_s(self) -> float:
        return self.rollouts / self.wall_s

    def __str__(self) -> str:
        """One row of the table."""
        return (
            f"{self.harness:<12} {self.rollouts:>8} {self.wall_s:>8.2f} {self.per_s:>11.1f}"
            f" {self.cpu_s / self.rollouts:>14.4f} {self.mean_reward:>12.3f}"
        )


def main() -> None:
    """Parse arguments, measure both harnesses, print a table and how many times faster the second is."""
    arguments = parse_arguments()
    logging.getLogger().setLevel(logging.CRITICAL)
    # Without bytecode each `null` child would compile its imports again, which doubles its cost.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    print(HEADER, flush=True)
    best_per_s: dict[str, float] = {}
    with scripted_endpoint_process(arguments) as url, tempfile.TemporaryDirectory() as folder:
        for harness, rollouts in (("null", arguments.null_rollouts), ("single-turn", arguments.rollouts)):
            for _ in range(arguments.repeat if rollouts else 0):
                overhead = measure(harness, rollouts, arguments, url, Path(folder))
                best_per_s[harness] = max(overhead.per_s, best_per_s.get(harness, 0.0))
                print(overhead, flush=True)
    if len(best_per_s) == 2:
        print(f"single-turn / null: {best_per_s['single-turn'] / best_per_s['null']:.1f} times the rollouts/s")


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument(
        "--rollouts", type=int, default=400, help="timed rollouts of single-turn; 0 leaves it out"
    )
    parser.add_argument(
        "--null-rollouts", type=int, default=40, help="timed rollouts of null; 0 leaves it out"
    )
    parser.add_argument("--concurrency", type=int, default=64, help="rollouts in flight at once, in both")
    parser.add_argument("--repeat", type=int, default=1, help="timed runs of each harness")
    parser.add_argument("--group", type=int, default=1, help="rollouts of each task")
    parser.add_argument("--dataset", help="file of SWE-bench rows to run swe-bench-diff over; without it, the tiny taskset of this file")
    parser.add_argument("--model-patches", type=Path, default=MODEL_PATCHES, help="file of real model patches to reply with, beside the gold ones")
    arguments = parser.parse_args()
    if arguments.rollouts % arguments.group or arguments.null_rollouts % arguments.group:
        parser.error(f"--rollouts and --null-rollouts must be multiples of --group {arguments.group}")
    return arguments


def measure(harness: str, rollouts: int, arguments: argparse.Namespace, url: str, folder: Path) -> Overhead:
    """Run an evaluation in this process and count its CPU, child processes included.

    Raises:
        RuntimeError: A rollout failed, so that the figures would mean nothing.
    """
    asyncio.run(evaluate(harness, arguments.group, arguments, url, folder))
    cpu_s, started = used_cpu_s(), time.perf_counter()
    episodes = asyncio.run(evaluate(harness, rollouts, arguments, url, folder))
    wall_s, cpu_s = time.perf_counter() - started, used_cpu_s() - cpu_s
    failed = [episode for episode in episodes if not episode.ok]
    if failed:
        errors = failed[0].errors or failed[0].traces[0].errors
        raise RuntimeError(f"{harness}: {len(failed)} of {rollouts} rollouts failed, the first with {errors}")
    scored = [trace.reward for episode in episodes for trace in episode.traces if trace.rewards and None not in trace.rewards.values()]
    if len(scored) != rollouts:
        raise RuntimeError(f"{harness}: {len(scored)} rollouts came back scored, {rollouts} were asked for; has the dataset enough tasks?")
    return Overhead(harness, rollouts, wall_s, cpu_s, sum(scored) / rollouts)


async def evaluate(
    harness: str, rollouts: int, arguments: argparse.Namespace, url: str, folder: Path
) -> list[vf.Episode]:
    """Do what `vf-eval` does for these settings, without its start-up and its dashboard."""
    from verifiers.v1.cli.eval.runner import run_eval
    from verifiers.v1.configs.cli.eval import EvalConfig

    taskset: dict[str, Any] = {"id": "rollout-overhead"}
    if arguments.dataset:
        taskset = {"id": "swe-bench-diff", "dataset": arguments.dataset, "context": "window"}
    config = EvalConfig.model_validate(
        {
            "env": {
                "taskset": taskset,
                "agent": {"harness": {"id": harness}, "runtime": {"type": "subprocess"}},
            },
            "model": MODEL,
            "client": {"base_url": url, "api_key_var": "NONE"},
            "select": {"limit": rollouts // arguments.group},
            "num_rollouts": arguments.group,
            "max_concurrent": arguments.concurrency,
            "push": False,
            "rich": None,
            "output_dir": folder,
        }
    )
    return await run_eval(config)


def used_cpu_s() -> float:
    """CPU seconds of this process and of its finished children."""
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@contextmanager
def scripted_endpoint_process(arguments: argparse.Namespace) -> Iterator[str]:
    """Serve the scripted endpoint from a process of its own; yields its URL."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    server = context.Process(target=serve_endpoint, args=(theirs, arguments.dataset, arguments.model_patches), daemon=True)
    server.start()
    try:
        yield ours.recv()
    finally:
        ours.close()
        server.join(10)


def serve_endpoint(control: Connection, dataset: str | None, model_patches: Path) -> None:
    """Serve until the other end of `control` closes."""
    from repair_cli.scripted_endpoint import ScriptedEndpoint

    answer = real_answers(dataset, model_patches) if dataset else lambda messages: REPLY
    with ScriptedEndpoint(answer, model=MODEL) as url:
        control.send(url)
        try:
            control.recv()
        except EOFError:
            return


def real_answers(dataset: str, model_patches: Path) -> Callable[[list[dict[str, Any]]], str]:
    """A policy over `dataset`: in turn, the gold patch of the instance asked about and the patches that real models gave for it."""
    from repair_tasks import LoadingOptions, gold_answer, load_tasks

    given: dict[str, list[str]] = {}
    with gzip.open(model_patches, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            given.setdefault(row["instance_id"], []).append(row["model_patch"])
    tasks = load_tasks(LoadingOptions(dataset=dataset, context="window"))
    replies = {task.prompt: [gold_answer(task.prompt, task.fields), *given.get(task.instance_id, [])] for task in tasks}
    asked: Counter[str] = Counter()

    def answer(messages: list[dict[str, Any]]) -> str:
        prompt = messages[-1]["content"]
        asked[prompt] += 1
        return replies[prompt][asked[prompt] % len(replies[prompt])]

    return answer


if __name__ == "__main__":
    main()
