"""One locked-down container whose PID 1 gets ready, then waits on its standard input for a single request.

Isolation: no network, no capability but the few that PID 1 needs to write the tree and to become another user, no privilege gained by setuid
programs, bounds on memory, processes, processors, descriptors and /tmp, no log kept by the engine. It is a container, not a virtual machine: a
hole in the host's kernel is not covered. Not bounded either: what root's own steps (applying patches, installing) write to the image's layer.
"""

import contextlib
import socket
import struct
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import docker
import requests
from docker.types import LogConfig, Ulimit

from repair_sandbox.engine import ContainerGone, Engine
from repair_sandbox.errors import GuestLost
from repair_sandbox.guest_protocol import BOOT, LAUNCH, LONGEST_STANDBY_S, parse_line
from repair_sandbox.limits import Limits

MEBIBYTE = 1024**2
ENDING_S = 5
"""How long PID 1 may live after its last word."""

SPARE_CPUS = 1.0
"""Processors that a container may use beyond its limit while they are idle: a JVM compiles beside its tests. Nothing counts on them."""
CPU_PERIOD_US = 100_000
SETUP_S = 60.0
"""How long a container may take to read what it is told ahead of a request."""

NO_INTERPRETER = 127
"""Exit status of `LAUNCH` in an image without python3."""

CAPABILITIES = {
    "SETUID": "the tests run as another user",
    "SETGID": "and as its group",
    "CHOWN": "trees and scratch folders are handed between the two",
    "DAC_OVERRIDE": "trees may belong to any user of the image",
    "FOWNER": "and their modes are changed",
    "KILL": "what the tests leave running is killed",
}


def host_config(client: docker.APIClient, limits: Limits) -> dict[str, Any]:
    """The engine's settings of a container; tests/benchmarks/sandbox.py measures what each costs."""
    memory = limits.memory_mb * MEBIBYTE
    scratch = f"rw,exec,nosuid,nodev,mode=1777,size={limits.scratch_mb}m"
    settings: dict[str, Any] = client.create_host_config(
        network_mode="none",
        cap_drop=["ALL"],
        cap_add=list(CAPABILITIES),
        security_opt=["no-new-privileges"],
        pids_limit=limits.pids,
        mem_limit=memory,
        memswap_limit=memory,
        cpu_period=CPU_PERIOD_US,
        cpu_quota=int((limits.cpus + SPARE_CPUS) * CPU_PERIOD_US),  # in this form it may be more than the machine has
        ulimits=[Ulimit(name="nofile", soft=limits.open_files, hard=limits.open_files), Ulimit(name="core", soft=0, hard=0)],
        tmpfs={"/tmp": scratch, "/var/tmp": scratch, "/run/lock": scratch},  # every folder of a Debian image that anyone may write to
        shm_size=16 * MEBIBYTE,
        log_config=LogConfig(type="none"),
    )
    return settings


@dataclass(frozen=True)
class Answer:
    """What PID 1 said until it fell silent."""

    result: dict[str, Any] | None
    """None: the stream ended, or the deadline passed, without the final line."""
    stages: tuple[str, ...]
    """The stages it announced."""
    timed_out: bool
    stderr: str
    """The end of what came over standard error: PID 1's own, since its children get pipes."""


class Container:
    """A started container and the stream to its PID 1. Used by one thread at a time, for one request."""

    def __init__(
        self, engine: Engine, image: str, limits: Limits, labels: Mapping[str, str], setup: bytes, command: Sequence[str] = (LAUNCH, BOOT)
    ) -> None:
        """Create and start it, and send `setup`, the first message; on failure nothing is left of it that the engine would let go.

        `command`: what /bin/sh -c is given.

        Raises:
            InfrastructureError: of `Engine.call`.
        """
        self.engine = engine
        self.image = image
        self.name = f"repair-{uuid.uuid4().hex}"
        self.started = time.monotonic()
        try:
            self._start(limits, labels, command)
            with contextlib.suppress(OSError):  # a container that ends at once: the request will show why
                _Frames(self._socket, time.monotonic() + SETUP_S, 0).send(setup)
        except BaseException:
            self.remove()
            raise

    def _start(self, limits: Limits, labels: Mapping[str, str], command: Sequence[str]) -> None:
        def create(client: docker.APIClient) -> None:
            client.create_container(
                self.image,
                name=self.name,
                entrypoint=["/bin/sh", "-c"],
                command=list(command),
                user="0:0",
                working_dir="/",
                hostname="sandbox",
                labels=dict(labels),
                stdin_open=True,
                host_config=host_config(client, limits),
                healthcheck={"test": ["NONE"]},
                stop_signal="SIGKILL",  # an engine that shuts down need not wait for it
            )

        self.engine.call(f"{self.image}: cannot create a container", create)
        attached = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        self._stream = self.engine.call("cannot attach to a container", lambda client: client.attach_socket(self.name, attached))
        self._socket = getattr(self._stream, "_sock", self._stream)
        self.engine.call(f"{self.image}: cannot start a container", lambda client: client.start(self.name))

    def waits(self) -> bool:
        """Whether PID 1 is still there, silent and not about to give up, as far as this end can tell."""
        if time.monotonic() - self.started > LONGEST_STANDBY_S * 0.9:
            return False
        try:
            self._socket.settimeout(0)
            self._socket.recv(1)  # the end of the stream, or words where there should be none
            return False
        except BlockingIOError:
            return True
        except OSError:
            return False

    def ask(self, message: bytes, nonce: str, deadline_s: float, most_bytes: int, on_stage: Callable[[str], None] | None = None) -> Answer:
        """Send the encoded request and read until its final line; `on_stage` hears of each stage that begins.

        Raises:
            GuestLost: PID 1 sent more than `most_bytes`, or a final line that cannot be read.
        """
        frames = _Frames(self._socket, time.monotonic() + deadline_s, most_bytes)
        stages, result, timed_out = [], None, False
        try:
            frames.send(message)
            for event in frames.events(nonce):
                if event.get("event") == "stage":
                    stages.append(str(event.get("stage")))
                    if on_stage:
                        on_stage(stages[-1])
                if event.get("event") == "result":
                    result = event
                    break
        except TimeoutError:
            timed_out = True
        except OSError:  # the engine went away, which ends the stream as well
            pass
        except ValueError as error:
            raise GuestLost(f"PID 1 of a container sent a line that is not JSON: {error}") from error
        return Answer(result, tuple(stages), timed_out, frames.stderr[-2000:].decode("utf-8", "replace"))

    def record(self) -> dict[str, Any]:
        """The engine's record of how it ended (`State` of its API), after a wait for that end; empty for a container that is gone."""

        def look(client: docker.APIClient) -> dict[str, Any]:
            with contextlib.suppress(requests.exceptions.RequestException):  # no end in time, or no such container: the record says it
                client.wait(self.name, timeout=ENDING_S)
            state: dict[str, Any] = client.inspect_container(self.name)["State"]
            return state

        try:
            return self.engine.call("cannot look at a container", look)
        except ContainerGone:
            return {}

    def remove(self) -> bool:
        """Kill and remove it; False when the engine would not now (`Engine.litter` remembers it)."""
        self._hang_up()
        return self.engine.discard(self.name)

    def _hang_up(self) -> None:
        stream = self.__dict__.pop("_stream", None)
        if stream is None:
            return
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        response = getattr(stream, "_response", None)  # the SDK ties the two into a cycle, which only a garbage collection would close
        if response is not None:
            response.close()
        stream.close()
        self._socket.close()


class _Frames:
    """Both directions of an attached stream, under one deadline. Raises TimeoutError at the deadline, OSError when the connection breaks."""

    def __init__(self, connection: Any, deadline: float, most_bytes: int) -> None:
        self.connection = connection
        self.deadline = deadline
        self.left = most_bytes
        self.stderr = b""

    def send(self, content: bytes) -> None:
        view = memoryview(content)
        while view:
            self._wait()
            view = view[self.connection.send(view) :]

    def events(self, nonce: str) -> Iterator[dict[str, Any]]:
        """The events on standard output that carry the request's nonce, until the end of the stream."""
        pending = bytearray()
        while header := self._exactly(8):
            stream, size = struct.unpack(">BxxxL", header)
            content = self._exactly(size)
            if stream == 2:
                self.stderr = (self.stderr + content)[-4000:]
                continue
            pending += content
            if b"\n" in content:
                *lines, pending = pending.split(b"\n")
                yield from filter(None, (parse_line(bytes(line), nonce) for line in lines))

    def _exactly(self, size: int) -> bytes:
        """The next `size` bytes; empty when the stream ends before."""
        self.left -= size
        if self.left < 0:
            raise GuestLost("PID 1 of a container sent more than its request allows")
        content = bytearray()
        while len(content) < size:
            self._wait()
            chunk = self.connection.recv(min(size - len(content), 1 << 20))
            if not chunk:
                return b""
            content += chunk
        return bytes(content)

    def _wait(self) -> None:
        left_s = self.deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        self.connection.settimeout(left_s)
