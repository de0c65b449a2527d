"""SWE-bench-schema rows as repair tasks: loading, source context and prompts, shared by the environments."""

from repair_tasks.rows import BugRow, RowError
from repair_tasks.tasks import LoadingOptions, RepairTaskFields, gold_answer, load_tasks, task_gold, task_sources

__all__ = ["BugRow", "LoadingOptions", "RepairTaskFields", "RowError", "gold_answer", "load_tasks", "task_gold", "task_sources"]
