"""Verdicts on disk, one JSON file per key, and one run for concurrent identical requests.

A verdict is kept only when running again would give the same: not when time or memory ran out, which depends on the machine, and never when no
verdict was reached. What was not asked for the longest makes room for new ones. To remove any file, or all, is safe at any time.
"""

import contextlib
import dataclasses
import hashlib
import json
import logging
import os
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from repair_sandbox.errors import GuestLost
from repair_sandbox.report import TestReport

log = logging.getLogger(__name__)

NOT_KEPT = ("test_timeout", "resource_limit")
FOLDER_BYTES = 4 * 1024**2
"""Bound on each of the 256 folders: 1 GB in all, some 200,000 verdicts."""
WRITING_S = 3600.0
"""After so long, a file that is not in place yet was left behind."""
LOOKS_AROUND = "0"
"""Third digit of the keys whose writing looks after the bound: one write in 16."""


def cache_folder() -> Path:
    """~/.cache/repair-envs/verdicts, or below XDG_CACHE_HOME."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "repair-envs" / "verdicts"


def verdict_key(*parts: str) -> str:
    """One key for everything that decides a verdict."""
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogateescape")).hexdigest()


class VerdictCache:
    """Safe to use from many threads and processes. A file that cannot be read is as good as none."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder`: None for `cache_folder()`; made when first needed."""
        self.folder = folder or cache_folder()
        self._lock = threading.Lock()
        self._running: dict[str, Future[TestReport]] = {}

    def get_or_run(self, key: str, run: Callable[[], TestReport]) -> TestReport:
        """The verdict kept under `key`; else that of a call with the same key that is running now; else that of `run()`, then kept.

        Raises:
            Whatever `run` raises, in every call that waited for it (`GuestLost` there when the running call was interrupted).
        """
        with self._lock:
            running = self._running.get(key)
            if running is None:
                ours: Future[TestReport] = Future()
                self._running[key] = ours
        if running is not None:
            return dataclasses.replace(running.result(), cached=True)
        try:
            report = self._read(key)
            if report is None:
                report = run()
                if report.outcome not in NOT_KEPT:
                    self._write(key, report)
            ours.set_result(report)
            return report
        except BaseException as error:
            ours.set_exception(error if isinstance(error, Exception) else GuestLost("the call that ran this patch was interrupted"))
            raise
        finally:
            with self._lock:
                del self._running[key]

    def _read(self, key: str) -> TestReport | None:
        try:
            values = json.loads(self._path(key).read_text("utf-8"))
            values.update({name: tuple(values[name]) for name in ("stripped", "tampering")})
            report = TestReport(**{**values, "cached": True})
            with contextlib.suppress(OSError):  # others may have filled this folder
                os.utime(self._path(key))
            return report
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _write(self, key: str, report: TestReport) -> None:
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".", delete=False) as file:
                json.dump(dataclasses.asdict(report), file)
            os.replace(file.name, path)
            if key[2:].startswith(LOOKS_AROUND):
                _prune(path.parent)
        except OSError as error:  # a full disk costs another run, not this verdict
            log.warning("%s: the verdict is not kept: %s", path, error)

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.json"


def _prune(folder: Path) -> None:
    """Remove files that were not asked for the longest until the rest keeps to the bound. Other processes may do the same."""
    found: list[tuple[float, int, Path]] = []
    for path in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            if path.suffix == ".json" or status.st_mtime < time.time() - WRITING_S:
                found.append((status.st_mtime, status.st_size, path))
    excess = sum(size for _, size, _ in found) - FOLDER_BYTES
    for _, size, path in sorted(found):
        if excess <= 0:
            return
        path.unlink(missing_ok=True)
        excess -= size
