"""From dataset rows to what the sandbox runs, and from answers to the diffs it gets. No container."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from repair_corpus import corpus_rows
from repair_rubrics import Patch
from repair_sandbox.limits import Limits
from repair_tasks import BugRow, LoadingOptions, RowError, answer_diff, gold_answer, load_tasks, task_sources
from repair_tasks.prompts import UNSEEN_LINE
from repair_tasks.rows import parse_rows
from swe_bench_tests.eval_script import EvalScriptError, parse_eval_script
from swe_bench_tests.specs import needs_install, plan_tests, sandbox_spec

SCRIPT = """\
#!/bin/bash
set -uxo pipefail
source /opt/conda/bin/activate
conda activate proj
cd "/src/the project"
sed -i '/en_US.UTF-8/s/^# //g' /etc/locale.gen && locale-gen
export LANG=en_US.UTF-8
export LANGUAGE=en_US:en MODE='a b'
git config --global --add safe.directory /src
git -c core.fileMode=false diff 0123abc
python -m pip install -e '.[test]'
python setup.py build_ext --inplace
git checkout 0123abc tests/test_a.py
git apply -v - <<'EOF_1'
diff --git a/tests/test_a.py b/tests/test_a.py
python -m pip install nothing
EOF_1
: '>>>>> Start Test Output'
pytest -rA tests/test_a.py
: '>>>>> End Test Output'
git checkout 0123abc tests/test_a.py
"""


def row(**columns: Any) -> BugRow:
    base = next(iter(corpus_rows()))
    return next(iter(parse_rows([{**base, "sources": {}, "test_command": "", "image": "some/image:1", **columns}], "test")))


def script(command: str, before: str = "cd /testbed") -> str:
    return f"#!/bin/bash\n{before}\n: '>>>>> Start Test Output'\n{command}\n: '>>>>> End Test Output'\n"


def test_a_script_is_read_and_not_run() -> None:
    found = parse_eval_script(SCRIPT)
    assert found.test_command == "pytest -rA tests/test_a.py"
    assert found.workdir == "/src/the project"
    assert found.path_prefix == "/opt/conda/envs/proj/bin"
    assert found.install == "python -m pip install -e '.[test]' && python setup.py build_ext --inplace"
    assert found.setup == ""
    assert dict(found.environment) == {
        "LANG": "C.UTF-8",
        "LANGUAGE": "en_US:en",
        "MODE": "a b",
        "CONDA_PREFIX": "/opt/conda/envs/proj",
        "CONDA_DEFAULT_ENV": "proj",
    }


def test_a_locale_that_the_script_does_not_generate_stays() -> None:
    assert dict(parse_eval_script(script("pytest", "export LANG=de_DE.UTF-8")).environment) == {"LANG": "de_DE.UTF-8"}


def test_a_script_without_markers_is_an_error() -> None:
    with pytest.raises(EvalScriptError, match="no test command between the markers"):
        parse_eval_script("pytest tests\n")


COMMANDS = [
    ("pytest -rA tests/test_a.py", "pytest", ("tests/test_a.py",), {}),
    ("pytest --no-header -rA -o 'addopts=-q x' tests", "pytest", ("--no-header", "-o", "addopts=-q x", "tests"), {}),
    ("TZ=UTC MODE='a b' python -m pytest -rA t.py", "pytest", ("t.py",), {"TZ": "UTC", "MODE": "a b"}),
    ("python3 -m pytest t.py", "pytest", ("t.py",), {}),
    ("pytest -rA t.py && true", "log", ("pytest -rA t.py && true",), {}),
    ("pytest -rA t.py > out.txt", "log", ("pytest -rA t.py > out.txt",), {}),
    ("pytest -rA one.py\npytest -rA two.py", "log", ("pytest -rA one.py\npytest -rA two.py",), {}),
    ("pytest -rA 'unfinished", "log", ("pytest -rA 'unfinished",), {}),
    ("./tests/runtests.py --parallel 1 a.tests", "log", ("./tests/runtests.py --parallel 1 a.tests",), {}),
]


@pytest.mark.parametrize(("command", "runner", "arguments", "environment"), COMMANDS, ids=[case[0].replace("\n", ";") for case in COMMANDS])
def test_plain_pytest_calls_get_the_trusted_runner(command: str, runner: str, arguments: tuple[str, ...], environment: dict[str, str]) -> None:
    plan = plan_tests(row(eval_script=script(command), log_parser="parse_log_pytest"))
    assert (plan.runner, plan.arguments, dict(plan.environment)) == (runner, arguments, environment)
    assert sandbox_spec("name", "", plan, Limits()).workdir_on_path == (runner == "pytest" and "python" in command)


def test_unknown_lines_before_the_tests_run_before_them() -> None:
    plan = plan_tests(row(eval_script=script("pytest -rA t.py", "cd /testbed\nservice redis start"), log_parser="parse_log_pytest"))
    assert (plan.runner, plan.arguments) == ("log", ("service redis start\npytest -rA t.py",))


def test_ids_that_a_parser_rewrote_are_read_by_that_parser() -> None:
    tests = ["t.py::test_path[/mymodule.py]"]
    for parser, runner in (("parse_log_pylint", "log"), ("parse_log_pytest", "pytest")):
        assert plan_tests(row(eval_script=script("pytest -rA t.py"), log_parser=parser, FAIL_TO_PASS=tests)).runner == runner


def test_what_is_no_test_is_not_expected_to_pass() -> None:
    plan = plan_tests(row(eval_script=script("pytest -rA t.py"), PASS_TO_PASS=["t.py::test_a", "[100%]"]))
    assert plan.pass_to_pass == ("t.py::test_a",)


def test_a_row_of_ones_own() -> None:
    own = row(test_command="pytest -q tests", workdir="/app", sources={"b.py": "é\n", "a.py": "1\n"})
    plan = plan_tests(own, "registry.local/{image}/{instance_id}")
    assert plan.image == f"registry.local/some/image:1/{own.instance_id}"
    spec = sandbox_spec(own.instance_id, own.patch, plan, Limits(tests_s=5.0))
    assert (spec.workdir, spec.runner, spec.arguments, spec.limits.tests_s) == ("/app", "pytest", ("-q", "tests"), 5.0)
    assert spec.tree == {"a.py": b"1\n", "b.py": "é\n".encode()}
    assert not spec.writable_tree


MISTAKES = [
    ({}, "", "rows of SWE-bench's older schema do not say how to run their tests"),
    ({"test_command": "pytest", "image": ""}, "", "no image: add the column, or name images with --env.taskset.image-template"),
    ({"test_command": "pytest", "FAIL_TO_PASS": []}, "", "FAIL_TO_PASS is empty"),
    ({"test_command": "make check"}, "", "'make check' is not a plain pytest call, so log_parser must name"),
    ({"test_command": "make check", "log_parser": "parse_log_nothing"}, "", "log_parser 'parse_log_nothing': swebench has no such parser"),
    ({"eval_script": "pytest\n"}, "", "eval_script: no test command between the markers"),
    ({"test_command": "pytest"}, "reg/{nothing}", "image_template 'reg/{nothing}': knows {instance_id} and {image} only"),
]


@pytest.mark.parametrize(("columns", "template", "message"), MISTAKES, ids=[case[2][:30] for case in MISTAKES])
def test_a_row_that_does_not_say_what_to_run_is_named(columns: dict[str, Any], template: str, message: str) -> None:
    with pytest.raises(RowError) as raised:
        plan_tests(row(**columns), template)
    assert message in str(raised.value)


@pytest.mark.shared_data
def test_every_row_of_swe_bench_lite_has_a_plan(lite_rows: list[dict[str, Any]]) -> None:
    plans = {bug.instance_id: plan_tests(bug) for bug in parse_rows(lite_rows, "lite")}
    assert len(plans) == 323
    assert {plan.workdir for plan in plans.values()} == {"/testbed"}
    assert {plan.path_prefix for plan in plans.values()} == {"/opt/miniconda3/envs/testbed/bin"}
    assert {plan.runner for name, plan in plans.items() if name.startswith(("django", "sympy", "sphinx"))} == {"log"}
    assert plans["pylint-dev__pylint-7080"].runner == "log"
    flask = plans["pallets__flask-4045"]
    assert (flask.runner, flask.arguments) == ("pytest", ("tests/test_basic.py", "tests/test_blueprints.py"))
    assert flask.install == "python -m pip install -e ."
    for plan in plans.values():
        assert plan.fail_to_pass
        assert plan.image.startswith("swebench/sweb.eval.x86_64.")
        assert type(plan).model_validate_json(plan.model_dump_json()) == plan


@pytest.mark.parametrize(
    ("path", "expected"), [("setup.py", True), ("pkg/fast.pyx", True), ("pyproject.toml", True), ("pkg/mod.py", False), ("docs/setup.py.txt", False)]
)
def test_only_what_an_editable_install_does_not_serve_is_reinstalled(path: str, expected: bool) -> None:
    assert needs_install(f"--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-a\n+b\n") == expected


# From answers to diffs

TEXT = "".join(f"line {number}\n" for number in range(1, 41))
WINDOW = "".join(
    f"{line}\n" if 9 <= number <= 15 or 18 <= number <= 24 else f"{UNSEEN_LINE}\n" for number, line in enumerate(TEXT.splitlines(), 1)
)


def edit(*changes: tuple[str, str], path: str = "pkg/mod.py") -> str:
    return "".join(f"{path}\n<<<<<<< SEARCH\n{old}=======\n{new}>>>>>>> REPLACE\n" for old, new in changes)


ANSWERS = {
    "middle": (("line 12\n", "line twelve\n"),),
    "both windows": (("line 14\n", ""), ("line 19\n", "line 19\nadded\n")),
    "window's first line": (("line 9\n", "nine\n"),),
    "across the gap": (("line 15\n", "fifteen\n"), ("line 18\n", "eighteen\n")),
    "grown by many": (("line 10\n", "".join(f"new {n}\n" for n in range(50))), ("line 20\n", "twenty\n")),
}


@pytest.mark.parametrize("changes", ANSWERS.values(), ids=ANSWERS)
def test_a_diff_from_a_window_says_nothing_of_what_was_not_shown(changes: tuple[tuple[str, str], ...], tmp_path: Path) -> None:
    diff = answer_diff(Patch.parse(edit(*changes)), {"pkg/mod.py": WINDOW}).text
    assert diff
    assert UNSEEN_LINE not in diff
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg/mod.py").write_text(TEXT)
    # --unidiff-zero: a change at the edge of a window has no context on one side
    done = subprocess.run(["git", "apply", "--unidiff-zero", "-"], cwd=tmp_path, input=diff, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    wanted = TEXT
    for old, new in changes:
        wanted = wanted.replace(old, new, 1)
    assert (tmp_path / "pkg/mod.py").read_text() == wanted


def test_a_diff_of_a_file_that_was_not_shown_is_handed_on() -> None:
    diff = "--- a/other.py\n+++ b/other.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
    found = answer_diff(Patch.parse(diff), {"pkg/mod.py": TEXT})
    assert found.failure == ""
    assert Patch.parse(found.text).files == Patch.parse(diff).files


def test_blocks_that_fit_nowhere_have_no_diff() -> None:
    found = answer_diff(Patch.parse(edit(("never there\n", "x\n"))), {"pkg/mod.py": TEXT})
    assert found.text == ""
    assert "hunk_not_found" in found.failure


def test_an_edit_that_changes_nothing_is_an_empty_diff() -> None:
    found = answer_diff(Patch.parse(edit(("line 3\n", "line 3\n"))), {"pkg/mod.py": TEXT})
    assert (found.text, found.failure) == ("", "")


@pytest.mark.shared_data
@pytest.mark.parametrize("edit_format", ["search_replace", "unified_diff"])
def test_the_human_fix_of_every_lite_row_becomes_a_diff_that_makes_the_same_change(shared_data: Path, edit_format: Any, tmp_path: Path) -> None:
    options = LoadingOptions(dataset=str(shared_data / "swe_bench/lite_dev.jsonl"), context="window", edit_format=edit_format)
    tasks = list(load_tasks(options))
    assert len(tasks) == 23
    for task in tasks:
        sources = task_sources(task.prompt, task.fields)
        found = answer_diff(Patch.parse(gold_answer(task.prompt, task.fields)), sources)
        assert found.failure == ""
        assert UNSEEN_LINE not in found.text
        gold = Patch.parse(task.fields.gold_patch).apply(sources)
        assert Patch.parse(found.text).apply(sources).files == gold.files, task.instance_id


def test_the_wire_form_of_a_plan_keeps_everything() -> None:
    for bug in parse_rows(corpus_rows(), "corpus"):
        if bug.language == "python":
            plan = plan_tests(bug)
            assert type(plan).model_validate(json.loads(plan.model_dump_json())) == plan
            assert hash(plan) == hash(type(plan).model_validate_json(plan.model_dump_json()))
