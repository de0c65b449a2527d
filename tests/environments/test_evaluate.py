"""examples/eval/evaluate.py: what is wrong is one line and an exit code, and finished rollouts are kept, with a real endpoint."""

import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from repair_cli.demo import prepared_answers
from repair_cli.scripted_endpoint import ScriptedEndpoint
from repair_cli.scripted_policy import playback

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "eval"))
sys.path.insert(0, str(Path(__file__).parent))
import evaluate
from vf_commands import MODEL, free_port, run, traces

EXAMPLES = Path(__file__).parents[2] / "examples" / "eval"
TASKS, GROUP = 4, 4

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with ScriptedEndpoint(playback(prepared_answers(TASKS)), model=MODEL) as served:
        yield served


def arguments(url: str, config: Path = EXAMPLES / "swe-bench-diff.toml", *more: str) -> list[str]:
    where = ("-m", MODEL, "--client.base-url", url, "--no-rich", "--run.name", "run")
    return ["python", str(EXAMPLES / "evaluate.py"), "@", str(config), *where, "-n", str(TASKS), "-r", str(GROUP), *more]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The one line with which a command line ends before anything is run."""
    monkeypatch.chdir(tmp_path)

    def line(*command: str) -> str:
        monkeypatch.setattr(sys, "argv", list(command[1:]))
        assert evaluate.main() == 1
        said = capsys.readouterr()
        assert said.out == ""
        assert not (tmp_path / "outputs/run/logs").exists()
        [line] = said.err.splitlines()
        return line

    return line


def test_no_server(refused: Callable[..., str]) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/v1"
    line = refused(*arguments(nowhere))
    assert line.startswith(f"error: no server names its models at {nowhere} (Connection error.): start one")


def test_no_such_model(url: str, refused: Callable[..., str]) -> None:
    assert refused(*arguments(url), "-m", "other") == (
        f"error: {url} serves {MODEL}, not other: name it with -m, or serve it with --served-model-name other"
    )


def test_no_place_for_the_run(url: str, tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / "file").touch()
    line = refused(*arguments(url), "--output-dir", "file/outputs")
    assert line == "error: cannot write to file/outputs/run (Not a directory): name another with --output-dir, or XDG_CACHE_HOME for the cache"


def test_no_place_for_verdicts(url: str, tmp_path: Path, refused: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    line = refused(*arguments(url))
    assert line.startswith(f"error: cannot write to {tmp_path}/file/repair-envs/verdicts (Not a directory)")


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("num_rollouts", "num_rolouts", "--num-rolouts"),
        ('id = "swe-bench-diff"', 'id = "swe-bench-dif"', "taskset 'swe-bench-dif' not found"),
        ('id = "swe-bench-diff"', 'id = "swe-bench-diff"\ncontxt = "window"', "contxt"),
        ("temperature = 1.0", "temperature = = 1.0", "Invalid TOML"),
    ],
    ids=["field", "environment", "argument", "syntax"],
)
def test_a_mistake_in_the_file(line: str, instead: str, says: str, url: str, tmp_path: Path, refused: Callable[..., str]) -> None:
    text = (EXAMPLES / "swe-bench-diff.toml").read_text(encoding="utf-8")
    assert line in text
    (tmp_path / "eval.toml").write_text(text.replace(line, instead), encoding="utf-8")
    assert says in refused(*arguments(url, tmp_path / "eval.toml"))


def test_no_such_dataset(url: str, tmp_path: Path) -> None:
    done = run(tmp_path, *arguments(url), "--env.taskset.dataset", "nowhere.jsonl", check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "nowhere.jsonl" in done.stderr.splitlines()[-1]


def test_a_server_that_dies_half_way(tmp_path: Path) -> None:
    port, answers = free_port(), prepared_answers(TASKS)
    url = f"http://127.0.0.1:{port}/v1"
    command = arguments(url, EXAMPLES / "swe-bench-diff.toml", "-c", "2", "--env.agent.harness.max-retries", "0")
    kept = tmp_path / "outputs/run/traces.jsonl"
    with ScriptedEndpoint(playback(answers), model=MODEL, latency_s=0.3, port=port):
        process = subprocess.Popen([sys.executable, *command[1:]], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        end = time.monotonic() + 120
        while not (kept.exists() and len(traces(kept)) >= 3):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.05)
    _, said = process.communicate(timeout=120)
    line = said.splitlines()[-1]
    before = traces(kept)
    failed = [trace for trace in before if not trace["ok"]]
    assert process.returncode == 1
    assert 0 < len(failed) <= TASKS * GROUP - 3
    assert line.startswith(f"error: {len(failed)} of {TASKS * GROUP} rollouts failed, "), line
    resume = line.partition("uv run ")[2].split()
    assert resume[-1] == "--resume"

    with ScriptedEndpoint(playback(answers), model=MODEL, port=port):
        said = run(tmp_path, "python", str(EXAMPLES / "evaluate.py"), *resume[2:]).stderr
    assert f"{TASKS * GROUP} rollouts in " in said
    assert re.search(r"^writing alone +[\d.]+ s +\d+% of the run$", said, re.MULTILINE), said
    assert 50 < float(re.search(r"^memory of vf-eval +(\d+) MB at most$", said, re.MULTILINE)[1]) < 2000, said  # type: ignore[index]
    after = traces(kept)
    assert Counter(trace["task"]["data"]["id"] for trace in after) == dict.fromkeys({trace["task"]["data"]["id"] for trace in before}, GROUP)
    assert all(trace["ok"] for trace in after)
    assert [trace for trace in before if trace["ok"]] == after[: len(before) - len(failed)]
