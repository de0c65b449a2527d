"""Requests in a temporary folder of this machine: limits, but NO ISOLATION.

What runs here runs as you: it can read your files and use your network. It is for the bundled corpus, whose code this project wrote, and for
nothing else; never run a model's patch here. Limits bound accidents (a loop, a runaway allocation, endless output), not malice.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from repair_sandbox import guest_protocol
from repair_sandbox.backend import GuestReply
from repair_sandbox.commands import kill_group
from repair_sandbox.errors import BrokenTask, GuestLost
from repair_sandbox.limits import Limits

GRACE_S = 30.0


class LocalBackend:
    """See `backend.Backend`. Runs the guest's programs as they run in a container, as you, on trees that come with the request."""

    isolates = False

    def __init__(self, python: str = sys.executable) -> None:
        """`python`: the interpreter of the tests, which must have pytest."""
        self.python = python

    def digest(self, image: str) -> str:
        """Names the interpreter: there is no image."""
        return f"local:{self.python}"

    def prepare(self, image: str, setup: Mapping[str, Any], limits: Limits, count: int = 1) -> None:
        """Nothing is made ahead."""

    def run(
        self, image: str, request: Mapping[str, Any], limits: Limits, followed: bool = False, on_stage: Callable[[str], None] | None = None
    ) -> GuestReply:
        """Run one request in a fresh folder; `image`, `followed` and `on_stage` are not looked at.

        Raises:
            BrokenTask: the task's tree is in an image.
            GuestLost: the guest's program ended without an answer.
        """
        if request["tree"] is None or request["runner"] == "defects4j":
            raise BrokenTask("the local backend has no images: only tasks that bring their tree can run on it")
        with tempfile.TemporaryDirectory(prefix="repair-local-") as folder:
            tree, scratch = Path(folder, "tree"), Path(folder, "scratch")
            tree.mkdir()
            scratch.mkdir()
            message = {**request, "workdir": str(tree), "path_prefix": os.path.dirname(self.python), "uid": None, "gid": None}
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", guest_protocol.BOOT],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "TMPDIR": str(scratch), "HOME": folder},
                start_new_session=True,
            )
            deadline_s = guest_protocol.guest_deadline_s(limits) + GRACE_S
            try:
                said = guest_protocol.encode_setup(message) + guest_protocol.encode_request(message)
                output, errors = process.communicate(said, timeout=deadline_s)
            except subprocess.TimeoutExpired:
                raise GuestLost(f"the local guest gave no verdict within {deadline_s:.0f} s") from None
            finally:
                kill_group(process)
        events = [event for line in output.split(b"\n") if (event := guest_protocol.parse_line(line, request["nonce"])) is not None]
        if not events or events[-1]["event"] != "result":
            raise GuestLost(f"the local guest ended without a verdict: {errors.decode('utf-8', 'replace')[-500:].strip()}")
        return GuestReply(events[-1], 0.0)

    def close(self) -> None:
        """Nothing is left behind."""
