"""Writing edits out again: as a git diff, or as search/replace blocks. Both need the sources, since both must quote them."""

import difflib
from collections.abc import Mapping

from repair_rubrics.apply import Applied, ApplyFailure
from repair_rubrics.blocks import aligned_lines
from repair_rubrics.edits import FileEdit, Hunk

NO_NEWLINE = "\\ No newline at end of file\n"
QUOTED_CHARACTERS = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n"}


class PatchDoesNotApply(ValueError):
    """A patch cannot be rewritten against sources that it does not fit; `failure` says where and why."""

    def __init__(self, failure: ApplyFailure) -> None:
        super().__init__(str(failure))
        self.failure = failure


def to_diff(applied: Applied, sources: Mapping[str, str], context_lines: int = 3) -> str:
    """The changes as a diff that `git apply` accepts, with `context_lines` of context; empty when nothing changed.

    Raises:
        PatchDoesNotApply: `applied` is a refusal.
    """
    return "".join(_file_diff(path, sources.get(path), new, context_lines) for path, new in _changes(applied, sources))


def to_blocks(applied: Applied, sources: Mapping[str, str]) -> str:
    """The changes as search/replace blocks, each SEARCH widened until it occurs once; a deleted file becomes an empty one.

    Raises:
        PatchDoesNotApply: `applied` is a refusal.
    """
    blocks = []
    for path, new in _changes(applied, sources):
        for search, replace in _unique_blocks(sources.get(path) or "", new or ""):
            blocks.append(f"{path}\n<<<<<<< SEARCH\n{search}=======\n{replace}>>>>>>> REPLACE\n")
    return "\n".join(blocks)


def to_text(files: tuple[FileEdit, ...]) -> str:
    """The edits as a git diff, from their own lines alone; hunks without a position count from the line after the one before."""
    return "".join(_edit_text(edit) for edit in files)


def reversed_edits(files: tuple[FileEdit, ...]) -> tuple[FileEdit, ...]:
    """The edits that undo `files`."""
    swap = str.maketrans("+-", "-+")
    undone = []
    for edit in files:
        hunks, shift = [], 0
        for hunk in edit.hunks:
            start = None if hunk.old_start is None else hunk.old_start + shift + _zero_length_step(hunk)
            hunks.append(Hunk(tuple(line[0].translate(swap) + line[1:] for line in hunk.lines), start, hunk.new_newline, hunk.old_newline))
            shift += len(hunk.new) - len(hunk.old)
        undone.append(FileEdit(edit.new_path, None if edit.copied else edit.old_path, tuple(hunks), edit.binary))
    return tuple(undone)


def _zero_length_step(hunk: Hunk) -> int:
    """A side without lines is numbered by the line before it: by how much the new side's number is off the old one's for that alone."""
    return int(not hunk.old) - int(not hunk.new)


def _edit_text(edit: FileEdit) -> str:
    old, new = edit.old_path, edit.new_path
    a, b = _quoted("a/" + (old or new or "")), _quoted("b/" + (new or old or ""))
    head = f"diff --git {a} {b}\n" + ("new file mode 100644\n" if old is None else "deleted file mode 100644\n" if new is None else "")
    if old and new and old != new:
        verb = "copy" if edit.copied else "rename"
        head += f"{verb} from {_quoted(old)}\n{verb} to {_quoted(new)}\n"
    if not edit.hunks:
        return head
    text, shift, following = head + f"--- {a if old else '/dev/null'}\n+++ {b if new else '/dev/null'}\n", 0, 1
    for hunk in edit.hunks:
        start = following if hunk.old_start is None else hunk.old_start
        new_start = start + shift + _zero_length_step(hunk)
        text += f"@@ -{start},{len(hunk.old)} +{new_start},{len(hunk.new)} @@\n" + _hunk_text(hunk)
        shift += len(hunk.new) - len(hunk.old)
        following = start + len(hunk.old)
    return text


def _hunk_text(hunk: Hunk) -> str:
    last_old = max((at for at, line in enumerate(hunk.lines) if line[0] != "+"), default=-1)
    last_new = max((at for at, line in enumerate(hunk.lines) if line[0] != "-"), default=-1)
    ends_file = {at for at, newline in ((last_old, hunk.old_newline), (last_new, hunk.new_newline)) if not newline}
    return "".join(line + "\n" + (NO_NEWLINE if at in ends_file else "") for at, line in enumerate(hunk.lines))


def _changes(applied: Applied, sources: Mapping[str, str]) -> list[tuple[str, str | None]]:
    if applied.failure is not None:
        raise PatchDoesNotApply(applied.failure)
    return [(path, new) for path, new in applied.files.items() if sources.get(path) != new]


def _lines(text: str) -> list[str]:
    """Lines without their ends, by "\\n" alone: form feeds and the like are content."""
    return text.removesuffix("\n").split("\n") if text else []


def _file_diff(path: str, old: str | None, new: str | None, context_lines: int) -> str:
    a, b = _quoted("a/" + path), _quoted("b/" + path)
    mode = "new file mode 100644\n" if old is None else "deleted file mode 100644\n" if new is None else ""
    head = f"diff --git {a} {b}\n{mode}"
    old_lines, new_lines = _with_ends(old or ""), _with_ends(new or "")
    body = difflib.unified_diff(
        old_lines, new_lines, "/dev/null" if old is None else a, "/dev/null" if new is None else b, n=context_lines
    )
    return head + "".join(line if line.endswith("\n") else line + "\n" + NO_NEWLINE for line in body)


def _with_ends(text: str) -> list[str]:
    lines = text.split("\n")
    return [line + "\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _quoted(path: str) -> str:
    if path.isascii() and not any(character in QUOTED_CHARACTERS for character in path):
        return path
    encoded = (
        QUOTED_CHARACTERS.get(chr(byte), chr(byte) if 0x20 <= byte < 0x7F else f"\\{byte:03o}")
        for byte in path.encode("utf-8", "surrogateescape")
    )
    return '"' + "".join(encoded) + '"'


def _unique_blocks(old: str, new: str) -> list[tuple[str, str]]:
    """(SEARCH, REPLACE) texts, each ending its lines with "\\n"; applied in order they turn `old` into `new`."""
    old_lines, new_lines = _lines(old), _lines(new)
    if not old_lines:
        return [("", "".join(line + "\n" for line in new_lines))]
    marked = aligned_lines(old_lines, new_lines)
    changed = [at for at, line in enumerate(marked) if line[0] != " "]
    spans: list[list[int]] = []
    for at in changed:
        if spans and at <= spans[-1][1] + 1:
            spans[-1][1] = at
        else:
            spans.append([at, at])
    return _merge_until_unique(marked, spans)


def _merge_until_unique(marked: tuple[str, ...], spans: list[list[int]]) -> list[tuple[str, str]]:
    """Widen each span by kept lines until its old side occurs once in the text as the blocks before it leave it.

    One that cannot be widened enough takes in the block before it.
    """
    blocks: list[tuple[str, str]] = []
    lows: list[int] = []
    while spans:
        low, high = spans.pop(0)
        text = _text_after(marked, low)
        while True:
            search = [line[1:] for line in marked[low : high + 1] if line[0] != "+"]
            if any(line.strip() for line in search) and _occurrences(text, "\n" + "\n".join(search) + "\n") == 1:
                break
            wider_low = low - 1 if low > 0 and marked[low - 1][0] == " " and _is_text(marked[low - 1]) else low
            wider_high = high + 1 if high + 1 < len(marked) and _is_text(marked[high + 1]) else high
            if (wider_low, wider_high) == (low, high):
                if not lows:
                    break
                blocks.pop()
                low = lows.pop()
                text = _text_after(marked, low)
                continue
            low, high = wider_low, wider_high
            while spans and high >= spans[0][0]:
                high = max(high, spans.pop(0)[1])
        replace = [line[1:] for line in marked[low : high + 1] if line[0] != "-"]
        blocks.append(("".join(line + "\n" for line in search), "".join(line + "\n" for line in replace)))
        lows.append(low)
    return blocks


def _text_after(marked: tuple[str, ...], at: int) -> str:
    """The text, each line between two "\\n", with the changes before `at` made and the others not."""
    return "\n" + "".join(line[1:] + "\n" for n, line in enumerate(marked) if line[0] != ("-" if n < at else "+"))


def _is_text(line: str) -> bool:
    """Whether a block may quote the line: one with a NUL is no text that anybody was shown."""
    return "\0" not in line


def _occurrences(text: str, needle: str) -> int:
    first = text.find(needle)
    return 0 if first < 0 else 1 + (text.find(needle, first + 1) >= 0)
