"""Real containers for the sandbox's tests: an engine that answers, backends whose PID 1 does what a test needs, a private engine to break."""

import functools
import os
import shutil
import subprocess
import textwrap
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
import pytest
from repair_sandbox import reaper
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.guest_protocol import encode

IMAGE = "repair-envs/corpus-python:latest"
JAVA_IMAGE = "repair-envs/corpus-java:latest"
"""Built from docker/images/; .ci/run builds them."""

SUPERVISOR = """
import json, os, sys
def stand_by(payload):
    return None
def main(ready, request):
    def say(**event):
        sys.stdout.write(request["nonce"] + " " + json.dumps(event) + "\\n")
        sys.stdout.flush()
    def stage(name):
        say(event="stage", stage=name)
    result = {"event": "result", "status": "done", "stages_s": {}}
    stage("tree")
"""


def encode_with(body: str) -> Callable[[Mapping[str, Any]], bytes]:
    """A first message with a supervisor of the test's own: `body` may use request, say, stage, result; the last line said is `result`."""
    source = SUPERVISOR + textwrap.indent(textwrap.dedent(body), "    ") + "\n    say(**result)\n"
    return lambda _: encode({"modules": ["supervisor"], "sources": {"supervisor": source}})


@functools.cache
def engine_answers() -> bool:
    try:
        return bool(docker.from_env(timeout=10).ping())
    except docker.errors.DockerException:
        return False


@pytest.fixture(scope="session")
def client() -> docker.APIClient:
    """The engine's API, to look behind the backend's back."""
    if not engine_answers():
        pytest.skip("no container engine answers")
    return docker.from_env().api


@pytest.fixture(scope="session")
def image(client: docker.APIClient) -> str:
    """An image with python3, git and pytest."""
    return present(client, IMAGE)


@pytest.fixture(scope="session")
def java_image(client: docker.APIClient) -> str:
    """An image with a JDK, JUnit 4 and our programs compiled."""
    return present(client, JAVA_IMAGE)


def present(client: docker.APIClient, image: str) -> str:
    try:
        client.inspect_image(image)
    except docker.errors.ImageNotFound:
        pytest.skip(f"there is no image {image}: build it with `repair images build`")
    return image


@pytest.fixture
def backend_with(client: docker.APIClient) -> Iterator[Callable[..., DockerBackend]]:
    """Makes backends from a supervisor's body; they are closed at the end, and nothing may be left of them."""
    made: list[DockerBackend] = []

    def make(body: str = "", **options: Any) -> DockerBackend:
        made.append(DockerBackend(encode_setup=encode_with(body), **options))
        return made[-1]

    yield make
    for backend in made:
        backend.close()


@pytest.fixture
def containers(client: docker.APIClient) -> Callable[..., list[dict[str, Any]]]:
    """The containers that a process (this one by default) made since the test began and that are still there, running or not."""

    def found(owner: str = "", engine: docker.APIClient = client) -> list[dict[str, Any]]:
        label = f"{reaper.OWNER}={owner or reaper.owner_label(os.getpid())}"
        return [one for one in engine.containers(all=True, filters={"label": label}) if one["Id"] not in before]

    before: set[str] = set()  # what waits for the tests of an environment in this process
    before = {one["Id"] for one in found()}
    return found


@pytest.fixture
def none_left(containers: Callable[..., list[dict[str, Any]]]) -> Callable[[], None]:
    """Waits until the containers of this process are gone; a container that has served goes after its verdict."""

    def wait() -> None:
        end = time.monotonic() + 30
        while left := containers():
            assert time.monotonic() < end, left
            time.sleep(0.05)

    return wait


class PrivateEngine:
    """A dockerd of this test session's own, to stop and start; in a network of its own, since it takes away the bridge of another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = f"unix://{folder}/docker.sock"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = ["unshare", "--net", "dockerd", "--host", self.url, "--data-root", f"{self.folder}/data", "--exec-root", f"{self.folder}/exec"]
        command += ["--pidfile", f"{self.folder}/pid", "--bridge", "none", "--iptables=false", "--ip6tables=false"]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + 60
        while True:
            try:
                self.client().ping()
                return
            except (docker.errors.DockerException, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def client(self) -> docker.APIClient:
        return docker.APIClient(base_url=self.url, version="auto")

    def stop(self, kill: bool = False) -> None:
        if self.process is not None:
            (self.process.kill if kill else self.process.terminate)()
            self.process.wait(60)
            self.process = None
        # It dies with a dockerd that is killed, but as a zombie that nobody takes in it looks alive to the next one.
        (self.folder / "exec/containerd/containerd.pid").unlink(missing_ok=True)

    def remove(self) -> None:
        """Stop it and take away what it mounted and wrote."""
        self.stop(kill=True)
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines() if line.split()[1].startswith(f"{self.folder}/")]
        for place in sorted(mounts, reverse=True):
            subprocess.run(["umount", "--lazy", place], check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def private_engine(client: docker.APIClient, image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateEngine]:
    """A second engine that holds the image; a test that stops it starts it again."""
    if shutil.which("dockerd") is None or os.getuid() != 0:
        pytest.skip("a second engine needs dockerd and root")
    engine = PrivateEngine(tmp_path_factory.mktemp("engine"))
    try:
        engine.start()
        engine.client().load_image(client.get_image(image))
        yield engine
    finally:
        engine.remove()
