"""The reward functions that rubrics are made of, each over one `Attempt`, and the figures reported beside them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from repair_rubrics.apply import RUNGS, Applied
from repair_rubrics.canonical import canonical_patch
from repair_rubrics.edits import Hunk
from repair_rubrics.format import patch_format_score
from repair_rubrics.patch import Patch
from repair_rubrics.python_source import parses, same_code
from repair_rubrics.quality import patch_quality
from repair_rubrics.rubric import Attempt, TestFigures
from repair_rubrics.similarity import patch_similarity

UNUSABLE_SHARE = 0.2
"""What is left of the similarity of a patch that does not apply, or that leaves a Python file which does not parse."""
NEAR_LINES = 3
"""A gold hunk counts as hit when a line of it lies this near to a changed line of the model's."""


class GoldDoesNotApply(ValueError):
    """The gold patch does not fit the sources: the dataset or the repository cache is at fault, not the model."""


def answer_format(attempt: Attempt) -> float:
    """A patch in the format asked for; less by how much the parser had to put right, 0 without a patch."""
    return patch_format_score(attempt.patch, attempt.edit_format)


def similarity(attempt: Attempt) -> float:
    """Likeness of the change to the human fix: files, places and changed code; a patch that does not apply keeps a fifth.

    1.0 for the same change, and for a Python change that differs from it in layout, comments and docstrings only; 0.0 for no change of code.

    Raises:
        GoldDoesNotApply: the gold patch does not fit the sources.
    """
    if attempt.sources is None or attempt.applied is None:
        return patch_similarity(attempt.patch, attempt.gold)
    if attempt.applied.failure is not None:
        return UNUSABLE_SHARE * patch_similarity(attempt.patch, attempt.gold)
    gold = _gold_effect(attempt.gold, tuple(attempt.sources.items()))
    if attempt.applied.files == gold.files:
        return 1.0
    if _same_python(attempt.sources, attempt.applied.files):
        return 0.0
    if _same_python({**attempt.sources, **gold.files}, attempt.applied.files) and attempt.applied.files.keys() == gold.files.keys():
        return 1.0
    score = patch_similarity(attempt.effect, gold.patch)
    return score if _still_parses(attempt.sources, attempt.applied) else UNUSABLE_SHARE * score


def quality(attempt: Attempt) -> float:
    """A minimal and clean patch: no larger than the human fix, no strays, no reformatting, no debug output."""
    if attempt.sources is not None and attempt.applied is not None and attempt.applied.ok:
        return patch_quality(attempt.effect, _gold_effect(attempt.gold, tuple(attempt.sources.items())).patch)
    return patch_quality(attempt.patch, attempt.gold)


def resolved(attempt: Attempt) -> float:
    """1 when every test that had to pass did; else 0, also for a patch that is missing, refused, does not apply, or runs out of time or memory."""
    return float(_tests(attempt).resolved)


def compiles(attempt: Attempt) -> float:
    """1 when the patch changes code of a file that needs it, and compiles; 0 for one that changes none, which of course compiles."""
    return float(_tests(attempt).ran and quality(attempt) > 0)


def fail_to_pass(attempt: Attempt) -> float:
    """Share of the tests that the bug fails and that pass now."""
    return _tests(attempt).fail_to_pass


def pass_to_pass(attempt: Attempt) -> float:
    """Share of the tests that passed before and still do; 0 while none that the bug fails passes, since doing nothing breaks nothing."""
    tests = _tests(attempt)
    return tests.pass_to_pass if tests.fail_to_pass > 0 else 0.0


def metrics(attempt: Attempt) -> dict[str, float]:
    """Unweighted figures of an attempt.

    `applied`: 1 when the patch applies (0 without sources too). `apply_rung`: how much forgiveness it needed, 0 (none) to 5.
    `files_hit`, `hunks_hit`: share of the gold patch's files and hunks that the patch touches. `edit_lines`, `gold_edit_lines`: changed
    lines. `repairs`: places that the parser put right.
    """
    applied = attempt.applied
    ok = applied is not None and applied.ok and bool(attempt.patch)
    patch = attempt.effect if ok else attempt.patch
    gold_paths = {edit.path for edit in attempt.gold.files}
    return {
        "applied": float(ok),
        "apply_rung": float(RUNGS.index(applied.rung)) if ok and applied else 0.0,
        "files_hit": len(gold_paths & {edit.path for edit in patch.files}) / len(gold_paths),
        "hunks_hit": _hunks_hit(patch, attempt.gold),
        "edit_lines": float(_changed_lines(patch)),
        "gold_edit_lines": float(_changed_lines(attempt.gold)),
        "repairs": float(len(attempt.patch.repairs)),
    }


def _tests(attempt: Attempt) -> TestFigures:
    if attempt.tests is None:
        raise ValueError("a reward by tests needs an attempt whose tests were run")
    return attempt.tests


@dataclass(frozen=True)
class _GoldEffect:
    files: Mapping[str, str | None]
    """New text of each file that the gold patch changes; None for a deleted one."""
    patch: Patch


@lru_cache(maxsize=64)
def _gold_effect(gold: Patch, sources: tuple[tuple[str, str], ...]) -> _GoldEffect:
    """What the gold patch does to the sources: the same for every attempt at a task."""
    texts = dict(sources)
    applied = gold.apply(texts)
    if applied.failure is not None:
        raise GoldDoesNotApply(f"gold patch does not apply: {applied.failure}")
    return _GoldEffect(applied.files, canonical_patch(applied, texts))


def _same_python(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> bool:
    """Whether every changed file is Python that differs in layout, comments and docstrings at most."""
    return all(
        path.endswith(".py") and (old := before.get(path)) is not None and new is not None and same_code(old, new)
        for path, new in after.items()
        if before.get(path) != new
    )


def _still_parses(sources: Mapping[str, str], applied: Applied) -> bool:
    """False when a Python file that parsed before (or is new) no longer does. A file of which only windows are known has no say."""
    for path, new in applied.files.items():
        old = sources.get(path)
        if path.endswith(".py") and new is not None and (old is None or (old != new and parses(old))) and not parses(new):
            return False
    return True


def _changed_lines(patch: Patch) -> int:
    return sum(line[0] != " " for edit in patch.files for hunk in edit.hunks for line in hunk.lines)


def _hunks_hit(patch: Patch, gold: Patch) -> float:
    touched: dict[str, set[int]] = {}
    for edit in patch.files:
        for hunk in edit.hunks:
            touched.setdefault(edit.path, set()).update(_changed_numbers(hunk))
    hits = total = 0
    for edit in gold.files:
        lines = touched.get(edit.path, set())
        for hunk in edit.hunks:
            total += 1
            hits += any(number + step in lines for number in _changed_numbers(hunk) for step in range(-NEAR_LINES, NEAR_LINES + 1))
    return hits / total if total else 0.0


def _changed_numbers(hunk: Hunk) -> set[int]:
    """Old line numbers at which the hunk changes something; empty when it does not say where it is."""
    if hunk.old_start is None:
        return set()
    numbers, number = set(), hunk.old_start
    for line in hunk.lines:
        if line[0] != " ":
            numbers.add(number)
        number += line[0] != "+"
    return numbers
