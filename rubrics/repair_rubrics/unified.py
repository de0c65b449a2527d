"""Unified diffs as models write them.

A well-formed diff is read by `unidiff`. What `unidiff` refuses or would read only in part is read by the tolerant parser below, in one
pass over the lines, which notes each repair. It covers diffs with text hunks; binary hunks are noted as such and carry no content.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from unidiff.errors import UnidiffParseError
from unidiff.patch import Hunk as UnidiffHunk
from unidiff.patch import PatchedFile, PatchSet

from repair_rubrics.edits import FileEdit, Hunk, ParsedEdits, merge_by_path
from repair_rubrics.extract import Region, diff_regions

HUNK_HEADER = re.compile(r"^@@+(?: -(\d+)(?:,(\d+))?(?: \+(\d+)(?:,(\d+))?)?)?[^@\n]*(?:@@+.*)?$")
COUNTED_HEADER = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
GIT_HEADER = re.compile(r'^diff --git (?P<old>"(?:[^"\\]|\\.)*"|\S.*?) (?P<new>"b/(?:[^"\\]|\\.)*"|b/.*|\S+)$')
EXTENDED_HEADER = re.compile(
    r"^(?:index [0-9a-f]+|old mode |new mode |new file mode |deleted file mode |similarity index |dissimilarity index "
    r"|rename from |rename to |copy from |copy to |Binary files |GIT binary patch|Index: )"
)
MOVED = re.compile(r"\n(?:rename|copy) from (.*)\n(?:rename|copy) to (.*)\n")
ELISION = re.compile(r"^(?:\.\.\.|…)\s*$")
QUOTED_BYTE = re.compile(rb"\\([0-7]{1,3}|.)")
ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b'"': b'"', b"\\": b"\\", b"a": b"\a", b"b": b"\b", b"f": b"\f", b"v": b"\v"}
PATH_MENTION = re.compile(r"(?:^|[\s`*\"'(])([\w.@+-]+(?:/[\w.@+-]+)*\.\w{1,8})(?=$|[\s`*\"'):,])")


def parse_unified(text: str) -> ParsedEdits:
    """The edits of every diff in `text` (the part of a reply that holds the answer). Never raises; linear in the text's length."""
    files: list[FileEdit] = []
    repairs: list[str] = []
    for region in diff_regions(text):
        parsed = _read_region(region)
        files += parsed.files
        repairs += parsed.repairs
    merged = merge_by_path(files)
    once = tuple(_without_repeats(edit) for edit in merged)
    repairs += ["repeated_hunk"] * sum(len(edit.hunks) - len(kept.hunks) for edit, kept in zip(merged, once, strict=True))
    return ParsedEdits(once, tuple(repairs))


def _without_repeats(edit: FileEdit) -> FileEdit:
    """`edit` with each hunk once: one that comes again word for word for the same line was said twice, not meant twice."""
    placed = [hunk for hunk in edit.hunks if hunk.old_start is not None]
    if len(set(placed)) == len(placed):
        return edit
    seen: set[Hunk] = set()
    hunks = []
    for hunk in edit.hunks:
        if hunk.old_start is None or hunk not in seen:
            hunks.append(hunk)
            seen.add(hunk)
    return replace(edit, hunks=tuple(hunks))


def unquote_path(raw: str, prefixed: bool = True) -> str | None:
    """The path that a diff header names, without quotes, escapes, tabs and (`prefixed`) the a/ or b/ in front; None for /dev/null."""
    raw = raw.rstrip("\r")
    if raw.startswith('"') and raw.rstrip().endswith('"') and len(raw.rstrip()) > 1:
        path = QUOTED_BYTE.sub(_unescape, raw.rstrip()[1:-1].encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
    else:
        path = raw.split("\t")[0].strip()
    if path == "/dev/null":
        return None
    return path[2:] if prefixed and path[:2] in ("a/", "b/") else path.removeprefix("./")


def _unescape(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    return bytes([int(code, 8) & 0xFF]) if code[:1].isdigit() else ESCAPES.get(code, code)


def _read_region(region: Region) -> ParsedEdits:
    text, repairs = region.text, []
    if text.startswith(("diff --git ", "--- ")) and (files := _read_well_formed(text)) is not None:
        return ParsedEdits(files)
    lines = text.split("\n")
    headers = [line for line in lines if line.startswith(("--- ", "+++ ", "@@"))]
    if headers and all(line.endswith("\r") for line in headers):
        lines, repairs = [line.removesuffix("\r") for line in lines], ["crlf"]
    reader = _Reader(lines, region.fenced, repairs)
    reader.read()
    if not region.closed and reader.files:
        repairs.append("truncated")
    return ParsedEdits(tuple(edit for draft in reader.files if (edit := draft.finish()) is not None), tuple(repairs))


# --- well-formed: unidiff ---------------------------------------------------------------------------------------------------------


def _read_well_formed(text: str) -> tuple[FileEdit, ...] | None:
    """The edits as `unidiff` reads them; None when it refuses the text or leaves changed lines of it unread."""
    if "\r" in text or "\n\n" in text:
        return None
    try:
        patch_set = PatchSet(text if text.endswith("\n") else text + "\n")
    except (UnidiffParseError, ValueError, IndexError):
        return None
    marked = sum(("\n" + text).count(mark) for mark in ("\n+", "\n-"))
    read = sum(file.added + file.removed + (2 if len(file) else 0) for file in patch_set)
    if marked != read or any(file.is_rename and not file.source_file for file in patch_set):
        return None
    return merge_by_path([_from_unidiff(file) for file in patch_set])


def _from_unidiff(file: PatchedFile) -> FileEdit:
    info = "\n" + "".join(file.patch_info or ())
    # Not unidiff's is_added_file and is_removed_file: they also hold for an empty file that is filled and a file that is emptied.
    old = None if "\nnew file mode " in info else unquote_path(file.source_file)
    new = None if "\ndeleted file mode " in info else unquote_path(file.target_file)
    binary = "\nBinary files " in info or "\nGIT binary patch" in info
    if moved := MOVED.search(info):
        # Without hunks unidiff takes the paths from the first line, where a blank in them is ambiguous.
        old, new = unquote_path(moved[1], prefixed=False), unquote_path(moved[2], prefixed=False)
    return FileEdit(old, new, tuple(_hunk_from_unidiff(hunk) for hunk in file), binary, "\ncopy from " in info)


def _hunk_from_unidiff(hunk: UnidiffHunk) -> Hunk:
    if all(line.line_type != "\\" for line in hunk):
        return Hunk(tuple([line.line_type + line.value.removesuffix("\n") for line in hunk]), hunk.source_start)
    body = _Body()
    for line in hunk:
        body.add(line.line_type + (line.value.removesuffix("\n") if line.line_type != "\\" else ""))
    return body.finish(hunk.source_start)


# --- tolerant ---------------------------------------------------------------------------------------------------------------------


@dataclass
class _Body:
    """A hunk's lines while they are read."""

    lines: list[str] = field(default_factory=list)
    old_newline: bool = True
    new_newline: bool = True

    def add(self, marked: str) -> None:
        if marked[0] != "\\":
            self.lines.append(marked)
        elif self.lines:
            self.old_newline &= self.lines[-1][0] == "+"
            self.new_newline &= self.lines[-1][0] == "-"

    def finish(self, old_start: int | None) -> Hunk:
        return Hunk(tuple(self.lines), old_start, self.old_newline, self.new_newline)


@dataclass
class _Draft:
    """A file's edit while its header and hunks are read."""

    old_path: str | None
    new_path: str | None
    is_new: bool = False
    is_deleted: bool = False
    binary: bool = False
    copied: bool = False
    named: bool = False
    """`---`/`+++` lines have been read: another pair begins another file."""
    hunks: list[Hunk] = field(default_factory=list)

    def finish(self) -> FileEdit | None:
        old = None if self.is_new else self.old_path
        new = None if self.is_deleted else self.new_path
        if old is None and new is None:
            return None
        hunks = tuple(hunk for hunk in self.hunks if hunk.lines)
        if not hunks and old == new and not self.binary:
            return None
        return FileEdit(old, new, hunks, self.binary, self.copied)


class _Reader:
    """One pass over a region's lines; `files` and `repairs` hold what was found."""

    def __init__(self, lines: list[str], fenced: bool, repairs: list[str]) -> None:
        self.lines = lines
        self.fenced = fenced
        self.repairs = repairs
        self.files: list[_Draft] = []
        self.at = 0

    def read(self) -> None:
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("diff --git "):
                self._git_header(line)
            elif self._starts_file_header(self.at):
                self._file_header()
            elif self.files and EXTENDED_HEADER.match(line):
                self._extended_header(line)
            elif line.startswith("@@"):
                self._hunk(line)
            else:
                self.at += 1

    def _starts_file_header(self, at: int) -> bool:
        """Whether a `---`/`+++` pair, or the half of one that a model left, stands here."""
        line, following = self.lines[at], self.lines[at + 1] if at + 1 < len(self.lines) else ""
        if line.startswith("--- "):
            return following.startswith(("+++ ", "@@"))
        return line.startswith("+++ ") and following.startswith("@@")

    def _is_boundary(self, at: int) -> bool:
        """Whether a hunk that is being read must end before this line."""
        if at >= len(self.lines):
            return True
        line = self.lines[at]
        if line[:4] in ("--- ", "+++ "):
            # Inside a hunk the pair may be a removed "-- x" and an added "++ y": only a hunk after it makes it a header.
            return self._starts_file_header(at) and any(after.startswith("@@") for after in self.lines[at + 1 : at + 3])
        return line.startswith(("@@", "diff --git ")) or bool(EXTENDED_HEADER.match(line))

    def _git_header(self, line: str) -> None:
        match = GIT_HEADER.match(line)
        old, new = (match["old"], match["new"]) if match else (line[11:], line[11:])
        self.files.append(_Draft(unquote_path(old), unquote_path(new)))
        self.at += 1

    def _extended_header(self, line: str) -> None:
        draft = self.files[-1]
        draft.is_new |= line.startswith("new file mode ")
        draft.is_deleted |= line.startswith("deleted file mode ")
        draft.binary |= line.startswith(("Binary files ", "GIT binary patch"))
        draft.copied |= line.startswith("copy from ")
        if line.startswith(("rename from ", "copy from ")):
            draft.old_path = unquote_path(line.split(" from ", 1)[1], prefixed=False)
        elif line.startswith(("rename to ", "copy to ")):
            draft.new_path = unquote_path(line.split(" to ", 1)[1], prefixed=False)
        self.at += 1

    def _file_header(self) -> None:
        halves = {}
        while self.at < len(self.lines) and self.lines[self.at].startswith(("--- ", "+++ ")) and self.lines[self.at][:3] not in halves:
            halves[self.lines[self.at][:3]] = self.lines[self.at][4:]
            self.at += 1
        if len(halves) < 2:
            self.repairs.append("half_file_header")
        old_raw, new_raw = halves.get("---", halves.get("+++", "")), halves.get("+++", halves.get("---", ""))
        if not (self.files and not self.files[-1].named and not self.files[-1].hunks):
            self.files.append(_Draft(None, None))
        draft = self.files[-1]
        old, new = unquote_path(old_raw), unquote_path(new_raw)
        draft.is_new |= old is None
        draft.is_deleted |= new is None
        draft.old_path, draft.new_path, draft.named = old, new, True

    def _hunk(self, header: str) -> None:
        if not self.files:
            self._file_without_header()
        counted = COUNTED_HEADER.match(header)
        match = HUNK_HEADER.match(header)
        old_start = int(match.group(1)) if match and match.group(1) else None
        if old_start is None:
            self.repairs.append("bare_hunk_header")
        self.at += 1
        body = self._counted_body(_count(counted.group(2)), _count(counted.group(4))) if counted else None
        if body is not None:
            self.files[-1].hunks.append(body.finish(old_start))
            return
        if counted:
            self.repairs.append("hunk_counts")
        self._uncounted_bodies(old_start)

    def _file_without_header(self) -> None:
        """The answer begins with a hunk: take the path from the nearest line above that mentions one."""
        self.repairs.append("missing_file_header")
        mentions = (PATH_MENTION.search(self.lines[at]) for at in range(self.at - 1, max(-1, self.at - 6), -1))
        path = next((match.group(1) for match in mentions if match), "")
        self.files.append(_Draft(path, path, named=True))

    def _counted_body(self, old_left: int, new_left: int) -> _Body | None:
        """The hunk's body if the header's counts fit it exactly; else None, with nothing consumed or noted."""
        body, stripped, at = _Body(), 0, self.at
        while old_left > 0 or new_left > 0:
            line = self.lines[at] if at < len(self.lines) else "eof"
            mark = line[:1] or " "
            if mark not in "+-\\ " or (at == len(self.lines) - 1 and not line):
                return None
            stripped += not line
            old_left -= mark in " -"
            new_left -= mark in " +"
            body.add(line or " ")
            at += 1
        if old_left < 0 or new_left < 0:
            return None
        while at < len(self.lines) and self.lines[at].startswith("\\"):
            body.add(self.lines[at])
            at += 1
        if not self._body_may_end(at):
            return None
        self.at = at
        self.repairs += ["stripped_blank_line"] * stripped
        return body

    def _body_may_end(self, at: int) -> bool:
        """Whether nothing at `at` belongs to the hunk whose counts are used up."""
        if self._is_boundary(at):
            return True
        blank_first = not self.lines[at]
        while at < len(self.lines) and not self.lines[at]:
            at += 1
        if self._is_boundary(at) or (blank_first and not self.fenced):
            return True
        return not self.fenced and self.lines[at][:1] not in "+- "

    def _uncounted_bodies(self, old_start: int | None) -> None:
        """Read marked lines up to the next header, whatever the counts said; an elision (`...`) splits the hunk."""
        bodies, pending_blank, reached = [_Body()], 0, 0
        while not self._is_boundary(self.at):
            line = self.lines[self.at]
            if not line:
                pending_blank += 1
            elif line[0] in "+-\\ " or ELISION.match(line) or self._is_unmarked_context(pending_blank):
                bodies[-1].lines += [" "] * pending_blank
                self.repairs += ["stripped_blank_line"] * pending_blank
                pending_blank = 0
                if line[0] in "+-\\ ":
                    bodies[-1].add(line)
                elif ELISION.match(line):
                    self.repairs.append("elided_context")
                    bodies.append(_Body())
                else:
                    self.repairs.append("lost_context_space")
                    bodies[-1].add(" " + line)
                reached = self.at + 1
            else:
                break
            self.at += 1
        self.at = max(self.at, reached)
        hunks = [body.finish(old_start if n == 0 else None) for n, body in enumerate(bodies)]
        self.files[-1].hunks += hunks

    def _is_unmarked_context(self, blank_lines_before: int) -> bool:
        """Whether a line without a marker is context that lost its space, rather than prose after the diff."""
        if self.fenced:
            return True
        return not blank_lines_before and self._marked_line_follows(self.at + 1)

    def _marked_line_follows(self, at: int) -> bool:
        window: Iterable[str] = self.lines[at : at + 8]
        for line in window:
            if line.startswith(("@@", "diff --git ")) or not line:
                return False
            if line[0] in "+- ":
                return True
        return False


def _count(group: str | None) -> int:
    return 1 if group is None else int(group)
