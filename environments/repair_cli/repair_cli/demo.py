"""run the real vf-eval over the bundled corpus against an embedded, scripted endpoint

Starts an OpenAI-compatible endpoint on a free port of 127.0.0.1 that plays back prepared answers (no model: one answer of each kind for
every task), runs `vf-eval swe-bench-diff` on it, and prints every reward of every answer. Needs no network, no key, no GPU and no Docker.
Where a container engine answers and has the images of the bundled tasks, the same answers also go through the environments whose reward is that the
tests pass: `swe-bench-tests` has the Python tasks, `defects4j-repair` the Java ones.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repair_corpus import JAVA_IMAGE, PYTHON_IMAGE, corpus_tasks
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError
from repair_tasks import LoadingOptions, load_tasks, task_sources
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from repair_cli.scripted_endpoint import ScriptedEndpoint
from repair_cli.scripted_policy import KINDS, MEANING, ScriptedAnswers, playback, scripted_answers

DIFF_ENV, TESTS_ENV, JAVA_ENV = "swe-bench-diff", "swe-bench-tests", "defects4j-repair"
MODEL = "scripted-policy"
POLL_S = 0.2
ENGINE_PATIENCE_S = 2.0


@dataclass(frozen=True)
class Rollout:
    """One scored rollout of the demo."""

    instance_id: str
    kind: str
    rewards: dict[str, float]
    weights: dict[str, float]

    @property
    def total(self) -> float:
        return sum(score * self.weights[name] for name, score in self.rewards.items())


class DemoFailed(OSError):
    """vf-eval did not end well; the message says where its log is."""


def run(arguments: list[str]) -> int:
    """Run the demo and print its tables.

    Raises:
        DemoFailed: vf-eval failed, or a rollout of it has no reward.
    """
    parser = argparse.ArgumentParser(prog="repair demo", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output-dir", type=Path, default=Path("outputs"), help="folder for vf-eval's run (default: outputs)")
    parser.add_argument("--tasks", type=int, metavar="N", help="only the first N tasks (default: all)")
    options = parser.parse_args(arguments)
    if options.tasks is not None and options.tasks < 1:
        raise ValueError(f"--tasks {options.tasks}: must be at least 1")
    console = Console()
    run_dir = options.output_dir / f"demo-{time.strftime('%Y%m%d-%H%M%S')}"
    _play(DIFF_ENV, prepared_answers(options.tasks), run_dir, console)
    for env_id, image in ((TESTS_ENV, PYTHON_IMAGE), (JAVA_ENV, JAVA_IMAGE)):
        if missing := _missing_for_tests(image):
            console.print(f"{env_id}, whose reward is that the tests pass, was left out: {missing}", soft_wrap=True)
            continue
        answers = prepared_answers(options.tasks, language="python") if env_id == TESTS_ENV else java_answers(options.tasks)
        _play(env_id, answers, run_dir.with_name(f"{run_dir.name}-{env_id}"), console)
    return 0


def prepared_answers(limit: int | None = None, language: str | None = None) -> dict[str, ScriptedAnswers]:
    """Prompt to scripted answers, for the first `limit` tasks of the bundled corpus, or of its tasks in `language`."""
    corpus = {task.instance_id: task for task in corpus_tasks() if language in (None, task.metadata["language"])}
    loaded = [task for task in load_tasks(LoadingOptions()) if task.instance_id in corpus][:limit]
    return {task.prompt: scripted_answers(corpus[task.instance_id], task_sources(task.prompt, task.fields)) for task in loaded}


def java_answers(limit: int | None = None) -> dict[str, ScriptedAnswers]:
    """Prompt to scripted answers, for the first `limit` of the bundled Java tasks as `defects4j-repair` has them."""
    from defects4j_repair.bugs import BugOptions, select_bugs  # takes seconds
    from defects4j_repair.prompts import PromptOptions, bug_prompt

    corpus = {task.instance_id: task for task in corpus_tasks()}
    bugs = list(select_bugs(BugOptions()))[:limit]
    return {bug_prompt(bug, PromptOptions()).text: scripted_answers(corpus[bug.instance_id], bug.prepared.sources) for bug in bugs}


def _play(env_id: str, answers: dict[str, ScriptedAnswers], run_dir: Path, console: Console) -> None:
    """Run one environment over the answers and print its tables."""
    console.print(f"{len(answers)} bundled tasks x {len(KINDS)} scripted answers (prepared texts, not a model's) through vf-eval {env_id}")
    started = time.perf_counter()
    with ScriptedEndpoint(playback(answers), model=MODEL) as url:
        _vf_eval(env_id, url, run_dir, len(answers), console)
    rollouts = read_rollouts(run_dir / "traces.jsonl", {a.instance_id: a for a in answers.values()})
    console.print(_task_table(rollouts), _kind_table(rollouts))
    elapsed_s = time.perf_counter() - started
    console.print(f"{len(rollouts)} rollouts in {elapsed_s:.1f} s, start of vf-eval included. Every rollout: {run_dir}/traces.jsonl", soft_wrap=True)


def _missing_for_tests(image: str) -> str:
    """What this machine lacks to run the bundled tests that need `image`, and what to do; empty when nothing."""
    try:
        present = images.local_image(Engine(patience_s=ENGINE_PATIENCE_S), image)
    except InfrastructureError as error:
        return str(error)
    return "" if present else f"there is no image {image}; build it with: repair images build {image.partition('/')[2].partition(':')[0]}"


def read_rollouts(traces: Path, answers: dict[str, ScriptedAnswers]) -> list[Rollout]:
    """The scored rollouts of a run, in task and kind order.

    Raises:
        DemoFailed: a rollout carries an error instead of rewards, or one is missing.
    """
    found = []
    with traces.open(encoding="utf-8") as lines:
        for line in lines:
            found += [_rollout(trace, answers) for trace in json.loads(line)["traces"]]
    expected = len(answers) * len(KINDS)
    if len(found) != expected:
        raise DemoFailed(f"expected {expected} rollouts, found {len(found)} in {traces}")
    order = list(answers)
    return sorted(found, key=lambda rollout: (order.index(rollout.instance_id), KINDS.index(rollout.kind)))


def _rollout(trace: dict[str, Any], answers: dict[str, ScriptedAnswers]) -> Rollout:
    instance_id = trace["task"]["data"]["id"]
    if trace.get("errors"):
        raise DemoFailed(f"{instance_id}: {trace['errors'][-1]['type']}: {trace['errors'][-1]['message']}")
    reply = next(node["message"]["content"] for node in trace["nodes"] if node["sampled"])
    kinds = {text.strip(): kind for kind, text in answers[instance_id].by_kind.items()}
    rewards = {name: part["score"] for name, part in trace["rewards"].items()}
    weights = {name: part["weight"] for name, part in trace["rewards"].items()}
    return Rollout(instance_id, kinds[reply.strip()], rewards, weights)


def _vf_eval(env_id: str, url: str, run_dir: Path, tasks: int, console: Console) -> None:
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ValueError(f"--output-dir {run_dir.parent}: {error.strerror}; choose a folder that can be written to") from None
    command = [
        *(str(Path(sys.executable).with_name("vf-eval")), env_id, "-n", str(tasks), "-r", str(len(KINDS)), "-m", MODEL),
        *("--client.base-url", url, "--client.api-key-var", "NONE", "--no-push", "--no-rich"),
        *("--output-dir", str(run_dir.parent), "--run.dir", run_dir.name, "--run.name", run_dir.name),
    ]
    log = run_dir / "vf-eval.log"
    columns = (TextColumn("vf-eval"), BarColumn(), MofNCompleteColumn(), TextColumn("rollouts"))
    with log.open("wb") as output, Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("rollouts", total=tasks * len(KINDS))
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        try:
            while process.poll() is None:
                progress.update(bar, completed=_line_count(run_dir / "traces.jsonl"))
                time.sleep(POLL_S)
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait()
    if process.returncode != 0:
        last = log.read_text(errors="replace").strip().splitlines()[-1:] or ["no output"]
        raise DemoFailed(f"vf-eval ended with exit code {process.returncode}: {last[0]} (all of it: {log})")


def _line_count(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _task_table(rollouts: list[Rollout]) -> Table:
    """Every answer; rewards of weight 0 are left to the other table."""
    table = Table(title="Rewards of every answer", title_justify="left")
    for heading in ("task", "answer"):
        table.add_column(heading, no_wrap=True)
    counted = {reward: weight for reward, weight in rollouts[0].weights.items() if weight}
    for reward, weight in counted.items():
        table.add_column(f"{reward}\nx {weight:g}", justify="right", no_wrap=True)
    table.add_column("total", justify="right")
    last = ""
    for rollout in rollouts:
        name = rollout.instance_id if rollout.instance_id != last else ""
        if name:
            table.add_section()
        table.add_row(name, rollout.kind, *(f"{rollout.rewards[reward]:.2f}" for reward in counted), f"{rollout.total:.2f}")
        last = rollout.instance_id
    return table


def _kind_table(rollouts: list[Rollout]) -> Table:
    meanings = "\n".join(f"{kind}: {MEANING[kind]}" for kind in KINDS)
    # So narrow that seven rewards fit 80 columns.
    table = Table(title="Mean by kind of answer", box=SIMPLE_HEAD, show_edge=False, padding=0)
    table.title_justify = table.caption_justify = "left"
    table.caption = meanings
    table.add_column("answer", no_wrap=True)
    for reward, weight in rollouts[0].weights.items():
        table.add_column(reward.replace("_", "_\n") + f"\nx {weight:g}", justify="right", no_wrap=True)
    table.add_column("total", justify="right")
    by_kind: dict[str, list[Rollout]] = defaultdict(list)
    for rollout in rollouts:
        by_kind[rollout.kind].append(rollout)
    for kind in KINDS:
        group = by_kind[kind]
        means = [sum(rollout.rewards[reward] for rollout in group) / len(group) for reward in rollouts[0].rewards]
        table.add_row(kind, *(f"{mean:.2f}" for mean in means), f"{sum(r.total for r in group) / len(group):.2f}")
    return table
