"""Search/replace blocks, the edit format of Aider, Agentless and SWE-RL, as models write them.

A block names a file, the exact lines to find and the lines to put there. Read here as hunks without a position: the lines common to both
halves are kept lines, the rest removed and added ones. Covers missing fences, paths written in several ways, CRLF and cut-off replies;
whether SEARCH is found, and how often, only the sources can tell (see `apply`).
"""

import re
from collections.abc import Sequence

from rapidfuzz.distance import LCSseq

from repair_rubrics.edits import FileEdit, Hunk, ParsedEdits, merge_by_path

SEARCH = re.compile(r"^<{5,9} ?(?:SEARCH|ORIGINAL)\b:?[ \t]*(.*)$")
DIVIDER = re.compile(r"^={5,9}\s*$")
REPLACE = re.compile(r"^>{5,9} ?(?:REPLACE|UPDATED)\b.*$|^>{7}\s*$")
FENCE_LINE = re.compile(r"^(?:`{3,}|~{3,})\s*([\w+#.-]*)(?:[ :]+(\S+))?\s*$")
PATH_DECORATION = re.compile(r"^(?:#+ |[-*] |\d+\. |//+ ?|\*\*|File(?:name)?: ?|Path: ?|`|\"|')+|(?:\*\*|`|\"|'|:)+$", re.IGNORECASE)
MAX_ALIGNED_CELLS = 400_000_000
"""Halves whose lengths multiply to more than this, after their common ends, are taken as wholly replaced: alignment needs a bit a cell."""

MAX_PATH_LINE = 400
"""A longer line is not looked at as a path."""


def parse_blocks(text: str) -> ParsedEdits:
    """The edits of every search/replace block in `text`. Never raises; linear in the text's length but for aligning the halves."""
    repairs: list[str] = []
    lines = text.split("\n")
    if any(line.endswith("\r") for line in lines if SEARCH.match(line.rstrip("\r"))):
        lines, repairs = [line.removesuffix("\r") for line in lines], ["crlf"]
    files: list[FileEdit] = []
    path, at, previous_end = "", 0, 0
    while at < len(lines):
        head = SEARCH.match(lines[at])
        if not head:
            at += 1
            continue
        named = _path_for(lines, at, previous_end, head.group(1))
        if named is None:
            repairs.append("missing_path")
        path = named if named is not None else path
        block = _read_block(lines, at + 1)
        at = previous_end = block.end
        repairs += block.repairs
        if block.complete:
            files.append(_edit(path, block))
    return ParsedEdits(merge_by_path(files), tuple(repairs))


def aligned_lines(old: list[str], new: list[str]) -> tuple[str, ...]:
    """`old` and `new` as one list of marked lines, with their longest common subsequence kept."""
    head = common_prefix(old, new)
    tail = common_prefix(old[head:][::-1], new[head:][::-1])
    old_middle, new_middle = old[head : len(old) - tail], new[head : len(new) - tail]
    marked = [" " + line for line in old[:head]]
    if len(old_middle) * len(new_middle) > MAX_ALIGNED_CELLS or not (old_middle and new_middle):
        marked += ["-" + line for line in old_middle] + ["+" + line for line in new_middle]
    else:
        for op in LCSseq.opcodes(old_middle, new_middle):
            if op.tag == "equal":
                marked += [" " + line for line in old_middle[op.src_start : op.src_end]]
            else:
                marked += ["-" + line for line in old_middle[op.src_start : op.src_end]]
                marked += ["+" + line for line in new_middle[op.dest_start : op.dest_end]]
    return tuple(marked + [" " + line for line in old[len(old) - tail :]])


class _Block:
    """A block while it is read: its halves, where it ended and what was wrong with it."""

    def __init__(self) -> None:
        self.search: list[str] = []
        self.replace: list[str] = []
        self.repairs: list[str] = []
        self.complete = False
        self.end = 0


def _read_block(lines: list[str], at: int) -> _Block:
    block, half = _Block(), "search"
    while at < len(lines):
        line = lines[at]
        if half == "search" and DIVIDER.match(line):
            half = "replace"
        elif half == "replace" and REPLACE.match(line):
            block.complete, block.end = True, at + 1
            return block
        elif SEARCH.match(line):
            break
        else:
            (block.search if half == "search" else block.replace).append(line)
        at += 1
    block.repairs.append("truncated")
    if half == "replace" and at < len(lines):
        # The end marker is missing but another block follows: what stands before its path and fence is the replacement.
        while block.replace and (not block.replace[-1].strip() or FENCE_LINE.match(block.replace[-1]) or _as_path(block.replace[-1])):
            block.replace.pop()
        block.complete = True
    block.end = at
    return block


def _edit(path: str, block: _Block) -> FileEdit:
    if not any(line.strip() for line in block.search):
        return FileEdit(None, path, (Hunk(tuple("+" + line for line in block.replace)),))
    return FileEdit(path, path, (Hunk(aligned_lines(block.search, block.replace)),))


def _path_for(lines: list[str], at: int, floor: int, after_marker: str) -> str | None:
    """The path a block is for: behind its marker, or in the fence line or one of the two lines with text above it."""
    if (path := _as_path(after_marker)) is not None:
        return path
    looked = 0
    for line in reversed(lines[max(floor, at - 6) : at]):
        fence = FENCE_LINE.match(line.rstrip())
        candidate = (fence.group(2) or fence.group(1)) if fence else line
        if fence and not candidate:
            continue
        if (path := _as_path(candidate, bare_name=not fence or bool(fence.group(2)))) is not None:
            return path
        looked += bool(line.strip()) and not fence
        if looked == 2:
            break
    return None


def _as_path(line: str, bare_name: bool = True) -> str | None:
    """The path that a line consists of, without Markdown around it; None when it is something else."""
    if len(line) > MAX_PATH_LINE:
        return None
    text = line.strip()
    for _ in range(3):
        text = PATH_DECORATION.sub("", text).strip()
    looks_like_one = bool(re.fullmatch(r"[^\s<>|:*?\"`]+", text)) and ("/" in text or (bare_name and re.search(r"\w\.\w{1,8}$", text)))
    if not looks_like_one or text.startswith(("<", ">", "=")):
        return None
    return text[2:] if text[:2] in ("a/", "b/", "./") else text


def common_prefix(a: Sequence[str], b: Sequence[str]) -> int:
    """How many lines both begin with; by halves, since comparing slices is far faster than comparing lines one by one."""
    same, limit = 0, min(len(a), len(b))
    step = limit
    while step:
        if same + step <= limit and a[same : same + step] == b[same : same + step]:
            same += step
        else:
            step //= 2
    return same
