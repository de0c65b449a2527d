"""The `repair` command as a user runs it.

Its start imports verifiers, which takes seconds; so most calls go through its entry point in this process, and what only a process of its own
shows (the installed script, what reaches a shell) is asked of two real ones.
"""

import io
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from repair_cli.main import main
from repair_corpus import corpus_tasks
from repair_rubrics import Patch

REPAIR = str(Path(sys.executable).parent / "repair")
TASK = corpus_tasks()[0]


@dataclass(frozen=True)
class Done:
    """How a call ended."""

    returncode: int
    stdout: str
    stderr: str


Repair = Callable[..., Done]


@pytest.fixture
def repair(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Repair:
    def call(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
        try:
            code: int | str | None = main(list(arguments))
        except SystemExit as exit:
            code = exit.code
        said = capsys.readouterr()
        return Done(code if isinstance(code, int) else 0 if code is None else 1, said.out, said.err)

    return call


def repair_process(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run([REPAIR, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=240)


@pytest.mark.parametrize(("kind", "low", "high"), [("gold", 1.0, 1.0), ("wrong", 0.0, 0.9)])
def test_score_prints_one_json_object(repair: Repair, tmp_path: Path, kind: str, low: float, high: float) -> None:
    answer = TASK.gold_patch if kind == "gold" else TASK.answer("wrong")
    (tmp_path / "p.diff").write_text(answer)
    flags = ("--env.taskset.edit-format", "unified_diff")
    done = repair("score", "swe-bench-diff", *flags, "--instance", TASK.instance_id, "--patch", str(tmp_path / "p.diff"))
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["instance"] == TASK.instance_id
    assert result["outcome"] == "scored"
    assert low <= result["reward"] <= high
    assert result["reward"] == pytest.approx(sum(part["score"] * part["weight"] for part in result["rewards"].values()))
    assert set(result["rewards"]) == {"format", "similarity", "quality"}
    assert result["stages_s"].keys() == {"parse", "apply", "score"}


def test_score_says_why_a_patch_does_not_apply(repair: Repair) -> None:
    path = Patch.parse(TASK.gold_patch).files[0].path
    answer = f"{path}\n<<<<<<< SEARCH\nnever_there()\n=======\nhere()\n>>>>>>> REPLACE\n"
    done = repair("score", "swe-bench-diff", "--instance", TASK.instance_id, "--patch", "-", stdin=answer)
    result = json.loads(done.stdout)
    assert result["outcome"] == "apply_failed"
    assert "hunk_not_found" in result["apply_failure"]
    assert result["rewards"]["similarity"]["score"] <= 0.2


MISTAKES = [
    (["score", "swe-bench-dif", "--instance", "x", "--patch", "p"], "no environment 'swe-bench-dif' is installed"),
    (["score", "swe-bench-diff", "--instance", "corpus-py__x", "--patch", "-"], "--instance corpus-py__x: not among the"),
    (["score", "swe-bench-diff", "--instance", "x", "--patch", "/no/such/file"], "--patch /no/such/file: No such file"),
    (["score", "swe-bench-diff", "--env.taskset.dataset", "/no.jsonl", "--instance", "x", "--patch", "-"], "/no.jsonl: no such file"),
    (["rubric", "nothing"], "no environment 'nothing' is installed"),
    (["demo", "--tasks", "0"], "--tasks 0: must be at least 1"),
    (["frobnicate"], "invalid choice: 'frobnicate'"),
    (["rubric", "single-turn"], "environment 'single-turn' exports no RUBRIC"),
    (["score", "--instance", "x"], "the first argument names the environment, found '--instance'"),
    (["score", "single-turn", "--instance", "x", "--patch", "-"], "'single-turn' is no environment"),
    (["score", "swe-bench-diff", "--instance", "x"], "--patch: Field required"),
    (["score", "swe-bench-diff", "--instance", "x", "--patch", "-", "--frobnicate", "3"], "--frobnicate: Extra inputs are not permitted"),
    (["score", "swe-bench-diff", "--instance", "x", "--patch", "-", "--env.taskset.context", "half"], "--env.taskset.context: Input should be"),
    (["score", "swe-bench-diff", "--instance", "x", "--patch", "/"], "--patch /: Is a directory"),
    (["score", "swe-bench-diff", "--instance", "x", "--patch", "-", "--env.taskset.dataset", "/"], "/: expected a .jsonl, .json, .parquet file"),
    (["score", "swe-bench-diff", "--instance", "x", "--patch", "-", "--env.taskset.task.rewards", "{x"], "a flag's value is not JSON"),
    (
        ["score", "swe-bench-diff", "--instance", "x", "--patch", "-", "--env.taskset.task.rewards", '{"similarity": {"weight": 5}}'],
        "weights must be at least 0 and sum to 1, found format 0.1, similarity 5, quality 0.1",
    ),
    (
        ["score", "swe-bench-diff", "--instance", "x", "--patch", "-", "--env.taskset.task.rewards", '{"likeness": {"weight": 1}}'],
        "no reward 'likeness' to re-weight",
    ),
    (["demo", "--output-dir", "/dev/null", "--tasks", "1"], "--output-dir /dev/null: "),
    (
        ["score", "defects4j-repair", "--env.taskset.dataset", "/no/folder", "--instance", "x", "--patch", "-"],
        "/no/folder: no prepared bug of Defects4J there (<Project>-<number>.json); make some with `repair images prepare defects4j`",
    ),
    (["score", "defects4j-repair", "--env.taskset.split", "eval", "--instance", "x", "--patch", "-"], "none of its 7 bugs"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(case[0]) for case in MISTAKES])
def test_mistakes_get_one_clear_line(repair: Repair, arguments: list[str], message: str) -> None:
    done = repair(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert arguments[0] == "frobnicate" or len(done.stderr.splitlines()) == 1


BROKEN_DATASETS = [
    ("broken.jsonl", b'{"instance_id": "a", "repo": "r/r", "patch": "--- a/x\\n+++ b/x\\n@@ -1 +1 @@\\n-a\\n+b\\n"}\n{"a\n', "line 2 is not JSON"),
    ("bytes.jsonl", b"\xff{}\n", "line 1 is not JSON"),
    ("column.jsonl", b'{"instance_id": "a", "repo": "r/r"}\n', "row 1 (a): column 'patch': Field required"),
    ("number.jsonl", b"3\n", "row 1 (no instance_id): expected an object with columns, found int"),
    ("object.json", b'{"a": 1}', "expected a JSON array of rows, found dict"),
    ("text.parquet", b"nope", "not readable as parquet"),
]


@pytest.mark.parametrize(("name", "content", "message"), BROKEN_DATASETS, ids=[case[0] for case in BROKEN_DATASETS])
def test_a_broken_dataset_is_named(repair: Repair, tmp_path: Path, name: str, content: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    dataset = ("--env.taskset.dataset", str(path), "--env.taskset.context", "window")
    done = repair("score", "swe-bench-diff", *dataset, "--instance", "x", "--patch", "-")
    assert done.returncode == 2
    assert f"repair score: {path}: {message}" in done.stderr


def test_weights_come_from_the_command_line(repair: Repair) -> None:
    weights = '{"format": {"weight": 0}, "similarity": {"weight": 0.75}, "quality": {"weight": 0.25}}'
    flags = ("--env.taskset.task.rewards", weights, "--env.taskset.edit-format", "unified_diff")
    done = repair("score", "swe-bench-diff", *flags, "--instance", TASK.instance_id, "--patch", "-", stdin=TASK.gold_patch)
    parts = json.loads(done.stdout)["rewards"]
    assert {name: part["weight"] for name, part in parts.items()} == {"format": 0, "similarity": 0.75, "quality": 0.25}


HELP_PROBE = """
import sys
from repair_cli.main import main
try:
    main([sys.argv[1], "--help"])
finally:
    sys.exit("verifiers" in sys.modules)
"""
HELP = [["--help"], ["demo", "--help"], ["score", "--help"], ["rubric", "--help"], ["score", "swe-bench-diff", "--help"]]


@pytest.mark.parametrize("arguments", HELP, ids=" ".join)
def test_help_teaches(repair: Repair, arguments: list[str]) -> None:
    done = repair(*arguments)
    assert done.returncode == 0
    assert "repair" in done.stdout
    assert "--instance" in done.stdout or arguments[0] != "score"


@pytest.mark.parametrize("command", ["demo", "score", "rubric"])
def test_a_command_s_help_does_not_wait_for_verifiers(command: str) -> None:
    done = subprocess.run([sys.executable, "-c", HELP_PROBE, command], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert f"repair {command}" in done.stdout


def test_the_installed_script_ends_with_the_mistake_s_line_and_code() -> None:
    done = repair_process("demo", "--tasks", "0")
    assert done.returncode == 2
    assert done.stderr == "repair demo: --tasks 0: must be at least 1\n"


@pytest.mark.server
def test_demo_shows_every_reward(tmp_path: Path) -> None:
    done = repair_process("demo", "--tasks", "2", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "12 rollouts" in done.stdout
    for word in ("gold", "different", "partial", "no-op", "malformed", "prose", "similarity"):
        assert word in done.stdout
