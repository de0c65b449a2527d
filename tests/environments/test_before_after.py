"""pass@k against counting all samples out, and `examples/before_after/compare.py` on what real vf-eval runs leave."""

import json
import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from function_tests import pass_at_k
from repair_cli.demo import prepared_answers
from repair_cli.scripted_endpoint import RequestError, ScriptedEndpoint
from repair_cli.scripted_policy import playback
from repair_corpus import PYTHON_IMAGE

sys.path.insert(0, str(Path(__file__).parent))
from vf_commands import MODEL, eval_arguments, needs_image, run

COMPARE = Path(__file__).parents[2] / "examples/before_after/compare.py"
TASKS, SAMPLES = 3, 4


@pytest.mark.parametrize("n", range(1, 8))
def test_pass_at_k_is_the_share_of_draws_with_a_pass(n: int) -> None:
    for c in range(n + 1):
        for k in range(1, n + 1):
            draws = list(combinations(range(n), k))
            assert pass_at_k(n, c, k) == pytest.approx(sum(min(draw) < c for draw in draws) / len(draws))


@pytest.mark.parametrize(("n", "c", "k"), [(4, 5, 1), (4, -1, 1), (4, 2, 0), (4, 2, 5), (0, 0, 1)])
def test_pass_at_k_refuses_what_is_no_sample(n: int, c: int, k: int) -> None:
    with pytest.raises(ValueError, match="pass@"):
        pass_at_k(n, c, k)


def policy(passing: int, failing_calls: int = 0) -> Any:
    """Answers so many of each task's samples right, the others with an empty body; the first so many calls are errors."""
    tasks = {str(task.data.prompt): task for task in vf.load_taskset(vf.taskset_config_type("function-tests")(id="function-tests"))}
    asked: Counter[str] = Counter()
    calls = iter(range(10**6))

    def answer(messages: list[dict[str, Any]]) -> str:
        if next(calls) < failing_calls:
            raise RequestError("not now")
        prompt = str(messages[-1]["content"])
        asked[prompt] += 1
        task = tasks[prompt]
        return str(task.gold_reply if asked[prompt] <= passing else task.noop_reply)

    return answer


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with real runs: `base` and `trained` on functions, `broken` with an error in it, `diff` on repair by likeness."""
    needs_image(PYTHON_IMAGE)
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for name, answer in (("base", policy(1)), ("trained", policy(3)), ("broken", policy(4, failing_calls=1))):
            with ScriptedEndpoint(answer, model=MODEL) as url:
                run(folder, *eval_arguments("function-tests", url, "-n", str(TASKS), "-r", str(SAMPLES)))
            shutil.move(folder / "outputs/run", folder / name)
        with ScriptedEndpoint(playback(prepared_answers(TASKS)), model=MODEL) as url:
            run(folder, *eval_arguments("swe-bench-diff", url, "-n", str(TASKS), "-r", "2"))
        shutil.move(folder / "outputs/run", folder / "diff")
        yield folder


def compare(folder: Path, *arguments: str, check: bool = True) -> tuple[int, str, str]:
    done = run(folder, "python", str(COMPARE), *arguments, check=check)
    return done.returncode, done.stdout, done.stderr


def line_of(text: str, name: str) -> str:
    return next(line for line in text.splitlines() if line.startswith(name))


@pytest.mark.docker
@pytest.mark.server
@pytest.mark.timeout(900)
def test_two_runs_and_their_paired_difference(runs: Path) -> None:
    _, text, _ = compare(runs, "--base", "base", "--trained", "trained", "--k", "2")
    assert "before  function-tests: 3 tasks, 12 scored rollouts, 0 errors" in text
    # 1 and 3 of 4 samples of each task pass: by hand 1 - C(3,2)/C(4,2) = 1/2, and 1 - 0.
    difference = "+0.500 [+0.500, +0.500] (3 tasks)"
    assert " ".join(line_of(text, "pass@1").split()) == f"pass@1 0.250 [0.250, 0.250] 0.750 [0.750, 0.750] {difference}"
    assert " ".join(line_of(text, "pass@2").split()) == f"pass@2 0.500 [0.500, 0.500] 1.000 [1.000, 1.000] {difference}"
    assert "+0.500 [+0.500, +0.500]  (3 tasks)" in line_of(text, "mean reward")


@pytest.mark.docker
@pytest.mark.server
@pytest.mark.timeout(900)
def test_errors_are_left_out_and_counted(runs: Path) -> None:
    _, text, _ = compare(runs, "--base", "broken", "--k", "4")
    assert "function-tests: 3 tasks, 11 scored rollouts, 1 errors" in text
    assert re.search(r"pass@1 +1\.000 \[1\.000, 1\.000\]  \(3 tasks\)", text)
    assert re.search(r"pass@4 +1\.000 \[1\.000, 1\.000\]  \(2 tasks\)", text)
    short = next(line for line in text.splitlines() if re.match(r"bundled/\w+ +3 ", line))
    assert short.split()[2:] == ["1.000", "-", "1.000"]


@pytest.mark.docker
@pytest.mark.server
@pytest.mark.timeout(900)
def test_a_reward_without_tests_has_a_mean_only(runs: Path) -> None:
    _, text, _ = compare(runs, "--base", "diff", "base", "--trained", "diff", "trained")
    repair, functions = text.split("\n\n")
    assert "pass@1" not in repair
    assert "swe-bench-diff: 3 tasks, 6 scored rollouts, 0 errors" in repair
    assert "+0.000 [+0.000, +0.000]  (3 tasks)" in line_of(repair, "mean reward")
    assert "pass@1" in functions


@pytest.mark.docker
@pytest.mark.server
@pytest.mark.timeout(900)
def test_the_interval_is_that_of_the_resampled_tasks(runs: Path) -> None:
    """Of three tasks one loses all its passes: the difference of a resample is 0 to 3 thirds of it."""
    folder = runs / "uneven"
    folder.mkdir()
    rows = [json.loads(line) for line in (runs / "trained/traces.jsonl").read_text().splitlines()]
    lost = rows[0]["traces"][0]["task"]["key"]
    for trace in (trace for row in rows for trace in row["traces"] if trace["task"]["key"] == lost):
        trace["rewards"]["passed"]["score"] = 0.0
    (folder / "traces.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    _, text, _ = compare(runs, "--base", "trained", "--trained", "uneven")
    # All three draws hit the task once in 27 times, more than the 2.5% that are cut off: -0.75. None does in 8 of 27: 0.
    assert "-0.250 [-0.750, +0.000]" in line_of(text, "pass@1")


@pytest.mark.docker
@pytest.mark.server
@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--base", "nowhere"), "name the folder in which vf-eval wrote traces.jsonl"),
        (("--base", "base", "--trained", "diff"), "function-tests cannot be compared with swe-bench-diff"),
        (("--base", "base", "diff", "--trained", "trained"), "2 runs after --base, 1 after --trained"),
        (("--base", "base", "--k", "0"), "--k 0: at least 1"),
    ],
)
def test_a_mistake_is_one_clear_line(runs: Path, arguments: tuple[str, ...], message: str) -> None:
    code, _, error = compare(runs, *arguments, check=False)
    assert code == 2
    assert message in error
    assert "Traceback" not in error
