"""This process's sandbox: made once for all tasks that run tests, and what one of their runs may use."""

import threading

from pydantic import BaseModel, Field
from repair_sandbox.engine import Engine
from repair_sandbox.limits import Limits
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.slots import slot_count
from repair_sandbox.spec import TestSpec

FIRST_CONTACT_S = 5.0
"""How long an engine that was never seen may not answer. (One that was gets the backend's longer patience, for a restart.)"""


class TestRunOptions(BaseModel):
    """What one test run may use."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    tests_s: float = Field(Limits.tests_s, gt=0)
    """Wall time of the tests, in seconds; what takes longer is `test_timeout`."""
    memory_mb: int = Field(Limits.memory_mb, gt=0)
    """Memory of one container; what takes more is `resource_limit`. Together with `cpus` it decides how many run at once."""
    cpus: float = Field(Limits.cpus, gt=0)
    """Processors of one container."""
    slots: int | None = Field(None, gt=0)
    """Test runs at once on this machine, over all its processes (give each the same); None for what `cpus` and `memory_mb` allow."""
    fresh: bool = False
    """Run the tests even where the verdict on the same patch is known."""
    every_test: bool = False
    """Run on after the first test that decides the verdict, so that the shares of passing tests are exact."""

    @property
    def limits(self) -> Limits:
        return Limits(tests_s=self.tests_s, memory_mb=self.memory_mb, cpus=self.cpus)


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
        Engine(patience_s=FIRST_CONTACT_S).call("tests are run in containers", lambda client: client.ping())
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
