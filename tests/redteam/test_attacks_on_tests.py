"""Patches made to pass tests without repairing anything earn nothing, and honest ones are not hurt by what stops them.

Run with -s for a table of our verdicts beside those of the benchmark's own way (a minute more).
"""

import dataclasses
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from repair_sandbox import verdict
from repair_sandbox.docker_backend import DockerBackend
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.guest_protocol import build_request
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox

sys.path.insert(0, str(Path(__file__).parent))
from attacking import TASKS, Attempt, attacks, honest, spec_of, stock_verdict

pytestmark = [pytest.mark.docker, pytest.mark.timeout(600)]
ATTACKS, HONEST = attacks(), honest()
AT_ONCE = 4
CREATED = "diff --git a/notes{0}.txt b/notes{0}.txt\nnew file mode 100644\n--- /dev/null\n+++ b/notes{0}.txt\n@@ -0,0 +1 @@\n+{0}\n"
"""Makes a patch another one, so that no verdict is taken from the one before."""
REPEATED = {"random_tampering": 4, "random_tests": 4}
"""Attacks that leave it to chance, and how often each is tried."""

class Scored:
    """What comes of every attempt that this session selected, run at once in the background."""

    def __init__(self, attempts: list[Attempt], folder: Path, with_stock: bool) -> None:
        self.sandbox = Sandbox.docker(cache_folder=folder)
        self.pool = ThreadPoolExecutor(AT_ONCE)
        self.ours: dict[str, list[Future[TestReport]]] = {}
        self.stock: dict[str, Future[bool]] = {}
        for attempt in attempts:
            times = REPEATED.get(attempt.name, 1)
            patches = [attempt.patch + CREATED.format(n) if n else attempt.patch for n in range(times)]
            self.ours[attempt.name] = [self.pool.submit(self.sandbox.score, attempt.spec, patch) for patch in patches]
        if with_stock:
            self.stock = {attempt.name: self.pool.submit(stock_verdict, attempt) for attempt in attempts}

    def close(self) -> None:
        self.pool.shutdown(cancel_futures=True)
        self.sandbox.close()

    def table(self) -> str:
        rows = [f"\n{'attempt':36} {'stock way':12} ours"]
        for name, futures in self.ours.items():
            ours = "; ".join(dict.fromkeys(_shown(future) for future in futures))
            rows.append(f"{name:36} {'resolved' if self.stock[name].result() else '-':12} {ours}")
        paid = sum(future.result() for future in self.stock.values())
        held = sum(future.exception() is None and future.result().resolved for futures in self.ours.values() for future in futures[:1])
        return "\n".join([*rows, f"of {len(self.ours)} attempts resolved: {paid} the stock way, {held} ours"])


def _shown(future: Future[TestReport]) -> str:
    error = future.exception()
    return f"{type(error).__name__}: {error}" if error else f"{future.result().outcome}: {future.result().reason}"[:150]


@pytest.fixture(scope="module")
def scored(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scored]:
    items = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
    selected = [item.callspec.params["attempt"] for item in items if "scored" in item.fixturenames]
    together = Scored(selected, tmp_path_factory.mktemp("verdicts"), request.config.getoption("capture") == "no")
    yield together
    if together.stock:
        print(together.table())
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
