"""Takes all the memory there is."""
# ruff: noqa
hoard = []
while True:
    hoard.append(bytearray(b"x" * 16_000_000))
