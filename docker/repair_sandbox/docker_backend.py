"""Requests in containers of a Docker engine (or Podman's, whose API is the same): a fresh container for each, tried again when the engine fails it.

Who is to blame for a request without a verdict is decided by the engine's words and its record of the container, never by what the tests wrote.
"""

import functools
import logging
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from repair_sandbox import guest_protocol, reaper
from repair_sandbox.backend import GuestReply
from repair_sandbox.container import NO_INTERPRETER, Answer, Container
from repair_sandbox.engine import Engine, image_digest
from repair_sandbox.errors import BrokenTask, EngineError, GuestLost, ImageMissing, InfrastructureError
from repair_sandbox.limits import Limits
from repair_sandbox.standby import CLOSING_S, Standby, wait_until

ATTEMPTS = 3
"""Containers tried for one request while the fault is not the tests'."""
GRACE_S = 30.0
"""Beyond the guest's own deadline, until its silence is a fault."""
REMOVERS = 2
"""Threads that remove containers which have served."""
SECOND_TRY_S = 2.0
"""Until a removal that failed is tried again; after that it is for the next request."""
MOST_SERVED = 8
"""Such containers, beyond which a verdict waits for the removal of its own."""
DIGEST_S = 60.0
"""How long an image's content id is remembered."""

UNTRUSTED = {"install", "compile", "tests"}
"""Stages whose memory the patch decides."""
OUT_OF_MEMORY: dict[str, Any] = {
    **dict.fromkeys(("collected", "end", "exit_code", "twins")),
    **dict.fromkeys(("after_end", "foreign", "cpu_s"), 0),
    **dict.fromkeys(("output", "apply_rung"), ""),
    **dict.fromkeys(("tests", "changed"), ()),
    "stages_s": {"tests": 0.0},
    "status": "resource_limit",
    "kind": "memory",
}
"""The guest's result (see `guest/supervisor.py`) where its tests took PID 1 with them."""

log = logging.getLogger(__name__)


class DockerBackend:
    """See `backend.Backend`."""

    isolates = True

    def __init__(
        self,
        url: str | None = None,
        standby: int = 4,
        patience_s: float = 60.0,
        grace_s: float = GRACE_S,
        encode_setup: Callable[[Mapping[str, Any]], bytes] = guest_protocol.encode_setup,
    ) -> None:
        """Nothing is contacted yet.

        Args:
            url: the engine's socket; None follows DOCKER_HOST.
            standby: most containers that wait ahead of need.
            patience_s: how long an engine may not answer (a restart of it) before `EngineUnavailable`.
            grace_s: added to a request's own deadline.
            encode_setup: what is written to a container when it starts.
        """
        self.engine = Engine(url, patience_s)
        self.grace_s = grace_s
        self.encode_setup = encode_setup
        self._standby = Standby(standby)
        self._digests: dict[str, tuple[str, float]] = {}
        self._reaped = threading.Event()
        self._closed = False
        self._starting: set[object] = set()
        self._in_use: dict[str, Container] = {}
        self._removers = ThreadPoolExecutor(REMOVERS, "removal")
        self._removals: set[Future[None]] = set()
        reaper.close_at_exit(self)

    def digest(self, image: str) -> str:
        known = self._digests.get(image)
        if known is None or known[1] < time.monotonic():
            known = self._digests[image] = (image_digest(self.engine, image), time.monotonic() + DIGEST_S)
        return known[0]

    def prepare(self, image: str, setup: Mapping[str, Any], limits: Limits, count: int = 1) -> None:
        try:
            kind = self._kind(image, setup, limits)
        except InfrastructureError as error:
            log.debug("%s: nothing made ahead: %s", image, error)
            return
        for _ in range(count):
            self._make_ahead(kind)

    def run(
        self, image: str, request: dict[str, Any], limits: Limits, followed: bool = False, on_stage: Callable[[str], None] | None = None
    ) -> GuestReply:
        kind = self._kind(image, request, limits)
        self._clean_up()
        fault: InfrastructureError = EngineError(f"{image}: the backend is closed")
        for attempt in range(1, ATTEMPTS + 1):
            if self._closed:
                break
            try:
                return self._attempt(kind, request, attempt, followed, on_stage)
            except ImageMissing:
                self._digests.pop(image, None)  # it was there a moment ago
                raise
            except (EngineError, GuestLost) as error:
                log.warning("%s: attempt %d of %d: %s", image, attempt, ATTEMPTS, error)
                fault = error
                if isinstance(error, _Hung):
                    break
        raise fault

    def close(self) -> None:
        self._closed = True
        self._standby.close()
        wait_until(lambda: not self._starting, CLOSING_S)
        self._removers.shutdown()
        for container in list(self._in_use.values()):
            container.remove()
        for name in list(self.engine.litter):
            self.engine.discard(name)

    def _attempt(
        self, kind: "_Kind", request: dict[str, Any], attempt: int, followed: bool, on_stage: Callable[[str], None] | None
    ) -> GuestReply:
        began, limits = time.monotonic(), kind.limits
        container = self._start(kind)
        try:
            start_s = time.monotonic() - began
            if followed:  # not before: two that start at once are slow to start
                self._make_ahead(kind)
            nonce = secrets.token_hex(16)
            message = guest_protocol.encode_request({**request, "nonce": nonce})
            answer = container.ask(message, nonce, self._deadline_s(limits), guest_protocol.most_reply_bytes(limits), on_stage)
            result = answer.result or _stand_in(answer, container, limits)
        finally:
            self._dismiss(container)
        return GuestReply(result, start_s, attempt)

    def _start(self, kind: "_Kind") -> Container:
        token = object()
        self._starting.add(token)
        try:
            container = self._standby.take(kind) or self._make(kind)
            self._in_use[container.name] = container
        finally:
            self._starting.discard(token)
        return container

    def _make_ahead(self, kind: "_Kind") -> None:
        self._standby.want(kind, functools.partial(self._make, kind))

    def _dismiss(self, container: Container) -> None:
        """Remove a container that has served, behind the caller's back while removals keep up."""

        def remove() -> None:
            if not container.remove() and not self._closed:
                time.sleep(SECOND_TRY_S)
                container.remove()
            self._in_use.pop(container.name, None)

        try:
            removal = self._removers.submit(remove)
        except RuntimeError:  # closed, or the interpreter ends
            remove()
            return
        self._removals.add(removal)
        removal.add_done_callback(self._removals.discard)
        if len(self._removals) > MOST_SERVED:
            removal.result()

    def _make(self, kind: "_Kind") -> Container:
        return Container(self.engine, kind.digest, kind.limits, reaper.labels(self._deadline_s(kind.limits)), kind.setup, kind.command)

    def _kind(self, image: str, setup: Mapping[str, Any], limits: Limits) -> "_Kind":
        return _Kind(self.digest(image), limits, self.encode_setup(setup), tuple(guest_protocol.launch(setup)))

    def _deadline_s(self, limits: Limits) -> float:
        return guest_protocol.guest_deadline_s(limits) + self.grace_s

    def _clean_up(self) -> None:
        """Once per backend the orphans of other processes; each time what could not be removed before."""
        for name in list(self.engine.litter):
            self.engine.discard(name)
        if self._reaped.is_set():
            return
        self._reaped.set()
        try:
            reaper.reap(self.engine)
        except InfrastructureError as error:
            log.warning("orphaned containers are not removed: %s", error)


def _stand_in(answer: Answer, container: Container, limits: Limits) -> dict[str, Any]:
    """The result where PID 1 gave none: the tests exhausted the container's memory.

    Raises:
        BrokenTask: the image cannot even start.
        GuestLost: the tests are not to blame.
    """
    where = f"after the stages {', '.join(answer.stages)}" if answer.stages else "before its first stage"
    if answer.timed_out:
        raise _Hung(f"a container gave no verdict {where} and kept silent beyond its deadline")
    record = container.record()
    if record.get("OOMKilled") and UNTRUSTED & set(answer.stages):
        return {**OUT_OF_MEMORY, "reason": "the tests drove the container out of memory", "max_rss_mb": float(limits.memory_mb)}
    if not answer.stages and record.get("ExitCode") == NO_INTERPRETER:
        raise BrokenTask(f"the image cannot run the supervisor: {answer.stderr.strip()}")
    raise GuestLost(f"a container gave no verdict {where}; the engine says {_summary(record)}; its PID 1 {answer.stderr.strip() or 'said nothing'}")


def _summary(record: Mapping[str, Any]) -> str:
    if not record:
        return "it does not know the container any more"
    return ", ".join(f"{name} {record.get(name)}" for name in ("Status", "ExitCode", "OOMKilled", "Error") if record.get(name) not in ("", None))


class _Kind(NamedTuple):
    """What a container can be taken for."""

    digest: str
    limits: Limits
    setup: bytes
    """The first message to it."""
    command: tuple[str, ...]


class _Hung(GuestLost):
    """A container was silent beyond its deadline: a second try would take as long."""
