"""Faults on the real engine: none gives a wrong verdict, hangs, or leaves a container once the next process has started.

Where the engine itself must fail, a private one is stopped and started, and a relay in front of a real one answers some calls with errors.
"""

import os
import re
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import docker
import pytest
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import EngineError, EngineUnavailable, GuestLost, ImageMissing, InfrastructureError
from repair_sandbox.limits import Limits

pytestmark = pytest.mark.docker

Backends = Callable[..., DockerBackend]
Containers = Callable[..., list[dict[str, Any]]]
LIMITS = Limits(memory_mb=256, pids=64, scratch_mb=32, tests_s=5)


def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


# --- the container fails ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "os._exit(0)",
        "stage('tests'); os._exit(0)",
        "raise RuntimeError('a bug of ours')",
        "stage('tests'); os._exit(137)",
        "sys.stdout.close(); os._exit(1)",
    ],
    ids=["before", "in-tests", "raises", "looks-killed", "closes"],
)
def test_pid_1_ends_without_a_verdict(
    backend_with: Backends, image: str, none_left: Callable[[], None], body: str, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(GuestLost, match="no verdict"):
        backend_with(body).run(image, {}, LIMITS)
    assert len([record for record in caplog.records if "attempt" in record.message]) == 3
    none_left()


def test_a_fault_that_passes_is_tried_again(
    backend_with: Backends, image: str, client: docker.APIClient, containers: Containers, none_left: Callable[[], None]
) -> None:
    """The first container is removed behind our back, the second may end."""
    backend = backend_with("stage('tests'); import time; time.sleep(2)")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(backend.run, image, {}, LIMITS)
        wait_for(lambda: [container["State"] for container in containers()] == ["running"])
        client.remove_container(containers()[0]["Id"], force=True)
        reply = running.result(60)
    assert (reply.result["status"], reply.attempts) == ("done", 2)
    none_left()


def test_a_killed_container_is_not_the_tests_doing(
    backend_with: Backends, image: str, client: docker.APIClient, containers: Containers, none_left: Callable[[], None]
) -> None:
    """Exit status 137 without the kernel's word for want of memory proves nothing."""
    backend = backend_with("stage('tests'); import time; time.sleep(60)")
    killed: set[str] = set()

    def kill() -> None:
        while len(killed) < 3:
            for container in containers():
                if container["State"] == "running" and container["Id"] not in killed:
                    client.kill(container["Id"])
                    killed.add(container["Id"])
            time.sleep(0.05)

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    with pytest.raises(GuestLost, match="ExitCode 137"):
        backend.run(image, {}, LIMITS)
    killer.join(10)
    none_left()


def test_memory_exhausted_by_the_tests_is_their_doing(backend_with: Backends, image: str) -> None:
    reply = backend_with("stage('tests'); hog = [bytearray(1 << 24) for _ in range(100)]").run(image, {}, LIMITS)
    assert (reply.result["status"], reply.result["kind"], reply.attempts) == ("resource_limit", "memory", 1)


def test_memory_exhausted_before_the_tests_is_ours(backend_with: Backends, image: str) -> None:
    with pytest.raises(GuestLost, match="OOMKilled True"):
        backend_with("hog = [bytearray(1 << 24) for _ in range(100)]").run(image, {}, LIMITS)


def test_a_guest_that_ignores_its_deadline_is_ended(
    backend_with: Backends, image: str, none_left: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("repair_sandbox.guest_protocol.PREPARING_S", 0)
    backend = backend_with("stage('tests')\nwhile True: pass", grace_s=1)
    began = time.monotonic()
    with pytest.raises(GuestLost, match="beyond its deadline"):
        backend.run(image, {}, Limits(memory_mb=256, tests_s=1))
    assert time.monotonic() - began < 20, "tried once only"
    none_left()


def test_a_guest_that_trickles_is_ended_too(backend_with: Backends, image: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repair_sandbox.guest_protocol.PREPARING_S", 0)
    backend = backend_with("import time\nwhile True: sys.stdout.write('.'); sys.stdout.flush(); time.sleep(0.2)", grace_s=1)
    with pytest.raises(GuestLost, match="beyond its deadline"):
        backend.run(image, {}, Limits(memory_mb=256, tests_s=1))


# --- the engine fails ------------------------------------------------------------------------------------------------------------------


class Relay:
    """Between a client and a real engine: passes connections through, but answers the calls in `faults` with an error or hangs up."""

    def __init__(self, folder: Path, engine_socket: str) -> None:
        self.url = f"unix://{folder}/relay.sock"
        self.faults: list[tuple[str, int]] = []
        """(method and path as a regular expression, status; 0 hangs up), each used once, in order."""
        self.seen: list[str] = []
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                relay.serve(self.request, engine_socket)

        self.server = socketserver.ThreadingUnixStreamServer(str(folder / "relay.sock"), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def serve(self, client: socket.socket, engine_socket: str) -> None:
        with socket.socket(socket.AF_UNIX) as engine:
            engine.connect(engine_socket)
            answers = threading.Thread(target=pump, args=(engine, client), daemon=True)
            answers.start()
            while head := client.recv(65536):
                call = head.split(b"\r\n", 1)[0].decode("latin-1")
                if re.match(r"(GET|POST|DELETE) /", call):
                    self.seen.append(call)
                    if self.faults and re.search(self.faults[0][0], call):
                        status = self.faults.pop(0)[1]
                        if status:
                            body = b'{"message":"injected fault"}'
                            headers = b"Content-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
                            client.sendall(b"HTTP/1.1 %d Fault\r\n" % status + headers + body)
                        break
                engine.sendall(head)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def relay(client: docker.APIClient, tmp_path: Path) -> Iterator[Relay]:
    host = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not host.startswith("unix://"):
        pytest.skip("the relay stands before an engine on a socket of this machine")
    relay = Relay(tmp_path, host.removeprefix("unix://"))
    yield relay
    relay.close()


@pytest.mark.parametrize("status", [409, 500, 404], ids=str)
@pytest.mark.parametrize("call", ["POST .*/containers/create", "POST .*/attach", "POST .*/start"], ids=["create", "attach", "start"])
def test_an_api_error_is_tried_again_on_a_fresh_container(
    backend_with: Backends, relay: Relay, image: str, none_left: Callable[[], None], call: str, status: int
) -> None:
    backend = backend_with(url=relay.url)
    relay.faults = [(call, status)]
    reply = backend.run(image, {}, LIMITS)
    assert (reply.result["status"], reply.attempts) == ("done", 2)
    assert relay.faults == []
    none_left()


def test_an_api_that_keeps_failing_is_an_engine_error(backend_with: Backends, relay: Relay, image: str, none_left: Callable[[], None]) -> None:
    relay.faults = [("POST .*/start", 500)] * 3
    with pytest.raises(EngineError, match=r"500.*injected fault"):
        backend_with(url=relay.url).run(image, {}, LIMITS)
    assert relay.faults == []
    none_left()


@pytest.mark.parametrize(
    "call",
    ["GET .*/images/", "POST .*/containers/create", "POST .*/attach", "POST .*/start"],
    ids=["inspect", "create", "attach", "start"],
)
def test_a_connection_that_breaks_is_made_again(backend_with: Backends, relay: Relay, image: str, none_left: Callable[[], None], call: str) -> None:
    relay.faults = [(call, 0)]
    reply = backend_with(url=relay.url).run(image, {}, LIMITS)
    assert reply.result["status"] == "done"
    assert relay.faults == []
    none_left()


@pytest.mark.parametrize("status", [0, 409, 500], ids=["hang-up", "409", "500"])
def test_a_removal_that_fails_costs_no_verdict_and_is_made_up_for(
    backend_with: Backends, relay: Relay, image: str, none_left: Callable[[], None], status: int
) -> None:
    backend = backend_with(url=relay.url)
    relay.faults = [("DELETE .*/containers/", status)]
    assert backend.run(image, {}, LIMITS).result["status"] == "done"
    wait_for(lambda: relay.faults == [] and not backend._removals)
    backend.run(image, {}, LIMITS)
    none_left()


def test_an_engine_that_will_not_list_orphans_still_scores(
    backend_with: Backends, relay: Relay, image: str, none_left: Callable[[], None]
) -> None:
    relay.faults = [("GET .*/containers/json", 500)]
    assert backend_with(url=relay.url).run(image, {}, LIMITS).result["status"] == "done"
    assert relay.faults == []
    none_left()  # before the relay ends, through which the container goes


@pytest.fixture
def private_backend(private_engine: Any, backend_with: Backends) -> Iterator[Callable[..., DockerBackend]]:
    yield lambda body="", **options: backend_with(body, url=private_engine.url, **options)
    if private_engine.process is None:
        private_engine.start()


@pytest.mark.parametrize("kill", [False, True], ids=["stopped", "killed"])
def test_an_engine_that_restarts_in_mid_run(private_engine: Any, private_backend: Backends, image: str, containers: Containers, kill: bool) -> None:
    backend = private_backend("stage('tests'); import time; time.sleep(4)")
    backend.prepare(image, {}, LIMITS, 2)
    with ThreadPoolExecutor(3) as pool:
        running = [pool.submit(backend.run, image, {}, LIMITS) for _ in range(3)]
        wait_for(lambda: len([c for c in containers(engine=private_engine.client()) if c["State"] == "running"]) >= 3)
        time.sleep(0.5)
        private_engine.stop(kill)
        time.sleep(1)
        private_engine.start()
        replies = [future.result(120) for future in running]
    assert {reply.result["status"] for reply in replies} == {"done"}
    assert max(reply.attempts for reply in replies) > 1
    backend.run(image, {}, LIMITS)  # sweeps what could not be removed while the engine was away
    backend.close()
    wait_for(lambda: containers(engine=private_engine.client()) == [])  # one that was being made ahead is removed when it is there


def test_an_engine_that_stays_away(private_engine: Any, private_backend: Backends, image: str, containers: Containers) -> None:
    backend = private_backend("stage('tests'); import time; time.sleep(30)", patience_s=2)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(backend.run, image, {}, LIMITS)
        wait_for(lambda: [c["State"] for c in containers(engine=private_engine.client())] == ["running"])
        private_engine.stop()
        with pytest.raises(EngineUnavailable, match=re.escape(private_engine.url)):
            running.result(60)
    private_engine.start()
    backend.close()
    assert containers(engine=private_engine.client()) == []


def test_an_image_that_vanishes(private_engine: Any, private_backend: Backends, image: str) -> None:
    """Its digest was looked up a moment ago; then somebody prunes."""
    backend = private_backend()
    with private_engine.client() as engine:
        passing = engine.create_container(image, ["true"])["Id"]
        gone = engine.commit(passing, "repair-envs/vanishing", "1", changes=["LABEL vanishing=1"])["Id"]
        engine.remove_container(passing)
        assert backend.digest("repair-envs/vanishing:1") == gone
        engine.remove_image("repair-envs/vanishing:1")
    for _ in range(2):
        with pytest.raises(ImageMissing):
            backend.run("repair-envs/vanishing:1", {}, LIMITS)


# --- the scoring process fails ---------------------------------------------------------------------------------------------------------

SCORER = """
import sys, threading, time
sys.path.insert(0, {folder!r})
from conftest import encode_with
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.limits import Limits
from repair_sandbox.reaper import owner_label
import os
backend = DockerBackend(encode_setup=encode_with({body!r}), standby=2)
limits = Limits(memory_mb=256, tests_s=5)
backend.prepare({image!r}, {{}}, limits, 2)
time.sleep(0.1)
for _ in range(2):
    threading.Thread(target=backend.run, args=({image!r}, {{}}, limits), daemon=True).start()
print(owner_label(os.getpid()), flush=True)
{end}
"""


def start_scorer(image: str, end: str) -> tuple[subprocess.Popen[str], str]:
    body = "stage('tests'); import time; time.sleep(60)"
    code = SCORER.format(folder=str(Path(__file__).parent), body=body, image=image, end=end)
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def running(found: list[dict[str, Any]]) -> int:
    return len([container for container in found if container["State"] == "running"])


def test_sigkill_leaves_nothing_after_the_next_start(backend_with: Backends, image: str, containers: Containers) -> None:
    process, owner = start_scorer(image, "time.sleep(60)")
    wait_for(lambda: running(containers(owner)) >= 2)
    process.kill()
    process.wait()
    assert containers(owner)
    assert backend_with().run(image, {}, LIMITS).result["status"] == "done"
    assert containers(owner) == []


@pytest.mark.parametrize(("number", "end"), [(signal.SIGTERM, "time.sleep(60)"), (0, "time.sleep(5)")], ids=["SIGTERM", "exit"])
def test_an_orderly_end_removes_everything(image: str, containers: Containers, number: int, end: str) -> None:
    process, owner = start_scorer(image, end)
    wait_for(lambda: running(containers(owner)) >= 2)
    if number:
        process.send_signal(number)
    assert process.wait(60) == -number
    assert containers(owner) == []


def test_an_interrupt_passes_through(backend_with: Backends, image: str, containers: Containers, none_left: Callable[[], None]) -> None:
    """Ctrl-C in the thread that scores is no infrastructure error and leaves no container."""
    backend = backend_with("stage('tests'); import time; time.sleep(60)")

    def interrupt() -> None:
        wait_for(lambda: running(containers()) == 1)
        signal.raise_signal(signal.SIGINT)

    timer = threading.Thread(target=interrupt)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        backend.run(image, {}, LIMITS)
    timer.join()
    none_left()
    assert not issubclass(KeyboardInterrupt, InfrastructureError)
