"""env.sh: what programs keep goes below the project folder, whatever the login shell says."""

import subprocess
import sys
from pathlib import Path

import pytest
from conftest import User
from slurm_cluster import ROOT

pytestmark = pytest.mark.slurm

KEEPS_THINGS = """
import tempfile
from pathlib import Path
from datasets import load_dataset
from huggingface_hub import constants
from repair_sandbox.verdict_cache import cache_folder
from verifiers.v1.utils.paths import CACHE_DIR

rows = Path(tempfile.mkdtemp()) / "rows.jsonl"
rows.write_text('{"a": 1}')
print(load_dataset("json", data_files=str(rows), split="train").cache_files[0]["filename"])
print(tempfile.mkstemp()[1], constants.HF_HUB_CACHE, constants.HF_ASSETS_CACHE, constants.HF_XET_CACHE, cache_folder(), CACHE_DIR, sep="\\n")
"""
ELSEWHERE = ("HF_HOME", "HF_DATASETS_CACHE", "XDG_CACHE_HOME", "XDG_DATA_HOME", "UV_CACHE_DIR", "TMPDIR", "TORCH_HOME", "TRITON_CACHE_DIR")
"""What a login shell may have set."""


def in_project(user: User, *command: str) -> list[str]:
    """Lines that a command prints in the jobs' environment."""
    environment = user.environment(**{name: str(user.home / name) for name in ELSEWHERE})
    done = subprocess.run(["bash", "examples/slurm/env.sh", *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_programs_keep_is_below_the_project_folder(user: User) -> None:
    kept = in_project(user, sys.executable, "-c", KEEPS_THINGS)
    kept += [line for what in ("cache", "python", "tool") for line in in_project(user, "uv", what, "dir")]
    assert len(kept) == 10
    assert [path for path in kept if not Path(path).is_relative_to(user.project)] == []
    assert Path(kept[0]).is_file()
    assert list(user.home.iterdir()) == []


def test_every_variable_that_names_a_place_names_one_of_ours(user: User) -> None:
    """But for the interpreter's environment, which stands where it was made."""
    variables = dict(line.split("=", 1) for line in in_project(user, "env") if "=" in line)
    theirs = ("PATH", "PWD", "OLDPWD", "UV_PROJECT_ENVIRONMENT", "_")
    places = {name: Path(value) for name, value in variables.items() if value.startswith("/") and name not in theirs}
    assert {*ELSEWHERE, "TORCHINDUCTOR_CACHE_DIR", "VLLM_CACHE_ROOT", "UV_PYTHON_INSTALL_DIR", "XDG_STATE_HOME"} <= places.keys()
    assert {name for name, place in places.items() if not place.is_relative_to(user.project)} == {
        *("REPAIR_NODE_DIR", "XDG_RUNTIME_DIR", "VLLM_RPC_BASE_PATH", "CONTAINERS_STORAGE_CONF"),
    }
    assert Path(variables["XDG_RUNTIME_DIR"]).stat().st_mode & 0o777 == 0o700
