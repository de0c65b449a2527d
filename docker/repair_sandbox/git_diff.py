"""Reads unified diffs into file changes and writes them out anew, so that git only ever sees headers of our own making.

Covers what `git diff`, `diff -u` and models write: extended headers, quoted names, timestamps, missing `diff --git` lines, wrong line counts, text
between the files, CRLF headers. Lines of hunks stay as they are, byte for byte (bytes that are not UTF-8 as surrogate escapes). Does not know which
paths are wanted, nor any tree. Time is linear in the text.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

REGULAR_MODES = ("100644", "100755")
NO_NEWLINE = "\\ No newline at end of file"
HUNK_HEADER = re.compile(r"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@(.*)", re.DOTALL)
PLAIN_NAME = re.compile(r'[^\x00-\x20\x7f"\\](?:[^\x00-\x1f\x7f"\\]*[^\x00-\x20\x7f"\\])?')
ESCAPE = re.compile(r"\\(?:([0-3][0-7]{2})|([abfnrtv\"\\]))")
ESCAPED = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, '"': 34, "\\": 92}
PREFIX_PAIRS = {("a/", "b/"), ("b/", "a/"), ("a/", "a/"), ("b/", "b/"), ("i/", "w/"), ("c/", "i/"), ("c/", "w/"), ("o/", "w/")}
EXTENDED = (
    *("old mode ", "new mode ", "new file mode ", "deleted file mode ", "rename from ", "rename to ", "copy from ", "copy to "),
    *("similarity index ", "dissimilarity index ", "index "),
)


class DiffError(ValueError):
    """The text is no unified diff that can be read in one way only; the message says where and why."""


@dataclass(frozen=True)
class Hunk:
    """Consecutive lines, each with its first character (blank, `-`, `+`, backslash; or empty, which git reads as a blank context line)."""

    old_start: int
    new_start: int
    heading: str
    """What stood behind the second `@@`."""
    lines: tuple[str, ...]

    def count(self, side: str) -> int:
        """Lines of the old side (`-`) or the new one (`+`)."""
        return sum(line[:1] in ("", " ", side) for line in self.lines)


@dataclass(frozen=True)
class FileChange:
    """What a diff does to one file."""

    old_path: str | None
    """None: the file is created."""
    new_path: str | None
    """None: the file is deleted."""
    hunks: tuple[Hunk, ...] = ()
    modes: tuple[str, ...] = ()
    """Every mode that the headers name, in order."""
    copied: bool = False
    binary: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The path, or both of a rename or copy."""
        return tuple(dict.fromkeys(path for path in (self.old_path, self.new_path) if path is not None))

    @property
    def changes_anything(self) -> bool:
        return bool(self.hunks or self.binary or self.old_path != self.new_path or len(set(self.modes)) > 1)

    def to_text(self) -> str:
        """The change as `git diff` would write it, without the index line. Not for binary changes."""
        old = self.old_path if self.old_path is not None else str(self.new_path)
        new = self.new_path if self.new_path is not None else old
        lines = [f"diff --git {quoted('a/' + old)} {quoted('b/' + new)}"]
        if self.old_path is None:
            lines.append(f"new file mode {self.modes[-1] if self.modes else '100644'}")
        elif self.new_path is None:
            lines.append(f"deleted file mode {self.modes[0] if self.modes else '100644'}")
        else:
            if len(set(self.modes)) > 1:
                lines += [f"old mode {self.modes[0]}", f"new mode {self.modes[-1]}"]
            if old != new:
                verb = "copy" if self.copied else "rename"
                lines += [f"{verb} from {quoted(old)}", f"{verb} to {quoted(new)}"]
        if self.hunks:
            lines.append("--- " + ("/dev/null" if self.old_path is None else quoted("a/" + old)))
            lines.append("+++ " + ("/dev/null" if self.new_path is None else quoted("b/" + new)))
        for hunk in self.hunks:
            old_start, new_start = (0 if self.old_path is None else hunk.old_start), (0 if self.new_path is None else hunk.new_start)
            lines.append(f"@@ -{old_start},{hunk.count('-')} +{new_start},{hunk.count('+')} @@{hunk.heading}")
            lines += hunk.lines
        return "".join(line + "\n" for line in lines)


def quoted(name: str) -> str:
    """A name as git reads it in a header: as it is where git would not stumble, else in quotes with every byte beyond printable ASCII as octal."""
    if PLAIN_NAME.fullmatch(name):
        return name
    escaped = (chr(byte) if 32 <= byte < 127 and byte not in b'"\\' else f"\\{byte:03o}" for byte in name.encode("utf-8", "surrogateescape"))
    return '"' + "".join(escaped) + '"'


def parse_diff(text: str) -> list[FileChange]:
    """Every file change of `text` that changes anything, in order.

    Raises:
        DiffError: `text` holds a diff that is malformed or contradicts itself. A text without any diff gives an empty list.
    """
    return _Reader(text).changes()


@dataclass
class _Headers:
    """What stands between a `diff --git` line and the hunks."""

    values: dict[str, str] = field(default_factory=dict)
    index_mode: str = ""
    old_name: str | None = None
    new_name: str | None = None
    binary: bool = False

    @property
    def modes(self) -> tuple[str, ...]:
        named = [self.values[key] for key in ("old mode ", "new mode ", "new file mode ", "deleted file mode ") if key in self.values]
        return tuple([*named, self.index_mode] if self.index_mode and not named else named)


class _Reader:
    def __init__(self, text: str) -> None:
        lines = text.split("\n")
        if lines[-1] == "":
            lines.pop()
        if lines and all(line.endswith("\r") for line in lines):  # the text came through something that ends every line so
            lines = [line[:-1] for line in lines]
        self.lines: Sequence[str] = lines
        self.at = 0

    def changes(self) -> list[FileChange]:
        found: list[FileChange] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            if line.startswith("diff --git "):
                found.append(self.git_change())
            elif self.at_names() and self.line(2).startswith("@@"):
                found.append(self.plain_change())
            elif line.startswith("@@ -"):
                raise self.error("a hunk without a file header above it")
            else:
                self.at += 1
        return [change for change in found if change.changes_anything]

    def line(self, ahead: int = 0) -> str:
        return self.lines[self.at + ahead] if self.at + ahead < len(self.lines) else ""

    def error(self, message: str) -> DiffError:
        return DiffError(f"line {self.at + 1}: {message}")

    def at_names(self) -> bool:
        return self.line().startswith("--- ") and self.line(1).startswith("+++ ")

    def names(self) -> tuple[str, str]:
        pair = (self.name(self.line()[4:]), self.name(self.line(1)[4:]))
        self.at += 2
        return pair

    def name(self, raw: str) -> str:
        """A name of a header: unquoted, without timestamp and carriage return."""
        raw = raw.removesuffix("\r")
        if not raw.startswith('"'):
            return raw.split("\t", 1)[0]
        end = _closing_quote(raw)
        if end is None or raw[end + 1 : end + 2] not in ("", "\t"):
            raise self.error("a quoted name that does not end")
        return self.unquoted(raw[1:end])

    def unquoted(self, body: str) -> str:
        content = bytearray()
        position = 0
        for match in ESCAPE.finditer(body):
            content += body[position : match.start()].encode("utf-8", "surrogateescape")
            content.append(int(match[1], 8) if match[1] else ESCAPED[match[2]])
            position = match.end()
        rest = body[position:]
        if "\\" in ESCAPE.sub("", body):
            raise self.error("a quoted name with an escape that git does not know")
        return (content + rest.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def plain_change(self) -> FileChange:
        """A file that starts at its `---` line, as `diff -u` writes it."""
        old, new = self.agreed(*self.names(), None)
        hunks = self.hunks()
        if old is not None and new is not None and len(hunks) == 1 and hunks[0].old_start == 0 and hunks[0].count("-") == 0:
            old = None  # git, too, takes a file whose old side is nowhere as created
        return self.checked(FileChange(old, new, hunks))

    def git_change(self) -> FileChange:
        title = self.split_title(self.line()[len("diff --git ") :].removesuffix("\r"))
        self.at += 1
        headers = self.headers()
        old, new = self.git_names(title, headers)
        hunks = () if headers.binary else self.hunks()
        return self.checked(FileChange(old, new, hunks, headers.modes, "copy to " in headers.values, headers.binary))

    def headers(self) -> _Headers:
        headers = _Headers()
        while self.at < len(self.lines):
            line = self.line().removesuffix("\r")
            key = next((key for key in EXTENDED if line.startswith(key)), None)
            if key is not None:
                if key in headers.values:
                    raise self.error(f"{key.strip()!r} stands twice")
                headers.values[key] = line[len(key) :].strip() if "mode" in key else line[len(key) :]
                if key == "index " and (mode := re.search(r" (\d{6})$", line)):
                    headers.index_mode = mode[1]
                self.at += 1
            elif self.at_names():
                headers.old_name, headers.new_name = self.names()
                break
            elif line == "GIT binary patch" or (line.startswith("Binary files ") and line.endswith(" differ")):
                headers.binary = True
                while self.at < len(self.lines) and not self.line().startswith("diff --git "):
                    self.at += 1
                break
            else:
                break
        return headers

    def git_names(self, title: tuple[str, str] | None, headers: _Headers) -> tuple[str | None, str | None]:
        """Old and new path, None for /dev/null; title, `---`/`+++` and rename lines must say the same."""
        values = headers.values
        names = (headers.old_name, headers.new_name) if headers.old_name is not None and headers.new_name is not None else None
        moves = [key for key in ("rename", "copy") if f"{key} from " in values or f"{key} to " in values]
        old: str | None
        new: str | None
        if moves:
            old, new = self.moved(moves[0] if len(moves) == 1 else "", values, [pair for pair in (title, names) if pair is not None])
        elif names is not None or title is not None:
            old, new = self.agreed(*(names or title or ("", "")), title)
        else:
            raise self.error("a 'diff --git' line from which the file's name cannot be told")
        if not moves and old is not None and new is not None and old != new:
            raise self.error(f"its headers name different files: {old!r} and {new!r}, without a rename")
        created, deleted = "new file mode " in values or old is None, "deleted file mode " in values or new is None
        if (created and deleted) or ((created or deleted) and moves):
            raise self.error("a file that is created, deleted or moved at once")
        if headers.old_name is not None and ((created and old is not None) or (deleted and new is not None)):
            raise self.error("a created or deleted file whose other side is not /dev/null")
        return (None if created else old), (None if deleted else new)

    def moved(self, verb: str, values: dict[str, str], others: list[tuple[str, str]]) -> tuple[str, str]:
        """Both ends of a rename or copy, which has the other names of its headers to agree with."""
        if f"{verb} from " not in values or f"{verb} to " not in values:
            raise self.error("a rename or copy must name both its ends, once")
        ends = (self.name(values[f"{verb} from "]), self.name(values[f"{verb} to "]))
        for old, new in others:
            if ends not in ((old, new), (old[2:], new[2:]) if (old[:2], new[:2]) in PREFIX_PAIRS else ()):
                raise self.error(f"its headers name different files: {(old, new)} and {ends}")
        return ends

    def agreed(self, old: str, new: str, title: tuple[str, str] | None) -> tuple[str | None, str | None]:
        """Paths of a `---`, `+++` pair without their `a/` and `b/`; `title`: the names of the `diff --git` line."""
        if title is None:
            if old == "/dev/null" == new:
                raise self.error("both sides are /dev/null")
            known_old, known_new = (new if old == "/dev/null" else old), (old if new == "/dev/null" else new)
        else:
            known_old, known_new = title
            known_old, known_new = (known_new if known_old == "/dev/null" else known_old), (known_old if known_new == "/dev/null" else known_new)
            if old not in ("/dev/null", known_old) or new not in ("/dev/null", known_new):
                raise self.error(f"its headers name different files: {title} and {(old, new)}")
        cut = 2 if (known_old[:2], known_new[:2]) in PREFIX_PAIRS else 0
        paths = (None if old == "/dev/null" else old[cut:]), (None if new == "/dev/null" else new[cut:])
        if title is None and None not in paths and paths[0] != paths[1]:
            raise self.error(f"its headers name different files: {old!r} and {new!r}")
        return paths

    def split_title(self, rest: str) -> tuple[str, str] | None:
        """The two names of a `diff --git` line; None where blanks in them leave it open."""
        if rest.startswith('"'):
            end = _closing_quote(rest)
            if end is None or rest[end + 1 : end + 2] != " ":
                raise self.error("a quoted name that does not end")
            return self.name(rest[: end + 1]), self.name(rest[end + 2 :])
        if rest.endswith('"') and ' "' in rest:
            first, second = rest.split(' "', 1)
            return first, self.name('"' + second)
        middle = len(rest) // 2
        if len(rest) % 2 and rest[middle] == " ":
            first, second = rest[:middle], rest[middle + 1 :]
            if first == second or ((first[:2], second[:2]) in PREFIX_PAIRS and first[2:] == second[2:]):
                return first, second
        halves = rest.split(" ")
        return (halves[0], halves[1]) if len(halves) == 2 else None

    def hunks(self) -> tuple[Hunk, ...]:
        found: list[Hunk] = []
        while self.line().startswith("@@"):
            match = HUNK_HEADER.fullmatch(self.line())
            if match is None:
                raise self.error("a hunk header without line numbers")
            self.at += 1
            old, new = (int(count) if count is not None else 1 for count in (match[2], match[4]))
            end = self.counted_end(old, new)
            if end is None:
                end = self.uncounted_end()
            lines = tuple(NO_NEWLINE if line.startswith("\\") else line for line in self.lines[self.at : end])
            self.at = end
            hunk = Hunk(int(match[1]), int(match[3]), match[5].removesuffix("\r"), lines)
            if any(line[:1] in ("+", "-") for line in lines):  # git refuses a hunk that changes nothing
                found.append(hunk)
            while self.line() == "" and self.at < len(self.lines):
                self.at += 1
        return tuple(found)

    def counted_end(self, old: int, new: int) -> int | None:
        """Where the hunk ends by the counts of its header; None when they do not fit its lines."""
        at = self.at
        while old or new:
            mark = self.lines[at][:1] if at < len(self.lines) else "end"
            if mark not in ("", " ", "-", "+", "\\"):
                return None
            old -= mark in ("", " ", "-")
            new -= mark in ("", " ", "+")
            if old < 0 or new < 0:
                return None
            at += 1
        if at < len(self.lines) and self.lines[at].startswith("\\"):
            at += 1
        return None if self.is_body(at) else at

    def is_body(self, at: int) -> bool:
        """Whether the line can only belong to a hunk."""
        return at < len(self.lines) and self.lines[at][:1] in (" ", "-", "+", "\\") and not self.is_boundary(at)

    def is_boundary(self, at: int) -> bool:
        """Whether a file, a hunk or the signature of a mailed patch starts at a line."""
        line = self.lines[at]
        if line.startswith("--- "):
            return at + 2 < len(self.lines) and self.lines[at + 1].startswith("+++ ") and self.lines[at + 2].startswith("@@")
        return line.startswith(("diff --git ", "@@")) or line.rstrip("\r") in ("-- ", "--")

    def uncounted_end(self) -> int:
        """Where the hunk ends by the look of its lines."""
        end = self.at
        while end < len(self.lines) and self.lines[end][:1] in ("", " ", "-", "+", "\\") and not self.is_boundary(end):
            end += 1
        if end < len(self.lines) and not self.is_boundary(end):
            self.at = end
            raise self.error("neither a context line, nor a removed, nor an added one, in a hunk whose counts do not fit either")
        while end > self.at and self.lines[end - 1] in ("", "\r"):
            end -= 1
        return end

    def checked(self, change: FileChange) -> FileChange:
        """Whether git, too, could make sense of it."""
        if change.old_path is None and (len(change.hunks) > 1 or any(hunk.count("-") for hunk in change.hunks)):
            raise self.error(f"{change.new_path}: a created file with an old side")
        if change.new_path is None and (len(change.hunks) > 1 or any(hunk.count("+") for hunk in change.hunks)):
            raise self.error(f"{change.old_path}: a deleted file with a new side")
        return change


def _closing_quote(raw: str) -> int | None:
    """Index of the quote that ends the one at the start; None without one."""
    match = re.match(r'"(?:[^"\\]|\\.)*"', raw, re.DOTALL)
    return match.end() - 1 if match else None
