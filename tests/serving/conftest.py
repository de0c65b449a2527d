"""The server that all serving tests share."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "eval"))
sys.path.insert(0, str(Path(__file__).parents[1] / "environments"))
sys.path.insert(0, str(Path(__file__).parent))
from vllm_server import Server, vllm_server

PYTHON = "REPAIR_VLLM_PYTHON"


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A real vLLM server with the tiny model, up for the whole session."""
    python = os.environ.get(PYTHON)
    if not python:
        pytest.skip(f"{PYTHON} does not name the Python of an environment with vLLM (README of examples/eval)")
    with vllm_server(python, tmp_path_factory.mktemp("vllm")) as server:
        yield server
