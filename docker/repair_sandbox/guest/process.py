"""Runs one command that is not trusted: as another user, bounded, its output always drained, and nothing of it left alive afterwards.

One of ours may be started ahead, to wait on its standard input for what it shall do (`start_waiting`, `finish`).

Isolation: what the container gives, plus another user than ours and resource limits. Without an account (the local backend) the command runs
as the caller and only limits are left; the memory limit is then one of address space, since there is no control group.
"""

import contextlib
import ctypes
import os
import resource
import selectors
import signal
import time
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple

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


def run(command: Command, channel: Any = None, on_channel: Optional[Callable[[bytes], None]] = None) -> Ended:
    """Run `command` to its end, its deadline or a bound, then end everything it started.

    `channel` is our end of a socket pair (ours, theirs); theirs becomes the command's CHANNEL_FD and `on_channel` gets what it writes there.
    """
    watch = _Watch(command, on_channel)
    with _children_wake() as wake:
        watch.child, output = _begin(command, None, channel[1].fileno() if channel else None)
        if channel:
            channel[1].close()
        return _follow(watch, output, wake, command.limits["tests_s"], channel[0].fileno() if channel else None)


class Waiting(NamedTuple):
    """A command that was started ahead."""

    watch: "_Watch"
    output: int
    words: int
    """What is written there comes in on its standard input."""


def start_waiting(command: Command) -> Waiting:
    watch = _Watch(command, None)
    standard_input, words = os.pipe()
    watch.child, output = _begin(command, standard_input, None)
    os.close(standard_input)
    return Waiting(watch, output, words)


def finish(waiting: Waiting, words: bytes, limit_s: float) -> Optional[Ended]:
    """Tell it what to do and see to its end, as `run` does; None when it has ended before: nobody told it to."""
    try:
        waiting.watch.reap()
        if waiting.watch.exit_code is not None:
            os.close(waiting.output)
            return None
        waiting.watch.cpu_s = -_cpu_s(waiting.watch.child)  # what it used while it waited is no cost of the request
        with contextlib.suppress(BrokenPipeError):
            os.write(waiting.words, words)
    finally:
        os.close(waiting.words)
    with _children_wake() as wake:
        waiting.watch.reap()
        return _follow(waiting.watch, waiting.output, wake, limit_s, None)


@contextlib.contextmanager
def _children_wake() -> Iterator[int]:
    """A descriptor that can be read when a child has ended."""
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    os.set_blocking(wake_read, False)
    old_wakeup = signal.set_wakeup_fd(wake_write)
    old_handler = signal.signal(signal.SIGCHLD, lambda *_: None)
    try:
        yield wake_read
    finally:
        signal.signal(signal.SIGCHLD, old_handler)
        signal.set_wakeup_fd(old_wakeup)
        for descriptor in (wake_read, wake_write):
            os.close(descriptor)


def _follow(watch: "_Watch", output: int, wake: int, limit_s: float, channel: Optional[int]) -> Ended:
    """Take in what a command says until it ends, and end what is left of it."""
    before = _pressure()
    started = time.monotonic()
    try:
        selector = selectors.DefaultSelector()
        selector.register(output, selectors.EVENT_READ, watch.on_output)
        selector.register(wake, selectors.EVENT_READ, lambda chunk: None)
        if channel is not None:
            selector.register(channel, selectors.EVENT_READ, watch.on_channel)
        deadline = started + limit_s
        while watch.exit_code is None and not watch.kind:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            _pump(selector, min(left_s, 1.0))
            watch.reap()
        timed_out = watch.exit_code is None and not watch.kind
        wall_s = time.monotonic() - started
        full_disk = _scratch_is_full()
        end_everything(watch)
        while _pump(selector, 0.0):  # the writers are dead, so this comes to an end
            pass
        selector.close()
    finally:
        os.close(output)
    kind = watch.kind or _kind(watch.exit_code, before, full_disk)
    exit_code = None if timed_out or watch.kind else watch.exit_code
    return Ended(exit_code, bytes(watch.output), timed_out, kind, watch.cpu_s, watch.max_rss_mb, wall_s)


class _Watch:
    """What is known of a running command."""

    def __init__(self, command: Command, on_channel: Optional[Callable[[bytes], None]]) -> None:
        self.child = 0
        self.exit_code: Optional[int] = None
        self.kind = ""
        self.output = bytearray()
        self.cpu_s = 0.0
        self.max_rss_mb = 0.0
        self._written = 0
        self._reported = 0
        self._most = int(command.limits["output_mb"] * MEBIBYTE)
        self._keep = self._most if command.keep_all else TAIL_BYTES
        self._on_channel = on_channel

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
        elif self._on_channel is not None:
            self._on_channel(chunk)

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


class _Child(NamedTuple):
    pid: int
    output: int
    """What it says, not blocking."""


def _begin(command: Command, standard_input: Optional[int], channel: Optional[int]) -> _Child:
    ours, output = os.pipe()
    os.set_blocking(ours, False)
    pid = os.fork()
    if pid:
        os.close(output)
        return _Child(pid, ours)
    try:
        os.setsid()
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        report = os.dup(output)  # closed by exec
        os.dup2(os.open(os.devnull, os.O_RDONLY) if standard_input is None else standard_input, 0)
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
