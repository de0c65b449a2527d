"""Our engine and the benchmark's own harness on the same images and predictions. Used by sandbox.py."""

import json
import re
import statistics
import subprocess
import tempfile
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from repair_sandbox.backend import Backend, GuestReply
from repair_sandbox.limits import Limits
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec
from repair_tasks.rows import BugRow
from swe_bench_tests.specs import needs_install, plan_tests, sandbox_spec

LIMITS = Limits(tests_s=1800, memory_mb=4096)
TIME = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3})", re.MULTILINE)
Prediction = dict[str, Any]


@dataclass(frozen=True)
class Scored:
    """One patch on one side."""

    resolved: bool | None
    """None: no verdict."""
    wall_s: float
    """From the start of its work to its end, waiting for a worker left out."""
    tests_s: float
    """In the container's test command; ours counts the control run's too."""


@dataclass
class Side:
    scored: list[Scored] = field(default_factory=list)
    wall_s: float = 0.0


def compare_with_harness(sandbox: Sandbox, rows: Path, predictions: Path, python: Path, workers: int, limit: int | None) -> None:
    by_id = {row["instance_id"]: row for row in read_lines(rows)}
    batches = batches_of([item for item in read_lines(predictions) if item["instance_id"] in by_id], limit)
    flat = [item for batch in batches for item in batch]
    instances = len({item["instance_id"] for item in flat})
    print(f"\n{len(flat)} predictions for {instances} instances, {workers} workers, {len(batches)} batches", flush=True)
    sides = {name: Side() for name in ("ours", "ours, no control run", "swebench harness")}
    for number, batch in enumerate(batches, 1):  # the sides in turn, so that a machine that others use too is equally slow for all
        for (name, side), control in zip(sides.items(), (True, False, None), strict=True):
            began = time.monotonic()
            side.scored += harness_batch(rows, batch, python, workers) if control is None else score_batch(sandbox, by_id, batch, workers, control)
            side.wall_s += time.monotonic() - began
            print(f"batch {number}: {name} {time.monotonic() - began:.1f} s", flush=True)
    for name, side in sides.items():
        show_side(name, side)
    for item, ours, theirs in zip(flat, sides["ours"].scored, sides["swebench harness"].scored, strict=True):
        if ours.resolved != theirs.resolved:
            print(f"verdicts differ: {item['instance_id']} {item['model_name_or_path']}: ours {ours.resolved}, harness {theirs.resolved}")


def show_side(name: str, side: Side) -> None:
    resolved = sum(result.resolved is True for result in side.scored)
    failed = sum(result.resolved is None for result in side.scored)
    overhead = statistics.median(result.wall_s - result.tests_s for result in side.scored)
    tests = statistics.median(result.tests_s for result in side.scored)
    print(
        f"{name:<22} wall {side.wall_s:7.1f} s, {len(side.scored) / side.wall_s * 60:6.1f} patches/min, median overhead {overhead:6.2f} s, "
        f"median tests {tests:5.2f} s, resolved {resolved}, no verdict {failed}",
        flush=True,
    )


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def batches_of(predictions: list[Prediction], limit: int | None) -> list[list[Prediction]]:
    """Predictions such that no batch has two for one instance, which the harness cannot run together."""
    by_instance: dict[str, list[Prediction]] = defaultdict(list)
    for item in predictions:
        by_instance[item["instance_id"]].append(item)
    most = max(len(items) for items in by_instance.values())
    return [[items[index] for items in by_instance.values() if index < len(items)] for index in range(min(most, limit or most))]


# --- ours ------------------------------------------------------------------------------------------------------------------------------


def score_batch(sandbox: Sandbox, rows: dict[str, dict[str, Any]], batch: list[Prediction], workers: int, control: bool) -> list[Scored]:
    """Containers are asked for first, as environments do when a rollout begins."""
    specs = [spec_of(rows[item["instance_id"]], item) for item in batch]
    for spec in specs:
        sandbox.prepare(spec)
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(lambda spec, item: score_one(sandbox, spec, item["model_patch"], control), specs, batch))


def spec_of(row: dict[str, Any], prediction: Prediction) -> TestSpec:
    bug = BugRow.model_validate(row)
    return sandbox_spec(bug.instance_id, bug.patch, plan_tests(bug), LIMITS, needs_install(prediction["model_patch"]))


def score_one(sandbox: Sandbox, spec: TestSpec, patch: str, control: bool) -> Scored:
    began = time.monotonic()
    watched = TimedTests(sandbox.backend)
    report = Sandbox(watched, sandbox.cache, sandbox.slots).score(spec, patch, control_run=control)
    return Scored(report.resolved, time.monotonic() - began - report.stages_s.get("queue", 0.0), watched.tests_s)


class TimedTests:
    """The engine, with a sum of what the tests of one patch took: in the control run too."""

    isolates = True

    def __init__(self, backend: Backend) -> None:
        self.backend, self.tests_s = backend, 0.0
        self.digest, self.prepare, self.close = backend.digest, backend.prepare, backend.close

    def run(self, image: str, request: dict[str, Any], limits: Limits, followed: bool = False) -> GuestReply:
        reply = self.backend.run(image, request, limits, followed)
        self.tests_s += reply.result["stages_s"].get("tests", 0.0)
        return reply


# --- the harness -----------------------------------------------------------------------------------------------------------------------


def harness_batch(rows: Path, batch: list[Prediction], python: Path, workers: int) -> list[Scored]:
    """One call of the harness, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        predictions = Path(folder, "predictions.json")
        predictions.write_text(json.dumps([{key: item[key] for key in ("instance_id", "model_name_or_path", "model_patch")} for item in batch]))
        command = [str(python.absolute()), "-m", "swebench.harness.run_evaluation", "-d", str(rows.resolve()), "-p", str(predictions), "-id", "run"]
        done = subprocess.run([*command, "--max_workers", str(workers), "-t", "1800"], cwd=folder, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"the harness failed:\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
        return [harness_result(Path(folder, "logs/run_evaluation/run", item["model_name_or_path"], item["instance_id"]), item) for item in batch]


def harness_result(folder: Path, item: Prediction) -> Scored:
    """Read from its log: the wall time is that between the log's first and last lines."""
    log = Path(folder, "run_instance.log").read_text("utf-8", "replace")
    times = [datetime.strptime(text, "%Y-%m-%d %H:%M:%S,%f") for text in TIME.findall(log)]
    runtime = re.search(r"Test runtime: ([\d_.]+)", log)
    report = Path(folder, "report.json")
    resolved = json.loads(report.read_text())[item["instance_id"]]["resolved"] if report.exists() else ("Patch Apply Failed" not in log and None)
    return Scored(resolved, (times[-1] - times[0]).total_seconds(), float(runtime[1]) if runtime else 0.0)
