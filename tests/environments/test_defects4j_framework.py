"""Reading a Defects4J home and making a bug ready: on a small home made here, and, where there is one, on the real one."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from defects4j_repair import checks
from defects4j_repair.ant_log import JavacCall, javac_calls
from defects4j_repair.bug_image import BASE, refuse_traces, snapshot
from defects4j_repair.checkout import RelevantTests, complaint, ran_tests
from defects4j_repair.framework import BugTests, Framework, FrameworkError, Layout, failures
from defects4j_repair.places import LocalPlace
from defects4j_repair.prepare import check_agreement
from defects4j_repair.prepared import RECIPE, PreparedBug, PreparedError
from defects4j_repair.relocation import relocation, with_junit
from repair_cli.main import main
from repair_sandbox import images
from repair_sandbox.engine import Engine

SAMPLES = Path(__file__).parents[1] / "samples" / "ant"
USER = "nobody" if os.geteuid() == 0 else None
"""Whom commands run as: root may not run them."""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that any user may read, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="repair-test-") as name:
        os.chmod(name, 0o755)
        yield Path(name)


@pytest.fixture
def home(folder: Path) -> Path:
    """A home with one project of two active bugs and a deprecated one, and its history."""
    root = folder / "home"
    project = root / "framework" / "projects" / "Demo"
    revisions = history(root / "project_repos" / "demo.git")
    files = {
        root / "README.md": "Defects4J -- version 3.0.1 [badge]\n",
        root / "framework" / "bin" / "defects4j": "#!/bin/sh\necho Demo\n",
        root / "framework" / "core" / "Project" / "Demo.pm": 'use Vcs::Git;\n    my $name = "demo";\n',
        project / "active-bugs.csv": "bug.id,revision.id.buggy,revision.id.fixed,report.id,report.url\n"
        f'1,{revisions[0]},{revisions[1]},DEMO-7,"https://bugs.invalid/7"\n'
        f"12,{revisions[0]},{'f' * 40},NA,NA\n",
        project / "deprecated-bugs.csv": "bug.id,revision.id.buggy,revision.id.fixed,report.id,report.url,deprecated.version,deprecated.reason\n"
        "2,a,b,NA,NA,2.0.0,JVM8.Not.Reproducible\n",
        project
        / "trigger_tests"
        / "1": "--- demo.CounterTest::testZero\njava.lang.AssertionError: expected:<0>\n\tat demo.CounterTest.testZero(C.java:3)\n"
        "--- demo.SumTest::testParts\njava.lang.ArithmeticException\n",
        project / "relevant_tests" / "1": "demo.CounterTest\ndemo.SumTest\n",
        project / "modified_classes" / "1.src": "demo.Counter\n",
        project / "dir-layout.csv": f"{revisions[1]},src/main/java,src/test/java\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "framework" / "bin" / "defects4j").chmod(0o755)
    return root


def history(repository: Path) -> list[str]:
    """A repository with two commits; their ids."""
    repository.parent.mkdir(parents=True)
    git = ["git", "-C", str(repository), "-c", "user.name=t", "-c", "user.email=t@t.invalid"]
    subprocess.run(["git", "init", "-q", "--bare", str(repository)], check=True)
    tree = subprocess.run([*git, "mktree"], input=b"", capture_output=True, check=True).stdout.decode().strip()
    commits: list[str] = []
    for message in ("one", "two"):
        made = subprocess.run([*git, "commit-tree", tree, "-m", message], capture_output=True, text=True, check=True)
        commits.append(made.stdout.strip())
    return commits


def place_of(home: Path) -> LocalPlace:
    work = home.parent / "work"
    work.mkdir(exist_ok=True)
    place = LocalPlace(str(home), work, USER)
    place.hand_over(work)
    return place


# What a home says of its bugs.


def test_bugs_are_read(home: Path) -> None:
    framework = Framework(home)
    assert framework.release == "3.0.1"
    assert framework.projects == ["Demo"]
    bugs = framework.active_bugs("Demo")
    assert list(bugs) == [1, 12]
    assert (bugs[1].name, bugs[1].report_url) == ("Demo-1", "https://bugs.invalid/7")
    assert bugs[12].report_url == ""
    assert framework.tests(bugs[1]) == BugTests(
        ("demo.CounterTest::testZero", "demo.SumTest::testParts"), ("demo.CounterTest", "demo.SumTest"), ("demo.Counter",)
    )
    assert framework.layout("Demo", bugs[1].fixed_revision) == Layout("src/main/java", "src/test/java")
    assert framework.layout("Demo", "f" * 40) is None
    assert framework.repository("Demo") == "demo.git"


def test_the_release_of_a_home_without_readme_is_that_of_its_repositories(home: Path) -> None:
    (home / "README.md").unlink()
    assert Framework(home).release == ""
    (home / "project_repos" / "README").write_text("Defects4J version 3\n")
    assert Framework(home).release == "3"


@pytest.mark.parametrize(
    ("patterns", "names"),
    [(["Demo-1"], ["Demo-1"]), (["Demo-*"], ["Demo-1", "Demo-12"]), (["Demo-12", "Demo-1*"], ["Demo-1", "Demo-12"]), (["*"], ["Demo-1", "Demo-12"])],
)
def test_bugs_are_selected_by_name(home: Path, patterns: list[str], names: list[str]) -> None:
    assert [bug.name for bug in Framework(home).select(patterns)] == names


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("Demo-2", "the framework deprecated it (JVM8.Not.Reproducible); Demo has 2 active bugs, 1 to 12"),
        ("Demo-99", "there is none of that number"),
        ("Other-*", "projects are Demo"),
    ],
)
def test_a_bug_that_is_not_there_is_explained(home: Path, pattern: str, said: str) -> None:
    with pytest.raises(FrameworkError, match=re.escape(said)):
        Framework(home).select([pattern])


def test_damaged_metadata_names_the_file(home: Path) -> None:
    framework = Framework(home)
    bugs = framework.active_bugs("Demo")
    with pytest.raises(FrameworkError, match=r"trigger_tests/12: No such file.*complete\?"):
        framework.tests(bugs[12])
    (home / "framework/projects/Demo/modified_classes/1.src").write_text("")
    with pytest.raises(FrameworkError, match="Demo-1: the framework names no modified class"):
        framework.tests(bugs[1])
    (home / "framework/projects/Demo/active-bugs.csv").write_text("bug.id,other\none,1\n")
    with pytest.raises(FrameworkError, match=r"active-bugs\.csv:2: not a row"):
        framework.active_bugs("Demo")


def test_failing_tests_are_told_from_their_traces() -> None:
    text = "--- a.B::c\njava.lang.AssertionError: first\n--- not a test\n\tat x\n--- a.D\njava.lang.Error\n"
    assert failures(text) == {"a.B::c": "java.lang.AssertionError: first\n--- not a test\n\tat x", "a.D": "java.lang.Error"}
    assert failures("") == {}


# Whether a home can be worked with.


def test_a_whole_home_has_no_problem_with_its_history(home: Path) -> None:
    framework, place = Framework(home), place_of(home)
    bug = framework.active_bugs("Demo")[1]
    assert list(checks.initialisation_problems(place, place.work)) == []
    assert list(checks.repository_problems(place, framework, [bug], place.work)) == []
    assert list(checks.release_problems(place, framework)) == []


def test_missing_revisions_and_histories_are_named(home: Path) -> None:
    framework, place = Framework(home), place_of(home)
    bugs = framework.select(["*"])
    (said,) = checks.repository_problems(place, framework, bugs, place.work)
    assert said == f"{home}/project_repos/demo.git: lacks revisions of 1 bugs (Demo-12): get the framework's own archive (get_repos.sh)"
    shutil.rmtree(home / "project_repos" / "demo.git")
    (said,) = checks.repository_problems(place, framework, bugs, place.work)
    assert "the history of Demo is missing: run the home's init.sh" in said


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ('echo "Can\'t locate DBD/CSV.pm in @INC" >&2; exit 2', "the Perl module DBD::CSV is missing: run `cpanm --installdeps"),
        ('echo; echo "Couldn\'t find Major! Did you (re)run init.sh?" >&2; exit 9', "fails: Couldn't find Major! Did you (re)run init.sh?"),
        ("exit 3", "fails: exit status 3"),
    ],
    ids=["perl module", "init.sh", "silent"],
)
def test_a_home_whose_commands_die_is_explained(home: Path, script: str, said: str) -> None:
    (home / "framework/bin/defects4j").write_text(f"#!/bin/sh\n{script}\n")
    (found,) = checks.initialisation_problems(place_of(home), home.parent)
    assert said in found


@pytest.mark.parametrize(
    ("readme", "said"), [("Defects4J -- version 2.1.0", "is Defects4J 2.1.0; this needs 3.x"), ("no word", "its release is unknown")]
)
def test_another_release_is_refused(home: Path, readme: str, said: str) -> None:
    (home / "README.md").write_text(readme)
    (found,) = checks.release_problems(place_of(home), Framework(home))
    assert said in found


def test_a_folder_that_is_no_home_is_refused(home: Path) -> None:
    place = place_of(home)
    shutil.rmtree(home / "framework")
    (found,) = checks.release_problems(place, Framework(home))
    assert "not a Defects4J home" in found


@pytest.mark.parametrize(
    ("program", "output", "problem"),
    [
        ("java", 'openjdk version "11.0.24" 2024-07-16\n', ""),
        ("java", 'java version "1.8.0_292"\n', "java is of Java 8; Defects4J 3 needs 11"),
        ("java", 'openjdk version "17.0.15" 2025-04-15\n', "java is of Java 17; Defects4J 3 needs 11"),
        ("javac", "javac 11.0.24\n", ""),
        ("javac", "Picked up JAVA_TOOL_OPTIONS: -Dx=version 5\njavac 1.8.0_292\n", "javac is of Java 8"),
        ("javac", "no word of it\n", "javac is of Java unknown release"),
    ],
)
def test_the_release_of_java_is_read(program: str, output: str, problem: str) -> None:
    found = checks.java_problem(program, output)
    assert found.startswith(problem)
    assert bool(found) == bool(problem)


@pytest.mark.java
def test_this_machines_java_is_looked_at(home: Path) -> None:
    java = Path(os.environ["JAVA_HOME"]) / "bin" / "java" if "JAVA_HOME" in os.environ else "java"
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=True).stderr
    expected = checks.java_problem("java", said)
    found = list(checks.tool_problems(place_of(home), home.parent))
    assert (expected in found) == bool(expected)
    assert not [line for line in found if "time zone" in line or "git" in line or "perl" in line]


def test_root_is_told_to_name_a_user(home: Path, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        LocalPlace(str(home), tmp_path)
        return
    with pytest.raises(FrameworkError, match="name one with --user"):
        LocalPlace(str(home), tmp_path)
    with pytest.raises(FrameworkError, match="--user nosuchuser: there is no such user"):
        LocalPlace(str(home), tmp_path, "nosuchuser")


def test_commands_get_the_time_zone_their_own_git_settings_and_an_end(home: Path) -> None:
    place = place_of(home)
    said = place.run(["sh", "-c", 'echo "$TZ $(id -u) $(git config --get safe.directory)"'], place.work, 20.0)
    uid = os.geteuid() or int(subprocess.run(["id", "-u", "nobody"], capture_output=True, text=True, check=True).stdout)
    assert said.output == f"America/Los_Angeles {uid} *\n"
    assert place.run(["false"], place.work, 20.0).exit_code == 1
    assert place.run(["no-such-program"], place.work, 20.0).exit_code == 127
    late = place.run(["sh", "-c", "sleep 60 & sleep 60"], place.work, 0.3)
    assert late.timed_out
    assert late.wall_s < 20


# What a build did.


def test_javac_calls_are_read_from_ants_output() -> None:
    program, tests = javac_calls((SAMPLES / "two_tasks.txt").read_text())
    tree = "/build/Demo-1/tree"
    assert program == JavacCall(
        f"{tree}/target/classes",
        (f"{tree}/target/classes", "/home/d4j/framework/projects/Demo/lib/io.jar", "/opt/ant/lib/ant.jar"),
        (f"{tree}/src/main/java",),
        ("-target", "1.6", "-encoding", "ISO-8859-1", "-g"),
        (f"{tree}/src/main/java/demo/Counter.java", f"{tree}/src/main/java/demo/Sum of parts.java"),
    )
    assert tests == JavacCall(f"{tree}/target/tests", (f"{tree}/target/classes",), (), (), (f"{tree}/src/test/java/demo/CounterTest.java",))
    assert javac_calls("nothing of the kind") == []


def test_the_tests_that_ran_are_named_by_class() -> None:
    ran = """testA(org.demo.MapTest)
testB[2: (x), y](org.demo.MapTest)
testB[3: z](org.demo.MapTest)
testC(SetTest.testC)
testC(SetTest.bulkTestKeys.testC)
testD(ListTest.testD)
no test at all
"""
    relevant = ["org.demo.MapTest", "org.demo.set.SetTest", "org.demo.ListTest", "org.other.ListTest"]
    assert ran_tests(ran, relevant) == ("org.demo.MapTest::testA", "org.demo.MapTest::testB", "org.demo.set.SetTest::testC")


def put(path: Path, content: bytes = b"") -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return str(path)


def test_class_paths_move_to_the_image(home: Path) -> None:
    place = place_of(home)
    tree = home.parent / "work" / "tree"
    tree.mkdir()
    io = put(home / "framework/projects/Demo/lib/io.jar")
    elsewhere = put(home.parent / "repository" / "extra.jar")
    ant = put(home.parent / "ant" / "ant.jar")
    classes = f"{tree}/target/classes"
    moved = relocation(place, tree, [classes, io, elsewhere, "/no/such.jar"], [classes, io, ant])
    assert moved.path(f"{classes}/") == "/testbed/target/classes"
    assert moved.path(f"{home}/framework/core/../projects/Demo/lib/io.jar") == "/opt/repair/lib/projects/Demo/lib/io.jar"
    assert re.fullmatch(r"/opt/repair/lib/other/[0-9a-f]{8}/extra\.jar", moved.path(elsewhere) or "")
    assert moved.path(ant) is None
    assert moved.path("/no/such.jar") is None
    assert moved.all([classes, ant, io, classes]) == ("/testbed/target/classes", "/opt/repair/lib/projects/Demo/lib/io.jar")
    call = JavacCall(classes, (classes, ant), (f"{tree}/src",), ("-g", f"-processorpath={tree}/lib"), (f"{tree}/src/A.java",))
    compiled = moved.compilation(call)
    assert (compiled.destination, compiled.class_path, compiled.source_path) == (
        "/testbed/target/classes",
        ("/testbed/target/classes",),
        ("/testbed/src",),
    )
    assert (compiled.flags, compiled.files) == (("-g", "-processorpath=/testbed/lib"), ("src/A.java",))
    with pytest.raises(PreparedError, match=r"compiles /etc/A\.java, which is outside"):
        moved.compilation(replace(call, files=("/etc/A.java",)))


@pytest.mark.java
def test_a_class_path_without_junit_4_gets_the_frameworks(home: Path) -> None:
    place, tree = place_of(home), home.parent / "tree"
    junit = home / "framework/projects/lib/junit-4.12-hamcrest-1.3.jar"
    old = put(tree / "lib" / "junit-3.8.jar", b"not even a jar")
    real = tree / "lib" / "junit4.jar"
    shutil.copy("/usr/share/java/junit4.jar", real)
    hamcrest = tree / "lib" / "hamcrest.jar"
    shutil.copy("/usr/share/java/hamcrest-core.jar", hamcrest)
    library = home.parent / "lib"
    moved = relocation(place, tree, [old], [])
    with pytest.raises(PreparedError, match="has no JUnit 4"):
        with_junit(("/testbed/lib/junit-3.8.jar",), moved, place, tree, library)
    put(junit)
    moved = relocation(place, tree, [old], [])
    added = "/opt/repair/lib/projects/lib/junit-4.12-hamcrest-1.3.jar"
    assert with_junit(("/testbed/lib/junit-3.8.jar",), moved, place, tree, library) == (added, "/testbed/lib/junit-3.8.jar")
    assert with_junit(("/testbed/lib/junit4.jar",), moved, place, tree, library)[0] == added
    own = ("/testbed/lib/junit4.jar", "/testbed/lib/hamcrest.jar")
    assert with_junit(own, moved, place, tree, library) == own


def test_the_copy_of_a_tree_is_without_history_and_open_to_all(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for path in (".git/config", ".defects4j.config", "defects4j.build.properties", "failing_tests", "src/A.java", "src/.git/kept"):
        put(tree / path, b"x")
    (tree / "src" / "A.java").chmod(0o600)
    (tree / "src" / "link").symlink_to("A.java")
    snapshot(tree, tmp_path / "copy")
    files = sorted(path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if not path.is_dir())
    assert files == ["src/.git/kept", "src/A.java", "src/link"]
    assert (tmp_path / "copy/src/link").is_symlink()
    assert (tmp_path / "copy/src/A.java").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize(
    ("path", "content", "refused"),
    [
        ("src/B.java", b"fixed", True),
        ("src/A.java.orig", b"", True),
        ("A.java.rej", b"", True),
        ("src/B.java", b"buggy", False),
        ("B.java.orig", b"", False),
    ],
)
def test_a_trace_of_the_fix_is_refused(tmp_path: Path, path: str, content: bytes, refused: bool) -> None:
    put(tmp_path / "src/A.java", b"buggy")
    put(tmp_path / path, content)
    if refused:
        with pytest.raises(PreparedError, match=f"{path}: holds a trace"):
            refuse_traces(tmp_path, {"src/A.java": b"fixed"})
    else:
        refuse_traces(tmp_path, {"src/A.java": b"fixed"})


KNOWN = BugTests(("d.T::a", "d.T::b"), ("d.T",), ("d.C",))
FIXED = RelevantTests(("d.T::a", "d.T::b", "d.T::c", "d.T::broken"), {"d.T::broken": ""})
BUGGY = RelevantTests(FIXED.ran, {"d.T::a": "", "d.T::b": "", "d.T::broken": ""})


def test_a_bug_that_is_as_the_framework_says_is_agreed_on() -> None:
    check_agreement(KNOWN, FIXED, BUGGY)


@pytest.mark.parametrize(
    ("fixed", "buggy", "said"),
    [
        (FIXED, replace(BUGGY, failing={"d.T::a": ""}), "1 trigger tests that pass on the buggy version: d.T::b"),
        (replace(FIXED, failing={"d.T::a": ""}), BUGGY, "1 trigger tests that fail on the fixed version: d.T::a"),
        (replace(FIXED, failing={"d.T": ""}), BUGGY, "2 trigger tests that fail on the fixed version: d.T::a, d.T::b"),
        (replace(FIXED, ran=("d.T::a",)), BUGGY, "1 trigger tests that did not run on the fixed version: d.T::b"),
        (FIXED, replace(BUGGY, failing={**BUGGY.failing, "d.T::c": ""}), "1 other tests that fail on the buggy version only: d.T::c"),
    ],
)
def test_a_bug_that_is_not_is_refused(fixed: RelevantTests, buggy: RelevantTests, said: str) -> None:
    with pytest.raises(PreparedError, match=f"^{re.escape(said)}$"):
        check_agreement(KNOWN, fixed, buggy)


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("Running ant...FAIL\n    [javac] /t/A.java:3: error: cannot find symbol\nBUILD FAILED\n", "[javac] /t/A.java:3: error: cannot find symbol"),
        ("x\nfatal: not a git repository\nat Project.pm line 3.\n", "fatal: not a git repository"),
        (
            "BUILD FAILED\n/home/build.xml:112: The following error occurred while executing this line:\n/tree/build.xml:9: no jar\n\nTotal\n",
            "/tree/build.xml:9: no jar",
        ),
        ("one\n  two  \n\n", "two"),
        ("", "it said nothing"),
    ],
    ids=["javac", "git", "ant", "last line", "silent"],
)
def test_a_failed_command_is_summed_up_in_one_line(output: str, line: str) -> None:
    assert complaint(output).endswith(line)


# What is kept of a bug.


def prepared_bug() -> PreparedBug:
    return PreparedBug(
        project="Demo",
        number=1,
        framework="3.0.1",
        image="repair-envs/defects4j-demo-1:latest",
        source_dir="src/main/java",
        test_dir="src/test/java",
        classes=("/testbed/target/classes",),
        test_classes_dir="/testbed/target/tests",
        class_path=("/opt/repair/lib/junit.jar",),
        flags=("-g",),
        program_compilations=(),
        test_compilations=(),
        trigger_tests=("demo.CounterTest::testZero",),
        relevant_classes=("demo.CounterTest",),
        modified_classes=("demo.Counter",),
        passing_tests=("demo.CounterTest::testZero",),
        gold_patch="--- a/A.java\n+++ b/A.java\n@@ -1 +1 @@\n-caf\xe9\r\n+cafe\r\n",
        sources={"A.java": "caf\xe9\r\n"},
        encodings={"A.java": "latin-1"},
        trigger_messages={"demo.CounterTest::testZero": "expected:<0>"},
        test_sources={"T.java": "class T {}"},
    )


def test_a_bug_is_read_as_it_was_written(tmp_path: Path) -> None:
    bug = prepared_bug()
    assert bug.name == "Demo-1"
    bug.write(tmp_path / "new" / "Demo-1.json")
    assert PreparedBug.read(tmp_path / "new" / "Demo-1.json") == bug
    assert os.listdir(tmp_path / "new") == ["Demo-1.json"]


def test_the_image_gets_no_answer() -> None:
    text = prepared_bug().for_image().model_dump_json()
    assert "demo.CounterTest" in text
    assert not [word for word in ("caf", "A.java", "expected:<0>", "class T") if word in text]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory; make it with `repair images prepare defects4j`"),
        ("{", "Expecting property name"),
        ("{}", "project: Field required"),
        (
            prepared_bug().model_copy(update={"recipe": RECIPE + 1}).model_dump_json(),
            f"made by recipe {RECIPE + 1}, this version has recipe {RECIPE}",
        ),
    ],
    ids=["missing", "no JSON", "incomplete", "another recipe"],
)
def test_a_file_that_is_no_bug_is_explained(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "Demo-1.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PreparedError, match=re.escape(f"prepared bug {path}: ")) as caught:
        PreparedBug.read(path)
    assert said in str(caught.value)


# The command.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "/no/such/home", "--bugs", "Lang-1"], "--from /no/such/home: there is no such folder"),
        (["--from", "some/image", "--bugs", "Lang-1", "--user", "nobody"], "--user goes with a home on this machine"),
        (["--from", "some/image", "--bugs", "Lang-1", "--jobs", "0"], "--jobs 0: must be at least 1"),
    ],
)
def test_a_wrong_call_is_one_clear_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["images", "prepare", "defects4j", *arguments]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_home_that_lacks_something_is_told_what(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "README.md").write_text("Defects4J -- version 1.5.0\n")
    user = ["--user", USER] if USER else []
    assert main(["images", "prepare", "defects4j", "--from", str(home), "--bugs", "Demo-1", "--work", str(home.parent), *user]) == 2
    error = capsys.readouterr().err
    assert f"{home} cannot be used:\n  {home}: is Defects4J 1.5.0; this needs 3.x" in error
    assert [path.name for path in home.parent.iterdir()] == ["home"]


# The real framework.


@pytest.fixture
def real_home() -> Path:
    home = os.environ.get("DEFECTS4J_HOME")
    if not home:
        pytest.skip("measuring data: no Defects4J home is named by DEFECTS4J_HOME")
    return Path(home)


@pytest.mark.defects4j
def test_every_active_bug_of_the_real_home_is_read(real_home: Path) -> None:
    framework = Framework(real_home)
    bugs = framework.select(["*"])
    assert len(bugs) >= 800
    assert len(framework.projects) == 17
    assert all("::" in name for bug in bugs for name in framework.tests(bug).trigger_tests)
    lang = framework.tests(framework.select(["Lang-1"])[0])
    assert lang.trigger_tests == ("org.apache.commons.lang3.math.NumberUtilsTest::TestLang747",)
    assert lang.modified_classes == ("org.apache.commons.lang3.math.NumberUtils",)


@pytest.mark.defects4j
@pytest.mark.docker
@pytest.mark.timeout(1200)
def test_a_real_bug_is_prepared_once(real_home: Path, folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    user = os.environ.get("DEFECTS4J_USER")
    if os.geteuid() == 0 and not user:
        pytest.skip("measuring data: root needs the user of the Defects4J home in DEFECTS4J_USER")
    if images.local_image(Engine(patience_s=2), BASE) is None:
        pytest.skip("measuring data: the base image is missing: `repair images build defects4j-base`")
    monkeypatch.setenv("COLUMNS", "200")
    call = ["images", "prepare", "defects4j", "--from", str(real_home), "--bugs", "Cli-11", "--out", str(folder / "out"), "--work", str(folder)]
    call += ["--user", user] if user else []
    assert main(call) == 0
    assert "1 prepared, 0 were here, 0 failed" in capsys.readouterr().out
    bug = PreparedBug.read(folder / "out" / "Cli-11.json")
    assert bug.trigger_tests == Framework(real_home).tests(Framework(real_home).select(["Cli-11"])[0]).trigger_tests
    assert set(bug.trigger_tests) < set(bug.passing_tests)
    look = "ls -A /testbed; cat /opt/repair/bug.json; test -f /testbed/target/classes/org/apache/commons/cli/HelpFormatter.class; echo class $?"
    shown = subprocess.run(
        ["docker", "run", "--rm", "--network", "none", bug.image, "sh", "-c", look], capture_output=True, text=True, check=True
    ).stdout
    names = shown.split("{")[0].split()
    assert "src" in names
    assert not {".git", ".defects4j.config", "defects4j.build.properties", "failing_tests"} & set(names)
    assert "class 0" in shown
    assert '"gold_patch": ""' in shown
    assert main(call) == 0
    assert "1 of 1 here; nothing to make" in capsys.readouterr().out
