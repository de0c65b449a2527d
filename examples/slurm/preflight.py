"""What an evaluation or a training run needs on this node: the part of preflight.sh that reads its config.

    python examples/slurm/preflight.py [--endpoint] @ CONFIG.toml [flags of vf-eval]
    python examples/slurm/preflight.py --train RUN.toml

The endpoint is asked for its models only with `--endpoint`. Model and address are left in preflight.json below TMPDIR, for the job to read.
"""

import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import verifiers.v1 as vf
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError

sys.path.insert(0, str(Path(__file__).parents[1] / "eval"))
from evaluate import Fault, ask_for_model, resolved

PATIENCE_S = 5.0
NAMED = 5
"""Missing images that are named; the others are counted."""
PROBE_BYTES = 64 * 1024**2


def main() -> int:
    """Print a line for each thing looked at; 1 if one is missing."""
    arguments = sys.argv[1:]
    asks = arguments[:1] == ["--endpoint"]
    try:
        config = resolved(environment_of(Path(arguments[1])) if arguments[:1] == ["--train"] else arguments[asks:])
    except Fault as fault:
        print(f"MISSING  config: {' '.join(arguments[asks:])}: {fault}")
        return 1
    told = {"model": config.model, "url": config.client.base_url}
    Path(tempfile.gettempdir(), "preflight.json").write_text(json.dumps(told), encoding="utf-8")
    status = 0
    for found in (endpoint(config) if asks else iter(()), tasks_and_images(config.env.taskset)):
        try:
            for line in found:
                print(f"ok       {line}")
        except Fault as fault:
            print(f"MISSING  {fault}")
            status = 1
    return status


def environment_of(run_file: Path) -> list[str]:
    """Arguments of vf-eval for the environment that a run file trains on.

    Raises:
        Fault: there is no such file, or it is no run file.
    """
    try:
        table = tomllib.loads(run_file.read_text(encoding="utf-8"))["env"]
        path = Path(tempfile.gettempdir()) / "env.json"
        path.write_text(json.dumps({"env": table}), encoding="utf-8")
    except (OSError, ValueError, KeyError) as error:
        raise Fault(f"no run file ({error}): name a TOML file with an [env] table (examples/grpo)") from None
    return ["@", str(path)]


def endpoint(config: Any) -> Iterator[str]:
    """A server answers at the config's address and has its model.

    Raises:
        Fault: none does, or it has not.
    """
    try:
        ask_for_model(config)
    except Fault as fault:
        raise Fault(f"endpoint: {fault}") from None
    yield f"endpoint: {config.client.base_url} serves {config.model}"


def tasks_and_images(options: Any) -> Iterator[str]:
    """The dataset can be read; where its tasks run in containers, an engine answers, has their images, and bounds what they use.

    Raises:
        Fault: one of these is not so.
    """
    dataset = getattr(options, "dataset", None) or "its tasks"
    try:
        taskset = vf.load_taskset(options)
        if next(iter(taskset), None) is None:
            raise ValueError("there is no task in it")
        wanted = sorted(taskset.images()) if hasattr(taskset, "images") else []
    except (OSError, ValueError) as error:
        raise Fault(f"dataset: {options.id} cannot read {dataset}: {error}") from None
    yield f"dataset: {dataset} of {options.id}"
    if not wanted:
        return
    engine = Engine(patience_s=PATIENCE_S)
    try:
        absent = [image for image in wanted if images.local_image(engine, image) is None]
    except InfrastructureError as error:
        raise Fault(f"engine: {error}: load the module that has Podman or Docker, or export DOCKER_HOST") from None
    yield f"engine: {os.environ.get('DOCKER_HOST') or 'the usual socket'}"
    if absent:
        more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
        what = "put archives of them (docker save -o) into $REPAIR_PROJECT_DIR/images, or build or pull them on this node (repair images --help)"
        raise Fault(f"images: {len(absent)} of {len(wanted)}: {', '.join(absent[:NAMED])}{more}: {what}")
    yield f"images: {len(wanted)}"
    unbounded = "this engine does not bound a container's memory (rootless, without cgroups of its own)"
    if is_bounded(engine, wanted[0]):
        yield "limits: containers are bounded"
    elif os.environ.get("REPAIR_UNBOUNDED"):
        yield f"limits: {unbounded}, accepted by REPAIR_UNBOUNDED"
    else:
        what = "take nodes where cgroups v2 are delegated to you, or export REPAIR_UNBOUNDED=1, and the job's own --mem is the only bound"
        raise Fault(f"limits: {unbounded}: {what}")


def is_bounded(engine: Engine, image: str) -> bool:
    """Whether a container's memory limit arrives in its cgroup: rootless Podman says so on cgroups v1 too, where it does not.

    Raises:
        Fault: no container can be run.
    """
    command = ["/bin/sh", "-c", "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes 2>/dev/null; true"]

    def read(client: docker.APIClient) -> bytes:
        host = client.create_host_config(mem_limit=PROBE_BYTES, network_mode="none")
        name = client.create_container(image, command, host_config=host, entrypoint=[])["Id"]
        try:
            client.start(name)
            client.wait(name)
            printed: bytes = client.logs(name)
        finally:
            client.remove_container(name, force=True)
        return printed

    try:
        return str(PROBE_BYTES) in engine.call(f"{image}: cannot run a container", read).decode().split()
    except InfrastructureError as error:
        raise Fault(f"engine: {error}") from None


if __name__ == "__main__":
    sys.exit(main())
