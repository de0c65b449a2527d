"""From a patch to a report on the real engine: outcomes, order of the steps, sharing, control run, faults in patches."""

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from repair_corpus import CorpusTask, corpus_tasks
from repair_sandbox import sandbox as sandbox_module
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import BrokenTask, EngineUnavailable, ImageMissing
from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.slots import Slots
from repair_sandbox.spec import TestSpec
from repair_sandbox.verdict_cache import VerdictCache

pytestmark = pytest.mark.docker

Containers = Callable[..., list[dict[str, Any]]]
PYTHON_TASKS = [task for task in corpus_tasks() if task.metadata["language"] == "python"]
LIMITS = Limits(tests_s=60, memory_mb=512)


def corpus_spec(task: CorpusTask, limits: Limits = LIMITS) -> TestSpec:
    to_fix, to_keep = (tuple(task.metadata[name]) for name in ("fail_to_pass", "pass_to_pass"))
    return TestSpec(task.instance_id, "repair-envs/corpus-python:latest", task.gold_patch, to_fix, to_keep, task.test_patch, task.tree, limits=limits)


BUGGY = b"def double(n):\n    return n + n + 1\n"
TESTS = b"from lib import double\n\n\ndef test_two():\n    assert double(2) == 4\n\n\ndef test_type():\n    assert isinstance(double(1), int)\n"


def replacement(*body: str) -> str:
    """A patch of lib.py whose function has another body."""
    added = "".join(f"+    {line}\n" for line in body)
    return f"diff --git a/lib.py b/lib.py\n--- a/lib.py\n+++ b/lib.py\n@@ -1,2 +1,{len(body) + 1} @@\n def double(n):\n-    return n + n + 1\n{added}"


def small_spec(limits: Limits = LIMITS, **values: Any) -> TestSpec:
    tree = {"lib.py": BUGGY, "test_lib.py": TESTS, "pytest.ini": b"[pytest]\npythonpath = .\n"}
    image = "repair-envs/corpus-python:latest"
    to_fix, to_keep = ("test_lib.py::test_two",), ("test_lib.py::test_type",)
    spec = TestSpec("project__1", image, replacement("return n + n"), to_fix, to_keep, tree=tree, limits=limits)
    return dataclasses.replace(spec, **values)


EDITS_A_TEST = "diff --git a/test_lib.py b/test_lib.py\n--- a/test_lib.py\n+++ b/test_lib.py\n@@ -1,1 +1,1 @@\n-from lib import double\n+x = 1\n"
ADDS_A_TEST = (
    "diff --git a/tests/test_new.py b/tests/test_new.py\nnew file mode 100644\n--- /dev/null\n+++ b/tests/test_new.py\n@@ -0,0 +1,1 @@\n+x = 1\n"
)


class Recorder:
    """The real Docker backend, noting what it is asked to run and how many runs there are at once."""

    isolates = True

    def __init__(self) -> None:
        self.docker = DockerBackend(standby=0)
        self.requests: list[dict[str, Any]] = []
        self.running = self.peak = 0
        self._lock = threading.Lock()
        self.digest, self.prepare, self.close = self.docker.digest, self.docker.prepare, self.docker.close

    def run(self, image: str, request: dict[str, Any], limits: Limits, followed: bool = False, on_stage: Callable[[str], None] | None = None) -> Any:
        with self._lock:
            self.requests.append(request)
            self.running += 1
            self.peak = max(self.peak, self.running)
        try:
            return self.docker.run(image, request, limits, followed, on_stage)
        finally:
            with self._lock:
                self.running -= 1


@pytest.fixture
def recorder(image: str) -> Iterator[Recorder]:
    made = Recorder()
    yield made
    made.close()


@pytest.fixture
def sandbox(recorder: Recorder, tmp_path: Path) -> Sandbox:
    return Sandbox(recorder, VerdictCache(tmp_path / "verdicts"), Slots(2, tmp_path / "slots"))


@pytest.mark.parametrize("task", PYTHON_TASKS, ids=lambda task: task.instance_id)
def test_the_corpus_gets_the_verdicts_its_answers_deserve(sandbox: Sandbox, task: CorpusTask) -> None:
    patches = {"gold": task.gold_patch, "different": task.answer("different"), "partial": task.answer("partial"), "wrong": task.answer("wrong")}
    with ThreadPoolExecutor(4) as pool:
        reports = dict(zip(patches, pool.map(lambda patch: sandbox.score(corpus_spec(task), patch), patches.values()), strict=True))
    outcomes = {kind: report.outcome for kind, report in reports.items()}
    assert outcomes == {"gold": "resolved", "different": "resolved", "partial": "tests_failed", "wrong": "tests_failed"}, reports
    assert all(report.tampering == () for report in reports.values())


def test_a_report_says_all_there_is(sandbox: Sandbox, recorder: Recorder, none_left: Callable[[], None]) -> None:
    report = sandbox.score(small_spec(), replacement("return n + n"))
    assert (report.outcome, report.exit_code, report.apply_rung, report.attempts, report.cached) == ("resolved", 0, "exact", 1, False)
    assert dict(report.fail_to_pass) == {"test_lib.py::test_two": "passed"}
    assert dict(report.pass_to_pass) == {"test_lib.py::test_type": "passed"}
    assert set(report.stages_s) == {"queue", "start", "apply", "install", "tests", "control"}
    assert report.stages_s["control"] > 0
    assert report.image_digest.startswith("sha256:")
    assert report.cpu_s > 0
    assert report.memory_mb > 5
    none_left()
    assert [request["twins"] for request in recorder.requests] == [False, True]
    assert not any(small_spec().gold_patch in str(request) for request in recorder.requests)


def test_a_wrong_patch_costs_one_container_and_stops_at_the_first_failure(sandbox: Sandbox, recorder: Recorder) -> None:
    report = sandbox.score(small_spec(fail_to_pass=("test_lib.py::test_two",)), replacement("return n"))
    assert (report.outcome, len(recorder.requests)) == ("tests_failed", 1)
    assert dict(report.pass_to_pass) == {"test_lib.py::test_type": "not_run"}
    everything = sandbox.score(small_spec(), replacement("return n"), stop_at_first_failure=False)
    assert dict(everything.pass_to_pass) == {"test_lib.py::test_type": "passed"}
    assert not everything.cached, "another question, another verdict"


def test_without_a_control_run_there_is_one_container(sandbox: Sandbox, recorder: Recorder) -> None:
    assert sandbox.score(small_spec(), replacement("return n + n"), control_run=False).resolved
    assert len(recorder.requests) == 1


SLOW_TESTS = TESTS.replace(b"    assert isinstance", b"    time.sleep(3)\n    assert isinstance").replace(b"from lib", b"import time\n\nfrom lib")


def slow_spec() -> TestSpec:
    return small_spec(tree={"lib.py": BUGGY, "test_lib.py": SLOW_TESTS, "pytest.ini": b"[pytest]\npythonpath = .\n"})


@pytest.mark.parametrize("slots", [1, 2])
def test_the_control_run_begins_when_the_bug_is_gone_and_a_slot_is_idle(recorder: Recorder, tmp_path: Path, slots: int) -> None:
    sandbox = Sandbox(recorder, VerdictCache(tmp_path / "verdicts"), Slots(slots, tmp_path / "slots"))
    report = sandbox.score(slow_spec(), replacement("return n + n"))
    assert (report.outcome, recorder.peak, [request["twins"] for request in recorder.requests]) == ("resolved", slots, [False, True])
    assert (report.stages_s["control"] > 3) is (slots == 1), "else it ran beside the first"


def test_a_control_run_that_began_in_vain_gives_its_slot_back(
    sandbox: Sandbox, recorder: Recorder, none_left: Callable[[], None], tmp_path: Path
) -> None:
    report = sandbox.score(slow_spec(), replacement("return n + n if n > 1 else 'one'"))
    assert report.outcome == "tests_failed"
    assert [request["twins"] for request in recorder.requests] == [False, True]
    none_left()
    end = time.monotonic() + 30
    held = []
    while len(held) < 2:
        assert time.monotonic() < end
        held += filter(None, [sandbox.slots.hold_idle()])
        time.sleep(0.05)
    assert sandbox.slots.hold_idle() is None
    for release in held:
        release()


def test_the_control_run_catches_what_passes_every_test(sandbox: Sandbox, recorder: Recorder) -> None:
    body = ("class Anything(int):", "    __eq__ = lambda *_: True", "    __ne__ = lambda *_: False", "    __hash__ = None", "return Anything(n)")
    report = sandbox.score(small_spec(), replacement(*body))
    assert report.outcome == "tests_failed"
    assert report.tampering
    assert [request["twins"] for request in recorder.requests] == [False, True, True], "the last is the human fix's"
    recorder.requests.clear()
    report = sandbox.score(small_spec(), replacement(*body, "pass"))
    assert report.tampering
    assert len(recorder.requests) == 2, "what the human fix does is remembered"


@pytest.mark.parametrize(
    ("patch", "outcome"),
    [
        ("", "no_patch"),
        ("I could not find the bug.", "patch_rejected"),
        (EDITS_A_TEST, "patch_rejected"),
        ("diff --git a/../x b/../x\n--- /dev/null\n+++ b/../x\n@@ -0,0 +1,1 @@\n+x\n", "patch_rejected"),
    ],
    ids=["empty", "prose", "only-tests", "outside"],
)
def test_what_the_policy_stops_costs_no_container(sandbox: Sandbox, recorder: Recorder, patch: str, outcome: str) -> None:
    assert sandbox.score(small_spec(), patch).outcome == outcome
    assert recorder.requests == []


def test_stripped_paths_are_told_and_share_the_verdict(sandbox: Sandbox, recorder: Recorder) -> None:
    plain = sandbox.score(small_spec(), replacement("return n"))
    with_test = sandbox.score(small_spec(), replacement("return n") + ADDS_A_TEST)
    assert (plain.stripped, with_test.stripped) == ((), ("tests/test_new.py",))
    assert with_test.cached
    assert len(recorder.requests) == 1


def test_equal_patches_run_once_at_the_same_time_and_later(sandbox: Sandbox, recorder: Recorder, tmp_path: Path) -> None:
    patches = [replacement("return n * 2")] * 8 + [replacement("return n")] * 8
    with ThreadPoolExecutor(16) as pool:
        reports = list(pool.map(lambda patch: sandbox.score(small_spec(), patch), patches))
    assert [report.resolved for report in reports] == [True] * 8 + [False] * 8
    assert len(recorder.requests) == 3
    again = Sandbox(recorder, VerdictCache(tmp_path / "verdicts"), Slots(2, tmp_path / "slots"))
    assert again.score(small_spec(), patches[0]).cached
    assert again.score(small_spec(environment={"A": "1"}), patches[0]).cached is False, "the task is another"
    assert len(recorder.requests) == 5


def test_no_more_containers_than_slots(sandbox: Sandbox, recorder: Recorder) -> None:
    patches = [replacement(f"return n - {number}") for number in range(10)]
    with ThreadPoolExecutor(10) as pool:
        reports = list(pool.map(lambda patch: sandbox.score(small_spec(), patch), patches))
    assert {report.outcome for report in reports} == {"tests_failed"}
    assert recorder.peak == 2
    assert max(report.stages_s["queue"] for report in reports) > 0.3


FAULTS = {
    "loop": ("test_timeout", ["while True: pass"]),
    "sleep": ("test_timeout", ["import time", "time.sleep(1000)"]),
    "memory": ("resource_limit", ["hog = [bytearray(1 << 24) for _ in range(1000)]", "return n + n"]),
    "output": ("resource_limit", ["import os", "while True: os.write(1, b'x' * 65536)"]),
    "fork-bomb": (None, ["import os", "while True: os.fork()"]),
    "threads": (None, ["import threading, time", "while True: threading.Thread(target=time.sleep, args=(1000,)).start()"]),
    "disk": (None, ["for number in range(1000):", "    open(f'/tmp/{number}', 'wb').write(bytes(1 << 24))", "return n + n"]),
    "kills-parent": ("tests_failed", ["import os, signal", "os.kill(os.getppid(), signal.SIGKILL)", "return n + n"]),
    "kills-all": ("tests_failed", ["import os, signal", "os.kill(-1, signal.SIGKILL)", "return n + n"]),
    "kills-itself": ("tests_failed", ["import os, signal", "os.kill(os.getpid(), signal.SIGKILL)"]),
    "exit-0": ("tests_failed", ["import os", "os._exit(0)"]),
    "orphan": ("tests_failed", ["import os, time", "if os.fork() == 0:", "    os.setsid(); time.sleep(1000)", "return n"]),
    "closes-all": (None, ["import os", "os.closerange(0, 1024)", "return n"]),
    "engine-words": ("tests_failed", ["print('Cannot connect to the Docker daemon. Killed. OOMKilled')", "raise SystemExit(137)"]),
}
"""What a patch may do to the machine: the outcome, None where any but `resolved` will do."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_patch_that_misbehaves_is_scored_not_excused(sandbox: Sandbox, none_left: Callable[[], None], name: str) -> None:
    outcome, body = FAULTS[name]
    spec = small_spec(Limits(tests_s=10, memory_mb=256, pids=64, output_mb=1, scratch_mb=64, file_mb=32))
    began = time.monotonic()
    report = sandbox.score(spec, replacement(*body))
    assert report.outcome == outcome or (outcome is None and report.outcome in ("tests_failed", "test_timeout", "resource_limit")), report
    assert report.attempts == 1
    assert time.monotonic() - began < 120
    none_left()


@pytest.mark.parametrize(("busy", "runs"), [(True, 2), (False, 1)], ids=["busy", "idle"])
def test_a_starved_run_gets_the_machine_to_itself(
    sandbox: Sandbox, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, busy: bool, runs: int
) -> None:
    """A run that used little of its time is tried again, alone, where the machine was overloaded; elsewhere it only slept."""
    monkeypatch.setattr(sandbox_module, "machine_is_busy", lambda: busy)
    asleep = replacement("import time", "time.sleep(60)")
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(sandbox.score, small_spec(Limits(tests_s=4, memory_mb=256)), asleep)
        reports = [sandbox.score(small_spec(), replacement(f"return n - {number}")) for number in range(3)]
        assert slow.result().outcome == "test_timeout"
    assert len(recorder.requests) == runs + 3
    assert {report.outcome for report in reports} == {"tests_failed"}


def test_a_busy_loop_is_not_tried_again(sandbox: Sandbox, recorder: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "machine_is_busy", lambda: True)
    monkeypatch.setattr(sandbox_module, "STARVED", 0.05)  # this machine may be loaded itself
    assert sandbox.score(small_spec(Limits(tests_s=5, memory_mb=256)), replacement("while True: pass")).outcome == "test_timeout"
    assert len(recorder.requests) == 1


def test_our_faults_name_the_task(tmp_path: Path, recorder: Recorder, sandbox: Sandbox) -> None:
    with pytest.raises(ImageMissing, match="no-such-image"):
        sandbox.score(small_spec(image="repair-envs/no-such-image:1"), replacement("return n"))
    with pytest.raises(BrokenTask, match=r"project__1.*/no/such/folder"):
        sandbox.score(small_spec(tree=None, workdir="/no/such/folder"), replacement("return n"))
    with pytest.raises(BrokenTask, match="project__1"):
        sandbox.score(small_spec(test_patch="diff --git a/x b/x\n@@ nonsense"), replacement("return n"))
    away = Sandbox(DockerBackend("unix:///nonexistent.sock", patience_s=0.2), VerdictCache(tmp_path / "verdicts"), Slots(1, tmp_path / "slots"))
    with pytest.raises(EngineUnavailable, match="nonexistent"):
        away.score(small_spec(), replacement("return n"))
    away.close()


def test_prepared_containers_are_used_and_closing_removes_the_rest(
    image: str, tmp_path: Path, containers: Containers, none_left: Callable[[], None]
) -> None:
    with Sandbox.docker(cache_folder=tmp_path, slots=2, standby=2) as sandbox:
        sandbox.prepare(small_spec())
        end = time.monotonic() + 30
        while [container["State"] for container in containers()] != ["running"]:
            assert time.monotonic() < end
            time.sleep(0.05)
        report: TestReport = sandbox.score(small_spec(), replacement("return n"))
        assert report.stages_s["start"] < 0.1
        sandbox.prepare(small_spec())
    none_left()
