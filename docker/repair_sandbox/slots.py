"""How many scorings run at once on this machine: a bound shared by all its processes, fair between tasks within one.

A slot is a lock (flock) on a file of a runtime folder, so a process that dies gives its slots back at once. Waiting is the back-pressure: callers
block. Between processes there is no queue, only luck; within one, tasks take turns, so that one with many rollouts does not hold up the rest.
"""

import contextlib
import fcntl
import functools
import os
import tempfile
import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from pathlib import Path

from repair_sandbox.limits import Limits

POLL_S = 0.05
"""How often a slot that another process holds is looked at again; one of this process is handed on at once."""
MEMORY_SHARE = 0.8
"""Of the machine's memory that scorings may use together."""


def slot_count(limits: Limits, cpus: int | None = None, memory_mb: float | None = None) -> int:
    """Scorings of such limits that this machine carries at once, at least 1: bound by processors and by memory."""
    cpus = cpus or len(os.sched_getaffinity(0))
    memory_mb = memory_mb or os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**2
    return max(1, min(int(cpus / limits.cpus), int(memory_mb * MEMORY_SHARE / limits.memory_mb)))


def runtime_folder() -> Path:
    """A folder on a local disk, the same for all processes of this user. (Locks on network file systems fail or lie.)"""
    base = os.environ.get("XDG_RUNTIME_DIR")
    return Path(base) / "repair-envs" if base else Path(tempfile.gettempdir()) / f"repair-envs-{os.getuid()}"


class Slots:
    """Blocks in `hold` until this machine has room. Safe to use from many threads."""

    def __init__(self, count: int | None = None, folder: Path | None = None) -> None:
        """`count`: None for what the machine carries under the default limits. Every process of a machine should use the same count and folder."""
        self.count = count or slot_count(Limits())
        self.folder = folder or runtime_folder()
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._turn = threading.Condition()
        self._queues: OrderedDict[str, deque[object]] = OrderedDict()
        """Waiting calls by task; the first of the first is next."""

    @contextlib.contextmanager
    def hold(self, task: str) -> Iterator[None]:
        """Hold one slot, in turn with the other tasks that wait."""
        slot = self._wait(task)
        try:
            yield
        finally:
            self._release(slot)

    def hold_idle(self) -> Callable[[], None] | None:
        """Hold a slot that nobody waits for, at once; what gives it back, None when there is none."""
        with self._turn:
            slot = None if self._queues else self._try()
        return None if slot is None else functools.partial(self._release, slot)

    @contextlib.contextmanager
    def hold_all(self) -> Iterator[None]:
        """Hold the whole machine: nothing else is begun, and what runs is waited for. The caller must hold no slot."""
        with self._open("gate") as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            with contextlib.ExitStack() as slots:
                for number in range(self.count):
                    fcntl.flock(slots.enter_context(self._open(f"slot-{number}")), fcntl.LOCK_EX)
                yield
        with self._turn:
            self._turn.notify_all()

    def waiting(self, task: str) -> int:
        """How many calls of this process wait for a slot for `task`."""
        return len(self._queues.get(task, ()))

    def _wait(self, task: str) -> int:
        ticket = object()
        with self._turn:
            self._queues.setdefault(task, deque()).append(ticket)
            try:
                while True:
                    slot = self._try() if next(iter(self._queues.values()))[0] is ticket else None
                    if slot is not None:
                        return slot
                    first = next(iter(self._queues.values()))[0] is ticket
                    self._turn.wait(POLL_S if first else None)
            finally:
                self._leave(task, ticket)

    def _leave(self, task: str, ticket: object) -> None:
        """Take the call off the queue; its task goes to the end of the line."""
        self._queues[task].remove(ticket)
        self._queues.move_to_end(task)
        if not self._queues[task]:
            del self._queues[task]
        self._turn.notify_all()

    def _try(self) -> int | None:
        """The descriptor of a slot that is now ours; None when none is free or somebody wants the machine for themselves."""
        with self._open("gate") as gate:
            if not _lock(gate, fcntl.LOCK_SH):
                return None
            for number in range(self.count):
                slot = os.open(self.folder / f"slot-{number}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
                if _lock(slot, fcntl.LOCK_EX):
                    return slot
                os.close(slot)
        return None

    def _release(self, slot: int) -> None:
        os.close(slot)
        with self._turn:
            self._turn.notify_all()

    @contextlib.contextmanager
    def _open(self, name: str) -> Iterator[int]:
        descriptor = os.open(self.folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
