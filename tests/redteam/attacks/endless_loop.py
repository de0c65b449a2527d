"""Spins."""
# ruff: noqa
while True:
    pass
