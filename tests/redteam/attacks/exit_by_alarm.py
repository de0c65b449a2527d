"""A timer ends the process with status 0 in the middle of a test."""
# ruff: noqa
import os, signal

signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
signal.setitimer(signal.ITIMER_REAL, 0.03)
