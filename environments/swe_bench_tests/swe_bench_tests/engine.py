"""This process's sandbox: made once for all tasks."""

import threading

from repair_sandbox.engine import Engine
from repair_sandbox.limits import Limits
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.slots import slot_count
from repair_sandbox.spec import TestSpec

FIRST_CONTACT_S = 5.0
"""How long an engine that was never seen may not answer. (One that was gets the backend's longer patience, for a restart.)"""

_sandboxes: dict[int, Sandbox] = {}
_making = threading.Lock()
_seen = threading.Event()


def sandbox(limits: Limits, slots: int | None = None) -> Sandbox:
    """The sandbox with so many slots; None for as many runs under `limits` as this machine carries. Contacts nothing.

    First called from the main thread, it also sees to it that a SIGTERM leaves no container behind.
    """
    count = slots or slot_count(limits)
    with _making:
        if count not in _sandboxes:
            _sandboxes[count] = Sandbox.docker(slots=count)
        return _sandboxes[count]


def meet_engine() -> None:
    """Come back at once when an engine has answered before.

    Raises:
        EngineUnavailable: no container engine answers.
    """
    if not _seen.is_set():
        Engine(patience_s=FIRST_CONTACT_S).call("swe-bench-tests runs tests in containers", lambda client: client.ping())
        _seen.set()


def get_ready(spec: TestSpec, slots: int | None = None) -> None:
    """Have a container made for a score of `spec` that will come soon.

    Raises:
        EngineUnavailable, EngineError, ImageMissing: it could not be scored.
    """
    meet_engine()
    ready = sandbox(spec.limits, slots)
    ready.backend.digest(spec.image)
    ready.prepare(spec)
