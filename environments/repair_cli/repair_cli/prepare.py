"""make images of a benchmark's bugs from the user's own installation of it

  repair images prepare defects4j --from HOME_OR_IMAGE --bugs Lang-1,'Cli-*' [--jobs N] [--out DIR] [--base IMAGE] [--user NAME] [--work DIR]

--from is a Defects4J 3 home on this machine (after its init.sh; Java 11 by JAVA_HOME or PATH) or an image that has one, such as its own Dockerfile
makes. Bugs that are done are left alone, so a call that was cut short is simply made again.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from defects4j_repair import checks
from defects4j_repair.bug_image import BASE, check_base
from defects4j_repair.framework import ActiveBug, Framework, FrameworkError
from defects4j_repair.places import ContainerPlace, LocalPlace, Place, copy_metadata, is_home
from defects4j_repair.prepare import Workshop
from defects4j_repair.prepared import PreparedBug, PreparedError, image_name, prepared_folder
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

USUAL_BUG_BYTES = 15_000_000
"""Of a bug's own layers, while none is here: 1 to 55 MB, by project; 13 on average of 36 bugs of 14 projects."""
CHECKOUT_BYTES = 600_000_000
"""Of one job's checkout, its copy and the engine's, at most."""


def run(arguments: list[str], engine: Engine, console: Console) -> int:
    """Prepare what is missing; 1 when a bug could not be.

    Raises:
        ValueError: a mistake in the call, or the installation lacks something.
        InfrastructureError: the container engine.
    """
    options = _options(arguments)
    options.work.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix="repair-defects4j-", dir=options.work)).resolve()
    work.chmod(0o755)
    # Ended by a scheduler, it tidies up as it does after Ctrl-C: checkouts are large.
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        return _prepare(options, work, engine, console)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        signal.signal(signal.SIGTERM, before)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="repair images prepare", description="Make images of a benchmark's bugs.")
    parser.add_argument("benchmark", choices=["defects4j"])
    parser.add_argument("--from", dest="source", required=True, metavar="HOME_OR_IMAGE", help="Defects4J home on this machine, or image that has one")
    parser.add_argument("--bugs", required=True, metavar="BUGS", help="names or patterns, by comma: Lang-1,'Cli-*'")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="bugs made at once (default 2; each wants 1 GB of memory)")
    parser.add_argument("--out", type=Path, default=prepared_folder(), metavar="DIR", help="where each bug's JSON goes (default %(default)s)")
    parser.add_argument("--base", default=BASE, metavar="IMAGE", help="image with JDK 11, python3 and git to stand on (default %(default)s)")
    parser.add_argument("--user", metavar="NAME", help="who runs the framework's commands, where root calls")
    parser.add_argument("--work", type=Path, default=Path(tempfile.gettempdir()), metavar="DIR", help="for checkouts (default %(default)s)")
    options = parser.parse_args(arguments)
    if options.jobs < 1:
        raise ValueError(f"--jobs {options.jobs}: must be at least 1")
    return options


def _prepare(options: argparse.Namespace, work: Path, engine: Engine, console: Console) -> int:
    open_place = _place_opener(options, work, engine)
    place = open_place()
    try:
        local = Path(place.home) if isinstance(place, LocalPlace) else copy_metadata(place, work)
        framework = Framework(local)
        bugs = framework.select([pattern.strip() for pattern in options.bugs.split(",") if pattern.strip()])
        found = checks.problems(place, framework, bugs, work)
    finally:
        place.close()
    if found:
        raise FrameworkError("\n  ".join([f"{options.source} cannot be used:", *found]))
    base = check_base(engine, options.base)
    shop = Workshop(framework, engine, options.base, work, options.out.expanduser(), open_place)
    present = [bug for bug in bugs if shop.present(bug)]
    missing = [bug for bug in bugs if bug not in present]
    console.print(_estimate(engine, present, missing, base.size_bytes, options.jobs), soft_wrap=True)
    failed = _make(shop, missing, options.jobs, console)
    console.print(f"{len(missing) - failed} prepared, {len(present)} were here, {failed} failed; {shop.out}", soft_wrap=True)
    return int(bool(failed))


def _place_opener(options: argparse.Namespace, work: Path, engine: Engine) -> Callable[[], Place]:
    source: str = options.source
    if is_home(source):
        return lambda: LocalPlace(str(Path(source).expanduser().resolve()), work, options.user)
    if options.user:
        raise ValueError("--user goes with a home on this machine; in a container no command runs as root")
    if source.startswith(("/", ".", "~")):
        raise ValueError(f"--from {source}: there is no such folder")
    return lambda: ContainerPlace(engine, source, work)


def _make(shop: Workshop, bugs: list[ActiveBug], jobs: int, console: Console) -> int:
    """How many could not be made."""
    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(jobs) as pool:
        bar = progress.add_task("bugs", total=len(bugs))
        waiting = {pool.submit(shop.prepare, bug): bug for bug in bugs}
        try:
            for done in as_completed(waiting):
                failed += not _reported(done.result, waiting[done], console)
                progress.advance(bar)
        except BaseException:  # Ctrl-C, mostly
            pool.shutdown(wait=False, cancel_futures=True)
            shop.stop()
            raise
    return failed


def _reported(result: Callable[[], PreparedBug], bug: ActiveBug, console: Console) -> bool:
    try:
        made = result()
    except PreparedError as error:
        console.print(f"[red]failed[/red] {error}", soft_wrap=True, highlight=False)
        return False
    except InfrastructureError as error:
        console.print(f"[red]failed[/red] {bug.name}: {error}", soft_wrap=True, highlight=False)
        return False
    tests = f"{len(made.trigger_tests)} trigger and {len(made.passing_tests)} relevant tests"
    console.print(f"{bug.name}: {made.image}, {tests}, {sum(made.seconds.values()):.0f} s", soft_wrap=True, highlight=False)
    return True


def _estimate(engine: Engine, present: list[ActiveBug], missing: list[ActiveBug], base_bytes: int, jobs: int) -> str:
    here = [images.local_image(engine, image_name(bug.project, bug.number)) for bug in present]
    own = [max(0, image.size_bytes - base_bytes) for image in here if image]
    each = sum(own) / len(own) if own else USUAL_BUG_BYTES
    if not missing:
        return f"{len(present)} of {len(present)} here; nothing to make"
    needed = len(missing) * each + min(jobs, len(missing)) * CHECKOUT_BYTES
    free = images.free_bytes(engine)
    text = f"{len(present)} of {len(present) + len(missing)} here; {len(missing)} to make, about {needed / 1e9:.1f} GB with checkouts; "
    text += "unknown free" if free is None else f"{free / 1e9:.1f} GB free"
    return text if free is None or needed < free else f"{text}: this may not fit"
