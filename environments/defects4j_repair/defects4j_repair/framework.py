"""What a Defects4J home says of its bugs, read from its own files, without running anything.

Layout, since release 2: `framework/projects/<Project>/` with `active-bugs.csv`, `deprecated-bugs.csv`, `trigger_tests/N`, `relevant_tests/N`,
`modified_classes/N.src`, `dir-layout.csv`; `framework/core/Project/<Project>.pm` names the repository under `project_repos/`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

RELEASE = re.compile(r"Defects4J\s*(?:--)?\s*version\s+(\d+(?:\.\d+)*)")
REPOSITORY = re.compile(r"""^\s*my\s+\$name\s*=\s*["']([^"']+)["']""", re.MULTILINE)
BUG_NAME = re.compile(r"([A-Za-z]\w*)-(\d+)")
FAILURE = re.compile(r"^--- (\S+)[ \t]*$", re.MULTILINE)
"""How the framework starts a failing test in its files; the message and the trace follow."""


class FrameworkError(ValueError):
    """A home, or what it says of a bug, is not as this package needs it; the message says what to do."""


@dataclass(frozen=True)
class ActiveBug:
    """A bug that the framework lists as active."""

    project: str
    number: int
    buggy_revision: str
    fixed_revision: str
    report_url: str

    @property
    def name(self) -> str:
        return f"{self.project}-{self.number}"


@dataclass(frozen=True)
class BugTests:
    """What the framework says of a bug's tests and classes."""

    trigger_tests: tuple[str, ...]
    relevant_classes: tuple[str, ...]
    modified_classes: tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """Where a revision has its sources, relative to its root."""

    source_dir: str
    test_dir: str


@dataclass(frozen=True)
class Framework:
    """A home's files."""

    root: Path

    @property
    def release(self) -> str:
        """Such as `3.0.1`; only the first number where the home was stripped of its README; empty when it says nothing."""
        for path in (self.root / "README.md", self.root / "project_repos" / "README"):
            try:
                found = RELEASE.search(path.read_text("utf-8", "replace"))
            except OSError:
                continue
            if found:
                return found[1]
        return ""

    @property
    def projects(self) -> list[str]:
        return sorted(path.parent.name for path in (self.root / "framework" / "projects").glob("*/active-bugs.csv"))

    def active_bugs(self, project: str) -> dict[int, ActiveBug]:
        """By number, in the order of the file.

        Raises:
            FrameworkError: there is no such project, or its list is damaged.
        """
        path = self._project(project) / "active-bugs.csv"
        bugs: dict[int, ActiveBug] = {}
        for line, row in enumerate(_rows(path), 2):
            try:
                number = int(row["bug.id"])
                url = "" if row["report.url"] in (None, "NA") else row["report.url"]
                bugs[number] = ActiveBug(project, number, row["revision.id.buggy"], row["revision.id.fixed"], url)
            except (KeyError, TypeError, ValueError) as error:
                raise FrameworkError(f"{path}:{line}: not a row of the framework's list of bugs ({error})") from None
        return bugs

    def deprecated_bugs(self, project: str) -> dict[int, str]:
        """Number to the reason why the framework left the bug out."""
        path = self._project(project) / "deprecated-bugs.csv"
        return {int(row["bug.id"]): row.get("deprecated.reason") or "no reason given" for row in _rows(path)} if path.is_file() else {}

    def tests(self, bug: ActiveBug) -> BugTests:
        """Raises FrameworkError where one of the bug's files is missing or empty."""
        folder, number = self._project(bug.project), bug.number
        triggers = tuple(dict.fromkeys(FAILURE.findall(_text(folder / "trigger_tests" / str(number)))))
        relevant = tuple(_text(folder / "relevant_tests" / str(number)).split())
        modified = tuple(_text(folder / "modified_classes" / f"{number}.src").split())
        for what, found in (("trigger test", triggers), ("relevant test class", relevant), ("modified class", modified)):
            if not found:
                raise FrameworkError(f"{bug.name}: the framework names no {what}")
        return BugTests(triggers, relevant, modified)

    def layout(self, project: str, revision: str) -> Layout | None:
        """Source folders of a revision; None for one that the framework finds out at its checkout."""
        path = self._project(project) / "dir-layout.csv"
        if not path.is_file():
            return None
        rows = (line.split(",", 2) for line in _text(path).splitlines())
        return next((Layout(row[1], row[2]) for row in rows if len(row) == 3 and row[0] == revision), None)

    def repository(self, project: str) -> str:
        """Name under `project_repos` of the project's history, such as `commons-lang.git` or, of a Subversion history, `jfreechart`.

        Raises:
            FrameworkError: the framework does not say.
        """
        path = self.root / "framework" / "core" / "Project" / f"{project}.pm"
        text = _text(path)
        found = REPOSITORY.search(text)
        if not found:
            raise FrameworkError(f"{path}: names no repository")
        return f"{found[1]}.git" if "Vcs::Git" in text else found[1]

    def select(self, patterns: Iterable[str]) -> list[ActiveBug]:
        """Active bugs whose names match one of `patterns` (`Lang-1`, `Cli-*`, `*`), in the framework's order.

        Raises:
            FrameworkError: a pattern matches none; says whether that bug is deprecated.
        """
        every = [bug for project in self.projects for bug in self.active_bugs(project).values()]
        chosen: set[str] = set()
        for pattern in patterns:
            matching = {bug.name for bug in every if fnmatchcase(bug.name, pattern)}
            if not matching:
                raise FrameworkError(self._no_match(pattern))
            chosen |= matching
        return [bug for bug in every if bug.name in chosen]

    def _no_match(self, pattern: str) -> str:
        named = BUG_NAME.fullmatch(pattern)
        if named and named[1] in self.projects:
            reason = self.deprecated_bugs(named[1]).get(int(named[2]))
            numbers = list(self.active_bugs(named[1]))
            active = f"{named[1]} has {len(numbers)} active bugs, {min(numbers)} to {max(numbers)}"
            return f"bug {pattern!r}: {f'the framework deprecated it ({reason})' if reason else 'there is none of that number'}; {active}"
        return f"bug {pattern!r} matches no active bug; projects are {', '.join(self.projects) or 'none: is this a Defects4J home?'}"

    def _project(self, project: str) -> Path:
        folder = self.root / "framework" / "projects" / project
        if not (folder / "active-bugs.csv").is_file():
            raise FrameworkError(f"project {project!r}: not in the framework; it has {', '.join(self.projects) or 'none'}")
        return folder


def failures(text: str) -> dict[str, str]:
    """Failing test to its message and trace, in the format of the framework's `failing_tests`; a class that failed as a whole is named alone."""
    parts = FAILURE.split(text)
    return {name: message.strip("\n") for name, message in zip(parts[1::2], parts[2::2], strict=True)}


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(_text(path).splitlines()))


def _text(path: Path) -> str:
    """What is not UTF-8 is read as Latin-1, which has a character for every byte.

    Raises:
        FrameworkError
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise FrameworkError(f"{path}: {error.strerror}; is the Defects4J home complete?") from None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("latin-1")
