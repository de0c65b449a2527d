"""look at, pull, build or remove the images that an environment's tests run in

  repair images list ENV [--env.taskset.FLAG VALUE ...]      every image of the dataset: here or not, size, tasks, content id
  repair images pull ENV [--workers N] [--env.taskset...]    pull what is missing; one pull per image, however many processes ask
  repair images prune ENV [--yes true] [--env.taskset...]    remove the dataset's images; without --yes, only say what would go
  repair images prepare defects4j --from HOME_OR_IMAGE --bugs Lang-1,'Cli-*' [...]   make an image of each bug; --help says more
  repair images build [NAME ...] [--network NET] [--build-arg NAME=VALUE ...]   build the images of this project, such as corpus-python

`pull` waits out a registry's rate limit. What was pulled or built is written down with its content id (in `~/.cache/repair-envs/images`), and
`list` says when an image is no longer what it was. Behind a mirror of Debian's packages: build corpus-python --build-arg apt_mirror=http://HOST;
behind a proxy: --build-arg http_proxy=URL. One that listens on this machine only needs --network host as well.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor, as_completed

from pydantic import Field
from pydantic_config import BaseConfig
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.images import LocalImage
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from repair_cli.env_config import environment_config
from repair_cli.image_records import record, recorded

USUAL_IMAGE_BYTES = 1_400_000_000
"""Of an image that is not here, while none of its dataset is: the 500 of SWE-bench Verified take 684 GiB, shared layers counted each time."""
PATIENCE_S = 5.0


class ImagesConfig(BaseConfig):
    """Flags of `repair images` besides the environment's own."""

    workers: int = Field(3, gt=0)
    """Images pulled at once."""
    yes: bool = False
    """Remove without asking back."""


def run(arguments: list[str]) -> int:
    """Run one of the subcommands.

    Raises:
        ValueError: a mistake in the call.
        InfrastructureError: the engine or a registry does not play along.
    """
    commands = {"list": _list, "pull": _pull, "prune": _prune}
    if not arguments or arguments[0] in ("-h", "--help") or ("--help" in arguments[:2] and arguments[0] in commands):
        print(__doc__)
        return 0 if arguments else 2
    engine, console = Engine(patience_s=PATIENCE_S), Console()
    if arguments[0] == "build":
        return _build(engine, arguments[1:], console)
    if arguments[0] == "prepare":
        from repair_cli import prepare  # loads an environment

        return prepare.run(arguments[1:], engine, console)
    if arguments[0] not in commands:
        raise ValueError(f"no command {arguments[0]!r}; there are {', '.join([*commands, 'build', 'prepare'])}")
    if len(arguments) < 2:
        raise ValueError(f"{arguments[0]} needs an environment, such as swe-bench-tests")
    config = environment_config(f"images {arguments[0]}", ImagesConfig, arguments[1], arguments[2:])
    return commands[arguments[0]](engine, _dataset_images(config, arguments[1]), config, console)


def _dataset_images(config: BaseConfig, env_id: str) -> dict[str, int]:
    """Image to the number of tasks that run in it."""
    import verifiers.v1 as vf

    taskset = vf.load_taskset(config.env.taskset)
    if not hasattr(taskset, "images"):
        raise ValueError(f"environment {env_id!r} runs nothing in images")
    found: dict[str, int] = taskset.images()
    if not found:
        raise ValueError("the dataset has no task that runs in an image")
    return found


def _list(engine: Engine, tasks: dict[str, int], config: ImagesConfig, console: Console) -> int:
    table = Table("image", "tasks", "here", "size", "content id", title=f"{len(tasks)} images", title_justify="left")
    present = {reference: images.local_image(engine, reference) for reference in sorted(tasks)}
    for reference, image in present.items():
        if image is None:
            table.add_row(reference, str(tasks[reference]), "no", "", "")
            continue
        known = recorded(reference)
        here = "yes" if known is None or known.digest == image.digest else "yes, not what was recorded"
        table.add_row(reference, str(tasks[reference]), here, _gigabytes(image.size_bytes), image.digest.removeprefix("sha256:")[:12])
    console.print(table)
    console.print(_estimate(engine, list(present.values())), soft_wrap=True)
    return 0


def _pull(engine: Engine, tasks: dict[str, int], config: ImagesConfig, console: Console) -> int:
    present = [images.local_image(engine, reference) for reference in tasks]
    missing = [reference for reference, image in zip(tasks, present, strict=True) if image is None]
    console.print(_estimate(engine, present), soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeElapsedColumn())
    failed: dict[str, InfrastructureError] = {}
    with Progress(*columns, console=console) as progress, ThreadPoolExecutor(config.workers) as pool:
        all_of_them = progress.add_task(f"0 of {len(missing)} images", total=None)

        def pull(reference: str) -> LocalImage:
            bar = progress.add_task(reference, total=None)
            try:
                return images.pull(engine, reference, lambda done, known: progress.update(bar, completed=done, total=known or None))
            finally:
                progress.remove_task(bar)

        waiting = {pool.submit(pull, reference): reference for reference in missing}
        for number, done in enumerate(as_completed(waiting), 1):
            try:
                record(done.result())
            except InfrastructureError as error:
                failed[waiting[done]] = error
                console.print(f"[red]{waiting[done]}[/red]: {error}", soft_wrap=True)
            progress.update(all_of_them, description=f"{number} of {len(missing)} images")
    console.print(f"{len(missing) - len(failed)} pulled, {len(tasks) - len(missing)} were here, {len(failed)} could not be had")
    return int(bool(failed))


def _prune(engine: Engine, tasks: dict[str, int], config: ImagesConfig, console: Console) -> int:
    present = [image for reference in sorted(tasks) if (image := images.local_image(engine, reference))]
    for image in present:
        if config.yes:
            images.remove(engine, image.reference)
        console.print(f"{'removed' if config.yes else 'would remove'} {image.reference} ({_gigabytes(image.size_bytes)})", soft_wrap=True)
    size = _gigabytes(sum(image.size_bytes for image in present))
    console.print(f"{len(present)} images, at most {size} (shared layers go with the last image that has them)")
    if present and not config.yes:
        console.print("nothing was removed: add --yes true")
    return 0


def _build(engine: Engine, arguments: list[str], console: Console) -> int:
    parser = argparse.ArgumentParser(prog="repair images build", description="Build images of this project.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which ({', '.join(images.image_names())}; default: all)")
    parser.add_argument("--network", metavar="NET", help="network of the build's commands, such as host")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE", help="build argument, such as http_proxy=URL")
    options = parser.parse_args(arguments)
    wrong = [pair for pair in options.build_arg if "=" not in pair]
    if wrong:
        raise ValueError(f"--build-arg {wrong[0]}: expected NAME=VALUE")
    build_arguments = dict(pair.split("=", 1) for pair in options.build_arg)
    for name in options.names or images.image_names():
        with console.status(f"building {name}") as status:
            built = images.build(engine, name, build_arguments, options.network, lambda text: status.update(text[: console.width - 4]))
        record(built)
        console.print(f"{built.reference} ({_gigabytes(built.size_bytes)}, {built.digest})", soft_wrap=True)
    return 0


def _estimate(engine: Engine, present: list[LocalImage | None]) -> str:
    sizes = [image.size_bytes for image in present if image]
    missing = len(present) - len(sizes)
    each = sum(sizes) / len(sizes) if sizes else USUAL_IMAGE_BYTES
    free = images.free_bytes(engine)
    needed = f"{missing} to pull, about {_gigabytes(missing * each)} before shared layers" if missing else "nothing to pull"
    text = f"{len(sizes)} of {len(present)} here; {needed}; {'unknown' if free is None else _gigabytes(free)} free"
    return text if free is None or missing * each < free else f"{text}: this may not fit"


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.0f} MB"
