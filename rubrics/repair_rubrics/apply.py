"""Applying edits to source texts: every hunk finds its place or the whole patch is refused with a reason.

A hunk is looked for at its stated line first, then anywhere, then with ever more forgiveness (`RUNGS`), and the rung it needed is reported.
A place that cannot be told apart from another is a refusal, never a guess. Pure text work: no file system, no git.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from typing import Literal

from repair_rubrics.edits import FileEdit, Hunk

RUNGS = ("exact", "moved", "trailing_whitespace", "indentation", "elided_context", "less_context")
"""How a hunk found its place, strictest first."""

Reason = Literal["missing_file", "file_exists", "binary", "hunk_not_found", "hunk_ambiguous", "empty_search", "no_path"]
ELISIONS = ("...", "…", "# ...", "// ...", "/* ... */")
COMMON_LINE_COUNT = 50
"""A source line that occurs more often than this says nothing about where a hunk belongs."""


@dataclass(frozen=True)
class ApplyFailure:
    """Why a patch was refused. `hunk` is 1-based within the file; 0 when the file itself is the problem."""

    reason: Reason
    path: str
    hunk: int = 0
    expected: str = ""
    """The text the hunk looked for."""
    nearest: str = ""
    """The stretch of the file that shares most lines with it; empty when none shares any."""
    nearest_line: int | None = None
    """1-based line where `nearest` begins."""

    def __str__(self) -> str:
        place = f"{self.path or '(no path)'}, hunk {self.hunk}" if self.hunk else self.path or "(no path)"
        near = f"; nearest match at line {self.nearest_line}:\n{self.nearest}" if self.nearest_line else ""
        wanted = f", looked for:\n{self.expected}" if self.expected else ""
        return f"{place}: {self.reason}{wanted}{near}"


@dataclass(frozen=True)
class Applied:
    """The outcome of applying a patch: all of it or nothing."""

    files: Mapping[str, str | None]
    """New text of each changed file; None for a deleted one. Empty when refused."""
    failure: ApplyFailure | None = None
    rungs: tuple[str, ...] = ()
    """For each hunk in order, the member of `RUNGS` that it needed."""

    @property
    def ok(self) -> bool:
        return self.failure is None

    @property
    def rung(self) -> str:
        """The most forgiving rung that any hunk needed."""
        return max(self.rungs, key=RUNGS.index, default=RUNGS[0])


class _Refusal(Exception):
    def __init__(self, failure: ApplyFailure) -> None:
        self.failure = failure


def apply_edits(files: tuple[FileEdit, ...], sources: Mapping[str, str]) -> Applied:
    """`sources` (path to text) with the edits made; nothing is raised for a patch that does not fit."""
    changed: dict[str, str | None] = {}
    rungs: list[str] = []
    try:
        for edit in files:
            _apply_file(edit, sources, changed, rungs)
    except _Refusal as refusal:
        return Applied({}, refusal.failure, tuple(rungs))
    return Applied(changed, None, tuple(rungs))


def resolve_path(path: str, sources: Mapping[str, str]) -> str | None:
    """The one source that `path` can mean: the same path, or the only one of which it is a tail or which is a tail of it."""
    if path in sources:
        return path
    if not path:
        return next(iter(sources)) if len(sources) == 1 else None
    tails = [known for known in sources if known.endswith("/" + path) or path.endswith("/" + known)]
    return tails[0] if len(tails) == 1 else None


def _apply_file(edit: FileEdit, sources: Mapping[str, str], changed: dict[str, str | None], rungs: list[str]) -> None:
    if edit.binary:
        raise _Refusal(ApplyFailure("binary", edit.path))
    if edit.old_path is None:
        _create(edit, sources, changed)
        return
    known = {**sources, **{path: text for path, text in changed.items() if text is not None}}
    path = resolve_path(edit.old_path, known)
    if path is None or changed.get(path, "") is None:
        raise _Refusal(ApplyFailure("missing_file" if edit.old_path else "no_path", edit.old_path))
    text = _Text.of(known[path])
    found = _Found()
    for number, hunk in enumerate(edit.hunks, 1):
        place = _locate(text, hunk, found.offset_at(hunk), path, number)
        rungs.append(place.rung)
        found.note(hunk, place.start)
        text = place.replaced
    moved = edit.new_path is not None and edit.new_path != edit.old_path
    if moved and edit.new_path in known and changed.get(edit.new_path, "") is not None:
        raise _Refusal(ApplyFailure("file_exists", edit.path))
    if (moved and not edit.copied) or edit.new_path is None:
        changed[path] = None
    if edit.new_path is not None:
        changed[edit.new_path if moved else path] = str(text)


class _Found:
    """Where a file's hunks were found: how far off its stated line the next one is to be looked for."""

    def __init__(self) -> None:
        self.offset = 0
        self.last_start = 0
        self.lengthened: list[tuple[int, int]] = []
        """Stated line, and by how many lines the hunk made the file longer."""

    def offset_at(self, hunk: Hunk) -> int:
        """That of the hunk before; for one that comes out of order, what the hunks above it have moved it by."""
        if hunk.old_start is None or hunk.old_start >= self.last_start:
            return self.offset
        return sum(lines for start, lines in self.lengthened if start <= hunk.old_start)

    def note(self, hunk: Hunk, start: int) -> None:
        """Remember that `hunk` was found at the 0-based line `start`."""
        if hunk.old_start is None:
            return
        lengthened = len(hunk.new) - len(hunk.old)
        if hunk.old_start >= self.last_start:
            # A hunk without old lines names the line that it follows.
            stated = hunk.old_start - 1 if hunk.old else hunk.old_start
            self.last_start, self.offset = hunk.old_start, start - stated + lengthened
        else:
            self.offset += lengthened
        self.lengthened.append((hunk.old_start, lengthened))


def _create(edit: FileEdit, sources: Mapping[str, str], changed: dict[str, str | None]) -> None:
    path = edit.path
    if not path:
        raise _Refusal(ApplyFailure("no_path", ""))
    if changed.get(path) is not None or (sources.get(path) and path not in changed):
        raise _Refusal(ApplyFailure("file_exists", path))
    lines = [line for hunk in edit.hunks for line in hunk.new]
    ends = not edit.hunks or edit.hunks[-1].new_newline
    changed[path] = "\n".join(lines) + ("\n" if lines and ends else "")


class _Text:
    """A file's text as lines and as one string, each made from the other only when asked for."""

    def __init__(self, ends_with_newline: bool, lines: list[str] | None = None, joined: str | None = None) -> None:
        self.ends_with_newline = ends_with_newline
        if lines is not None:
            self.lines = lines
        if joined is not None:
            self.joined = joined

    @classmethod
    def of(cls, text: str) -> "_Text":
        lines = text.split("\n")
        return cls(False, lines) if lines[-1] else cls(True, lines[:-1])

    def __str__(self) -> str:
        return self.joined[1:] if self.ends_with_newline else self.joined[1:-1]

    @cached_property
    def lines(self) -> list[str]:
        return self.joined[1:-1].split("\n") if len(self.joined) > 1 else []

    @cached_property
    def joined(self) -> str:
        """The lines, each between two "\\n", so that a substring search finds whole lines; "\\n" for no lines."""
        return _joined(self.lines)

    @cached_property
    def crlf(self) -> bool:
        return self.joined.count("\r\n") * 2 > self.joined.count("\n")

    @cached_property
    def rstripped(self) -> str:
        return _joined([line.rstrip() for line in self.lines])

    @cached_property
    def stripped(self) -> str:
        return _joined([line.strip() for line in self.lines])

    def _newline_after(self, hunk: Hunk, at_end: bool) -> bool:
        """Whether the text ends with a newline after `hunk`, which changes that only where its two sides differ in it."""
        return hunk.new_newline if at_end and hunk.old_newline != hunk.new_newline else self.ends_with_newline

    def splice(self, start: int, length: int, new: list[str], hunk: Hunk) -> "_Text":
        """The text with `length` lines from `start` (0-based) replaced by `new`."""
        newline = self._newline_after(hunk, at_end=start + length == len(self.lines))
        return _Text(newline, self.lines[:start] + new + self.lines[start + length :])

    def substitute(self, hit: int, hunk: Hunk) -> "_Text":
        """The text with the hunk's old lines, which stand at `joined[hit]`, replaced by its new ones: no line of the rest is touched."""
        end = hit + len(_joined(list(hunk.old)))
        newline = self._newline_after(hunk, at_end=end == len(self.joined))
        return _Text(newline, joined=self.joined[:hit] + _joined(list(hunk.new)) + self.joined[end:])


def _joined(lines: list[str]) -> str:
    return "".join(["\n" + line for line in lines]) + "\n"


def _places(joined: str, wanted: list[str], near: int | None) -> list[int]:
    """0-based lines where `wanted` stands: the nearest before and after line `near`, or the first two when `near` is None.

    Substring search is linear where comparing windows of lines is not.
    """
    needle = _joined(wanted)
    if near is None:
        first = joined.find(needle)
        hits = [first, joined.find(needle, first + 1) if first >= 0 else -1]
    else:
        pivot = _line_offset(joined, near)
        hits = [joined.rfind(needle, 0, pivot + len(needle)), joined.find(needle, pivot)]
    return [joined.count("\n", 0, hit) for hit in dict.fromkeys(hits) if hit >= 0]


def _line_offset(joined: str, line: int) -> int:
    """Offset of the "\\n" before the 0-based `line`; the last one when there are fewer lines."""
    starts = [0, *accumulate(len(text) + 1 for text in joined[1:-1].split("\n"))]
    return starts[min(max(line, 0), len(starts) - 1)]


@dataclass(frozen=True)
class _Place:
    start: int
    """0-based line of the text before the hunk was applied."""
    rung: str
    replaced: _Text


def _locate(text: _Text, hunk: Hunk, offset: int, path: str, number: int) -> _Place:
    near = None if hunk.old_start is None else hunk.old_start - 1 + offset
    old = list(hunk.old)
    if not old:
        return _insert_without_context(text, hunk, near, path, number)
    if near is not None and near >= 0 and text.lines[near : near + len(old)] == old and _eof_agrees(text, hunk, near + len(old)):
        return _Place(near, "exact", _replace(text, hunk, near))
    if near is None and any(old) and (place := _only_place(text, hunk)) is not None:
        return place
    ambiguous = False
    for rung, wanted in (
        ("moved", old),
        ("trailing_whitespace", [line.rstrip() for line in old]),
        ("indentation", [line.strip() for line in old]),
    ):
        if not any(wanted):
            break
        places = _places(text.joined if rung == "moved" else text.rstripped if rung == "trailing_whitespace" else text.stripped, wanted, near)
        start = _choose(places, near)
        if start is not None:
            return _Place(start, rung, _replace(text, hunk, start))
        ambiguous = len(places) > 1
        if ambiguous:
            break
    if not ambiguous:
        place = _elided(text, hunk, offset, path, number) or _with_less_context(text, hunk, near)
        if place is not None:
            return place
    raise _Refusal(_not_found(text, old, path, number, "hunk_ambiguous" if ambiguous else "hunk_not_found"))


def _only_place(text: _Text, hunk: Hunk) -> _Place | None:
    """The one place where a hunk that names no line stands to the letter; None when there is none or more than one."""
    needle = _joined(list(hunk.old))
    hit = text.joined.find(needle)
    if hit < 0 or text.joined.find(needle, hit + 1) >= 0:
        return None
    return _Place(text.joined.count("\n", 0, hit), "exact", text.substitute(hit, hunk))


def _eof_agrees(text: _Text, hunk: Hunk, end: int) -> bool:
    return hunk.old_newline or end == len(text.lines)


def _choose(places: list[int], near: int | None) -> int | None:
    """The place to take: the only one, or the strictly nearest one to the stated line."""
    if len(places) < 2 or near is None:
        return places[0] if len(places) == 1 else None
    first, second = sorted(places, key=lambda place: abs(place - near))[:2]
    return first if abs(first - near) < abs(second - near) else None


def _insert_without_context(text: _Text, hunk: Hunk, near: int | None, path: str, number: int) -> _Place:
    """A hunk of added lines only: it goes after its stated line (`@@ -5,0 +6,2 @@`), or into an empty file."""
    if text.lines and near is None:
        raise _Refusal(ApplyFailure("empty_search", path, number))
    start = min(max(near + 1, 0), len(text.lines)) if near is not None and text.lines else 0
    return _Place(start, "exact", text.splice(start, 0, _with_line_ends(text, list(hunk.new)), hunk))


def _replace(text: _Text, hunk: Hunk, start: int) -> _Text:
    """The text with the hunk put at `start`: kept lines stay as the source has them, added ones follow its indentation and line ends."""
    source = text.lines[start : start + len(hunk.old)]
    if source == list(hunk.old):
        return text.splice(start, len(source), list(hunk.new), hunk)
    shift = _indent_shift(hunk, source)
    new: list[str] = []
    at = 0
    for line in hunk.lines:
        if line[0] == " ":
            new.append(source[at])
        elif line[0] == "+":
            new += _with_line_ends(text, [shift.apply(line[1:])])
        at += line[0] != "+"
    return text.splice(start, len(source), new, hunk)


def _with_line_ends(text: _Text, lines: list[str]) -> list[str]:
    return [line.removesuffix("\r") + "\r" for line in lines] if text.crlf else lines


@dataclass(frozen=True)
class _Shift:
    """A uniform change of indentation: put `add` in front, or take `drop` away."""

    add: str = ""
    drop: str = ""

    def apply(self, line: str) -> str:
        return self.add + line.removeprefix(self.drop) if line.strip() else line


def _indent_shift(hunk: Hunk, source: list[str]) -> _Shift:
    """How far the hunk's indentation is off the source's; none when its lines disagree.

    Removed lines decide where there are any: a kept line one column off has only lost its marker, and added lines are right as they are.
    """
    old_marks = [line[0] for line in hunk.lines if line[0] != "+"]
    pairs = [(mark, mine, theirs) for mark, mine, theirs in zip(old_marks, hunk.old, source, strict=True) if mine.strip()]
    deciding = [pair for pair in pairs if pair[0] == "-"] or pairs
    shifts = {_shift_between(mine, theirs) for _, mine, theirs in deciding}
    if len(shifts) != 1:
        return _Shift()
    shift = shifts.pop()
    only_kept = all(mark == " " for mark, _, _ in deciding)
    return _Shift() if only_kept and shift == _Shift(add=" ") else shift


def _shift_between(mine: str, theirs: str) -> _Shift:
    my_indent, their_indent = mine[: len(mine) - len(mine.lstrip())], theirs[: len(theirs) - len(theirs.lstrip())]
    if their_indent.endswith(my_indent):
        return _Shift(add=their_indent[: len(their_indent) - len(my_indent)])
    if my_indent.endswith(their_indent):
        return _Shift(drop=my_indent[: len(my_indent) - len(their_indent)])
    return _Shift()


def _elided(text: _Text, hunk: Hunk, offset: int, path: str, number: int) -> _Place | None:
    """The hunk applied piece by piece around kept lines that only say `...`; None when it has none or a piece does not fit."""
    cuts = [at for at, line in enumerate(hunk.lines) if line[0] == " " and line[1:].strip() in ELISIONS]
    if not cuts:
        return None
    bounds = [-1, *cuts, len(hunk.lines)]
    pieces = [hunk.lines[a + 1 : b] for a, b in pairwise(bounds) if hunk.lines[a + 1 : b]]
    start: int | None = None
    try:
        for at, lines in enumerate(pieces):
            piece = Hunk(lines, hunk.old_start if at == 0 else None)
            if not piece.old:
                return None
            place = _locate(text, piece, offset, path, number)
            start = place.start if start is None else start
            text = place.replaced
    except _Refusal:
        return None
    return None if start is None else _Place(start, "elided_context", text)


def _with_less_context(text: _Text, hunk: Hunk, near: int | None) -> _Place | None:
    """The hunk without its outermost kept lines, as `git apply -C1` tries it; a pure insertion keeps one line on a side."""
    lines = hunk.lines
    changes = [at for at, line in enumerate(lines) if line[0] != " "]
    if not changes:
        return None
    first, last = changes[0], changes[-1]
    removes = any(line[0] == "-" for line in lines)
    for keep in (2, 1, 0):
        if keep == 0 and not removes:
            return None
        low, high = max(0, first - keep), min(len(lines), last + 1 + keep)
        if (low, high) == (0, len(lines)):
            continue
        piece = Hunk(lines[low:high], None, hunk.old_newline, hunk.new_newline)
        wanted = [line.rstrip() for line in piece.old]
        if not any(wanted):
            continue
        there = None if near is None else near + low
        start = _choose(_places(text.rstripped, wanted, there), there)
        if start is not None:
            return _Place(start - low, "less_context", _replace(text, piece, start))
    return None


def _not_found(text: _Text, old: list[str], path: str, number: int, reason: Reason) -> ApplyFailure:
    votes: Counter[int] = Counter()
    where: dict[str, list[int]] = {}
    for at, line in enumerate(text.lines):
        where.setdefault(line.strip(), []).append(at)
    for at, line in enumerate(old):
        places = where.get(line.strip(), [])
        if line.strip() and len(places) <= COMMON_LINE_COUNT:
            votes.update(place - at for place in places)
    expected = "\n".join(old)
    if not votes:
        return ApplyFailure(reason, path, number, expected)
    start = max(0, max(votes, key=lambda place: (votes[place], -place)))
    return ApplyFailure(reason, path, number, expected, "\n".join(text.lines[start : start + len(old)]), start + 1)
