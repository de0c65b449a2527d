"""Whether a changed line can be code at all, told from the line alone: words shuffled, heaped up or cut off cannot.

A line of Python is read by Python's own parser, as a statement or as a piece of one that is spread over lines; one of Java is searched for
neighbouring tokens that the language never puts side by side. Lines of other languages always pass, and so does most wrong code: this tells
gibberish, not errors. Lines come as `changes.line_reader` leaves them: blanks only between words.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from repair_rubrics.python_source import is_python

MAX_READ_CHARS = 20_000
"""Of a change that adds more, every second line (third, ...) is read, so that a score never waits long for a parser."""
REMEMBERED_LINES = 8192


def broken_share(path: str, lines: Sequence[str], chars: int) -> float:
    """Characters of those of `lines` that cannot be code, of `chars` in all; 0.0 for languages not covered."""
    reads = READERS.get(path[path.rfind(".") :])
    if reads is None or not lines:
        return 0.0
    lengths = [*map(len, lines)]
    step = 1 + sum(lengths) // MAX_READ_CHARS
    broken = sum([len(line) for line in lines[::step] if not reads(line)])
    return broken / (sum(lengths[::step]) or 1) * sum(lengths) / chars


# --- Python -------------------------------------------------------------------------------------------------------------------------

PYTHON_STRING = re.compile(r"""("{3}|'{3})|(?:(?<!\w)[rRbBuUfF]{1,2})?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
NUMBER = re.compile(r"(?<![\w.])\d[\w.]*")
AROUND_CODE = re.compile(r"^>>>|[.,]?\\$")
"""The prompt of a doctest, and what joins a line to the next."""
WORD = re.compile(r"\w+")
PYTHON_2 = re.compile(r"(?:print|exec)\b|raise \w+,|except [\w.]+,\w+:")
CLOSING = {"(": ")", "[": "]", "{": "}"}
OPENING = {closer: opener for opener, closer in CLOSING.items()}
BRACKET = re.compile(r"[()\[\]{}]")
BLOCKS = {"if", "elif", "while", "for", "with", "def", "class", "except", "async"}
BEFORE = {"elif": "if x:pass\n", "else": "if x:pass\n", "except": "try:pass\n", "finally": "try:pass\n", "case": "match x:\n "}
BODY = {"try": "pass\nfinally:pass", "match": "\n case x:pass"}
CONTINUES = re.compile(r"[=%/|&^<>!*+.@-]|(?:and|or|if|else|for|is|in|not in|from|as)\b")
"""How a line begins that goes on with an expression of the line above."""
GOES_ON = re.compile(r"(?:[=%/|&^<>!*+@(\[{-]|\b(?:and|or|not|in|is|if|else|lambda))$")
"""How a line ends whose expression goes on in the line below."""


@lru_cache(maxsize=REMEMBERED_LINES)
def reads_as_python(line: str) -> bool:
    """Whether Python's grammar has a place for the line: as a statement, or as a piece of one that is spread over lines."""
    if not WORD.search(line) or PYTHON_2.match(line):
        return True
    text = AROUND_CODE.sub("", PYTHON_STRING.sub(lambda match: match[1] or ' "" ', line))
    text = NUMBER.sub(" 1 ", text).strip()
    if '"""' in text or "'''" in text or not text:
        return True
    brackets = _unmatched(text)
    return brackets is not None and any(map(is_python, _wholes(text, *brackets)))


def _unmatched(text: str) -> tuple[str, str] | None:
    """The brackets missing before and after the text; None when those inside do not match."""
    missing, opened = [], []
    for bracket in BRACKET.findall(text):
        if bracket in CLOSING:
            opened.append(bracket)
        elif not opened:
            missing.append(OPENING[bracket])
        elif opened.pop() != OPENING[bracket]:
            return None
    return "".join(reversed(missing)), "".join(CLOSING[opener] for opener in reversed(opened))


def _wholes(text: str, missing: str, after: str) -> Iterator[str]:
    """Whole statements that the line may be a piece of, the likeliest first."""
    head = match[0] if (match := WORD.match(text)) else ""
    before = missing.replace("(", "f(")
    rest = (" x" if GOES_ON.search(text) else "") + after
    lead = ("x if y " if head == "else" else "x ") if CONTINUES.match(text) else ""
    if text[-1] == ":":
        yield BEFORE.get(head, "") + before + text + BODY.get(head, "pass")
        if before:
            yield from (f"{start}{before}{lead}{text}pass" for start in ("if ", "def ", "with ", "for x in "))
        rest = " x" + after
    else:
        decorated = "\ndef f():pass" if text[0] == "@" else ""
        yield BEFORE.get(head, "") + before + text + rest + (":pass" if head in BLOCKS and rest else decorated)
        yield before + text
    item = text.rstrip(", ") + rest
    yield f"f({before}{item})"
    yield f"({before}{lead}{item})"
    yield f"({before}{lead}{item} else x)"
    yield f"[{before}x for x in y {item}]"
    yield "{" + before + item + "}"
    yield f"def f({item}):pass"
    yield f"from x import({item})"


# --- Java ---------------------------------------------------------------------------------------------------------------------------

JAVA_STRING = re.compile(r""""(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$)""")
JAVA_WORDS = r"(?:case|else|extends|implements|instanceof|new|return|super|throw|throws)\b"
JAVA_MODIFIERS = r"(?:abstract|default|final|native|private|protected|public|static|strictfp|synchronized|transient|volatile)\b"
JAVA_BODIES = r"(?:class|default|do|else|enum|extends|finally|implements|interface|new|record|static|synchronized|throws|try)\b"
NEVER_IN_JAVA = (
    r"(?<![.\d])\.[)\]},;:=+%|&^]|[\w)]\.\.(?!\.)|[=+*/(,<>!&|-]\.(?![\d.])",  # a dot that leads to nothing, or comes from nothing
    r"[(\[{,][,=%|^]|(?<!for\()(?<=[(\[{,]);",  # an opening bracket or comma before what cannot begin an expression
    r"(?<![+\-])[+\-%<|&^~=][)\]},;]|=>|[|&=<]{3}|[<>=!]=[%*/&|=<>]",  # an operator without its right side, or two for one
    r"^[=;!]+[^=]",  # a line that begins with the rest of an assignment
    r"(?<![\w.])\d[\w.]* [A-Za-z_\d]",  # operands side by side
    rf"\"(?!{JAVA_WORDS})[A-Za-z_\d]|\w\"(?<!return\")(?<!case\")(?<!throw\")|\"\"\"\"",
    rf"(?<![\w.])(?!{JAVA_WORDS}|{JAVA_MODIFIERS})[A-Za-z_]\w* (?!{JAVA_WORDS})[A-Za-z_]\w* (?!{JAVA_WORDS})[A-Za-z_]",
    r"\b(?:case|extends|implements|import|instanceof|new|throw)(?:[|)\]}=*/%&^<>:,.;]| case\b)|\bimport [a-z]\w*;|:[);}]",  # words without theirs
    r"\b(?:if|for|while|switch|catch)\b(?!\()",
    r"(?:[\w\],.=(!<>|&+*-]|(?<!else) )\b(?:if|for|while|switch|return|throw|break|continue|try|import|package)\b",  # statements inside others
    r"^(?!for\(|case\b|default:).*;(?![/} ]|$)",
    rf"^(?!.*\b{JAVA_BODIES}).*\w\{{",  # a body of nothing
)
JAVA_BROKEN = re.compile("|".join(NEVER_IN_JAVA))


@lru_cache(maxsize=REMEMBERED_LINES)
def reads_as_java(line: str) -> bool:
    """Whether no two neighbouring tokens of the line rule out that it is Java, and its brackets match."""
    text = JAVA_STRING.sub('""', line) if '"' in line or "'" in line else line
    return not JAVA_BROKEN.search(text) and _unmatched(text) is not None


READERS = {".py": reads_as_python, ".java": reads_as_java}
