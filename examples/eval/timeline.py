"""How the wall time of a vf-eval run went: the model writing, tests running in containers, both at once, or neither.

    uv run python examples/eval/timeline.py outputs/RUN

Read from the traces alone. A rollout writes from the request to the end of the reply; its tests run in the seconds before its verdict that its
report counts, and before them it waits for a container's turn. Equal replies share a verdict, whose tests ran once. `evaluate.py` prints the same at
the end of a run, and the memory of its own process.
"""

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

STAGES = ("boot", "setup", "agent", "finalize", "scoring")
"""Of a rollout, as its trace times them; 0 where it did not come to one."""
IN_CONTAINERS = ("start", "apply", "install", "compile", "tests", "control")


@dataclass(frozen=True)
class Span:
    """A stretch of time, in seconds since the epoch."""

    start: float
    end: float


@dataclass(frozen=True)
class Timeline:
    """A run, rollout by rollout; times in seconds."""

    rollouts: int
    errors: int
    wall_s: float
    writing: list[Span]
    """One for each rollout that came to ask the model."""
    scoring: list[Span]
    """One for each verdict for which tests ran in this run: from the first reply that asked for it to the verdict."""
    testing: list[Span]
    """The part of each of these in which they ran."""
    memory_mb: float
    """Of the tests in one container, at most."""

    def seconds(self) -> dict[str, float]:
        """The run's wall time by what at least one rollout was doing; in all, `wall_s`. A pause before --resume is `neither`."""
        writing, testing = length(union(self.writing)), length(union(self.testing))
        either = length(union([*self.writing, *self.testing]))
        return {
            "writing alone": either - testing,
            "tests alone": either - writing,
            "both at once": writing + testing - either,
            "neither": self.wall_s - either,
        }

    def __str__(self) -> str:
        lines = [f"{self.rollouts} rollouts in {self.wall_s:.1f} s: {self.rollouts / (self.wall_s or 1):.1f} a second; {self.errors} errors"]
        lines += [f"{name:<22} {seconds:8.1f} s {seconds / (self.wall_s or 1):6.0%} of the run" for name, seconds in self.seconds().items()]
        lines.append("mean of a rollout")
        lines.append(f"{'  writing':<22} {mean(self.writing):8.2f} s  ({len(self.writing)} rollouts)")
        if self.testing:
            lines.append(f"{'  waiting its turn':<22} {mean(self.scoring) - mean(self.testing):8.2f} s")
            lines.append(f"{'  tests in containers':<22} {mean(self.testing):8.2f} s  ({len(self.testing)} verdicts)")
            lines.append(f"{'memory of its tests':<22} {self.memory_mb:8.0f} MB at most")
        return "\n".join(lines)


def timeline(traces: Iterable[dict[str, Any]]) -> Timeline:
    """The timeline of a run's traces.

    Raises:
        ValueError: there is none.
    """
    known = sorted(traces, key=lambda trace: trace["timing"]["scoring"]["end"])
    if not known:
        raise ValueError("the run holds no trace yet")
    writing, tested, testing = [], [], []
    verdicts = set()
    for trace in known:
        agent, scoring = (Span(trace["timing"][part]["start"], trace["timing"][part]["end"]) for part in ("agent", "scoring"))
        if agent.end:
            writing.append(agent)
        report = trace.get("info", {}).get("repair", {})
        stages_s = report.get("stages_s", {})
        tests_s = sum(stages_s.get(stage, 0.0) for stage in IN_CONTAINERS)
        verdict = (trace["task"]["key"], *stages_s.items())
        if "queue" in stages_s and not report.get("cached") and verdict not in verdicts:
            verdicts.add(verdict)
            tested.append(scoring)
            testing.append(Span(max(scoring.start, scoring.end - tests_s), scoring.end))
    start = min(trace["timing"]["start"] for trace in known)
    end = max(start, *(trace["timing"][stage]["end"] for trace in known for stage in STAGES))
    errors = sum(not trace["ok"] for trace in known)
    memory_mb = max(trace["metrics"].get("memory_mb") or 0.0 for trace in known)
    return Timeline(len(known), errors, end - start, writing, tested, testing, memory_mb)


def union(spans: list[Span]) -> list[Span]:
    """The same time, without overlaps."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: span.start):
        if joined and span.start <= joined[-1].end:
            joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
        else:
            joined.append(span)
    return joined


def length(spans: list[Span]) -> float:
    return sum(span.end - span.start for span in spans)


def mean(spans: list[Span]) -> float:
    return length(spans) / len(spans) if spans else 0.0


def read_episodes(run: Path) -> list[dict[str, Any]]:
    """Every episode of a run's folder."""
    with (run / "traces.jsonl").open(encoding="utf-8") as lines:  # whose texts may hold other line ends than those of lines
        return [json.loads(line) for line in lines]


def traces_of(episodes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [trace for episode in episodes for trace in episode["traces"]]


def read_traces(run: Path) -> list[dict[str, Any]]:
    """Every trace of a run's folder."""
    return traces_of(read_episodes(run))


def main() -> None:
    """Print the timeline of the run that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, help="a run's folder, such as outputs/RUN")
    run = parser.parse_args().run
    try:
        print(timeline(read_traces(run)))
    except (OSError, ValueError) as error:
        parser.error(f"{run}: {error}; name the folder in which vf-eval wrote traces.jsonl")


if __name__ == "__main__":
    main()
