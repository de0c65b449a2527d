"""One row of a HumanEval-style or MBPP-style dataset, checked; a bad one is an error that names its number, task and column."""

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from repair_rubrics.python_ast import parse_python
from repair_tasks import RowError
from repair_tasks.rows import first_problem


def _as_text(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _as_list(value: Any) -> Any:
    return [] if value is None else value


def _line_feeds(value: str) -> str:
    """MBPP's line ends have carriage returns, too."""
    return value.replace("\r\n", "\n")


def _python(value: str) -> str:
    value = _line_feeds(value)
    try:
        parse_python(value)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"is not Python: {error}") from None
    return value


def _script(value: str | None) -> str:
    return _python(value or "")


Text = Annotated[str, Field(min_length=1)]
Python = Annotated[Text, AfterValidator(_python)]
Script = Annotated[str | None, AfterValidator(_script)]


class HumanEvalRow(BaseModel):
    """A row of `openai/openai_humaneval` or `evalplus/humanevalplus`. Other columns are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore", str_strip_whitespace=False)

    task_id: Text
    prompt: Annotated[Text, AfterValidator(_line_feeds)]
    """Python up to the end of the function's docstring: imports, helpers, signature."""
    canonical_solution: Annotated[str, AfterValidator(_line_feeds)]
    """The rest of the function."""
    test: Python
    """Python that defines `check(candidate)`."""
    entry_point: Text

    @field_validator("entry_point")
    @classmethod
    def _entry_point_is_a_name(cls, value: str) -> str:
        if not value.isidentifier():
            raise ValueError(f"is no function's name: {value[:60]!r}")
        return value


class MbppRow(BaseModel):
    """A row of `google-research-datasets/mbpp` (either subset) or `evalplus/mbppplus`. Other columns are kept out."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    task_id: Annotated[str, BeforeValidator(_as_text), Field(min_length=1)]
    text: Text
    """What the function is to do; the column is called `prompt` in the sanitized subset."""
    code: Python
    """The canonical solution."""
    test_list: Annotated[list[str], Field(min_length=1)]
    """`assert` statements that call it."""
    test_setup_code: Script = ""
    test_imports: Annotated[list[str], BeforeValidator(_as_list)] = Field(default_factory=list)
    test: Script = ""
    """More tests than `test_list`, as a script (MBPP+)."""

    @field_validator("test_list")
    @classmethod
    def _tests_are_asserts(cls, value: list[str]) -> list[str]:
        for statement in value:
            if not all(isinstance(node, ast.Assert) for node in parse_python(_python(statement)).body):
                raise ValueError(f"holds something else than asserts: {statement[:60]!r}")
        return value


Row = HumanEvalRow | MbppRow


def parse_rows(rows: Iterable[object], origin: str) -> Iterator[tuple[str, Row]]:
    """Each checked row and where it stands, for errors that are found later; lazily.

    Raises:
        RowError: a row is of neither schema, lacks a column or holds a wrong value, or a task occurs twice.
    """
    seen: dict[str, int] = {}
    for number, raw in enumerate(rows, 1):
        task = raw.get("task_id") if isinstance(raw, Mapping) else None
        where = f"{origin}: row {number} ({'no task_id' if task in (None, '') else task})"
        if not isinstance(raw, Mapping):
            raise RowError(f"{where}: expected an object with columns, found {type(raw).__name__}")
        row = _parse_row(raw, where)
        if row.task_id in seen:
            raise RowError(f"{where}: column 'task_id': occurs already in row {seen[row.task_id]}; every task must be listed once")
        seen[row.task_id] = number
        yield where, row


def _parse_row(raw: Mapping[str, Any], where: str) -> Row:
    known = {name: value for name, value in raw.items() if isinstance(name, str)}
    try:
        if "code" in known or "test_list" in known:
            return MbppRow.model_validate({**known, "text": known.get("text") or known.get("prompt")})
        return HumanEvalRow.model_validate(known)
    except ValidationError as error:
        raise RowError(f"{where}: {first_problem(error)}") from None
