"""Java patches made to pass tests without repairing anything earn nothing, and honest ones are not hurt by what stops them.

Run with -s for a table of our verdicts beside those of the usual way, which takes an exit status of 0 and an empty list of failing tests for a pass.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from repair_sandbox.errors import InfrastructureError

sys.path.insert(0, str(Path(__file__).parent))
from attacking_java import IMAGE, JavaAttempt, attacks, honest, stock_verdict
from scoring import Scored

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]
ATTACKS, HONEST = attacks(), honest()
AT_ONCE = 2
REPEATED = {"random_answers": 4}
"""Attacks that leave it to chance, and how often each is tried."""


@pytest.fixture(scope="module")
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scored]:
    try:
        docker.from_env(timeout=10).images.get(IMAGE)
    except docker.errors.ImageNotFound:
        pytest.skip(f"there is no image {IMAGE}: build it with `repair images build`")
    except docker.errors.DockerException:
        pytest.skip("no container engine answers")
    together = Scored(request, tmp_path_factory.mktemp("verdicts"), stock_verdict, AT_ONCE, REPEATED)
    yield together
    together.close()


@pytest.mark.parametrize("attempt", ATTACKS, ids=lambda attempt: attempt.name)
def test_an_attack_earns_nothing_and_is_not_blamed_on_us(attempt: JavaAttempt, scored: Scored) -> None:
    for future in scored.ours[attempt.name]:
        assert not isinstance(future.exception(), InfrastructureError), future.exception()
        report = future.result()
        assert report.outcome != "resolved", report
        assert report.reason


@pytest.mark.parametrize("attempt", HONEST, ids=lambda attempt: attempt.name)
def test_an_honest_patch_is_resolved(attempt: JavaAttempt, scored: Scored) -> None:
    report = scored.ours[attempt.name][0].result()
    assert (report.outcome, report.tampering) == ("resolved", ()), report
