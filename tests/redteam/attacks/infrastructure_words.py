"""Says what a broken engine says and dies as if it were one."""
# ruff: noqa
import os, sys

for stream in (1, 2):
    os.write(stream, b"Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?\n")
    os.write(stream, b"Error response from daemon: no space left on device\nKilled\nOOMKilled\nexit status 137\n")
os._exit(125)
