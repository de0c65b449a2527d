"""The evaluation examples against a real vLLM server; what the model samples is scored, patches and functions in real containers."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from repair_corpus import JAVA_IMAGE, PYTHON_IMAGE
from timeline import read_traces, timeline
from vf_commands import needs_image, run, traces
from vllm_server import MODEL, Server

EXAMPLES = Path(__file__).parents[2] / "examples" / "eval"
IMAGES = {"swe-bench-tests": PYTHON_IMAGE, "defects4j-repair": JAVA_IMAGE, "function-tests": PYTHON_IMAGE}
GROUP = {"swe-bench-diff": 5, "swe-bench-tests": 6, "defects4j-repair": 10, "function-tests": 3}
"""Rollouts of each task: at least 64 of each environment."""
REPLY_TOKENS = 320
"""Enough for what the model knows; what it makes up need not end."""
FIRST_REWARD = {"swe-bench-tests": "resolved", "defects4j-repair": "resolved", "function-tests": "passed"}

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]


def evaluated(folder: Path, env_id: str, server: Server) -> Path:
    """Run the example of an environment, sixteen rollouts at once; the run's folder."""
    where = ("-m", MODEL, "--client.base-url", server.url, "--no-rich", "--run.name", "run")
    # Below 1, a model of this size mostly writes what it learned.
    how = ("-r", str(GROUP[env_id]), "-c", "16", "--sampling.temperature", "0.7", "--sampling.max-tokens", str(REPLY_TOKENS))
    run(folder, "python", str(EXAMPLES / "evaluate.py"), "@", str(EXAMPLES / f"{env_id}.toml"), *where, *how)
    return folder / "outputs" / "run"


@pytest.fixture(scope="module")
def diff_run(vllm: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluated(tmp_path_factory.mktemp("diff"), "swe-bench-diff", vllm)


@pytest.fixture(scope="module", params=IMAGES)
def tested(request: pytest.FixtureRequest, vllm: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """An environment and a run of it. No verdict is known before, and containers' turns are its own: others may hold theirs for minutes."""
    env_id: str = request.param
    needs_image(IMAGES[env_id])
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patched.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield env_id, evaluated(tmp_path_factory.mktemp(env_id), env_id, vllm)


def reply_of(trace: dict[str, Any]) -> str:
    """The model's reply; an empty one has no content in the trace."""
    return (next(node["message"] for node in trace["nodes"] if node["sampled"]).get("content") or "").strip()


def scores_of(trace: dict[str, Any]) -> dict[str, float]:
    return {name: part["score"] for name, part in trace["rewards"].items()}


def check_every_rollout(env_id: str, run_dir: Path) -> None:
    """A whole group for every task, each rollout with a reply of vLLM's, a score in every reward, and no error."""
    found = traces(run_dir / "traces.jsonl")
    tasks = [task.key for task in vf.load_taskset(vf.taskset_config_type(env_id)(id=env_id))]
    assert Counter(trace["task"]["data"]["id"] for trace in found) == dict.fromkeys(tasks, GROUP[env_id])
    assert len(found) >= 64
    for trace in found:
        where = (trace["task"]["data"]["id"], trace["errors"])
        assert (trace["errors"], trace["is_timeout"]) == ([], False), where
        assert 0 < trace["num_output_tokens"] <= REPLY_TOKENS, where
        assert all(0 <= score <= 1 for score in scores_of(trace).values()), where
        assert trace["info"]["repair"]["outcome"], where
        assert trace["metrics"], where
    assert len({reply_of(trace) for trace in found}) > len(tasks)


def learned_replies(run_dir: Path, server: Server) -> Iterator[tuple[str, dict[str, Any]]]:
    """Which answer a trace holds, and the trace, where that is one that the model learned."""
    for trace in traces(run_dir / "traces.jsonl"):
        answers = server.learned.get(trace["task"]["data"]["id"])
        if answers and reply_of(trace) in (answers.gold.strip(), answers.wrong.strip()):
            yield "gold" if reply_of(trace) == answers.gold.strip() else "wrong", trace


@pytest.mark.docker
def test_every_rollout_is_tested_and_scored(tested: tuple[str, Path]) -> None:
    env_id, run_dir = tested
    check_every_rollout(env_id, run_dir)
    for trace in traces(run_dir / "traces.jsonl"):
        report, metrics = trace["info"]["repair"], trace["metrics"]
        if report["outcome"] in ("resolved", "tests_failed"):
            assert metrics["tests_run"] > 0
            assert metrics["tests_s"] > 0
            assert report["image_digest"].startswith("sha256:")
        assert scores_of(trace)[FIRST_REWARD[env_id]] == float(report["outcome"] == "resolved"), report


@pytest.mark.docker
def test_sampled_answers_get_what_their_tests_say(tested: tuple[str, Path], vllm: Server) -> None:
    env_id, run_dir = tested
    seen: Counter[str] = Counter()
    for kind, trace in learned_replies(run_dir, vllm):
        outcome = trace["info"]["repair"]["outcome"]
        assert (outcome, scores_of(trace)[FIRST_REWARD[env_id]]) == {"gold": ("resolved", 1.0), "wrong": ("tests_failed", 0.0)}[kind], trace["info"]
        seen[kind] += 1
    # Of 24, 10 and 6 rollouts on tasks that it knows.
    assert seen.total() >= 2, seen
    assert env_id != "swe-bench-tests" or min(seen["gold"], seen["wrong"]) >= 2, seen


@pytest.mark.docker
@pytest.mark.parametrize("tested", ["swe-bench-tests"], indirect=True)
def test_replies_are_written_while_tests_run(tested: tuple[str, Path]) -> None:
    env_id, run_dir = tested
    run = timeline(read_traces(run_dir))
    begun = [reply for reply in run.writing if any(patch.start < reply.start < patch.end for patch in run.scoring)]
    assert len(begun) >= GROUP[env_id], run
    assert run.seconds()["both at once"] > 0, run
    assert sum(run.seconds().values()) == pytest.approx(run.wall_s)
    assert 10 < run.memory_mb < 1024, run


def test_swe_bench_diff_scores_every_rollout(diff_run: Path) -> None:
    check_every_rollout("swe-bench-diff", diff_run)


def test_a_sampled_human_fix_scores_1_and_another_change_less(diff_run: Path, vllm: Server) -> None:
    seen: Counter[str] = Counter()
    for kind, trace in learned_replies(diff_run, vllm):
        scores = scores_of(trace)
        if kind == "gold":
            assert scores == {"format": 1.0, "similarity": 1.0, "quality": 1.0}
        else:
            assert scores["format"] == 1.0
            assert scores["similarity"] < 1.0
        seen[kind] += 1
    assert min(seen["gold"], seen["wrong"]) >= 2, seen
