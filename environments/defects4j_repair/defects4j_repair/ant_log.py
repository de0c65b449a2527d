"""The javac calls of a build, from the output of `ant -v`: what was really compiled, how, and where to.

Ant's compiler adapters print each call's arguments one to a line in quotes, an explanation, then the files, one to a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

TASK = re.compile(r"^\s*\[javac\] ?(.*)$")
START = re.compile(r"Compilation arguments?:")
FILES = re.compile(r"Files? to be compiled:")
ARGUMENT = re.compile(r"'(.*)'")
PATH_OPTIONS = {
    "-classpath": "class_path",
    "-cp": "class_path",
    "--class-path": "class_path",
    "-sourcepath": "source_path",
    "--source-path": "source_path",
}


@dataclass(frozen=True)
class JavacCall:
    """One call, with the paths that it had where the build ran."""

    destination: str
    class_path: tuple[str, ...]
    source_path: tuple[str, ...]
    flags: tuple[str, ...]
    """All other arguments, in their order."""
    files: tuple[str, ...]


def javac_calls(output: str) -> list[JavacCall]:
    """Every call that was given files, in order."""
    # Each ends before the next one begins, or with the last line of its task.
    lines = [found[1].strip() if (found := TASK.match(line)) else None for line in output.splitlines()]
    starts = [index for index, line in enumerate(lines) if line is not None and START.fullmatch(line)]
    calls = [_call(lines[start + 1 : end]) for start, end in pairwise([*starts, len(lines)])]
    return [call for call in calls if call.files]


def _call(lines: list[str | None]) -> JavacCall:
    arguments: list[str] = []
    files: list[str] = []
    remaining = iter(lines)
    for line in remaining:
        argument = ARGUMENT.fullmatch(line or "")
        if not argument:
            break
        arguments.append(argument[1])
    for line in remaining:
        if line is not None and FILES.fullmatch(line):
            break
    for line in remaining:
        if line is None or not line.startswith("/"):
            break
        files.append(line)
    return _sorted_out(iter(arguments), tuple(files))


def _sorted_out(arguments: Iterator[str], files: tuple[str, ...]) -> JavacCall:
    paths: dict[str, tuple[str, ...]] = {}
    destination = ""
    flags: list[str] = []
    for argument in arguments:
        if argument == "-d":
            destination = next(arguments, "")
        elif argument in PATH_OPTIONS:
            paths[PATH_OPTIONS[argument]] = tuple(part for part in next(arguments, "").split(":") if part)
        else:
            flags.append(argument)
    return JavacCall(destination, paths.get("class_path", ()), paths.get("source_path", ()), tuple(flags), files)
