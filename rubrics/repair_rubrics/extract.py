"""Where in a model's reply the patch stands: behind the reasoning, inside an answer tag, inside code fences.

Covers plain text only. It decides on places, never on content: whether a region holds a patch is the parsers' business.
"""

import re
from dataclasses import dataclass
from typing import Literal

EditFormat = Literal["search_replace", "unified_diff"]
AnswerFormat = Literal["search_replace", "unified_diff", "function"]
"""Also `function`: the new text of one function in a code block, which only whoever knows the old one can read."""

SEARCH_MARKER = re.compile(r"^<{5,9} ?(?:SEARCH|ORIGINAL)\b.*$", re.MULTILINE)
DIFF_MARKER = re.compile(r"^(?:diff --git |--- .*\n\+\+\+ |\+\+\+ \S|@@)", re.MULTILINE)
FENCE = re.compile(r"^(`{3,}|~{3,})(.*)$")
# A tag counts only where no diff marker stands before it, so that a patch may itself speak of such tags.
REASONING_END = re.compile(r"^(?![+\-\s]).*?</think(?:ing)?>", re.MULTILINE)
REASONING_OPEN = re.compile(r"\A\s*<think(?:ing)?>")
ANSWER_TAG = re.compile(r"^<(patch|solution|answer)>[ \t]*\n?(.*?)(?:^</\1>|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Region:
    """A stretch of the reply that may hold patch text."""

    text: str
    fenced: bool
    """Inside a code fence or an answer tag: what stands there is patch, not prose."""
    closed: bool = True
    """False when the fence never ended: the reply was cut off."""


def answer_part(reply: str) -> str:
    """The reply without its reasoning: what follows the last `</think>`, inside the last answer tag that holds a patch.

    Empty when the reasoning never ends.
    """
    # Plain searches first, here and below: most replies hold nothing of the kind, and a pattern is tried at every line of them.
    ends = list(REASONING_END.finditer(reply)) if "</think" in reply else []
    if ends:
        reply = reply[ends[-1].end() :]
    elif REASONING_OPEN.match(reply):
        return ""
    if not any(tag in reply for tag in ("<patch>", "<solution>", "<answer>")):
        return reply
    tagged = [m.group(2) for m in ANSWER_TAG.finditer(reply) if holds_patch(m.group(2))]
    return tagged[-1] if tagged else reply


def asked_or_found_format(text: str) -> EditFormat:
    """The format the text is written in; a text with neither counts as a diff (of nothing)."""
    return "search_replace" if "<<<<<" in text and SEARCH_MARKER.search(text) else "unified_diff"


def diff_regions(text: str) -> list[Region]:
    """The stretches of an answer that hold diffs: its fences that do, or else the whole text as one region."""
    fenced = [region for region in code_blocks(text) if DIFF_MARKER.search(region.text)]
    unique = list({region.text: region for region in fenced}.values())
    return unique or [Region(text, fenced=False)]


def holds_patch(text: str) -> bool:
    """Whether a marker of either patch format stands in the text."""
    return bool(SEARCH_MARKER.search(text) or DIFF_MARKER.search(text))


def code_blocks(text: str) -> list[Region]:
    """What stands between code fences, in order."""
    if "```" not in text and "~~~" not in text:
        return []
    regions: list[Region] = []
    fence = ""
    body: list[str] = []
    for line in text.split("\n"):
        mark = FENCE.match(line.rstrip("\r"))
        if not fence and mark:
            fence, body = mark.group(1), []
        elif fence and mark and mark.group(1).startswith(fence) and not mark.group(2).strip():
            regions.append(Region("\n".join(body) + "\n", fenced=True))
            fence = ""
        elif fence:
            body.append(line)
    if fence:
        regions.append(Region("\n".join(body), fenced=True, closed=False))
    return regions
