"""What an execution backend offers: one call that runs one request in a place of its own and hands back what its PID 1 said.

A backend is one module (`docker_backend.py`, `local.py`); tests/sandbox/test_conformance.py is what each must pass.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from repair_sandbox.limits import Limits


@dataclass(frozen=True)
class GuestReply:
    """The supervisor's final word on a request, authenticated by the request's nonce."""

    result: dict[str, Any]
    """The result object (see `guest/supervisor.py`)."""
    start_s: float
    """Seconds until the request was in the supervisor's hands."""
    attempts: int = 1
    """Containers tried, 1 unless the engine failed some."""


class Backend(Protocol):
    """Runs requests. Safe to call from many threads at once; bounds nothing itself."""

    @property
    def isolates(self) -> bool:
        """Whether what runs there is kept from this machine's files, processes and network."""
        ...

    def digest(self, image: str) -> str:
        """Content id of `image`.

        Raises:
            ImageMissing, EngineUnavailable, EngineError.
        """
        ...

    def prepare(self, image: str, setup: Mapping[str, Any], limits: Limits, count: int = 1) -> None:
        """Have `count` places more for requests of `image` standing by, made in the background; a hint, dropped where enough stand by.

        `setup`: what those requests will have in common (`guest_protocol.build_setup`).
        """
        ...

    def run(
        self, image: str, request: dict[str, Any], limits: Limits, followed: bool = False, on_stage: Callable[[str], None] | None = None
    ) -> GuestReply:
        """Run one request in a fresh place and remove the place.

        `followed` says that a run of the same kind is likely to come after it (a control run, the next patch): a place for that is made meanwhile.
        `on_stage` hears, where the place can tell, of each stage that begins, from another try again; it must not block.

        A container that its tests drove out of memory gives a reply with status `resource_limit`.

        Raises:
            InfrastructureError: no verdict, and the tests are not to blame.
        """
        ...

    def close(self) -> None:
        """Remove every place that is still there."""
        ...
