"""How well diff rewards tell patches that pass the tests from patches that do not, and how fast: ours beside SWE-RL's and CodeRepairRL's.

    python tests/benchmarks/diff_reward.py [--data ../shared/data/patch_outcomes.jsonl.gz] [--limit N] [--cross-validate FOLDS]

Reads real model patches with known test outcomes (columns dataset, instance_id, gold_patch, model_patch, resolved). For each part of the data it
prints the pooled AUC and the AUC within an instance (the mean over instances with both outcomes of the chance that a passing patch scores above
a failing one, ties half), which is what GRPO sees: it compares rollouts of one task only. Intervals are 95% bootstrap intervals over instances; the
difference to SWE-RL is paired. All formulas score the same pairs in the same run, on one core, each pair parsed from text.

With --cross-validate it then asks what our reward would be worth had its constants been chosen without the instances it is judged on: see
diff_reward_folds.py. "chosen" is the AUC of each fold's instances by the constants chosen on the others.
"""

import argparse
import gzip
import json
import os
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from diff_formulas import code_repair_rl, swe_rl
from diff_reward_folds import GRIDS, Fold, cross_validated, shipped
from repair_rubrics import diff_similarity
from tqdm import tqdm

DATA = Path(__file__).parents[3] / "shared" / "data" / "patch_outcomes.jsonl.gz"
RESAMPLES = 2000
FORMULAS: dict[str, Callable[[str, str], float]] = {"ours": diff_similarity, "SWE-RL": swe_rl, "CodeRepairRL": code_repair_rl}


def auc(scores: np.ndarray, resolved: np.ndarray) -> float:
    """Chance that a resolved patch outscores an unresolved one, ties half."""
    order = np.unique(np.round(scores, 12), return_inverse=True)[1]
    positive, negative = np.bincount(order[resolved], minlength=order.max() + 1), np.bincount(order[~resolved], minlength=order.max() + 1)
    below = np.cumsum(negative) - negative
    return float((positive * (below + negative / 2)).sum() / (positive.sum() * negative.sum()))


def within_instance(rows: list[dict[str, Any]], scores: np.ndarray) -> dict[str, float]:
    """Instance to AUC, for the instances that have both outcomes."""
    groups: dict[str, list[int]] = defaultdict(list)
    for at, row in enumerate(rows):
        groups[row["instance_id"]].append(at)
    resolved = np.array([row["resolved"] for row in rows], dtype=bool)
    return {name: auc(scores[at], resolved[at]) for name, at in groups.items() if len(set(resolved[at])) == 2}


def interval(values: np.ndarray) -> str:
    draws = np.random.default_rng(0).integers(0, len(values), (RESAMPLES, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), [2.5, 97.5])
    return f"[{low:+.3f}, {high:+.3f}]"


def scored(name: str, formula: Callable[[str, str], float], rows: list[dict[str, Any]]) -> tuple[np.ndarray, float]:
    """Scores of all rows, and pairs per second of CPU time."""
    started = time.process_time()
    scores = [formula(row["model_patch"], row["gold_patch"]) for row in tqdm(rows, desc=name, leave=False, disable=None)]
    return np.array(scores), len(rows) / (time.process_time() - started)


def compared(within: dict[str, dict[str, float]]) -> list[str]:
    """A line for each formula of `within` (name to AUC of each instance): its mean, and its paired difference to SWE-RL's."""
    base = within["SWE-RL"]
    lines = []
    for name, aucs in within.items():
        values, gains = np.array(list(aucs.values())), np.array([aucs[key] - base[key] for key in aucs])
        lines.append(f"{name:14}{values.mean():11.3f}{interval(values):>19}{gains.mean():+14.3f}{interval(gains):>19}")
    return lines


HEADER = f"{'formula':14}{'within AUC':>11}{'95% interval':>19}{'minus SWE-RL':>14}{'95% interval':>19}"


def print_folds(folds: list[Fold], within: dict[str, dict[str, dict[str, float]]]) -> None:
    """`within`: part of the data to formula to the AUC of each instance."""
    print(f"\n{len(folds)} folds by instance, constants chosen on the others' instances")
    for part, formulas in within.items():
        chosen = {name: score for fold in folds for (at, name), score in fold.held_out.items() if at == part}
        print(f"\n{part}, held out: {len(chosen)} instances\n{HEADER}")
        print("\n".join(compared({"ours, chosen": chosen, "ours, shipped": formulas["ours"], **formulas})))
        for number, fold in enumerate(folds):
            names = [name for at, name in fold.instances if at == part]
            means = {"chosen": chosen, "shipped": formulas["ours"], "SWE-RL": formulas["SWE-RL"]}
            figures = ", ".join(f"{title} {statistics.mean(aucs[name] for name in names):.3f}" for title, aucs in means.items())
            print(f"  fold {number}, {len(names)} instances: {figures}")
    print(f"\n{'constant':20}{'shipped':>9}  chosen by fold")
    for at, (name, value) in enumerate(zip(GRIDS, shipped(), strict=True)):
        print(f"{name:20}{value:9g}  {'  '.join(f'{fold.chosen[at]:5g}' for fold in folds)}")
    print(f"{'gain over shipped on the training folds':31}{'  '.join(f'{fold.training_gain:+.3f}' for fold in folds)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help=f"default: {DATA}")
    parser.add_argument("--limit", type=int, help="only the first N rows of each part (the intervals widen)")
    parser.add_argument("--cross-validate", type=int, metavar="FOLDS", help="also choose the constants anew for each of so many folds (minutes)")
    options = parser.parse_args()
    if options.cross_validate is not None and options.cross_validate < 2:
        parser.error("--cross-validate: takes 2 folds or more")
    with gzip.open(options.data, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    parts = {part: [row for row in rows if row["dataset"] == part][: options.limit] for part in ("swe-bench", "d4j")}
    results = {part: {name: scored(f"{part} {name}", formula, rows) for name, formula in FORMULAS.items()} for part, rows in parts.items()}
    within = {part: {name: within_instance(parts[part], scores) for name, (scores, _) in found.items()} for part, found in results.items()}
    for part, part_rows in parts.items():
        resolved = np.array([row["resolved"] for row in part_rows], dtype=bool)
        instances = len({row["instance_id"] for row in part_rows})
        print(f"\n{part}: {len(part_rows)} patches of {instances} instances, {len(within[part]['ours'])} with both outcomes")
        print(f"{HEADER}{'pooled AUC':>12}{'pairs/s':>9}")
        for line, (scores, rate) in zip(compared(within[part]), results[part].values(), strict=True):
            print(f"{line}{auc(scores, resolved):12.3f}{rate:9.0f}")
    seconds = {name: sum(len(parts[part]) / results[part][name][1] for part in parts) for name in FORMULAS}
    rates = {name: sum(map(len, parts.values())) / spent for name, spent in seconds.items()}
    print("\npairs/s over all: " + ", ".join(f"{name} {rate:.0f} ({rate / rates['SWE-RL']:.1f}x)" for name, rate in rates.items()))
    if options.cross_validate:
        print_folds(cross_validated([row for part in parts.values() for row in part], options.cross_validate, os.cpu_count() or 1), within)


if __name__ == "__main__":
    main()
