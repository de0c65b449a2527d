"""Rollouts through verifiers' environment server, asked for as prime-rl's orchestrator asks: with the data of a task that it loaded."""

import asyncio
import multiprocessing
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import verifiers.v1 as vf
from repair_cli.demo import prepared_answers
from repair_cli.scripted_endpoint import ScriptedEndpoint
from repair_corpus import PYTHON_IMAGE
from verifiers.v1.configs.client import EvalClientConfig
from verifiers.v1.serve import EnvClient, env_config_data, serve_env

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "environments"))
from test_configs import env_config, read
from vf_commands import MODEL, needs_image

pytestmark = pytest.mark.server


@contextmanager
def env_server(config: vf.EnvConfig) -> Iterator[str]:
    """A server process as prime-rl's `env-server` starts it; its address."""
    context = multiprocessing.get_context("spawn")
    addresses = context.Queue()
    options = {"max_workers": 1, "address": "tcp://127.0.0.1:0", "address_queue": addresses, "config_data": env_config_data(config)}
    process = context.Process(target=serve_env, kwargs=options)
    process.start()
    try:
        yield addresses.get(timeout=120)
    finally:
        process.terminate()
        process.join()


def group(folder: Path, file: str, kinds: tuple[str, ...]) -> list[vf.Trace]:
    """One task's rollouts, each with another kind of answer."""
    config = env_config(folder, read(file)["orchestrator"]["train"]["source"][0]["env"])
    task = next(iter(vf.load_taskset(config.taskset)))
    answers = prepared_answers()[str(task.data.prompt)].by_kind
    asked = iter(kinds)

    async def rollouts(url: str, address: str) -> list[vf.WireEpisode]:
        client = EnvClient(address)
        await client.wait_for_server_startup(timeout=60)
        endpoint = EvalClientConfig(base_url=url, api_key_var="NONE")
        data = task.data.model_dump(mode="json")
        request = {"task_data": data, "client": endpoint, "model": MODEL, "sampling": vf.SamplingConfig(temperature=1.0)}
        # One after the other, so that the endpoint's answers come in their order.
        return [await client.run(**request) for _ in kinds]

    with ScriptedEndpoint(lambda _: answers[next(asked)], model=MODEL) as url, env_server(config) as address:
        episodes = asyncio.run(rollouts(url, address))
    for episode in episodes:
        assert (episode.task.key, episode.task.hash) == (task.key, task.hash)  # prime-rl drops what it did not ask for
    return [trace for episode in episodes for trace in episode.traces]


@pytest.mark.docker
def test_rewards_of_a_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_image(PYTHON_IMAGE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # no verdict is known
    gold, partial, prose = group(tmp_path, "swe-bench-tests", ("gold", "partial", "prose"))
    assert (gold.ok, partial.ok, prose.ok) == (True, True, True)
    assert gold.reward == pytest.approx(1.0)
    assert 0 < partial.reward <= 0.2  # the parts beside `resolved`
    assert prose.reward == 0


def test_without_an_engine_a_rollout_is_an_error_and_not_a_0(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    [trace] = group(tmp_path, "swe-bench-tests", ("gold",))
    assert trace.has_error  # what prime-rl goes by: it keeps such a trace out of the group's mean and out of the batch
    assert not trace.ok
    assert "container engine" in trace.errors[0].message
