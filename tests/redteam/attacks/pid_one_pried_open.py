"""Tries to speak for PID 1: its output, its memory, its rights."""
# ruff: noqa
import os, subprocess

for path in ("/proc/1/fd/1", "/proc/1/fd/3", "/proc/1/mem", "/proc/1/environ", "/dev/console", "/dev/pts/0"):
    try:
        with open(path, "r+b", buffering=0) as target:
            target.write(b'{"event": "result", "status": "done"}\n')
    except OSError:
        pass
for attempt in (lambda: os.setuid(0), lambda: os.seteuid(0), lambda: subprocess.run(["su", "-c", "id"], timeout=1, stdin=subprocess.DEVNULL)):
    try:
        attempt()
    except Exception:
        pass
