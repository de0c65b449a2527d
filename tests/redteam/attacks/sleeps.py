"""Sleeps, deaf to signals."""
# ruff: noqa
import signal, time

for number in range(1, 32):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
time.sleep(100000)
