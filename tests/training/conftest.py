"""What the tests of examples/grpo share."""

import sys
from pathlib import Path

GRPO = Path(__file__).parents[2] / "examples" / "grpo"
sys.path[:0] = [str(GRPO), str(GRPO / "tiny")]
