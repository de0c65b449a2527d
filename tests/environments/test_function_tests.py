"""`function-tests`: rows, prompts and reading answers; then verifiers' own commands on the bundled problems, and the real container engine."""

import ast
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from function_tests import RUBRIC
from function_tests.answers import read_answer
from function_tests.dataset import BUNDLED, load_problems
from function_tests.problem import FunctionProblem
from function_tests.prompts import build_prompt
from repair_cli.score import score_answer
from repair_cli.scripted_endpoint import ScriptedEndpoint
from repair_corpus import PYTHON_IMAGE
from repair_sandbox.errors import InfrastructureError
from repair_tasks import RowError
from repair_tasks.loading import DatasetError

sys.path.insert(0, str(Path(__file__).parent))
from vf_commands import MODEL, eval_arguments, needs_image, run, traces

ENV = "function-tests"

HELPED = {
    "task_id": "own/helped",
    "prompt": (
        "from typing import List\n\n\ndef shifted(text: str) -> str:\n"
        '    """Every letter one on."""\n    return "".join(chr(ord(letter) + 1) for letter in text)\n\n\n'
        'def unshifted(text: str) -> str:\n    """Undo shifted."""\n'
    ),
    "canonical_solution": '    return "".join(chr(ord(letter) - 1) for letter in text)\n',
    "test": (
        'METADATA = {}\n\n\ndef check(candidate):\n    """About it."""\n    assert candidate("bcd") == "abc"\n'
        '    assert True, "all went well"\n    assert candidate(shifted("hal")) == "hal"\n'
    ),
    "entry_point": "unshifted",
}
"""HumanEval's columns; the test leans on a helper that the prompt shows."""
LOOPED = {
    "task_id": "own/looped",
    "prompt": 'def least(numbers: list) -> int:\n    """The least number."""\n',
    "canonical_solution": "\n    return min(numbers)\n",
    "test": (
        "import math\n\ndef assertion(out, exp, atol):\n    if atol:\n        assert math.isclose(out, exp, abs_tol=atol)\n    else:\n"
        '        assert out == exp, f"out: {out}"\n\n\ndef check(candidate):\n    inputs = [[[3, 1, 2]], [[-5]], [[0, 0]]]\n'
        "    results = [1, -5, 0]\n    for inp, exp in zip(inputs, results):\n        assertion(candidate(*inp), exp, 0)\n"
    ),
    "entry_point": "least",
}
"""As HumanEval+ has them: cases in lists, one checking function."""
CLASSY = {
    "task_id": 7,
    "text": 'Write a function to find the widest of some boxes "by name".',
    "code": (
        "import math\r\nclass Box(object):\r\n\tdef __init__(self, name, width):\r\n\t\tself.name = name\r\n\t\tself.width = width\r\n"
        "def widest(boxes):\r\n\treturn max(boxes, key=lambda box: box.width).name"
    ),
    "test_list": ['assert widest([Box("a", 1), Box("b", 2)]) == "b"', 'assert widest([Box("c", math.pi), Box("d", 3)]) == "c"'],
    "test_setup_code": "",
    "challenge_test_list": [],
}
"""MBPP's columns; only a solution can bring the class."""
SCRIPTED = {
    "task_id": "own/scripted",
    "prompt": "Write a function to double a number.",
    "code": "def double(x):\n    return 2 * x\n",
    "test_imports": ["import math"],
    "test_list": ["assert double(2) == 4"],
    "test": (
        "def assertion(out, exp):\n    assert out == exp\n\ninputs = [[1], [0], [-4]]\nresults = [2, 0, -8]\n"
        "for inp, exp in zip(inputs, results):\n    assertion(double(*inp), exp)\n"
    ),
}
"""As MBPP+ has them: more tests, as a script."""
ROWS = (HELPED, LOOPED, CLASSY, SCRIPTED)


def written(folder: Path, *rows: object) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def problems(dataset: object = BUNDLED, image: str = PYTHON_IMAGE) -> dict[str, FunctionProblem]:
    return {problem.task_id: problem for problem in load_problems(str(dataset), None, "test", image)}


def taskset(**options: Any) -> vf.Taskset:
    return vf.load_taskset(vf.taskset_config_type(ENV)(id=ENV, **options))


def test_there_are_enough_bundled_problems_and_each_checks_enough() -> None:
    bundled = problems()
    assert len(bundled) >= 20
    for name, problem in bundled.items():
        asserts = [node for node in ast.walk(ast.parse(problem.test_module)) if isinstance(node, ast.Assert)]
        assert len(asserts) >= 5, name
        assert len(problem.test_names) >= 3, name


def test_neither_solution_nor_tests_are_in_the_prompt() -> None:
    for name, problem in problems().items():
        prompt = build_prompt(problem)
        assert problem.signature in prompt
        shown = {line.strip() for line in prompt.split("\n")}
        body = problem.solution.removeprefix(problem.signature).strip().split("\n")
        assert not [line for line in body if len(line.strip()) > 20 and line.strip() in shown], name
        assert not [line for line in problem.test_module.split("\n") if line.strip().startswith("assert") and line.strip() in shown], name


def test_rows_of_each_schema_become_problems(tmp_path: Path) -> None:
    found = problems(written(tmp_path, *ROWS))
    assert list(found) == ["own/helped", "own/looped", "mbpp-7", "own/scripted"]
    assert {name: len(problem.test_names) for name, problem in found.items()} == {"own/helped": 2, "own/looped": 1, "mbpp-7": 2, "own/scripted": 1}
    assert found["own/helped"].preamble.startswith("from typing import List")
    assert "def shifted" in found["own/helped"].preamble
    assert "def shifted" in found["own/helped"].test_module
    assert "from solution import unshifted, unshifted as candidate" in found["own/helped"].test_module
    assert "from solution import widest, Box" in found["mbpp-7"].test_module
    assert "import math" in found["mbpp-7"].test_module
    assert "\r" not in found["mbpp-7"].solution
    signature = ast.parse(found["mbpp-7"].stub).body[0]
    assert isinstance(signature, ast.FunctionDef)
    assert ast.get_docstring(signature) == f"{CLASSY['text']}\n\nassert widest([Box('a', 1), Box('b', 2)]) == 'b'"


def test_a_parquet_file_is_read_like_lines_of_json(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    pyarrow.parquet.write_table(pyarrow.Table.from_pylist([HELPED, LOOPED]), tmp_path / "rows.parquet")
    assert problems(tmp_path / "rows.parquet") == problems(written(tmp_path, HELPED, LOOPED))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({**HELPED, "entry_point": "other"}, r"row 2 \(own/helped\): column 'entry_point': prompt defines no function 'other'"),
        ({**HELPED, "entry_point": 3}, r"row 2 \(own/helped\): column 'entry_point': Input should be a valid string, found '3'"),
        ({**HELPED, "canonical_solution": "    return ("}, r"row 2 \(own/helped\): column 'canonical_solution': behind the prompt is not Python"),
        ({**HELPED, "prompt": "def unshifted(:\n"}, r"row 2 \(own/helped\): column 'prompt': with an empty body behind it is not Python"),
        ({**HELPED, "test": "def check(candidate):\n    assert ("}, r"row 2 \(own/helped\): column 'test': is not Python"),
        ({**HELPED, "test": "assert True"}, r"row 2 \(own/helped\): column 'test': defines no function check\(candidate\)"),
        ({**HELPED, "test": "def check(candidate):\n    assert True"}, r"row 2 \(own/helped\): column 'test': checks nothing"),
        ({**HELPED, "test": "def check(candidate):\n    assert spam(candidate)"}, r"row 2 \(own/helped\): column 'test': uses spam, which neither"),
        ({key: HELPED[key] for key in HELPED if key != "test"}, r"row 2 \(own/helped\): column 'test': Field required"),
        ({**HELPED, "task_id": ""}, r"row 2 \(no task_id\): column 'task_id'"),
        ({**CLASSY, "code": "def widest(:"}, r"row 2 \(7\): column 'code': is not Python"),
        ({**CLASSY, "test_list": []}, r"row 2 \(7\): column 'test_list': List should have at least 1 item"),
        ({**CLASSY, "test_list": ["print(1)"]}, r"row 2 \(7\): column 'test_list': holds something else than asserts: 'print\(1\)'"),
        ({**CLASSY, "test_list": ["assert other(1)"]}, r"row 2 \(7\): column 'test_list': its first assert calls no function that column 'code'"),
        ({**CLASSY, "text": None}, r"row 2 \(7\): column 'text'"),
        (LOOPED, r"row 2 \(own/looped\): column 'task_id': occurs already in row 1"),
        (["no", "object"], r"row 2 \(no task_id\): expected an object with columns, found list"),
        ({**HELPED, "test": "import numpy\n" + str(HELPED["test"])}, r"row 2 \(own/helped\): its tests import numpy, which .* --env.taskset.image"),
    ],
)
def test_a_bad_row_names_its_number_task_and_column(tmp_path: Path, row: object, message: str) -> None:
    with pytest.raises(RowError, match=message):
        problems(written(tmp_path, LOOPED, row))


def test_packages_are_the_business_of_an_image_of_ones_own(tmp_path: Path) -> None:
    path = written(tmp_path, {**HELPED, "test": "import numpy\n" + str(HELPED["test"])})
    assert list(problems(path, image="own/with-numpy:1")) == ["own/helped"]


def test_a_dataset_that_cannot_be_read_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        problems(tmp_path / "none.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(DatasetError, match=r"expected a \.jsonl or \.parquet file"):
        problems(tmp_path / "folder")
    (tmp_path / "broken.jsonl").write_text("{")
    with pytest.raises(RowError, match="line 1 is not JSON"):
        problems(tmp_path / "broken.jsonl")
    (tmp_path / "answer").write_text("x")
    arguments = ("score", ENV, "--env.taskset.dataset", "nobody/nothing", "--instance", "x", "--patch", "answer")
    done = run(tmp_path, "repair", *arguments, check=False, HF_ENDPOINT="http://127.0.0.1:9", HF_HUB_OFFLINE="1", HF_HOME=str(tmp_path))
    assert done.returncode == 2
    assert "dataset 'nobody/nothing', subset 'default', split 'test': cannot be read" in done.stderr
    assert "Traceback" not in done.stderr


BODY = "    left = sorted(numbers)\n    return left[0]\n"
WHOLE = f'def least(numbers: list) -> int:\n    """The least number."""\n{BODY}'
OTHER = "def other():\n    return 1\n"


@pytest.mark.parametrize(
    ("reply", "repairs"),
    [
        (f"```python\n{WHOLE}```", ()),
        (f"Sure!\n\n```python\nimport math\n\n{WHOLE}```\nIt sorts. Use it so:\n```python\nprint(least([1]))\n```\n", ()),
        (f"```\n{OTHER}```\n~~~py\n{WHOLE}~~~\n", ()),
        (f"<think>\n```python\ndef least(numbers):\n    return 0\n```\n</think>\n```python\n{WHOLE}```", ()),
        (f"```python\ndef least(numbers):\n    return 0\n```\nBetter:\n```python\n{WHOLE}```", ()),
        (f"```python\n{WHOLE}```\nor, broken,\n```python\ndef least(numbers):\n    return (\n```", ()),
        (f"```python\n{WHOLE}", ("truncated",)),
        (f"```python\n{BODY}```", ("elided_context",)),
        (f"```python\n{BODY.replace('    ', '')}```", ("elided_context",)),
        (BODY, ("no_code_block", "elided_context")),
        (BODY.strip() + "\n\n\nprint(least([2, 1]))\n", ("no_code_block", "elided_context")),
        (f"Here it is:\n\n{WHOLE}\nThat is all.", ("no_code_block",)),
        (f"{OTHER}\n{WHOLE}", ("no_code_block",)),
    ],
)
def test_what_models_write_is_read(tmp_path: Path, reply: str, repairs: tuple[str, ...]) -> None:
    (problem,) = problems(written(tmp_path, LOOPED)).values()
    found = read_answer(reply, problem)
    assert found.repairs == repairs
    namespace: dict[str, Any] = {}
    exec(found.code, namespace)
    assert "return left[0]" in found.code
    assert namespace["least"]([3, 1, 2]) == 1


@pytest.mark.parametrize("reply", ["", "I cannot do this.", f"```python\n{OTHER}```", "<think>\n```python\ndef least(n):\n    return 1\n```"])
def test_a_reply_without_the_function_is_none(tmp_path: Path, reply: str) -> None:
    (problem,) = problems(written(tmp_path, LOOPED)).values()
    assert read_answer(reply, problem).code == ""


def test_a_broken_function_is_handed_on_to_fail(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, LOOPED)).values()
    assert "return (" in read_answer("```python\ndef least(numbers):\n    return (\n```", problem).code


def test_imports_of_the_prompt_need_not_be_repeated(tmp_path: Path) -> None:
    (problem,) = problems(written(tmp_path, HELPED)).values()
    code = read_answer("```python\nfrom __future__ import annotations\n\ndef unshifted(text: List) -> str:\n    return text\n```", problem).code
    assert code.startswith("from __future__ import annotations\nfrom typing import List\n")
    namespace: dict[str, Any] = {}
    exec(code, namespace)
    assert namespace["shifted"]("a") == "b"


def test_weights_match_the_rubric() -> None:
    assert {reward.name: reward.weight for reward in RUBRIC.rewards} == {"passed": 1.0, "format": 0.0}
    methods = {fn.__name__: fn._vf_weight for fn in next(iter(taskset())).hooks("reward")}
    assert methods == {reward.name: reward.weight for reward in RUBRIC.rewards}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The image is there; verdicts of this file's tests alone, shared among them."""
    needs_image(PYTHON_IMAGE)
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def scored(name: str, reply: str, **options: Any) -> dict[str, Any]:
    (task,) = (task for task in taskset(**options) if task.data.id == name)
    return asyncio.run(score_answer(task, reply))


@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("verdicts")
def test_every_bundled_solution_passes_and_every_empty_body_fails(tmp_path: Path) -> None:
    run(tmp_path, "vf-validate", ENV, "--runtime.type", "subprocess", "--no-rich", "-o", "out", "--run.dir", "val")
    rows = [json.loads(line) for line in (tmp_path / "out/val/results.jsonl").read_text().splitlines()]
    assert len(rows) == len(problems())
    assert [row["name"] for row in rows if row["gold"]["valid"] is not True] == []
    assert {row["noop"]["reward"] for row in rows} == {0.0}


@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("verdicts")
def test_rows_of_each_schema_hold(tmp_path: Path) -> None:
    tasks = list(taskset(dataset=str(written(tmp_path, *ROWS))))
    assert {task.data.id: asyncio.run(task.validate()) for task in tasks} == {task.data.id: True for task in tasks}


EQUAL_TO_ALL = "class Any:\n    __hash__ = None\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n\n\n"
CHEATS = {
    "exits_on_import": "import sys\nsys.exit(0)\ndef mask_account(number, shown=4): return number\n",
    "exits_when_called": "import os\ndef mask_account(number, shown=4): os._exit(0)\n",
    "raises_system_exit": "def mask_account(number, shown=4): raise SystemExit(0)\n",
    "prints_passes": (
        "import os\ndef mask_account(number, shown=4):\n    for name in ('test_default', 'test_separators_stay', 'test_short_numbers'):\n"
        "        os.write(1, f'test_solution.py::{name} PASSED\\n'.encode())\n    os.write(1, b'=== 3 passed in 0.01s ===\\n')\n    os._exit(0)\n"
    ),
    "equal_to_all": EQUAL_TO_ALL + "def mask_account(number, shown=4): return Any()\n",
    "text_equal_to_all": (
        "class Text(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\n\n\n"
        "def mask_account(number, shown=4): return Text('x')\n"
    ),
    "skips": "import pytest\ndef mask_account(number, shown=4): pytest.skip('not today')\n",
    "expects_to_fail": "import pytest\ndef mask_account(number, shown=4): pytest.xfail('known')\n",
    "runs_no_test": "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\ndef mask_account(number, shown=4): return ''\n",
    "reports_passes": (
        "import _pytest.reports\nfrom_item = _pytest.reports.TestReport.from_item_and_call\ndef forged(item, call):\n"
        "    call.excinfo = None\n    return from_item(item, call)\n_pytest.reports.TestReport.from_item_and_call = forged\n"
        "def mask_account(number, shown=4): return ''\n"
    ),
    "reads_the_expectation": (
        "import ast, linecache, sys\ndef mask_account(number, shown=4):\n    caller = sys._getframe(1)\n"
        "    line = linecache.getline(caller.f_code.co_filename, caller.f_lineno).strip()\n"
        "    return ast.literal_eval(ast.parse(line).body[0].test.comparators[0])\n"
    ),
    "weakens_the_tests": (
        "import pathlib\npathlib.Path('test_solution.py').write_text('def test_default(): pass\\n')\ndef mask_account(number, shown=4): return ''\n"
    ),
    "knows_the_example": "def mask_account(number, shown=4): return '****-**56 789'\n",
}


@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("verdicts")
@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_earns_nothing(name: str) -> None:
    result = scored("bundled/mask_account", f"```python\n{CHEATS[name]}```")
    assert (result["outcome"], result["reward"]) == ("tests_failed", 0.0), result
    assert result["rewards"]["format"]["score"] == 1.0


@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("verdicts")
def test_a_cheat_earns_nothing_where_one_function_does_the_checking(tmp_path: Path) -> None:
    path = str(written(tmp_path, *ROWS))
    for name, function in (("own/looped", "least"), ("own/scripted", "double")):
        result = scored(name, f"```python\n{EQUAL_TO_ALL}def {function}(*a): return Any()\n```", dataset=path)
        assert (result["outcome"], result["reward"]) == ("tests_failed", 0.0), result
        assert result["tampering"], result


@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("verdicts")
def test_outcomes_that_are_the_policys() -> None:
    loop = scored("bundled/mask_account", "```python\ndef mask_account(number, shown=4):\n    while True: pass\n```", task={"tests_s": 2.0})
    assert (loop["outcome"], loop["reward"]) == ("test_timeout", 0.0)
    assert scored("bundled/mask_account", "No idea.")["outcome"] == "no_patch"
    broken = scored("bundled/mask_account", "```python\ndef mask_account(number, shown=4)\n    return number\n```")
    assert (broken["outcome"], broken["reward"]) == ("tests_failed", 0.0)


@pytest.mark.docker
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("verdicts")
def test_a_missing_image_or_engine_is_an_error_and_no_0(tmp_path: Path) -> None:
    task = next(iter(taskset(image="repair-envs/no-such-image:1")))
    with pytest.raises(InfrastructureError, match="repair-envs/no-such-image:1"):
        asyncio.run(score_answer(task, task.gold_reply))
    (tmp_path / "answer").write_text(task.gold_reply)
    arguments = ("score", ENV, "--instance", str(task.data.id), "--patch", "answer")
    done = run(tmp_path, "repair", *arguments, check=False, DOCKER_HOST=f"unix://{tmp_path}/none.sock")
    assert done.returncode == 1
    assert "no container engine answers" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.docker
@pytest.mark.server
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("verdicts")
def test_eval_scores_every_kind_of_answer_and_replay_agrees(tmp_path: Path) -> None:
    tasks = {str(task.data.prompt): task for task in taskset()}
    asked: Counter[str] = Counter()

    def answer(messages: list[dict[str, Any]]) -> str:
        prompt = str(messages[-1]["content"])
        asked[prompt] += 1
        task = tasks[prompt]
        body = task.data.problem.solution.removeprefix(task.data.problem.signature)
        return (task.gold_reply, body.lstrip("\n"), task.noop_reply, "I would rather not.")[(asked[prompt] - 1) % 4]

    with ScriptedEndpoint(answer, model=MODEL) as url:
        run(tmp_path, *eval_arguments(ENV, url, "-n", "6", "-r", "4"))
    found: dict[str, Counter[tuple[str, float, float]]] = {}
    for trace in traces(tmp_path / "outputs/run/traces.jsonl"):
        assert trace["errors"] == []
        scores = {name: part["score"] for name, part in trace["rewards"].items()}
        seen = found.setdefault(trace["task"]["data"]["id"], Counter())
        seen[trace["info"]["repair"]["outcome"], scores["passed"], round(scores["format"], 2)] += 1
    kinds = [("resolved", 1.0, 1.0), ("resolved", 1.0, 0.56), ("tests_failed", 0.0, 1.0), ("no_patch", 0.0, 0.0)]
    assert len(found) == 6
    assert all(seen == Counter(kinds) for seen in found.values()), found
    run(tmp_path, "vf-replay", "outputs/run", "--no-rich", "--output-dir", "replayed")
    recorded = {trace["id"]: trace["rewards"] for trace in traces(tmp_path / "outputs/run/traces.jsonl")}
    assert {trace["id"]: trace["rewards"] for trace in traces(tmp_path / "replayed/traces.jsonl")} == recorded


def test_a_manifests_quarantine_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "m.json").write_text(json.dumps({"quarantine": {"own/looped": "flaky"}}))
    path = str(written(tmp_path, HELPED, LOOPED))
    assert [task.data.id for task in taskset(dataset=path, manifest=str(tmp_path / "m.json"))] == ["own/helped"]
