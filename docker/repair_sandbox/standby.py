"""Containers created and started ahead of need, so that a scoring does not wait for one. Bounded in number; each is used once."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor

from repair_sandbox.container import Container
from repair_sandbox.errors import InfrastructureError

MAKERS = 4
"""Threads that create containers; more only make one engine slower."""

log = logging.getLogger(__name__)


class Standby:
    """Waiting containers by kind (image and limits). Safe to use from many threads."""

    def __init__(self, capacity: int) -> None:
        """`capacity`: most containers that wait at once, over all kinds; 0 keeps none."""
        self.capacity = capacity
        self._lock = threading.Lock()
        self._waiting: OrderedDict[Hashable, list[Container]] = OrderedDict()
        """The kind that was asked for last is last."""
        self._in_making: dict[Hashable, int] = {}
        self._makers = ThreadPoolExecutor(MAKERS, "standby")
        self._closed = False

    def want(self, kind: Hashable, count: int, make: Callable[[], Container]) -> None:
        """See to it that up to `count` of `kind` wait, in the background; the least wanted kind gives way."""
        with self._lock:
            if self._closed:
                return
            self._waiting.setdefault(kind, [])
            self._waiting.move_to_end(kind)
            missing = min(count, self.capacity) - len(self._waiting[kind]) - self._in_making.get(kind, 0)
            for _ in range(missing):
                self._in_making[kind] = self._in_making.get(kind, 0) + 1
                self._makers.submit(self._make, kind, make)

    def take(self, kind: Hashable) -> Container | None:
        """A waiting container of `kind`, now the caller's; None when there is none."""
        while True:
            with self._lock:
                waiting = self._waiting.get(kind)
                container = waiting.pop() if waiting else None
            if container is None or container.waits():
                return container
            container.remove()

    def close(self) -> None:
        """Remove all that wait. Takes no lock: it may run in a signal handler, on top of any other call."""
        self._closed = True
        self._makers.shutdown(wait=False, cancel_futures=True)
        for waiting in list(self._waiting.values()):
            while waiting:
                waiting.pop().remove()

    def _make(self, kind: Hashable, make: Callable[[], Container]) -> None:
        try:
            container = make()
        except InfrastructureError as error:  # whoever needs one makes it then, and hears of the error
            log.debug("no container could be made ahead: %s", error)
            return
        finally:
            with self._lock:
                self._in_making[kind] -= 1
        for surplus in self._keep(kind, container):
            surplus.remove()

    def _keep(self, kind: Hashable, container: Container) -> list[Container]:
        """File the container away; what must be removed instead, oldest kind first."""
        with self._lock:
            if self._closed:
                return [container]
            self._waiting.setdefault(kind, []).append(container)
            surplus = []
            while sum(map(len, self._waiting.values())) > self.capacity:
                oldest, waiting = next((name, made) for name, made in self._waiting.items() if made)
                surplus.append(waiting.pop(0))
                if not waiting and oldest != kind:
                    del self._waiting[oldest]
            return surplus
