"""Leaves a process behind that keeps the output open, and ends."""
# ruff: noqa
import os, time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(100000)
    os._exit(0)
os._exit(0)
