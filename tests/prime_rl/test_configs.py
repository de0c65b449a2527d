"""The example files for prime-rl: what they say of environments against these; where prime-rl is, whole files against its own classes."""

import json
import os
import subprocess
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from pydantic_config import ConfigFileError, cli
from verifiers.v1.configs.cli.eval import EvalConfig
from verifiers.v1.utils.loaders import load_environment

EXAMPLES = Path(__file__).parents[2] / "examples" / "prime_rl"
FILES = ("swe-bench-diff", "swe-bench-tests", "defects4j-repair", "function-tests")
PYTHON = os.environ.get("REPAIR_PRIME_RL_PYTHON")
"""Python of an environment with prime-rl, or with its `prime-rl-configs` alone, and these environments. Without it nothing asks prime-rl."""

RESOLVE = """
import json, sys
from pydantic_config import cli
from prime_rl.configs.rl import RLConfig

for arguments in json.loads(sys.argv[1]):
    try:
        print(cli(RLConfig, args=arguments).model_dump_json())
    except BaseException as error:
        print(json.dumps({"refused": str(error)}))
"""
"""What prime-rl's `rl` makes of command lines, one line each. Importing its classes takes seconds: all in one process."""


@dataclass(frozen=True)
class Source:
    """An environment that a file trains or evaluates on."""

    file: str
    name: str
    env: dict[str, Any]


def sources() -> list[Source]:
    found = []
    for file in FILES:
        orchestrator = read(file)["orchestrator"]
        for part in (orchestrator["train"], orchestrator.get("eval", {"source": []})):
            found += [Source(file, source["name"], source["env"]) for source in part["source"]]
    return found


def read(file: str) -> dict[str, Any]:
    return tomllib.loads((EXAMPLES / f"{file}.toml").read_text(encoding="utf-8"))


def env_config(folder: Path, env: dict[str, Any]) -> vf.EnvConfig:
    """The block as verifiers reads it."""
    (folder / "env.json").write_text(json.dumps({"env": env}))
    config: vf.EnvConfig = cli(EvalConfig, args=["@", str(folder / "env.json")]).env
    return config


def rewards(config: vf.EnvConfig) -> dict[str, float]:
    """Name to weight, as the environment's first task will be scored."""
    task = next(iter(load_environment(config).taskset))
    return {fn.__name__: getattr(fn, "_vf_weight", 1.0) for fn in task.hooks("reward")}


def test_there_is_a_file_for_every_environment() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == {*FILES, "multi-node"}
    assert [source.name for source in sources() if source.file == source.name] == list(FILES)


@pytest.mark.parametrize("source", sources(), ids=lambda source: f"{source.file}-{source.name}")
def test_an_environment_knows_what_the_file_says_of_it(source: Source, tmp_path: Path) -> None:
    config = env_config(tmp_path, source.env)
    assert config.taskset.id == source.name
    known = rewards(config)
    assert set(config.taskset.task.rewards) <= set(known)
    assert sum(known.values()) == pytest.approx(1.0)
    for name, named in config.taskset.task.rewards.items():
        assert known[name] == named.weight, name


@pytest.mark.parametrize("wrong", [{"data_set": "bundled"}, {"task": {"slot": 2}}], ids=["taskset", "task"])
def test_a_misspelt_field_is_refused(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises((ConfigFileError, SystemExit)):
        env_config(tmp_path, {"taskset": {"id": "swe-bench-tests", **wrong}})


def test_a_misspelt_reward_is_refused(tmp_path: Path) -> None:
    config = env_config(tmp_path, {"taskset": {"id": "swe-bench-tests", "task": {"rewards": {"solved": {"weight": 1.0}}}}})
    with pytest.raises(ValueError, match="solved"):
        rewards(config)


@pytest.mark.parametrize("file", FILES)
def test_no_sample_is_longer_than_the_trainer_reads(file: str) -> None:
    said = read(file)
    orchestrator = said["orchestrator"]
    reply = orchestrator["train"]["sampling"]["max_completion_tokens"]
    longest = orchestrator["train"]["source"][0]["env"]["taskset"].get("max_prompt_tokens", said["seq_len"] - reply)
    assert longest + reply == said["seq_len"] == said["inference"]["vllm"]["max_model_len"]


if PYTHON:
    LINES = [[file, *more] for file in FILES for more in ([], ["multi-node"])]

    @pytest.fixture(scope="module")
    def resolved() -> dict[str, dict[str, Any]]:
        """What prime-rl makes of each file, alone and with the one for several nodes, and of a misspelt field."""
        commands = [[part for name in line for part in ("@", str(EXAMPLES / f"{name}.toml"))] for line in LINES]
        commands.append([*commands[0], "--orchestrator.concurency.max-inflight", "8"])
        done = subprocess.run([PYTHON, "-c", RESOLVE, json.dumps(commands)], capture_output=True, text=True, check=False, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        names = [*("+".join(line) for line in LINES), "misspelt"]
        return dict(zip(names, map(json.loads, done.stdout.splitlines()), strict=True))

    @pytest.mark.parametrize("line", LINES, ids="+".join)
    def test_prime_rl_accepts_the_file(line: list[str], resolved: dict[str, dict[str, Any]]) -> None:
        config = resolved["+".join(line)]
        assert "refused" not in config, config
        assert config["deployment"]["type"] == ("multi_node" if "multi-node" in line else "single_node")
        [source] = config["orchestrator"]["train"]["source"]
        assert source["group_size"] == config["orchestrator"]["group_size"] == 8
        env, said = source["env"], read(line[0])["orchestrator"]["train"]["source"][0]["env"]
        assert (env["agent"]["harness"]["id"], env["agent"]["runtime"]["type"]) == ("single-turn", "subprocess")
        weights = {name: part["weight"] for name, part in env["taskset"]["task"]["rewards"].items()}
        assert weights == {name: part["weight"] for name, part in said["taskset"].get("task", {"rewards": {}})["rewards"].items()}

    def test_prime_rl_refuses_a_misspelt_field(resolved: dict[str, dict[str, Any]]) -> None:
        assert "concurency" in resolved["misspelt"]["refused"]
