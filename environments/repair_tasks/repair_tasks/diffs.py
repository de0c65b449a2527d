"""From a model's patch to the git diff that a repository gets.

A patch that fits the source shown is written anew against it, so that its diff is exact whatever forgiveness finding its places took. A window
shows only parts of a file; what it does not show never becomes context of a diff.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from repair_rubrics import Hunk, Patch

from repair_tasks.prompts import UNSEEN_LINE


@dataclass(frozen=True)
class AnswerDiff:
    """A patch as a git diff."""

    text: str
    """Empty when the patch changes nothing or cannot be written as a diff."""
    failure: str = ""
    """Why it cannot be; empty otherwise."""


def answer_diff(patch: Patch, sources: Mapping[str, str]) -> AnswerDiff:
    """`patch` as a git diff for the repository that `sources` (as shown by a prompt) are part of.

    A unified diff that does not fit them is handed on as it is: it may change files that were not shown.
    """
    applied = patch.apply(sources)
    if applied.failure is None:
        return AnswerDiff(_without_unseen(patch.to_diff({path: _told_apart(text) for path, text in sources.items()})))
    if patch.edit_format == "unified_diff":
        return AnswerDiff(patch.to_text())
    return AnswerDiff("", str(applied.failure))


def _told_apart(text: str) -> str:
    """The text with its unseen lines numbered: equal ones would be so common that aligning old and new passes over them."""
    if UNSEEN_LINE not in text:
        return text
    return "\n".join(f"{line}{number}" if line == UNSEEN_LINE else line for number, line in enumerate(text.split("\n")))


def _without_unseen(diff: str) -> str:
    if UNSEEN_LINE not in diff:
        return diff
    files = Patch.parse(diff, "unified_diff").files
    return Patch(tuple(replace(edit, hunks=tuple(piece for hunk in edit.hunks for piece in _seen_pieces(hunk))) for edit in files)).to_text()


def _seen_pieces(hunk: Hunk) -> list[Hunk]:
    """The hunk cut at its unseen lines, without the pieces that change nothing."""
    pieces: list[Hunk] = []
    lines: list[str] = []
    number = start = hunk.old_start or 1
    for line in (*hunk.lines, f" {UNSEEN_LINE}"):
        if line[1:].startswith(UNSEEN_LINE):
            if any(kept[0] != " " for kept in lines):
                pieces.append(Hunk(tuple(lines), start))
            lines, start = [], number + 1
        else:
            lines.append(line)
        number += line[0] != "+"
    return pieces
