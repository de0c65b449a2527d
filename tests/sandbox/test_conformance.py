"""What every backend must do, whatever it runs requests in. A new backend adds itself to BACKENDS and passes."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from repair_corpus import CorpusTask, corpus_tasks
from repair_sandbox import verdict
from repair_sandbox.backend import Backend, GuestReply
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import BrokenTask
from repair_sandbox.guest_protocol import build_request, build_setup
from repair_sandbox.limits import Limits
from repair_sandbox.local import LocalBackend
from repair_sandbox.report import TestReport
from repair_sandbox.spec import TestSpec

TASK = next(task for task in corpus_tasks() if task.metadata["language"] == "python")
LIMITS = Limits(tests_s=60, memory_mb=1024)
BACKENDS: dict[str, Callable[[], Backend]] = {"docker": lambda: DockerBackend(standby=1), "local": lambda: LocalBackend(sys.executable)}


@pytest.fixture(scope="module", params=[pytest.param("docker", marks=pytest.mark.docker), "local"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    if request.param == "docker":
        request.getfixturevalue("image")
    made = BACKENDS[request.param]()
    yield made
    made.close()


def corpus_spec(task: CorpusTask = TASK, **values: object) -> TestSpec:
    tests = {"fail_to_pass": tuple(task.metadata["fail_to_pass"]), "pass_to_pass": tuple(task.metadata["pass_to_pass"])}
    fields = {"image": "repair-envs/corpus-python:latest", "gold_patch": task.gold_patch, "test_patch": task.test_patch, "tree": task.tree}
    return TestSpec(**{"instance_id": task.instance_id, "limits": LIMITS, **tests, **fields, **values})  # type: ignore[arg-type]


def run(backend: Backend, spec: TestSpec, patch: str) -> GuestReply:
    return backend.run(spec.image, build_request(spec, patch), spec.limits)


def judged(backend: Backend, spec: TestSpec, patch: str) -> TestReport:
    return verdict.judge(spec, run(backend, spec, patch).result)


def test_right_and_wrong_patches(backend: Backend) -> None:
    spec = corpus_spec()
    assert judged(backend, spec, TASK.gold_patch).outcome == "resolved"
    assert judged(backend, spec, TASK.answer("different")).outcome == "resolved"
    assert judged(backend, spec, TASK.answer("wrong")).outcome == "tests_failed"


def test_a_patch_that_does_not_apply(backend: Backend) -> None:
    path = TASK.gold_patch.split("+++ b/")[1].split("\n")[0]
    patch = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1,1 +1,1 @@\n-no such line anywhere\n+x\n"
    assert judged(backend, corpus_spec(), patch).outcome == "apply_failed"


def test_nothing_of_one_request_is_seen_by_the_next(backend: Backend) -> None:
    spec = corpus_spec()
    assert judged(backend, spec, TASK.gold_patch).outcome == "resolved"
    assert judged(backend, spec, "").outcome == "tests_failed", "the tree of the request before is still there"


def test_times_are_told(backend: Backend) -> None:
    reply = run(backend, corpus_spec(), TASK.gold_patch)
    assert reply.start_s >= 0
    assert reply.attempts == 1
    assert 0 < reply.result["stages_s"]["tests"] < LIMITS.tests_s
    assert reply.result["cpu_s"] > 0


def test_a_test_run_that_never_ends(backend: Backend) -> None:
    spec = corpus_spec(limits=Limits(tests_s=2, memory_mb=1024), test_patch="", arguments=("-p", "no:cacheprovider", "loop"))
    tree = {**TASK.tree, "loop/test_loop.py": b"def test_x():\n    while True:\n        pass\n"}
    spec = TestSpec(**{**spec.__dict__, "tree": tree, "fail_to_pass": ("loop/test_loop.py::test_x",), "pass_to_pass": ()})
    assert judged(backend, spec, TASK.gold_patch).outcome == "test_timeout"


def test_a_task_that_does_not_fit_is_broken(backend: Backend) -> None:
    spec = corpus_spec(test_patch=TASK.test_patch.replace("--- /dev/null", "--- a/nowhere").replace("new file mode 100644\n", ""))
    reply = run(backend, spec, TASK.gold_patch)
    with pytest.raises(BrokenTask):
        verdict.judge(spec, reply.result)


def test_many_at_once(backend: Backend) -> None:
    spec = corpus_spec()
    patches = [TASK.gold_patch, TASK.answer("wrong")] * 3
    with ThreadPoolExecutor(6) as pool:
        outcomes = [report.outcome for report in pool.map(lambda patch: judged(backend, spec, patch), patches)]
    assert outcomes == ["resolved", "tests_failed"] * 3


def test_digest_is_stable_and_prepare_is_a_hint(backend: Backend) -> None:
    spec = corpus_spec()
    assert backend.digest(spec.image) == backend.digest(spec.image) != ""
    backend.prepare(spec.image, build_setup(spec), spec.limits)
    backend.prepare("repair-envs/no-such-image:1", build_setup(spec), spec.limits)
    assert isinstance(backend.isolates, bool)


def test_closing_ends_it(backend: Backend) -> None:
    """Of a second one, so that the others' stays open."""
    second = type(backend)()
    second.prepare(corpus_spec().image, build_setup(corpus_spec()), LIMITS)
    before = threading.active_count()
    second.close()
    second.close()
    assert threading.active_count() <= before
