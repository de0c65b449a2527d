"""examples/eval/timeline.py on traces of the shape that vf-eval writes."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "examples" / "eval"))
from timeline import read_traces, timeline

SPANS = ("boot", "setup", "agent", "finalize", "scoring")


def trace(key: str, ok: bool = True, report: dict[str, Any] | None = None, **spans: tuple[float, float]) -> dict[str, Any]:
    """One whose rollout began at 100 s and came to the stages of `spans`."""
    timing = {name: dict(zip(("start", "end"), spans.get(name, (0.0, 0.0)), strict=True)) for name in SPANS}
    info = {"repair": report} if report else {}
    return {"task": {"key": key}, "ok": ok, "timing": {"start": 100.0, **timing}, "info": info, "metrics": {"memory_mb": 30.0} if report else {}}


def verdict_of(key: str, reply_end: float, verdict: float, tests_s: float, cached: bool = False) -> dict[str, Any]:
    """One that wrote from 100 s on, and whose tests ran before its verdict."""
    stages_s = {"queue": 1.0, "start": 0.5, "apply": 0.5, "tests": tests_s - 1.0}
    return trace(key, report={"stages_s": stages_s, "cached": cached}, agent=(100.0, reply_end), scoring=(reply_end, verdict))


def test_shares_are_those_of_the_wall_time() -> None:
    run = timeline([verdict_of("a", reply_end=110.0, verdict=130.0, tests_s=15.0), trace("b", agent=(100.0, 120.0), scoring=(120.0, 120.0))])
    assert run.wall_s == 30.0
    assert run.seconds() == {"writing alone": 15.0, "tests alone": 10.0, "both at once": 5.0, "neither": 0.0}
    assert "2 rollouts in 30.0 s: 0.1 a second; 0 errors" in str(run)


def test_equal_replies_share_the_one_run_of_their_tests() -> None:
    first, waited, known = (verdict_of("a", end, verdict, 10.0) for end, verdict in ((105.0, 120.0), (110.0, 120.0), (125.0, 125.0)))
    other, cached = verdict_of("b", 105.0, 140.0, 10.0), verdict_of("c", 105.0, 106.0, 10.0, cached=True)
    run = timeline([known, other, cached, waited, first])
    assert [(span.start, span.end) for span in run.testing] == [(110.0, 120.0), (130.0, 140.0)]


def test_an_outage_before_the_first_request() -> None:
    run = timeline([trace("a", ok=False, boot=(100.0, 100.0), setup=(100.0, 104.0)) for _ in range(2)])
    assert (run.errors, run.wall_s, run.writing, run.testing) == (2, 4.0, [], [])
    assert run.seconds()["neither"] == 4.0


def test_a_rollout_that_never_began() -> None:
    assert "1 rollouts in 0.0 s" in str(timeline([trace("a", ok=False)]))


@pytest.mark.parametrize("break_", ["\u2028", "\u2029", "\x85"], ids=ascii)
def test_texts_may_hold_other_line_ends(tmp_path: Path, break_: str) -> None:
    rows = [{"traces": [trace(f"a{break_}b")]}, {"traces": []}]
    (tmp_path / "traces.jsonl").write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    assert [one["task"]["key"] for one in read_traces(tmp_path)] == [f"a{break_}b"]
