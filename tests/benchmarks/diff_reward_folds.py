"""Whether the constants of our diff reward are fitted to the very patches that it is measured on: cross-validation by instance.

Combinations of constants are drawn at random from grids around the shipped ones. For each fold the one that ranks best on the other folds'
instances is taken and judged on the fold's own. Covers the constants that the ranking of these patches depends on; those not listed do not change
it. Some of the listed (floors, powers of order and repetition) are there against gaming, and the gaming tests say more of them.
"""

import random
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from repair_rubrics import Patch, grams, similarity
from tqdm import tqdm

GRIDS: dict[str, tuple[float, ...]] = {
    "WORDS_WEIGHT": (0.0, 0.03, 0.06, 0.1, 0.2),
    "LOCATION_FLOOR": (0.0, 0.1, 0.2, 0.3, 0.4, 0.5),
    "MOVED_FLOOR": (0.4, 0.6, 0.8),
    "INDENTATION_FLOOR": (0.0, 0.15, 0.3),
    "ORDER_FLOOR": (0.0, 0.1, 0.3),
    "REPETITION_POWER": (1, 2, 3, 4),
    "STRAY_FILES_POWER": (0.5, 1, 1.5, 2, 3),
    "FREE_LINES": (10, 20, 40, 80),
    "BULK_POWER": (1, 2, 3, 4),
    "GRAM_LENGTH": (4, 5, 6),
}
COMBINATIONS = 200

Constants = tuple[float, ...]
"""One value for each of `GRIDS`, in its order."""
Instance = tuple[str, str]
"""Part of the data and instance id."""
Aucs = Mapping[Instance, float]


@dataclass(frozen=True)
class Fold:
    """What is chosen without a fold's instances."""

    instances: frozenset[Instance]
    chosen: Constants
    held_out: Aucs
    """Of the fold's instances by the chosen constants."""
    training_gain: float
    """By how much the chosen constants outdo the shipped ones on the other folds, in the mean of the parts' AUCs; below 0 where none drawn does."""


def shipped() -> Constants:
    return tuple(getattr(_home(name), name) for name in GRIDS)


def cross_validated(rows: list[dict[str, Any]], folds: int, workers: int) -> list[Fold]:
    """The folds over the instances of `rows` (columns dataset, instance_id, gold_patch, model_patch, resolved) that have both outcomes."""
    rng = random.Random(0)
    drawn = [tuple(rng.choice(grid) for grid in GRIDS.values()) for _ in range(COMBINATIONS)]
    with ProcessPoolExecutor(workers, initializer=_load, initargs=(rows,)) as pool:
        found = list(tqdm(pool.map(_aucs, [shipped(), *drawn]), "constants", len(drawn) + 1, leave=False, disable=None))
    return [_fold(part, dict(zip(drawn, found[1:], strict=True)), found[0]) for part in _dealt_out(found[0], folds)]


def _dealt_out(instances: Iterable[Instance], folds: int) -> list[frozenset[Instance]]:
    """The instances of each fold: every part of the data is dealt out evenly, in an order that says nothing."""
    by_part: dict[str, list[Instance]] = defaultdict(list)
    for instance in sorted(instances):
        by_part[instance[0]].append(instance)
    for names in by_part.values():
        random.Random(0).shuffle(names)
    return [frozenset(name for names in by_part.values() for name in names[fold::folds]) for fold in range(folds)]


def _fold(held_out: frozenset[Instance], tried: Mapping[Constants, Aucs], by_shipped: Aucs) -> Fold:
    training = by_shipped.keys() - held_out
    chosen = max(tried, key=lambda constants: _mean(tried[constants], training))
    gain = _mean(tried[chosen], training) - _mean(by_shipped, training)
    return Fold(held_out, chosen, {name: tried[chosen][name] for name in held_out}, gain)


def _mean(aucs: Aucs, instances: Iterable[Instance]) -> float:
    """Mean of the parts' mean AUCs, so that neither part outweighs the other."""
    by_part: dict[str, list[float]] = defaultdict(list)
    for instance in instances:
        by_part[instance[0]].append(aucs[instance])
    return statistics.mean(map(statistics.mean, by_part.values()))


# --- in a worker --------------------------------------------------------------------------------------------------------------------

_answers: dict[Instance, list[tuple[Patch, Any, bool]]] = {}
"""Of each instance with both outcomes: the parsed answers, each with its gold patch as read and whether it passes the tests."""


def _load(rows: list[dict[str, Any]]) -> None:
    grouped: dict[Instance, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        grouped[row["dataset"], row["instance_id"]].append(row)
    for name, group in grouped.items():
        if len({row["resolved"] for row in group}) == 2:
            _answers[name] = [(Patch.parse(row["model_patch"]), similarity._parsed(row["gold_patch"]), row["resolved"]) for row in group]


def _aucs(constants: Constants) -> Aucs:
    with _set(constants):
        return {name: _auc(answers) for name, answers in _answers.items()}


def _auc(answers: list[tuple[Patch, Any, bool]]) -> float:
    scores = np.array([similarity._similarity(patch, gold) for patch, gold, _ in answers]).round(12)
    resolved = np.array([passed for _, _, passed in answers])
    gaps = scores[resolved][:, None] - scores[~resolved][None, :]
    return float((gaps > 0).mean() + (gaps == 0).mean() / 2)


@contextmanager
def _set(constants: Constants) -> Iterator[None]:
    before = shipped()
    _assign(constants)
    try:
        yield
    finally:
        _assign(before)


def _assign(constants: Constants) -> None:
    for name, value in zip(GRIDS, constants, strict=True):
        setattr(_home(name), name, value)


def _home(name: str) -> ModuleType:
    return grams if hasattr(grams, name) else similarity
