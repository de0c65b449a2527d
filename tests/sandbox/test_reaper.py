"""Containers of dead owners go, those of live ones stay, whatever their state."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import docker
import pytest
from repair_sandbox.engine import Engine
from repair_sandbox.reaper import EXPIRES, OWNER, is_orphan, labels, owner_label, reap

NOW = 1_000_000.0
LATER = str(NOW + 10)


@pytest.fixture(scope="module")
def dead() -> str:
    """The label of a process that is gone."""
    process = subprocess.Popen(["sleep", "60"])
    label = owner_label(process.pid)
    process.kill()
    process.wait()
    return label


def changed(label: str, part: int, value: str) -> str:
    parts = label.split(":")
    parts[part] = value
    return ":".join(parts)


def test_a_live_owner_keeps_its_containers() -> None:
    mine = labels(longest_request_s=100)
    assert not is_orphan(mine, time.time())
    assert is_orphan(mine, time.time() + 100 + 3600 + 60), "no request lasts that long"


def test_a_dead_owner_keeps_none(dead: str) -> None:
    assert is_orphan({OWNER: dead, EXPIRES: LATER}, NOW)


def test_a_recycled_pid_is_not_the_owner() -> None:
    other = changed(owner_label(os.getpid()), 3, "1")
    assert is_orphan({OWNER: other, EXPIRES: LATER}, NOW)


@pytest.mark.parametrize(("part", "value"), [(0, "another-boot"), (1, "4026531999")], ids=["machine", "namespace"])
def test_of_an_owner_elsewhere_only_age_is_known(dead: str, part: int, value: str) -> None:
    elsewhere = changed(dead, part, value)
    assert not is_orphan({OWNER: elsewhere, EXPIRES: LATER}, NOW)
    assert is_orphan({OWNER: elsewhere, EXPIRES: str(NOW - 1)}, NOW)


@pytest.mark.parametrize("label", ["", "x", "a:b:c", "a:b:c:d:e"])
def test_a_label_that_is_not_ours_goes_by_age(label: str) -> None:
    assert not is_orphan({OWNER: label, EXPIRES: LATER}, NOW)
    assert is_orphan({OWNER: label, EXPIRES: str(NOW - 1)}, NOW)


@pytest.fixture
def sleeper(client: docker.APIClient, image: str) -> Iterator[Callable[..., str]]:
    """Makes labelled containers in a given state."""
    made: list[str] = []
    none = client.create_host_config(network_mode="none")

    def make(owner: str, state: str, expires: float = time.time() + 600) -> str:
        found = client.create_container(image, ["sleep", "300"], labels={OWNER: owner, EXPIRES: str(expires)}, host_config=none)["Id"]
        made.append(found)
        if state != "created":
            client.start(found)
        if state == "exited":
            client.kill(found)
            client.wait(found)
        return str(found)

    yield make
    for name in made:
        with contextlib.suppress(docker.errors.NotFound):
            client.remove_container(name, force=True)


@pytest.mark.docker
def test_reap_takes_orphans_in_every_state_and_nothing_else(
    client: docker.APIClient, sleeper: Callable[..., str], dead: str, containers: Callable[..., list[Any]]
) -> None:
    orphans = {sleeper(dead, state) for state in ("created", "running", "exited")}
    expired = sleeper(changed(dead, 0, "elsewhere"), "running", expires=time.time() - 1)
    mine = {sleeper(owner_label(os.getpid()), state) for state in ("created", "running", "exited")}
    elsewhere = sleeper(changed(dead, 0, "elsewhere"), "running")
    assert reap(Engine()) >= 4
    left = {container["Id"] for container in client.containers(all=True, filters={"label": OWNER})}
    assert not left & (orphans | {expired})
    assert left >= mine | {elsewhere}


@pytest.mark.docker
def test_two_reapers_at_once_do_not_stumble(sleeper: Callable[..., str], dead: str, containers: Callable[..., list[Any]]) -> None:
    for _ in range(3):
        sleeper(dead, "created")
    program = "from repair_sandbox.reaper import reap; from repair_sandbox.engine import Engine; reap(Engine())"
    other = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE)
    reap(Engine())
    assert other.wait(60) == 0
    reap(Engine())
    assert containers(dead) == []
