"""Rows and options in, repair tasks out: what every environment over SWE-bench-schema rows shares. Knows nothing of verifiers."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field
from repair_rubrics import AnswerFormat, EditFormat, Patch

from repair_tasks.context import ContextError, ContextMode, excerpts
from repair_tasks.loading import BUNDLED, load_rows
from repair_tasks.prompts import SourceSpan, build_prompt, shown_sources
from repair_tasks.repo_cache import RepoCache
from repair_tasks.rows import BugRow

logger = logging.getLogger(__name__)

CHARACTERS_PER_TOKEN = 3.0
"""Estimate for code and English when no tokenizer is named; real tokenizers find 3.2 to 4.5, so it errs towards skipping."""


class TokenBudget(BaseModel):
    """How long a prompt may be."""

    max_prompt_tokens: int | None = Field(None, gt=0)
    """Tasks with a longer prompt are left out, and named in the log; None keeps all."""
    tokenizer: str | None = None
    """Hugging Face name or folder of the tokenizer that counts prompt tokens; None estimates 1 token per 3 characters."""

    def excess(self) -> Callable[[str], str]:
        """A function that says why a prompt is left out; empty when it is not."""
        most = self.max_prompt_tokens
        if most is None:
            return lambda prompt: ""
        count = token_counter(self.tokenizer)

        def reason(prompt: str) -> str:
            tokens = count(prompt)
            return f"prompt of {tokens} tokens, over max_prompt_tokens {most}" if tokens > most else ""

        return reason


class LoadingOptions(TokenBudget):
    """Which rows become tasks, and what their prompts show."""

    dataset: str = BUNDLED
    """`bundled`, the path of a .jsonl, .json or .parquet file, or a Hugging Face name such as `princeton-nlp/SWE-bench_Lite`."""
    split: str = "test"
    """Split of a Hugging Face dataset."""
    context: ContextMode = "oracle"
    """Source shown: `oracle` (whole files that the gold patch touches) or `window` (only the regions around its changes; no repository needed)."""
    edit_format: EditFormat = "search_replace"
    """Format asked of the model: `search_replace` or `unified_diff`."""
    hints: bool = False
    """Show `hints_text`, the discussion before the fix, which may tell the answer."""
    repo_cache: Path = Path("~/.cache/repair-envs/repos")
    """Folder of bare mirrors that `oracle` reads from; missing ones are cloned from GitHub."""


class AnswerFields(BaseModel):
    """What any answer to a prompt is read by."""

    model_config = ConfigDict(frozen=True)

    gold_patch: str
    """The human fix as a unified diff. Never shown to the model."""
    edit_format: AnswerFormat
    spans: tuple[SourceSpan, ...]
    """Where the prompt shows which source."""


class RepairTaskFields(AnswerFields):
    """What a repair task carries besides its prompt: enough to score an answer from the task alone."""

    repo: str
    base_commit: str


@dataclass(frozen=True)
class LoadedTask:
    """One task's parts: its id, its prompt, its fields, and the row that they come from."""

    instance_id: str
    prompt: str
    fields: RepairTaskFields
    row: BugRow = field(compare=False)


def load_tasks(options: LoadingOptions, leave_out: Callable[[BugRow], str | None] = lambda row: None) -> Iterator[LoadedTask]:
    """The tasks of `options.dataset`, lazily and in row order; rows left out are counted and named in the log at the end.

    `leave_out` says why a row is not to become a task, or None.

    Raises:
        DatasetError, RowError: the dataset or a row of it is bad.
        RepoCacheError: a source file cannot be read.
    """
    reader = RepoCache(options.repo_cache)
    excess = options.excess()
    skipped: list[str] = []
    kept = 0
    for row in load_rows(options.dataset, options.split):
        if reason := leave_out(row):
            skipped.append(f"{row.instance_id}: {reason}")
            continue
        try:
            task = _task(row, options, reader)
        except ContextError as error:
            skipped.append(str(error))
            continue
        if reason := excess(task.prompt):
            skipped.append(f"{row.instance_id}: {reason}")
            continue
        kept += 1
        yield task
    if skipped:
        logger.warning("%s: left out %d of %d rows:\n  %s", options.dataset, len(skipped), kept + len(skipped), "\n  ".join(skipped))


@lru_cache(maxsize=64)
def _sources(prompt: str, spans: tuple[SourceSpan, ...]) -> dict[str, str]:
    return shown_sources(prompt, spans)


def task_sources(prompt: str, fields: AnswerFields) -> dict[str, str]:
    """Path to text of the sources that the task shows (recently used ones are kept)."""
    return _sources(prompt, fields.spans)


@lru_cache(maxsize=64)
def _gold(patch: str) -> Patch:
    return Patch.parse(patch, "unified_diff")


def task_gold(fields: AnswerFields) -> Patch:
    """The human fix, parsed (recently used ones are kept)."""
    return _gold(fields.gold_patch)


def gold_answer(prompt: str, fields: AnswerFields) -> str:
    """The gold patch as an ideal model would answer, in the task's edit format.

    Raises:
        PatchDoesNotApply: the gold patch does not fit the sources shown (a fault of the dataset or the repository cache).
    """
    gold = task_gold(fields)
    if fields.edit_format == "search_replace":
        return gold.to_blocks(task_sources(prompt, fields))
    return f"```diff\n{gold.to_text()}```\n"


def token_counter(tokenizer: str | None) -> Callable[[str], int]:
    """Counts tokens of a text, by the named tokenizer or by estimate."""
    if tokenizer is None:
        return lambda text: round(len(text) / CHARACTERS_PER_TOKEN)
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(tokenizer)
    return lambda text: len(loaded(text, add_special_tokens=False)["input_ids"])


def _task(row: BugRow, options: LoadingOptions, reader: RepoCache) -> LoadedTask:
    shown = excerpts(row, options.context, reader)
    prompt = build_prompt(row.repo, row.problem_statement, row.hints_text if options.hints else "", shown, options.edit_format)
    fields = RepairTaskFields(
        repo=row.repo, base_commit=row.base_commit, gold_patch=row.patch, edit_format=options.edit_format, spans=prompt.spans
    )
    return LoadedTask(row.instance_id, prompt.text, fields, row)
