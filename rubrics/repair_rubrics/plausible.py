"""Whether a changed line can be code at all, told from the line alone: words shuffled, heaped up or cut off cannot.

Covers Python and Java by pairs of neighbouring tokens that the language never puts side by side. Lines of other languages always pass, and so
does most wrong code: this tells gibberish, not errors. Lines come as `changes.line_reader` leaves them: blanks only between words.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

STRING = re.compile(r""""(?:\\.|[^"\\])*(?:"|\\?$)|'(?:\\.|[^'\\])*(?:'|\\?$)""")
PYTHON_WORDS = (
    r"(?:and|as|assert|async|await|break|case|class|continue|def|del|elif|else|except|exec|finally|for|from|global|if|import|in|is|lambda"
    r"|match|nonlocal|not|or|pass|print|raise|return|try|type|while|with|yield)\b"
)
JAVA_WORDS = r"(?:case|else|extends|implements|instanceof|new|return|super|throw|throws)\b"
JAVA_MODIFIERS = r"(?:abstract|default|final|native|private|protected|public|static|strictfp|synchronized|transient|volatile)\b"
COMMON = (
    r"(?<![.\d])\.[)\]},;:=+%|&^]"  # a dot that leads to nothing
    r"|[\w)]\.\.(?!\.)(?<!from\.\.)"
    r"|[(\[{,][,;=%|^]|[(\[]\.(?![\d.])"  # an opening bracket or comma before what cannot begin an expression
    r"|(?<![+\-])[+\-%<|&^~=][)\]},;]"  # an operator without its right side
    r"|^[=;!]+[^=]"  # a line that begins with the rest of an assignment
)
PYTHON_BROKEN = re.compile(
    COMMON + rf"|(?<![\w.])\d[\w.]* (?!{PYTHON_WORDS})|[)\]}}\"](?!{PYTHON_WORDS})[A-Za-z_]"
    rf"|(?<![\w.])(?!{PYTHON_WORDS})[A-Za-z_]\w*(?: (?!{PYTHON_WORDS})[A-Za-z_\d]|\")(?<![ (\[,=rubfRUBF{{+%]\")"
    r"|\b(?:and|as|assert|class|def|del|elif|except|for|from|if|import|in|is|not|or|while)[,=)\]}]|[!?;$]$|:[;)}]"
)
JAVA_BROKEN = re.compile(
    COMMON + rf"|(?<![\w.])\d[\w.]* [A-Za-z_\d]|\"(?!{JAVA_WORDS})[A-Za-z_\d]|\w\"(?<!return\")(?<!case\")(?<!throw\")"
    rf"|(?<![\w.])(?!{JAVA_WORDS}|{JAVA_MODIFIERS})[A-Za-z_]\w* (?!{JAVA_WORDS})[A-Za-z_]\w* (?!{JAVA_WORDS})[A-Za-z_]|;[.)\],]|\bimport [a-z]\w*;"
)
BROKEN = {".py": PYTHON_BROKEN, ".java": JAVA_BROKEN}


def broken_share(path: str, lines: Sequence[str], chars: int) -> float:
    """Characters of those of `lines` that cannot be code, of `chars` in all; 0.0 for languages not covered."""
    suffix = path[path.rfind(".") :]
    if suffix not in BROKEN or not lines:
        return 0.0
    return sum([len(line) for line in lines if _is_broken(suffix, line)]) / chars


@lru_cache(maxsize=8192)
def _is_broken(suffix: str, line: str) -> bool:
    return bool(BROKEN[suffix].search(STRING.sub('""', line) if '"' in line or "'" in line else line))
