"""Requests in real containers: what PID 1 gets and may do, what counts as its answer, containers made ahead."""

import gc
import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import docker
import pytest
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import BrokenTask, EngineUnavailable, GuestLost, ImageMissing
from repair_sandbox.limits import Limits

pytestmark = pytest.mark.docker

LIMITS = Limits(memory_mb=256, pids=64, scratch_mb=32, open_files=512)


def test_a_request_gets_its_answer_and_leaves_nothing(backend_with: Callable[..., DockerBackend], image: str, none_left: Callable[[], None]) -> None:
    backend = backend_with("result['echo'] = request['question']")
    reply = backend.run(image, {"question": "6 * 7"}, LIMITS)
    assert (reply.result["status"], reply.result["echo"], reply.attempts) == ("done", "6 * 7", 1)
    assert reply.start_s > 0
    none_left()


def test_digest_is_the_engines_own(backend_with: Callable[..., DockerBackend], image: str, client: docker.APIClient) -> None:
    assert backend_with().digest(image) == client.inspect_image(image)["Id"]


LOOK = """
status = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
result["capabilities"] = int(status["CapBnd"], 16)
result["no_new_privileges"] = status["NoNewPrivs"].strip()
result["pid"] = os.getpid()
result["interfaces"] = sorted(os.listdir("/sys/class/net"))
import resource
result["open_files"] = resource.getrlimit(resource.RLIMIT_NOFILE)
result["core"] = resource.getrlimit(resource.RLIMIT_CORE)
mounts = {line.split()[1]: line.split() for line in open("/proc/mounts")}
result["tmpfs"] = [place for place in ("/tmp", "/var/tmp", "/run/lock", "/dev/shm") if mounts[place][2] == "tmpfs"]
result["scratch_mb"] = os.statvfs("/tmp").f_blocks * os.statvfs("/tmp").f_frsize // 1024**2
def group(*names):
    for name in names:
        if os.path.exists("/sys/fs/cgroup/" + name):
            return int(open("/sys/fs/cgroup/" + name).read())
result["memory_mb"] = group("memory.max", "memory/memory.limit_in_bytes") // 1024**2
result["pids"] = group("pids.max", "pids/pids.max")
result["environment"] = sorted(os.environ)
"""


def test_the_container_is_locked_down(backend_with: Callable[..., DockerBackend], image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")
    seen = backend_with(LOOK).run(image, {}, LIMITS).result
    # CHOWN 0, DAC_OVERRIDE 1, FOWNER 3, KILL 5, SETGID 6, SETUID 7
    assert seen["capabilities"] == 0b11101011
    assert seen["no_new_privileges"] == "1"
    assert seen["pid"] == 1
    assert seen["interfaces"] == ["lo"]
    assert seen["open_files"] == [512, 512]
    assert seen["core"] == [0, 0]
    assert seen["tmpfs"] == ["/tmp", "/var/tmp", "/run/lock", "/dev/shm"]
    assert (seen["scratch_mb"], seen["memory_mb"], seen["pids"]) == (32, 256, 64)
    assert "SECRET_OF_THE_HOST" not in seen["environment"]


@pytest.mark.parametrize(
    "noise",
    [
        'print("no nonce at all")',
        'sys.stdout.write(json.dumps({"event": "result", "status": "forged"}) + "\\n")',
        'sys.stdout.write("0" * 32 + " " + json.dumps({"event": "result", "status": "forged"}) + "\\n")',
        'sys.stdout.write("x" * 3_000_000 + "\\n")',
        'sys.stderr.write(request["nonce"] + " " + json.dumps({"event": "result", "status": "forged"}) + "\\n")',
        'say(event="result", status="done", stages_s={}); say(event="result", status="late")',
        'sys.stdout.buffer.write(b"\\xff\\x00" * 100 + b"\\n")',
    ],
    ids=["plain", "no-nonce", "other-nonce", "long", "stderr", "second-result", "bytes"],
)
def test_only_the_first_result_with_the_nonce_counts(backend_with: Callable[..., DockerBackend], image: str, noise: str) -> None:
    assert backend_with(noise + "; sys.stdout.flush()").run(image, {}, LIMITS).result["status"] == "done"


def test_each_attempt_has_a_nonce_of_its_own(backend_with: Callable[..., DockerBackend], image: str) -> None:
    backend = backend_with("result['nonce'] = request['nonce']")
    seen = {backend.run(image, {"nonce": "fixed"}, LIMITS).result["nonce"] for _ in range(2)}
    assert len(seen) == 2
    assert "fixed" not in seen


def test_large_requests_and_answers_come_through(backend_with: Callable[..., DockerBackend], image: str) -> None:
    tree = "x" * 12_000_000
    reply = backend_with("result['tree'] = request['tree'][::-1]").run(image, {"tree": tree}, LIMITS)
    assert reply.result["tree"] == tree


def test_an_answer_beyond_all_bounds_is_our_fault(backend_with: Callable[..., DockerBackend], image: str) -> None:
    backend = backend_with("while True: sys.stdout.write('x' * 1_000_000)")
    with pytest.raises(GuestLost, match="more than its request allows"):
        backend.run(image, {}, Limits(memory_mb=256, output_mb=1))


def test_image_without_an_interpreter(backend_with: Callable[..., DockerBackend], client: docker.APIClient) -> None:
    name = "debian:bookworm-slim"
    if not client.images(name):
        pytest.skip(f"there is no image {name}")
    with pytest.raises(BrokenTask, match="no python3 in this image"):
        backend_with().run(name, {}, LIMITS)


def test_image_that_is_not_there(backend_with: Callable[..., DockerBackend], none_left: Callable[[], None]) -> None:
    with pytest.raises(ImageMissing, match=r"repair-envs/no-such-image.*repair images"):
        backend_with().run("repair-envs/no-such-image:1", {}, LIMITS)
    none_left()


def test_engine_that_is_not_there() -> None:
    backend = DockerBackend("unix:///nonexistent/engine.sock", patience_s=0.5)
    with pytest.raises(EngineUnavailable, match=r"nonexistent/engine\.sock"):
        backend.run("any:1", {}, LIMITS)
    backend.prepare("any:1", {}, LIMITS)  # only a hint: no error
    backend.close()


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def running(found: list[dict[str, Any]]) -> set[str]:
    return {container["Id"] for container in found if container["State"] == "running"}


def test_standby_is_bounded_used_once_and_removed(
    backend_with: Callable[..., DockerBackend], image: str, containers: Callable[..., list[Any]], none_left: Callable[[], None]
) -> None:
    backend = backend_with("result['host'] = open('/proc/sys/kernel/random/uuid').read()", standby=2)
    backend.prepare(image, {}, LIMITS, count=5)
    wait_for(lambda: len(running(containers())) == 2)
    time.sleep(0.5)
    ahead = running(containers())
    assert len(ahead) == 2, "no more than the bound"
    replies = [backend.run(image, {}, LIMITS) for _ in range(3)]
    assert [reply.start_s < 0.05 for reply in replies] == [True, True, False]
    none_left()
    backend.prepare(image, {}, LIMITS)
    wait_for(lambda: len(running(containers())) == 1)
    assert not running(containers()) & ahead
    backend.close()
    none_left()


def test_standby_of_other_limits_is_not_taken(backend_with: Callable[..., DockerBackend], image: str, containers: Callable[..., list[Any]]) -> None:
    backend = backend_with(LOOK)
    backend.prepare(image, {}, LIMITS)
    wait_for(lambda: len(running(containers())) == 1)
    ahead = running(containers())
    assert backend.run(image, {}, Limits(memory_mb=128)).result["memory_mb"] == 128
    wait_for(lambda: running(containers()) == ahead)


def test_a_limit_above_what_the_machine_has_is_no_fault(backend_with: Callable[..., DockerBackend], image: str) -> None:
    everything = os.cpu_count() or 1
    assert backend_with().run(image, {}, Limits(memory_mb=128, cpus=everything)).result["status"] == "done"


def test_standby_of_one_kind_does_not_push_out_fresh_ones_of_another(
    backend_with: Callable[..., DockerBackend], image: str, containers: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = backend_with(standby=1)
    backend.prepare(image, {}, LIMITS)
    wait_for(lambda: len(running(containers())) == 1)
    first = running(containers())
    backend.prepare(image, {}, Limits(memory_mb=128))
    time.sleep(1.0)
    assert running(containers()) == first
    monkeypatch.setattr("repair_sandbox.standby.STALE_S", 0.0)
    backend.prepare(image, {}, Limits(memory_mb=128))
    wait_for(lambda: len(running(containers()) - first) == 1)
    assert not running(containers()) & first
    assert backend.run(image, {}, Limits(memory_mb=128)).start_s < 0.05


def test_a_run_that_is_followed_leaves_a_container_for_the_next(
    backend_with: Callable[..., DockerBackend], image: str, containers: Callable[..., list[Any]]
) -> None:
    backend = backend_with()
    backend.run(image, {}, LIMITS, followed=True)
    wait_for(lambda: len(running(containers())) == len(containers()) == 1)
    assert backend.run(image, {}, LIMITS).start_s < 0.05
    wait_for(lambda: not containers())


def test_a_standby_that_died_is_replaced(
    backend_with: Callable[..., DockerBackend], image: str, containers: Callable[..., list[Any]], client: docker.APIClient
) -> None:
    backend = backend_with()
    backend.prepare(image, {}, LIMITS)
    wait_for(lambda: len(running(containers())) == 1)
    client.remove_container(containers()[0]["Id"], force=True)
    reply = backend.run(image, {}, LIMITS)
    assert (reply.result["status"], reply.attempts) == ("done", 1)


def test_standby_containers_end_with_their_owner(
    image: str, client: docker.APIClient, containers: Callable[..., list[Any]], none_left: Callable[[], None]
) -> None:
    backend = DockerBackend()
    backend.prepare(image, {}, LIMITS)
    wait_for(lambda: len(running(containers())) == 1)
    name = containers()[0]["Id"]
    for _, waiting in backend._standby._waiting:
        waiting._hang_up()  # what the kernel does when the process dies
    wait_for(lambda: not client.inspect_container(name)["State"]["Running"], 5)
    backend.close()
    none_left()


def test_many_threads_at_once(backend_with: Callable[..., DockerBackend], image: str, none_left: Callable[[], None]) -> None:
    backend = backend_with("result['echo'] = request['number']", standby=4)
    backend.prepare(image, {}, LIMITS, 4)
    with ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda number: backend.run(image, {"number": number}, LIMITS), range(32)))
    assert [reply.result["echo"] for reply in replies] == list(range(32))
    assert {reply.attempts for reply in replies} == {1}
    backend.close()
    none_left()


def test_descriptors_and_threads_do_not_pile_up(backend_with: Callable[..., DockerBackend], image: str) -> None:
    backend = backend_with()
    for _ in range(10):  # the SDK keeps 25 idle connections
        backend.run(image, {}, LIMITS)
    gc.collect()
    descriptors, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    for _ in range(6):
        backend.run(image, {}, LIMITS)
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) <= descriptors + 2, "a scoring leaves descriptors open"
    assert threading.active_count() <= threads


def run_in_child(backend: DockerBackend, image: str, queue: Any) -> None:
    queue.put(backend.run(image, {}, LIMITS).result["status"])


def test_a_forked_child_talks_to_the_engine_by_itself(backend_with: Callable[..., DockerBackend], image: str) -> None:
    backend = backend_with()
    backend.run(image, {}, LIMITS)
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    children = [context.Process(target=run_in_child, args=(backend, image, queue)) for _ in range(2)]
    for child in children:
        child.start()
    assert backend.run(image, {}, LIMITS).result["status"] == "done"
    assert [queue.get(timeout=60) for _ in children] == ["done", "done"]
    for child in children:
        child.join(30)


def test_a_closed_backend_starts_nothing(backend_with: Callable[..., DockerBackend], image: str, none_left: Callable[[], None]) -> None:
    backend = backend_with()
    backend.close()
    backend.prepare(image, {}, LIMITS)
    with pytest.raises(RuntimeError, match="closed"):
        backend.run(image, {}, LIMITS)
    none_left()
