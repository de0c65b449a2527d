"""Commands in a temporary folder of this machine: limits, but NO ISOLATION.

What runs here runs as you: it can read your files and use your network. It is for the bundled corpus, whose code this project wrote, and for
nothing else; never run a model's patch here. Limits bound accidents (a loop, a runaway allocation, endless output), not malice.
"""

import contextlib
import os
import resource
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath


@dataclass(frozen=True)
class CommandLimits:
    """Bounds on one command."""

    wall_s: float = 60.0
    memory_gb: float = 2.0
    """Address space of each process; a JVM reserves more than it uses and wants 8 or more."""
    file_mb: int = 64
    """Largest file that may be written; the command's output counts as one."""
    output_bytes: int = 1_000_000
    """Kept from the end of standard output and error together."""


@dataclass(frozen=True)
class CommandResult:
    """How a command ended. A non-zero exit is a result, not an error."""

    exit_code: int
    """Negative: the number of the signal that ended it."""
    output: str
    """Standard output and error together, in order; the last `CommandLimits.output_bytes` of them."""
    timed_out: bool
    wall_s: float


def run_local(
    argv: Sequence[str], files: Mapping[str, bytes], limits: CommandLimits | None = None, environment: Mapping[str, str] | None = None
) -> CommandResult:
    """Write `files` (relative path to content) into a fresh folder, run `argv` there, remove the folder.

    Only PATH and `environment` are handed on. The command's whole process group is killed when it ends or its time is up.

    Raises:
        ValueError: a path leaves the folder.
        FileNotFoundError: there is no such program.
    """
    limits = limits or CommandLimits()
    with tempfile.TemporaryDirectory(prefix="repair-local-") as folder, tempfile.TemporaryFile() as output:
        root = Path(folder)
        for path, content in files.items():
            _write(root, path, content)
        started = time.monotonic()
        process = subprocess.Popen(
            list(argv),
            cwd=root,
            env={"PATH": os.environ.get("PATH", os.defpath), "HOME": folder, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _apply_limits(limits),
        )
        timed_out = False
        try:
            process.wait(timeout=limits.wall_s)
        except subprocess.TimeoutExpired:
            timed_out = True
        finally:
            kill_group(process)
        size = output.seek(0, os.SEEK_END)
        output.seek(max(0, size - limits.output_bytes))
        text = output.read().decode("utf-8", "replace")
    return CommandResult(process.returncode, text, timed_out, time.monotonic() - started)


def _write(root: Path, path: str, content: bytes) -> None:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(f"{path}: leaves the folder that the command runs in")
    target = root / parts
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)


def _apply_limits(limits: CommandLimits) -> None:
    memory = int(limits.memory_gb * 1024**3)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    file_size = limits.file_mb * 1024**2
    resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    cpu_s = int(limits.wall_s) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s + 1))


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole process group that `process` leads, and take it in."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
