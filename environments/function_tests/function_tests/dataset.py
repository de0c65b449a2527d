"""Where problems come from: the bundled ones, a local file, or a Hugging Face dataset."""

import sys
from collections.abc import Iterator
from pathlib import Path

from repair_corpus import PYTHON_IMAGE
from repair_tasks import RowError
from repair_tasks.loading import BUNDLED, DatasetError, hub_rows, local_rows

from function_tests.checks import SOLUTION, imported_modules
from function_tests.problem import FunctionProblem, bundled_problem, humaneval_problem, mbpp_problem
from function_tests.rows import HumanEvalRow, parse_rows

BUNDLED_FOLDER = Path(__file__).parent / "problems"
LOCAL_SUFFIXES = (".jsonl", ".parquet")


def load_problems(dataset: str, subset: str | None, split: str, image: str) -> Iterator[FunctionProblem]:
    """The problems of `dataset`: `"bundled"`, the path of a .jsonl or .parquet file, or a Hugging Face name.

    Raises:
        DatasetError: the file or the hub dataset cannot be read.
        RowError: a row of it is bad, or its tests need a package that `image` is known not to have.
    """
    if dataset == BUNDLED:
        yield from (bundled_problem(path.stem, path.read_text(encoding="utf-8")) for path in sorted(BUNDLED_FOLDER.glob("*.py")))
        return
    path = Path(dataset).expanduser()
    if path.suffix in LOCAL_SUFFIXES:
        rows, origin = local_rows(path), str(path)
    elif path.exists():
        raise DatasetError(f"{path}: expected a {' or '.join(LOCAL_SUFFIXES)} file")
    else:
        rows, origin = hub_rows(dataset, split, subset, LOCAL_SUFFIXES), f"{dataset} ({', '.join(filter(None, (subset, split)))})"
    for where, row in parse_rows(rows, origin):
        problem = humaneval_problem(row, where) if isinstance(row, HumanEvalRow) else mbpp_problem(row, where)
        _check_imports(problem, where, image)
        yield problem


def _check_imports(problem: FunctionProblem, where: str, image: str) -> None:
    """A test that cannot be imported would score 0, whatever the answer."""
    for part, text in (("tests import", problem.test_module), ("solution imports", problem.solution)):
        lacking = sorted(set(imported_modules(text)) - sys.stdlib_module_names - {SOLUTION.removesuffix(".py"), "pytest"})
        if lacking and image == PYTHON_IMAGE:
            raise RowError(
                f"{where}: its {part} {', '.join(lacking)}, which the image {image} does not have; build one that has it "
                f"(README, Packages) and name it with --env.taskset.image"
            )
