"""The bundled corpus is what it says: with each task's own tests, the buggy tree fails exactly FAIL_TO_PASS and the fixes fail nothing."""

import base64
import functools
import re
import shutil
import sys
from pathlib import Path

import pytest
from repair_corpus import CorpusTask, corpus_rows, corpus_tasks
from repair_rubrics import Patch
from repair_sandbox import CommandLimits, run_local
from repair_tasks.rows import parse_rows

TASKS = corpus_tasks()
PYTHON_TASKS = [task for task in TASKS if task.metadata["language"] == "python"]
JAVA_TASKS = [task for task in TASKS if task.metadata["language"] == "java"]
JUNIT_JARS = [Path("/usr/share/java") / name for name in ("junit4.jar", "hamcrest-core.jar", "hamcrest.jar")]
PYTEST_LINE = re.compile(r"^(PASSED|FAILED|ERROR) (\S+)", re.MULTILINE)
MESSAGE_LINE = re.compile(r"^MESSAGE (\S+::\w+) (\S+)$", re.MULTILINE)
JAVA_LINE = re.compile(r"^(PASSED|FAILED) (\S+::\w+)$", re.MULTILINE)

JUNIT_RUNNER = """
import org.junit.runner.*; import org.junit.runner.notification.*; import java.util.*;
public class Run {
    public static void main(String[] names) throws Exception {
        JUnitCore core = new JUnitCore(); final Set<String> failed = new HashSet<>(); final List<String> all = new ArrayList<>();
        core.addListener(new RunListener() {
            String id(Description d) { return d.getClassName() + "::" + d.getMethodName(); }
            public void testFailure(Failure f) {
                failed.add(id(f.getDescription()));
                byte[] message = f.getException().toString().getBytes(java.nio.charset.StandardCharsets.UTF_8);
                System.out.println("MESSAGE " + id(f.getDescription()) + " " + Base64.getEncoder().encodeToString(message));
            }
            public void testFinished(Description d) { all.add(id(d)); }
        });
        for (String name : names) core.run(Class.forName(name));
        for (String id : all) System.out.println((failed.contains(id) ? "FAILED " : "PASSED ") + id);
    }
}
"""


def tree_with(task: CorpusTask, *patches: str) -> dict[str, bytes]:
    """The buggy tree with patches applied in order."""
    files = {path: content.decode() for path, content in task.tree.items()}
    for text in patches:
        applied = Patch.parse(text).apply(files)
        assert applied.rung == "exact", f"{task.instance_id}: {applied.failure}"
        files = {path: text for path, text in {**files, **applied.files}.items() if text is not None}
    return {path: text.encode() for path, text in files.items()}


def pytest_outcomes(files: dict[str, bytes]) -> dict[str, str]:
    argv = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "--color=no"]
    result = run_local(argv, files, environment={"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"})
    assert not result.timed_out
    assert result.exit_code in (0, 1), result.output
    return {test: outcome for outcome, test in PYTEST_LINE.findall(result.output)}


@functools.cache
def junit_output(task: CorpusTask, *patches: str) -> str:
    """What the hidden and the visible tests of a Java task say."""
    files = tree_with(task, task.test_patch, *patches)
    classpath = ":".join(str(jar) for jar in JUNIT_JARS if jar.exists())
    sources = " ".join(sorted(path for path in files if path.endswith(".java")))
    classes = " ".join(task.metadata["defects4j"]["relevant_tests"])
    script = (
        f"mkdir out && javac --release 8 -nowarn -encoding UTF-8 -cp {classpath} -d out Run.java {sources}"
        f" && java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -cp out:{classpath} Run {classes}"
    )
    result = run_local(["sh", "-c", script], {**files, "Run.java": JUNIT_RUNNER.encode()}, CommandLimits(memory_gb=16, wall_s=120))
    assert result.exit_code == 0, result.output
    return result.output


def outcomes(task: CorpusTask, *patches: str) -> dict[str, str]:
    if task.metadata["language"] == "python":
        return pytest_outcomes(tree_with(task, task.test_patch, *patches))
    return {test: outcome for outcome, test in JAVA_LINE.findall(junit_output(task, *patches))}


def check_task(task: CorpusTask) -> None:
    """Buggy, gold and the prepared answers, by the tests."""
    to_fix, to_keep = set(task.metadata["fail_to_pass"]), set(task.metadata["pass_to_pass"])
    buggy = outcomes(task)
    assert {test for test, outcome in buggy.items() if outcome != "PASSED"} == to_fix
    assert buggy.keys() == to_fix | to_keep
    for fix in (task.gold_patch, task.answer("different")):
        assert outcomes(task, fix) == dict.fromkeys(buggy, "PASSED")
    for kind in ("partial", "wrong"):
        result = outcomes(task, task.answer(kind))
        assert any(result[test] != "PASSED" for test in to_fix), kind


@pytest.mark.parametrize("task", PYTHON_TASKS, ids=lambda task: task.folder.name)
def test_python_task(task: CorpusTask) -> None:
    check_task(task)


@pytest.mark.java
@pytest.mark.parametrize("task", JAVA_TASKS, ids=lambda task: task.folder.name)
def test_java_task(task: CorpusTask) -> None:
    if shutil.which("javac") is None or not JUNIT_JARS[0].exists():
        pytest.skip("needs a JDK and Debian's junit4 package")
    assert task.metadata["defects4j"]["trigger_tests"] == task.metadata["fail_to_pass"]
    check_task(task)


@pytest.mark.java
@pytest.mark.parametrize("task", JAVA_TASKS, ids=lambda task: task.folder.name)
def test_java_tests_fail_as_the_task_says(task: CorpusTask) -> None:
    if shutil.which("javac") is None or not JUNIT_JARS[0].exists():
        pytest.skip("needs a JDK and Debian's junit4 package")
    said = MESSAGE_LINE.findall(junit_output(task))
    messages = {test: base64.b64decode(message).decode() for test, message in said}
    assert messages == task.metadata["defects4j"]["trigger_messages"]


def test_corpus_is_as_large_as_promised() -> None:
    assert len(PYTHON_TASKS) >= 12
    assert len(JAVA_TASKS) >= 6
    assert len({task.instance_id for task in TASKS}) == len(TASKS)


def test_rows_are_of_the_swe_bench_schema() -> None:
    rows = list(parse_rows(corpus_rows(), "corpus"))
    assert [row.instance_id for row in rows] == [task.instance_id for task in TASKS]
    for row in rows:
        assert row.fail_to_pass
        assert row.pass_to_pass
        assert len(row.base_commit) == 40
        assert row.gold.apply(row.sources).rung == "exact"
        assert not [edit.path for edit in row.gold.files if "test" in edit.path]
