"""Stops itself and waits to be found."""
# ruff: noqa
import os, signal

os.kill(os.getpid(), signal.SIGSTOP)
