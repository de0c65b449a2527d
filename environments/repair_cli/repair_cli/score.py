"""score one answer without any model, and print what every reward says of it

  repair score swe-bench-diff --instance corpus-py__pagewise-1 --patch my.patch
  repair score swe-bench-diff --env.taskset.dataset lite_test.jsonl --env.taskset.context window --instance ID --patch -

The file holds the answer as a model would give it: a patch in either format, with or without prose and fences around it; `-` reads
standard input. Prints one JSON object. All of the environment's own flags (--env.taskset...) are the same as for vf-eval.
"""

from __future__ import annotations

import asyncio
import difflib
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic_config import BaseConfig
from repair_sandbox.errors import InfrastructureError

from repair_cli.env_config import environment_config

if TYPE_CHECKING:
    import verifiers.v1 as vf


class ScoreConfig(BaseConfig):
    """Flags of `repair score` besides the environment's own."""

    instance: str
    """Instance id of the task to score against."""
    patch: Path
    """File with the answer; `-` for standard input."""


def run(arguments: list[str]) -> int:
    """Score one answer and print the result as JSON.

    Raises:
        ValueError: the environment, the instance or the file is not there; a row or flag is bad.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(f"usage: repair score ENV [--env.taskset.FLAG VALUE ...] --instance ID --patch FILE\n\n{__doc__}")
        return 0 if arguments else 2
    config = environment_config("score", ScoreConfig, arguments[0], arguments[1:])
    import verifiers.v1 as vf

    answer = _read_answer(config.patch)
    taskset = vf.load_taskset(config.env.taskset)
    print(json.dumps(asyncio.run(score_answer(_task(taskset, config.instance), answer)), indent=2))
    return 0


async def score_answer(task: vf.Task, answer: str) -> dict[str, Any]:
    """What `task`'s own rewards and metrics say of `answer`, as if a model had given it.

    Raises:
        InfrastructureError: no verdict was reached.
        ValueError: the dataset is at fault.
    """
    import verifiers.v1 as vf
    from verifiers.v1.graph import MessageNode
    from verifiers.v1.state import state_cls
    from verifiers.v1.trace import AgentInfo, TraceTask
    from verifiers.v1.types import AssistantMessage

    trace = vf.Trace(
        task=TraceTask(type=type(task).__name__, data=task.data, key=task.key, hash=task.hash),
        state=state_cls(type(task))(),
        agent=AgentInfo(config=vf.AgentConfig(runtime=vf.SubprocessConfig()), name="score", trainable=False),
        nodes=[MessageNode(message=AssistantMessage(content=answer), sampled=True)],
    )
    started = time.perf_counter()
    try:
        await task.score(trace)
    except vf.TaskError as error:
        if isinstance(error.__cause__, InfrastructureError | ValueError):
            raise error.__cause__ from None
        raise
    report = dict(trace.info.get("repair", {}))
    return {
        "instance": task.data.id,
        "outcome": report.pop("outcome", None),
        "reward": trace.reward,
        "rewards": {name: {"score": part.score, "weight": part.weight} for name, part in trace.rewards.items() if part is not None},
        "metrics": trace.metrics,
        **report,
        "total_s": round(time.perf_counter() - started, 6),
    }


def _read_answer(path: Path) -> str:
    if str(path) == "-":
        return sys.stdin.read()
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise ValueError(f"--patch {path}: {error.strerror}") from None


def _task(taskset: vf.Taskset, instance: str) -> vf.Task:
    seen: list[str] = []
    for task in taskset:
        if task.data.id == instance:
            return task
        seen.append(str(task.data.id))
    near = difflib.get_close_matches(instance, seen, n=3, cutoff=0.3)
    raise ValueError(f"--instance {instance}: not among the {len(seen)} tasks; nearest: {', '.join(near) or 'none'}")
