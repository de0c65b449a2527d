"""Patches and rewards on plain values: parse what a model wrote, apply it, compare it with the human fix, score it.

Stable: `diff_similarity`, `format_score`, `quality_score`, `Patch`, `Rubric`, `Reward`, `Attempt`, `trl_reward`.
"""

from repair_rubrics.apply import Applied, ApplyFailure
from repair_rubrics.edits import FileEdit, Hunk
from repair_rubrics.extract import AnswerFormat, EditFormat
from repair_rubrics.format import format_score
from repair_rubrics.patch import Patch
from repair_rubrics.quality import quality_score
from repair_rubrics.render import PatchDoesNotApply
from repair_rubrics.rubric import Attempt, Reward, Rubric, Scores, TestFigures
from repair_rubrics.similarity import diff_similarity
from repair_rubrics.trl import trl_reward

__all__ = [
    "AnswerFormat",
    "Applied",
    "ApplyFailure",
    "Attempt",
    "EditFormat",
    "FileEdit",
    "Hunk",
    "Patch",
    "PatchDoesNotApply",
    "Reward",
    "Rubric",
    "Scores",
    "TestFigures",
    "diff_similarity",
    "format_score",
    "quality_score",
    "trl_reward",
]
