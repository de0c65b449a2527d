"""Quality reward: is the patch minimal and clean, whether or not it is right. Smooth in [0, 1].

    size  x  focus  x  cleanness  x  no debug output

Every factor is 1 for the gold patch itself; what the gold patch does too (its size, its prints, its comments) costs nothing.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from repair_rubrics.changes import FileChange, effective, file_kind, read_changes
from repair_rubrics.lines import Reading
from repair_rubrics.patch import Patch

SIZE_ALLOWANCE_LINES = 4
"""Changed lines that a patch may have beyond the gold's before half is lost of a one-line fix."""
DEBUG_OUTPUT = re.compile(
    r"^(?:print\(|pprint\(|breakpoint\(\)|import ?i?pdb|i?pdb\.set_trace\("
    r"|System\.(?:out|err)\.print|console\.(?:log|debug)\(|\w*\.?printStackTrace\("
    r"|(?:logging|logger|log|LOG|LOGGER)\.debug\(|var_dump\(|fmt\.Print|dbg!\(|std::c(?:out|err)<<)"
)
DEBUG_COST = 0.5
"""What is left of the quality for each line of debug output that the gold patch does not have."""


def quality_score(model_patch: str, gold_patch: str) -> float:
    """How minimal and clean the patch in `model_patch` is beside the gold patch, in [0, 1]; 0 when it changes no code.

    Loses for changed lines beyond the gold's number, edits of files that the gold leaves alone (tests and scratch files too), lines that are
    only reformatted or commented, and debug output.
    """
    return patch_quality(Patch.parse(model_patch), Patch.parse(gold_patch))


def patch_quality(model: Patch, gold: Patch) -> float:
    """`quality_score` of two parsed patches."""
    reading, theirs = _gold_changes(gold)
    ours = read_changes(model.files, reading or Reading.LITERAL)
    if reading is None:
        # The gold patch only moves lines, so moved lines are the change and not noise.
        ours, theirs = _moves_as_changes(ours), _moves_as_changes(theirs)
    if not effective(ours):
        return 0.0
    return size_factor(ours, theirs) * focus_factor(ours, theirs) * cleanness_factor(ours, theirs) * debug_factor(ours, theirs)


@lru_cache(maxsize=64)
def _gold_changes(gold: Patch) -> tuple[Reading | None, dict[str, FileChange]]:
    """The first reading in which the gold patch changes something, and its changes; None, and the literal ones, when it only moves lines."""
    for reading in Reading:
        changes = read_changes(gold.files, reading)
        if effective(changes):
            return reading, changes
    return None, read_changes(gold.files, Reading.LITERAL)


def size_factor(model: Mapping[str, FileChange], gold: Mapping[str, FileChange]) -> float:
    """1.0 up to the gold's number of changed lines, then falling smoothly towards 0."""
    size, gold_size = _size(model.values()), _size(gold.values())
    excess = max(0, size - gold_size)
    return (gold_size + SIZE_ALLOWANCE_LINES) / (gold_size + SIZE_ALLOWANCE_LINES + excess)


def focus_factor(model: Mapping[str, FileChange], gold: Mapping[str, FileChange]) -> float:
    """The share of changed lines in files that the gold patch touches too. Tests beside them are an honest addition and cost half."""
    size = _size(model.values())
    strays = sum(change.size * (0.5 if file_kind(path) == "test" else 1.0) for path, change in model.items() if path not in gold)
    return 1 - strays / size if size else 0.0


def cleanness_factor(model: Mapping[str, FileChange], gold: Mapping[str, FileChange]) -> float:
    """1.0 when no more lines than in the gold patch are only moved, reformatted or commented; the share of real changes otherwise."""
    noise = max(0, _noise(model.values()) - _noise(gold.values()))
    size = _size(model.values())
    return (size + 1) / (size + 1 + noise / 2)


def debug_factor(model: Mapping[str, FileChange], gold: Mapping[str, FileChange]) -> float:
    """Halved for each line of debug output that the gold patch does not add."""
    expected = {line for change in gold.values() for line in change.added}
    added = [line for change in model.values() for line in change.added if DEBUG_OUTPUT.match(line) and line not in expected]
    return float(DEBUG_COST ** len(added))


def _moves_as_changes(changes: Mapping[str, FileChange]) -> dict[str, FileChange]:
    moved = {path: ("",) * change.churn for path, change in changes.items()}
    return {path: replace(c, added=c.added + moved[path], removed=c.removed + moved[path], churn=0) for path, c in changes.items()}


def _size(changes: Iterable[FileChange]) -> int:
    return sum(change.size for change in changes)


def _noise(changes: Iterable[FileChange]) -> int:
    return sum(2 * change.churn + change.unread for change in changes)
