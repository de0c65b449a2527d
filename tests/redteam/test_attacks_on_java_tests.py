"""Java patches made to pass tests without repairing anything earn nothing, and honest ones are not hurt by what stops them.

Run with -s for a table of our verdicts beside those of the usual way, which takes an exit status of 0 and an empty list of failing tests for a pass.
"""

import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import docker
import pytest
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parent))
from attacking_java import IMAGE, JavaAttempt, attacks, honest, stock_verdict

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900)]
ATTACKS, HONEST = attacks(), honest()
AT_ONCE = 2
CREATED = "diff --git a/notes{0}.txt b/notes{0}.txt\nnew file mode 100644\n--- /dev/null\n+++ b/notes{0}.txt\n@@ -0,0 +1 @@\n+{0}\n"
"""Makes a patch another one, so that no verdict is taken from the one before."""
REPEATED = {"random_answers": 4}
"""Attacks that leave it to chance, and how often each is tried."""


class Scored:
    """What comes of every attempt that this session selected, run in the background."""

    def __init__(self, attempts: list[JavaAttempt], folder: Path, with_stock: bool) -> None:
        self.sandbox = Sandbox.docker(cache_folder=folder)
        self.pool = ThreadPoolExecutor(AT_ONCE)
        self.ours: dict[str, list[Future[TestReport]]] = {}
        for attempt in attempts:
            patches = [attempt.patch + CREATED.format(n) if n else attempt.patch for n in range(REPEATED.get(attempt.name, 1))]
            self.ours[attempt.name] = [self.pool.submit(self.sandbox.score, attempt.spec, patch) for patch in patches]
        self.stock: dict[str, Future[bool]] = {}
        if with_stock:
            self.stock = {attempt.name: self.pool.submit(stock_verdict, attempt) for attempt in attempts}

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)
        self.sandbox.close()

    def table(self) -> str:
        rows = [f"\n{'attempt':36} {'usual way':12} ours"]
        for name, futures in self.ours.items():
            ours = "; ".join(dict.fromkeys(_shown(future) for future in futures))
            rows.append(f"{name:36} {'resolved' if self.stock[name].result() else '-':12} {ours}")
        paid = sum(future.result() for future in self.stock.values())
        held = sum(future.exception() is None and future.result().resolved for futures in self.ours.values() for future in futures[:1])
        return "\n".join([*rows, f"of {len(self.ours)} attempts resolved: {paid} the usual way, {held} ours"])


def _shown(future: Future[TestReport]) -> str:
    error = future.exception()
    return f"{type(error).__name__}: {error}" if error else f"{future.result().outcome}: {future.result().reason}"[:150]


@pytest.fixture(scope="module")
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scored]:
    try:
        docker.from_env(timeout=10).images.get(IMAGE)
    except docker.errors.ImageNotFound:
        pytest.skip(f"there is no image {IMAGE}: build it with `repair images build`")
    except docker.errors.DockerException:
        pytest.skip("no container engine answers")
    items = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    selected = [item.callspec.params["attempt"] for item in items if "scored" in item.fixturenames]
    together = Scored(selected, tmp_path_factory.mktemp("verdicts"), request.config.getoption("capture") == "no")
    yield together
    if together.stock:
        print(together.table())
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
