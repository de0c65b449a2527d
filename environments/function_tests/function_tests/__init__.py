"""HumanEval-style function problems, rewarded by running their tests in locked containers (environment id `function-tests`)."""

from single_turn import SingleTurnEnv

from function_tests.grading import RUBRIC
from function_tests.pass_at_k import pass_at_k
from function_tests.taskset import FunctionTestsTaskset

__all__ = ["RUBRIC", "FunctionTestsTaskset", "SingleTurnEnv", "pass_at_k"]
