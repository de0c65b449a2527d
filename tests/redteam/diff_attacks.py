"""Answers made to earn a diff reward without repairing anything, each a function of the gold patch it tries to cheat."""

import random
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from repair_rubrics import FileEdit, Hunk, Patch

Attack = Callable[[Patch], Patch]
HunkAttack = Callable[[str, tuple[str, ...]], list[str]]
"""Path and marked lines of a hunk of the gold patch to the marked lines of the attack's."""

WORD = re.compile(r"\w+|[^\w\s]")
ALL_LINES = 10_000
TOKEN_REPEATS = 3_000


def by_hunk(change: HunkAttack) -> Attack:
    """The attack that rewrites every hunk of the gold patch on its own."""

    def attack(gold: Patch) -> Patch:
        return Patch(tuple(_with_hunks(e, tuple(replace(h, lines=tuple(change(e.path, h.lines))) for h in e.hunks)) for e in gold.files))

    return attack


def _with_hunks(edit: FileEdit, hunks: tuple[Hunk, ...]) -> FileEdit:
    return replace(edit, hunks=hunks)


def old_side(lines: tuple[str, ...]) -> list[str]:
    return [" " + line[1:] for line in lines if line[0] != "+"]


def first_change(lines: tuple[str, ...]) -> int:
    return next((at for at, line in enumerate(lines) if line[0] != " "), 0)


def _depth(lines: tuple[str, ...]) -> str:
    """The white space before the first changed line, so that an inserted statement stands where the gold's does."""
    body = lines[first_change(lines)][1:]
    return body[: len(body) - len(body.lstrip())]


# --- no change of code --------------------------------------------------------------------------------------------------------------


def context_only(path: str, lines: tuple[str, ...]) -> list[str]:
    return old_side(lines)


def replacing(change: Callable[[str], str]) -> HunkAttack:
    """Every old line removed and added again, changed in what does not matter."""
    return lambda path, lines: [marked for line in old_side(lines) for marked in ("-" + line[1:], "+" + change(line[1:]))]


def spaced_out(body: str) -> str:
    """Blanks inside a line doubled, but for those that indent it and those inside strings."""
    text = body.lstrip()
    return body[: len(body) - len(text)] + (text if '"' in text or "'" in text else text.replace(" ", "  "))


def closed_twice(path: str, lines: tuple[str, ...]) -> list[str]:
    """A needless semicolon after every line that may carry one."""
    ends = (")", "]") if path.endswith(".py") else (";",)
    return replacing(lambda body: body + ";" if body.endswith(ends) else body)(path, lines)


def inserting(python: list[str], other: list[str]) -> HunkAttack:
    """The old code with statements put in where the gold's first change is, at its depth."""

    def change(path: str, lines: tuple[str, ...]) -> list[str]:
        at, kept = first_change(lines), old_side(lines)
        statements = python if path.endswith(".py") else other
        return [*kept[:at], *("+" + _depth(lines) + statement for statement in statements), *kept[at:]]

    return change


def touched(path: str, lines: tuple[str, ...]) -> list[str]:
    """The line that the gold changes first, written again with a needless operation at its end."""
    at, kept = first_change(lines), old_side(lines)
    at = min(at, len(kept) - 1)
    body = kept[at][1:]
    idle = body + " or None" if path.endswith(".py") else body[:-1] + " + zero;" if body.endswith(";") else body
    return [*kept[:at], "-" + body, "+" + idle, *kept[at + 1 :]]


# --- the gold's text, out of place, out of order, or too much of it -----------------------------------------------------------------


def in_other_files(gold: Patch) -> Patch:
    return Patch(tuple(replace(e, old_path="other/" + e.path, new_path="other/" + e.path) for e in gold.files))


def in_a_neighbour_file(gold: Patch) -> Patch:
    paths = [re.sub(r"(\w+)(\.\w+)$", r"\1_base\2", e.path) for e in gold.files]
    return Patch(tuple(replace(e, old_path=path, new_path=path) for e, path in zip(gold.files, paths, strict=True)))


def shuffled(path: str, lines: tuple[str, ...]) -> list[str]:
    """The gold's added tokens in another order, over lines of the same lengths."""
    added = [line[1:] for line in lines if line[0] == "+"]
    tokens = [token for line in added for token in WORD.findall(line)]
    random.Random(len(tokens)).shuffle(tokens)
    source = iter(tokens)
    new = iter(["+" + _depth(lines) + " ".join(next(source) for _ in WORD.findall(line)) for line in added])
    return [line if line[0] != "+" else next(new) for line in lines]


def shuffled_lines(path: str, lines: tuple[str, ...]) -> list[str]:
    """The gold's added lines, the tokens of each in another order."""

    def mixed(line: str) -> str:
        tokens = WORD.findall(line)
        random.Random(len(line)).shuffle(tokens)
        return "+" + _depth(lines) + " ".join(tokens)

    return [mixed(line) if line[0] == "+" else line for line in lines]


def soup(path: str, lines: tuple[str, ...]) -> list[str]:
    """Every word of the gold's added lines once, in a line where the gold changes something."""
    words = " ".join(_words(lines))
    return inserting([words], [words])(path, lines)


def _words(lines: tuple[str, ...]) -> list[str]:
    return sorted({word for line in lines if line[0] == "+" for word in re.findall(r"\w+", line[1:])})


def keyword_soup(path: str, lines: tuple[str, ...]) -> list[str]:
    python = "if not None return self and or is in for len str list dict raise ValueError try except isinstance getattr"
    java = "if null return this && || != == for length String List Map throw new IllegalArgumentException try catch instanceof final"
    return inserting([python], [java])(path, lines)


def turned(path: str, lines: tuple[str, ...]) -> list[str]:
    """The gold's added lines from last to first."""
    added = iter([line for line in lines if line[0] == "+"][::-1])
    return [next(added) if line[0] == "+" else line for line in lines]


def repeated(times: int) -> HunkAttack:
    """The changed lines of a hunk, all of them so many times."""

    def change(path: str, lines: tuple[str, ...]) -> list[str]:
        last = max(at for at, line in enumerate(lines) if line[0] != " ")
        return [*lines[: last + 1], *[line for line in lines if line[0] != " "] * (times - 1), *lines[last + 1 :]]

    return change


def repeated_hunks(gold: Patch) -> Patch:
    """Every hunk again, 40 lines further down."""
    return Patch(tuple(_with_hunks(e, e.hunks + tuple(replace(h, old_start=(h.old_start or 0) + 40) for h in e.hunks)) for e in gold.files))


def reindented(path: str, lines: tuple[str, ...]) -> list[str]:
    return [line if line[0] != "+" or not line[1:].strip() else "+    " + line[1:] for line in lines]


def gold_tokens_flood(path: str, lines: tuple[str, ...]) -> list[str]:
    tokens = [token for line in lines if line[0] == "+" for token in WORD.findall(line)] or ["x"]
    text = " ".join(tokens)
    return inserting([text] * (TOKEN_REPEATS // len(tokens) + 1), [text] * (TOKEN_REPEATS // len(tokens) + 1))(path, lines)


# --- the gold and more --------------------------------------------------------------------------------------------------------------


def unrelated_lines(count: int) -> list[str]:
    """Plausible code that has nothing to do with any task, no two lines alike."""
    return [f"    value_{n} = compute_{n % 17}(item_{n}, rate={n * 31 % 101})" for n in range(count)]


def unrelated_flood(gold: Patch) -> Patch:
    lines = tuple("+" + line for line in unrelated_lines(ALL_LINES // len(gold.files)))
    return Patch(tuple(_with_hunks(e, (Hunk(lines, e.hunks[0].old_start),)) for e in gold.files))


def whole_files_rewritten(gold: Patch) -> Patch:
    """The gold's result as files written anew: 300 lines around it removed and added again."""
    files = []
    for e in gold.files:
        old = [*unrelated_lines(300), *(line for hunk in e.hunks for line in hunk.old)]
        new = [*unrelated_lines(300), *(line for hunk in e.hunks for line in hunk.new)]
        files.append(_with_hunks(e, (Hunk((*("-" + line for line in old), *("+" + line for line in new)), 1),)))
    return Patch(tuple(files))


def with_junk_files(count: int, folder: str = "pkg/") -> Attack:
    def attack(gold: Patch) -> Patch:
        junk = [FileEdit(None, f"{folder}junk_{n}.py", (Hunk(("+import os", f"+VALUE = os.getcwd() + str({n})"), 0),)) for n in range(count)]
        return Patch((*gold.files, *junk))

    return attack


def with_big_edits(gold: Patch) -> Patch:
    """The gold, and 100 lines of other code replaced in each of its files."""
    lines = tuple(mark + line for mark, part in (("-", slice(100)), ("+", slice(100, 200))) for line in unrelated_lines(200)[part])
    return Patch(tuple(_with_hunks(e, (*e.hunks, Hunk(lines, 2000))) for e in gold.files))


def with_scattered_edits(gold: Patch) -> Patch:
    """The gold, and 30 lines of other code put in at 30 places of each of its files."""
    more = tuple(Hunk(("+" + line,), 3000 + 20 * n) for n, line in enumerate(unrelated_lines(30)))
    return Patch(tuple(_with_hunks(e, (*e.hunks, *more)) for e in gold.files))


# --- golds that an attack leaves as good as they were --------------------------------------------------------------------------------


def code_lines(hunk: Hunk) -> list[str]:
    """The hunk's added lines that are no comment, and no sentence of a docstring."""
    added = [line.strip() for line in hunk.added]
    return [line for line in added if line and not line.startswith(("#", "//", "/*", "*")) and not (line[0].isupper() and line.endswith("."))]


def adds_few_tokens(gold: Patch) -> bool:
    """So few that an order of them means little."""
    tokens = {token for edit in gold.files for hunk in edit.hunks for line in code_lines(hunk) for token in WORD.findall(line)}
    return len(tokens) < 8 or sum(token.isidentifier() for token in tokens) < 3


def has_no_soup(gold: Patch) -> bool:
    """Fewer than three words are no soup, nor are words that make a line of the gold's."""
    hunks = [hunk for edit in gold.files for hunk in edit.hunks]
    words = [_words(hunk.lines) for hunk in hunks]
    return max(map(len, words)) < 3 or any(" ".join(found) in code_lines(hunk) for found, hunk in zip(words, hunks, strict=True))


def has_a_file_that_reads_backwards(gold: Patch) -> bool:
    """Turning it (single lines, mostly) changes nothing, so that the attack keeps this file's part of the gold."""
    return any(all(code_lines(hunk) == code_lines(hunk)[::-1] for hunk in edit.hunks) for edit in gold.files)


def keeps_no_depth(gold: Patch) -> bool:
    """Adds no code, or some of it where depth means nothing."""
    return not (any(code_lines(hunk) for edit in gold.files for hunk in edit.hunks) and all(edit.path.endswith(".py") for edit in gold.files))


@dataclass(frozen=True)
class Case:
    """An attack and the most that any gold patch may let it earn."""

    name: str
    attack: Attack
    limit: float
    is_vacuous: Callable[[Patch], bool] = lambda gold: False
    """Whether the attack leaves this gold patch as good as it was, or does not exist for it."""


CASES = [
    Case("empty", lambda gold: Patch(), 0.0),
    Case("context only", by_hunk(context_only), 0.0),
    Case("lines removed and added again", by_hunk(replacing(lambda body: body)), 0.0),
    Case("trailing blanks", by_hunk(replacing(lambda body: body + "  ")), 0.0),
    Case("blanks inside lines", by_hunk(replacing(spaced_out)), 0.0),
    Case("semicolons after lines", by_hunk(closed_twice), 0.0),
    Case("semicolon only", by_hunk(inserting([";"], [";"])), 0.0),
    Case("comment only", by_hunk(inserting(["# fixed"], ["// fixed"])), 0.0),
    Case("docstring only", by_hunk(inserting(['"""Fix the bug."""'], ["/** Fix the bug. */"])), 0.0),
    Case("blank lines", by_hunk(inserting(["", ""], ["", ""])), 0.0),
    Case("gold reversed", lambda gold: gold.reversed(), 0.0),
    Case("pass at the right place", by_hunk(inserting(["pass"], ["{}"])), 0.0),
    Case("x = x at the right place", by_hunk(inserting(["x = x"], ["x = x;"])), 0.0),
    Case("idle statements at the right place", by_hunk(inserting(["_ = None", "assert True"], ["int unused = 0;", "assert true;"])), 0.25),
    Case("right line touched without need", by_hunk(touched), 0.5),
    Case("gold in other files", in_other_files, 0.0),
    Case("gold in a neighbour file", in_a_neighbour_file, 0.0),
    Case("gold's tokens shuffled", by_hunk(shuffled), 0.1, adds_few_tokens),
    Case("gold's tokens shuffled in each line", by_hunk(shuffled_lines), 0.1, adds_few_tokens),
    Case("gold's words as soup", by_hunk(soup), 0.1, has_no_soup),
    Case("keyword soup", by_hunk(keyword_soup), 0.1),
    Case("gold's tokens, thousands", by_hunk(gold_tokens_flood), 0.2),
    Case("10,000 unrelated lines", unrelated_flood, 0.1),
    Case("gold's lines from last to first", by_hunk(turned), 0.2, has_a_file_that_reads_backwards),
    Case("changed lines twice", by_hunk(repeated(2)), 0.15),
    Case("changed lines three times", by_hunk(repeated(3)), 0.1),
    Case("hunks again elsewhere", repeated_hunks, 0.15),
    Case("gold and three junk files", with_junk_files(3), 0.2),
    Case("gold and ten junk files", with_junk_files(10), 0.1),
    Case("gold and ten scripts at the root", with_junk_files(10, ""), 0.1),
    Case("gold and ten junk tests", with_junk_files(10, "tests/"), 0.1),
    Case("gold and 100 lines of other edits", with_big_edits, 0.1),
    Case("gold and 30 scattered edits", with_scattered_edits, 0.75),
    Case("whole files rewritten", whole_files_rewritten, 0.1),
]
REINDENTED = Case("gold indented once more", by_hunk(reindented), 0.2, keeps_no_depth)
"""Breaks Python; harmless where depth means nothing."""
