"""Reading an answer that is the new text of one function: from a code block to a patch of the lines where the old one stands.

The place is the old function's own, found by position: another function with the same text stays as it is. Models answer with more than they
were asked for, so also read are: the function inside its class, helper functions beside it, other functions of the class repeated as they were
(left out), a lost fence, a changed indentation. Nothing here checks that the code is right.
"""

import re
from dataclasses import dataclass

from repair_rubrics import FileEdit, Hunk, Patch
from repair_rubrics.blocks import aligned_lines
from repair_rubrics.extract import answer_part, code_blocks, holds_patch

from defects4j_repair.functions import Member, members

FILE_HEAD = re.compile(r"^[ \t]*(?:package|import)\s[^;{}()\n]*;[ \t]*$", re.MULTILINE)
"""Lines that stand before a file's first class, where no function can be."""


@dataclass(frozen=True)
class _Found:
    """New text for the old function."""

    text: str
    """With the indentation of its first line."""
    start: int
    """Where in `text` its declaration begins."""
    comment: str
    """What stands above the declaration."""
    alone: bool
    """Nothing else stood there."""


def function_patch(reply: str, path: str, source: str, function: Member) -> Patch:
    """The patch that puts the reply's version of `function` in the old one's place in `source`; empty when the reply has none.

    Its edit format is `function`; that of a reply which holds a patch instead is what it is written in.
    """
    answer = answer_part(reply)
    blocks = code_blocks(answer)
    for block in reversed([block for block in blocks if not holds_patch(block.text)]):
        if found := _find(block.text, source, function):
            repairs = (() if found.alone else ("beside_the_function",)) + (() if block.closed else ("truncated",))
            return _patch(found, path, source, function, repairs)
    if holds_patch(answer):
        return Patch.parse(reply)
    found = None if blocks else _find(answer, source, function)
    return Patch() if found is None else _patch(found, path, source, function, ("no_code_block",))


def _find(text: str, source: str, function: Member) -> _Found | None:
    """The function in a text of an answer, together with members that its class does not have yet."""
    code = FILE_HEAD.sub(lambda head: " " * len(head[0]), text)
    inside = f"class {function.owner.rpartition('.')[2]} {{\n{code}\n}}"
    found = members(inside)
    siblings = {known.signature for known in members(source) if known.owner == function.owner}
    new = _wanted(found, siblings, function)
    if new is None:
        return None
    kept, start, done = "", 0, 0
    for member in found:
        if member.owner != new.owner or member.start < done or (member != new and (member.signature in siblings or _overlap(member, new))):
            continue
        done = member.end
        piece_from = inside.rfind("\n", 0, member.described_from) + 1
        if inside[piece_from : member.described_from].strip():
            piece_from = member.described_from
        kept += "\n\n" if kept else ""
        if member == new:
            start = len(kept) + new.start - piece_from
        kept += inside[piece_from : member.end]
    rest = inside[: new.described_from].partition("{")[2] + inside[new.end : -1]
    return _Found(kept, start, inside[new.described_from : new.start], alone=text == code and not rest.strip())


def _overlap(member: Member, other: Member) -> bool:
    return member.start < other.end and other.start < member.end


def _wanted(found: tuple[Member, ...], siblings: set[str], function: Member) -> Member | None:
    """The last with the function's own signature; else the only one of its name, unless that is another function of the class."""
    named = [new for new in found if new.kind == "function" and new.name == function.name]
    same = [new for new in named if new.signature == function.signature]
    changed = [new for new in named if new.signature not in siblings]
    return same[-1] if same else changed[0] if len(changed) == 1 else None


def _patch(found: _Found, path: str, source: str, function: Member, repairs: tuple[str, ...]) -> Patch:
    """Whole lines for whole lines: what else stands on the old function's first and last line stays."""
    comment = source[function.described_from : function.start]
    replaces_comment = bool(found.comment) and ("/*" in found.comment or "/*" not in comment)
    begin = function.described_from if replaces_comment else function.start
    line_start = source.rfind("\n", 0, begin) + 1
    line_end = source.find("\n", function.end)
    line_end = len(source) if line_end < 0 else line_end
    before, behind = source[line_start:begin], source[function.end : line_end]
    text = _indented(found, source, function)
    text = (text if not before.strip() else before + text.lstrip()) + behind
    at_end = line_end == len(source)
    lines = _marked(source[line_start:line_end].split("\n"), text.split("\n"))
    hunk = Hunk(lines, source.count("\n", 0, line_start) + 1, old_newline=not at_end, new_newline=not at_end)
    return Patch((FileEdit(path, path, (hunk,)),), "function", repairs)


def _marked(old: list[str], new: list[str]) -> tuple[str, ...]:
    """The lines of a hunk; those that differ in white space at their ends only stay, and new ones end as the old ones do."""
    ending = "\r" if old[0].endswith("\r") else ""
    old_left, marked = iter(old), []
    for line in aligned_lines([line.rstrip() for line in old], [line.rstrip() for line in new]):
        marked.append(line + ending if line[0] == "+" else line[0] + next(old_left))
    return tuple(marked)


def _indented(found: _Found, source: str, function: Member) -> str:
    """The new text as deep as the old; as it is where it does not keep to one indentation."""
    old, new = _indentation(source, function.start), _indentation(found.text, found.start)
    lines = found.text.split("\n")
    if old is None or new is None or old == new or any(line.strip() and not line.startswith(new) for line in lines):
        return found.text
    return "\n".join(old + line[len(new) :] if line.strip() else line for line in lines)


def _indentation(text: str, at: int) -> str | None:
    """The white space before `at` on its line; None when there is something else."""
    before = text[text.rfind("\n", 0, at) + 1 : at]
    return None if before.strip() else before
