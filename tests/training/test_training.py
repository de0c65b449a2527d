"""Real GRPO by TRL on a model made here: rewards of the environment reach it, failures of ours do not, and a run that stopped goes on."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bugs import write
from policy import Conversation
from run_file import RunFile, RunFileError, check_trainer

pytest.importorskip("trl", reason="needs the extra `train`: uv sync --extra train")
from rollouts import usable

pytestmark = [pytest.mark.train, pytest.mark.timeout(600)]

GRPO = Path(__file__).parents[2] / "examples" / "grpo"
GROUP, ROLLOUTS = 4, 16
WARM_STEPS = 40
"""Enough for some answers in the format asked for."""
SETTINGS = {
    "learning_rate": 1e-4,
    "per_device_train_batch_size": ROLLOUTS,
    "num_generations": GROUP,
    "max_completion_length": 32,
    "beta": 0.0,
    "save_steps": 2,
    "seed": 0,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from warm_start import warm_start

    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("model")
    warm_start(folder, seed=0, steps=WARM_STEPS)
    return folder


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    write(path, 32, held_out=False)
    return path


def started(out: Path, model: Path, rows: Path, *flags: str, env_id: str = "swe-bench-diff", rollouts: str = "", more: str = "", **grpo: Any) -> Any:
    """`train.py` to its end, on one thread."""
    lines = [f'model = "{model}"', f'output_dir = "{out}"', "[rollouts]", rollouts, "[env.taskset]", f'id = "{env_id}"', f'dataset = "{rows}"']
    lines += [more, "[grpo]", *(f"{name} = {json.dumps(value)}" for name, value in {**SETTINGS, **grpo}.items())]
    out.parent.mkdir(exist_ok=True)
    run_file = out.with_suffix(".toml")
    run_file.write_text("\n".join(lines))
    command = [sys.executable, str(GRPO / "train.py"), str(run_file), *flags]
    return subprocess.run(command, capture_output=True, text=True, timeout=500, check=False, env=environment())


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}


def logged(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rewards_reach_the_model_and_a_stopped_run_goes_on(tmp_path: Path, model: Path, rows: Path) -> None:
    out = tmp_path / "run"
    ended = started(out, model, rows, max_steps=2)
    assert ended.returncode == 0, ended.stderr[-2000:]
    first = logged(out / "rollouts.jsonl")
    assert [(one["step"], one["error"]) for one in first] == [(0, None)] * ROLLOUTS + [(1, None)] * ROLLOUTS
    assert len({one["reward"] for one in first}) > 1
    for one in first:
        assert one["reward"] == pytest.approx(0.1 * one["rewards"]["format"] + 0.8 * one["rewards"]["similarity"] + 0.1 * one["rewards"]["quality"])
    steps = [one for one in logged(out / "log.jsonl") if "reward" in one]
    for step, of_step in ((steps[0], first[:ROLLOUTS]), (steps[1], first[ROLLOUTS:])):
        assert step["reward"] == pytest.approx(sum(one["reward"] for one in of_step) / ROLLOUTS, abs=1e-4)
        assert step["rewards/similarity"] == pytest.approx(sum(one["rewards"]["similarity"] for one in of_step) / ROLLOUTS, abs=1e-4)
        assert (step["rollouts/failed"], step["grad_norm"] > 0) == (0, True)
        groups = [{one["reward"] for one in of_step if one["task"] == task} for task in {one["task"] for one in of_step}]
        assert step["rollouts/no_variance"] == sum(len(rewards) == 1 for rewards in groups) / (ROLLOUTS / GROUP)
    assert (model / "model.safetensors").read_bytes() != (out / "final" / "model.safetensors").read_bytes()

    assert "holds checkpoints" in started(out, model, rows, max_steps=4).stderr
    ended = started(out, model, rows, "--resume", max_steps=4)
    assert ended.returncode == 0, ended.stderr[-2000:]
    assert logged(out / "rollouts.jsonl")[: 2 * ROLLOUTS] == first
    assert [one["step"] for one in logged(out / "rollouts.jsonl")] == [step for step in range(4) for _ in range(ROLLOUTS)]
    assert [one["step"] for one in logged(out / "log.jsonl") if "reward" in one] == [1, 2, 3, 4]


def test_lora_trains_an_adapter_alone_and_goes_on(tmp_path: Path, model: Path, rows: Path) -> None:
    """Replies are generated in two calls a step, the first half scored while the second is written; after step 2 the model is evaluated and saved.
    The run ends again while it writes a checkpoint and a rollout: neither counts."""
    from safetensors.torch import load_file

    out, base = tmp_path / "run", (model / "model.safetensors").read_bytes()
    evaluation = {"eval_strategy": "steps", "eval_steps": 2, "per_device_eval_batch_size": 32, "num_generations_eval": 1}
    lora = '[lora]\nr = 4\ntarget_modules = ["q_proj", "v_proj"]'
    more = f'[eval_env.taskset]\nid = "swe-bench-diff"\ndataset = "{rows}"\n{lora}'
    for flags, steps in (((), 2), (("--resume",), 3)):
        ended = started(out, model, rows, *flags, max_steps=steps, rollouts=f"generate_at_once = {ROLLOUTS // 2}", more=more, **evaluation)
        assert ended.returncode == 0, ended.stderr[-2000:]
        found = logged(out / "rollouts.jsonl")
        trained = [(one["step"], one["error"]) for one in found if one["kind"] == "train"]
        assert trained == [(step, None) for step in range(steps) for _ in range(ROLLOUTS)]
        assert len({one["task"] for one in found if (one["kind"], one["step"]) == ("eval", 2)}) == 32
        assert [one["step"] for one in logged(out / "log.jsonl") if "eval_reward" in one] == [2, 3][: steps - 1]  # the last step is evaluated too
        (out / "checkpoint-9").mkdir(exist_ok=True)
        with (out / "rollouts.jsonl").open("a") as log:
            log.write('{"step": 9, "kind": "tr')
        adapter = load_file(out / "final" / "adapter_model.safetensors")
        assert {name.rsplit(".", 3)[1] for name in adapter} == {"q_proj", "v_proj"}
        assert all(weights.any() for name, weights in adapter.items() if "lora_B" in name)  # zero before training
    assert not (out / "final" / "model.safetensors").exists()
    assert (model / "model.safetensors").read_bytes() == base


@pytest.mark.parametrize(
    ("record", "mask", "credit"),
    [
        pytest.param({"error": None}, [1, 0, 1], [1, 0, 1], id="scored"),
        pytest.param({"error": "SandboxError: the engine is down"}, [1, 0, 1], [0], id="failed for a reason of ours"),
        pytest.param({"error": None}, [0, 0, 0], [0], id="nothing of the model's"),
    ],
)
def test_what_is_not_to_be_trained_on_is_masked(record: dict[str, Any], mask: list[int], credit: list[int]) -> None:
    conversation = Conversation(text="", ids=[5, 6, 7, 8, 9], mask=mask, logprobs=[0.0] * 3)
    kept = usable({"trace": "a", **record}, {"a": conversation}, end_id=2)
    assert kept.mask == credit
    assert kept.prompt_length > 0
    assert usable({"trace": "b", "error": None}, {"a": conversation}, end_id=2).mask == [0]


def test_a_dataset_that_is_not_there_is_refused(tmp_path: Path, model: Path) -> None:
    ended = started(tmp_path / "run", model, tmp_path / "no-rows.jsonl", max_steps=1)
    assert ended.returncode == 1
    assert "env.taskset: " in ended.stderr.splitlines()[-1]
    assert "no-rows.jsonl" in ended.stderr.splitlines()[-1]
    assert "Traceback" not in ended.stderr


UNRELIABLE = """
async def unreliable(task, trace):
    if task.id in {ids}:
        raise OSError("the engine is down")
    return 0.0
"""


def test_failures_of_ours_are_masked_and_not_scored(tmp_path: Path, model: Path, rows: Path) -> None:
    """Scoring fails for half of the tasks: their rollouts have no reward, and count for nothing."""
    ids = [json.loads(line)["instance_id"] for line in rows.read_text().splitlines()][::2]
    (tmp_path / "unreliable.py").write_text(UNRELIABLE.format(ids=ids))
    plugged = f'[env.taskset.task.rewards.unreliable]\nfn = "{tmp_path}/unreliable.py:unreliable"\nweight = 0.0'
    ended = started(tmp_path / "run", model, rows, rollouts="max_failed = 1.0", more=plugged, max_steps=3)
    assert ended.returncode == 0, ended.stderr[-2000:]
    found = logged(tmp_path / "run" / "rollouts.jsonl")
    spoiled = set(ids)
    assert {one["task"].split()[-1] in spoiled for one in found} == {True, False}
    for one in found:
        assert (one["error"] is not None, one["reward"] is None) == (one["task"].split()[-1] in spoiled, one["task"].split()[-1] in spoiled)
    for step in (one for one in logged(tmp_path / "run" / "log.jsonl") if "reward" in one):
        of_step = [one for one in found if one["step"] == step["step"] - 1]
        scored = [one["reward"] for one in of_step if one["error"] is None]
        assert step["rollouts/failed"] == pytest.approx(1 - len(scored) / ROLLOUTS)
        if scored:
            assert step["reward"] == pytest.approx(sum(scored) / len(scored), abs=1e-4)
        else:
            assert (step["reward"], step["grad_norm"]) == (None, 0)


def test_an_outage_ends_training_with_one_line(tmp_path: Path, model: Path, rows: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    ended = started(tmp_path / "run", model, rows, env_id="swe-bench-tests", max_steps=2)
    last = ended.stderr.strip().splitlines()[-2:]
    assert ended.returncode == 1
    assert "rollouts failed, the first with" in last[0]
    assert last[1] == "Mend that and go on with --resume."


@pytest.mark.parametrize(
    ("grpo", "said"),
    [
        pytest.param({"use_vllm": True}, "grpo.use_vllm: needs a GPU", id="no GPU"),
        pytest.param({"lerning_rate": 1e-5}, "did you mean learning_rate?", id="typo"),
        pytest.param({"num_generations": 5}, "grpo: ", id="does not divide"),
    ],
)
def test_wrong_settings_are_refused_before_a_model_loads(
    tmp_path: Path, grpo: dict[str, Any], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    run = RunFile(model="no-model", output_dir=tmp_path, env={"taskset": {"id": "swe-bench-diff"}}, grpo={**SETTINGS, **grpo})
    with pytest.raises(RunFileError) as refused:
        check_trainer(run)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path, rows: Path) -> None:
    ended = started(tmp_path / "run", tmp_path / "no-model", rows, max_steps=1)
    assert ended.returncode == 1
    assert f"model {tmp_path / 'no-model'}: neither the folder of a checkpoint nor a model that the hub gives" in ended.stderr
