"""What to run for one task: plain values, made by an environment from a dataset row. Knows nothing of rewards or prompts."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Literal

from repair_sandbox.java_build import JavaBuild
from repair_sandbox.limits import Limits

LogParser = Callable[[str], Mapping[str, str]]
"""From a test command's output to test id -> PASSED, FAILED, ERROR, SKIPPED, XFAIL (the words of `swebench`)."""


@dataclass(frozen=True)
class TestSpec:
    """One task's image, trusted tests and expected outcomes."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    instance_id: str
    image: str
    """Image reference; its tree at `workdir` is the buggy version."""
    gold_patch: str
    """The human fix as a git diff. Never enters a container in which a model's patch is."""
    fail_to_pass: tuple[str, ...]
    """Tests that the bug fails and the fix passes."""
    pass_to_pass: tuple[str, ...]
    """Tests that pass before and after the fix."""
    test_patch: str = ""
    """Trusted test changes as a git diff, applied after the model's patch; every path in it is protected."""
    tree: Mapping[str, bytes] | None = None
    """The whole buggy tree (relative path to content), for images that do not hold it; written to `workdir` first."""
    workdir: str = "/testbed"
    runner: Literal["pytest", "junit", "log", "defects4j"] = "pytest"
    """`pytest`, `junit`: our runner reports each test over a private channel. `log`: the suite's own command, its output read by `log_parser`.
    `defects4j`: the framework's own commands, in an image that has it; they are believed, and there is no control run."""
    java: JavaBuild | None = None
    """For `junit`: the build. Its tests are called `package.Class::method`."""
    arguments: tuple[str, ...] = ()
    """For `pytest` its command-line arguments (files, -o options); for `log` one Bash command line; for `defects4j` project and version (`Lang`,
    `1b`)."""
    log_parser: LogParser | None = None
    """For `log`: reads the output, on the host."""
    workdir_on_path: bool = False
    """For `pytest`: whether modules are looked for in `workdir` first, as under `python -m pytest`; the `pytest` program does not look there."""
    fail_to_pass_first: bool = False
    """For `pytest`: run the FAIL_TO_PASS tests ahead of their order, so that a wrong patch fails soon. Only where the human fix is known to pass that
    way (`repair validate` finds out): tests may lean on each other."""
    path_prefix: str = ""
    """Folder of the test environment's programs, put first in PATH (`/opt/miniconda3/envs/testbed/bin`); empty for the image's own PATH."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of the tests, besides PATH, HOME and TMPDIR."""
    install: str = ""
    """Bash command line that reinstalls the project before the tests; empty where the image's own install serves the patch."""
    writable_tree: bool = False
    """Whether the tests may create files in the tree. What is there already stays read-only to them either way."""
    limits: Limits = Limits()

    @property
    def identity(self) -> str:
        """Hash of all that decides a verdict besides the image's content and the model's patch, as 64 hex digits."""
        tree = {path: hashlib.sha256(content).hexdigest() for path, content in (self.tree or {}).items()}
        values = {**self.__dict__, "tree": tree, "limits": self.limits.__dict__, "log_parser": _name(self.log_parser)}
        values["java"] = asdict(self.java) if self.java else None
        return hashlib.sha256(json.dumps(values, sort_keys=True, default=list).encode("utf-8", "surrogateescape")).hexdigest()


def _name(parser: object) -> object:
    """What tells a parser from another, the same in every process."""
    if isinstance(parser, partial):
        return [_name(parser.func), *map(_name, parser.args)]
    return f"{parser.__module__}.{parser.__qualname__}" if callable(parser) and hasattr(parser, "__qualname__") else repr(parser)
