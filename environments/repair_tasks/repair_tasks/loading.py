"""Where rows come from: the bundled corpus, a local file, or a Hugging Face dataset."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from repair_corpus import corpus_rows

from repair_tasks.rows import BugRow, RowError, parse_rows

BUNDLED = "bundled"


class DatasetError(ValueError):
    """A dataset cannot be read: the message says which, why and what to do."""


def load_rows(dataset: str, split: str) -> Iterator[BugRow]:
    """The checked rows of `dataset`: `"bundled"`, the path of a .jsonl, .json or .parquet file, or a Hugging Face name (read as a stream).

    Raises:
        DatasetError: the file or the hub dataset cannot be read.
        RowError: a row of it is bad.
    """
    if dataset == BUNDLED:
        return parse_rows(corpus_rows(), "bundled corpus")
    path = Path(dataset).expanduser()
    if path.suffix in LOCAL_SUFFIXES:
        return parse_rows(local_rows(path), str(path))
    if path.exists():
        raise DatasetError(f"{path}: expected a {', '.join(LOCAL_SUFFIXES)} file")
    return parse_rows(hub_rows(dataset, split), f"{dataset} ({split})")


def local_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a file with one of `LOCAL_SUFFIXES`, not checked.

    Raises:
        DatasetError: there is no such file; later, it cannot be read.
        RowError: later, a line of it is not JSON.
    """
    if not path.is_file():
        raise DatasetError(f"{path}: no such file")
    return _READERS[path.suffix](path)


def _jsonl_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if line.strip():
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise RowError(f"{path}: line {number} is not JSON: {error}") from None


def _json_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path}: not readable as JSON: {error}") from None
    if not isinstance(rows, list):
        raise DatasetError(f"{path}: expected a JSON array of rows, found {type(rows).__name__}")
    yield from rows


def _parquet_rows(path: Path) -> Iterator[Mapping[str, Any]]:
    import pyarrow
    import pyarrow.parquet

    try:
        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(batch_size=64):
            yield from batch.to_pylist()
    except (pyarrow.ArrowException, OSError) as error:
        raise DatasetError(f"{path}: not readable as parquet: {error}") from None


_READERS = {".jsonl": _jsonl_rows, ".json": _json_rows, ".parquet": _parquet_rows}
LOCAL_SUFFIXES = tuple(_READERS)


def hub_rows(dataset: str, split: str, subset: str | None = None, suffixes: Sequence[str] = LOCAL_SUFFIXES) -> Iterator[Mapping[str, Any]]:
    """The rows of a Hugging Face dataset, read as a stream, not checked.

    Args:
        subset: its configuration; None for the default.
        suffixes: of the local files that would do in its place, for the error.

    Raises:
        DatasetError: it cannot be read.
    """
    import datasets

    try:
        yield from datasets.load_dataset(dataset, subset, split=split, streaming=True)
    except (OSError, ValueError, ConnectionError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DatasetError(
            f"dataset {dataset!r}, subset {subset or 'default'!r}, split {split!r}: cannot be read from the Hugging Face hub "
            f"({type(error).__name__}: {reason}). Check the names, and that this machine reaches the hub (HF_ENDPOINT, proxy); or download it "
            f"elsewhere and pass the path of its {' or '.join(suffixes)} file; {BUNDLED!r} needs no network"
        ) from error
