"""One bug's checkout, worked on with the framework's own commands only."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from repair_sandbox.commands import CommandResult

from defects4j_repair.ant_log import JavacCall, javac_calls
from defects4j_repair.framework import ActiveBug, failures
from defects4j_repair.places import Place
from defects4j_repair.prepared import PreparedError

CHECKOUT_S, COMPILE_S, EXPORT_S, TEST_S, GIT_S = 600.0, 1800.0, 300.0, 3600.0, 60.0
TEST_RUN = re.compile(r"^([^(\[\n]+)(?:\[.*\])?\(([\w.$]+)\)[ \t]*$", re.MULTILINE)
"""A line of the framework's `all_tests`: method, a parameter in brackets, class."""
COMPLAINTS = tuple(re.compile(text, re.MULTILINE) for text in (r"^.*\berror: .*$", r"^fatal: .*$", r"^BUILD FAILED\s*\n(?:.*:\s*\n)?.*$"))
SHOWN = 240


@dataclass(frozen=True)
class RelevantTests:
    """What `defects4j test -r` found."""

    ran: tuple[str, ...]
    """Tests that started, as `Class::method`, in order."""
    failing: dict[str, str]
    """Test, or class that failed as a whole, to its message and trace."""


@dataclass(frozen=True)
class Fix:
    """The difference between the two versions."""

    patch: bytes
    """From buggy to fixed, as a git diff."""
    paths: tuple[str, ...]
    fixed: dict[str, bytes]
    """Path to content in the fixed version, of those that are there."""


@dataclass
class Checkout:
    """A working directory, of one version at a time."""

    bug: ActiveBug
    place: Place
    folder: Path
    """Whose subfolder `tree` is the working directory; the commands may write in it."""
    log: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def tree(self) -> Path:
        return self.folder / "tree"

    def check_out(self, version: Literal["fixed", "buggy"]) -> None:
        """The second version costs little: the framework keeps both as tags, and cleans the directory before it changes to one."""
        number = f"{self.bug.number}{version[0]}"
        self._framework(f"checkout_{version}", CHECKOUT_S, "checkout", "-p", self.bug.project, "-v", number, "-w", str(self.tree), cwd=self.folder)

    def compile(self) -> list[JavacCall]:
        """Compile program and tests; the javac calls that it took."""
        # With debugging on, the framework calls `ant -v`.
        return javac_calls(self._framework("compile", COMPILE_S, "compile", environment={"D4J_DEBUG": "1"}).output)

    def source_dir(self, kind: Literal["classes", "tests"]) -> str:
        """Folder of the program's or the tests' sources, relative to the tree. From the framework's own notes: an export is one start of ant more."""
        notes = (self.tree / "defects4j.build.properties").read_text("utf-8", "replace")
        found = re.search(rf"^d4j\.dir\.src\.{kind}=(.+)$", notes, re.MULTILINE)
        if not found:
            raise PreparedError(f"defects4j.build.properties of the checkout names no d4j.dir.src.{kind}")
        return found[1].strip().strip("/")

    def export(self, name: str) -> str:
        target = self.folder / f"export-{name}"
        self._framework("export", EXPORT_S, "export", "-p", name, "-o", str(target))
        return target.read_text("utf-8", "surrogateescape").strip()

    def test(self, version: Literal["fixed", "buggy"], relevant_classes: Sequence[str]) -> RelevantTests:
        """Compile what is left to compile, and run the relevant tests, which are of `relevant_classes`."""
        self._framework(f"test_{version}", TEST_S, "test", "-r")
        failing = self.tree / "failing_tests"
        if not failing.is_file():
            raise PreparedError(f"the tests of the {version} version left no failing_tests")
        messages = failures(failing.read_bytes().decode("utf-8", "replace"))
        ran = ran_tests((self.tree / "all_tests").read_bytes().decode("utf-8", "replace"), relevant_classes)
        return RelevantTests(ran, messages)

    def fix(self) -> Fix:
        """What the framework's fix of the bug changes."""
        tags = [f"D4J_{self.bug.project}_{self.bug.number}_{version}_VERSION" for version in ("BUGGY", "FIXED")]
        shown = ["--no-color", "--no-ext-diff", "--no-textconv", "--no-renames"]
        only = ["--", ".", ":(exclude).defects4j.config"]
        patch, names = self.folder / "fix.patch", self.folder / "fix.names"
        self._git("diff", *shown, f"--output={patch}", *tags, *only)
        self._git("diff", *shown, "--name-only", "-z", f"--output={names}", *tags, *only)
        paths = tuple(name for name in names.read_text("utf-8", "surrogateescape").split("\0") if name)
        fixed: dict[str, bytes] = {}
        for number, path in enumerate(paths):
            content = self.folder / f"fixed-{number}"
            script = 'git -C "$1" show "$2" >"$3" 2>/dev/null'
            shown_at = self.place.run(["sh", "-c", script, "sh", str(self.tree), f"{tags[1]}:{path}", str(content)], self.folder, GIT_S)
            if shown_at.exit_code == 0:
                fixed[path] = content.read_bytes()
        if not paths or not fixed:
            raise PreparedError("the fixed version differs in no file from the buggy one")
        return Fix(patch.read_bytes(), paths, fixed)

    def _git(self, *arguments: str) -> None:
        done = self.place.run(["git", "-C", str(self.tree), *arguments], self.folder, GIT_S)
        if done.exit_code != 0:
            raise PreparedError(f"git {arguments[0]} in the checkout failed: {complaint(done.output)}")

    def _framework(
        self, step: str, limit_s: float, *arguments: str, cwd: Path | None = None, environment: Mapping[str, str] | None = None
    ) -> CommandResult:
        program = f"{self.place.home}/framework/bin/defects4j"
        done = self.place.run([program, *arguments], cwd or self.tree, limit_s, environment)
        self.seconds[step] = round(self.seconds.get(step, 0.0) + done.wall_s, 2)
        self.log.append(f"$ defects4j {' '.join(arguments)}\n{done.output}")
        if done.timed_out:
            raise PreparedError(f"`defects4j {arguments[0]}` did not end within {limit_s:.0f} s ({step})")
        if done.exit_code != 0:
            raise PreparedError(f"`defects4j {arguments[0]}` failed ({step}): {complaint(done.output)}")
        return done


def ran_tests(text: str, relevant_classes: Sequence[str]) -> tuple[str, ...]:
    """Tests named in the framework's `all_tests`, as `Class::method`, each once.

    A test class may print itself its own way: those of Commons Collections say `testX(MapTest.testX)`, and `testX(MapTest.bulkTestKeys.testX)` of a
    test that another makes. The first is found among the relevant classes; the second names no class and is left out.
    """
    found: dict[str, None] = {}
    for method, shown in TEST_RUN.findall(text):
        owner = shown.removesuffix(f".{method}")
        names = [shown] if owner == shown else [name for name in relevant_classes if name.rpartition(".")[2] == owner]
        if len(names) == 1:
            found[f"{names[0]}::{method}"] = None
    return tuple(found)


def complaint(output: str) -> str:
    """The line of a failed command's output that says most, shortened."""
    found = next((match[0] for pattern in COMPLAINTS if (match := pattern.search(output))), "")
    lines = [line.strip() for line in output.splitlines() if line.strip()] or ["it said nothing"]
    return " ".join((found or lines[-1]).split())[:SHOWN]
