"""look at the containers that tests run in, or remove those whose owner is gone

  repair sandbox status    the engine, slots in use, containers and whose they are, kept verdicts
  repair sandbox reap      remove containers whose owner is gone; never those of a process that lives

Environments reap by themselves whenever a process first scores; this is for looking, and for a machine on which nothing runs any more.
"""

from __future__ import annotations

import fcntl
import os
import time
from typing import Any

from repair_sandbox import reaper
from repair_sandbox.engine import Engine
from repair_sandbox.slots import runtime_folder
from repair_sandbox.verdict_cache import cache_folder
from rich.console import Console
from rich.table import Table

PATIENCE_S = 5.0


def run(arguments: list[str]) -> int:
    """Run one of the subcommands.

    Raises:
        ValueError: a mistake in the call.
        InfrastructureError: the engine does not play along.
    """
    if not arguments or "-h" in arguments or "--help" in arguments:
        print(__doc__)
        return 0 if arguments else 2
    engine, console = Engine(patience_s=PATIENCE_S), Console()
    if arguments == ["reap"]:
        removed = reaper.reap(engine)
        console.print(f"{removed} container{'' if removed == 1 else 's'} removed")
        return 0
    if arguments == ["status"]:
        _status(engine, console)
        return 0
    raise ValueError(f"expected status or reap, found {' '.join(arguments)!r}")


def _status(engine: Engine, console: Console) -> None:
    about: dict[str, Any] = engine.call("cannot ask the engine about itself", lambda client: client.version())
    console.print(f"engine {about['Version']} ({about['Os']}/{about['Arch']})")
    held, known = _slots()
    console.print(f"slots: {held} of {known} in use on this machine" if known else "slots: none used yet on this machine")
    verdicts = [path.stat().st_size for path in cache_folder().glob("*/*.json")]
    console.print(f"kept verdicts: {len(verdicts)}, {sum(verdicts) / 1e6:.1f} MB, in {cache_folder()}", soft_wrap=True)
    containers = engine.call("cannot list containers", lambda client: client.containers(all=True, filters={"label": reaper.OWNER}))
    table = Table("container", "image", "state", "owner", "age", title=f"{len(containers)} containers", title_justify="left")
    now = time.time()
    for container in containers:
        labels = container["Labels"]
        owner = "gone" if reaper.is_orphan(labels, now) else f"process {labels[reaper.OWNER].split(':')[2]}"
        table.add_row(container["Id"][:12], container["Image"][:40], container["State"], owner, f"{now - container['Created']:.0f} s")
    console.print(table)


def _slots() -> tuple[int, int]:
    """Slots held and slots ever used."""
    files = sorted(runtime_folder().glob("slot-*"))
    held = 0
    for path in files:
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held += 1
        finally:
            os.close(descriptor)
    return held, len(files)
