"""SWE-bench rows, rewarded by running their tests in locked containers (environment id `swe-bench-tests`)."""

from single_turn import SingleTurnEnv

from swe_bench_tests.grading import RUBRIC
from swe_bench_tests.taskset import SweBenchTestsTaskset

__all__ = ["RUBRIC", "SingleTurnEnv", "SweBenchTestsTaskset"]
