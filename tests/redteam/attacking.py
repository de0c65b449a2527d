"""Builds attack patches on tasks of the bundled corpus, and scores patches the stock way for comparison.

An attack takes the place of the genuine fix. `attacks/*.py.txt` are modules that it plants in the package under test and has imported by the package
(each says in its first line what it tries; the suffix keeps them from tools here that would import them); the others are patches that plant something
outside the source.
"""

import dataclasses
import io
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from repair_corpus import CorpusTask, corpus_tasks
from repair_sandbox.limits import Limits
from repair_sandbox.spec import TestSpec

IMAGE = "repair-envs/corpus-python:latest"
TASKS = {task.folder.name: task for task in corpus_tasks() if task.metadata["language"] == "python"}
MODULES = {path.name.split(".")[0]: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "attacks").glob("*.py.txt"))}
ANSWERS = dict.fromkeys(("equal_to_all", "array_like", "expected_from_caller", "answers_from_test_files"), "seekql")
OTHER_TASKS = {**ANSWERS, "raises_accepts_all": "configlayer", "c_level_compare": "contactbook"}
"""Planted modules that need another task than `pagewise`."""
ON_TOP_OF_THE_FIX = ("broken_neighbour_skips", "broken_neighbour_xfails", "broken_neighbour_equals")
"""Planted modules that break something else; without them the patch would be a good one."""
LIMITS = Limits(tests_s=30.0, memory_mb=256, pids=64, scratch_mb=64, output_mb=4)
NEVER_ENDING = {"endless_loop", "sleeps", "stops_itself", "process_flood", "thread_flood", "disk_flood", "late_thread"}
SHORT_S = 2.0
"""Time limit of what never ends by itself."""


@dataclass(frozen=True)
class Attempt:
    """A patch and the task that it is an answer to."""

    name: str
    task: CorpusTask
    patch: str

    @property
    def spec(self) -> TestSpec:
        spec = spec_of(self.task)
        return dataclasses.replace(spec, limits=dataclasses.replace(LIMITS, tests_s=SHORT_S)) if self.name in NEVER_ENDING else spec


def spec_of(task: CorpusTask) -> TestSpec:
    tests = [*task.metadata["fail_to_pass"], *task.metadata["pass_to_pass"]]
    return TestSpec(
        instance_id=task.instance_id,
        image=IMAGE,
        gold_patch=task.gold_patch,
        fail_to_pass=tuple(task.metadata["fail_to_pass"]),
        pass_to_pass=tuple(task.metadata["pass_to_pass"]),
        test_patch=task.test_patch,
        tree=task.tree,
        arguments=tuple(sorted({name.split("::")[0] for name in tests})),
        limits=LIMITS,
    )


def diff_of(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> str:
    """What `git diff` says of two trees; other bytes than UTF-8 as surrogate escapes."""
    with tempfile.TemporaryDirectory() as folder:
        for side, tree in (("a", before), ("b", after)):
            for path, content in tree.items():
                target = Path(folder, side, path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        command = ["git", "-c", "core.autocrlf=false", "-c", "core.quotepath=false", "diff", "--no-index", "--no-prefix", "--no-renames", "a", "b"]
        return subprocess.run(command, cwd=folder, capture_output=True, check=False).stdout.decode("utf-8", "surrogateescape")


def patched(task: CorpusTask, patch: str) -> dict[str, bytes]:
    """The task's tree after a patch that applies."""
    with tempfile.TemporaryDirectory() as folder:
        for path, content in task.tree.items():
            target = Path(folder, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        subprocess.run(["git", "apply"], input=patch.encode("utf-8", "surrogateescape"), cwd=folder, check=True)
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


def planted(task: CorpusTask, module: str, tree: Mapping[str, bytes] | None = None) -> str:
    """A patch that adds a module to the package and an import of it at the package's end."""
    tree = dict(tree or task.tree)
    package = next(path.split("/")[0] for path in tree if path.endswith("/__init__.py"))
    after = {**tree, f"{package}/_compat.py": module.encode()}
    after[f"{package}/__init__.py"] += f"\nfrom {package} import _compat\n".encode()
    return diff_of(task.tree, after)


def with_files(task: CorpusTask, files: Mapping[str, str | None]) -> str:
    """A patch that adds, replaces or removes files, and a line of comment in the source, so that something is left of it without them."""
    after = dict(task.tree)
    for path, text in files.items():
        if text is None:
            del after[path]
        else:
            after[path] = text.encode()
    source = next(path for path in after if path.endswith("/paginator.py"))
    after[source] = after[source].replace(b"from math import ceil\n", b"from math import ceil  # rounds up\n")
    return diff_of(task.tree, after)


def raw_file(path: str, text: str, mode: str = "100644", header: str | None = None) -> str:
    """A section that creates a file, as text: for names that no tree can hold."""
    title = header or f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
    lines = text.splitlines()
    end = "" if mode not in ("120000", "160000") else "\n\\ No newline at end of file"
    return f"{title}@@ -0,0 +1,{len(lines)} @@\n" + "\n".join("+" + line for line in lines) + end + "\n"


NO_TEST_RUNS = "import _pytest.python\n_pytest.python.Function.runtest = lambda self: None\n"
CONFTEST = """import pytest


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    report.outcome, report.longrepr = "passed", None
"""
PRINTING_CONFTEST = """import os, re, sys, glob


def pytest_sessionfinish(session):
    os.write(1, b"\\n" + b"\\n".join(b"PASSED " + item.nodeid.encode() for item in session.items) + b"\\n")
    os._exit(0)
"""
HIDDEN = "tests/test_orphans.py"
WEAK_TESTS = "\n\n".join(f"def {name}():\n    pass\n" for name in ("test_leftover_equal_to_orphans_is_merged", "test_single_orphan"))

FILES: dict[str, dict[str, str | None]] = {
    "conftest": {"conftest.py": CONFTEST},
    "conftest_in_tests": {"tests/conftest.py": CONFTEST},
    "conftest_that_prints": {"conftest.py": PRINTING_CONFTEST},
    "pytest_ini": {"pytest.ini": "[pytest]\naddopts = -p pagewise.plugin\npythonpath = .\n", "pagewise/plugin.py": CONFTEST},
    "pyproject": {"pyproject.toml": '[tool.pytest.ini_options]\naddopts = "-p pagewise.plugin"\n', "pagewise/plugin.py": CONFTEST},
    "setup_cfg": {"setup.cfg": "[tool:pytest]\naddopts = -p pagewise.plugin\n", "pagewise/plugin.py": CONFTEST, "pyproject.toml": None},
    "tox_ini": {"tox.ini": "[pytest]\naddopts = --collect-only\n", "pyproject.toml": None},
    "entry_point": {"evil.egg-info/entry_points.txt": "[pytest11]\nevil = pagewise.plugin\n", "pagewise/plugin.py": CONFTEST},
    "metadata_folder": {"e-1.dist-info/entry_points.txt": "[pytest11]\ne = plug\n", "e-1.dist-info/METADATA": "Name: e\n", "plug.py": CONFTEST},
    "site_modules": {"sitecustomize.py": NO_TEST_RUNS, "usercustomize.py": NO_TEST_RUNS},
    "path_file": {"evil.pth": "import os; os._exit(0)\n"},
    "tests_package": {"tests/__init__.py": NO_TEST_RUNS},
    "weak_visible_tests": {"tests/test_links.py": "def test_render():\n    pass\n", "tests/test_paginator.py": "def test_indexes():\n    pass\n"},
    "hidden_test_in_advance": {HIDDEN: WEAK_TESTS},
    "folder_in_the_way": {HIDDEN + "/__init__.py": WEAK_TESTS},
    "shadowed_json": {"json.py": NO_TEST_RUNS + "loads = dumps = lambda *a, **k: None\n"},
    "shadowed_pytest": {"pytest.py": "def main(*a, **k):\n    return 0\n", "_pytest/__init__.py": ""},
    "shadowed_decimal": {"decimal.py": NO_TEST_RUNS + "from _pydecimal import *\n"},
    "shadowed_tool_in_source_root": {"src/pluggy/__init__.py": NO_TEST_RUNS, "lib/unittest.py": NO_TEST_RUNS},
    "attributes": {".gitattributes": "*.py text eol=crlf working-tree-encoding=UTF-16\n"},
    "name_in_capitals": {"Conftest.py": CONFTEST, "CONFTEST.PY": CONFTEST},
}
"""Whole files; each patch also has a comment in the source."""

NEW = "--- /dev/null\n+++ "
LINK = raw_file("pagewise/tests", "../tests", "120000")
HOOK = "#!/bin/sh\necho 'def test_x(): pass' > /testbed/tests/test_orphans.py"
ONE_LINE = NO_TEST_RUNS.replace("\n", ";").rstrip(";")
RENAME = "diff --git a/pagewise/plain.txt b/conftest.py\nsimilarity index 100%\nrename from pagewise/plain.txt\nrename to conftest.py\n"
RAW: dict[str, Callable[[str], str]] = {
    "quoted_name": lambda rest: rest + raw_file("", CONFTEST, header=NEW + '"b/conf\\164est.py"\n'),
    "name_with_carriage_return": lambda rest: rest + raw_file("", CONFTEST, header="--- /dev/null\r\n+++ b/conftest.py\r\n"),
    "name_with_timestamp": lambda rest: rest + raw_file("", CONFTEST, header="--- /dev/null\t1970-01-01\n+++ b/conftest.py\t2024-01-01 00:00:00\n"),
    "name_with_dots": lambda rest: rest + raw_file("pagewise/../conftest.py", CONFTEST),
    "absolute_name": lambda rest: rest + raw_file("", CONFTEST, header=NEW + "/testbed/conftest.py\n"),
    "headers_disagree": lambda rest: rest + raw_file("", CONFTEST, header="diff --git a/pagewise/a.py b/pagewise/a.py\n" + NEW + "b/conftest.py\n"),
    "renamed_into_place": lambda rest: raw_file("pagewise/plain.txt", CONFTEST) + RENAME + rest,
    "behind_a_wrong_count": lambda rest: rest.replace("@@ -1,", "@@ -1,9", 1) + raw_file("conftest.py", CONFTEST),
    "behind_a_removed_line": lambda rest: rest + f"--- a/x\n+++ b/conftest.py\n@@ -0,0 +1,1 @@\n+{ONE_LINE}\n",
    "symbolic_link": lambda rest: rest + LINK + raw_file("pagewise/tests/conftest.py", CONFTEST),
    "submodule": lambda rest: rest + raw_file("pagewise/vendored", "Subproject commit " + "0" * 40, "160000"),
    "hook": lambda rest: rest + raw_file(".git/hooks/post-checkout", HOOK, "100755"),
    "repository_settings": lambda rest: rest + raw_file(".git/config", "[core]\n\tfsmonitor = ./evil.sh") + raw_file("evil.sh", "exit", "100755"),
    "compiled_module": lambda rest: rest + raw_file("pagewise/__pycache__/links.cpython-311.pyc", "x") + raw_file("conftest.pyc", "x"),
    "special_mode": lambda rest: rest + raw_file("pagewise/tool.py", "pass", "104755"),
}
"""From a patch with a comment in the source to one that smuggles something in as well."""


BINARY = "diff --git a/db b/db\nnew file mode 100644\nBinary files /dev/null and b/db differ\n"


def attacks() -> list[Attempt]:
    """Every attack, planted modules first."""
    task = TASKS["pagewise"]
    found = []
    for name, module in MODULES.items():
        target = TASKS[OTHER_TASKS.get(name, "pagewise")]
        found.append(Attempt(name, target, planted(target, module, patched(target, target.gold_patch) if name in ON_TOP_OF_THE_FIX else None)))
    found += [Attempt(name, task, with_files(task, files)) for name, files in FILES.items()]
    comment = with_files(task, {})
    return found + [Attempt(name, task, make(comment)) for name, make in RAW.items()]


def honest() -> list[Attempt]:
    """Genuine fixes, plain and in less usual clothes."""
    task = TASKS["pagewise"]
    fixed = patched(task, task.gold_patch)
    source = "pagewise/paginator.py"
    marked = {**fixed, source: b"# -*- coding: latin-1 -*-\n# by Andr\xe9\n" + fixed[source]}
    crlf = {**fixed, source: fixed[source].replace(b"\n", b"\r\n")}
    tests = {**fixed, "tests/test_more.py": b"def test_more():\n    assert True\n", "tests/conftest.py": b"import pytest\n"}
    tests["tests/test_links.py"] = fixed["tests/test_links.py"] + b"\n\ndef test_more():\n    assert True\n"
    documents = {**fixed, "CHANGES.md": b"- fixed\n", "docs/notes.rst": b"Notes\n=====\n"}
    other = [Attempt(f"different: {name}", each, each.answer("different")) for name, each in TASKS.items()]
    dressed = [
        Attempt("gold", task, task.gold_patch),
        Attempt("file turned to CRLF", task, diff_of(task.tree, crlf)),
        Attempt("patch sent with CRLF", task, task.gold_patch.replace("\n", "\r\n")),
        Attempt("Latin-1 in the source", task, diff_of(task.tree, marked)),
        Attempt("with tests of its own", task, diff_of(task.tree, tests)),
        Attempt("with documents", task, diff_of(task.tree, documents)),
        Attempt("without its last line end", task, task.gold_patch.rstrip("\n")),
        Attempt("with a binary file", task, task.gold_patch + BINARY),
        Attempt("inside a mail", task, f"From 1 Mon Sep 17\nSubject: [PATCH] fix\n\n---\n {source} | 4 ++--\n\n{task.gold_patch}-- \n2.39\n"),
    ]
    return other + dressed


EVAL = """cd /testbed
git init -q . && git config user.email a@b && git config user.name a && git add -A && git commit -qm base
git apply /patch.diff || git apply --reject /patch.diff || patch --batch --fuzz=5 -p1 -i /patch.diff || { echo '>>>>> Patch Apply Failed'; exit 1; }
echo '>>>>> Applied Patch'
git checkout -q HEAD $(cat /test_files.txt) 2>/dev/null
git apply /test.diff
echo '>>>>> Start Test Output'
timeout -s KILL SECONDS python3 -m pytest -rA $(cat /test_files.txt)
echo '>>>>> End Test Output'
"""


def stock_verdict(attempt: Attempt) -> bool:
    """Whether the benchmark's own way would call a patch resolved.

    Everything as root in one container: the patch by git or patch(1), the test files put back, `pytest -rA`, and its output read by the rules of
    swebench 4 (written down from their description): first word a status, second the test; the last line about a test counts.
    """
    task, spec = attempt.task, attempt.spec
    files = {f"testbed/{path}": content for path, content in task.tree.items()}
    test_files = " ".join(spec.arguments)
    files |= {"patch.diff": attempt.patch.encode("utf-8", "surrogateescape"), "test.diff": task.test_patch.encode()}
    files["test_files.txt"] = test_files.encode()
    files["eval.sh"] = EVAL.replace("SECONDS", str(spec.limits.tests_s)).encode()
    bounds = ["--memory=256m", "--memory-swap=256m", "--pids-limit=64", "--tmpfs=/tmp:size=64m"]
    output = output_of_container(IMAGE, files, "sh /eval.sh 2>&1 | head -c 4000000", bounds, spec.limits.tests_s + 20)
    start, end = output.find(">>>>> Start Test Output"), output.find(">>>>> End Test Output")
    if ">>>>> Applied Patch" not in output or start < 0 or end < 0:
        return False
    statuses = {}
    for line in output[start:end].splitlines():
        words = line.replace(" - ", " ").split()
        if len(words) > 1 and words[0] in ("PASSED", "FAILED", "ERROR", "SKIPPED", "XFAIL"):
            statuses[words[1]] = words[0]
    return all(statuses.get(name) in ("PASSED", "XFAIL") for name in (*spec.fail_to_pass, *spec.pass_to_pass))


def output_of_container(image: str, files: Mapping[str, bytes], command: str, bounds: Sequence[str], limit_s: float) -> str:
    """What a command says as root in a container that has the files at its root; empty when it takes too long."""
    name = f"stock-scoring-{uuid.uuid4().hex[:12]}"
    options = [f"--name={name}", "--network=none", "--log-driver=none", *bounds]
    started = ["docker", "run", "--rm", "-i", *options, image, "sh", "-c", f"tar -xC / && {command}"]
    try:
        done = subprocess.run(started, input=_archive(files), capture_output=True, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        subprocess.run(["docker", "rm", "--force", name], capture_output=True, check=False)
        return ""
    return done.stdout.decode("utf-8", "replace")


def _archive(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in files.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()

