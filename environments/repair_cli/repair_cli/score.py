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

from pydantic import Field, create_model
from pydantic_config import BaseConfig, ConfigFileError, cli

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
    if arguments[0].startswith("-"):
        raise ValueError(f"the first argument names the environment, found {arguments[0]!r}; see repair score --help")
    import verifiers.v1 as vf  # takes seconds: what is above does without

    config = _config(arguments[0], arguments[1:])
    answer = _read_answer(config.patch)
    taskset = vf.load_taskset(config.env.taskset)
    print(json.dumps(asyncio.run(score_answer(_task(taskset, config.instance), answer)), indent=2))
    return 0


async def score_answer(task: vf.Task, answer: str) -> dict[str, Any]:
    """What `task`'s own rewards and metrics say of `answer`, as if a model had given it."""
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
    await task.score(trace)
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


def _config(env_id: str, flags: list[str]) -> Any:
    import verifiers.v1 as vf

    try:
        taskset_type = vf.taskset_config_type(env_id)
    except ModuleNotFoundError as error:
        raise ValueError(f"no environment {env_id!r} is installed ({error})") from None
    except TypeError:
        raise ValueError(f"{env_id!r} is no environment: its module exports no taskset") from None
    env_type = create_model("EnvConfig", __base__=BaseConfig, taskset=(taskset_type, Field(default_factory=lambda: taskset_type(id=env_id))))
    config_type = create_model("ScoreConfig", __base__=ScoreConfig, env=(env_type, Field(default_factory=env_type)))
    # A flag of the taskset makes a new config of it, which would otherwise lose the id.
    try:
        return cli(config_type, args=["--env.taskset.id", env_id, *flags], prog=f"repair score {env_id}")
    except json.JSONDecodeError as error:
        raise ValueError(f"a flag's value is not JSON ({error.msg}): {error.doc}") from None
    except ConfigFileError as error:
        # A headline, then each flag and, indented below it, what is wrong with it.
        problems = str(error).replace("\n  ", ": ").split("\n")
        raise ValueError("; ".join(problems[1:] or problems)) from None


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
