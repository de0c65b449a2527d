"""The connection to a container engine: one client per process, patience with an engine that restarts, errors in our own words."""

import functools
import logging
import os
import time
from collections.abc import Callable
from typing import Any, TypeVar

import docker
import requests
from docker import errors

from repair_sandbox.errors import EngineError, EngineUnavailable, ImageMissing, InfrastructureError

Value = TypeVar("Value")

CALL_TIMEOUT_S = 120
"""Of one API call; a loaded engine takes seconds to create a container."""
LONGEST_PAUSE_S = 2.0
REMOVAL_PATIENCE_S = 1.0
"""No verdict waits longer for a removal, which can be made up for later."""

log = logging.getLogger(__name__)


class ContainerGone(EngineError):
    """The engine knows no such container (any more)."""


class Engine:
    """API calls that wait out a restart of the engine and raise nothing but `InfrastructureError`."""

    def __init__(self, url: str | None = None, patience_s: float = 60.0) -> None:
        """`url`: the engine's socket; None follows DOCKER_HOST and the usual place. `patience_s`: how long an engine may not answer."""
        self.url = url
        self.patience_s = patience_s
        self.litter: set[str] = set()
        """Names of containers that could not be removed yet."""

    def call(self, what: str, function: Callable[[docker.APIClient], Value], patience_s: float | None = None) -> Value:
        """`function` of the client; `what` says in an error message what was tried.

        Raises:
            EngineUnavailable: no answer within the patience.
            ImageMissing, ContainerGone, EngineError: the engine's own refusal.
        """
        give_up = time.monotonic() + (self.patience_s if patience_s is None else patience_s)
        pause_s = 0.1
        while True:
            try:
                return function(_client(self.url, os.getpid()))
            except errors.ImageNotFound as error:
                raise ImageMissing(f"{what}: {error.explanation}; build or pull it first (repair images --help)") from error
            except errors.NotFound as error:
                raise ContainerGone(f"{what}: {error.explanation}") from error
            except errors.APIError as error:
                raise EngineError(f"{what}: the engine answered {error.status_code}: {error.explanation}") from error
            except (errors.DockerException, requests.exceptions.RequestException, OSError) as error:
                if time.monotonic() + pause_s > give_up:
                    raise EngineUnavailable(f"{what}: no container engine answers at {self.url or _usual_place()}: {error}") from error
                log.debug("%s: %s; trying again in %.1f s", what, error, pause_s)
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def discard(self, name: str) -> bool:
        """Kill and remove a container; False, and a name more in `litter`, when the engine would not now."""
        try:
            self.call("cannot remove a container", lambda client: client.remove_container(name, v=True, force=True), REMOVAL_PATIENCE_S)
        except ContainerGone:
            pass
        except InfrastructureError as error:
            log.debug("%s: %s", name, error)
            self.litter.add(name)
            return False
        self.litter.discard(name)
        return True


def image_digest(engine: Engine, image: str) -> str:
    """Content id of a local image."""

    def inspect(client: docker.APIClient) -> dict[str, Any]:
        found: dict[str, Any] = client.inspect_image(image)
        return found

    return str(engine.call(f"{image}: cannot look at the image", inspect)["Id"])


def _usual_place() -> str:
    return os.environ.get("DOCKER_HOST") or "the engine's usual socket (is it running? DOCKER_HOST can name another)"


@functools.cache
def _client(url: str | None, pid: int) -> docker.APIClient:
    """A client, shared by this process's threads; a forked child gets its own, since a connection cannot be shared.

    Its pools never make a thread wait for another: over a socket there is one for each URL, and a full one gives a connection more.
    """
    client = docker.from_env(timeout=CALL_TIMEOUT_S) if url is None else docker.DockerClient(base_url=url, timeout=CALL_TIMEOUT_S)
    return client.api
