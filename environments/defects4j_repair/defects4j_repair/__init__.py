"""Defects4J bugs, rewarded by compiling and testing in locked containers (environment id `defects4j-repair`)."""

from single_turn import SingleTurnEnv

from defects4j_repair.answers import RUBRIC
from defects4j_repair.taskset import Defects4jTaskset

__all__ = ["RUBRIC", "Defects4jTaskset", "SingleTurnEnv"]
