"""Scores every selected attempt in the background, by us and on request the usual way, and prints both."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol

import pytest
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec

CREATED = "diff --git a/notes{0}.txt b/notes{0}.txt\nnew file mode 100644\n--- /dev/null\n+++ b/notes{0}.txt\n@@ -0,0 +1 @@\n+{0}\n"
"""Makes a patch another one, so that no verdict is taken from the one before."""


class Scorable(Protocol):
    """A patch and what it is scored against."""

    @property
    def name(self) -> str: ...
    @property
    def spec(self) -> TestSpec: ...
    @property
    def patch(self) -> str: ...


class Scored:
    """What comes of every attempt that this session selected from a test file, run at once in the background."""

    def __init__(
        self,
        request: pytest.FixtureRequest,
        folder: Path,
        stock_verdict: Callable[[Any], bool],
        at_once: int,
        repeated: Mapping[str, int],
    ) -> None:
        """`repeated`: attacks that leave it to chance, and how often each is tried; the usual way is run too where pytest shows what is printed."""
        items = [item for item in request.session.items if item.path == request.path and isinstance(item, pytest.Function)]
        attempts: Sequence[Scorable] = [item.callspec.params["attempt"] for item in items if "scored" in item.fixturenames]
        self.sandbox = Sandbox.docker(cache_folder=folder)
        self.pool = ThreadPoolExecutor(at_once)
        self.ours: dict[str, list[Future[TestReport]]] = {}
        self.stock: dict[str, Future[bool]] = {}
        for attempt in attempts:
            patches = [attempt.patch + CREATED.format(n) if n else attempt.patch for n in range(repeated.get(attempt.name, 1))]
            self.ours[attempt.name] = [self.pool.submit(self.sandbox.score, attempt.spec, patch) for patch in patches]
        if request.config.getoption("capture") == "no":
            self.stock = {attempt.name: self.pool.submit(stock_verdict, attempt) for attempt in attempts}

    def close(self) -> None:
        """Print the table, if there is one, and end."""
        if self.stock:
            print(self.table())
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
