"""Containers whose owner is gone: marking ours, finding theirs, removing them. A live owner's container is never touched.

An owner is a process: boot id, PID namespace, pid and start time, so that a recycled pid is not taken for it. Of a process in another namespace
or on another machine (several may share one engine) nothing can be known from here: its containers go once they are older than any request.
"""

import atexit
import os
import signal
import threading
import time
import weakref
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Protocol

from repair_sandbox.engine import Engine
from repair_sandbox.guest_protocol import LONGEST_STANDBY_S

OWNER = "repair-envs.owner"
EXPIRES = "repair-envs.expires"
CLOSING_S = 20.0
"""How long the end of the process may be held up to remove containers."""


def labels(longest_request_s: float) -> dict[str, str]:
    """Labels for a container that this process makes now and that will serve at most one request of that length."""
    return {OWNER: owner_label(os.getpid()), EXPIRES: str(int(time.time() + LONGEST_STANDBY_S + longest_request_s))}


def owner_label(pid: int) -> str:
    """Identity of a process of this machine: boot id, PID namespace, pid and start time, colon-separated.

    Raises:
        OSError: there is no such process (or no /proc).
    """
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    namespace = os.stat("/proc/self/ns/pid").st_ino
    started = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    return f"{boot}:{namespace}:{pid}:{started}"


def is_orphan(container_labels: Mapping[str, str], now: float) -> bool:
    """Whether the container's owner is known to be gone, or its time is over."""
    if float(container_labels.get(EXPIRES, now)) < now:
        return True
    boot, namespace, pid, _ = (container_labels[OWNER].split(":") + [""] * 4)[:4]
    mine = owner_label(os.getpid()).split(":")
    if [boot, namespace] != mine[:2]:
        return False
    try:
        return owner_label(int(pid)) != container_labels[OWNER]
    except (OSError, ValueError):
        return True


def reap(engine: Engine) -> int:
    """Remove every orphan, running or not; how many were removed.

    Raises:
        InfrastructureError: the engine could not be asked.
    """
    found = engine.call("cannot list containers", lambda client: client.containers(all=True, filters={"label": OWNER}))
    now = time.time()
    return sum(engine.discard(container["Id"]) for container in found if is_orphan(container["Labels"], now))


class Closable(Protocol):
    def close(self) -> None: ...


_open: weakref.WeakSet[Closable] = weakref.WeakSet()


def close_at_exit(owner: Closable) -> None:
    """Have `owner.close()` called when the process ends, also by SIGTERM where nobody else handles it.

    SIGKILL cannot be handled: then PID 1 of each container sees the end of its input, and the next `reap` takes what is left.
    """
    if not _open:
        atexit.register(_close_all)
    _open.add(owner)
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, _terminate)


def _close_all() -> None:
    for owner in list(_open):
        owner.close()


def _terminate(number: int, _frame: FrameType | None) -> None:
    # In a thread of its own: the main thread may have been interrupted with a lock in its hands.
    closing = threading.Thread(target=_close_all, daemon=True)
    closing.start()
    closing.join(CLOSING_S)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
