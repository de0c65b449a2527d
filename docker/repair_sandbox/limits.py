"""Bounds on one scoring. Every one is enforced by the kernel or by PID 1 of the container, none by the code under test."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one container may use."""

    tests_s: float = 600.0
    """Wall time of the test command."""
    memory_mb: int = 2048
    """Memory and swap together; what is over it is killed."""
    cpus: float = 1.0
    """Processors that it has to itself as long as no more containers run than fit; it may use one more while that is idle."""
    pids: int = 256
    """Processes and threads."""
    file_mb: int = 256
    """Largest file that may be written."""
    scratch_mb: int = 512
    """Size of /tmp, which is memory."""
    open_files: int = 1024
    """Open files of one process."""
    output_mb: int = 16
    """Output of the tests that is read; a test command that writes more is ended."""
