"""vf-eval with an end that says how it went: it asks the server for the model first; afterwards it says where the time went, and counts what failed.

    uv run python examples/eval/evaluate.py @ examples/eval/swe-bench-diff.toml [flags of vf-eval]

Exit code 0 only when every rollout got its reward; else one line says what is wrong. Finished rollouts are kept, and --resume runs the others.
"""

import os
import resource
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import openai
from pydantic_config import ConfigFileError, cli
from repair_sandbox.errors import InfrastructureError
from repair_sandbox.verdict_cache import cache_folder
from timeline import read_episodes, timeline, traces_of
from verifiers.v1.cli.eval.main import main as vf_eval
from verifiers.v1.cli.output import output_path, saved_config_path
from verifiers.v1.cli.resolve import narrow_config, plugin_errors, with_positional_taskset
from verifiers.v1.configs.cli.eval import EvalConfig
from verifiers.v1.configs.client import resolve_api_key

PATIENCE_S = 10.0
"""How long a server may take to name its models."""
DETAIL_CHARS = 300
"""Of an error's message."""


class Fault(Exception):
    """What is wrong, and what to do."""


def main() -> int:
    """Run the evaluation that the command line asks for; its exit code."""
    arguments = with_positional_taskset(sys.argv[1:])
    if not arguments or {"-h", "--help", "--dry-run"} & set(arguments):
        vf_eval(arguments)
        return 0
    try:
        config = resolved(arguments)
        ask_for_model(config)
        folder = output_path(config)
        for needed in (folder, cache_folder()):
            check_writable(needed)
        evaluate([*arguments, "--run.name", str(config.run.name), "--run.dir", str(config.run.dir)], folder)
        episodes = read_episodes(folder)
        report(episodes)
        count_failures(episodes, folder)
    except Fault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    return 0


def resolved(arguments: list[str]) -> EvalConfig:
    """What vf-eval makes of its command line.

    Raises:
        Fault: it would refuse it.
    """
    try:
        with plugin_errors():
            config: EvalConfig = cli(narrow_config(EvalConfig, arguments), args=arguments)
    except ConfigFileError as error:
        raise Fault(" ".join(str(error).split())) from None
    except SystemExit as refusal:
        raise Fault(str(refusal.code)) from None
    return config


def ask_for_model(config: EvalConfig) -> None:
    """Come back when the server that the config names has its model.

    Raises:
        Fault: no server answers there, or it has another model.
    """
    url = config.client.base_url
    try:
        client = openai.OpenAI(base_url=url, api_key=resolve_api_key(config.client), timeout=PATIENCE_S, max_retries=0)
        served = [model.id for model in client.models.list()]
    except (openai.OpenAIError, ValueError) as error:
        raise Fault(f"no server names its models at {url} ({error}): start one, or say where it is with --client.base-url") from None
    if config.model not in served:
        raise Fault(f"{url} serves {', '.join(served)}, not {config.model}: name it with -m, or serve it with --served-model-name {config.model}")


def check_writable(folder: Path) -> None:
    """Make a folder, and see that files can be written there.

    Raises:
        Fault: it or they cannot.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK | os.X_OK)
    except OSError as error:
        raise Fault(f"cannot write to {folder} ({error.strerror}): name another with --output-dir, or XDG_CACHE_HOME for the cache") from None
    if not writable:
        raise Fault(f"may not write to {folder}: name another with --output-dir, or XDG_CACHE_HOME for the cache")


def evaluate(arguments: list[str], folder: Path) -> None:
    """Run vf-eval in this process.

    Raises:
        Fault: it broke off.
        SystemExit: it refuses the run's folder, was interrupted, or found nothing left to do.
    """
    try:
        vf_eval(arguments)
    except (OSError, ValueError, InfrastructureError) as error:
        raise Fault(f"{type(error).__name__}: {error}{how_to_go_on(folder)}") from None


def report(episodes: list[dict[str, Any]]) -> None:
    """Say on standard error where the run's time went, if it got as far as a rollout: standard output has every trace."""
    if traces := traces_of(episodes):
        print(timeline(traces), file=sys.stderr)
    print(f"{'memory of vf-eval':<22} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB at most", file=sys.stderr)


def count_failures(episodes: list[dict[str, Any]], folder: Path) -> None:
    """Come back when every rollout of a run has its reward; `folder` is the run's.

    Raises:
        Fault: some have not.
    """
    failed = [episode for episode in episodes if not episode["ok"]]
    if failed:
        [(most, times)] = Counter(map(reason, failed)).most_common(1)
        raise Fault(f"{len(failed)} of {len(episodes)} rollouts failed, {times} of them with {most}{how_to_go_on(folder)}")


def reason(episode: dict[str, Any]) -> str:
    """The last error of a failed rollout."""
    errors = [*episode["errors"], *(error for trace in episode["traces"] for error in trace["errors"])]
    return f"{errors[-1]['type']}: {' '.join(errors[-1]['message'].split())[:DETAIL_CHARS]}" if errors else "no error recorded"


def how_to_go_on(folder: Path) -> str:
    """The command that runs what is missing of a run; empty where there is nothing to go on with."""
    saved = saved_config_path(folder)
    return f"; finished ones are kept, and this runs the others: uv run python examples/eval/evaluate.py @ {saved} --resume" if saved else ""


if __name__ == "__main__":
    sys.exit(main())
