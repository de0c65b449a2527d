"""One-line bugs for a model that has a minute to learn: `python bugs.py FOLDER` writes train.jsonl and eval.jsonl, rows of the SWE-bench schema.

A function of two numbers computes with the wrong operator, and the issue says which result is right. No function of eval.jsonl is in train.jsonl.
The rows bring their sources and tests, so they run in both SWE-bench environments: by likeness to the fix, or by the tests in containers.
"""

import argparse
import difflib
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Any

MODULE = "ledger.py"
OPERATORS = {"+": "the sum of", "-": "the difference between", "*": "the product of", "//": "the whole quotient of", "%": "the remainder of"}
ARGUMENTS = ("amount", "count", "price", "rate", "limit", "weight", "length", "score", "total", "share", "level", "volume")
NAMES = ("net", "gross", "spare", "daily", "final", "base", "fixed", "rough", "local", "inner", "outer", "first")
KINDS = ("value", "cost", "size", "bonus", "stock", "range", "delay", "quota")
NUMBERS = ((17, 5), (23, 4), (40, 7))
"""Told apart by every operator."""


@dataclass(frozen=True)
class Bug:
    """`function(left, right)` computes with `wrong` in place of `right_operator`."""

    function: str
    left: str
    right: str
    wrong: str
    right_operator: str

    def line(self, operator: str) -> str:
        return f"    return {self.left} {operator} {self.right}"

    def source(self, operator: str) -> str:
        return f"def {self.function}({self.left}, {self.right}):\n{self.line(operator)}\n"

    def answer(self, operator: str) -> str:
        """The search/replace block that puts an operator in."""
        return f"{MODULE}\n<<<<<<< SEARCH\n{self.line(self.wrong)}\n=======\n{self.line(operator)}\n>>>>>>> REPLACE\n"

    def row(self) -> dict[str, Any]:
        """As a row of the SWE-bench schema."""
        tests = f"from ledger import {self.function}\n\n\ndef test_result():\n"
        tests += "".join(f"    assert {self.function}({a}, {b}) == {_compute(a, self.right_operator, b)}\n" for a, b in NUMBERS)
        tests += f"\n\ndef test_takes_whole_numbers():\n    assert isinstance({self.function}(9, 2), int)\n"
        source = self.source(self.wrong)
        return {
            "instance_id": f"tiny__{self.function}-{self.left}-{self.right}-{'+-*/%'.index(self.wrong[0])}{'+-*/%'.index(self.right_operator[0])}",
            "repo": "tiny/ledger",
            "base_commit": sha1(source.encode(), usedforsecurity=False).hexdigest(),
            "problem_statement": f"{self.function} must give {OPERATORS[self.right_operator]} {self.left} and {self.right}.",
            "patch": _diff(MODULE, source, self.source(self.right_operator)),
            "test_patch": _diff("test_ledger.py", "", tests),
            "FAIL_TO_PASS": ["test_ledger.py::test_result"],
            "PASS_TO_PASS": ["test_ledger.py::test_takes_whole_numbers"],
            "language": "python",
            "image": "repair-envs/corpus-python:latest",
            "test_command": "pytest",
            "sources": {MODULE: source},
        }


def bugs(seed: int, held_out: bool) -> Iterator[Bug]:
    """Endless, by chance; held out are those of every fourth function name."""
    chance = random.Random(f"{seed} {held_out}")
    functions = [f"{name}_{kind}" for number, (name, kind) in enumerate(itertools.product(NAMES, KINDS)) if (number % 4 == 3) == held_out]
    while True:
        left, right = chance.sample(ARGUMENTS, 2)
        wrong, right_operator = chance.sample(list(OPERATORS), 2)
        yield Bug(chance.choice(functions), left, right, wrong, right_operator)


def write(path: Path, count: int, held_out: bool, seed: int = 0) -> None:
    """So many different bugs, a JSON line each."""
    rows: dict[str, dict[str, Any]] = {}
    for bug in bugs(seed, held_out):
        row = bug.row()
        rows[row["instance_id"]] = row
        if len(rows) == count:
            break
    path.write_text("".join(json.dumps(row) + "\n" for row in rows.values()), encoding="utf-8")


def _compute(a: int, operator: str, b: int) -> int:
    return {"+": a + b, "-": a - b, "*": a * b, "//": a // b, "%": a % b}[operator]


def _diff(path: str, old: str, new: str) -> str:
    before, after = ("/dev/null" if not old else f"a/{path}"), f"b/{path}"
    lines = list(difflib.unified_diff(old.splitlines(keepends=True), new.splitlines(keepends=True), before, after))
    head = f"diff --git a/{path} b/{path}\n" + ("" if old else "new file mode 100644\n")
    return head + "".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--train", type=int, default=512, help="bugs to train on (default %(default)s)")
    parser.add_argument("--eval", type=int, default=64, help="bugs to evaluate on (default %(default)s)")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    write(arguments.folder / "train.jsonl", arguments.train, held_out=False)
    write(arguments.folder / "eval.jsonl", arguments.eval, held_out=True)


if __name__ == "__main__":
    main()
