"""Flags of commands that take an environment: the environment's own (`--env.taskset...`, as for vf-eval) beside the command's."""

import json
from typing import Any

from pydantic import Field, create_model
from pydantic_config import BaseConfig, ConfigFileError, cli


def environment_config(command: str, flags: type[BaseConfig], env_id: str, arguments: list[str]) -> Any:
    """The parsed flags: those of `flags`, and `env.taskset` in the type of the environment.

    Raises:
        ValueError: there is no such environment, or a flag is wrong.
    """
    if env_id.startswith("-"):
        raise ValueError(f"the first argument names the environment, found {env_id!r}; see repair {command} --help")
    import verifiers.v1 as vf  # takes seconds

    try:
        taskset_type = vf.taskset_config_type(env_id)
    except ModuleNotFoundError as error:
        raise ValueError(f"no environment {env_id!r} is installed ({error})") from None
    except TypeError:
        raise ValueError(f"{env_id!r} is no environment: its module exports no taskset") from None
    env_type = create_model("EnvConfig", __base__=BaseConfig, taskset=(taskset_type, Field(default_factory=lambda: taskset_type(id=env_id))))
    config_type = create_model(flags.__name__, __base__=flags, env=(env_type, Field(default_factory=env_type)))
    # A flag of the taskset makes a new config of it, which would otherwise lose the id.
    try:
        return cli(config_type, args=["--env.taskset.id", env_id, *arguments], prog=f"repair {command} {env_id}")
    except json.JSONDecodeError as error:
        raise ValueError(f"a flag's value is not JSON ({error.msg}): {error.doc}") from None
    except ConfigFileError as error:
        # A headline, then each flag and, indented below it, what is wrong with it.
        problems = str(error).replace("\n  ", ": ").split("\n")
        raise ValueError("; ".join(problems[1:] or problems)) from None
