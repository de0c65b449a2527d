"""`vf-eval` with the example configs against a real vLLM server; what the model samples is scored, patches in real containers."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from repair_corpus import PYTHON_IMAGE, corpus_tasks
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError
from timeline import read_traces, timeline
from vf_commands import run, traces
from vllm_server import MODEL, Server

EXAMPLES = Path(__file__).parents[2] / "examples" / "eval"
TASKS = [task.instance_id for task in corpus_tasks()]
PYTHON_TASKS = [task.instance_id for task in corpus_tasks() if task.metadata["language"] == "python"]
GROUP = 8
REPLY_TOKENS = 256
"""Enough for what the model knows; what it makes up need not end."""

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1800)]


def evaluated(folder: Path, env_id: str, server: Server) -> Path:
    """Run the example of an environment, sixteen rollouts at once; the run's folder."""
    where = ("-m", MODEL, "--client.base-url", server.url, "--no-rich", "--run.dir", "run", "--run.name", "run")
    # Below 1, a model of this size mostly writes what it learned.
    how = ("-r", str(GROUP), "-c", "16", "--sampling.temperature", "0.7", "--sampling.max-tokens", str(REPLY_TOKENS))
    run(folder, "vf-eval", "@", str(EXAMPLES / f"{env_id}.toml"), *where, *how)
    return folder / "outputs" / "run"


@pytest.fixture(scope="module")
def diff_run(vllm: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return evaluated(tmp_path_factory.mktemp("diff"), "swe-bench-diff", vllm)


@pytest.fixture(scope="module")
def tests_run(vllm: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A run with no verdict known before it, and containers' turns of its own: other runs on this machine may hold theirs for minutes."""
    try:
        present = images.local_image(Engine(patience_s=2), PYTHON_IMAGE)
    except InfrastructureError as error:
        pytest.skip(str(error))
    if present is None:
        pytest.skip(f"there is no image {PYTHON_IMAGE}: build it with `repair images build corpus-python`")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patched.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))
        yield evaluated(tmp_path_factory.mktemp("tests"), "swe-bench-tests", vllm)


def reply_of(trace: dict[str, Any]) -> str:
    """The model's reply; an empty one has no content in the trace."""
    return (next(node["message"] for node in trace["nodes"] if node["sampled"]).get("content") or "").strip()


def scores_of(trace: dict[str, Any]) -> dict[str, float]:
    return {name: part["score"] for name, part in trace["rewards"].items()}


def check_every_rollout(run_dir: Path, instances: list[str]) -> None:
    """A whole group for every task, each rollout with a reply of vLLM's, a score in every reward, and no error."""
    found = traces(run_dir / "traces.jsonl")
    assert Counter(trace["task"]["data"]["id"] for trace in found) == dict.fromkeys(instances, GROUP)
    for trace in found:
        where = (trace["task"]["data"]["id"], trace["errors"])
        assert (trace["errors"], trace["is_timeout"]) == ([], False), where
        assert 0 < trace["num_output_tokens"] <= REPLY_TOKENS, where
        assert all(0 <= score <= 1 for score in scores_of(trace).values()), where
        assert trace["info"]["repair"]["outcome"], where
        assert trace["metrics"], where
    assert len({reply_of(trace) for trace in found}) > len(instances)


def learned_replies(run_dir: Path, server: Server) -> Iterator[tuple[str, dict[str, Any]]]:
    """Which answer a trace holds, and the trace, where that is one that the model learned."""
    for trace in traces(run_dir / "traces.jsonl"):
        answers = server.learned.get(trace["task"]["data"]["id"])
        if answers and reply_of(trace) in (answers.gold.strip(), answers.wrong.strip()):
            yield "gold" if reply_of(trace) == answers.gold.strip() else "wrong", trace


@pytest.mark.docker
def test_swe_bench_tests_scores_every_rollout(tests_run: Path) -> None:
    check_every_rollout(tests_run, PYTHON_TASKS)
    for trace in traces(tests_run / "traces.jsonl"):
        report, metrics = trace["info"]["repair"], trace["metrics"]
        if report["outcome"] in ("resolved", "tests_failed"):
            assert metrics["applied"] == 1.0
            assert metrics["tests_run"] > 0
            assert metrics["tests_s"] > 0
            assert report["image_digest"].startswith("sha256:")
        assert scores_of(trace)["resolved"] == float(report["outcome"] == "resolved"), report


@pytest.mark.docker
def test_sampled_patches_get_what_their_tests_say(tests_run: Path, vllm: Server) -> None:
    seen: Counter[str] = Counter()
    for kind, trace in learned_replies(tests_run, vllm):
        outcome = trace["info"]["repair"]["outcome"]
        assert (outcome, scores_of(trace)["resolved"]) == {"gold": ("resolved", 1.0), "wrong": ("tests_failed", 0.0)}[kind], trace["info"]
        seen[kind] += 1
    # Of 32 rollouts on tasks that it knows.
    assert min(seen["gold"], seen["wrong"]) >= 3, seen


@pytest.mark.docker
def test_replies_are_written_while_tests_run(tests_run: Path) -> None:
    run = timeline(read_traces(tests_run))
    begun = [reply for reply in run.writing if any(patch.start < reply.start < patch.end for patch in run.scoring)]
    assert len(begun) >= GROUP, run
    assert run.both_s > 0, run


def test_swe_bench_diff_scores_every_rollout(diff_run: Path) -> None:
    check_every_rollout(diff_run, TASKS)


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
    assert min(seen["gold"], seen["wrong"]) >= 3, seen
