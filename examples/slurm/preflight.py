"""What a config of vf-eval needs on this node: the part of preflight.sh that reads it.

    python examples/slurm/preflight.py [--endpoint] @ CONFIG.toml [flags of vf-eval]

Resolved by vf-eval itself, so that a typo is found here too; the result stays in preflight/ below TMPDIR, for the job to read. The endpoint is asked
for its models only with `--endpoint`.
"""

import contextlib
import io
import json
import os
import re
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import verifiers.v1 as vf
from repair_sandbox import images
from repair_sandbox.engine import Engine
from repair_sandbox.errors import InfrastructureError
from verifiers.v1.cli.eval.main import main as vf_eval

PATIENCE_S = 5.0
RUN = "preflight"
BOX = re.compile("[\u2500-\u257f]+")
"""The frame that vf-eval draws around what is wrong with a config."""
NAMED = 5
"""Missing images that are named; the others are counted."""


class Missing(Exception):
    """What is missing, and what to do."""


def main() -> int:
    """Print a line for each thing looked at; 1 if one is missing."""
    arguments = sys.argv[1:]
    asks = arguments[:1] == ["--endpoint"]
    try:
        config = resolved(arguments[asks:])
    except Missing as error:
        print(f"MISSING  {error}")
        return 1
    status = 0
    for found in (endpoint(config) if asks else iter(()), tasks_and_images(config)):
        try:
            for line in found:
                print(f"ok       {line}")
        except Missing as error:
            print(f"MISSING  {error}")
            status = 1
    return status


def resolved(arguments: list[str]) -> dict[str, Any]:
    """The config as vf-eval would run it.

    Raises:
        Missing: it would refuse it.
    """
    folder = Path(tempfile.gettempdir())
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            vf_eval([*arguments, "--dry-run", "--output-dir", str(folder), "--run.dir", RUN])
    except SystemExit as refusal:
        if refusal.code:
            said = BOX.sub(" ", refusal.code if isinstance(refusal.code, str) else printed.getvalue())
            raise Missing(f"config: vf-eval refuses {' '.join(arguments)}: {' '.join(said.split())}") from None
    config: dict[str, Any] = json.loads((folder / RUN / "configs/resolved/eval.json").read_text(encoding="utf-8"))
    return config


def endpoint(config: dict[str, Any]) -> Iterator[str]:
    """A server answers at the config's address and has its model.

    Raises:
        Missing: none does, or it has not.
    """
    url, model, key = config["client"]["base_url"], config["model"], os.environ.get(config["client"]["api_key_var"])
    request = urllib.request.Request(f"{url.rstrip('/')}/models", headers={"Authorization": f"Bearer {key}"} if key else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as reply:
            served = [str(served["id"]) for served in json.load(reply)["data"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Missing(f"endpoint: no server with models answers at {url} ({error}): start it, or name another with --client.base-url") from None
    if model not in served:
        raise Missing(f"model: {url} serves {', '.join(served)} and not {model}: name one with -m, or start it with --served-model-name {model}")
    yield f"endpoint: {url} serves {model}"


def tasks_and_images(config: dict[str, Any]) -> Iterator[str]:
    """The dataset can be read; where its tasks run in containers, an engine answers and has their images.

    Raises:
        Missing: one of these is not so.
    """
    options = config["env"]["taskset"]
    try:
        taskset = vf.load_taskset(vf.taskset_config_type(options["id"]).model_validate(options))
        if next(iter(taskset), None) is None:
            raise ValueError("there is no task in it")
        wanted = sorted(taskset.images()) if hasattr(taskset, "images") else []
    except (OSError, ValueError) as error:
        raise Missing(f"dataset: {options['id']} cannot read {options.get('dataset') or 'its tasks'}: {error}") from None
    yield f"dataset: {options.get('dataset') or 'the bundled tasks'} of {options['id']}"
    if not wanted:
        return
    engine = Engine(patience_s=PATIENCE_S)
    try:
        absent = [image for image in wanted if images.local_image(engine, image) is None]
    except InfrastructureError as error:
        raise Missing(f"engine: {error}: load the module that has Podman or Docker, or export DOCKER_HOST") from None
    yield f"engine: {os.environ.get('DOCKER_HOST') or 'the usual socket'}"
    if absent:
        more = f" and {len(absent) - NAMED} more" if len(absent) > NAMED else ""
        what = "put archives of them (docker save -o) into $REPAIR_PROJECT_DIR/images, or build or pull them on this node (repair images --help)"
        raise Missing(f"images: {len(absent)} of {len(wanted)}: {', '.join(absent[:NAMED])}{more}: {what}")
    yield f"images: {len(wanted)}"


if __name__ == "__main__":
    sys.exit(main())
