"""SWE-bench-schema rows as repair tasks: loading, source context and prompts, shared by the environments."""

from repair_tasks.diffs import AnswerDiff, answer_diff
from repair_tasks.rows import BugRow, RowError
from repair_tasks.tasks import AnswerFields, LoadingOptions, RepairTaskFields, TokenBudget, gold_answer, load_tasks, task_gold, task_sources

__all__ = [
    "AnswerDiff",
    "AnswerFields",
    "BugRow",
    "LoadingOptions",
    "RepairTaskFields",
    "RowError",
    "TokenBudget",
    "answer_diff",
    "gold_answer",
    "load_tasks",
    "task_gold",
    "task_sources",
]
