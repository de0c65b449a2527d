"""The one file that describes a training run, checked before any model loads."""

import dataclasses
import difflib
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class RunFileError(ValueError):
    """A run file is wrong: the message names the file and the key, and says what to do."""


class RolloutsFailed(RuntimeError):
    """Too many rollouts of a step failed for a reason of ours."""


class RolloutSettings(BaseModel):
    """How a step's rollouts are played."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    generate_at_once: int | None = Field(None, gt=0)
    """Replies of a step that are generated together; None for all. Smaller than a step's number of rollouts, the first replies' tests run while
    the next replies are written. Only with one trainer process."""
    max_failed: float = Field(0.5, ge=0, le=1)
    """Share of a step's rollouts that may fail for a reason of ours (engine down, dataset at fault); above it training ends, to be resumed."""
    shuffle_rewards: bool = False
    """Give each rollout the reward of another of its step: the control of an experiment, which must not learn."""


class RunFile(BaseModel):
    """A training run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = Field(min_length=1)
    """Hugging Face name, or folder of a checkpoint."""
    output_dir: Path
    """Where checkpoints, `rollouts.jsonl`, `log.jsonl` and at the end `final/` go."""
    env: dict[str, Any]
    """What trains the model: all that vf-eval takes as `[env]`; `taskset.id` names the environment."""
    eval_env: dict[str, Any] | None = None
    """What it is evaluated on, as often as `grpo.eval_strategy` says."""
    rollouts: RolloutSettings = RolloutSettings()
    grpo: dict[str, Any] = Field(default_factory=dict)
    """Fields of TRL's GRPOConfig."""
    lora: dict[str, Any] | None = None
    """Fields of peft's LoraConfig; without this table all weights are trained."""


def read_run_file(path: Path) -> RunFile:
    """The checked content of a TOML file. Relative paths in it are relative to the current folder.

    Raises:
        RunFileError: it is not there, not TOML, or a key of ours is wrong.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise RunFileError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RunFileError(f"{path}: not TOML: {error}") from None
    try:
        return RunFile.model_validate(content)
    except ValidationError as error:
        problems = [_problem(one["loc"], one["msg"], one["type"]) for one in error.errors()]
        raise RunFileError(f"{path}: {'; '.join(problems)}") from None


def check_environment(name: str, table: dict[str, Any]) -> Any:
    """The environment's own checked config.

    Raises:
        RunFileError: there is no such environment, or a key of it is wrong.
    """
    import verifiers.v1 as vf
    from verifiers.v1.utils.loaders import resolve_env_config

    env_id = str(table.get("taskset", {}).get("id") or "")
    if not env_id:
        raise RunFileError(f"{name}.taskset.id: names no environment; such as swe-bench-diff")
    try:
        vf.taskset_config_type(env_id)
        return resolve_env_config(table)
    except ModuleNotFoundError as error:
        raise RunFileError(f"{name}.taskset.id: no environment {env_id!r} is installed ({error})") from None
    except ValidationError as error:
        problems = [_problem((name, *one["loc"]), one["msg"], one["type"]) for one in error.errors()]
        raise RunFileError("; ".join(problems)) from None


def check_environments(run: RunFile) -> dict[str, Any]:
    """The checked config of each environment that the run names, by its table.

    Raises:
        RunFileError: as `check_environment`.
    """
    tables = {"env": run.env, "eval_env": run.eval_env}
    return {name: check_environment(name, table) for name, table in tables.items() if table is not None}


def check_trainer(run: RunFile) -> Any:
    """TRL's own checked GRPOConfig, with the defaults that this machine needs.

    Raises:
        RunFileError: a field is unknown or wrong, or wants a GPU that is not here.
    """
    import torch
    from trl import GRPOConfig

    _known("grpo", run.grpo, (field.name for field in dataclasses.fields(GRPOConfig)))
    has_gpu = torch.cuda.is_available()
    wants_gpu = [name for name in ("use_vllm", "bf16", "fp16", "tf32") if run.grpo.get(name)]
    if wants_gpu and not has_gpu:
        raise RunFileError(f"grpo.{wants_gpu[0]}: needs a GPU, and PyTorch sees none here; leave it out to train on the processor")
    defaults: dict[str, Any] = {"logging_steps": 1, "report_to": "none", **({} if has_gpu else {"use_cpu": True, "bf16": False})}
    try:
        return GRPOConfig(output_dir=str(run.output_dir), remove_unused_columns=False, **{**defaults, **run.grpo})
    except (TypeError, ValueError, ImportError) as error:
        raise RunFileError(f"grpo: {' '.join(str(error).split())}") from None


def check_lora(run: RunFile) -> Any | None:
    """The checked LoraConfig of peft; None for training all weights.

    Raises:
        RunFileError: a field is unknown or wrong.
    """
    if run.lora is None:
        return None
    from peft import LoraConfig

    _known("lora", run.lora, (field.name for field in dataclasses.fields(LoraConfig)))
    try:
        return LoraConfig(**{"task_type": "CAUSAL_LM", **run.lora})
    except (TypeError, ValueError) as error:
        raise RunFileError(f"lora: {' '.join(str(error).split())}") from None


def check_output(folder: Path) -> None:
    """Raises:
    RunFileError: nothing can be written there.
    """
    probe = folder / ".writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink(missing_ok=True)  # another process of this run may have been quicker
    except OSError as error:
        raise RunFileError(f"output_dir {folder}: {error.strerror}; name a folder that {os.environ.get('USER', 'this user')} may write") from None


def _known(table: str, given: dict[str, Any], fields: Iterable[str]) -> None:
    names = list(fields)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            raise RunFileError(f"{table}.{name}: no such field" + (f"; did you mean {near[0]}?" if near else ""))


def _problem(place: Iterable[Any], message: str, kind: str) -> str:
    where = ".".join(str(part) for part in place)
    return f"{where}: {'no such key' if kind == 'extra_forbidden' else message}"
