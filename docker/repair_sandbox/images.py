"""Images on this machine: looking at them, pulling, building, removing.

A pull is made once however many processes of this machine ask for it, and waits out a registry's rate limit. Layers are the engine's business.
"""

import contextlib
import fcntl
import hashlib
import io
import logging
import os
import random
import re
import sys
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import docker

from repair_sandbox.engine import Engine
from repair_sandbox.errors import EngineError, ImageMissing
from repair_sandbox.slots import runtime_folder

log = logging.getLogger(__name__)

RATE_LIMITED = re.compile(r"toomanyrequests|too many requests|rate.?limit|\b429\b", re.IGNORECASE)
ABSENT = re.compile(r"manifest unknown|not found|does not exist|access denied|denied|unauthorized|invalid reference|no basic auth", re.IGNORECASE)
TRIES = 8
RATE_PAUSE_S, FAULT_PAUSE_S, LONGEST_PAUSE_S = 15.0, 1.0, 600.0
"""First wait after a refusal for too many requests, after any other fault, and the longest of either; each is twice the one before."""
OUTPUT_LINES = 30
"""Of a failed build, how many lines its error quotes."""


@dataclass(frozen=True)
class LocalImage:
    """An image that is on this machine."""

    reference: str
    digest: str
    """Content id, `sha256:...`."""
    repo_digest: str
    """How a registry names this content (`name@sha256:...`); empty for an image that was never pushed or pulled."""
    size_bytes: int
    """Layers that it shares with others included."""


Progress = Callable[[int, int], None]
"""Called with the bytes done and the bytes known of so far."""


def local_image(engine: Engine, reference: str) -> LocalImage | None:
    """What is on this machine under `reference`; None when nothing is.

    Raises:
        EngineUnavailable, EngineError.
    """
    try:
        found: dict[str, Any] = engine.call(f"{reference}: cannot look at the image", lambda client: client.inspect_image(reference))
    except ImageMissing:
        return None
    return LocalImage(reference, found["Id"], next(iter(found.get("RepoDigests") or ()), ""), int(found["Size"]))


def pull(engine: Engine, reference: str, progress: Progress = lambda done, known: None) -> LocalImage:
    """Pull an image unless it is here, or somebody's pull of it ends while we wait for it.

    Raises:
        ImageMissing: the registry has none of that name, or not for us.
        EngineError: the registry kept refusing.
        EngineUnavailable: no container engine answers.
    """
    with _only_one(reference):
        if present := local_image(engine, reference):
            return present
        for attempt in range(TRIES):
            try:
                engine.call(f"{reference}: cannot be pulled", lambda client: _pull(client, reference, progress))
                break
            except EngineError as error:
                limited = RATE_LIMITED.search(str(error))
                if ABSENT.search(str(error)) and not limited:
                    raise ImageMissing(str(error)) from error
                if attempt + 1 == TRIES:
                    raise
                first_s = RATE_PAUSE_S if limited else FAULT_PAUSE_S
                pause_s = min(LONGEST_PAUSE_S, first_s * 2**attempt) * random.uniform(0.75, 1.0)
                log.warning("%s; trying again in %.0f s", error, pause_s)
                time.sleep(pause_s)
        pulled = local_image(engine, reference)
    if pulled is None:
        raise EngineError(f"{reference}: the engine pulled it and does not have it")
    return pulled


def build(
    engine: Engine, name: str, arguments: dict[str, str] | None = None, network: str | None = None, line: Callable[[str], None] = log.debug
) -> LocalImage:
    """Build one of this project's images as `repair-envs/<name>:latest`.

    Args:
        arguments: build arguments; the engine knows `http_proxy`, `https_proxy` and `no_proxy` without a word in the Dockerfile.
        network: of the build's commands, such as `host`; None for the engine's default.
        line: called with each line that the build prints.

    Raises:
        ValueError: there is no such image.
        EngineError: the build failed; quotes the end of its output.
    """
    folder = image_folder() / name
    if not (folder / "Dockerfile").is_file():
        raise ValueError(f"no image {name!r}; there are {', '.join(image_names()) or 'none'}")
    return build_from(engine, folder, f"repair-envs/{name}:latest", arguments, network, line)


def build_from(
    engine: Engine,
    folder: Path,
    tag: str,
    arguments: dict[str, str] | None = None,
    network: str | None = None,
    line: Callable[[str], None] = log.debug,
) -> LocalImage:
    """Build the image of any folder with a Dockerfile as `tag`; the rest is as for `build`.

    Raises:
        EngineError: the build failed; quotes the end of its output.
    """
    said: list[str] = []

    def hear(text: str) -> None:
        said.append(text)
        line(text)

    def run(client: docker.APIClient) -> None:
        context = io.BytesIO(build_context(folder))
        options = {"buildargs": arguments, "network_mode": network, "rm": True, "forcerm": True, "decode": True}
        events = client.build(fileobj=context, custom_context=True, tag=tag, **options)
        for event in events:
            for text in str(event.get("stream") or event.get("status") or "").splitlines():
                if text.strip():
                    hear(text.rstrip())
            if "error" in event:
                tail = "\n".join(said[-OUTPUT_LINES:])
                raise EngineError(f"{tag}: the build failed: {event['error'].strip()}\n{tail}")

    engine.call(f"{tag}: cannot be built", run)
    built = local_image(engine, tag)
    if built is None:
        raise EngineError(f"{tag}: the engine built it and does not have it")
    return built


def build_context(folder: Path) -> bytes:
    """The tar of a build: the files of `folder`, and in `java` the programs that compile and test Java, with `bake.sh` to put them into an image."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path in sorted(folder.iterdir()):
            archive.add(path, path.name)
        for file in sorted((files("repair_sandbox") / "guest" / "java").iterdir(), key=lambda file: file.name):
            content = file.read_bytes()
            entry = tarfile.TarInfo(f"java/{file.name}")
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def remove(engine: Engine, reference: str) -> None:
    """Remove an image, also while a container is made of it. Nothing happens when there is none.

    Raises:
        EngineUnavailable, EngineError.
    """
    with contextlib.suppress(ImageMissing):
        engine.call(f"{reference}: cannot be removed", lambda client: client.remove_image(reference, force=True))


def image_folder() -> Path:
    """The Dockerfiles of this project's images: in a checkout, or in an installed copy."""
    package = Path(__file__).parent
    checkout = package.parent / "images"
    return checkout if checkout.is_dir() else Path(sys.prefix) / "share" / "repair-envs" / "images"


def image_names() -> list[str]:
    """Names that `build` knows."""
    return sorted(path.parent.name for path in image_folder().glob("*/Dockerfile"))


def free_bytes(engine: Engine) -> int | None:
    """Room where the engine keeps images; None when that is not on this machine.

    Raises:
        EngineUnavailable, EngineError.
    """
    info: dict[str, Any] = engine.call("cannot ask the engine about itself", lambda client: client.info())
    try:
        room = os.statvfs(info["DockerRootDir"])
    except OSError:
        return None
    return room.f_bavail * room.f_frsize


def _pull(client: docker.APIClient, reference: str, progress: Progress) -> None:
    repository, tag = _parts(reference)
    layers: dict[str, tuple[int, int]] = {}
    for event in client.pull(repository, tag=tag, stream=True, decode=True):
        if "error" in event:
            raise EngineError(f"{reference}: cannot be pulled: {event['error']}")
        detail = event.get("progressDetail") or {}
        if event.get("status") == "Downloading" and detail.get("total"):
            layers[event["id"]] = (int(detail["current"]), int(detail["total"]))
        elif event.get("status") in ("Download complete", "Pull complete") and event.get("id") in layers:
            layers[event["id"]] = (layers[event["id"]][1],) * 2
        progress(sum(done for done, _ in layers.values()), sum(known for _, known in layers.values()))


def _parts(reference: str) -> tuple[str, str | None]:
    """Repository and tag; no tag for a reference by digest, `latest` where there is neither."""
    if "@" in reference:
        return reference, None
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "latest")


@contextlib.contextmanager
def _only_one(reference: str) -> Iterator[None]:
    """Hold the right to pull `reference` on this machine."""
    folder = runtime_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = hashlib.sha256(reference.encode()).hexdigest()[:32]
    descriptor = os.open(folder / f"pull-{name}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
