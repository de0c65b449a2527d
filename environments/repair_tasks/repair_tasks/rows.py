"""One row of a SWE-bench-schema dataset, checked; a bad one is an error that names its number, instance and field."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from repair_rubrics import Patch

SMITH_OWNER = "swesmith"


class RowError(ValueError):
    """A dataset row that cannot become a task."""


def _as_list(value: Any) -> Any:
    """Test lists come as lists (SWE-Gym, SWE-smith) or as JSON text (SWE-bench)."""
    if isinstance(value, str):
        return json.loads(value) if value.strip() else []
    return [] if value is None else value


def _as_text(value: Any) -> Any:
    return "" if value is None else value


TestIds = Annotated[list[str], BeforeValidator(_as_list)]
Text = Annotated[str, BeforeValidator(_as_text)]


class BugRow(BaseModel):
    """A bug with its human fix. Columns this package does not use are kept out; optional ones are empty when a dataset lacks them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    instance_id: str = Field(min_length=1)
    repo: str = Field(min_length=1)
    problem_statement: Text = ""
    patch: str = Field(min_length=1)
    """The gold patch. (SWE-smith rows arrive with the bug-introducing patch; it is reversed here.)"""
    base_commit: Text = ""
    test_patch: Text = ""
    hints_text: Text = ""
    version: Text = ""
    fail_to_pass: TestIds = Field(default_factory=list, alias="FAIL_TO_PASS")
    pass_to_pass: TestIds = Field(default_factory=list, alias="PASS_TO_PASS")
    image: Text = ""
    """Container image whose tree is the buggy version."""
    workdir: Text = "/testbed"
    """Where that tree is."""
    eval_script: Text = ""
    """The benchmark's own Bash script around the tests."""
    test_command: Text = ""
    """One command line that runs the tests, for rows without an `eval_script`."""
    log_parser: Text = ""
    """Name in `swebench`'s registry of what reads the tests' output; empty for pytest."""
    language: Text = ""
    text: Text = ""
    """The ready-made prompt of the `*_oracle` datasets, which quotes the oracle files."""
    sources: dict[str, str] = Field(default_factory=dict)
    """Path to text of the buggy files, for rows that bring them (the bundled corpus)."""

    @model_validator(mode="before")
    @classmethod
    def _adapt(cls, row: Any) -> Any:
        if not isinstance(row, dict):
            return row
        row = {**row, "image": row.get("image") or row.get("image_name") or row.get("docker_image") or ""}
        row["workdir"] = row.get("workdir") or "/testbed"
        if not row.get("base_commit") and str(row.get("repo", "")).startswith(f"{SMITH_OWNER}/"):
            # SWE-smith (swesmith/harness/gather.py at 0f664fb): `patch` is committed as "Bug Patch" on a branch named after the instance.
            row["base_commit"] = row.get("instance_id")
            row["patch"] = Patch.parse(str(row.get("patch", ""))).reversed().to_text()
        return row

    @model_validator(mode="after")
    def _gold_is_a_patch(self) -> "BugRow":
        gold = self.gold
        if not gold or gold.edit_format != "unified_diff":
            raise ValueError("patch: is not a unified diff")
        if not any(line[0] != " " for edit in gold.files for hunk in edit.hunks for line in hunk.lines):
            raise ValueError("patch: changes no text")
        return self

    @property
    def gold(self) -> Patch:
        return Patch.parse(self.patch, "unified_diff")


def parse_rows(rows: Iterable[Mapping[str, Any]], origin: str) -> Iterator[BugRow]:
    """Checked rows, lazily.

    Raises:
        RowError: a row is missing a column or holds a wrong value, or an instance occurs twice; says which row, instance and column.
    """
    seen: dict[str, int] = {}
    for number, raw in enumerate(rows, 1):
        instance = raw.get("instance_id") if isinstance(raw, Mapping) else None
        where = f"{origin}: row {number} ({instance or 'no instance_id'})"
        if not isinstance(raw, Mapping):
            raise RowError(f"{where}: expected an object with columns, found {type(raw).__name__}")
        try:
            row = BugRow.model_validate(dict(raw))
        except ValidationError as error:
            raise RowError(f"{where}: {first_problem(error)}") from None
        if row.instance_id in seen:
            raise RowError(f"{where}: instance_id occurs already in row {seen[row.instance_id]}; every instance must be listed once")
        seen[row.instance_id] = number
        yield row


def first_problem(error: ValidationError) -> str:
    """What is wrong with a row: its column, what was expected and found, and how many more."""
    problem = error.errors()[0]
    field = ".".join(str(part) for part in problem["loc"])
    message = problem["msg"].removeprefix("Value error, ")
    found = "" if problem["type"] in ("missing", "value_error") else f", found {str(problem['input'])[:60]!r}"
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    return f"column {field!r}: {message}{found}{more}" if field else f"column {message}{more}"
