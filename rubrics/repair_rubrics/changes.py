"""What changes, as text to compare: the code lines of each file without comments, docstrings, white space that means nothing, and moved lines.

Read line by line from the patch alone. Files are sorted into kinds by their paths.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from repair_rubrics.edits import FileEdit, Hunk
from repair_rubrics.lines import INDENTED, MAX_LINE, Reading, indent_columns, line_reader, misplaced_lines, squeezed, text_lines


@dataclass(frozen=True, slots=True)
class FileChange:
    """What one patch does to one file."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    """Normalised changed lines in order, without those that are removed and added again."""
    indents: tuple[int, ...]
    """Leading white space of each line of `added`, in columns; 0 where it means nothing."""
    places: tuple[int, ...] | None
    """Where the changed lines are, in half lines of the old file, in rising order; None when a hunk has no number."""
    written: tuple[str, ...]
    """All added lines in order, those removed elsewhere included."""
    misplaced: tuple[str, ...]
    """Added lines of Python that cannot stand where they do: prose among code, a block without a body."""
    churn: int
    """Lines removed and added again."""
    unread: int
    """Changed lines that are no code under this reading: comments, blank lines."""

    @property
    def size(self) -> int:
        """Changed lines that count."""
        return len(self.added) + len(self.removed)

    @property
    def chars(self) -> int:
        """Characters of the changed lines that count."""
        return sum(map(len, self.added)) + sum(map(len, self.removed))


def read_changes(files: Iterable[FileEdit], reading: Reading) -> dict[str, FileChange]:
    """Path to change, for every file that has hunks; a change that amounts to nothing stays in, for its churn."""
    return {edit.path: _read_file(edit.path, edit.hunks, reading) for edit in files if edit.hunks}


def effective(changes: Mapping[str, FileChange]) -> dict[str, FileChange]:
    """The changes that amount to something."""
    return {path: change for path, change in changes.items() if change.size}


# --- kinds of files -----------------------------------------------------------------------------------------------------------------

TEST_PATH = re.compile(r"(^|/)(tests?|testing|__tests__)/|(^|/)(test_[^/]*|[^/]*_test|tests|conftest)\.\w+$|Tests?\.(java|kt|scala)$")
DOC_PATH = re.compile(r"\.(md|rst|txt)$|(^|/)docs?/|(^|/)(CHANGES|CHANGELOG|NEWS|HISTORY|AUTHORS|README)[^/]*$", re.IGNORECASE)
SCRATCH_PATH = re.compile(
    r"\.(orig|rej|patch|diff|log|bak|swp|pyc|coveragerc|gitignore)$|(^|/)(reproduc|repro|debug|scratch|demo_|verify_|check_fix)[^/]*$"
    r"|^(?!setup)[^/]*\.py$",
    re.IGNORECASE,
)


@lru_cache(maxsize=4096)
def file_kind(path: str) -> str:
    """`test`, `doc`, `scratch` (reproduction scripts, rejects, scripts at the root) or `source`, by the path alone."""
    if DOC_PATH.search(path):
        return "doc"
    if TEST_PATH.search(path):
        return "test"
    return "scratch" if SCRATCH_PATH.search(path) else "source"


def counted_kinds(gold_paths: Iterable[str]) -> set[str]:
    """Kinds of files whose edits count against a gold patch of these files: tests and documents only when the gold touches some."""
    kinds = {file_kind(path) for path in gold_paths}
    return (kinds - {"doc"} or kinds) | {"source", "scratch"}


# --- files --------------------------------------------------------------------------------------------------------------------------


def _read_file(path: str, hunks: Iterable[Hunk], reading: Reading) -> FileChange:
    read, indented, python = line_reader(path, reading), path.endswith(INDENTED), path.endswith(".py") and reading is Reading.CODE
    sides: dict[str, list[tuple[str, int]]] = {"+": [], "-": []}
    places: list[int] = []
    misplaced: list[str] = []
    numbered, unread = True, 0
    for hunk in hunks:
        place = 2 * (hunk.old_start or 0)
        numbered &= hunk.old_start is not None
        inside = text_lines(path, hunk.lines) if reading is Reading.CODE else set()
        suspect = False
        for at, line in enumerate(hunk.lines):
            sign = line[0]
            if sign != " ":
                body = line[1:MAX_LINE]
                text = read(body)
                if text and at not in inside:
                    sides[sign].append((text, indent_columns(body) if indented else 0))
                    places.append(place - (sign == "+"))
                    suspect |= sign == "+" and text[-1] == ":"
                else:
                    unread += 1
                    suspect |= sign == "+" and at not in inside
            if sign != "+":
                place += 2
        if suspect and python:
            misplaced += [squeezed(hunk.lines[at][1:MAX_LINE]) for at in misplaced_lines(hunk.lines, inside)]
    again = Counter(text for text, _ in sides["+"]) & Counter(text for text, _ in sides["-"])
    added, removed = _without(sides["+"], again), _without(sides["-"], again)
    return FileChange(
        added=tuple(text for text, _ in added),
        removed=tuple(text for text, _ in removed),
        indents=tuple(indent for _, indent in added),
        places=tuple(sorted(places)) if numbered else None,
        written=tuple(text for text, _ in sides["+"]),
        misplaced=tuple(misplaced),
        churn=again.total(),
        unread=unread,
    )


def _without(lines: list[tuple[str, int]], again: Counter[str]) -> list[tuple[str, int]]:
    """The lines but for the first occurrences that `again` counts."""
    if not again:
        return lines
    left, kept = again.copy(), []
    for text, indent in lines:
        if left[text] > 0:
            left[text] -= 1
        else:
            kept.append((text, indent))
    return kept
