"""`swe-bench-diff` through verifiers' own commands, on the bundled corpus and a scripted endpoint."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from repair_cli.demo import prepared_answers, read_rollouts
from repair_cli.scripted_endpoint import RequestError, ScriptedEndpoint
from repair_cli.scripted_policy import KINDS, playback
from swe_bench_diff import RUBRIC

sys.path.insert(0, str(Path(__file__).parent))
from vf_commands import MODEL, command, eval_arguments, run, traces

ENV = "swe-bench-diff"


@pytest.mark.server
def test_eval_scores_every_kind_of_answer_and_replay_agrees(tmp_path: Path) -> None:
    answers = prepared_answers()
    with ScriptedEndpoint(playback(answers), model=MODEL) as url:
        run(tmp_path, *eval_arguments(ENV, url, "-r", str(len(KINDS))))
    rollouts = read_rollouts(tmp_path / "outputs/run/traces.jsonl", {a.instance_id: a for a in answers.values()})
    assert len(rollouts) == len(answers) * len(KINDS)
    for rollout in rollouts:
        where = (rollout.instance_id, rollout.kind, rollout.rewards)
        if rollout.kind == "gold":
            assert rollout.rewards == {"format": 1.0, "similarity": 1.0, "quality": 1.0}, where
        elif rollout.kind == "malformed":
            assert rollout.rewards["similarity"] == 1.0, where
            assert 0 < rollout.rewards["format"] < 0.5, where
        elif rollout.kind == "no-op":
            assert rollout.rewards == {"format": 1.0, "similarity": 0.0, "quality": 0.0}, where
        elif rollout.kind == "prose":
            assert rollout.total == 0.0, where
        elif rollout.kind == "different":
            assert 0 < rollout.rewards["similarity"] < 1.0, where
        else:
            assert rollout.rewards["similarity"] < 1.0, where
    run(tmp_path, "vf-replay", "outputs/run", "--no-rich", "--output-dir", "replayed")
    recorded = {trace["id"]: trace["rewards"] for trace in traces(tmp_path / "outputs/run/traces.jsonl")}
    assert {trace["id"]: trace["rewards"] for trace in traces(tmp_path / "replayed/traces.jsonl")} == recorded


@pytest.mark.server
def test_a_run_whose_endpoint_failed_is_completed_by_resume(tmp_path: Path) -> None:
    answers = prepared_answers()
    played = playback(answers)
    refused: list[str] = []

    def fails_for_half(messages: list[dict[str, Any]]) -> str:
        prompt = str(messages[-1]["content"])
        if len(prompt) % 2 and prompt not in refused:
            refused.append(prompt)
            raise RequestError("not now")
        return played(messages)

    with ScriptedEndpoint(fails_for_half, model=MODEL) as url:
        run(tmp_path, *eval_arguments(ENV, url))
        first = traces(tmp_path / "outputs/run/traces.jsonl")
        failed = [trace for trace in first if trace["errors"]]
        assert len(failed) == len(refused) > 0
        assert all(not trace["rewards"] for trace in failed)
        run(tmp_path, "vf-eval", "@", "outputs/run/configs/resolved/eval.json", "--resume")
    second = traces(tmp_path / "outputs/run/traces.jsonl")
    assert len(second) == len(answers)
    assert not [trace for trace in second if trace["errors"]]
    kept = {trace["id"] for trace in first if not trace["errors"]}
    assert kept < {trace["id"] for trace in second}


@pytest.mark.server
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_an_interrupted_run_keeps_what_it_scored(tmp_path: Path, how: signal.Signals) -> None:
    answers = prepared_answers()
    with ScriptedEndpoint(playback(answers), model=MODEL, latency_s=0.5) as url:
        arguments = command(*eval_arguments(ENV, url, "-r", "2", "-c", "2"))
        process = subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        stream = tmp_path / "outputs/run/traces.jsonl"
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not (stream.exists() and stream.read_bytes().count(b"\n") >= 3):
            time.sleep(0.1)
        os.kill(process.pid, how)
        process.wait(60)
        kept = {trace["id"] for trace in traces(stream)}
        run(tmp_path, "vf-eval", "@", "outputs/run/configs/resolved/eval.json", "--resume", "--max-concurrent", "2")
    final = traces(stream)
    asked = Counter(trace["task"]["data"]["id"] for trace in final)
    assert asked == {answer.instance_id: 2 for answer in answers.values()}
    assert len({trace["id"] for trace in final}) == len(final)
    assert not [trace for trace in final if trace["errors"] or not trace["rewards"]]
    assert 0 < len(kept) < len(final)
    assert kept <= {trace["id"] for trace in final}


@pytest.mark.server
def test_weights_can_be_changed_from_the_command_line(tmp_path: Path) -> None:
    answers = prepared_answers(1)
    weights = json.dumps({"format": {"weight": 0.0}, "similarity": {"weight": 1.0}, "quality": {"weight": 0.0}})
    with ScriptedEndpoint(playback(answers), model=MODEL) as url:
        run(tmp_path, *eval_arguments(ENV, url, "-n", "1", "--env.taskset.task.rewards", weights))
    (trace,) = traces(tmp_path / "outputs/run/traces.jsonl")
    assert {name: part["weight"] for name, part in trace["rewards"].items()} == {"format": 0.0, "similarity": 1.0, "quality": 0.0}


BAD_RUNS = [
    (("--env.taskset.task.rewards", '{"similarity": {"weight": 0.5}}'), "weights must be at least 0 and sum to 1"),
    (("--env.taskset.task.rewards", '{"likeness": {"weight": 0.5}}'), "no reward 'likeness' to re-weight"),
    (("--env.taskset.context", "half"), "Input should be 'oracle' or 'window'"),
]


@pytest.mark.parametrize(("flags", "message"), BAD_RUNS, ids=["weights", "unknown reward", "context"])
def test_a_bad_flag_is_refused_before_the_run(tmp_path: Path, flags: tuple[str, ...], message: str) -> None:
    done = run(tmp_path, *eval_arguments(ENV, "http://127.0.0.1:9/v1", *flags), check=False)
    said = " ".join((done.stdout + done.stderr).replace("│", " ").split())
    assert done.returncode != 0
    assert message in said
    assert "Traceback" not in said
    assert not (tmp_path / "outputs/run/traces.jsonl").exists()


@pytest.mark.parametrize("edit_format", ["search_replace", "unified_diff"])
def test_validate_passes_on_the_bundled_corpus(tmp_path: Path, edit_format: str) -> None:
    arguments = ("--taskset.edit-format", edit_format, "--runtime.type", "subprocess", "--no-rich", "-o", "out", "--run.dir", "val")
    run(tmp_path, "vf-validate", "swe-bench-diff", *arguments)
    check_validation(tmp_path / "out/val", len(prepared_answers()))


@pytest.mark.shared_data
@pytest.mark.parametrize("split", [("lite_test", 300), ("lite_dev", 23)], ids=["test", "dev"])
def test_validate_passes_on_swe_bench_lite(tmp_path: Path, shared_data: Path, split: tuple[str, int]) -> None:
    name, rows = split
    dataset = ("--taskset.dataset", str(shared_data / f"swe_bench/{name}.jsonl"), "--taskset.context", "window")
    run(tmp_path, "vf-validate", "swe-bench-diff", *dataset, "--runtime.type", "subprocess", "--no-rich", "-o", "out", "--run.dir", "val")
    check_validation(tmp_path / "out/val", rows)


def check_validation(folder: Path, tasks: int) -> None:
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert len(rows) == tasks
    assert [row["name"] for row in rows if row["gold"]["valid"] is not True] == []
    assert {row["noop"]["reward"] for row in rows} == {0.0}


def test_weights_sum_to_one_and_match_the_rubric() -> None:
    assert sum(reward.weight for reward in RUBRIC.rewards) == pytest.approx(1.0)
    methods = {fn.__name__: fn._vf_weight for fn in next(iter(taskset())).hooks("reward")}
    assert methods == {reward.name: reward.weight for reward in RUBRIC.rewards}


def taskset(**options: Any) -> vf.Taskset:
    return vf.load_taskset(vf.taskset_config_type("swe-bench-diff")(id="swe-bench-diff", **options))


def test_gold_is_not_in_the_prompt() -> None:
    for task in taskset():
        added = [line[1:].strip() for line in task.data.gold_patch.splitlines() if line.startswith("+") and not line.startswith("+++")]
        shown = task.data.prompt
        assert task.data.gold_patch not in shown
        assert any(line not in shown for line in added if line), task.data.id


def test_tasks_survive_the_wire() -> None:
    for task in list(taskset())[:3]:
        data = type(task.data).model_validate_json(task.data.model_dump_json())
        assert data == task.data
        assert task.key == task.data.id
