"""What counts of a line of a patch, and which lines stand where they cannot: told by their look, from the hunk alone."""

import re
from collections.abc import Callable, Sequence
from enum import Enum
from functools import lru_cache


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
BLOCK = re.compile(r"(?:async |class|def|elif|else|except|finally|for|if|try|while|with)\b")
TEXT_START = re.compile(r"[-*>] |>>>|\.\.|:\w")


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
    return _is_prose(line) or bool(TEXT_START.match(line)) or line.endswith(".")


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


def text_lines(path: str, lines: Sequence[str]) -> set[int]:
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


def misplaced_lines(lines: Sequence[str], inside: set[int]) -> list[int]:
    """Numbers of a Python hunk's added lines that cannot stand where they do: prose among old lines of code, a block with no body.

    `inside` are those within a string, see `text_lines`. Linear in the hunk's length.
    """
    found: list[int] = []
    prose: list[int] = []
    above, block = "", -1
    for at, line in enumerate(lines):
        code = _hash_code(line[1:MAX_LINE])
        if not code:
            continue
        if block >= 0 and line[0] != "-":
            found += [block] * (indent_columns(line[1:]) <= indent_columns(lines[block][1:]))
            block = -1
        if line[0] != "+":
            found += prose if _are_code(above, code) else []
            above, prose = code, []
        elif at not in inside:
            prose += [at] * (_is_prose(code) and not DOCSTRING_QUOTE.match(code))
            block = at if code[-1] == ":" and BLOCK.match(code) else -1
    return found + (prose if _are_code(above, "") else [])


def _are_code(above: str, below: str) -> bool:
    """Whether the old lines around a place, `""` for none, are code. Quotes above have ended a string, those below may end an unseen one."""
    return bool(above or below) and not (_is_text(above) or _is_text(below) or '"""' in below or "'''" in below)


def indent_columns(body: str) -> int:
    expanded = body.expandtabs(8) if "\t" in body else body
    return len(expanded) - len(expanded.lstrip())
