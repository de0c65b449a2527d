"""Runs verifiers' and this project's commands as a user does, and reads what they leave."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError

BIN = Path(sys.executable).parent
MODEL = "scripted-policy"


def free_port() -> int:
    """A port of 127.0.0.1 on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def needs_image(reference: str) -> str:
    """The image's reference; skips the test where no engine has it."""
    try:
        present = images.local_image(Engine(patience_s=2), reference)
    except InfrastructureError as error:
        pytest.skip(str(error))
    if present is None:
        pytest.skip(f"there is no image {reference}: build it with `repair images build {reference.partition('/')[2].partition(':')[0]}`")
    return reference


def command(*arguments: str) -> list[str]:
    """A command line; its first word is a program of this environment."""
    return [str(BIN / arguments[0]), *arguments[1:]]


def run(folder: Path, *arguments: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in `folder`; unless `check` is off it has to succeed."""
    environ = {**os.environ, **environment}
    done = subprocess.run(command(*arguments), cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=1100)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def eval_arguments(env_id: str, url: str, *more: str) -> list[str]:
    """A vf-eval of the scripted model at `url` that writes to outputs/run."""
    endpoint = ("--client.base-url", url, "--client.api-key-var", "NONE", "-m", MODEL)
    return ["vf-eval", env_id, *endpoint, "--no-push", "--no-rich", "--run.dir", "run", "--run.name", "run", *more]


def traces(path: Path) -> list[dict[str, Any]]:
    """Every trace of a traces.jsonl."""
    return [trace for line in path.read_text().splitlines() for trace in json.loads(line)["traces"]]
