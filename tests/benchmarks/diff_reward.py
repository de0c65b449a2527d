"""How well diff rewards tell patches that pass the tests from patches that do not, and how fast: ours beside SWE-RL's and CodeRepairRL's.

    python tests/benchmarks/diff_reward.py [--data ../shared/data/patch_outcomes.jsonl.gz] [--limit N]

Reads real model patches with known test outcomes (columns dataset, instance_id, gold_patch, model_patch, resolved). For each part of the data it
prints the pooled AUC and the AUC within an instance (the mean over instances with both outcomes of the chance that a passing patch scores above
a failing one, ties half), which is what GRPO sees: it compares rollouts of one task only. Intervals are 95% bootstrap intervals over instances; the
difference to SWE-RL is paired. All formulas score the same pairs in the same run, on one core, each pair parsed from text.
"""

import argparse
import gzip
import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from diff_formulas import code_repair_rl, swe_rl
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help=f"default: {DATA}")
    parser.add_argument("--limit", type=int, help="only the first N rows of each part (the intervals widen)")
    options = parser.parse_args()
    with gzip.open(options.data, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    results = {}
    parts = {part: [row for row in rows if row["dataset"] == part][: options.limit] for part in ("swe-bench", "d4j")}
    for part, part_rows in parts.items():
        results[part] = {name: scored(f"{part} {name}", formula, part_rows) for name, formula in FORMULAS.items()}
    for part, part_rows in parts.items():
        resolved = np.array([row["resolved"] for row in part_rows], dtype=bool)
        base = within_instance(part_rows, results[part]["SWE-RL"][0])
        print(f"\n{part}: {len(part_rows)} patches of {len({row['instance_id'] for row in part_rows})} instances, {len(base)} with both outcomes")
        print(f"{'formula':14}{'within AUC':>11}{'95% interval':>19}{'minus SWE-RL':>14}{'95% interval':>19}{'pooled AUC':>12}{'pairs/s':>9}")
        for name, (scores, rate) in results[part].items():
            within = within_instance(part_rows, scores)
            values, gains = np.array(list(within.values())), np.array([within[key] - base[key] for key in within])
            figures = f"{values.mean():11.3f}{interval(values):>19}{gains.mean():+14.3f}{interval(gains):>19}"
            print(f"{name:14}{figures}{auc(scores, resolved):12.3f}{rate:9.0f}")
    seconds = {name: sum(len(parts[part]) / results[part][name][1] for part in parts) for name in FORMULAS}
    rates = {name: sum(map(len, parts.values())) / spent for name, spent in seconds.items()}
    print("\npairs/s over all: " + ", ".join(f"{name} {rate:.0f} ({rate / rates['SWE-RL']:.1f}x)" for name, rate in rates.items()))


if __name__ == "__main__":
    main()
