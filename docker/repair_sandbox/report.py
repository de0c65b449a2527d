"""What came of scoring one patch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal[
    "resolved", "tests_failed", "no_patch", "patch_rejected", "apply_failed", "compile_failed", "test_timeout", "resource_limit"
]
"""Every way a patch can end, all of them the policy's doing. Anything else raises `InfrastructureError`."""

TestStatus = Literal["passed", "failed", "error", "skipped", "xfailed", "missing", "repeated", "not_run"]
"""`missing`: never reported by a run that ended. `repeated`: reported more than once. `not_run`: the run stopped before it."""


@dataclass(frozen=True)
class TestReport:
    """A verdict on one patch and what it rests on."""

    __test__ = False

    outcome: Outcome
    reason: str = ""
    """One line for people: what decided the outcome."""
    fail_to_pass: Mapping[str, TestStatus] = field(default_factory=dict)
    """Status of each expected test; empty when no test ran."""
    pass_to_pass: Mapping[str, TestStatus] = field(default_factory=dict)
    stages_s: Mapping[str, float] = field(default_factory=dict)
    """Seconds by stage: queue, start, apply, install, tests, control; with JUnit also compile, and of the tests trigger_tests and relevant_tests."""
    exit_code: int | None = None
    """Of the test command; negative for a signal. None when it did not run to an end."""
    log_tail: str = ""
    """The end of the tests' output."""
    apply_rung: str = ""
    """How forgiving applying the patch had to be: `exact`, `whitespace`, `recount`, `fuzz`; empty when it was not applied."""
    stripped: tuple[str, ...] = ()
    """Protected paths whose edits were left out of the patch (tests, documentation of them)."""
    tampering: tuple[str, ...] = ()
    """What the control run or a tripwire found; empty for an honest patch."""
    memory_mb: float = 0.0
    """Peak resident memory of the largest test process."""
    cpu_s: float = 0.0
    """Processor time of the tests."""
    image_digest: str = ""
    cached: bool = False
    """Whether the verdict was taken from the cache or from a concurrent identical request."""
    attempts: int = 1
    """Containers tried, 1 unless infrastructure failed."""

    @property
    def resolved(self) -> bool:
        return self.outcome == "resolved"
