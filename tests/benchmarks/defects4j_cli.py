"""The verdict of Defects4J's own commands on a patch, on this machine or by `docker run`, and where ours differs. Used by defects4j.py."""

import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

from defects4j_repair.checkout import Checkout, complaint
from defects4j_repair.checks import problems
from defects4j_repair.framework import ActiveBug, Framework, FrameworkError, failures
from defects4j_repair.places import LocalPlace
from defects4j_repair.prepared import PreparedError
from repair_sandbox.commands import CommandResult
from repair_sandbox.report import TestReport

APPLY, COMPILE, TEST = 103, 104, 105
SCRIPT = f'git apply --whitespace=nowarn "$1" || exit {APPLY}; "$2" compile || exit {COMPILE}; "$2" test -r || exit {TEST}'
"""Its exit status names the command that failed."""
COPY_S = 300.0
NOT_FAILING = ("passed", "skipped")
"""The framework lists no skipped test; ours counts a skip against a patch unless the human fix skips, too, and then the outcomes differ."""

Outcome = Literal["resolved", "tests_failed", "compile_failed", "test_timeout", "apply_failed", "no_verdict"]


@dataclass(frozen=True)
class CliVerdict:
    """What the commands made of a patch."""

    outcome: Outcome
    failing: tuple[str, ...] = ()
    """As `failing_tests` names them: `Class::method`, or a class that failed as a whole."""
    reason: str = ""
    wall_s: float = 0.0
    """Of applying, compiling and testing."""


@dataclass(frozen=True)
class CliHome:
    """A Defects4J home and who runs its commands."""

    home: str
    user: str | None
    work: Path

    def place(self) -> LocalPlace:
        return LocalPlace(self.home, self.work, self.user)

    def bugs(self, names: list[str]) -> dict[str, ActiveBug]:
        """The framework's entries of prepared bugs, by name.

        Raises:
            FrameworkError: the home cannot be used, or lacks one.
        """
        framework = Framework(Path(self.home))
        bugs = framework.select(names)
        found = problems(self.place(), framework, bugs, self.work)
        if found:
            raise FrameworkError("\n  ".join([f"--home {self.home} cannot be used:", *found]))
        return {bug.name: bug for bug in bugs}


@dataclass
class CliBug:
    """The buggy version of a bug, checked out once; every patch is tried on a copy of that, so that none meets what another left."""

    cli: CliHome
    bug: ActiveBug
    broken_tests: frozenset[str]
    """Tests that fail on the fixed version, too, as far as is known; they do not count."""
    image: str | None = None
    """With Defects4J on its PATH: each verdict comes from a container of it; None for this machine."""
    place: LocalPlace = field(init=False)
    checkout: Checkout = field(init=False)

    def __post_init__(self) -> None:
        self.place = self.cli.place()
        self.checkout = Checkout(self.bug, self.place, self.cli.work / self.bug.name)

    def make(self, compiled: bool) -> None:
        """`compiled`: whether the copies have everything compiled, so that a patch costs its own part alone.

        Raises:
            PreparedError: the framework failed.
        """
        self.checkout.folder.mkdir()
        self.place.hand_over(self.checkout.folder)
        self.checkout.check_out("buggy")
        if compiled:
            self.checkout.compile()
        self.checkout.tree.rename(self._untouched)

    def remove(self) -> None:
        self.place.close()
        shutil.rmtree(self.checkout.folder, ignore_errors=True)

    def verdict(self, patch: str, limit_s: float, stock: bool = False) -> CliVerdict:
        """`stock`: without the settings of our own preparation that make the framework's JVMs start faster.

        Raises:
            PreparedError: there is no room for a copy.
        """
        tree = self.checkout.tree
        shutil.rmtree(tree, ignore_errors=True)
        copied = self.place.run(["cp", "-a", str(self._untouched), str(tree)], self.checkout.folder, COPY_S)
        if copied.exit_code != 0:
            raise PreparedError(f"{self.bug.name}: the checkout cannot be copied: {copied.output.strip()[-200:]}")
        file = self.checkout.folder / "patch.diff"
        file.write_bytes(patch.encode("utf-8", "surrogateescape"))
        file.chmod(0o644)
        return self._read(self._contained(file, limit_s) if self.image else self._direct(file, limit_s, stock))

    @property
    def _untouched(self) -> Path:
        return self.checkout.folder / "untouched"

    def _direct(self, patch: Path, limit_s: float, stock: bool) -> CommandResult:
        program = f"{self.place.home}/framework/bin/defects4j"
        return self.place.run(["sh", "-c", SCRIPT, "sh", str(patch), program], self.checkout.tree, limit_s, {"ANT_OPTS": ""} if stock else None)

    def _contained(self, patch: Path, limit_s: float) -> CommandResult:
        name, folder = f"repair-benchmark-{uuid.uuid4().hex}", self.checkout.folder
        owner = os.stat(self.checkout.tree)
        options = ["--name", name, "--network", "none", "--user", f"{owner.st_uid}:{owner.st_gid}", "-e", "HOME=/tmp", "-e", "LC_ALL=C.UTF-8"]
        options += ["-v", f"{folder}:{folder}", "-w", str(self.checkout.tree), "--entrypoint", "sh", str(self.image)]
        began = time.monotonic()
        command = ["docker", "run", "--rm", *options, "-c", SCRIPT, "sh", str(patch), "defects4j"]
        try:
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=limit_s)
        except subprocess.TimeoutExpired:
            subprocess.run(["docker", "rm", "-f", name], capture_output=True)
            return CommandResult(-9, "", True, time.monotonic() - began)
        if done.returncode not in (0, APPLY, COMPILE, TEST):
            raise PreparedError(f"--cli-image {self.image}: {done.stdout.strip()[-300:]}")
        return CommandResult(done.returncode, done.stdout, False, time.monotonic() - began)

    def _read(self, done: CommandResult) -> CliVerdict:
        if done.timed_out:
            return CliVerdict("test_timeout", wall_s=done.wall_s)
        if done.exit_code in (APPLY, COMPILE):
            return CliVerdict("apply_failed" if done.exit_code == APPLY else "compile_failed", (), complaint(done.output), done.wall_s)
        written = self.checkout.tree / "failing_tests"
        if done.exit_code != 0 or not written.is_file():
            return CliVerdict("no_verdict", (), complaint(done.output), done.wall_s)
        names = dict.fromkeys(name.split("[")[0] for name in failures(written.read_bytes().decode("utf-8", "replace")))
        failing = tuple(name for name in names if name not in self.broken_tests)
        return CliVerdict("tests_failed" if failing else "resolved", failing, wall_s=done.wall_s)


class Difference(NamedTuple):
    """A test that does not end alike."""

    test: str
    ours: str
    theirs: str


@dataclass(frozen=True)
class Row:
    """One patch on both sides."""

    bug: str
    patch: str
    digest: str
    ours: str
    theirs: str
    ours_reason: str
    theirs_reason: str
    ours_failing: tuple[str, ...]
    theirs_failing: tuple[str, ...]
    differences: tuple[Difference, ...]
    ours_s: float
    theirs_s: float

    @property
    def agrees(self) -> bool:
        return self.ours == self.theirs and not self.differences

    @property
    def key(self) -> tuple[str, str]:
        return self.bug, self.digest

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Row":
        lists = {name: tuple(values[name]) for name in ("ours_failing", "theirs_failing")}
        return cls(**{**values, **lists, "differences": tuple(Difference(*item) for item in values["differences"])})


def compared(bug: str, patch: str, digest: str, report: TestReport, ours_s: float, cli: CliVerdict) -> Row:
    statuses = {**report.fail_to_pass, **report.pass_to_pass}
    both_ran = {report.outcome, cli.outcome} <= {"resolved", "tests_failed"}
    return Row(
        bug=bug,
        patch=patch,
        digest=digest,
        ours=report.outcome,
        theirs=cli.outcome,
        ours_reason=report.reason,
        theirs_reason=cli.reason,
        ours_failing=tuple(name for name, status in statuses.items() if status not in NOT_FAILING),
        theirs_failing=cli.failing,
        differences=tuple(differing(statuses, cli.failing)) if both_ran else (),
        ours_s=round(ours_s, 2),
        theirs_s=round(cli.wall_s, 2),
    )


def differing(statuses: Mapping[str, str], cli_failing: Iterable[str]) -> Iterator[Difference]:
    """A class that fails as a whole there stands for all of its tests."""
    theirs = set(cli_failing)
    classes = {name for name in theirs if "::" not in name}
    for name, status in statuses.items():
        fails = name in theirs or name.partition("::")[0] in classes
        if fails is (status in NOT_FAILING):
            yield Difference(name, status, "fails" if fails else "passes")
    for name in sorted(theirs - set(statuses)):
        if not any(test.startswith(f"{name}::") for test in statuses):
            yield Difference(name, "not one of its tests", "fails")
