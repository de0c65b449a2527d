"""What a patch changes, as text to compare: its code lines without comments, docstrings, white space that means nothing, and moved lines.

Read line by line from the patch alone, so a comment or docstring is told by its look. Files are sorted into kinds by their paths.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from repair_rubrics.edits import FileEdit, Hunk


class Reading(Enum):
    """How lines are read; the first reading in which the gold patch changes something is used for both patches."""

    CODE = "code"
    """Comments, text inside multi-line strings, prose, blank lines and white space do not count; moved lines cancel."""
    STRINGS = "strings"
    """As CODE, but multi-line strings and prose count: for a gold patch that changes only those (a template, a message)."""
    SPACED = "spaced"
    """As STRINGS, but white space counts: for a gold patch that changes only indentation or the blanks of a message."""
    LITERAL = "literal"
    """Comments count too: for a gold patch that changes nothing else."""


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


# --- lines --------------------------------------------------------------------------------------------------------------------------

# An unclosed string runs to the end of the line: without that branch a line of quotes takes quadratic time (36 s for 100 kB).
HASH_COMMENT = re.compile(r"""("(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$))|#.*""")
SLASH_COMMENT = re.compile(r"""("(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$))|//.*|/\*.*?(?:\*/|$)""")
STRING = re.compile(r""""(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$)""")
KEYWORDS = (
    "False|None|True|and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|exec|finally|for|from|global|if|import"
    "|in|is|lambda|match|nonlocal|not|or|pass|print|raise|return|try|type|while|with|yield"
)
TWO_NAMES = re.compile(rf"(?<![\w.])(?!(?:{KEYWORDS})\b)[A-Za-z_]\w*[ \t]+(?!(?:{KEYWORDS})\b)[A-Za-z_]\w*")
DOCSTRING_QUOTE = re.compile(r"""^[rRuU]?("{3}|'{3})""")
PYTHON_LIKE = (".py", ".pyi", ".pyx")
HASH_LIKE = (*PYTHON_LIKE, ".rb", ".sh", ".yml", ".yaml", ".toml", ".cfg", ".pl", ".r")
INDENTED = (*PYTHON_LIKE, ".yml", ".yaml")
"""Files in which indentation means something."""
IDLE_PYTHON = {"pass", "...", "None", "True"}
IDLE_SLASH = {";", "{}", "{};"}
SELF_ASSIGNMENT = re.compile(r"([\w.]+)\s*=\s*\1;?$")
LOOSE_BLANK = re.compile(r" (?=[^\w ])|(?<=[^\w ]) ")
REMEMBERED_LINES = 8192
MAX_LINE = 2_000
"""Of a longer line only this much is read: no code line is that long, and one of a megabyte must not cost one."""


def line_reader(path: str, reading: Reading) -> Callable[[str], str]:
    """The function that turns a line of this file into what counts of it, `""` for nothing."""
    strip = _python_code if path.endswith(PYTHON_LIKE) and reading is Reading.CODE else _hash_code if path.endswith(HASH_LIKE) else _slash_code
    return _remembering(strip, reading)


@lru_cache
def _remembering(strip: Callable[[str], str], reading: Reading) -> Callable[[str], str]:
    """The reader for this way to strip comments. It remembers lines: the answers to one task remove the same ones again and again."""

    def literal(line: str) -> str:
        return line.rstrip()

    def spaced(line: str) -> str:
        text = strip(line).rstrip()
        return line[: len(line) - len(line.lstrip())] + text if text else ""

    def code(line: str) -> str:
        return squeezed(strip(line))

    read = literal if reading is Reading.LITERAL else spaced if reading is Reading.SPACED else code
    return lru_cache(maxsize=REMEMBERED_LINES)(read)


def squeezed(text: str) -> str:
    """The text with one blank where words would run together, and no other."""
    return LOOSE_BLANK.sub("", " ".join(text.split())) if " " in text or "\t" in text else text


def _is_prose(line: str) -> bool:
    """Whether a Python line can only be text: two names side by side are no code unless one is a keyword."""
    return bool(TWO_NAMES.search(line)) and bool(TWO_NAMES.search(STRING.sub('""', line)))


def _python_code(line: str) -> str:
    text = line.strip()
    if not text or text[0] == "#" or DOCSTRING_QUOTE.match(text):
        return ""
    if text[-3:] in ('"""', "'''") and _is_prose(text[:-3]):
        return ""
    if "#" in text:
        text = HASH_COMMENT.sub(lambda match: match[1] or "", text)
    text = text.rstrip("; \t")
    return "" if text in IDLE_PYTHON or _is_idle(text) or _is_prose(text) else text


def _hash_code(line: str) -> str:
    text = line.strip()
    return HASH_COMMENT.sub(lambda match: match[1] or "", text) if "#" in text else text


def _slash_code(line: str) -> str:
    text = line.strip()
    if text[:1] == "*" and text[-1:] != ";" and (len(text) == 1 or text[1] in " /*"):
        return ""
    if "/" in text:
        text = SLASH_COMMENT.sub(lambda match: match[1] or "", text)
    text = text.rstrip("; \t") + ";" if text.endswith(";") else text
    return "" if text in IDLE_SLASH or _is_idle(text) else text


def _is_idle(text: str) -> bool:
    """Whether a line assigns a name to itself."""
    return "=" in text and bool(SELF_ASSIGNMENT.match(text))


STRING_OPENS = re.compile(r"""(?:^|[=(,\[{:+]|\breturn)\s*[rRuUbBfF]{0,2}("{3}|'{3})""")
TEXT_START = (":", ">", "-", "*", ".")


def _python_text(lines: Sequence[tuple[int, str]]) -> set[int]:
    """Numbers of the lines inside a multi-line string, of one side of a hunk."""
    inside: set[int] = set()
    quote = ""
    for at, (number, text) in enumerate(lines):
        if quote:
            inside.add(number)
            quote = "" if quote in text else quote
        elif ('"""' in text or "'''" in text) and (opening := STRING_OPENS.search(text)) and text.count(opening[1]) % 2:
            quote = "" if len(text) == 3 and _ends_unseen_docstring(lines, at) else opening[1]
    return inside


def _ends_unseen_docstring(lines: Sequence[tuple[int, str]], at: int) -> bool:
    """Whether the bare quotes at `at` close a string that began above the hunk: those that open one follow a `def` or `class` line."""
    before = next((text for _, text in reversed(lines[:at]) if text), "")
    after = next((text for _, text in lines[at + 1 :] if text), "")
    if before:
        return not before.endswith(":") or _is_text(before)
    return not _is_text(after)


def _is_text(line: str) -> bool:
    return _is_prose(line) or line.startswith(TEXT_START) or line.endswith(".")


def _slash_text(lines: Sequence[tuple[int, str]]) -> set[int]:
    """Numbers of the lines inside a block comment that starts in view, of one side of a hunk."""
    inside: set[int] = set()
    commented = False
    for number, text in lines:
        if commented:
            inside.add(number)
            commented = "*/" not in text
        elif text.startswith("/*") or text.endswith("/*"):
            commented = "*/" not in text
    return inside


def _text_lines(path: str, lines: Sequence[str]) -> set[int]:
    """Numbers of the hunk's changed lines that are inside a multi-line string or block comment as far as the hunk shows."""
    python = path.endswith(PYTHON_LIKE)
    whole = "\n".join(lines)
    if not (('"""' in whole or "'''" in whole) if python else "/*" in whole):
        return set()
    find = _python_text if python else _slash_text
    inside: set[int] = set()
    for sign in ("-", "+"):
        side = [(number, line[1:].strip()) for number, line in enumerate(lines) if line[:1] != ("+" if sign == "-" else "-")]
        inside |= {number for number in find(side) if lines[number][:1] == sign}
    return inside


# --- files --------------------------------------------------------------------------------------------------------------------------


def _read_file(path: str, hunks: Iterable[Hunk], reading: Reading) -> FileChange:
    read, indented = line_reader(path, reading), path.endswith(INDENTED)
    sides: dict[str, list[tuple[str, int]]] = {"+": [], "-": []}
    places: list[int] = []
    numbered, unread = True, 0
    for hunk in hunks:
        place = 2 * (hunk.old_start or 0)
        numbered &= hunk.old_start is not None
        text_lines = _text_lines(path, hunk.lines) if reading is Reading.CODE else ()
        for at, line in enumerate(hunk.lines):
            sign = line[0]
            if sign != " ":
                body = line[1:MAX_LINE]
                text = read(body)
                if text and at not in text_lines:
                    sides[sign].append((text, indent_columns(body) if indented else 0))
                    places.append(place - (sign == "+"))
                else:
                    unread += 1
            if sign != "+":
                place += 2
    again = Counter(text for text, _ in sides["+"]) & Counter(text for text, _ in sides["-"])
    added, removed = _without(sides["+"], again), _without(sides["-"], again)
    return FileChange(
        added=tuple(text for text, _ in added),
        removed=tuple(text for text, _ in removed),
        indents=tuple(indent for _, indent in added),
        places=tuple(sorted(places)) if numbered else None,
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


def indent_columns(body: str) -> int:
    expanded = body.expandtabs(8) if "\t" in body else body
    return len(expanded) - len(expanded.lstrip())
