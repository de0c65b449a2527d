"""`swe-bench-tests` through verifiers' own commands, on the bundled Python tasks, a scripted endpoint and the real container engine."""

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from repair_cli.demo import prepared_answers
from repair_cli.score import score_answer
from repair_cli.scripted_endpoint import ScriptedEndpoint
from repair_cli.scripted_policy import KINDS, playback
from repair_corpus import PYTHON_IMAGE, corpus_rows, corpus_tasks
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.reaper import OWNER
from repair_tasks.grading import Question
from repair_tasks.manifest import Manifest
from swe_bench_tests import RUBRIC
from swe_bench_tests.grading import SweBenchCase

sys.path.insert(0, str(Path(__file__).parent))
from vf_commands import MODEL, command, eval_arguments, needs_image, run, traces

ENV = "swe-bench-tests"
PYTHON_TASKS = [task for task in corpus_tasks() if task.metadata["language"] == "python"]
EVALUATED = PYTHON_TASKS[:4]
GROUP = 8

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module", autouse=True)
def image() -> str:
    """The image that the bundled tasks run in."""
    return needs_image(PYTHON_IMAGE)


@pytest.fixture(scope="module", autouse=True)
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Verdicts of this file's tests alone, shared among them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def taskset(**options: Any) -> vf.Taskset:
    return vf.load_taskset(vf.taskset_config_type("swe-bench-tests")(id="swe-bench-tests", **options))


def reply_of(trace: dict[str, Any]) -> str:
    return str(next(node["message"]["content"] for node in trace["nodes"] if node["sampled"])).strip()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which vf-eval scored eight answers to each of some bundled tasks, sixteen rollouts at once."""
    folder = tmp_path_factory.mktemp("eval")
    with ScriptedEndpoint(playback(prepared_answers(len(EVALUATED))), model=MODEL) as url:
        run(folder, *eval_arguments(ENV, url, "-n", str(len(EVALUATED)), "-r", str(GROUP), "-c", "16"))
    return folder


@pytest.mark.server
def test_every_kind_of_answer_gets_what_its_tests_say(evaluated: Path) -> None:
    answers = {a.instance_id: a for a in prepared_answers(len(EVALUATED)).values()}
    seen: dict[str, list[str]] = defaultdict(list)
    for trace in traces(evaluated / "outputs/run/traces.jsonl"):
        instance = trace["task"]["data"]["id"]
        assert trace["errors"] == [], instance
        kind = {text.strip(): kind for kind, text in answers[instance].by_kind.items()}[reply_of(trace)]
        seen[instance].append(kind)
        scores = {name: part["score"] for name, part in trace["rewards"].items()}
        report = trace["info"]["repair"]
        where = (instance, kind, report)
        if kind in ("gold", "different", "malformed"):
            assert report["outcome"] == "resolved", where
            assert (scores["resolved"], scores["fail_to_pass"], scores["pass_to_pass"]) == (1.0, 1.0, 1.0), where
        elif kind == "partial":
            assert (report["outcome"], scores["resolved"]) == ("tests_failed", 0.0), where
            assert report["failing"], where
        else:  # a line that a no-op quotes may stand in several places
            assert report["outcome"] in (("no_patch", "apply_failed") if kind == "no-op" else ("no_patch",)), where
            assert (scores["resolved"], scores["fail_to_pass"], scores["pass_to_pass"]) == (0.0, 0.0, 0.0), where
        assert sum(part["score"] * part["weight"] for part in trace["rewards"].values()) == scores["resolved"], where
        if report["outcome"] in ("resolved", "tests_failed"):
            assert trace["metrics"]["applied"] == 1.0, where
            assert trace["metrics"]["tests_s"] > 0, where
            assert report["image_digest"].startswith("sha256:"), where
    assert set(seen) == {task.instance_id for task in EVALUATED}
    for kinds in seen.values():
        assert sorted(kinds) == sorted([*KINDS, *KINDS[: GROUP - len(KINDS)]])


@pytest.mark.server
def test_equal_patches_of_a_group_share_one_test_run(evaluated: Path) -> None:
    runs: dict[tuple[str, str], set[str]] = defaultdict(set)
    for trace in traces(evaluated / "outputs/run/traces.jsonl"):
        if trace["metrics"]["applied"]:
            runs[trace["task"]["data"]["id"], reply_of(trace)].add(json.dumps(trace["info"]["repair"]["stages_s"], sort_keys=True))
    assert len(runs) == 4 * len(EVALUATED)
    assert all(len(measured) == 1 for measured in runs.values())


@pytest.mark.server
def test_replay_gives_the_same_rewards_without_running_a_test(evaluated: Path) -> None:
    run(evaluated, "vf-replay", "outputs/run", "--no-rich", "--output-dir", "replayed")
    recorded = {trace["id"]: trace["rewards"] for trace in traces(evaluated / "outputs/run/traces.jsonl")}
    replayed = traces(evaluated / "replayed/traces.jsonl")
    assert {trace["id"]: trace["rewards"] for trace in replayed} == recorded
    assert all(trace["info"]["repair"]["cached"] for trace in replayed if trace["metrics"]["applied"])


def test_validate_passes_on_every_bundled_python_task(tmp_path: Path) -> None:
    run(tmp_path, "vf-validate", "swe-bench-tests", "--runtime.type", "subprocess", "--no-rich", "-o", "out", "--run.dir", "val")
    rows = [json.loads(line) for line in (tmp_path / "out/val/results.jsonl").read_text().splitlines()]
    assert [row["name"] for row in rows] == [task.instance_id for task in PYTHON_TASKS] or len(rows) == len(PYTHON_TASKS)
    assert [row["name"] for row in rows if row["gold"]["valid"] is not True] == []
    assert {row["noop"]["reward"] for row in rows} == {0.0}


@pytest.mark.parametrize("task", PYTHON_TASKS, ids=lambda task: task.instance_id)
def test_a_wrong_answer_is_not_resolved(task: Any) -> None:
    (loaded,) = (one for one in taskset() if one.data.id == task.instance_id)
    result = asyncio.run(score_answer(loaded, task.answer("wrong")))
    assert (result["outcome"], result["reward"]) == ("tests_failed", 0.0), result


@pytest.mark.server
def test_without_an_engine_no_model_is_asked_and_no_rollout_scores_0(tmp_path: Path) -> None:
    with ScriptedEndpoint(endpoint := playback(prepared_answers(1)), model=MODEL) as url:
        assert endpoint
        run(tmp_path, *eval_arguments(ENV, url, "-n", "1", "-r", "2"), DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    for trace in traces(tmp_path / "outputs/run/traces.jsonl"):
        assert trace["rewards"] == {}
        assert "no container engine answers" in trace["errors"][-1]["message"]
        assert [node for node in trace["nodes"] if node["sampled"]] == []


def test_scoring_without_an_engine_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "p.diff").write_text(PYTHON_TASKS[0].gold_patch)
    arguments = ("score", "swe-bench-tests", "--instance", PYTHON_TASKS[0].instance_id, "--patch", "p.diff")
    done = run(tmp_path, "repair", *arguments, check=False, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 1
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("repair score:"))
    assert "no container engine answers" in line
    assert "Traceback" not in done.stderr


@pytest.mark.server
def test_a_scoring_time_out_is_an_error_and_no_0(tmp_path: Path) -> None:
    with ScriptedEndpoint(playback(prepared_answers(1)), model=MODEL) as url:
        arguments = eval_arguments(ENV, url, "-n", "1", "-r", "1", "--env.agent.timeout.scoring", "0.5", "--env.taskset.task.fresh", "true")
        run(tmp_path, *arguments)
    (trace,) = traces(tmp_path / "outputs/run/traces.jsonl")
    assert "no verdict within 0.45 s" in trace["errors"][-1]["message"]
    assert "--env.agent.timeout.scoring" in trace["errors"][-1]["message"]
    assert all(part is None for part in trace["rewards"].values())


def test_a_missing_image_is_an_error_and_no_0() -> None:
    task = next(iter(taskset(image_template="repair-envs/no-such-image:1")))
    with pytest.raises(InfrastructureError, match="repair-envs/no-such-image:1"):
        asyncio.run(score_answer(task, task.gold_reply))


def one_row(path: Path, **columns: Any) -> Path:
    """A file with the first bundled task as a row of one's own."""
    path.write_text(json.dumps({**next(iter(corpus_rows())), "instance_id": f"own-{path.stem}", **columns}) + "\n")
    return path


def scored(path: Path, answer: str, **options: Any) -> dict[str, Any]:
    (task,) = taskset(dataset=str(path), **options)
    return asyncio.run(score_answer(task, answer))


def test_a_command_of_ones_own_is_judged_by_its_output(tmp_path: Path) -> None:
    path = one_row(tmp_path / "log.jsonl", test_command="python3 -m pytest -rA | cat", log_parser="parse_log_pytest")
    assert scored(path, PYTHON_TASKS[0].gold_patch)["outcome"] == "resolved"
    wrong = scored(path, PYTHON_TASKS[0].answer("wrong"))
    assert wrong["outcome"] == "tests_failed"
    assert wrong["failing"]


def test_limits_of_a_run_are_the_flags(tmp_path: Path) -> None:
    path = one_row(tmp_path / "slow.jsonl", test_command="sleep 60 && pytest -rA", log_parser="parse_log_pytest")
    started = time.monotonic()
    result = scored(path, PYTHON_TASKS[0].gold_patch, task={"tests_s": 2.0})
    assert result["outcome"] == "test_timeout"
    assert result["reward"] == 0.0
    assert time.monotonic() - started < 60


def containers_of(pid: int) -> list[Any]:
    found = Engine().call("list", lambda client: client.containers(all=True, filters={"label": OWNER}))
    return [container for container in found if container["Labels"][OWNER].split(":")[2] == str(pid)]


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupted_scoring_ends_at_once_and_leaves_nothing_running(tmp_path: Path, name: str) -> None:
    path = one_row(tmp_path / "endless.jsonl", test_command="sleep 500 && pytest -rA", log_parser="parse_log_pytest")
    (tmp_path / "p.diff").write_text(PYTHON_TASKS[0].gold_patch)
    flags = ("--env.taskset.dataset", str(path), "--instance", "own-endless", "--patch", str(tmp_path / "p.diff"))
    process = subprocess.Popen(command("repair", "score", ENV, *flags), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while not containers_of(process.pid) and time.monotonic() < end:
            time.sleep(0.2)
        assert containers_of(process.pid)
        process.send_signal(getattr(signal, name))
        assert process.wait(30) != 0
    finally:
        process.kill()
    end = time.monotonic() + 20  # the engine may still be at it
    while [one for one in containers_of(process.pid) if one["State"] == "running"] and time.monotonic() < end:
        time.sleep(0.2)
    # One that was in the making ends by itself, and is removed by whoever reaps next.
    assert [one for one in containers_of(process.pid) if one["State"] == "running"] == []
    run(tmp_path, "repair", "sandbox", "reap")
    assert containers_of(process.pid) == []


def test_a_patch_of_tests_alone_is_refused_and_named() -> None:
    task = next(iter(taskset()))
    result = asyncio.run(score_answer(task, "--- /dev/null\n+++ b/tests/conftest.py\n@@ -0,0 +1 @@\n+import sys\n"))
    assert result["outcome"] == "patch_rejected"
    assert result["stripped"] == ["tests/conftest.py"]
    assert result["reward"] == 0.0


def test_shares_that_are_rewarded_are_exact() -> None:
    answer, instance = PYTHON_TASKS[0].answer("partial"), PYTHON_TASKS[0].instance_id
    weights = {"resolved": {"weight": 0.5}, "fail_to_pass": {"weight": 0.3}, "pass_to_pass": {"weight": 0.2}}
    (whole,) = (task for task in taskset(task={"rewards": weights}) if task.data.id == instance)
    (brief,) = (task for task in taskset() if task.data.id == instance)
    all_tests = len(PYTHON_TASKS[0].metadata["fail_to_pass"]) + len(PYTHON_TASKS[0].metadata["pass_to_pass"])
    result = asyncio.run(score_answer(whole, answer))
    assert result["metrics"]["tests_run"] == all_tests
    assert result["reward"] == pytest.approx(sum(part["score"] * part["weight"] for part in result["rewards"].values()))
    assert asyncio.run(score_answer(brief, answer))["metrics"]["tests_run"] < all_tests


def test_weights_match_the_rubric() -> None:
    assert sum(reward.weight for reward in RUBRIC.rewards) == 1.0
    methods = {fn.__name__: fn._vf_weight for fn in next(iter(taskset())).hooks("reward")}
    assert methods == {reward.name: reward.weight for reward in RUBRIC.rewards}


def test_gold_and_tests_are_not_in_the_prompt() -> None:
    for task in taskset():
        assert task.data.gold_patch not in task.data.prompt
        added = [line[1:].strip() for line in task.data.tests.test_patch.splitlines() if line.startswith("+")]
        hidden = [line for line in added if line.startswith("def ")]
        assert not [line for line in hidden if line in task.data.prompt], task.data.id
        assert task.data.image is None


def test_tasks_survive_the_wire() -> None:
    for task in list(taskset())[:3]:
        data = type(task.data).model_validate_json(task.data.model_dump_json())
        assert data == task.data
        case = SweBenchCase(task.key, "p", task._fields, data.tests)
        assert hash(Question("r", case, task.config.limits)) == hash(Question("r", case, task.config.limits))


def test_validate_writes_a_manifest_that_the_environment_honours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    sound, broken = PYTHON_TASKS[:2]
    imageless = {**sound.row(), "instance_id": "own__blind-1", "image": "no-such/image:1"}
    rows = [sound.row(), {**broken.row(), "patch": broken.answer("wrong")}, imageless]
    dataset = tmp_path / "rows.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in rows))
    arguments = ("repair", "validate", "swe-bench-tests", "--env.taskset.dataset", str(dataset), "--runs", "2", "--manifest", "m.json")
    done = run(tmp_path, *arguments, check=False)
    assert done.returncode == 1, done.stderr
    assert "1 pass, 1 fail, 0 flaky, 1 error" in done.stdout
    manifest = Manifest.read(tmp_path / "m.json")
    assert set(manifest.quarantine) == {broken.instance_id, "own__blind-1"}
    assert manifest.quarantine[broken.instance_id].startswith("fail: the human fix: tests_failed in 2 of 2 runs")
    assert "no-such/image:1" in manifest.quarantine["own__blind-1"]
    record = manifest.tasks[sound.instance_id]
    expected = [("gold", "resolved")] * 2 + [("noop", "tests_failed")] * 2 + [("gold_reordered", "resolved")]
    assert [(found.answer, found.outcome) for found in record.runs] == expected
    assert all(found.stages_s["tests"] > 0 and found.memory_mb > 0 and found.image_digest for found in record.runs)
    before = (tmp_path / "m.json").read_text()
    again = run(tmp_path, *arguments, check=False)
    assert "3 tasks, 2 of them known from m.json" in again.stdout
    assert json.loads(before)["tasks"][sound.instance_id] == json.loads((tmp_path / "m.json").read_text())["tasks"][sound.instance_id]
    caplog.clear()
    assert [task.data.id for task in taskset(dataset=str(dataset), manifest=tmp_path / "m.json")] == [sound.instance_id]
    assert "left out 2 of 3 rows" in caplog.text
    assert "quarantined by the manifest: fail: the human fix" in caplog.text


LEANING = {
    "instance_id": "own__leaning-1",
    "repo": "own/leaning",
    "problem_statement": "double adds one",
    "patch": "--- a/lib.py\n+++ b/lib.py\n@@ -1,2 +1,2 @@\n def double(n):\n-    return n + n + 1\n+    return n + n\n",
    "test_command": "pytest -q test_lib.py",
    "FAIL_TO_PASS": ["test_lib.py::test_double"],
    "PASS_TO_PASS": ["test_lib.py::test_before"],
    "sources": {
        "lib.py": "def double(n):\n    return n + n + 1\n",
        "pytest.ini": "[pytest]\npythonpath = .\n",
        "test_lib.py": "from lib import double\n\nready = []\n\n\ndef test_before():\n    ready.append(True)\n\n\n"
        "def test_double():\n    assert ready\n    assert double(2) == 4\n",
    },
}
"""A task whose test to fix passes only after another."""


def test_the_order_of_the_tests_is_changed_only_where_the_human_fix_passes_in_it(tmp_path: Path, image: str) -> None:
    sound, dataset = PYTHON_TASKS[0], tmp_path / "rows.jsonl"
    dataset.write_text("".join(json.dumps(row) + "\n" for row in (sound.row(), {**LEANING, "image": image})))
    arguments = ("--env.taskset.dataset", str(dataset), "--runs", "1", "--manifest", "m.json")
    run(tmp_path, "repair", "validate", "swe-bench-tests", *arguments)
    records = Manifest.read(tmp_path / "m.json").tasks
    assert {name: (record.verdict, record.fail_to_pass_first) for name, record in records.items()} == {
        sound.instance_id: ("pass", True),
        "own__leaning-1": ("pass", False),
    }
    assert records["own__leaning-1"].runs[-1].outcome == "tests_failed"
    orders = {task.data.id: task.data.tests.fail_to_pass_first for task in taskset(dataset=str(dataset), manifest=tmp_path / "m.json")}
    assert orders == {sound.instance_id: True, "own__leaning-1": False}
    assert not any(task.data.tests.fail_to_pass_first for task in taskset(dataset=str(dataset)))
    honoured = run(tmp_path, "repair", "validate", "swe-bench-tests", *arguments, "--env.taskset.manifest", "m.json")
    assert "2 tasks, 2 of them known" in honoured.stdout


BAD_MANIFESTS = [(None, "No such file"), ("{", "Invalid JSON"), ('{"quarantine": 3}', "quarantine: "), ('{"quaratine": {}}', "quaratine: ")]


@pytest.mark.parametrize(("text", "message"), BAD_MANIFESTS, ids=["absent", "no-json", "type", "misspelt"])
def test_a_bad_manifest_is_named(tmp_path: Path, text: str | None, message: str) -> None:
    path = tmp_path / "m.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ValueError, match="manifest") as raised:
        list(taskset(manifest=path))
    assert message in str(raised.value)
    assert "repair validate" in str(raised.value)
