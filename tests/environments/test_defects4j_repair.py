"""`defects4j-repair` through verifiers' own commands, on the bundled Java bugs, a scripted endpoint and the real container engine."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from defects4j_repair import RUBRIC
from repair_cli.demo import java_answers
from repair_cli.score import score_answer
from repair_cli.scripted_endpoint import ScriptedEndpoint
from repair_cli.scripted_policy import KINDS, playback
from repair_corpus import JAVA_IMAGE, corpus_tasks
from repair_sandbox.errors import InfrastructureError
from repair_tasks.grading import Question
from repair_tasks.manifest import Manifest

sys.path.insert(0, str(Path(__file__).parent))
from vf_commands import MODEL, eval_arguments, needs_image, run, traces

ENV = "defects4j-repair"
JAVA_TASKS = {task.instance_id: task for task in corpus_tasks() if task.metadata["language"] == "java"}
EVALUATED = 2
FUNCTION = {"context": "function", "edit_format": "function"}

pytestmark = [pytest.mark.docker, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module", autouse=True)
def image() -> str:
    """The image that the bundled bugs run in."""
    return needs_image(JAVA_IMAGE)


@pytest.fixture(scope="module", autouse=True)
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Verdicts of this file's tests alone, shared among them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def taskset(**options: Any) -> vf.Taskset:
    return vf.load_taskset(vf.taskset_config_type(ENV)(id=ENV, **options))


def task_named(name: str, **options: Any) -> vf.Task:
    (task,) = taskset(bugs=f"*__{name}-1", **options)
    return task


def scored(task: vf.Task, reply: str) -> dict[str, Any]:
    return asyncio.run(score_answer(task, reply))


def scores(result: dict[str, Any]) -> dict[str, float]:
    return {name: part["score"] for name, part in result["rewards"].items()}


def reply_of(trace: dict[str, Any]) -> str:
    return str(next(node["message"]["content"] for node in trace["nodes"] if node["sampled"])).strip()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a vf-eval without an engine, gone on with by `--resume` where there is one."""
    folder = tmp_path_factory.mktemp("eval")
    with ScriptedEndpoint(playback(java_answers(EVALUATED)), model=MODEL) as url:
        arguments = eval_arguments(ENV, url, "-n", str(EVALUATED), "-r", str(len(KINDS)), "-c", "16")
        run(folder, *arguments, DOCKER_HOST=f"unix://{folder}/none.sock")
        (folder / "without-engine.jsonl").write_text((folder / "outputs/run/traces.jsonl").read_text())
        run(folder, "vf-eval", "@", "outputs/run/configs/resolved/eval.json", "--resume")
    return folder


@pytest.mark.server
def test_without_an_engine_no_model_is_asked_and_no_rollout_scores_0(evaluated: Path) -> None:
    failed = traces(evaluated / "without-engine.jsonl")
    assert len(failed) == EVALUATED * len(KINDS)
    for trace in failed:
        assert trace["rewards"] == {}
        assert "no container engine answers" in trace["errors"][-1]["message"]
        assert [node for node in trace["nodes"] if node["sampled"]] == []


@pytest.mark.server
def test_every_kind_of_answer_gets_what_its_tests_say(evaluated: Path) -> None:
    answers = {answers.instance_id: answers for answers in java_answers(EVALUATED).values()}
    seen: Counter[tuple[str, str]] = Counter()
    for trace in traces(evaluated / "outputs/run/traces.jsonl"):
        instance = trace["task"]["data"]["id"]
        assert trace["errors"] == [], instance
        kind = {text.strip(): kind for kind, text in answers[instance].by_kind.items()}[reply_of(trace)]
        seen[instance, kind] += 1
        got, report = scores(trace), trace["info"]["repair"]
        where = (instance, kind, report)
        if kind in ("gold", "different", "malformed"):
            assert report["outcome"] == "resolved", where
            assert [got[name] for name in ("resolved", "compiles", "trigger_tests", "relevant_tests")] == [1.0] * 4, where
        elif kind == "partial":
            assert (report["outcome"], got["resolved"], got["compiles"]) == ("tests_failed", 0.0, 1.0), where
            assert report["failing"], where
        else:
            assert report["outcome"] in (("no_patch", "apply_failed") if kind == "no-op" else ("no_patch",)), where
            assert [got[name] for name in ("resolved", "compiles", "trigger_tests", "relevant_tests")] == [0.0] * 4, where
        assert sum(part["score"] * part["weight"] for part in trace["rewards"].values()) == got["resolved"], where
        if report["outcome"] in ("resolved", "tests_failed"):
            metrics = trace["metrics"]
            assert (metrics["applied"], metrics["compiled"]) == (1.0, 1.0), where
            assert metrics["triggers_pass"] == metrics["relevant_pass"] == got["resolved"], where
            assert min(metrics["compile_s"], metrics["trigger_tests_s"], metrics["memory_mb"]) > 0, where
    assert set(seen.values()) == {1}
    assert len(seen) == EVALUATED * len(KINDS)


@pytest.mark.server
def test_replay_gives_the_same_rewards_without_running_a_test(evaluated: Path) -> None:
    run(evaluated, "vf-replay", "outputs/run", "--no-rich", "--output-dir", "replayed")
    recorded = {trace["id"]: trace["rewards"] for trace in traces(evaluated / "outputs/run/traces.jsonl")}
    replayed = traces(evaluated / "replayed/traces.jsonl")
    assert {trace["id"]: trace["rewards"] for trace in replayed} == recorded
    assert all(trace["info"]["repair"]["cached"] for trace in replayed if trace["metrics"]["applied"])


def test_validate_passes_on_every_bundled_bug(tmp_path: Path) -> None:
    run(tmp_path, "vf-validate", ENV, "--runtime.type", "subprocess", "--no-rich", "-o", "out", "--run.dir", "val")
    rows = [json.loads(line) for line in (tmp_path / "out/val/results.jsonl").read_text().splitlines()]
    assert {row["name"] for row in rows} == set(JAVA_TASKS)
    assert [row["name"] for row in rows if row["gold"]["valid"] is not True] == []
    assert {row["noop"]["reward"] for row in rows} == {0.0}


@pytest.mark.parametrize("name", [task.folder.name for task in JAVA_TASKS.values()])
def test_a_wrong_answer_is_not_resolved(name: str) -> None:
    task = task_named(name)
    result = scored(task, JAVA_TASKS[task.key].answer("wrong"))
    assert (result["outcome"], result["reward"]) == ("tests_failed", 0.0), result


@pytest.mark.parametrize("name", ["glob", "objpool", "ringlog"])
def test_a_function_is_an_answer(name: str) -> None:
    task = task_named(name, **FUNCTION)
    result = scored(task, f"It has to be:\n\n{task.gold_reply}")
    assert result["outcome"] == "resolved", result
    assert set(scores(result).values()) == {1.0}


def test_what_does_not_compile_is_told_apart() -> None:
    task = task_named("ringlog", **FUNCTION)
    result = scored(task, task.gold_reply.replace("LinkedList<LogEntry> newest", "LinkedList<Nothing> newest"))
    assert result["outcome"] == "compile_failed", result
    assert "Nothing" in result["reason"] + result["log_tail"]
    assert {name for name, value in scores(result).items() if value} == {"format", "similarity", "quality"}
    assert (result["metrics"]["applied"], result["metrics"]["compiled"], result["metrics"]["tests_run"]) == (1.0, 0.0, 0.0)


def test_tests_in_the_patch_are_left_out_of_it() -> None:
    task = task_named("ringlog")
    path = "src/test/java/org/corpus/ringlog/RingLogTest.java"
    result = scored(task, f"--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+class RingLogTest {{}}\n")
    assert (result["outcome"], result["stripped"], result["reward"]) == ("patch_rejected", [path], 0.0)


def test_shares_that_are_rewarded_are_exact() -> None:
    weights = {"resolved": {"weight": 0.4}, "compiles": {"weight": 0.1}, "trigger_tests": {"weight": 0.3}, "relevant_tests": {"weight": 0.2}}
    answer, metadata = JAVA_TASKS["corpus-java__quota-1"].answer("partial"), JAVA_TASKS["corpus-java__quota-1"].metadata
    result = scored(task_named("quota", task={"rewards": weights}), answer)
    assert result["metrics"]["tests_run"] == len(metadata["fail_to_pass"]) + len(metadata["pass_to_pass"])
    assert 0 < result["rewards"]["trigger_tests"]["score"] < 1
    assert result["reward"] == pytest.approx(sum(part["score"] * part["weight"] for part in result["rewards"].values()))
    assert scored(task_named("quota"), answer)["metrics"]["tests_run"] < result["metrics"]["tests_run"]


def test_a_missing_image_is_an_error_and_no_0() -> None:
    task = task_named("glob")
    elsewhere = task.with_data(tests=task.data.tests.model_copy(update={"image": "repair-envs/no-such-image:1"}))
    with pytest.raises(InfrastructureError, match="repair-envs/no-such-image:1"):
        scored(elsewhere, task.gold_reply)


@pytest.mark.server
def test_a_scoring_time_out_is_an_error_and_no_0(tmp_path: Path) -> None:
    with ScriptedEndpoint(playback(java_answers(1)), model=MODEL) as url:
        run(tmp_path, *eval_arguments(ENV, url, "-n", "1", "-r", "1", "--env.agent.timeout.scoring", "0.5", "--env.taskset.task.fresh", "true"))
    (trace,) = traces(tmp_path / "outputs/run/traces.jsonl")
    assert "no verdict within 0.45 s" in trace["errors"][-1]["message"]
    assert all(part is None for part in trace["rewards"].values())


def test_repair_validate_writes_a_manifest_that_the_environment_honours(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    arguments = ("--env.taskset.bugs", "*-java__glob-1,*-java__quota-1", "--runs", "2", "--manifest", "m.json")
    done = run(tmp_path, "repair", "validate", ENV, *arguments)
    assert "2 pass, 0 fail, 0 flaky, 0 error" in done.stdout
    manifest = Manifest.read(tmp_path / "m.json")
    metadata = JAVA_TASKS["corpus-java__quota-1"].metadata
    record = manifest.tasks["corpus-java__quota-1"]
    runs = [(found.answer, found.outcome) for found in record.runs]
    assert runs == [("gold", "resolved")] * 2 + [("noop", "tests_failed")] * 2
    assert {line.rpartition(": ")[0] for line in record.runs[-1].failing} == set(metadata["fail_to_pass"])
    assert all(found.stages_s["tests"] > 0 and found.stages_s["compile"] > 0 and found.memory_mb > 0 and found.image_digest for found in record.runs)
    manifest.quarantine["corpus-java__quota-1"] = "by hand"
    manifest.write(tmp_path / "m.json")
    left = [task.key for task in taskset(manifest=tmp_path / "m.json")]
    assert "corpus-java__quota-1" not in left
    assert len(left) == len(JAVA_TASKS) - 1
    assert "corpus-java__quota-1: quarantined by the manifest: by hand" in caplog.text


@pytest.mark.parametrize(
    ("trigger", "relevant", "fault"),
    [("moved", "", "1 of 6 trigger tests pass without a repair"), ("", "moved", "1 tests besides the trigger tests fail without a repair")],
    ids=["passes", "fails"],
)
def test_a_bug_whose_tests_do_not_fail_as_it_says_is_found_out(trigger: str, relevant: str, fault: str) -> None:
    task = task_named("glob", task={"every_test": True})
    tests = task.data.tests
    triggers, others = list(tests.trigger_tests), list(tests.relevant_tests)
    (name, methods), (other_name, other_methods) = triggers[0], others[0]
    if trigger:
        others[0] = (other_name, other_methods[1:])
        triggers.append((other_name, other_methods[:1]))
    else:
        triggers[0] = (name, methods[1:])
        others.append((name, methods[:1]))
    told = task.with_data(tests=tests.model_copy(update={"trigger_tests": tuple(triggers), "relevant_tests": tuple(others)}))
    assert told.noop_fault(scored(told, told.noop_reply)) == fault
    assert task.noop_fault(scored(task, task.noop_reply)) == ""
    assert relevant or trigger


def test_images_of_the_chosen_bugs() -> None:
    assert taskset().images() == {JAVA_IMAGE: len(JAVA_TASKS)}
    assert taskset(kind="single_hunk").images() == {JAVA_IMAGE: 2}


def test_weights_match_the_rubric() -> None:
    assert sum(reward.weight for reward in RUBRIC.rewards) == 1.0
    methods = {fn.__name__: fn._vf_weight for fn in next(iter(taskset())).hooks("reward")}
    assert methods == {reward.name: reward.weight for reward in RUBRIC.rewards}


@pytest.mark.parametrize("options", [{}, FUNCTION], ids=["file", "function"])
def test_tasks_survive_the_wire(options: dict[str, str]) -> None:
    for task in taskset(**options):
        data = type(task.data).model_validate_json(task.data.model_dump_json())
        assert data == task.data
        assert data.image is None
        case, again = task._case, type(task)(data, task.config)._case
        assert case == again
        assert hash(Question("r", case, task.config.limits)) == hash(Question("r", again, task.config.limits))


def test_long_prompts_are_left_out_and_named(caplog: pytest.LogCaptureFixture) -> None:
    lengths = {task.key: len(task.data.prompt) for task in taskset()}
    most = sorted(lengths.values())[3] // 3 + 1
    kept = [task.key for task in taskset(max_prompt_tokens=most)]
    assert set(kept) == {key for key, length in lengths.items() if round(length / 3) <= most}
    assert 0 < len(kept) < len(lengths)
    for key in set(lengths) - set(kept):
        assert f"{key}: prompt of" in caplog.text
