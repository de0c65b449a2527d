"""The job that trains, on a processor: stopped as near its time limit, it requeues itself and trains every step once."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import User
from slurm_cluster import Cluster

pytest.importorskip("trl", reason="needs the extra `train`: uv sync --extra train")
pytestmark = [pytest.mark.slurm, pytest.mark.train, pytest.mark.timeout(900)]

GRPO = Path(__file__).parents[2] / "examples" / "grpo"
sys.path.insert(0, str(GRPO / "tiny"))
STEPS, ROLLOUTS, WARM_STEPS = 8, 8, 20

RUN_FILE = """
model = "{model}"
output_dir = "{out}"
[env.taskset]
id = "swe-bench-diff"
dataset = "{rows}"
[grpo]
max_steps = {steps}
per_device_train_batch_size = {rollouts}
num_generations = 4
max_completion_length = 24
save_steps = 1
"""


def test_a_training_job_that_was_stopped_trains_every_step_once(slurm: Cluster, user: User, tmp_path: Path) -> None:
    import torch
    from bugs import write
    from warm_start import warm_start

    torch.set_num_threads(1)
    warm_start(tmp_path / "model", seed=0, steps=WARM_STEPS)
    write(tmp_path / "rows.jsonl", 16, held_out=False)
    out = user.project / "trained"
    run_file = tmp_path / "run.toml"
    values = {"model": tmp_path / "model", "out": out, "rows": tmp_path / "rows.jsonl", "steps": STEPS, "rollouts": ROLLOUTS}
    run_file.write_text(RUN_FILE.format(**values))

    job_id = slurm.submit("grpo.sbatch", str(run_file), **user.environment(OMP_NUM_THREADS="1", HF_HUB_OFFLINE="1"))
    slurm.wait_for(lambda: len(list(out.glob("checkpoint-*"))) >= 2, job_id)
    slurm.command("scancel", "--batch", "--signal=USR1", job_id)
    job = slurm.wait(job_id, restarts=1)
    log = slurm.log(job_id)
    assert (job.state, job.exit_code) == ("COMPLETED", "0:0"), log
    assert [line["step"] for line in lines(out / "log.jsonl") if "reward" in line] == list(range(1, STEPS + 1)), log
    assert [line["step"] for line in lines(out / "rollouts.jsonl")] == [step for step in range(STEPS) for _ in range(ROLLOUTS)]
    assert (out / "final" / "model.safetensors").is_file()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]
