"""From a model's patch to the git diff that a repository gets.

A patch that fits the source shown is written anew against it, so that its diff is exact whatever forgiveness finding its places took. A window
shows only parts of a file; what it does not show never becomes context of a diff.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from repair_rubrics import Applied, Hunk, Patch

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


def apply_to_whole(patch: Patch, shown: Mapping[str, str], whole: Mapping[str, str]) -> Applied:
    """`patch` applied to the files in `whole`, at the places where it fits what was shown of them; else wherever in them it fits.

    `shown`: the same files as a prompt shows them. A refusal is the one that speaks of what was shown.
    """
    seen = patch.apply({path: _told_apart(text) for path, text in shown.items()})
    if seen.failure is not None:
        anywhere = patch.apply(whole)
        return anywhere if anywhere.failure is None else seen
    files = {path: text if text is None else _with_unseen(text, shown.get(path, ""), whole.get(path, "")) for path, text in seen.files.items()}
    return Applied(files, None, seen.rungs)


def _with_unseen(text: str, shown: str, whole: str) -> str:
    """An edited text with the lines that were not shown put back; the last of them stands for all the rest."""
    if UNSEEN_LINE not in shown:
        return text
    lines, last = whole.split("\n"), shown.count("\n") - 1
    restored: list[str] = []
    for line in text.removesuffix("\n").split("\n"):
        number = int(line[1:]) if line.startswith(UNSEEN_LINE) and line[1:].isdecimal() else None
        restored += [line] if number is None else lines[number:] if number == last else lines[number : number + 1]
    return "\n".join(restored)


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
