"""Containers created and started ahead of need, so that a scoring does not wait for one. Bounded in number; each is used once."""

import contextlib
import threading
import time
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor

from repair_sandbox.container import Container
from repair_sandbox.errors import InfrastructureError

MAKERS = 4
"""Threads that create containers; more only make one engine slower."""
STALE_S = 120.0
"""After how long without use a container gives way to one of another kind."""
CLOSING_S = 5.0
"""How long closing waits for containers that are being made, so that they can be removed."""


class Standby:
    """Waiting containers by kind (image, limits, what they are told ahead). Safe to use from many threads."""

    def __init__(self, capacity: int) -> None:
        """`capacity`: most containers that wait at once, over all kinds; 0 keeps none."""
        self.capacity = capacity
        self._lock = threading.Lock()
        self._waiting: list[tuple[Hashable, Container]] = []
        """Oldest first."""
        self._making: set[Future[None]] = set()
        self._makers = ThreadPoolExecutor(MAKERS, "standby")
        self._closed = False

    def want(self, kind: Hashable, make: Callable[[], Container]) -> None:
        """Have one more of `kind` made in the background, if there is room.

        Only a stale one gives way to it, lest kinds that take turns undo each other's.
        """
        with self._lock:
            stale = self._room()
            if self._closed or stale is False:
                return
            making = self._makers.submit(self._make, kind, make)
            self._making.add(making)
        making.add_done_callback(self._making.discard)
        if stale is not True:
            stale.remove()

    def take(self, kind: Hashable) -> Container | None:
        """A waiting container of `kind`, now the caller's; None when there is none."""
        while True:
            with self._lock:
                found = next((entry for entry in self._waiting if entry[0] == kind), None)
                if found is None:
                    return None
                self._waiting.remove(found)
            if found[1].waits():
                return found[1]
            found[1].remove()

    def close(self) -> None:
        """Remove all that wait."""
        with self._lock:
            self._closed = True
            waiting, self._waiting = self._waiting, []
        self._makers.shutdown(wait=False, cancel_futures=True)
        for _, container in waiting:
            container.remove()
        wait_until(lambda: not self._making, CLOSING_S)

    def _room(self) -> Container | bool:
        """Whether one more may wait; a container that has to be removed for it, now off the list."""
        if len(self._waiting) + len(self._making) < self.capacity:
            return True
        if not self._waiting or time.monotonic() - self._waiting[0][1].started < STALE_S:
            return False
        return self._waiting.pop(0)[1]

    def _make(self, kind: Hashable, make: Callable[[], Container]) -> None:
        container = None
        # Whoever needs one makes it then, and hears of the error.
        with contextlib.suppress(InfrastructureError):
            container = make()
        with self._lock:
            if container is not None and not self._closed:
                self._waiting.append((kind, container))
                return
        if container is not None:
            container.remove()


def wait_until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
