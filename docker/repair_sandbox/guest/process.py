"""Runs one command that is not trusted: as another user, bounded, its output always drained, and nothing of it left alive afterwards.

A program of ours may be started ahead, to wait on its channel for what it shall do.

Isolation: what the container gives, plus another user than ours and resource limits. Without an account (the local backend) the command runs
as the caller and only limits are left; the memory limit is then one of address space, since there is no control group.
"""

import contextlib
import ctypes
import os
import resource
import selectors
import signal
import socket
import time
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

TAIL_BYTES = 64 * 1024
CHANNEL_FD = 197
"""High, where no test closes or reuses it."""
CHANNEL_BYTES = 64 * 1024 * 1024
"""Most that a test run may report; 10,000 tests report 4 MB."""
SUBREAPER = 36
"""PR_SET_CHILD_SUBREAPER of Linux's prctl."""
MEBIBYTE = 1024 * 1024

Account = Optional[Tuple[int, int]]
"""User and group of the tests; None: the caller's own."""


class Command(NamedTuple):
    argv: List[str]
    cwd: str
    environment: Dict[str, str]
    account: Account
    limits: Dict[str, Any]
    keep_all: bool
    """Whether the whole output is kept, not only its tail."""
    is_ours: bool = False
    """It runs no code of the repository: nothing but itself has to be ended, and what waits beside it stays."""


class Ended(NamedTuple):
    """How a command ended. `exit_code` is negative for a signal, None when we ended it."""

    exit_code: Optional[int]
    output: bytes
    timed_out: bool
    kind: str
    """The bound that was hit (memory, pids, disk, output, file_size); empty for none."""
    cpu_s: float
    max_rss_mb: float
    wall_s: float


class Running(NamedTuple):
    """A command that was started."""

    watch: "_Watch"
    output: int
    channel: Any
    """Our end of a socket pair whose other end is the command's CHANNEL_FD; None for none."""


def run(command: Command) -> Ended:
    """Run `command` to its end, its deadline or a bound, then end everything it started."""
    return finish(start(command), command.limits["tests_s"])


def start(command: Command, has_channel: bool = False) -> Running:
    watch = _Watch(command)
    ours, theirs = socket.socketpair() if has_channel else (None, None)
    read_end, write_end = os.pipe()
    os.set_blocking(read_end, False)
    watch.child = _start(command, write_end, theirs.fileno() if theirs else None)
    os.close(write_end)
    if theirs:
        theirs.close()
    return Running(watch, read_end, ours)


def still_runs(running: Running) -> bool:
    """Whether a command of which nobody has asked anything yet is there."""
    running.watch.reap()
    try:
        os.kill(running.watch.child, 0)
    except ProcessLookupError:
        return False
    return running.watch.exit_code is None


def finish(running: Running, limit_s: float, on_channel: Optional[Callable[[bytes], None]] = None) -> Ended:
    """See to a command's end; what it used before is no cost of what it does now. `on_channel` gets what it writes to its channel."""
    watch, wake = running.watch, os.pipe()
    watch.on_channel_bytes = on_channel
    watch.cpu_s = -_cpu_s(watch.child)
    before = _pressure()
    for descriptor in wake:
        os.set_blocking(descriptor, False)
    old_wakeup = signal.set_wakeup_fd(wake[1])
    old_handler = signal.signal(signal.SIGCHLD, lambda *_: None)
    started = time.monotonic()
    try:
        selector = selectors.DefaultSelector()
        selector.register(running.output, selectors.EVENT_READ, watch.on_output)
        selector.register(wake[0], selectors.EVENT_READ, lambda chunk: None)
        if running.channel:
            selector.register(running.channel.fileno(), selectors.EVENT_READ, watch.on_channel)
        watch.reap()  # it may have ended before anybody listened
        while watch.exit_code is None and not watch.kind:
            left_s = started + limit_s - time.monotonic()
            if left_s <= 0:
                break
            _pump(selector, min(left_s, 1.0))
            watch.reap()
        timed_out = watch.exit_code is None and not watch.kind
        wall_s = time.monotonic() - started
        full_disk = _scratch_is_full()
        if watch.is_ours:
            end_one(watch)
        else:
            end_everything(watch)
        while _pump(selector, 0.0):  # the writers are dead, so this comes to an end
            pass
        selector.close()
    finally:
        signal.signal(signal.SIGCHLD, old_handler)
        signal.set_wakeup_fd(old_wakeup)
        for descriptor in (running.output, *wake):
            os.close(descriptor)
    kind = watch.kind or _kind(watch.exit_code, before, full_disk)
    exit_code = None if timed_out or watch.kind else watch.exit_code
    return Ended(exit_code, bytes(watch.output), timed_out, kind, watch.cpu_s, watch.max_rss_mb, wall_s)


class _Watch:
    """What is known of a running command."""

    def __init__(self, command: Command) -> None:
        self.child = 0
        self.is_ours = command.is_ours
        self.exit_code: Optional[int] = None
        self.kind = ""
        self.output = bytearray()
        self.cpu_s = 0.0
        self.max_rss_mb = 0.0
        self._written = 0
        self._reported = 0
        self._most = int(command.limits["output_mb"] * MEBIBYTE)
        self._keep = self._most if command.keep_all else TAIL_BYTES
        self.on_channel_bytes: Optional[Callable[[bytes], None]] = None

    def on_output(self, chunk: bytes) -> None:
        self._written += len(chunk)
        self.output += chunk
        if self._written > self._most:
            self.kind = "output"
        if len(self.output) > 2 * self._keep or self.kind:
            del self.output[: -self._keep]

    def on_channel(self, chunk: bytes) -> None:
        self._reported += len(chunk)
        if self._reported > CHANNEL_BYTES:
            self.kind = "output"
        elif self.on_channel_bytes is not None:
            self.on_channel_bytes(chunk)

    def reap(self) -> bool:
        """Take in every child that ended, orphans too; False when there is no child left."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return False
            if pid == 0:
                return True
            self.cpu_s += usage.ru_utime + usage.ru_stime
            self.max_rss_mb = max(self.max_rss_mb, usage.ru_maxrss / 1024.0)
            if pid == self.child:
                self.exit_code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def _pump(selector: Any, timeout_s: float) -> bool:
    """Hand what can be read to the callbacks; whether there was anything."""
    some = False
    for key, _ in selector.select(timeout_s):
        try:
            chunk = os.read(key.fd, 256 * 1024)
        except BlockingIOError:
            continue
        except OSError:
            chunk = b""
        if chunk:
            some = True
            key.data(chunk)
        else:
            selector.unregister(key.fd)
    return some


def _start(command: Command, output: int, channel: Optional[int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        report = os.dup(output)  # closed by exec
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if channel is not None:
            os.dup2(channel, CHANNEL_FD)
        _bound(command)
        if command.account is not None:
            become(command.account)
        os.umask(0o022)
        os.chdir(command.cwd)
        os.execve(command.argv[0], command.argv, command.environment)
    except BaseException as error:
        os.write(report, f"cannot start {command.argv[0]}: {error}\n".encode("utf-8", "replace"))
    finally:
        os._exit(127)


def _cpu_s(pid: int) -> float:
    """Processor time that a process has used so far; 0 where there is no /proc."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            fields = stat.read().rpartition(b")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / float(os.sysconf("SC_CLK_TCK"))


def become(account: Tuple[int, int]) -> None:
    os.setgroups([])
    os.setgid(account[1])
    os.setuid(account[0])


def _bound(command: Command) -> None:
    limits = command.limits
    bounds = [(resource.RLIMIT_FSIZE, int(limits["file_mb"] * MEBIBYTE)), (resource.RLIMIT_NOFILE, limits["open_files"]), (resource.RLIMIT_CORE, 0)]
    if command.account is None:
        bounds.append((resource.RLIMIT_AS, limits["memory_mb"] * MEBIBYTE))
    for number, most in bounds:
        hard = resource.getrlimit(number)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(number, (value, value))
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # the kernel picks the tests, never PID 1


def end_one(watch: Any) -> None:
    """Kill a command that has not ended, and take it in; processes that it did not start live on."""
    while watch.exit_code is None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(watch.child, signal.SIGKILL)
        if not watch.reap():
            return
        time.sleep(0.002)


def end_everything(watch: Any) -> None:
    """Kill all that the command left, and take it in.

    As PID 1 one kill(-1) is atomic against forking (the kernel holds its task list), so a fork bomb cannot outrun it, and needs no fork of ours,
    which a full pids control group would refuse. Elsewhere descendants are looked up again until none is left.
    """
    while True:
        if os.getpid() == 1:
            victims = [-1]
        else:
            victims = _descendants()
            if watch.exit_code is None and watch.child:
                victims.append(-watch.child)
        for victim in victims:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(victim, signal.SIGKILL)
        if not watch.reap():
            return
        time.sleep(0.002)


def adopt_orphans() -> None:
    """Outside PID 1: have the orphans of our children handed to us, so that none gets away. Linux only, harmless elsewhere."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)


def _descendants() -> List[int]:
    children: Dict[int, List[int]] = {}
    for name in os.listdir("/proc") if os.path.isdir("/proc") else ():
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as stat:
                    parent = int(stat.read().rpartition(b")")[2].split()[1])
            except OSError:
                continue
            children.setdefault(parent, []).append(int(name))
    found = list(children.get(os.getpid(), ()))
    for pid in found:
        found.extend(children.get(pid, ()))
    return found


def _scratch_is_full() -> bool:
    free = os.statvfs("/tmp")
    return free.f_bavail == 0 or (free.f_favail == 0 and free.f_files > 0)


def _pressure() -> Dict[str, int]:
    """How often the control group refused memory or processes, under version 2 or 1 of control groups; absent outside a container."""
    places = {
        "memory": (("/sys/fs/cgroup/memory.events", b"oom_kill"), ("/sys/fs/cgroup/memory/memory.oom_control", b"oom_kill")),
        "pids": (("/sys/fs/cgroup/pids.events", b"max"), ("/sys/fs/cgroup/pids/pids.events", b"max")),
    }
    counts: Dict[str, int] = {}
    for kind, files in places.items():
        for path, word in files:
            try:
                with open(path, "rb") as events:
                    counts[kind] = sum(int(line.split()[1]) for line in events if line.split()[:1] == [word])
            except OSError:
                continue
    return counts


def _kind(exit_code: Optional[int], before: Dict[str, int], full_disk: bool) -> str:
    """The bound that an ended command ran into, if that shows."""
    after = _pressure()
    for kind in ("memory", "pids"):
        if after.get(kind, 0) > before.get(kind, 0):
            return kind
    if exit_code == -signal.SIGXFSZ:
        return "file_size"
    return "disk" if full_disk else ""
