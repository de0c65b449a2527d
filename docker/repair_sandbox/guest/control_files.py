"""Puts test files' versions for the control run in their place, and tells under which names each expected test is there."""

import os
import re
from typing import Dict, Iterable, List, NamedTuple, Set

from repair_sandbox.guest import control, patching
from repair_sandbox.guest.names import function_in, of_copy


class Written(NamedTuple):
    twins: Dict[str, str]
    """Path to why there are no twins in it; to nothing where there are."""
    copies: Dict[str, Dict[str, List[str]]]
    """Expected name to the names that must do as before (`real`) and those that must fail (`twins`)."""


def write(paths: Iterable[str], workdir: str, expected: Dict[str, List[str]], arrangement: str) -> Written:
    """Replace files of `workdir` by modules of twins beside tests as they are; see `control.mixed`.

    `expected`: names of tests by kind, `fail_to_pass` and `pass_to_pass`.
    """
    written = Written({}, {})
    for path in paths:
        try:
            patching.check_paths([path], workdir)
            with open(os.path.join(workdir, path), "rb") as source:
                content = source.read()
            names, to_fix = (_words(expected[kind], path) for kind in ("pass_to_pass", "fail_to_pass"))
            mixed = control.mixed(content, names, to_fix, arrangement + path)
        except (patching.Rejected, SyntaxError, ValueError, AttributeError, RecursionError) as error:
            written.twins[path] = f"{type(error).__name__}: {error}"[:300]
            continue
        patching.write_files({path: mixed.source}, workdir)
        written.twins[path] = ""
        for name in _of_file(expected["fail_to_pass"] + expected["pass_to_pass"], path):
            function = next((word for word in _functions(name) if word in mixed.functions), None)
            if function is not None:
                copies = mixed.functions[function]._asdict()
                written.copies[name] = {kind: [of_copy(name, function, copy) for copy in found] for kind, found in copies.items()}
    return written


def _of_file(names: Iterable[str], path: str) -> List[str]:
    """The names that may stand for tests of a file; one that is no node id does not say of which."""
    return [name for name in names if "::" not in name or name.split("::")[0] == path]


def _functions(name: str) -> List[str]:
    """Words of a test's name that may be that of its function, the likeliest first."""
    return [function_in(name)] if "::" in name else re.findall(r"\w+", name)


def _words(names: Iterable[str], path: str) -> Set[str]:
    return {word for name in _of_file(names, path) for word in _functions(name)}
