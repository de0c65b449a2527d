"""Fills what can be written to."""
# ruff: noqa
import os

block = b"x" * 1_000_000
for number in range(10000):
    for folder in ("/tmp", "/dev/shm", "/var/tmp", "."):
        try:
            with open(os.path.join(folder, f"fill{number}"), "wb") as sink:
                for _ in range(64):
                    sink.write(block)
        except OSError:
            pass
    if number > 20:
        break
