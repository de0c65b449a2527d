"""One chat completion per rollout, made in the evaluator's own process (harness and env id `single-turn`)."""

__all__ = ["SingleTurnEnv", "SingleTurnEnvConfig", "SingleTurnHarness", "SingleTurnHarnessConfig", "last_message"]

# While `env` sets its default, verifiers looks the harness up in this half-imported module: hence the order.
from single_turn.harness import SingleTurnHarness, SingleTurnHarnessConfig

# isort: split
from single_turn.env import SingleTurnEnv, SingleTurnEnvConfig
from single_turn.reply import last_message
