"""What answers made to earn the diff reward get, beside honest fixes that are written differently; run with -s for the table.

Over the gold patches of the bundled corpus, from the patches alone and with the sources, and over those of SWE-bench Lite where it is present.
"""

import json
import statistics
import sys
from functools import cache
from pathlib import Path

import pytest
from repair_corpus import CorpusTask, corpus_tasks
from repair_rubrics import Attempt, Patch, diff_similarity, rewards
from repair_rubrics.python_source import parses

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "benchmarks")]
from diff_attacks import CASES, REINDENTED, Case  # noqa: E402
from diff_formulas import swe_rl  # noqa: E402
from honest_variants import VARIANTS, rewritten  # noqa: E402

TASKS = corpus_tasks()
ATTACKS = [*CASES, REINDENTED]
IDS = [case.name for case in ATTACKS]
MARGIN = 0.6
"""No attack may earn more than this part of what the honest different fixes earn, in the mean."""
BEYOND_TEXT = {"routemap", "rowpipe", "glob"}
"""Tasks whose different fix shares next to no text or place with the gold patch."""
ALIKE_WITH_SOURCES = {"gold and 30 scattered edits": {"configlayer", "stencil"}}
"""Attack to tasks where it outscores the different fix once it is applied: lines for no place in the file all end up at its end."""
LITE_EVERY = 15
"""SWE-RL's formula takes minutes over all of Lite's attacks, so it is asked about every 15th instance."""


def honest_mean() -> float:
    return statistics.mean(diff_similarity(task.answer("different"), task.gold_patch) for task in TASKS)


def shown(name: str, ours: list[float], theirs: list[float]) -> None:
    print(f"\n{name:36} ours {statistics.mean(ours):.3f} (most {max(ours):.3f})   SWE-RL {statistics.mean(theirs):.3f}")


@pytest.mark.parametrize("case", ATTACKS, ids=IDS)
def test_gaming_does_not_pay(case: Case) -> None:
    ours, theirs, lost = [], [], set()
    for task in TASKS:
        gold = Patch.parse(task.gold_patch)
        if case.is_vacuous(gold):
            continue
        answer = case.attack(gold).to_text()
        score = diff_similarity(answer, task.gold_patch)
        ours.append(score)
        theirs.append(swe_rl(answer, task.gold_patch) if len(answer) < 8_000 else 0.0)
        if score >= diff_similarity(task.answer("different"), task.gold_patch):
            lost.add(task.folder.name)
    shown(case.name, ours, theirs)
    assert max(ours) <= case.limit
    assert statistics.mean(ours) <= MARGIN * honest_mean()
    assert lost <= BEYOND_TEXT


@cache
def sources(task: CorpusTask) -> dict[str, str]:
    return {path: content.decode("utf-8") for path, content in task.tree.items()}


def scored_with_sources(task: CorpusTask, answer: str) -> float:
    return rewards.similarity(Attempt(answer, Patch.parse(task.gold_patch), None, sources(task)))


# Not the gold in other files: applying it finds the files under the wrong folder, which makes it the right change.
@pytest.mark.parametrize("case", [case for case in ATTACKS if case.name != "gold in other files"], ids=lambda case: case.name)
def test_gaming_does_not_pay_where_sources_are_known(case: Case) -> None:
    attacked = {task: case.attack(gold) for task in TASKS if not case.is_vacuous(gold := Patch.parse(task.gold_patch))}
    if case is REINDENTED:
        attacked = {
            task: patch for task, patch in attacked.items() if not all(parses(text or "") for text in patch.apply(sources(task)).files.values())
        }
    scores = {task: scored_with_sources(task, patch.to_text()) for task, patch in attacked.items()}
    honest = {task: scored_with_sources(task, task.answer("different")) for task in TASKS}
    mean, honest_mean = statistics.mean(scores.values()), statistics.mean(honest.values())
    print(f"\n{case.name:36} with sources {mean:.3f} (most {max(scores.values()):.3f})   honest {honest_mean:.3f}")
    assert max(scores.values()) <= case.limit
    assert mean <= MARGIN * honest_mean
    lost = {task.folder.name for task, score in scores.items() if score >= honest[task]}
    assert lost - BEYOND_TEXT <= ALIKE_WITH_SOURCES.get(case.name, set())


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.folder.name)
def test_gold_scores_one_and_an_honest_different_fix_something(task: CorpusTask) -> None:
    assert diff_similarity(task.gold_patch, task.gold_patch) == scored_with_sources(task, task.gold_patch) == 1.0
    assert 0 < diff_similarity(task.answer("different"), task.gold_patch) < 1.0
    assert 0 < scored_with_sources(task, task.answer("different")) < 1.0


@pytest.fixture(scope="module")
def lite(shared_data: Path) -> dict[str, str]:
    """Instance to gold patch."""
    lines = (shared_data / "swe_bench/lite_test.jsonl").read_text(encoding="utf-8").splitlines()
    return {row["instance_id"]: row["patch"] for row in map(json.loads, lines)}


def lite_honest(lite: dict[str, str]) -> dict[str, float]:
    variants = {name: rewritten(Patch.parse(lite[name]), blocks).to_text() for name, blocks in VARIANTS.items()}
    return {name: diff_similarity(variant, lite[name]) for name, variant in variants.items()}


@pytest.mark.shared_data
@pytest.mark.parametrize("case", ATTACKS, ids=IDS)
def test_gaming_does_not_pay_on_swe_bench_lite(case: Case, lite: dict[str, str]) -> None:
    golds = {name: gold for name, patch in lite.items() if not case.is_vacuous(gold := Patch.parse(patch))}
    answers = {name: case.attack(gold).to_text() for name, gold in golds.items()}
    ours = [diff_similarity(answer, lite[name]) for name, answer in answers.items()]
    small = [name for name, answer in list(answers.items())[::LITE_EVERY] if len(answer) < 8_000]
    shown(case.name, ours, [swe_rl(answers[name], lite[name]) for name in small] or [0.0])
    honest = lite_honest(lite)
    assert max(ours) <= case.limit
    assert statistics.mean(ours) <= MARGIN * statistics.mean(honest.values())
    lost = {name for name in honest.keys() & golds.keys() if diff_similarity(answers[name], lite[name]) >= honest[name]}
    assert not lost


@pytest.mark.shared_data
def test_gold_scores_one_on_swe_bench_lite(lite: dict[str, str]) -> None:
    assert {diff_similarity(gold, gold) for gold in lite.values()} == {1.0}
