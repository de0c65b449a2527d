"""run the ground truth of a dataset's tasks, and write down which can be trusted

  repair validate ENV [--runs N] [--workers W] [--manifest FILE] [--tasks N] [--env.taskset.FLAG VALUE ...]

Every task is scored N times with the human fix, which must solve it each time, and N times with a patch that repairs nothing, which must fail its
tests each time (in defects4j-repair exactly the trigger tests); every test is run, and known verdicts are not used. Where that holds, the human fix
is scored once more with the FAIL_TO_PASS tests run ahead of the others: if it passes so too, the environment runs them in that order, in which wrong
patches fail sooner.

The manifest (JSON) has for each task: pass, fail, flaky or error, why, and for each run the outcome, seconds per stage and memory; what did not
pass is in its quarantine. A manifest that is there is gone on with: tasks that are known and unchanged are not run again, those that could not be
run are. The environment goes by it with --env.taskset.manifest FILE.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field
from pydantic_config import BaseConfig
from repair_rubrics import PatchDoesNotApply
from repair_sandbox.errors import EngineUnavailable, InfrastructureError
from repair_tasks.grading import RAN_AND_FAILED
from repair_tasks.manifest import Answer, GroundTruthRun, Manifest, TaskRecord, Verdict
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from repair_cli.env_config import environment_config
from repair_cli.score import score_answer

if TYPE_CHECKING:
    import verifiers.v1 as vf

SHOWN_TASKS = 12
COLOURS: dict[Verdict, str] = {"pass": "green", "fail": "red", "flaky": "yellow", "error": "magenta"}


class ValidateConfig(BaseConfig):
    """Flags of `repair validate` besides the environment's own."""

    runs: int = Field(3, gt=0)
    """Times that each answer is scored."""
    workers: int = Field(16, gt=0)
    """Tasks in work at once; how many containers run is bounded by the machine."""
    manifest: Path = Path("manifest.json")
    """File to write, and to go on with."""
    tasks: int | None = Field(None, gt=0)
    """Only the first so many tasks."""


def run(arguments: list[str]) -> int:
    """Validate a dataset; 0 when every task passed, else 1.

    Raises:
        ValueError: a mistake in the call or in the dataset.
        EngineUnavailable: no container engine answers.
    """
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    config = environment_config("validate", ValidateConfig, arguments[0], arguments[1:])
    tasks = _tasks(config, arguments[0])
    manifest = Manifest.read(config.manifest) if config.manifest.exists() else Manifest()
    manifest.environment, manifest.dataset, manifest.runs = arguments[0], str(config.env.taskset.dataset), config.runs
    todo = [task for task in tasks if not _known(manifest, task, config.runs)]
    manifest.write(config.manifest)
    console = Console()
    console.print(f"{len(tasks)} tasks, {len(tasks) - len(todo)} of them known from {config.manifest}", soft_wrap=True)
    started = time.perf_counter()
    with _display(console, len(todo)) as show:
        asyncio.run(_validate(todo, config, manifest, show))
    counts = Counter(manifest.tasks[str(task.data.id)].verdict for task in tasks)
    said = ", ".join(f"{counts[verdict]} {verdict}" for verdict in COLOURS)
    console.print(f"{said}; {time.perf_counter() - started:.1f} s; {config.manifest}", soft_wrap=True)
    return int(counts["pass"] != len(tasks))


def verdict_of(runs: list[GroundTruthRun]) -> tuple[Literal["pass", "fail", "flaky"], str]:
    """What the runs of one task say, and why."""
    gold = [run for run in runs if run.answer == "gold"]
    noop = [run for run in runs if run.answer == "noop"]
    for name, answer, good in (("the human fix", gold, ("resolved",)), ("a patch that repairs nothing", noop, RAN_AND_FAILED)):
        bad = [run for run in answer if run.outcome not in good or run.fault]
        if bad:
            reason = f"{name}: {bad[0].outcome} in {len(bad)} of {len(answer)} runs: {bad[0].fault or bad[0].reason}"
            return ("fail" if len(bad) == len(answer) else "flaky"), reason
    return "pass", ""


class _Show:
    """The live table: what is done, and the tasks that came in last."""

    def __init__(self, console: Console, total: int) -> None:
        columns = (TextColumn("validating"), BarColumn(), MofNCompleteColumn(), TextColumn("tasks"), TimeRemainingColumn())
        self.progress = Progress(*columns, console=console)
        self.bar = self.progress.add_task("tasks", total=total)
        self.lines: list[tuple[str, TaskRecord]] = []
        self.console = console

    def add(self, instance_id: str, record: TaskRecord) -> None:
        self.progress.advance(self.bar)
        self.lines.append((instance_id, record))
        if not self.console.is_terminal:
            self.console.print(f"{record.verdict:6}{instance_id} {record.reason}", soft_wrap=True, markup=False, highlight=False)

    def __rich__(self) -> Group:
        table = Table("task", "verdict", "tests", "memory", "reason", show_edge=False)
        for instance_id, record in self.lines[-SHOWN_TASKS:]:
            tests_s = max((run.stages_s.get("tests", 0.0) for run in record.runs), default=0.0)
            memory_mb = max((run.memory_mb for run in record.runs), default=0.0)
            colour = COLOURS[record.verdict]
            table.add_row(
                instance_id, f"[{colour}]{record.verdict}[/{colour}]", f"{tests_s:.1f} s", f"{memory_mb:.0f} MB", record.reason.split("\n")[0][:80]
            )
        return Group(table, self.progress)


@contextmanager
def _display(console: Console, total: int) -> Iterator[_Show]:
    show = _Show(console, total)
    if not console.is_terminal:
        yield show
        return
    with Live(show, console=console, refresh_per_second=4, transient=True):
        yield show
    for instance_id, record in show.lines:
        if record.verdict != "pass":
            console.print(f"[{COLOURS[record.verdict]}]{record.verdict}[/] {instance_id}: {record.reason}", soft_wrap=True, highlight=False)


def _tasks(config: ValidateConfig, env_id: str) -> list[vf.Task]:
    import verifiers.v1 as vf

    taskset_config = config.env.taskset
    if "fresh" not in type(taskset_config.task).model_fields:
        raise ValueError(f"environment {env_id!r} runs no tests; its ground truth is checked by: vf-validate {env_id} --runtime.type subprocess")
    task_config = taskset_config.task.model_copy(update={"fresh": True, "every_test": True})
    taskset = vf.load_taskset(taskset_config.model_copy(update={"task": task_config}))
    tasks = [_in_order(task) for task in (taskset if config.tasks is None else taskset.take(config.tasks))]
    if not tasks:
        raise ValueError("the dataset has no task")
    return tasks


def _in_order(task: vf.Task, fail_to_pass_first: bool = False) -> vf.Task:
    """The task with its tests in that order, where the environment has a choice."""
    return task.in_order(fail_to_pass_first) if hasattr(task, "in_order") else task


def _content(task: vf.Task) -> str:
    """The task's content hash, wherever in the dataset it stands."""
    return str(task.with_data(idx=None).hash)


def _known(manifest: Manifest, task: vf.Task, runs: int) -> bool:
    record = manifest.tasks.get(str(task.data.id))
    return record is not None and record.verdict != "error" and record.task_hash == _content(task) and len(record.runs) >= 2 * runs


async def _validate(tasks: list[vf.Task], config: ValidateConfig, manifest: Manifest, show: _Show) -> None:
    room = asyncio.Semaphore(config.workers)

    async def one(task: vf.Task) -> None:
        async with room:
            record = await _record(task, config.runs)
        manifest.record(str(task.data.id), record)
        manifest.write(config.manifest)
        show.add(str(task.data.id), record)

    try:
        async with asyncio.TaskGroup() as group:
            for task in tasks:
                group.create_task(one(task))
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None


async def _record(task: vf.Task, runs: int) -> TaskRecord:
    done: list[GroundTruthRun] = []
    try:
        for _ in range(runs):
            done.append(await _run(task, "gold", task.gold_reply))
        for _ in range(runs):
            done.append(await _run(task, "noop", task.noop_reply))
        verdict, reason = verdict_of(done)
        reordered = _in_order(task, fail_to_pass_first=True)
        if verdict == "pass" and reordered.data != task.data:
            done.append(await _run(reordered, "gold_reordered", reordered.gold_reply))
    except EngineUnavailable:
        raise
    except PatchDoesNotApply as error:
        return TaskRecord(verdict="fail", reason=f"the human fix does not apply to the sources shown: {error}", task_hash=_content(task))
    except InfrastructureError as error:
        return TaskRecord(verdict="error", reason=str(error), task_hash=_content(task), runs=done)
    first = done[-1].answer == "gold_reordered" and done[-1].outcome == "resolved"
    return TaskRecord(verdict=verdict, reason=reason, task_hash=_content(task), fail_to_pass_first=first, runs=done)


async def _run(task: vf.Task, answer: Answer, reply: str) -> GroundTruthRun:
    scored = await score_answer(task, reply)
    return GroundTruthRun(
        answer=answer,
        outcome=scored["outcome"],
        reward=scored["reward"],
        reason=scored["reason"],
        fault=task.noop_fault(scored) if answer == "noop" and hasattr(task, "noop_fault") else "",
        failing=scored["failing"],
        stages_s=scored["stages_s"],
        memory_mb=scored["metrics"]["memory_mb"],
        image_digest=scored["image_digest"],
    )
