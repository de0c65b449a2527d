"""show an environment's rewards, their kinds and weights, as a table"""

import argparse

from repair_rubrics import Rubric


def run(arguments: list[str]) -> int:
    """Print the rubric of one environment.

    Raises:
        ValueError: there is no such environment, or it has no rubric.
    """
    parser = argparse.ArgumentParser(prog="repair rubric", description=(__doc__ or "").capitalize() + ".")
    parser.add_argument("env", metavar="ENV", help="environment id, such as swe-bench-diff")
    print(environment_rubric(parser.parse_args(arguments).env).table(), end="")
    return 0


def environment_rubric(env_id: str) -> Rubric:
    """The `RUBRIC` that an environment's module exports.

    Raises:
        ValueError: there is no such module, or it exports none.
    """
    import verifiers.v1 as vf

    try:
        module = vf.import_taskset(env_id)
    except ModuleNotFoundError as error:
        raise ValueError(f"no environment {env_id!r} is installed ({error})") from None
    rubric = getattr(module, "RUBRIC", None)
    if not isinstance(rubric, Rubric):
        raise ValueError(f"environment {env_id!r} exports no RUBRIC")
    return rubric
