"""What running FAIL_TO_PASS tests first saves on patches that fail, both orders from one run:

    python tests/benchmarks/order_of_tests.py ROWS PREDICTIONS [--rounds 5] [--instances ID ...]

ROWS are of the current SWE-bench schema, their images on this machine; PREDICTIONS JSON lines with instance_id and model_patch. Instances whose
tests the suite's own command runs, in its own order, are left out, and so are patches that resolve. Medians over all failing patches and rounds;
the orders take turns. `every test` is of the human fix; `same` tells whether every verdict was the same in both orders.
"""

import argparse
import dataclasses
import statistics
from pathlib import Path
from typing import NamedTuple

from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec
from repair_tasks.rows import BugRow
from sandbox import fresh_sandbox
from swe_bench_tests.specs import needs_install, plan_tests, sandbox_spec
from swebench_harness import read_lines

LIMITS = Limits(tests_s=1800, memory_mb=4096)


def spec_of(row: BugRow, patch: str) -> TestSpec:
    return sandbox_spec(row.instance_id, row.patch, plan_tests(row), LIMITS, needs_install(patch))


def scored(sandbox: Sandbox, row: BugRow, patch: str, first: bool) -> TestReport:
    return sandbox.score(dataclasses.replace(spec_of(row, patch), fail_to_pass_first=first), patch, control_run=False)


class Figures(NamedTuple):
    """Of one run."""

    tests: int
    cpu_s: float
    tests_s: float


def figures(report: TestReport) -> Figures:
    statuses = [*report.fail_to_pass.values(), *report.pass_to_pass.values()]
    return Figures(sum(status != "not_run" for status in statuses), report.cpu_s, report.stages_s["tests"])


def compare(row: BugRow, patches: list[str], rounds: int) -> None:
    found: dict[bool, list[Figures]] = {False: [], True: []}
    failing: list[tuple[str, bool]] = []
    for number in range(rounds):
        for patch in patches:
            with fresh_sandbox(standby=0, slots=1) as sandbox:
                for first in (False, True) if number % 2 else (True, False):
                    report = scored(sandbox, row, patch, first)
                    if report.outcome == "tests_failed":
                        failing.append((patch, first))
                        found[first].append(figures(report))
    with fresh_sandbox(standby=0, slots=1) as sandbox:
        gold = [scored(sandbox, row, row.patch, first) for first in (False, True)]
    everything = figures(gold[0])
    print(f"{row.instance_id:<28}{everything.tests:>6}{everything.cpu_s:>8.2f}{len({patch for patch, _ in failing}):>9}", end="")
    if failing:
        own, first = ([statistics.median(column) for column in zip(*found[order], strict=True)] for order in (False, True))
        print(f"{own[0]:>8.0f}{first[0]:>8.0f}" + "".join(f"{own[at]:>8.2f}{first[at]:>8.2f}" for at in (1, 2)), end="")
    same = all(report.resolved for report in gold) and all(failing.count((patch, order)) == rounds for patch, _ in failing for order in (False, True))
    print(f"{'yes' if same else 'NO':>7}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", type=Path)
    parser.add_argument("predictions", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--instances", nargs="+", help="only these")
    arguments = parser.parse_args()
    rows = [BugRow.model_validate(row) for row in read_lines(arguments.rows)]
    patches: dict[str, list[str]] = {}
    for item in read_lines(arguments.predictions):
        patches.setdefault(item["instance_id"], []).append(item["model_patch"])
    print(f"{'':<28}{'every test':>14}{'failing':>9}{'tests run':>16}{'processor s':>16}{'tests s':>16}")
    print(f"{'instance':<28}{'tests':>6}{'cpu s':>8}{'patches':>9}" + f"{'own':>8}{'first':>8}" * 3 + f"{'same':>7}")
    for row in rows:
        if plan_tests(row).runner == "pytest" and (not arguments.instances or row.instance_id in arguments.instances):
            compare(row, patches.get(row.instance_id, []), arguments.rounds)


if __name__ == "__main__":
    main()
