"""preflight.sh names what is missing, one line each with what to do, and fails; so does the job that runs it."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from conftest import User
from repair_cli.scripted_endpoint import ScriptedEndpoint
from slurm_cluster import ROOT, Cluster
from vf_commands import MODEL

pytestmark = pytest.mark.slurm

SCRIPTS = ROOT / "examples/slurm"
TESTS_CONFIG, DIFF_CONFIG = "examples/eval/swe-bench-tests.toml", "examples/eval/swe-bench-diff.toml"
NO_SERVER = "http://127.0.0.1:1/v1"


def preflight(environment: dict[str, str], *arguments: str) -> tuple[int, list[str]]:
    """Its exit code and what it says, but for what is in order."""
    command = ["bash", str(SCRIPTS / "preflight.sh"), *arguments]
    done = subprocess.run(command, env=environment, cwd="/", capture_output=True, text=True, check=False, timeout=300)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, [line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("ok ")]


def test_nothing_is_missing(user: User) -> None:
    assert preflight(user.environment()) == (0, [])


MISTAKES = {
    "no project folder named": ({"REPAIR_PROJECT_DIR": ""}, "", "REPAIR_PROJECT_DIR is not set: export it"),
    "relative": ({"REPAIR_PROJECT_DIR": "here"}, "", "REPAIR_PROJECT_DIR=here is relative: give the whole path"),
    "no such folder": ({"REPAIR_PROJECT_DIR": "/nowhere"}, "", "REPAIR_PROJECT_DIR=/nowhere is no folder on"),
    "read only": ({"REPAIR_PROJECT_DIR": "/proc"}, "", "MISSING  project folder: cannot write to REPAIR_PROJECT_DIR=/proc: create it"),
    "no room": ({"REPAIR_MINIMUM_FREE_GB": "1000000"}, "", "GB free, 1000000 are wanted: make room"),
    "long path": ({"SLURM_JOB_ID": "1" * 60}, "", "MISSING  short path: sockets below TMPDIR="),
    "no node folder": ({"REPAIR_NODE_DIR": "/proc/node"}, "", "MISSING  node folder: /proc/node is not a folder of yours: set REPAIR_NODE_DIR"),
    "no uv": ({"PATH": "/usr/bin:/bin"}, "", "MISSING  uv: not on PATH: install it"),
    "no environment": ({"UV_PROJECT_ENVIRONMENT": "/nowhere"}, "", "MISSING  environment: there is no /nowhere/bin/python: make it"),
    "another environment": ({"UV_PROJECT_ENVIRONMENT": sys.base_prefix}, "", "does not hold this project (ModuleNotFoundError: "),
    "no GPUs": ({}, "--gpus 99", "of 99: ask for them (sbatch --gpus-per-node=99"),
    "no vLLM": ({"REPAIR_VLLM_PYTHON": sys.executable}, "--vllm", f"MISSING  vLLM: REPAIR_VLLM_PYTHON={sys.executable} is no Python that has it"),
    "unknown flag": ({}, "--gpu 1", "preflight.sh: no flag --gpu; there are --gpus N"),
}


@pytest.mark.parametrize(("change", "flags", "said"), MISTAKES.values(), ids=MISTAKES)
def test_one_line_says_what_is_missing_and_what_to_do(user: User, change: dict[str, str], flags: str, said: str) -> None:
    code, lines = preflight(user.environment(**change), *flags.split())
    assert code != 0
    assert len(lines) == 1, lines
    assert said in lines[0]


@pytest.mark.server
def test_a_job_that_would_miss_something_fails_before_it_begins(slurm: Cluster, user: User) -> None:
    flags = ("--env.taskset.image-template", "nowhere.invalid/{instance_id}")
    job_id = slurm.submit("eval.sbatch", NO_SERVER, TESTS_CONFIG, *flags, **user.environment())
    job = slurm.wait(job_id)
    log = slurm.log(job_id)
    assert (job.state, job.exit_code) == ("FAILED", "1:0"), log
    assert f"MISSING  endpoint: no server names its models at {NO_SERVER}" in log
    assert "MISSING  images: 14 of 14: nowhere.invalid/corpus-py__" in log
    assert "and 9 more: put archives of them" in log
    assert not (user.project / "outputs").exists()


@pytest.mark.server
def test_the_wrong_model_and_no_engine(user: User) -> None:
    with ScriptedEndpoint(lambda messages: "", model=MODEL) as url, tempfile.TemporaryDirectory() as folder:
        engine = f"unix://{Path(folder, 'none.sock')}"
        code, lines = preflight(user.environment(DOCKER_HOST=engine), "@", TESTS_CONFIG, "--client.base-url", url)
    assert code == 1
    assert [line.split(":")[0] for line in lines] == ["MISSING  endpoint", "MISSING  engine"]
    assert f"{url} serves {MODEL}, not policy: name it with -m" in lines[0]
    assert f"no container engine answers at {engine}" in lines[1]


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        pytest.param("datasett", "x", "--env.taskset.datasett", id="typo"),
        pytest.param("dataset", "/nowhere.jsonl", "MISSING  dataset: swe-bench-diff cannot read /nowhere.jsonl: ", id="no dataset"),
    ],
)
def test_what_is_wrong_with_a_config(user: User, field: str, value: str, said: str) -> None:
    code, lines = preflight(user.environment(), "--no-endpoint", "@", DIFF_CONFIG, f"--env.taskset.{field}", value)
    assert code == 1
    assert len(lines) == 1, lines
    assert said in lines[0]
