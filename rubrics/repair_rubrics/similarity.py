"""How alike a model's patch and the gold patch are, in [0, 1], from the two patches alone.

    mean over the gold's files of (content x location x indentation x order x repetition x plausibility)  x  stray files  x  bulk

Every factor lies in [0, 1] and is 1 for the gold patch itself. Only content earns; the other factors only take away. Covers the changed code
lines, the files they are in and where in the file. Does not cover meaning: two different correct fixes are unlike, though less so than either
is like an idle change in the same place.

Figures, and a comparison with the formulas of SWE-RL and CodeRepairRL: tests/benchmarks/diff_reward.py. What gaming it earns: tests/redteam.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from operator import eq

from rapidfuzz.distance import Indel

from repair_rubrics.changes import FileChange, counted_kinds, effective, file_kind, read_changes
from repair_rubrics.edits import Hunk
from repair_rubrics.grams import gram_length, net_agreement, net_grams
from repair_rubrics.lines import INDENTED, Reading, indent_columns, line_reader
from repair_rubrics.patch import Patch
from repair_rubrics.plausible import broken_share

WORDS_WEIGHT = 0.03
"""Share of the words in common in the content: it ranks changes that have no gram in common with the gold's."""
NOISE = 0.3
"""What counts as nothing where the gold patch changes no code (a message, blanks, comments) and any text is alike."""
LOCATION_FLOOR = 0.2
"""What an edit far from the gold's lines, in the right file, keeps."""
MOVED_FLOOR = 0.6
"""What exactly the gold's lines keep there: without sources, a wrong line number is likelier than a wrong place."""
INDENTATION_FLOOR = 0.15
"""What right lines at wrong depths keep where depth has meaning (Python, YAML)."""
ORDER_FLOOR = 0.1
"""What the gold's lines in a wholly different order keep."""
ORDER_POWER = 2
REPETITION_POWER = 3
GIBBERISH_SLOPE = 1.5
"""How fast a file's score falls with the share of added text that cannot be code: to nothing where that is two thirds."""
STRAY_FILES_POWER = 2
FREE_SIDE_FILES = 2
"""Tests and documents beside the change that cost nothing; more of them count as stray files."""
FREE_LINES = 20
"""Changed lines, beyond twice the gold's, that cost nothing."""
BULK_POWER = 3
HOPELESS_BULK = 10
"""How many times the lines allowed a patch may change and still be compared: beyond, it earns less than a thousandth."""
WORD = re.compile(r"\w+")


def diff_similarity(model_patch: str, gold_patch: str) -> float:
    """Similarity of the change that `model_patch` (a reply or a bare patch, either format) makes to the gold patch's, in [0, 1].

    1.0 for the same change, whatever its comments, docstrings, meaningless white space, file order and context; 0.0 for an empty,
    comment-only, white-space-only, idle or no-op patch, for edits to other files only, and for the gold patch undone.

    Raises:
        ValueError: `gold_patch` changes nothing (a dataset fault).
    """
    return _similarity(Patch.parse(model_patch), _parsed(gold_patch))


def patch_similarity(model: Patch, gold: Patch) -> float:
    """`diff_similarity` of two parsed patches.

    Raises:
        ValueError: `gold` changes nothing (a dataset fault).
    """
    return _similarity(model, _read(gold))


@dataclass(frozen=True)
class _Gold:
    """A gold patch, read once for all the answers that are compared with it."""

    patch: Patch
    kinds: set[str]
    """Kinds of files whose edits count against this gold patch."""
    reading: Reading | None
    """None when the patch only moves lines, which nets to nothing."""
    changes: Mapping[str, FileChange]
    """Path to change, of the files that are changed in effect."""
    lines: int
    """Changed lines, those removed and added again included."""


@lru_cache(maxsize=64)
def _read(gold: Patch) -> _Gold:
    kinds = counted_kinds(edit.path for edit in gold.files)
    for reading in Reading:
        changes = read_changes((edit for edit in gold.files if file_kind(edit.path) in kinds), reading)
        wanted = effective(changes)
        if wanted:
            return _Gold(gold, kinds, reading, wanted, _changed_lines(changes))
    return _Gold(gold, kinds, None, {}, 0)


@lru_cache(maxsize=64)
def _parsed(gold_patch: str) -> _Gold:
    return _read(Patch.parse(gold_patch))


def _similarity(model: Patch, gold: _Gold) -> float:
    if gold.reading is None:
        return _moves_similarity(model, gold.patch, gold.kinds)
    changes = read_changes((edit for edit in model.files if file_kind(edit.path) in gold.kinds), gold.reading)
    bulk = bulk_factor(_changed_lines(changes), gold.lines)
    if bulk < HOPELESS_BULK**-BULK_POWER:
        return 0.0
    found, wanted = effective(changes), gold.changes
    total = sum([_file_similarity(path, found[path], wanted[path]) for path in found.keys() & wanted.keys()])
    if gold.reading is not Reading.CODE:
        total = max(0.0, (total - NOISE * len(wanted)) / (1 - NOISE))
    if not total:
        return 0.0
    side_files = sum([file_kind(edit.path) not in gold.kinds for edit in model.files])
    return total / len(wanted) * stray_files_factor(len(found.keys() - wanted.keys()), side_files, len(wanted)) * bulk


def _file_similarity(path: str, model: FileChange, gold: FileChange) -> float:
    same = model.added == gold.added and model.removed == gold.removed
    content = 1.0 if same else content_similarity(model, gold)
    if not content:
        return 0.0
    location = max(MOVED_FLOOR, location_factor(model, gold, 1.0)) if same else location_factor(model, gold, content)
    factors = indentation_factor(path, model, gold) * order_factor(model, gold) * repetition_factor(model, gold)
    return content * location * factors * plausibility_factor(path, model, gold)


def _moves_similarity(model: Patch, gold: Patch, kinds: set[str]) -> float:
    """For a gold patch that only moves lines, which nets to nothing: 1.0 for the same move, 0.0 where over a quarter is wrong."""
    wanted, found = _moves(gold, kinds), _moves(model, kinds)
    if not any(wanted.values()):
        raise ValueError("the gold patch changes nothing: a fault of the dataset")
    paths = {path for path, moves in (wanted | found).items() if moves or wanted.get(path)}
    dice = sum(Indel.normalized_similarity(found.get(path, []), moves) for path, moves in wanted.items() if moves) / len(paths)
    side_files = sum([file_kind(edit.path) not in kinds for edit in model.files])
    return max(0.0, 4 * float(dice) - 3) * stray_files_factor(0, side_files, len(paths))


def _moves(patch: Patch, kinds: set[str]) -> dict[str, list[tuple[str, str, int]]]:
    """Path to changed code lines as (sign, text, old lines since the hunk's first change): a line put back in its place is no move."""
    moves: dict[str, list[tuple[str, str, int]]] = {}
    for edit in patch.files:
        if file_kind(edit.path) in kinds:
            moves.setdefault(edit.path, []).extend(move for hunk in edit.hunks for move in _hunk_moves(edit.path, hunk))
    return moves


def _hunk_moves(path: str, hunk: Hunk) -> list[tuple[str, str, int]]:
    read = line_reader(path, Reading.STRINGS)
    if [text for line in hunk.old if (text := read(line))] == [text for line in hunk.new if (text := read(line))] and not _depths_differ(path, hunk):
        return []
    moves: list[tuple[str, str, int]] = []
    number, first = 0, None
    for line in hunk.lines:
        if line[0] != " ":
            first = number if first is None else first
            if text := read(line[1:]):
                depth = indent_columns(line[1:]) if path.endswith(INDENTED) else 0
                moves.append((line[0], f"{depth} {text}", number - first))
        number += line[0] != "+"
    return moves


def _depths_differ(path: str, hunk: Hunk) -> bool:
    return path.endswith(INDENTED) and [indent_columns(line) for line in hunk.old if line.strip()] != [
        indent_columns(line) for line in hunk.new if line.strip()
    ]


# --- content ------------------------------------------------------------------------------------------------------------------------


def content_similarity(model: FileChange, gold: FileChange) -> float:
    """How alike the changed lines are, in [0, 1]; 0.0 for the gold undone.

    Net grams tell the fix from what surrounds it, so a line touched without need shares next to nothing. The root spreads the low end, where
    different genuine fixes lie, and leaves the order as it is.
    """
    length = gram_length(model.chars + gold.chars)
    net = net_agreement(net_grams(model.added, model.removed, length), net_grams(gold.added, gold.removed, length))
    words = words_in_common(_words(model.added, model.removed), _words(gold.added, gold.removed))
    return float(((1 - WORDS_WEIGHT) * net.same + WORDS_WEIGHT * words) ** 0.5) * min(1.0, 2 * (1 - net.opposite))


def words_in_common(ours: Counter[str], theirs: Counter[str]) -> float:
    """Dice coefficient of two bags of words, in [0, 1]; 0.0 where both are empty."""
    shared = sum([min(count, theirs[word]) for word, count in ours.items() if word in theirs])
    return 2 * shared / ((ours.total() + theirs.total()) or 1)


@lru_cache(maxsize=512)
def _words(added: tuple[str, ...], removed: tuple[str, ...]) -> Counter[str]:
    return Counter(WORD.findall("\n".join(added + removed)))


# --- factors of a file --------------------------------------------------------------------------------------------------------------


def location_factor(model: FileChange, gold: FileChange, unknown: float) -> float:
    """From LOCATION_FLOOR (nothing near the gold's lines) to 1.0 (each changed line where the gold has one).

    `unknown` stands for the nearness where either has no line numbers: the content is the best guess.
    """
    near = unknown
    if model.places and gold.places:
        near = (_nearness(model.places, gold.places) * _nearness(gold.places, model.places)) ** 0.5
    return LOCATION_FLOOR + (1 - LOCATION_FLOOR) * near


def _nearness(places: Sequence[int], others: Sequence[int]) -> float:
    """Mean of 1 / (1 + lines to the nearest of `others`); places count in half lines, in rising order."""
    last = len(others) - 1
    total = 0.0
    for place in places:
        at = bisect_left(others, place)
        above = others[at] - place if at <= last else 1 << 40
        below = place - others[at - 1] if at else 1 << 40
        total += 2 / (2 + (above if above < below else below))
    return total / len(places)


def indentation_factor(path: str, model: FileChange, gold: FileChange) -> float:
    """From INDENTATION_FLOOR (all added lines are the gold's, at other depths) to 1.0 (none is); 1.0 where depth means nothing."""
    if not path.endswith(INDENTED) or model.indents == gold.indents:
        return 1.0
    depths = _depths(gold)
    same_text = same_depth = 0
    for line, found in _depths(model).items():
        wanted = depths.get(line, [])
        same_text += min(len(found), len(wanted))
        same_depth += sum(map(eq, found, wanted))
    return 1 - (1 - INDENTATION_FLOOR) * (same_text - same_depth) / len(model.added) if same_text else 1.0


def _depths(change: FileChange) -> dict[str, list[int]]:
    """Added line to the depths at which it stands, in order."""
    depths: dict[str, list[int]] = {}
    for line, depth in zip(change.added, change.indents, strict=True):
        depths.setdefault(line.lstrip(), []).append(depth)
    return depths


def order_factor(model: FileChange, gold: FileChange) -> float:
    """From ORDER_FLOOR (of the lines that both add no two follow one another as in the gold) to 1.0 (they stand in the same order)."""
    common = set(model.written).intersection(gold.written)
    if len(common) < 2:
        return 1.0
    ours, theirs = (list(dict.fromkeys(line for line in change.written if line in common)) for change in (model, gold))
    if ours == theirs:
        return 1.0
    kept = len(set(pairwise(ours)) & set(pairwise(theirs))) / (len(common) - 1)
    return float(ORDER_FLOOR + (1 - ORDER_FLOOR) * kept**ORDER_POWER)


def repetition_factor(model: FileChange, gold: FileChange) -> float:
    """Falls with the share, in characters, of the gold's lines in the model's that it has more often than the gold; in [0, 1]."""
    gold_lines = gold.added + gold.removed
    known = frozenset(gold_lines)
    common = [line for line in model.added + model.removed if line in known]
    if len(common) == len(set(common)):
        return 1.0
    wanted = Counter(gold_lines)
    needed = sum([len(line) * min(count, wanted[line]) for line, count in Counter(common).items()])
    return float((needed / sum(map(len, common))) ** REPETITION_POWER)


def plausibility_factor(path: str, model: FileChange, gold: FileChange) -> float:
    """Falls to 0.0 as two thirds of what the model adds cannot be code: shuffled or heaped up words. Lines of the gold's are code."""
    new = set(model.added).difference(gold.added)
    misplaced = sum([len(line) for line in model.misplaced if line not in gold.misplaced])
    chars = sum(map(len, model.added)) + misplaced
    if not chars:
        return 1.0
    share = broken_share(path, [line for line in model.added if line in new], chars) + misplaced / chars
    return max(0.0, 1 - GIBBERISH_SLOPE * share) ** 2


# --- factors of the patch -----------------------------------------------------------------------------------------------------------


def stray_files_factor(strays: int, side_files: int, wanted: int) -> float:
    """Falls with files changed that the gold leaves alone, in (0, 1]; `side_files` are tests and documents beside the change."""
    return float((wanted / (wanted + strays + max(0, side_files - FREE_SIDE_FILES))) ** STRAY_FILES_POWER)


def bulk_factor(lines: int, gold_lines: int) -> float:
    """1.0 up to twice the gold's changed lines and FREE_LINES more, then falling towards 0; lines removed and added again count."""
    allowed = 2 * gold_lines + FREE_LINES
    return 1.0 if lines <= allowed else float((allowed / lines) ** BULK_POWER)


def _changed_lines(changes: Mapping[str, FileChange]) -> int:
    return sum([change.size + change.churn for change in changes.values()])
