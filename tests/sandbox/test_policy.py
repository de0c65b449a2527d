"""The policy on a patch's text, and that git reads in what it hands on exactly what it declares."""

import gzip
import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from repair_corpus import corpus_tasks
from repair_sandbox.git_diff import parse_diff
from repair_sandbox.policy import MAX_REASON, PolicyVerdict, changed_paths, check_patch

NO_CONFIG = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_DIR": "/nonexistent", "LC_ALL": "C"}
HUNK = "@@ -1,2 +1,2 @@\n-old\n+new\n same\n"
PLAIN = "diff --git a/pkg/mod.py b/pkg/mod.py\n--- a/pkg/mod.py\n+++ b/pkg/mod.py\n" + HUNK


def edit(path: str, hunk: str = HUNK) -> str:
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunk}"


def create(path: str, line: str = "x = 1", mode: str = "100644") -> str:
    return f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+{line}\n"


def git(arguments: list[str], patch: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", "apply", *arguments], input=patch.encode("utf-8", "surrogateescape"), cwd=folder, env=NO_CONFIG, capture_output=True, check=False
    )


def paths_that_git_reads(patch: str, folder: Path) -> list[str]:
    """What `git apply` would write, in order and once each."""
    done = git(["--numstat", "-z"], patch, folder)
    assert done.returncode == 0, done.stderr.decode()
    rows = done.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]
    return list(dict.fromkeys(row.split("\t", 2)[2] for row in rows))


def written_paths(patch: str) -> list[str]:
    """What a diff of ours writes: a rename is listed by its new name, as git does."""
    return list(dict.fromkeys(str(change.new_path or change.old_path) for change in parse_diff(patch)))


def accepted(verdict: PolicyVerdict, folder: Path) -> PolicyVerdict:
    assert verdict.rejected == ""
    assert verdict.patch
    assert paths_that_git_reads(verdict.patch, folder) == written_paths(verdict.patch)
    assert set(verdict.paths) == set(changed_paths(verdict.patch))
    again = check_patch(verdict.patch, (), verdict.paths)
    assert (again.patch, again.rejected) == (verdict.patch, "")
    return verdict


# Each is honest: name, text, the paths that must stay.
HONEST: list[tuple[str, str, tuple[str, ...]]] = [
    ("plain", PLAIN, ("pkg/mod.py",)),
    ("without diff --git", PLAIN.split("\n", 1)[1], ("pkg/mod.py",)),
    ("index and mode", PLAIN.replace("--- a", "index 1234567..89abcde 100644\n--- a", 1), ("pkg/mod.py",)),
    ("timestamps", "--- a/pkg/mod.py\t2024-01-02 03:04:05\n+++ b/pkg/mod.py\t2024-01-02 03:04:06\n" + HUNK, ("pkg/mod.py",)),
    ("no prefix", "diff --git pkg/mod.py pkg/mod.py\n--- pkg/mod.py\n+++ pkg/mod.py\n" + HUNK, ("pkg/mod.py",)),
    ("mnemonic prefix", "diff --git i/pkg/mod.py w/pkg/mod.py\n--- i/pkg/mod.py\n+++ w/pkg/mod.py\n" + HUNK, ("pkg/mod.py",)),
    ("a/ on both sides", "--- a/pkg/mod.py\n+++ a/pkg/mod.py\n" + HUNK, ("pkg/mod.py",)),
    ("octal name", 'diff --git "a/caf\\303\\251.py" "b/caf\\303\\251.py"\n--- "a/caf\\303\\251.py"\n+++ "b/caf\\303\\251.py"\n' + HUNK, ("café.py",)),
    ("name in Latin-1", edit("caf\udce9.py"), ("caf\udce9.py",)),
    ("blanks in the name", edit("a file of mine.py"), ("a file of mine.py",)),
    ("quote in the name", edit("x").replace("a/x", '"a/q\\"\\\\x"').replace("b/x", '"b/q\\"\\\\x"'), ('q"\\x',)),
    ("one quoted side", 'diff --git a/x y b/x y\n--- "a/x y"\n+++ b/x y\t\n' + HUNK, ("x y",)),
    ("CRLF headers only", PLAIN.replace("mod.py\n", "mod.py\r\n"), ("pkg/mod.py",)),
    ("CRLF throughout", PLAIN.replace("\n", "\r\n"), ("pkg/mod.py",)),
    ("words around it", f"From 0123 Mon Sep 17\nSubject: fix\n\n pkg/mod.py | 2 +-\n\n{PLAIN}-- \n2.39.2\n\n", ("pkg/mod.py",)),
    ("two files under one header", PLAIN + "--- a/other.py\n+++ b/other.py\n" + HUNK, ("pkg/mod.py", "other.py")),
    ("new file", create("pkg/new.py"), ("pkg/new.py",)),
    ("new file without its mode", "diff --git a/n.py b/n.py\n--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n", ("n.py",)),
    ("new file, a/dev/null", "diff --git a/n.py b/n.py\nnew file mode 100644\n--- /dev/null\n+++ b/n.py\n@@ -1,0 +1,1 @@\n+x\n", ("n.py",)),
    ("new file, named on both sides", "--- a/n.py\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n", ("n.py",)),
    ("new program", create("bin/run", mode="100755"), ("bin/run",)),
    ("new empty file", "diff --git a/pkg/__init__.py b/pkg/__init__.py\nnew file mode 100644\nindex 0000000..e69de29\n", ("pkg/__init__.py",)),
    ("deleted", "diff --git a/d.py b/d.py\ndeleted file mode 100644\nindex 1..0\n--- a/d.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n", ("d.py",)),
    ("mode", "diff --git a/m.py b/m.py\nold mode 100644\nnew mode 100755\n", ("m.py",)),
    ("rename", "diff --git a/o.py b/n.py\nsimilarity index 100%\nrename from o.py\nrename to n.py\n", ("o.py", "n.py")),
    (
        "rename with blanks and a change",
        "diff --git a/o 1.py b/n 2.py\nsimilarity index 90%\nrename from o 1.py\nrename to n 2.py\n--- a/o 1.py\t\n+++ b/n 2.py\t\n" + HUNK,
        ("o 1.py", "n 2.py"),
    ),
    ("copy", "diff --git a/o.py b/n.py\nsimilarity index 100%\ncopy from o.py\ncopy to n.py\n", ("o.py", "n.py")),
    ("no newline at the end", edit("x.py", "@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"), ("x.py",)),
    ("last line cut off", PLAIN[:-1], ("pkg/mod.py",)),
    ("counts too low", edit("x.py", "@@ -1,1 +1,1 @@\n-a\n+b\n c\n d\n") + PLAIN, ("x.py", "pkg/mod.py")),
    ("counts too high", edit("x.py", "@@ -1,9 +1,9 @@\n-a\n+b\n") + "\n" + PLAIN, ("x.py", "pkg/mod.py")),
    ("removed line that looks like a header", edit("x.py", "@@ -1,2 +1,2 @@\n--- a/conftest.py\n+++ b/conftest.py\n same\n"), ("x.py",)),
    ("blank context lines without their blank", edit("x.py", "@@ -1,3 +1,3 @@\n-a\n+b\n\n c\n"), ("x.py",)),
    ("hunk that changes nothing", edit("x.py", "@@ -1 +1 @@\n same\n") + PLAIN, ("pkg/mod.py",)),
    ("binary beside it", PLAIN + "diff --git a/db b/db\nnew file mode 100644\nindex 0..1\nBinary files /dev/null and b/db differ\n", ("pkg/mod.py",)),
    ("git binary beside it", "diff --git a/db b/db\nindex 0..1 100644\nGIT binary patch\nliteral 1\nIcmZPo\n\n" + PLAIN, ("pkg/mod.py",)),
    ("documentation", PLAIN + edit("docs/changes.rst"), ("pkg/mod.py", "docs/changes.rst")),
    ("names near test names", edit("pkg/latest.py") + edit("pkg/contest/attest.py") + edit("pkg/testing.py"), ()),
    ("git-like names", edit(".gitignore") + edit("pkg/git/.github_helper.py"), (".gitignore", "pkg/git/.github_helper.py")),
]


@pytest.mark.parametrize(("text", "paths"), [case[1:] for case in HONEST], ids=[case[0] for case in HONEST])
def test_honest_patches_pass(text: str, paths: tuple[str, ...], tmp_path: Path) -> None:
    verdict = accepted(check_patch(text), tmp_path)
    assert not paths or verdict.paths == paths


def test_hunks_stay_byte_for_byte() -> None:
    hunk = "@@ -3,4 +3,5 @@ def f(\udce9):\r\n context\r\n-a\udcff\r\n+b\f\x0b\u2028\x85\r\n+\t\n \r\n c\n"
    assert check_patch(edit("x.py", hunk)).patch == edit("x.py", hunk.replace("):\r\n", "):\n", 1))


def test_line_ends_added_on_the_way_go() -> None:
    assert check_patch(PLAIN.replace("\n", "\r\n")).patch == check_patch(PLAIN).patch == PLAIN


def test_wrong_counts_are_put_right() -> None:
    assert "@@ -1,3 +1,3 @@\n" in check_patch(edit("x.py", "@@ -1,1 +1,1 @@\n-a\n+b\n c\n d\n")).patch


REJECTED: list[tuple[str, str, str]] = [
    ("words only", "I would change line 3.", "no unified diff"),
    ("context diff", "*** a/x.py\n--- b/x.py\n***************\n*** 1,2 ****\n! a\n--- 1,2 ----\n! b\n", "no unified diff"),
    ("ed script", "--- a/x.py\n3c\nimport os\n.\nw\n!sh\n", "no unified diff"),
    ("bare hunk header", edit("x.py", "@@ @@\n-a\n+b\n"), "without line numbers"),
    ("endless number", edit("x.py", f"@@ -{'9' * 5000},1 +1 @@\n-a\n+b\n"), "without line numbers"),
    ("hunk alone", HUNK, "without a file header"),
    ("unknown line in a hunk", edit("x.py", "@@ -1,3 +1,3 @@\n-a\n+b\nc\n d\n"), "neither a context line"),
    ("absolute", edit("x").replace("a/x", "a//etc/passwd").replace("b/x", "b//etc/passwd"), "absolute"),
    ("absolute without prefix", "--- /etc/passwd\n+++ /etc/passwd\n" + HUNK, "absolute"),
    ("out of the tree", edit("pkg/../../x.py"), "out of the tree"),
    ("out of the tree, quoted", '--- "a/\\056\\056/x"\n+++ "b/\\056\\056/x"\n' + HUNK, "out of the tree"),
    ("dot", edit("./x.py"), "'.' part"),
    ("hook", create(".git/hooks/post-checkout"), "git's own"),
    ("hook of a submodule", create("sub/.GIT/hooks/x"), "git's own"),
    ("short name of .git", create("git~1/config"), "git's own"),
    ("invisible character in .git", create(".g\u200cit/config"), "git's own"),
    ("symbolic link", create("pkg/link", "/etc", "120000"), "symbolic link"),
    ("link by the index line", PLAIN.replace("--- a", "index 1234567..89abcde 120000\n--- a", 1), "symbolic link"),
    ("turned into a link", "diff --git a/m.py b/m.py\nold mode 100644\nnew mode 120000\n", "symbolic link"),
    ("submodule", create("pkg/sub", "Subproject commit 0", "160000"), "submodule"),
    ("set-user-id", create("pkg/x.py", mode="104755"), "mode"),
    ("control character", 'diff --git "a/x\\n.py" "b/x\\n.py"\n--- "a/x\\n.py"\n+++ "b/x\\n.py"\n' + HUNK, "control character"),
    ("escape character", edit("x\x1b.py"), "control character"),
    ("title and names disagree", PLAIN.replace("diff --git a/pkg/mod.py b/pkg/mod.py", "diff --git a/x.py b/x.py"), "different files"),
    ("names disagree", PLAIN.replace("+++ b/pkg/mod.py", "+++ b/pkg/other.py"), "different files"),
    ("names disagree, no title", "--- a/x.py\n+++ b/y.py\n" + HUNK, "different files"),
    ("title names two files", "diff --git a/x.py b/y.py\nold mode 100644\nnew mode 100755\n", "without a rename"),
    ("title of unclear names", "diff --git a/x b/x b/y c\nnew mode 100755\nold mode 100644\n", "cannot be told"),
    ("rename disagrees", "diff --git a/o.py b/n.py\nrename from o.py\nrename to conftest.py\n", "different files"),
    ("half a rename", "diff --git a/o.py b/n.py\nrename from o.py\n", "both its ends"),
    ("rename and copy", "diff --git a/o.py b/n.py\nrename from o.py\ncopy to n.py\n", "both its ends"),
    ("header twice", "diff --git a/o.py b/o.py\nnew mode 100644\nnew mode 100755\n", "twice"),
    ("created and deleted", "diff --git a/o.py b/o.py\nnew file mode 100644\ndeleted file mode 100644\n", "at once"),
    ("created with an old name", create("x.py").replace("--- /dev/null", "--- a/x.py"), "not /dev/null"),
    ("created with an old side", create("x.py").replace("@@ -0,0 +1 @@", "@@ -1 +1 @@\n-y"), "old side"),
    ("both sides nowhere", "--- /dev/null\n+++ /dev/null\n" + HUNK, "both sides"),
    ("open quote", '--- "a/x.py\n+++ b/x.py\n' + HUNK, "does not end"),
    ("unknown escape", '--- "a/\\x.py"\n+++ "b/\\x.py"\n' + HUNK, "escape"),
    ("too long a name", create("x" * 300), "too long"),
    ("half a character", PLAIN + "\ud800", "stands for no byte"),
    ("too many files", "".join(edit(f"f{n}.py") for n in range(1_001)), "1,001 files"),
    ("too much text", create("x.py", "y" * 8_000_000), "bytes"),
    ("a good file first", PLAIN + create("../x.py"), "out of the tree"),
    ("only tests", create("tests/test_new.py") + edit("tox.ini"), "nothing is left"),
    ("only a binary file", "diff --git a/db b/db\nnew file mode 100644\nBinary files /dev/null and b/db differ\n", "nothing is left"),
]


@pytest.mark.parametrize(("text", "reason"), [case[1:] for case in REJECTED], ids=[case[0] for case in REJECTED])
def test_rejected_with_a_reason(text: str, reason: str) -> None:
    verdict = check_patch(text)
    assert reason in verdict.rejected
    assert "\n" not in verdict.rejected
    assert len(verdict.rejected) <= MAX_REASON
    assert (verdict.patch, verdict.paths) == ("", ())


NOTHING = {"empty": "", "blank": " \n\n", "names": PLAIN.split("@@")[0], "no change": edit("x.py", "@@ -1 +1 @@\n same\n")}


@pytest.mark.parametrize("text", NOTHING.values(), ids=NOTHING)
def test_a_patch_that_changes_nothing_is_no_patch(text: str) -> None:
    assert check_patch(text) == PolicyVerdict("")


STRIPPED = [
    *("conftest.py", "pkg/Conftest.py", "pytest.ini", "tox.ini", "setup.cfg", "pyproject.toml", "setup.py", "sitecustomize.py", "noxfile.py"),
    *("Makefile", ".github/workflows/ci.yml", "pkg.egg-info/entry_points.txt", "pkg/__pycache__/mod.cpython-311.pyc", "pkg/_speed.so", "evil.pth"),
    *("tests/__init__.py", "pkg/tests/helper.py", "test_mod.py", "pkg/mod_test.py", "pkg/sub/tests.py", "testing/plugin.py", "django/test/client.py"),
    *(".gitattributes", ".gitmodules", "json.py", "src/unittest/__init__.py", "pytest.py", "lib/numpy/__init__.py", "pkg.dist-info/METADATA"),
]


@pytest.mark.parametrize("path", STRIPPED)
def test_what_steers_tests_is_left_out_unless_the_fix_changes_it(path: str, tmp_path: Path) -> None:
    verdict = accepted(check_patch(create(path) + PLAIN), tmp_path)
    assert (verdict.stripped, verdict.patch) == ((path,), PLAIN)
    kept = accepted(check_patch(create(path) + PLAIN, (), {path}), tmp_path)
    assert (kept.stripped, kept.paths) == ((), (path, "pkg/mod.py"))
    protected = check_patch(create(path) + PLAIN, {path}, {path})
    assert (protected.stripped, protected.patch) == ((path,), PLAIN)


@pytest.mark.parametrize("path", ["data/cases.json", "data/cases.json/deeper.txt", "data"], ids=["itself", "below it", "in its way"])
def test_the_trusted_tests_files_are_left_out(path: str, tmp_path: Path) -> None:
    assert accepted(check_patch(create(path) + PLAIN, {"data/cases.json"}), tmp_path).stripped == (path,)


@pytest.mark.parametrize("ends", [("tests/check.py", "pkg/check.py"), ("pkg/check.py", "conftest.py")], ids=["from a test", "to a setting"])
def test_a_rename_counts_with_both_its_ends(ends: tuple[str, str], tmp_path: Path) -> None:
    rename = f"diff --git a/{ends[0]} b/{ends[1]}\nsimilarity index 100%\nrename from {ends[0]}\nrename to {ends[1]}\n"
    assert accepted(check_patch(rename + PLAIN), tmp_path).stripped == ends


def test_a_test_like_package_is_source_where_the_fix_is_in_it(tmp_path: Path) -> None:
    verdict = accepted(check_patch(edit("django/test/client.py") + edit("tests/urls.py"), (), {"django/test/utils.py"}), tmp_path)
    assert (verdict.paths, verdict.stripped) == (("django/test/client.py",), ("tests/urls.py",))


def test_one_name_spelled_as_bytes_and_as_text_is_one_path() -> None:
    spelled = "caf" + "é".encode().decode("ascii", "surrogateescape")
    assert check_patch(edit(f"data/{spelled}.json") + PLAIN, {"data/café.json"}).stripped == ("data/café.json",)


TEXT_LINES = st.sampled_from(
    """diff --git a/x.py b/x.py|diff --git a/x y b/x y|diff --git "a/\\303\\251" "b/\\303\\251"|diff --git a/o.py b/n.py|diff --git x.py x.py
rename from o.py|rename to n.py|copy from o.py|copy to n.py|new file mode 100644|deleted file mode 100644|old mode 100644|new mode 100755
index 1..2 100644|similarity index 90%|--- a/x.py|+++ b/x.py|--- /dev/null|+++ /dev/null|--- a/x y\t|+++ b/x y\t|--- x.py|+++ x.py
--- "a/\\303\\251"|+++ "b/\\303\\251"|--- a/o.py|+++ b/n.py|@@ -1 +1 @@|@@ -1,2 +1,2 @@|@@ -0,0 +1 @@|@@ -1 +0,0 @@|@@ -1,0 +1,3 @@ f
@@ -3,2 +0,0 @@| same|-old|+new||\\ No newline at end of file|-- |--|GIT binary patch|junk|\r|Binary files a/x.py and b/x.py differ
literal 1|\\|---|+++|@@|*** a/x.py|Index: x.py|+\udcff\r|- \u2028| \x85""".replace("\n", "|").split("|")
)
LIKE_DIFFS = st.lists(TEXT_LINES, max_size=30).map("\n".join)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(st.characters(exclude_categories=())), LIKE_DIFFS))
def test_no_text_raises(text: str) -> None:
    verdict = check_patch(text, {"tests/test_x.py"}, {"x.py"})
    assert not (verdict.patch and verdict.rejected)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """Honest patches, one after another, with lines put in, left out or changed."""
    lines = "".join(draw(st.lists(st.sampled_from([case[1] for case in HONEST]), min_size=1, max_size=3))).split("\n")
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 2))] = draw(st.lists(TEXT_LINES, max_size=2))
    return "\n".join(lines)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=mutated())
def test_git_reads_what_is_declared(text: str, tmp_path: Path) -> None:
    verdict = check_patch(text)
    if verdict.patch:
        accepted(verdict, tmp_path)


LINES = ["@@ -1,999999999 +1,999999999 @@", " x", "diff --git a/x b/x", "--- a/x", '--- "a/\\', "\\ x", "", "GIT binary patch"]


@pytest.mark.parametrize("line", LINES)
def test_time_is_linear(line: str) -> None:
    """A quadratic reading of 150,000 lines would take minutes and run into pytest's time limit."""
    check_patch(f"{PLAIN}{line}\n" + f"{line}\n+++ b/x\n-a\n" * 150_000)


@pytest.mark.parametrize("task", corpus_tasks(), ids=lambda task: task.folder.name)
def test_the_corpus_passes(task: Any, tmp_path: Path) -> None:
    protected, gold = changed_paths(task.test_patch), changed_paths(task.gold_patch)
    for answer in (task.gold_patch, task.answer("different"), task.answer("partial"), task.answer("wrong")):
        verdict = accepted(check_patch(answer, protected, gold), tmp_path)
        assert verdict.stripped == ()


def lines_that_matter(diff: str) -> list[str]:
    return [line for line in diff.strip("\n").split("\n") if not line.startswith(("diff --git ", "index ", "@@ "))]


@pytest.mark.shared_data
def test_every_human_fix_of_swe_bench_lite_passes_unharmed(lite_rows: list[dict[str, Any]], tmp_path: Path) -> None:
    for row in lite_rows:
        verdict = accepted(check_patch(row["patch"], changed_paths(row["test_patch"]), changed_paths(row["patch"])), tmp_path)
        assert verdict.stripped == (), row["instance_id"]
        assert lines_that_matter(verdict.patch) == lines_that_matter(row["patch"]), row["instance_id"]


SHIPPED_SUPPORT = re.compile(r"(?!tests?/|testing/)(?:.+/)?\w+/(?:test|_?testing)/(?!.*\btest_|.*\btests\.py)\S+\.py")
"""Code in a folder called test or testing inside a package that is not one of tests."""


@pytest.mark.shared_data
def test_real_model_patches_pass_unharmed(shared_data: Path, lite_rows: list[dict[str, Any]], tmp_path: Path) -> None:
    """Run with -s for the counts. No patch that passed the benchmark's tests may be rejected (one of tests and settings alone may), or lose a file of
    a package that ships with the product, such as django/test: the rule that takes those for tests must not cost a right answer."""
    test_patches = {row["instance_id"]: row["test_patch"] for row in lite_rows}
    counts: Counter[tuple[str, bool]] = Counter()
    with gzip.open(shared_data / "patch_outcomes.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [row for row in map(json.loads, lines) if row["dataset"] == "swe-bench" and row["model_patch"].strip()]
    for row in rows:
        protected = changed_paths(test_patches.get(row["instance_id"], ""))
        verdict = check_patch(row["model_patch"], protected, changed_paths(row["gold_patch"]))
        shipped = [path for path in verdict.stripped if SHIPPED_SUPPORT.fullmatch(path)]
        counts["left without an edit of shipped test support", row["resolved"]] += bool(shipped)
        assert not (shipped and row["resolved"]), (row["instance_id"], shipped)
        if verdict.rejected:
            counts["rejected", row["resolved"]] += 1
            assert verdict.rejected.startswith("nothing is left"), (row["instance_id"], verdict.rejected)
            assert not row["resolved"], (row["instance_id"], verdict.rejected)
            continue
        counts["stripped" if verdict.stripped else "unharmed", row["resolved"]] += 1
        assert verdict.stripped or lines_that_matter(verdict.patch) == lines_that_matter(row["model_patch"]), row["instance_id"]
    print("\n", len(rows), "patches;", {f"{kind}, {'resolved' if resolved else 'not resolved'}": n for (kind, resolved), n in sorted(counts.items())})
    assert counts["unharmed", True] > 500
