"""What scoring in containers costs, each figure beside its alternative, all from one run:

    python tests/benchmarks/sandbox.py [--only flags latency load] [--rounds 15] [--patches 64]
    python tests/benchmarks/sandbox.py --only swebench --swebench ROWS PREDICTIONS --harness-python PYTHON [--workers 2] [--limit N]

flags    start to removal of a container, with all hardening flags, without any, and with all but one (rounds interleaved, medians)
latency  one scoring at a time of the bundled corpus, wrong and right patches, with standby containers and without
load     so many different patches handed in at once, with standby containers and without: failures, wall time, containers and memory at the peak
swebench our engine and `swebench.harness.run_evaluation` on the same images and predictions with the same number of workers: throughput, median
         overhead of a patch (its wall time less the time in its container's test command), verdicts that differ

The corpus image must be there (repair images build). SWE-bench rows are of the current schema, predictions JSON lines with instance_id,
model_name_or_path and model_patch; their images must be there; PYTHON is one that has `swebench`. No verdict cache is used.
"""

import argparse
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import repair_sandbox.container
from repair_corpus import CorpusTask, corpus_tasks
from repair_sandbox.container import Container
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.guest_protocol import build_setup
from repair_sandbox.limits import Limits
from repair_sandbox.reaper import OWNER, owner_label
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.slots import Slots
from repair_sandbox.spec import TestSpec
from repair_sandbox.verdict_cache import VerdictCache
from swebench_harness import compare_with_harness

IMAGE = "repair-envs/corpus-python:latest"
STANDBY = 4
"""Containers that wait, the engine's default."""
FLAGS = {
    "network none": ("NetworkMode",),
    "capabilities": ("CapDrop", "CapAdd"),
    "no-new-privileges": ("SecurityOpt",),
    "pids": ("PidsLimit",),
    "memory": ("Memory", "MemorySwap"),
    "cpus": ("CpuPeriod", "CpuQuota"),
    "ulimits": ("Ulimits",),
    "tmpfs": ("Tmpfs",),
    "shm size": ("ShmSize",),
    "log none": ("LogConfig",),
}
"""Name to the engine's settings that make it up."""


def python_tasks() -> list[CorpusTask]:
    return [task for task in corpus_tasks() if task.metadata["language"] == "python"]


def spec_of(task: CorpusTask) -> TestSpec:
    to_fix, to_keep = (tuple(task.metadata[name]) for name in ("fail_to_pass", "pass_to_pass"))
    return TestSpec(task.instance_id, IMAGE, task.gold_patch, to_fix, to_keep, task.test_patch, task.tree)


@contextmanager
def fresh_sandbox(standby: int, slots: int | None = None) -> Iterator[Sandbox]:
    """A sandbox that remembers no verdict, with slots of its own."""
    with tempfile.TemporaryDirectory() as folder:
        bound = Slots(slots, Path(folder, "slots"))
        sandbox = Sandbox(DockerBackend(standby=standby), VerdictCache(Path(folder, "verdicts")), bound)
        try:
            yield sandbox
        finally:
            sandbox.close()


# --- flags -----------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lifecycle:
    """Seconds to create and start a container until its PID 1 answers, and to remove it."""

    start_s: float
    remove_s: float


def lifecycle(backend: DockerBackend, without: tuple[str, ...]) -> Lifecycle:
    full = repair_sandbox.container.host_config

    def reduced(client: Any, limits: Limits) -> dict[str, Any]:
        return {name: value for name, value in full(client, limits).items() if name not in without}

    repair_sandbox.container.host_config = reduced
    try:
        began = time.monotonic()
        container = Container(backend.engine, IMAGE, Limits(), {}, b"2\n{}")  # no programs: PID 1 fails at once, having been up
    finally:
        repair_sandbox.container.host_config = full
    container.ask(b"", "", 30, 1 << 20)
    up = time.monotonic()
    container.remove()
    return Lifecycle(up - began, time.monotonic() - up)


def show_flags(rounds: int) -> None:
    backend = DockerBackend(standby=0)
    every = tuple(name for names in FLAGS.values() for name in names)
    variants = {"all flags": (), "no flag": every, **{f"all but {flag}": names for flag, names in FLAGS.items()}}
    times: dict[str, list[Lifecycle]] = {name: [] for name in variants}
    lifecycle(backend, ())
    for _ in range(rounds):
        for name, without in variants.items():
            times[name].append(lifecycle(backend, without))
    backend.close()
    base = statistics.median(item.start_s + item.remove_s for item in times["all flags"])
    print(f"\nContainer lifecycle, median of {rounds} rounds, ms\n{'variant':<28}{'start':>8}{'remove':>8}{'both':>8}{'to all flags':>14}")
    for name, items in times.items():
        both = statistics.median(item.start_s + item.remove_s for item in items)
        start, remove = (statistics.median(getattr(item, field) for item in items) for field in ("start_s", "remove_s"))
        print(f"{name:<28}{start * 1e3:>8.0f}{remove * 1e3:>8.0f}{both * 1e3:>8.0f}{(both - base) * 1e3:>+14.0f}")


# --- latency ---------------------------------------------------------------------------------------------------------------------------


def timed_score(sandbox: Sandbox, task: CorpusTask, patch: str, ahead: bool) -> tuple[float, TestReport]:
    spec = spec_of(task)
    if ahead:
        sandbox.backend.prepare(spec.image, build_setup(spec), spec.limits, 2)
        time.sleep(2.0)  # a model's reply takes longer
    began = time.monotonic()
    report = sandbox.score(spec, patch)
    return time.monotonic() - began, report


def show_latency(rounds: int) -> None:
    times: dict[tuple[str, str], list[tuple[float, TestReport]]] = {}
    for number in range(rounds):
        task = python_tasks()[number % len(python_tasks())]
        for mode, standby in (("standby off", 0), ("standby on", 2)):
            for kind, patch in (("wrong", task.answer("wrong")), ("right", task.gold_patch)):
                with fresh_sandbox(standby) as sandbox:
                    times.setdefault((kind, mode), []).append(timed_score(sandbox, task, patch, bool(standby)))
    print(f"\nOne scoring at a time, median of {rounds}, ms\n{'patch':<8}{'mode':<14}{'wall':>8}{'start':>8}{'tests':>8}{'control':>9}")
    for (kind, mode), runs in times.items():
        wall = statistics.median(seconds for seconds, _ in runs)
        stages = [statistics.median(report.stages_s[name] for _, report in runs) for name in ("start", "tests", "control")]
        print(f"{kind:<8}{mode:<14}{wall * 1e3:>8.0f}" + "".join(f"{s * 1e3:>{w}.0f}" for s, w in zip(stages, (8, 8, 9), strict=True)))


# --- load ------------------------------------------------------------------------------------------------------------------------------


def distinct(patch: str, number: int) -> str:
    """The same change with one file more, so that no two patches are equal."""
    return patch + f"diff --git a/NOTE{number} b/NOTE{number}\nnew file mode 100644\n--- /dev/null\n+++ b/NOTE{number}\n@@ -0,0 +1,1 @@\n+{number}\n"


class Watch:
    """Samples this process's containers until stopped."""

    def __init__(self, sandbox: Sandbox) -> None:
        assert isinstance(sandbox.backend, DockerBackend)
        self.engine = sandbox.backend.engine
        self.most_containers = 0
        self.most_memory_mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        label = f"{OWNER}={owner_label(os.getpid())}"
        while not self._over.wait(0.2):
            found = self.engine.call("watching", lambda client: client.containers(filters={"label": label}))
            self.most_containers = max(self.most_containers, len(found))
            self.most_memory_mb = max(self.most_memory_mb, sum(memory_mb(container["Id"]) for container in found))


def memory_mb(container: str) -> float:
    """What a container's control group uses, under version 1 or 2; 0 when it is gone."""
    version_1 = f"memory/docker/{container}/memory.usage_in_bytes"
    for place in (version_1, f"docker/{container}/memory.current", f"system.slice/docker-{container}.scope/memory.current"):
        try:
            return int(Path("/sys/fs/cgroup", place).read_text()) / 1024**2
        except OSError:
            continue
    return 0.0


def show_load(patches: int) -> None:
    tasks = python_tasks()
    work = []
    for number in range(patches):
        task, right = tasks[number % len(tasks)], number % 3 == 0
        work.append((task, distinct(task.gold_patch if right else task.answer("wrong"), number), right))
    print(f"\n{patches} patches at once, a third of them right")
    print(f"{'mode':<14}{'wall s':>8}{'patches/s':>11}{'failures':>10}{'wrong verdicts':>16}{'containers':>12}{'memory MB':>11}")
    for mode, standby in (("standby off", 0), ("standby on", STANDBY)) * 2:
        with fresh_sandbox(standby) as sandbox:
            watch = Watch(sandbox)
            began = time.monotonic()
            with ThreadPoolExecutor(patches) as pool:
                results = list(pool.map(lambda item, sandbox=sandbox: verdict_or_error(sandbox, *item), work))
            wall = time.monotonic() - began
            watch.stop()
        failures = results.count(None)
        print(f"{mode:<14}{wall:>8.1f}{patches / wall:>11.2f}{failures:>10}{results.count(False):>16}", end="")
        print(f"{watch.most_containers:>12}{watch.most_memory_mb:>11.0f}")


def verdict_or_error(sandbox: Sandbox, task: CorpusTask, patch: str, right: bool) -> bool | None:
    """Whether the verdict is as it should be; None for none."""
    try:
        sandbox.prepare(spec_of(task))
        return sandbox.score(spec_of(task), patch).resolved is right
    except InfrastructureError as error:
        print(f"  {task.instance_id}: {error}")
        return None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=("flags", "latency", "load", "swebench"), default=("flags", "latency", "load"))
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--patches", type=int, default=64)
    parser.add_argument("--swebench", nargs=2, type=Path, metavar=("ROWS", "PREDICTIONS"))
    parser.add_argument("--harness-python", type=Path, help="an interpreter that has swebench")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int, help="predictions of each instance that are used")
    arguments = parser.parse_args()
    if "flags" in arguments.only:
        show_flags(arguments.rounds)
    if "latency" in arguments.only:
        show_latency(arguments.rounds)
    if "load" in arguments.only:
        show_load(arguments.patches)
    if arguments.swebench:
        if not arguments.harness_python:
            parser.error("--swebench needs --harness-python")
        with fresh_sandbox(STANDBY, slots=arguments.workers) as sandbox:
            compare_with_harness(sandbox, *arguments.swebench, arguments.harness_python, arguments.workers, arguments.limit)


if __name__ == "__main__":
    main()
