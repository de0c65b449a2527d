"""A patch and a task in, a verdict out.

The patch passes the policy, then the cache, waits for a slot, runs in a fresh container, is judged, and has to fail a control run in a second one
before it counts as resolved. Where a slot is idle, that one begins as soon as the tests that the bug breaks have passed.
"""

import dataclasses
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Set
from concurrent.futures import Future
from contextlib import AbstractContextManager
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Self

from repair_sandbox import verdict
from repair_sandbox.backend import Backend, GuestReply
from repair_sandbox.errors import BrokenTask, InfrastructureError
from repair_sandbox.git_diff import DiffError
from repair_sandbox.guest_protocol import build_request, build_setup, guest_digest
from repair_sandbox.policy import PolicyVerdict, changed_paths, check_patch
from repair_sandbox.report import TestReport
from repair_sandbox.slots import Slots
from repair_sandbox.spec import TestSpec
from repair_sandbox.verdict_cache import VerdictCache, verdict_key

STARVED = 0.5
"""Share of its time on a processor under which a test run that timed out may have been kept waiting (or has slept)."""
BUSY_LOAD = 1.5
"""Load for each processor over which this machine keeps runs waiting."""

log = logging.getLogger(__name__)


class Sandbox:
    """Scores patches. Safe to use from many threads at once; `score` blocks until the machine has room."""

    def __init__(self, backend: Backend, cache: VerdictCache | None = None, slots: Slots | None = None) -> None:
        """`cache`: None for the usual folder; `slots`: None for what this machine carries."""
        self.backend = backend
        self.cache = cache or VerdictCache()
        self.slots = slots or Slots()
        self._secret = secrets.token_hex(16)

    @classmethod
    def docker(cls, url: str | None = None, cache_folder: Path | None = None, slots: int | None = None, standby: int | None = None) -> Self:
        """On a container engine.

        Args:
            url: the engine's socket; None follows DOCKER_HOST.
            cache_folder: where verdicts are kept; None for the usual folder.
            slots: scorings at once on this machine; None for what it carries.
            standby: most containers that wait ahead of need; None for one per slot.
        """
        from repair_sandbox.docker_backend import DockerBackend  # the SDK takes half a second to load

        bound = Slots(slots)
        backend = DockerBackend(url, standby=bound.count if standby is None else standby)
        return cls(backend, VerdictCache(cache_folder), bound)

    def prepare(self, spec: TestSpec) -> None:
        """Say that a score of `spec` will be wanted soon (a rollout began), so that a container may be made ahead."""
        self.backend.prepare(spec.image, build_setup(spec), spec.limits)

    def score(self, spec: TestSpec, patch: str, stop_at_first_failure: bool = True, control_run: bool = True) -> TestReport:
        """The verdict on `patch`, a unified git diff of any provenance.

        Args:
            stop_at_first_failure: stop as soon as the patch cannot be `resolved` any more, leaving the other tests `not_run`.
            control_run: let a passing patch also face tests that must fail, in a second container.

        Raises:
            InfrastructureError: no verdict was reached and the patch is not to blame.
        """
        allowed = self._check(spec, patch)
        if not allowed.patch:
            outcome = verdict.no_verdict_needed(allowed)
            return dataclasses.replace(outcome, stripped=allowed.stripped)
        control_run = control_run and spec.runner != "defects4j"
        mode = f"{stop_at_first_failure} {control_run}"
        key = verdict_key(self.backend.digest(spec.image), spec.identity, allowed.patch, mode, guest_digest())
        report = self.cache.get_or_run(key, partial(self._score, spec, allowed.patch, stop_at_first_failure, control_run))
        return dataclasses.replace(report, stripped=allowed.stripped)

    def close(self) -> None:
        """Remove what stands by. The sandbox is not used after."""
        self.backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _check(self, spec: TestSpec, patch: str) -> PolicyVerdict:
        try:
            return check_patch(patch, changed_paths(spec.test_patch), changed_paths(spec.gold_patch))
        except DiffError as error:
            raise BrokenTask(f"{spec.instance_id}: the task's gold or test patch cannot be read: {error}") from error

    def _score(self, spec: TestSpec, patch: str, stop_at_first_failure: bool, control_run: bool) -> TestReport:
        run = partial(self._run, spec, patch, stop_at_first_failure, control_run)
        report = run(self.slots.hold(spec.instance_id))
        if report.outcome == "test_timeout" and report.cpu_s < STARVED * spec.limits.tests_s and machine_is_busy():
            log.info("%s: timed out after %.0f s of processor time; once more with the machine to itself", spec.instance_id, report.cpu_s)
            report = run(self.slots.hold_all())
        return report

    def _run(self, spec: TestSpec, patch: str, stop_at_first_failure: bool, control_run: bool, slot: AbstractContextManager[None]) -> TestReport:
        queued = time.monotonic()
        with slot:
            begun = time.monotonic()
            digest = self.backend.digest(spec.image)
            request = build_request(spec, patch, stop_at_first_failure=stop_at_first_failure)
            try:
                ahead = _Ahead(self.slots, partial(self._control_faults, spec, patch, self._arrangement(spec, 0))) if control_run else None
                reply = self.backend.run(spec.image, request, spec.limits, followed=True, on_stage=ahead.on_stage if ahead else None)
                report = verdict.judge(spec, reply.result)
                if verdict.only_skips(spec, report):
                    report = verdict.judge(spec, reply.result, self._skipped_by_gold(spec))
                judged = time.monotonic()
                if report.resolved and ahead:
                    report = self._control(spec, patch, report, ahead)
            except InfrastructureError as error:
                raise type(error)(f"{spec.instance_id}: {error}") from error
            control_s = time.monotonic() - judged
        stages_s = {"queue": begun - queued, **_stages(reply), "control": control_s}
        return dataclasses.replace(report, stages_s=stages_s, attempts=reply.attempts, image_digest=digest)

    def _control(self, spec: TestSpec, patch: str, report: TestReport, ahead: "_Ahead") -> TestReport:
        """The report unless the patch also passes tests that the human fix fails, or fails them as they are beside those."""
        caught: tuple[str, ...] = ()
        for throw in range(2):  # the second time for a flaky test; who forges by chance gains nothing from another throw of the same dice
            arrangement = self._arrangement(spec, throw)
            caught = self._control_faults(spec, patch, arrangement) if throw else ahead.faults()
            if caught:  # a check that sees nothing; a test that leaves something behind for a copy of itself: so it is with the human fix
                caught = _without(caught, self._gold_faults(spec, arrangement))
            if not caught:
                return report
            if not all(fault.endswith(verdict.AS_IT_IS) for fault in caught):
                break
        forged = [fault for fault in caught if not fault.endswith(verdict.AS_IT_IS)]
        reason = f"{len(forged)} tests with changed expectations pass as well, the first {forged[0]}" if forged else ""
        reason = reason or f"beside tests with changed expectations, {caught[0]} fails"
        return dataclasses.replace(report, outcome="tests_failed", reason=reason, tampering=caught)

    def _arrangement(self, spec: TestSpec, throw: int) -> str:
        return sha256(f"{self._secret} {spec.identity} {throw}".encode()).hexdigest()

    def _skipped_by_gold(self, spec: TestSpec) -> Set[str]:
        """The tests that the human fix skips, found out once."""

        def run() -> TestReport:
            reply = self.backend.run(spec.image, build_request(spec, spec.gold_patch, stop_at_first_failure=False), spec.limits)
            return verdict.judge(spec, reply.result)

        key = verdict_key(self.backend.digest(spec.image), spec.identity, "gold run", "", guest_digest())
        return {name for name, status in self.cache.get_or_run(key, run).pass_to_pass.items() if status == "skipped"}

    def _gold_faults(self, spec: TestSpec, arrangement: str) -> tuple[str, ...]:
        """The faults of the human fix itself, found out once."""
        key = verdict_key(self.backend.digest(spec.image), spec.identity, "gold control", arrangement, guest_digest())

        def run() -> TestReport:
            return TestReport("tests_failed", tampering=self._control_faults(spec, spec.gold_patch, arrangement))

        return self.cache.get_or_run(key, run).tampering

    def _control_faults(self, spec: TestSpec, patch: str, arrangement: str) -> tuple[str, ...]:
        reply = self.backend.run(spec.image, build_request(spec, patch, control=True, arrangement=arrangement), spec.limits)
        return verdict.control_faults(spec, reply.result)


class _Ahead:
    """A control run that begins before the first run has ended: when what the bug broke works, and a slot is idle."""

    def __init__(self, slots: Slots, run: Callable[[], tuple[str, ...]]) -> None:
        self._slots = slots
        self._run = run
        self._begun: Future[tuple[str, ...]] | None = None

    def on_stage(self, stage: str) -> None:
        if stage != "fixed" or self._begun or (release := self._slots.hold_idle()) is None:
            return
        self._begun = Future()
        threading.Thread(target=self._work, args=(self._begun, release), name="control run", daemon=True).start()

    def faults(self) -> tuple[str, ...]:
        """What it found, or a control run finds that begins now.

        Raises:
            InfrastructureError: no verdict.
        """
        return self._begun.result() if self._begun else self._run()

    def _work(self, future: "Future[tuple[str, ...]]", release: Callable[[], None]) -> None:
        try:
            future.set_result(self._run())
        except BaseException as error:  # for whoever asks; nobody does after a first run that failed
            future.set_exception(error)
        finally:
            release()


def _without(faults: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(fault for fault in faults if fault not in others)


def machine_is_busy() -> bool:
    """Whether more has wanted to run on this machine, over the last minute or five, than it can carry."""
    return max(os.getloadavg()[:2]) > BUSY_LOAD * (os.cpu_count() or 1)


def _stages(reply: GuestReply) -> dict[str, float]:
    inside: dict[str, float] = reply.result.get("stages_s", {})
    apply_s = inside.get("tree", 0.0) + inside.get("apply", 0.0)
    java: dict[str, float] = {name: inside[name] for name in ("compile", "trigger_tests", "relevant_tests") if name in inside}
    return {"start": reply.start_s, "apply": apply_s, "install": inside.get("install", 0.0), **java, "tests": inside.get("tests", 0.0)}
