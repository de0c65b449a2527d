"""Verdicts kept on disk, shared between concurrent calls, and never kept when another run might end otherwise."""

import dataclasses
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from repair_sandbox import verdict_cache
from repair_sandbox.errors import EngineUnavailable, GuestLost
from repair_sandbox.report import Outcome, TestReport
from repair_sandbox.verdict_cache import VerdictCache, cache_folder, verdict_key

REPORT = TestReport(
    "tests_failed",
    "FAIL_TO_PASS a: failed",
    {"a": "failed"},
    {"b": "passed", "c": "not_run"},
    {"tests": 1.5},
    exit_code=1,
    log_tail="caf\u00e9 \udcff\n",
    apply_rung="exact",
    stripped=("tests/test_a.py",),
    tampering=("x", "y"),
    memory_mb=12.5,
    cpu_s=0.25,
    image_digest="sha256:1",
    attempts=2,
)


class Runs:
    """Counts how often it is called; each call gives the report or raises the error."""

    def __init__(self, given: TestReport | BaseException = REPORT, wait_for: threading.Event | None = None) -> None:
        self.given, self.wait_for, self.count = given, wait_for, 0

    def __call__(self) -> TestReport:
        self.count += 1
        if self.wait_for is not None:
            assert self.wait_for.wait(30)
        if isinstance(self.given, BaseException):
            raise self.given
        return self.given


def test_a_verdict_comes_back_whole_in_another_process_too(tmp_path: Path) -> None:
    assert VerdictCache(tmp_path).get_or_run("k1", Runs()) == REPORT
    again = Runs()
    assert VerdictCache(tmp_path).get_or_run("k1", again) == dataclasses.replace(REPORT, cached=True)
    assert again.count == 0
    assert VerdictCache(tmp_path).get_or_run("k2", again) == REPORT


@pytest.mark.parametrize(
    ("outcome", "kept"),
    [
        ("resolved", True),
        ("tests_failed", True),
        ("apply_failed", True),
        ("patch_rejected", True),
        ("test_timeout", False),
        ("resource_limit", False),
    ],
)
def test_what_is_kept(tmp_path: Path, outcome: Outcome, kept: bool) -> None:
    cache, runs = VerdictCache(tmp_path), Runs(TestReport(outcome))
    cache.get_or_run("k", runs)
    assert cache.get_or_run("k", runs).cached is kept
    assert runs.count == (1 if kept else 2)


def test_an_infrastructure_error_is_not_kept(tmp_path: Path) -> None:
    cache = VerdictCache(tmp_path)
    with pytest.raises(EngineUnavailable):
        cache.get_or_run("k", Runs(EngineUnavailable("gone")))
    assert cache.get_or_run("k", Runs()) == REPORT


STRANGE_FIELD = '{"outcome": "resolved", "unknown": 1, "stripped": [], "tampering": []}'


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"outcome": "resolved"}', STRANGE_FIELD])
def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, content: str) -> None:
    cache = VerdictCache(tmp_path)
    cache.get_or_run("k1", Runs())
    (path,) = tmp_path.rglob("*.json")
    path.write_text(content)
    runs = Runs()
    assert cache.get_or_run("k1", runs) == REPORT
    assert runs.count == 1
    assert cache.get_or_run("k1", runs).cached, "the damaged file is replaced"


def test_concurrent_identical_requests_share_one_run(tmp_path: Path) -> None:
    cache, release = VerdictCache(tmp_path), threading.Event()
    runs = Runs(TestReport("test_timeout"), wait_for=release)  # not kept, so every later call would run
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(cache.get_or_run, "k", runs) for _ in range(16)]
        time.sleep(0.2)
        release.set()
        reports = [call.result(30) for call in calls]
    assert runs.count == 1
    assert sorted(report.cached for report in reports) == [False] + [True] * 15


@pytest.mark.parametrize(
    ("error", "seen"), [(EngineUnavailable("gone"), EngineUnavailable), (KeyboardInterrupt(), GuestLost)], ids=["fault", "Ctrl-C"]
)
def test_those_that_wait_hear_of_a_failure(tmp_path: Path, error: BaseException, seen: type[BaseException]) -> None:
    cache, release = VerdictCache(tmp_path), threading.Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(cache.get_or_run, "k", Runs(error, wait_for=release))
        time.sleep(0.1)
        second = pool.submit(cache.get_or_run, "k", Runs())
        time.sleep(0.1)
        release.set()
        with pytest.raises(type(error)):
            first.result(30)
        with pytest.raises(seen):
            second.result(30)
    assert cache.get_or_run("k", Runs()) == REPORT


def test_a_folder_that_cannot_be_written_costs_no_verdict(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    runs = Runs()
    cache = VerdictCache(blocked / "verdicts")
    assert [cache.get_or_run("k", runs), cache.get_or_run("k", runs)] == [REPORT, REPORT]
    assert runs.count == 2


def test_no_half_written_file_is_ever_seen(tmp_path: Path) -> None:
    caches = [VerdictCache(tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        reports = [report for _ in range(20) for report in pool.map(lambda cache: cache.get_or_run("one", Runs()), caches)]
    assert {dataclasses.replace(report, cached=False) == REPORT for report in reports} == {True}
    assert [path.suffix for path in tmp_path.rglob("*") if path.is_file()] == [".json"]


def test_what_was_not_asked_for_the_longest_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = VerdictCache(tmp_path)
    cache.get_or_run("aa1", Runs())
    (first,) = tmp_path.rglob("*.json")
    size = first.stat().st_size
    monkeypatch.setattr(verdict_cache, "FOLDER_BYTES", 5 * size)
    for number, key in enumerate(["aa1", "aa2", "aa3", "aa4", "bb1"]):
        cache.get_or_run(key, Runs())
        os.utime(tmp_path / key[:2] / f"{key}.json", (number, number))
    (tmp_path / "aa" / ".left-behind").write_text("x" * size)
    os.utime(tmp_path / "aa" / ".left-behind", (0, 0))
    assert cache.get_or_run("aa2", Runs(GuestLost("not run"))).cached
    cache.get_or_run("aa0", Runs())
    cache.get_or_run("aa00", Runs())
    kept = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {"aa2.json", "aa3.json", "aa4.json", "aa0.json", "aa00.json", "bb1.json"}
    many = [VerdictCache(tmp_path) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda number: many[number % 8].get_or_run(f"aa0-{number}", Runs()), range(400)))
    assert reports == [REPORT] * 400
    assert sum(path.stat().st_size for path in (tmp_path / "aa").iterdir()) <= 5 * size + 8 * 2 * size


def test_keys_tell_apart_what_differs() -> None:
    keys = {verdict_key(*parts) for parts in [("a", "b"), ("ab", ""), ("", "ab"), ("a", "b", ""), ("a", "\udcff"), ("a", "\u00ff")]}
    assert len(keys) == 6
    assert all(len(key) == 64 for key in keys)


def test_folder_follows_the_users_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "repair-envs" / "verdicts"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache_folder() == Path.home() / ".cache" / "repair-envs" / "verdicts"
