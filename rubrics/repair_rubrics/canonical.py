"""A patch as what it did: the smallest change that turns the sources into the applied result.

However an answer was written (whole-file rewrite, lines removed and added again, hunks split or merged, wrong positions), the same result
gives the same canonical patch.
"""

from collections.abc import Mapping
from itertools import accumulate, groupby

from repair_rubrics.apply import Applied
from repair_rubrics.blocks import aligned_lines, common_prefix
from repair_rubrics.edits import FileEdit, Hunk
from repair_rubrics.patch import Patch

CONTEXT_LINES = 3


def canonical_patch(applied: Applied, sources: Mapping[str, str]) -> Patch:
    """The changes between `sources` and what `applied` holds; files that end up the same are left out."""
    edits = (_edit(path, sources.get(path), new) for path, new in applied.files.items() if sources.get(path) != new)
    return Patch(tuple(edits))


def _edit(path: str, old: str | None, new: str | None) -> FileEdit:
    old_lines, new_lines = (old or "").split("\n"), (new or "").split("\n")
    start = max(0, common_prefix(old_lines, new_lines) - CONTEXT_LINES)
    same = common_prefix(old_lines[start:][::-1], new_lines[start:][::-1])
    cut = max(0, same - CONTEXT_LINES)
    marked = aligned_lines(old_lines[start : len(old_lines) - cut], new_lines[start : len(new_lines) - cut])
    return FileEdit(path if old is not None else None, path if new is not None else None, _hunks(marked, start + 1))


def _hunks(marked: tuple[str, ...], line_number: int) -> tuple[Hunk, ...]:
    """The changes with some kept lines around each, which tell what a changed line stands among; `line_number` is that of the first line.

    Lines that nobody was shown are left out.
    """
    hunks: list[Hunk] = []
    for unseen, group in groupby(marked, lambda line: line[0] == " " and "\0" in line):
        lines = tuple(group)
        hunks += () if unseen else _hunks_within(lines, line_number)
        line_number += sum([line[0] != "+" for line in lines])
    return tuple(hunks)


def _hunks_within(lines: tuple[str, ...], line_number: int) -> list[Hunk]:
    spans: list[list[int]] = []
    for at, line in enumerate(lines):
        if line[0] != " ":
            if spans and at <= spans[-1][1] + 2 * CONTEXT_LINES:
                spans[-1][1] = at
            else:
                spans.append([at, at])
    numbers = list(accumulate([line[0] != "+" for line in lines], initial=line_number)) if spans else []
    starts = [max(0, first - CONTEXT_LINES) for first, _ in spans]
    return [Hunk(lines[start : last + 1 + CONTEXT_LINES], numbers[start]) for start, (_, last) in zip(starts, spans, strict=True)]
