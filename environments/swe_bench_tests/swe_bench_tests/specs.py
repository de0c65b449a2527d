"""From a dataset row to what the sandbox runs: image, trusted tests, command, expected outcomes.

Three kinds of row: SWE-bench's (`image` and `eval_script`), one's own (`image` and `test_command`), and either with the whole tree in `sources`
for an image that does not hold it (the bundled corpus).
"""

import re
import shlex
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from repair_rubrics import Patch
from repair_sandbox.limits import Limits
from repair_sandbox.spec import TestSpec
from repair_tasks import BugRow, RowError

from swe_bench_tests.eval_script import EvalScript, EvalScriptError, parse_eval_script

ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
PYTEST = (("pytest",), ("py.test",), ("python", "-m", "pytest"), ("python3", "-m", "pytest"))
SHELL_CHARACTERS = re.compile(r"[$`|&;<>(){}*?~\\\n]")
ID_CHANGING_PARSERS = {
    **dict.fromkeys(("parse_log_pytest_options", "parse_log_pydicom", "parse_log_requests", "parse_log_pylint"), re.compile(r"\[/")),
    "parse_log_matplotlib": re.compile(r"\[(?:.*-)?[13](?:-.*)?\]"),
}
"""Parsers of pytest output that rewrite some test ids (paths in parameters are cut, mouse buttons numbered), and what such an id looks like."""

INSTALLED_FILES = re.compile(
    r"(?:.*/)?(?:setup\.py|setup\.cfg|pyproject\.toml|MANIFEST\.in|meson\.build|CMakeLists\.txt|.*\.(?:pyx|pxd|pxi|c|cc|cpp|cxx|h|hpp|f|f90))"
)
"""What an editable install does not serve: metadata, entry points, compiled code."""

Pairs = tuple[tuple[str, str], ...]


class TestPlan(BaseModel):
    """What to run for one task, as it travels on the task's wire form. Hashable, so that a verdict can be remembered by it."""

    __test__ = False  # not a test class
    model_config = ConfigDict(frozen=True)

    image: str
    fail_to_pass: tuple[str, ...]
    pass_to_pass: tuple[str, ...]
    test_patch: str = ""
    tree: Pairs = ()
    """Path and text of every file, when the image does not hold the tree."""
    workdir: str = "/testbed"
    runner: Literal["pytest", "log"] = "pytest"
    arguments: tuple[str, ...] = ()
    workdir_on_path: bool = False
    fail_to_pass_first: bool = False
    log_parser: str = ""
    """For runner `log`: name in `swebench`'s registry."""
    version: str = ""
    path_prefix: str = ""
    environment: Pairs = ()
    install: str = ""
    writable_tree: bool = False


@lru_cache(maxsize=256)
def sandbox_spec(instance_id: str, gold_patch: str, tests: TestPlan, limits: Limits, install: bool = False) -> TestSpec:
    """The sandbox's description of a task (recently used ones are kept). `install`: reinstall the project after the patch.

    Raises:
        RowError: the log parser is not to be had.
    """
    return TestSpec(
        instance_id=instance_id,
        gold_patch=gold_patch,
        tree={path: text.encode("utf-8", "surrogateescape") for path, text in tests.tree} or None,
        log_parser=log_parser(instance_id, tests.log_parser, tests.version) if tests.runner == "log" else None,
        environment=dict(tests.environment),
        limits=limits,
        **tests.model_dump(include={"image", "fail_to_pass", "pass_to_pass", "test_patch", "workdir", "runner", "arguments"}),
        install=tests.install if install else "",
        **tests.model_dump(include={"workdir_on_path", "fail_to_pass_first", "path_prefix", "writable_tree"}),
    )


def needs_install(diff: str) -> bool:
    """Whether a patch touches what an editable install does not serve."""
    return any(INSTALLED_FILES.fullmatch(edit.path) for edit in Patch.parse(diff, "unified_diff").files)


def plan_tests(row: BugRow, image_template: str = "") -> TestPlan:
    """What to run for `row`.

    `image_template` replaces the row's image; `{instance_id}` in it is the row's, `{image}` the image the row names.

    Raises:
        RowError: the row does not say what to run; names the instance and what to do.
    """
    _check(row, image_template)
    try:
        script = parse_eval_script(row.eval_script) if row.eval_script else EvalScript(row.test_command.strip())
    except EvalScriptError as error:
        raise RowError(f"{row.instance_id}: eval_script: {error}") from None
    call = _pytest_call(script.test_command) if not script.setup else None
    if call is None or _needs_output_parser(row):
        _check_parser(row, script)
        lines = [line for line in (script.setup, script.test_command) if line]
        runner: dict[str, Any] = {"runner": "log", "arguments": ("\n".join(lines),), "log_parser": row.log_parser, "version": row.version}
        variables: Pairs = ()
        pass_to_pass = row.pass_to_pass
    else:
        runner = {"runner": "pytest", "arguments": call.arguments, "workdir_on_path": call.as_module}
        variables = call.variables
        # What pytest prints beside a test's status is no test: swebench read "[100%]" as one from wrapped progress lines.
        pass_to_pass = [test for test in row.pass_to_pass if "::" in test]
    return TestPlan(
        image=_image(row, image_template),
        fail_to_pass=tuple(row.fail_to_pass),
        pass_to_pass=tuple(pass_to_pass),
        test_patch=row.test_patch,
        tree=tuple(sorted(row.sources.items())),
        workdir=script.workdir or row.workdir,
        path_prefix=script.path_prefix,
        environment=script.environment + variables,
        install=script.install,
        writable_tree=bool(row.eval_script),
        **runner,
    )


def log_parser(instance_id: str, name: str, version: str = "") -> Callable[[str], Mapping[str, str]]:
    """`swebench`'s parser `name`: from a test command's output to test id -> status.

    Raises:
        RowError: the package is missing, or it has no such parser.
    """
    try:
        from swebench.harness.log_parsers import PARSER_REGISTRY
    except ModuleNotFoundError as error:
        raise RowError(
            f"{instance_id}: its test output is read by {name} of the package swebench, which is not installed ({error}); "
            f"install it with: pip install 'swebench>=5,<6'"
        ) from None
    if name not in PARSER_REGISTRY:
        raise RowError(f"{instance_id}: log_parser {name!r}: swebench has no such parser; it has {', '.join(sorted(PARSER_REGISTRY))}")
    return partial(_parse, PARSER_REGISTRY[name], SimpleNamespace(instance_id=instance_id, version=version))


def _parse(parser: Callable[[str, Any], Mapping[str, str]], about: SimpleNamespace, output: str) -> Mapping[str, str]:
    return parser(output, about)


class _PytestCall(BaseModel):
    arguments: tuple[str, ...]
    variables: Pairs
    as_module: bool
    """Called with `python -m`, which looks for modules in the working folder first."""


def _pytest_call(command: str) -> _PytestCall | None:
    """The arguments of a plain pytest command line; None for anything that needs a shell or another runner."""
    if SHELL_CHARACTERS.search(command):
        return None
    try:
        words = shlex.split(command)
    except ValueError:
        return None
    variables = []
    while words and ASSIGNMENT.match(words[0]):
        name, _, value = words.pop(0).partition("=")
        variables.append((name, value))
    for program in PYTEST:
        if tuple(words[: len(program)]) == program:
            arguments = tuple(word for word in words[len(program) :] if word != "-rA")
            return _PytestCall(arguments=arguments, variables=tuple(variables), as_module=len(program) > 1)
    return None


def _needs_output_parser(row: BugRow) -> bool:
    pattern = ID_CHANGING_PARSERS.get(row.log_parser)
    return pattern is not None and any(pattern.search(test) for test in (*row.fail_to_pass, *row.pass_to_pass))


def _image(row: BugRow, template: str) -> str:
    if not template:
        return row.image
    try:
        return template.format(instance_id=row.instance_id.lower(), image=row.image)
    except (KeyError, IndexError, ValueError) as error:
        raise RowError(f"image_template {template!r}: knows {{instance_id}} and {{image}} only ({type(error).__name__}: {error})") from None


def _check(row: BugRow, image_template: str) -> None:
    if not row.eval_script and not row.test_command:
        raise RowError(
            f"{row.instance_id}: neither eval_script nor test_command: rows of SWE-bench's older schema do not say how to run their tests. Use a "
            f"current release of the dataset, whose rows carry image, eval_script and log_parser, or add the columns image and test_command"
        )
    if not row.image and not image_template:
        raise RowError(f"{row.instance_id}: no image: add the column, or name images with --env.taskset.image-template 'registry/{{instance_id}}'")
    if not row.fail_to_pass:
        raise RowError(f"{row.instance_id}: FAIL_TO_PASS is empty: nothing would tell a repair from no repair")


def _check_parser(row: BugRow, script: EvalScript) -> None:
    if not row.log_parser:
        raise RowError(
            f"{row.instance_id}: the test command {script.test_command.splitlines()[0][:80]!r} is not a plain pytest call, so log_parser must name "
            f"what reads its output, such as parse_log_pytest"
        )
    log_parser(row.instance_id, row.log_parser)
