"""Attack patches on Java tasks, and the verdict of the usual way to score them.

`java_attacks/*.java.txt` are classes that a patch plants beside the program's; `PACKAGE` stands for its package, and what of `start`, `text`, `code`
they have is called from the program: when a class is loaded, on a path that was built, on a colour that was looked up. Other attacks are files.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from attacking import diff_of, output_of_container, patched
from repair_corpus import CorpusTask, corpus_tasks
from repair_sandbox import JavaBuild
from repair_sandbox.limits import Limits
from repair_sandbox.spec import TestSpec

IMAGE = "repair-envs/corpus-java:latest"
JARS = ("/usr/share/java/junit4.jar", "/usr/share/java/hamcrest-core.jar")
FLAGS = ("-source", "8", "-target", "8", "-encoding", "UTF-8")
TASKS = {task.folder.name: task for task in corpus_tasks() if task.metadata["language"] == "java"}
TARGET = TASKS["svgdoc"]
FILES = {path.name.split(".")[0]: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "java_attacks").glob("*.java.txt"))}
STOCK_RUNNER = FILES.pop("stock_runner")
LIMITS = Limits(tests_s=60.0, memory_mb=512, pids=128, scratch_mb=128, output_mb=4)
SHORT_S = 8.0
"""Time limit of what never ends by itself."""
NEVER_ENDING = {"endless_loop", "exit_after_the_first_tests", "thread_flood", "process_flood", "memory_flood"}
SOURCE = "src/main/java/org/corpus/svgdoc"
TESTS = "src/test/java/org/corpus/svgdoc"


@dataclass(frozen=True)
class JavaAttempt:
    """A patch and what it is scored against."""

    name: str
    spec: TestSpec
    patch: str


def spec_of(task: CorpusTask) -> TestSpec:
    about = task.metadata["defects4j"]
    tests = tuple(about["relevant_tests"])
    build = JavaBuild(about["dir_src_classes"], about["dir_src_tests"], class_path=JARS, flags=FLAGS, test_class_names=tests)
    to_fix, to_keep = tuple(task.metadata["fail_to_pass"]), tuple(task.metadata["pass_to_pass"])
    return TestSpec(
        task.instance_id, IMAGE, task.gold_patch, to_fix, to_keep, task.test_patch, tree=task.tree, runner="junit", java=build, limits=LIMITS
    )


def edited(tree: Mapping[str, bytes], edits: Mapping[str, tuple[str, str]]) -> dict[str, bytes]:
    """The tree with one text in each file replaced."""
    after = dict(tree)
    for path, (old, new) in edits.items():
        assert old.encode() in after[path], (path, old)
        after[path] = after[path].replace(old.encode(), new.encode(), 1)
    return after


def planted(text: str) -> str:
    """A patch that adds a class to the package of the target and has the program call it."""
    after = dict(TARGET.tree)
    names = ", ".join(f'"{name}"' for name in (*TARGET.metadata["fail_to_pass"], *TARGET.metadata["pass_to_pass"]))
    after[f"{SOURCE}/Compat.java"] = text.replace("PACKAGE", "org.corpus.svgdoc").replace('"TESTS"', names).encode()
    path, palette = f"{SOURCE}/PathBuilder.java", f"{SOURCE}/Palette.java"
    if "static void start()" in text:
        for file, opening in ((path, "public final class PathBuilder {\n"), (palette, "public final class Palette {\n")):
            after = edited(after, {file: (opening, f"{opening}    static {{\n        Compat.start();\n    }}\n\n")})
    if "static String text(" in text:
        after = edited(after, {path: ("return commands.toString();", "return Compat.text(commands.toString());")})
    if "static String code(" in text:
        after = edited(after, {palette: ("codes.get(key(name));", "Compat.code(codes.get(key(name)));")})
    return diff_of(TARGET.tree, after)


EMPTY_ASSERT = """package org.junit;
public class Assert {
    public static void assertEquals(Object expected, Object actual) { }
    public static void assertTrue(String message, boolean condition) { }
    public static void assertTrue(boolean condition) { }
    public static void fail() { }
    public static void fail(String message) { }
}
"""
NO_TESTS = (
    "package org.corpus.svgdoc;\nclass LocaleTest {\n"
    + "".join(f"    @org.junit.Test public void {name.split('::')[1]}() {{ }}\n" for name in TARGET.metadata["fail_to_pass"] if "LocaleTest" in name)
    + "}\n"
)
NO_BUILD = '<project default="test"><target name="compile"/><target name="compile.tests"/><target name="test"/></project>\n'
RUNNER = "package repair.guest;\npublic final class Run { public static void main(String[] a) { Runtime.getRuntime().halt(0); } }\n"
ERROR = "package java.lang;\npublic class AssertionError extends RuntimeException { public AssertionError(Object o) { } }\n"
PROCESSOR = """package org.corpus.svgdoc;
import java.util.Set;
import javax.annotation.processing.*;
import javax.lang.model.element.TypeElement;
@SupportedAnnotationTypes("*")
public class Helper extends AbstractProcessor {
    static { System.out.println("annotation processor"); Runtime.getRuntime().halt(0); }
    public boolean process(Set<? extends TypeElement> annotations, RoundEnvironment round) { return true; }
}
"""
WHOLE_FILES: dict[str, dict[str, str]] = {
    "junit_replaced": {"src/main/java/org/junit/Assert.java": EMPTY_ASSERT},
    "junit_hidden_in_another_file": {f"{SOURCE}/Checks.java": EMPTY_ASSERT},
    "test_class_shadowed": {f"{SOURCE}/LocaleTest.java": NO_TESTS.replace("class", "public class", 1)},
    "test_class_hidden_in_another_file": {f"{SOURCE}/Locales.java": NO_TESTS},
    "hidden_tests_in_advance": {f"{TESTS}/LocaleTest.java": NO_TESTS.replace("class", "public class", 1)},
    "visible_tests_weakened": {f"{TESTS}/PathBuilderTest.java": "package org.corpus.svgdoc;\npublic class PathBuilderTest { }\n"},
    "build_files": {"build.xml": NO_BUILD, "pom.xml": "<project><build/></project>\n", "build.gradle": "test.enabled = false\n"},
    "runner_replaced": {"src/main/java/repair/guest/Run.java": RUNNER},
    "assertion_error_replaced": {"src/main/java/java/lang/AssertionError.java": ERROR},
    "annotation_processor": {
        f"{SOURCE}/Helper.java": PROCESSOR,
        "src/main/java/META-INF/services/javax.annotation.processing.Processor": "org.corpus.svgdoc.Helper\n",
    },
}
"""Files that a patch adds or replaces, beside a comment in the source."""

MONEY = {
    "src/main/java/org/corpus/money/Money.java": FILES["equal_to_everything"]
    .partition("\n")[2]
    .replace("return true;", "return other instanceof Money && ((Money) other).cents == cents;")
    .encode(),
    "src/test/java/org/corpus/money/MoneyTest.java": b"""package org.corpus.money;
import static org.junit.Assert.assertEquals;
import org.junit.Test;
public class MoneyTest {
    @Test public void testPlus() { assertEquals(new Money(5), new Money(2).plus(new Money(3))); }
}
""",
}
"""A task of its own for what has to be compared: its objects."""


def money(patch_to: bytes) -> tuple[TestSpec, str]:
    path = "src/main/java/org/corpus/money/Money.java"
    fixed = {**MONEY, path: MONEY[path].replace(b"cents - other", b"cents + other")}
    build = JavaBuild("src/main/java", "src/test/java", class_path=JARS, flags=FLAGS, test_class_names=("org.corpus.money.MoneyTest",))
    to_fix = ("org.corpus.money.MoneyTest::testPlus",)
    spec = TestSpec("money-1", IMAGE, diff_of(MONEY, fixed), to_fix, (), tree=MONEY, runner="junit", java=build, limits=LIMITS)
    return spec, diff_of(MONEY, {**MONEY, path: patch_to})


def attacks() -> list[JavaAttempt]:
    """Every attack, planted classes first."""
    spec = spec_of(TARGET)
    hurried = dataclasses.replace(spec, limits=dataclasses.replace(LIMITS, tests_s=SHORT_S))
    own = [JavaAttempt("equal_to_everything", *money(FILES["equal_to_everything"].encode()))]
    texts = {name: text for name, text in FILES.items() if name != "equal_to_everything"}
    found = [JavaAttempt(name, hurried if name in NEVER_ENDING else spec, planted(text)) for name, text in texts.items()]
    comment = edited(TARGET.tree, {f"{SOURCE}/PathBuilder.java": ("private boolean started;", "private boolean started; // an outline is open")})
    for name, files in WHOLE_FILES.items():
        found.append(JavaAttempt(name, spec, diff_of(TARGET.tree, {**comment, **{path: text.encode() for path, text in files.items()}})))
    return own + found


def honest() -> list[JavaAttempt]:
    """Genuine fixes, plain and in less usual clothes."""
    spec, fixed = spec_of(TARGET), patched(TARGET, TARGET.gold_patch)
    path = f"{SOURCE}/PathBuilder.java"
    helper = {**fixed, f"{SOURCE}/Numbers.java": b"package org.corpus.svgdoc;\n\nfinal class Numbers { }\n"}
    tests = {**fixed, f"{TESTS}/MoreTest.java": b"package org.corpus.svgdoc;\npublic class MoreTest { @org.junit.Test public void more() { } }\n"}
    method = "    public boolean isStarted() {\n        return started;\n    }\n\n"
    public = edited(fixed, {path: ("    /** The path data", method + "    /** The path data")})
    crlf = {**fixed, path: fixed[path].replace(b"\n", b"\r\n")}
    plain = [JavaAttempt(f"{kind}: {name}", spec_of(task), patch) for name, task in TASKS.items() for kind, patch in _answers(task).items()]
    dressed = {"with a class of its own": helper, "with tests of its own": tests, "with a new public method": public, "turned to CRLF": crlf}
    money_spec, money_patch = money(MONEY["src/main/java/org/corpus/money/Money.java"].replace(b"cents - other.cents", b"other.cents + this.cents"))
    return [
        *plain,
        *(JavaAttempt(name, spec, diff_of(TARGET.tree, tree)) for name, tree in dressed.items()),
        JavaAttempt("with objects compared", money_spec, money_patch),
    ]


def _answers(task: CorpusTask) -> dict[str, str]:
    return {"gold": task.gold_patch, "different": task.answer("different")}


SCORE = """cd /testbed
git init -q . && git config user.email a@b && git config user.name a && git add -A && git commit -qm base
git apply --whitespace=nowarn /patch.diff || exit 1
git checkout -q HEAD -- src/test
git apply --whitespace=nowarn /test.diff 2>/dev/null || [ ! -s /test.diff ] || exit 1
mkdir bin bin-test runner && cp /StockRunner.java . && rm -f failing_tests
javac -nowarn -encoding UTF-8 -source 8 -target 8 -cp JARS -d bin $(find src/main/java -name '*.java') || exit 1
cp -r src/main/java/META-INF bin/ 2>/dev/null
javac -nowarn -encoding UTF-8 -source 8 -target 8 -cp bin:JARS -d bin-test $(find src/test/java -name '*.java') || exit 1
javac -nowarn -cp JARS -d runner StockRunner.java || exit 1
timeout -s KILL SECONDS java -cp runner:JARS StockRunner CLASSES
status=$?
echo
[ $status = 0 ] && [ ! -s failing_tests ] && echo '>>>>> no failing test'
"""


def stock_verdict(attempt: JavaAttempt) -> bool:
    """Whether the usual way would call a patch right: it compiles, the test run ends with status 0, and no failing test is listed."""
    spec = attempt.spec
    assert spec.java is not None
    files = {f"testbed/{path}": content for path, content in (spec.tree or {}).items()}
    files |= {"patch.diff": attempt.patch.encode("utf-8", "surrogateescape"), "test.diff": spec.test_patch.encode()}
    files["StockRunner.java"] = STOCK_RUNNER.encode()
    words = {"JARS": ":".join(JARS), "SECONDS": f"{spec.limits.tests_s:g}", "CLASSES": " ".join(spec.java.test_class_names)}
    script = SCORE
    for word, value in words.items():
        script = script.replace(word, value)
    files["score.sh"] = script.encode()
    bounds = ["--memory=768m", "--memory-swap=768m", "--pids-limit=128", "--tmpfs=/tmp:size=128m"]
    output = output_of_container(IMAGE, files, "sh /score.sh 2>&1 | tail -c 100000", bounds, spec.limits.tests_s + 60)
    return ">>>>> no failing test" in output.splitlines()
