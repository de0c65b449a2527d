"""The Java path in real containers: right patches pass, wrong ones fail for the right reason, stage by stage, and only what changed is compiled."""

import base64
import dataclasses
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
import pytest
from repair_corpus import CorpusTask, corpus_tasks
from repair_sandbox import JavaBuild, Sandbox, guest_protocol, verdict
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import BrokenTask
from repair_sandbox.guest_protocol import build_request, build_setup
from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport
from repair_sandbox.spec import TestSpec

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
IMAGE = "repair-envs/corpus-java:latest"
JARS = ("/usr/share/java/junit4.jar", "/usr/share/java/hamcrest-core.jar")
FLAGS = ("-source", "8", "-target", "8", "-encoding", "UTF-8")
TASKS = [task for task in corpus_tasks() if task.metadata["language"] == "java"]
LIMITS = Limits(tests_s=120.0, memory_mb=768)
Run = Callable[..., dict[str, Any]]

BUGGY = "package p;\n\npublic class Calc {\n    public static int twice(int n) {\n        return n + n + 1;\n    }\n}\n"
TEST = """package p;
import static org.junit.Assert.*;
import org.junit.Test;
public class CalcTest {
    @Test public void doubles() { assertEquals(4, Calc.twice(2)); }
    @Test public void runs() { Calc.twice(0); }
}
"""
TREE = {"src/p/Calc.java": BUGGY, "test/p/CalcTest.java": TEST}
TO_FIX = ("p.CalcTest::doubles",)


@pytest.fixture(scope="module")
def sandbox(java_image: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox.docker(cache_folder=tmp_path_factory.mktemp("verdicts")) as scoring:
        yield scoring


@pytest.fixture(scope="module")
def run(java_image: str) -> Iterator[Run]:
    """Runs a patch on a tree: the guest's result."""
    backend = DockerBackend(standby=1)

    def run_one(spec: TestSpec, patch: str, **options: Any) -> dict[str, Any]:
        return backend.run(spec.image, build_request(spec, patch, **options), spec.limits).result

    yield run_one
    backend.close()


def diff(path: str, old: str | None, new: str | None) -> str:
    """A patch that replaces a whole file; None for no file."""
    before, after = (text.splitlines() if text is not None else [] for text in (old, new))
    kind = "new file mode 100644\n" if old is None else "deleted file mode 100644\n" if new is None else ""
    names = f"--- {'/dev/null' if old is None else 'a/' + path}\n+++ {'/dev/null' if new is None else 'b/' + path}\n"
    spans = [f"{1 if lines else 0},{len(lines)}" for lines in (before, after)]
    body = "".join(f"-{line}\n" for line in before) + "".join(f"+{line}\n" for line in after)
    return f"diff --git a/{path} b/{path}\n{kind}{names}@@ -{spans[0]} +{spans[1]} @@\n{body}"


def edited(old: str, new: str, path: str = "src/p/Calc.java", text: str = BUGGY) -> str:
    assert old in text
    return diff(path, text, text.replace(old, new))


FIX = edited("n + n + 1", "2 * n")


def spec_of(tree: Mapping[str, str | bytes] = TREE, to_fix: tuple[str, ...] = TO_FIX, to_keep: tuple[str, ...] = (), **values: Any) -> TestSpec:
    """A task whose tree comes with the request; `build` overrides fields of its `JavaBuild`."""
    build = {"source_dir": "src", "test_dir": "test", "class_path": JARS, "flags": FLAGS, **values.pop("build", {})}
    files = {path: text.encode() if isinstance(text, str) else text for path, text in tree.items()}
    fields: dict[str, Any] = {"instance_id": "project__1", "image": IMAGE, "gold_patch": FIX, "limits": LIMITS, **values}
    return TestSpec(fail_to_pass=to_fix, pass_to_pass=to_keep, tree=files, runner="junit", java=JavaBuild(**build), **fields)


def corpus_spec(task: CorpusTask) -> TestSpec:
    about = task.metadata["defects4j"]
    build = JavaBuild(about["dir_src_classes"], about["dir_src_tests"], class_path=JARS, flags=FLAGS, test_class_names=tuple(about["relevant_tests"]))
    to_fix, to_keep = tuple(task.metadata["fail_to_pass"]), tuple(task.metadata["pass_to_pass"])
    spec = TestSpec(task.instance_id, IMAGE, task.gold_patch, to_fix, to_keep, task.test_patch, tree=task.tree, limits=LIMITS)
    return dataclasses.replace(spec, runner="junit", java=build)


def judged(spec: TestSpec, result: Mapping[str, Any]) -> TestReport:
    return verdict.judge(spec, result)


def log_of(result: Mapping[str, Any]) -> str:
    return base64.b64decode(result["output"]).decode("utf-8", "replace")


# --- the bundled corpus ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.folder.name)
def test_corpus_task(task: CorpusTask, run: Run, sandbox: Sandbox) -> None:
    spec = corpus_spec(task)
    buggy = judged(spec, run(spec, "", stop_at_first_failure=False))
    assert buggy.outcome == "tests_failed"
    assert set(buggy.fail_to_pass.values()) == {"failed"}
    assert set(buggy.pass_to_pass.values()) == {"passed"}
    for patch in (task.gold_patch, task.answer("different")):
        report = sandbox.score(spec, patch)
        assert report.resolved, report
        assert {"compile", "trigger_tests", "relevant_tests"} <= report.stages_s.keys()
    assert sandbox.score(spec, "").outcome == "no_patch"
    assert sandbox.score(spec, task.answer("wrong")).outcome == "tests_failed"
    everything = sandbox.score(spec, task.answer("partial"), stop_at_first_failure=False)
    assert everything.outcome == "tests_failed"
    assert "not_run" not in {**everything.fail_to_pass, **everything.pass_to_pass}.values()


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.folder.name)
def test_control_run_of_a_human_fix(task: CorpusTask, run: Run) -> None:
    spec = corpus_spec(task)
    result = run(spec, task.gold_patch, control=True)
    blind = set(verdict.control_faults(spec, result))  # twins that see nothing, since a changed argument of a helper need not matter
    assert not any(fault.endswith(verdict.AS_IT_IS) for fault in blind)
    assert set(result["twins"].values()) == {""}
    assert result["copies"].keys() == {*spec.fail_to_pass, *spec.pass_to_pass}
    for name in spec.fail_to_pass:
        copies = result["copies"][name]
        assert len(copies["real"]) == 1
        assert name in copies["twins"]
        seen = [twin for twin in copies["twins"] if not blind & {twin, f"{name} as {twin.rpartition('::')[2]}"}]
        assert seen
    assert verdict.control_faults(spec, run(spec, "", control=True))  # as it is, no test to fix passes


# --- stages and their outcomes ---------------------------------------------------------------------------------------------------------------


def test_compile_failure_quotes_javac(sandbox: Sandbox) -> None:
    report = sandbox.score(spec_of(), edited("n + n + 1", "n + missing"))
    assert report.outcome == "compile_failed"
    assert report.reason.startswith("src/p/Calc.java:5: cannot find symbol")
    assert "missing" in report.reason
    assert report.fail_to_pass == {}
    assert "tests" not in report.stages_s or report.stages_s["tests"] == 0.0


@pytest.mark.parametrize("text", ["n + n;;}}", "(((((((((" * 4000 + "n", "'\\u000a'"], ids=["unbalanced", "absurdly deep", "line end in a character"])
def test_what_javac_cannot_read_is_a_compile_failure(text: str, sandbox: Sandbox) -> None:
    assert sandbox.score(spec_of(), edited("n + n + 1", text)).outcome == "compile_failed"


def test_a_signature_that_the_tests_need_is_missed_at_compile_time(sandbox: Sandbox) -> None:
    report = sandbox.score(spec_of(), edited("twice(int n)", "thrice(int n)"))
    assert report.outcome == "compile_failed"
    assert report.reason.startswith("test/p/CalcTest.java:5:")


def test_stops_at_the_first_failure_unless_told_otherwise(sandbox: Sandbox) -> None:
    tree = {**TREE, "test/p/OtherTest.java": TEST.replace("CalcTest", "OtherTest")}
    spec = spec_of(tree, TO_FIX, ("p.OtherTest::runs", "p.CalcTest::runs"), build={"test_class_names": ("p.OtherTest", "p.CalcTest")})
    wrong = edited("n + n + 1", "n + n + 2")
    report = sandbox.score(spec, wrong)
    assert report.fail_to_pass == {"p.CalcTest::doubles": "failed"}
    assert report.pass_to_pass["p.OtherTest::runs"] == "not_run"
    assert report.exit_code == 2
    report = sandbox.score(spec, wrong, stop_at_first_failure=False)
    assert report.pass_to_pass == {"p.OtherTest::runs": "passed", "p.CalcTest::runs": "passed"}
    assert "FAILED p.CalcTest::doubles" in report.log_tail
    assert "java.lang.AssertionError: expected:<4> but was:<6>" in report.log_tail


ENDINGS: dict[str, tuple[str, str, str]] = {
    "endless loop": ("while (true) { if (n > 1000000) return 0; }", "test_timeout", ""),
    "sleep": ("try { Thread.sleep(100000L); } catch (InterruptedException e) { } return 2 * n;", "test_timeout", ""),
    "exit": ("System.exit(0); return 2 * n;", "tests_failed", "doubles: missing"),
    "halt": ("Runtime.getRuntime().halt(0); return 2 * n;", "tests_failed", "doubles: missing"),
    "heap": ("java.util.List<long[]> l = new java.util.ArrayList<long[]>(); while (true) l.add(new long[1 << 20]);", "tests_failed", "failed"),
    "memory outside the heap": (
        "java.util.List<Object> l = new java.util.ArrayList<Object>();"
        "while (true) { java.nio.ByteBuffer b = java.nio.ByteBuffer.allocateDirect(1 << 24); l.add(b); }",
        "",
        "",
    ),
    "output": ('while (true) System.out.println("PASSED p.CalcTest::doubles p.CalcTest::doubles p.CalcTest::doubles");', "resource_limit", "output"),
    "full disk": (
        'try { for (int i = 0; ; i++) java.nio.file.Files.write(java.nio.file.Paths.get("/tmp/f" + i), new byte[1 << 24]); }'
        " catch (java.io.IOException e) { System.exit(3); return n; }",
        "resource_limit",
        "disk",
    ),
    "dies by a signal": (
        'try { new ProcessBuilder("sh", "-c", "kill -9 $PPID").start().waitFor(); } catch (Exception e) { } return 2 * n;',
        "tests_failed",
        "doubles: missing",
    ),
}


@pytest.mark.parametrize("kind", ENDINGS)
def test_a_patch_that_ends_the_tests_otherwise_is_its_own_doing(kind: str, sandbox: Sandbox) -> None:
    body, outcome, reason = ENDINGS[kind]
    limits = dataclasses.replace(LIMITS, tests_s=6.0 if outcome == "test_timeout" else 120.0, scratch_mb=64, output_mb=2, memory_mb=512)
    report = sandbox.score(spec_of(limits=limits), edited("return n + n + 1;", body))
    assert report.outcome == outcome or (not outcome and report.outcome in ("tests_failed", "resource_limit")), report
    assert reason in report.reason


def test_no_jdk_in_the_image_is_our_fault(image: str, run: Run) -> None:
    spec = dataclasses.replace(spec_of(), image=image)
    with pytest.raises(BrokenTask, match="no java in"):
        judged(spec, run(spec, FIX))


def test_no_junit_on_the_class_path_is_our_fault() -> None:
    backend = DockerBackend(standby=0, encode_setup=with_other_programs)
    try:
        spec = spec_of(build={"class_path": ()})
        with pytest.raises(BrokenTask, match="JUnit"):
            judged(spec, backend.run(spec.image, build_request(spec, FIX), spec.limits).result)
    finally:
        backend.close()


def with_other_programs(setup: Mapping[str, Any]) -> bytes:
    """The first message with programs that no image holds compiled."""
    message = guest_protocol.encode_setup(setup)
    return _length_first(message.partition(b"\n")[2].replace(b"public final class Run {", b"public final class Run { // not as in the image", 1))


def _length_first(payload: bytes) -> bytes:
    return b"%d\n" % len(payload) + payload


def test_programs_that_the_image_does_not_hold_are_compiled_first(java_image: str) -> None:
    backend = DockerBackend(standby=0, encode_setup=with_other_programs)
    try:
        spec = spec_of()
        assert judged(spec, backend.run(spec.image, build_request(spec, FIX), spec.limits).result).resolved
    finally:
        backend.close()


# --- a JVM that waits ------------------------------------------------------------------------------------------------------------------------


KILL_JAVA = """
import os
for name in os.listdir("/proc"):
    if name.isdigit() and open(f"/proc/{name}/comm").read() == "java\\n":
        os.kill(int(name), 9)
"""


def processes(client: docker.APIClient, container: str) -> list[str]:
    return [" ".join(row) for row in client.top(container)["Processes"]]


@pytest.fixture
def waiting(java_image: str, client: docker.APIClient, containers: Callable[..., list[Any]]) -> Iterator[tuple[DockerBackend, str]]:
    """A backend with one container that stands by, javac loaded, and that container's id."""
    backend = DockerBackend(standby=1)
    spec = spec_of()
    backend.prepare(spec.image, build_setup(spec), spec.limits)
    end = time.monotonic() + 60
    made: list[str] = []
    while not made or not any("Prepare" in line for line in processes(client, made[0])):
        assert time.monotonic() < end, made
        time.sleep(0.1)
        made = [one["Id"] for one in containers()]
    yield backend, made[0]
    backend.close()


def test_a_container_that_stands_by_has_javac_loaded(waiting: tuple[DockerBackend, str]) -> None:
    time.sleep(3.0)
    backend, spec = waiting[0], spec_of()
    reply = backend.run(spec.image, build_request(spec, FIX), spec.limits)
    assert judged(spec, reply.result).resolved
    assert reply.start_s < 0.1
    assert 0 < reply.result["cpu_s"] < 60


def test_a_container_told_of_another_environment_is_not_taken(waiting: tuple[DockerBackend, str], client: docker.APIClient) -> None:
    backend, spec = waiting[0], spec_of(environment={"TZ": "America/Los_Angeles"})
    assert judged(spec, backend.run(spec.image, build_request(spec, FIX), spec.limits).result).resolved
    assert any("Prepare" in line for line in processes(client, waiting[1]))


def test_a_jvm_that_died_while_it_waited_is_replaced(waiting: tuple[DockerBackend, str], client: docker.APIClient) -> None:
    backend, spec = waiting[0], spec_of()
    client.exec_start(client.exec_create(waiting[1], ["python3", "-c", KILL_JAVA]))
    reply = backend.run(spec.image, build_request(spec, FIX), spec.limits)
    assert judged(spec, reply.result).resolved
    assert (reply.attempts, reply.start_s < 0.1) == (1, True)


# --- what is compiled ------------------------------------------------------------------------------------------------------------------------

USER = """package p;

public class User {
    public static int limit() { return Calc.LIMIT; }
    public static long four() { return Calc.twice(2); }
}
"""
CALC = BUGGY.replace(
    "public class Calc {\n",
    "public class Calc {\n    public static final int LIMIT = 3;\n    static class Part { static int one() { return 1; } }\n",
)
USER_TEST = """package p;
import static org.junit.Assert.*;
import org.junit.Test;
public class UserTest {
    @Test public void limit() { assertEquals(5, User.limit()); }
    @Test public void four() { assertEquals(4L, User.four()); }
    @Test public void data() throws Exception {
        java.io.InputStream content = Calc.class.getResourceAsStream("data.txt");
        assertEquals('y', content.read());
        assertEquals("the line feed: under Ant it ends with the file", 1, content.skip(5));
    }
}
"""


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str | bytes]:
    """A tree with its classes, as an image of a prepared task has it."""
    if shutil.which("javac") is None or not Path(JARS[0]).exists():
        pytest.skip("needs a JDK and JUnit 4 on this machine")
    folder = tmp_path_factory.mktemp("compiled")
    tree: dict[str, str | bytes] = {"src/p/Calc.java": CALC, "src/p/User.java": USER, "src/p/data.txt": "x", "test/p/UserTest.java": USER_TEST}
    for path, text in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(str(text))
    javac = ["javac", "-nowarn", "-source", "8", "-target", "8", "-cp", f"{folder}/bin:{JARS[0]}"]
    for output, sources in (("bin", ["src/p/Calc.java", "src/p/User.java"]), ("bin-test", ["test/p/UserTest.java"])):
        subprocess.run([*javac, "-d", str(folder / output), *[str(folder / path) for path in sources]], check=True, capture_output=True)
    (folder / "bin/p/data.txt").write_text("x")
    for path in folder.rglob("*"):
        if path.is_file() and "bin" in path.relative_to(folder).parts[0]:
            tree[path.relative_to(folder).as_posix()] = path.read_bytes()
    return tree


def compiled_spec(tree: Mapping[str, str | bytes], *tests: str, **build: Any) -> TestSpec:
    places = {"classes": ("bin",), "test_classes_dir": "bin-test", **build}
    return spec_of(tree, tuple(f"p.UserTest::{name}" for name in tests), build=places)


CHANGES: dict[str, tuple[str, str, str]] = {
    "a method's body": ("n + n + 1", "2 * n", "four"),
    "a constant that others copied": ("LIMIT = 3", "LIMIT = 5", "limit"),
    "a signature that others call": (
        "static int twice(int n) {\n        return n + n + 1",
        "static long twice(long n) {\n        return 2 * n",
        "four",
    ),
    "a nested class gone": ("    static class Part { static int one() { return 1; } }\n", "", ""),
}


@pytest.mark.parametrize("kind", CHANGES)
def test_what_others_were_compiled_against_has_them_compiled_anew(kind: str, compiled: dict[str, str | bytes], run: Run) -> None:
    old, new, test = CHANGES[kind]
    spec = compiled_spec(compiled, test or "four")
    report = judged(spec, run(spec, edited(old, new, text=CALC)))
    assert report.resolved == bool(test), report
    if not test:  # nothing needs that class, so what was wrong still is
        assert report.fail_to_pass == {"p.UserTest::four": "failed"}
    assert judged(spec, run(spec, "")).outcome == "tests_failed"


def test_resources_follow_the_patch(compiled: dict[str, str | bytes], run: Run) -> None:
    spec = compiled_spec(compiled, "data")
    assert judged(spec, run(spec, diff("src/p/data.txt", "x", "y"))).resolved
    assert judged(spec, run(spec, "")).outcome == "tests_failed"


def test_a_removed_source_leaves_no_class(compiled: dict[str, str | bytes], run: Run) -> None:
    spec = compiled_spec(compiled, "four")
    report = judged(spec, run(spec, diff("src/p/User.java", USER, None)))
    assert report.outcome == "compile_failed"
    assert "UserTest.java" in report.reason


def test_the_builds_own_full_compile_is_used_where_there_is_one(compiled: dict[str, str | bytes], run: Run) -> None:
    command = f"rm -r bin bin-test && javac -nowarn -source 8 -target 8 -d bin src/p/*.java && javac -d bin-test -cp bin:{JARS[0]} test/p/*.java"
    spec = compiled_spec(compiled, "limit", full_compile=("/bin/sh", "-c", command))
    fix = edited("LIMIT = 3", "LIMIT = 5", text=CALC)
    assert judged(spec, run(spec, fix)).resolved
    result = run(spec, fix, control=True)
    assert result["copies"]["p.UserTest::limit"]["real"]
    assert verdict.control_faults(spec, result) == ()
    broken = judged(spec, run(spec, edited("LIMIT = 3;", "LIMIT = 5; static { new User().gone(); }", text=CALC)))
    assert broken.outcome == "compile_failed"
    broken = judged(spec, run(spec, edited("int LIMIT = 3", "long LIMIT = 3", text=CALC)))
    assert broken.outcome == "compile_failed"
    assert "User.java:4" in broken.reason


def test_control_run_of_a_prepared_task(compiled: dict[str, str | bytes], run: Run) -> None:
    spec = compiled_spec(compiled, "four", "limit")
    fix = edited("n + n + 1", "2 * n", text=CALC).replace("LIMIT = 3", "LIMIT = 3")
    both = diff("src/p/Calc.java", CALC, CALC.replace("n + n + 1", "2 * n").replace("LIMIT = 3", "LIMIT = 5"))
    assert verdict.control_faults(spec, run(spec, both, control=True)) == ()
    faults = verdict.control_faults(spec, run(spec, fix, control=True))
    assert "p.UserTest::limit as it is" in faults
    assert not any("four" in fault for fault in faults)


LATIN = BUGGY.replace("public class", "// größer\npublic class").encode("latin-1")


def test_sources_keep_their_bytes(run: Run) -> None:
    flags = ("-source", "8", "-target", "8", "-encoding", "ISO-8859-1")
    body = '        return "gr\xfc\xdfe".length() + n + n - 5;'.encode("latin-1").decode("utf-8", "surrogateescape")
    test = TEST.replace("assertEquals(4", 'assertEquals("gr\xfc\xdfe", 4').encode("latin-1")
    spec = spec_of({"src/p/Calc.java": LATIN.replace(b"\n", b"\r\n"), "test/p/CalcTest.java": test}, build={"flags": flags})
    head = "diff --git a/src/p/Calc.java b/src/p/Calc.java\n--- a/src/p/Calc.java\n+++ b/src/p/Calc.java\n@@ -6 +6 @@\n"
    patch = head + f"-        return n + n + 1;\r\n+{body}\r\n"
    report = judged(spec, run(spec, patch))
    assert report.resolved, report
    assert verdict.control_faults(spec, run(spec, patch, control=True)) == ()


# --- tests of every kind ---------------------------------------------------------------------------------------------------------------------

KINDS = {
    "test/p/ThreeTest.java": """package p;
public class ThreeTest extends junit.framework.TestCase {
    public void testPasses() { assertEquals(4, Calc.twice(2)); }
    public void testFails() { fail("on purpose"); }
    protected void setUp() { }
}
""",
    "test/p/FourTest.java": """package p;
import static org.junit.Assert.*;
import org.junit.*;
public class FourTest {
    @Test public void passes() { assertEquals(4, Calc.twice(2)); }
    @Test public void fails() { fail("on purpose"); }
    @Test(expected = IllegalStateException.class) public void expects() { throw new IllegalStateException(); }
    @Test(timeout = 60000) public void inTime() { assertEquals(4, Calc.twice(2)); }
    @Ignore @Test public void ignored() { }
    @Test public void assumes() { Assume.assumeTrue(false); }
    @Test public void assumesWrong() { Calc.skip(); }
    @Test public void assumesLittle() { Assume.assumeTrue(Calc.twice(3) < 100); }
}
""",
    "test/p/ManyTest.java": """package p;
import java.util.*;
import org.junit.*;
import org.junit.runner.RunWith;
import org.junit.runners.Parameterized;
@RunWith(Parameterized.class)
public class ManyTest {
    @Parameterized.Parameters public static Collection<Object[]> numbers() { return Arrays.asList(new Object[][] {{1}, {2}, {3}}); }
    private final int n;
    public ManyTest(int n) { this.n = n; }
    @Test public void passes() { Assert.assertEquals(2 * n, Calc.twice(n)); }
    @Test public void failsOnce() { Assert.assertTrue(n != 2); }
}
""",
    "test/p/SuiteTest.java": """package p;
public class SuiteTest extends junit.framework.TestCase {
    public SuiteTest(String name) { super(name); }
    public static junit.framework.Test suite() {
        junit.framework.TestSuite suite = new junit.framework.TestSuite();
        suite.addTest(new SuiteTest("testTwice")); suite.addTest(new SuiteTest("testTwice"));
        return suite;
    }
    public void testTwice() { assertEquals(4, Calc.twice(2)); }
}
""",
    "test/p/AbstractBase.java": """package p;
public abstract class AbstractBase extends junit.framework.TestCase {
    abstract int four();
    public void testInherited() { assertEquals(four(), Calc.twice(2)); }
}
""",
    "test/p/HeirTest.java": "package p;\npublic class HeirTest extends AbstractBase {\n    int four() { return 4; }\n}\n",
    "test/p/StaticTest.java": "package p;\npublic class StaticTest {\n    static { if (true) throw new IllegalStateException(); }\n"
    "    @org.junit.Test public void never() { }\n}\n",
    "test/p/BeforeTest.java": "package p;\npublic class BeforeTest {\n    @org.junit.BeforeClass public static void first() { throw new Error(); }\n"
    "    @org.junit.Test public void never() { }\n}\n",
    "test/p/AfterTest.java": "package p;\npublic class AfterTest {\n    @org.junit.After public void last() { throw new Error(); }\n"
    "    @org.junit.Test public void passes() { }\n}\n",
    "test/p/OuterTest.java": "package p;\nimport org.junit.*;\npublic class OuterTest {\n    public static class Inner {\n"
    "        @Test public void passes() { Assert.assertEquals(4, Calc.twice(2)); }\n    }\n}\n",
    **{
        f"test/p/{name}Test.java": f"package p;\nimport org.junit.*;\npublic class {name}Test {{\n"
        "    @Test public void first() { Assert.assertEquals(1, ++Calc.calls); }\n}\n"
        for name in ("OneState", "TwoState")
    },
    "src/p/Calc.java": BUGGY.replace(
        "    public static int twice",
        '    static int calls;\n    static void skip() { throw new org.junit.AssumptionViolatedException("no"); }\n    public static int twice',
    ),
}
STATUSES = {
    **dict.fromkeys(("p.ThreeTest::testPasses", "p.FourTest::passes", "p.FourTest::expects", "p.FourTest::inTime"), "passed"),
    **dict.fromkeys(("p.ManyTest::passes", "p.SuiteTest::testTwice", "p.HeirTest::testInherited", "p.OuterTest$Inner::passes"), "passed"),
    **dict.fromkeys(("p.OneStateTest::first", "p.TwoStateTest::first"), "passed"),
    **dict.fromkeys(("p.ThreeTest::testFails", "p.FourTest::fails", "p.ManyTest::failsOnce", "p.StaticTest::never", "p.AfterTest::passes"), "failed"),
    **dict.fromkeys(("p.FourTest::ignored", "p.FourTest::assumes"), "skipped"),
    "p.FourTest::assumesWrong": "failed",  # the patched source skips it
    **dict.fromkeys(("p.BeforeTest::never", "p.AbsentTest::gone", "p.FourTest::gone"), "missing"),
    **dict.fromkeys(("p.BeforeTest::initializationError", "p.AbsentTest::initializationError"), "failed"),
}


def test_tests_of_every_kind_are_told_apart(run: Run) -> None:
    spec = spec_of(KINDS, tuple(STATUSES))
    text = KINDS["src/p/Calc.java"]
    report = judged(spec, run(spec, edited("n + n + 1", "2 * n", text=text), stop_at_first_failure=False))
    assert dict(report.fail_to_pass) == STATUSES
    assert report.exit_code == 1


def test_a_skipped_test_is_not_kept(run: Run) -> None:
    spec = spec_of(KINDS, ("p.FourTest::passes",), ("p.FourTest::assumes",))
    report = judged(spec, run(spec, edited("n + n + 1", "2 * n", text=KINDS["src/p/Calc.java"]), stop_at_first_failure=False))
    assert (report.outcome, report.reason) == ("tests_failed", "PASS_TO_PASS p.FourTest::assumes: skipped")


def test_a_skipped_test_is_kept_where_the_human_fix_skips_it_too(sandbox: Sandbox) -> None:
    text = KINDS["src/p/Calc.java"]
    fix = edited("n + n + 1", "2 * n", text=text)
    to_keep = ("p.FourTest::assumes", "p.FourTest::assumesLittle")
    spec = spec_of(KINDS, ("p.FourTest::passes",), to_keep, gold_patch=fix)
    report = sandbox.score(spec, fix)
    assert (report.outcome, dict(report.pass_to_pass)) == ("resolved", dict(zip(to_keep, ("skipped", "passed"), strict=True)))
    report = sandbox.score(spec, edited("n + n + 1", "n == 3 ? 1000 : 2 * n", text=text))
    assert (report.outcome, report.reason) == ("tests_failed", "PASS_TO_PASS p.FourTest::assumesLittle: skipped")


def test_a_class_in_a_machine_of_its_own(run: Run) -> None:
    check = "Assert.assertNull(System.setProperty({1}, {1}));"
    test = "package p;\nimport org.junit.*;\npublic class {0}Test {{\n    @Test public void alone() {{ " + check + " }}\n}}\n"
    tree = {**TREE, "test/p/OneTest.java": test.format("One", '"x"'), "test/p/TwoTest.java": test.format("Two", '"x"')}
    names = ("p.CalcTest::doubles", "p.OneTest::alone", "p.TwoTest::alone")
    together = spec_of(tree, names[:1], names[1:])
    assert judged(together, run(together, FIX)).reason == "PASS_TO_PASS p.TwoTest::alone: failed"
    apart = spec_of(tree, names[:1], names[1:], build={"isolated": ("p.TwoTest",)})
    report = judged(apart, run(apart, FIX))
    assert report.resolved, report
    wrong = judged(apart, run(apart, edited("n + n + 1", "n + n + 2")))
    assert dict(wrong.pass_to_pass) == {"p.OneTest::alone": "not_run", "p.TwoTest::alone": "not_run"}


# --- what a patch may not do -----------------------------------------------------------------------------------------------------------------


SHADOWS = ["org/junit/Assert", "junit/framework/TestCase", "org/hamcrest/BaseMatcher", "p/CalcTest", "p/Helper", "org/junit/Mine"]


@pytest.mark.parametrize("name", SHADOWS)
def test_a_class_where_the_tests_have_one_is_rejected(name: str, run: Run) -> None:
    package, _, simple = name.rpartition("/")
    spec = spec_of({**TREE, "test/p/Helper.java": "package p;\nclass Helper { }\n"})
    hidden = f"package {package.replace('/', '.')};\nclass {simple} {{ }}\n"
    report = judged(spec, run(spec, FIX + diff("src/q/Hidden.java", None, hidden)))
    assert report.outcome == "patch_rejected", report
    assert f"{name}.class" in report.reason


def test_twins_of_the_kinds_of_checks(run: Run) -> None:
    tests = """package p;
import static org.junit.Assert.*;
import static org.hamcrest.CoreMatchers.*;
import java.util.*;
import org.junit.*;
import org.junit.rules.ExpectedException;
public class ChecksTest {
    @Rule public ExpectedException thrown = ExpectedException.none();
    @Test public void equal() { assertEquals(4, Calc.twice(2)); }
    @Test public void swapped() { assertEquals(Calc.twice(2), 4); }
    @Test public void message() { assertEquals("of two", 4, Calc.twice(2)); }
    @Test public void tolerance() { assertEquals(4.0, Calc.twice(2), 0.5); }
    @Test public void all() { assertEquals("m", 4.0, (double) Calc.twice(2), 1e-9); }
    @Test public void text() { assertEquals("4", "" + Calc.twice(2)); }
    @Test public void array() { assertArrayEquals(new int[] {4, 6}, new int[] {Calc.twice(2), Calc.twice(3)}); }
    @Test public void list() { assertEquals(Arrays.asList(4L, 6L), Arrays.asList((long) Calc.twice(2), (long) Calc.twice(3))); }
    @Test public void variable() { int expected = 4; int found = Calc.twice(2); assertEquals(expected, found); }
    @Test public void computed() { int n = 2; assertEquals(n + n, Calc.twice(n)); }
    @Test public void object() { Object same = Calc.class; assertEquals(same, new Calc().getClass()); assertEquals(4, Calc.twice(2)); }
    @Test public void truth() { assertTrue(Calc.twice(2) == 4); }
    @Test public void falsehood() { assertFalse(Calc.twice(2) == 5); }
    @Test public void none() { assertNotNull(Integer.valueOf(Calc.twice(2))); assertTrue(Calc.twice(2) > 3 && Calc.twice(2) < 5); }
    @Test public void matcher() { assertThat(Calc.twice(2), is(4)); }
    @Test(expected = IllegalArgumentException.class) public void expected() { if (Calc.twice(2) == 4) throw new IllegalArgumentException(); }
    @Test public void caught() {
        try {
            if (Calc.twice(2) == 4) {
                throw new IllegalStateException();
            }
            fail("not thrown");
        } catch (IllegalStateException right) {
            assertNull(right.getMessage());
        }
    }
    @Test public void rule() { thrown.expect(IllegalStateException.class); if (Calc.twice(2) == 4) throw new IllegalStateException(); }
    @Test public void helper() { check(2, 4); }
    @Test public void in_a_loop() { for (int n : new int[] {2, 3}) { assertEquals(n * 2, Calc.twice(n)); } }
    @Test public void conditional() { if (Calc.twice(2) != 4) { fail(); } }
    @Test public void unchecked() { if (Calc.twice(2) != 4) throw new RuntimeException(); }
    private static void check(int in, int out) { assertEquals(out, Calc.twice(in)); }
}
"""
    names = tuple(f"p.ChecksTest::{name}" for name in re.findall(r"void (\w+)\(\)", tests))
    spec = spec_of({"src/p/Calc.java": BUGGY, "test/p/ChecksTest.java": tests}, names)
    assert judged(spec, run(spec, FIX)).resolved
    result = run(spec, FIX, control=True)
    assert result["twins"] == {"p/ChecksTest.java": ""}
    assert result["copies"].keys() == set(names)
    assert verdict.control_faults(spec, result) == ()
