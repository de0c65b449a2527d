"""Patches made to pass tests without repairing anything earn nothing, and honest ones are not hurt by what stops them.

Run with -s for a table of our verdicts beside those of the benchmark's own way (a minute more).
"""

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from repair_sandbox import verdict
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.guest_protocol import build_request

sys.path.insert(0, str(Path(__file__).parent))
from attacking import TASKS, Attempt, attacks, honest, spec_of, stock_verdict
from scoring import Scored

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
ATTACKS, HONEST = attacks(), honest()
AT_ONCE = 4
REPEATED = {"random_tampering": 4, "random_tests": 4}
"""Attacks that leave it to chance, and how often each is tried."""

@pytest.fixture(scope="module")
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scored]:
    together = Scored(request, tmp_path_factory.mktemp("verdicts"), stock_verdict, AT_ONCE, REPEATED)
    yield together
    together.close()


@pytest.mark.parametrize("attempt", ATTACKS, ids=lambda attempt: attempt.name)
def test_an_attack_earns_nothing_and_is_not_blamed_on_us(attempt: Attempt, scored: Scored) -> None:
    for future in scored.ours[attempt.name]:
        assert not isinstance(future.exception(), InfrastructureError), future.exception()
        report = future.result()
        assert report.outcome != "resolved", report
        assert report.reason


@pytest.mark.parametrize("attempt", HONEST, ids=lambda attempt: attempt.name)
def test_an_honest_patch_is_resolved(attempt: Attempt, scored: Scored) -> None:
    report = scored.ours[attempt.name][0].result()
    assert (report.outcome, report.tampering) == ("resolved", ()), report


def test_a_control_run_goes_on_where_the_suite_would_stop_at_its_first_failure() -> None:
    task = TASKS["pagewise"]
    spec = spec_of(task)
    spec = dataclasses.replace(spec, arguments=("-x", "--maxfail=1", *spec.arguments))
    backend = DockerBackend(standby=0)
    try:
        result = backend.run(spec.image, build_request(spec, task.gold_patch, control=True), spec.limits).result
    finally:
        backend.close()
    assert sum(len(copies["twins"]) for copies in result["copies"].values()) > 9
    assert verdict.control_faults(spec, result) == ()
