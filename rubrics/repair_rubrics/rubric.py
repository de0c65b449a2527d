"""A rubric: an environment's named, weighted rewards over one attempt, and nothing of any framework.

An environment's task methods, `repair score` and the TRL adapter all ask the same rubric.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from repair_rubrics.apply import Applied
from repair_rubrics.canonical import canonical_patch
from repair_rubrics.extract import AnswerFormat
from repair_rubrics.patch import Patch

Kind = Literal["format", "correctness", "quality"]
WEIGHT_TOLERANCE = 1e-6


@dataclass(frozen=True)
class TestFigures:
    """What running the tests said of a patch."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    resolved: bool
    """Every test that had to pass did, and nothing was tampered with."""
    fail_to_pass: float
    """Share of the tests that the bug fails and that now pass, in [0, 1]."""
    pass_to_pass: float
    """Share of the tests that passed before and still do, in [0, 1]."""
    ran: bool = True
    """The patch applied and, where there is something to compile, compiled; nothing was tampered with."""


@dataclass(frozen=True)
class Attempt:
    """What every reward of a rubric looks at."""

    reply: str
    """The model's last message."""
    gold: Patch
    edit_format: AnswerFormat | None = None
    """The format asked for; None accepts either kind of patch."""
    sources: Mapping[str, str] | None = None
    """Path to text of the files the model was shown; None when only the patches can be compared."""
    tests: TestFigures | None = None
    """None where no tests are run."""
    read: Patch | None = None
    """The patch that the reply stands for, where it takes more than the reply to read it; None to parse the reply."""

    @cached_property
    def patch(self) -> Patch:
        """The patch in the reply; empty when there is none."""
        return Patch.parse(self.reply) if self.read is None else self.read

    @cached_property
    def applied(self) -> Applied | None:
        """The patch applied to the sources; None without sources."""
        return None if self.sources is None else self.patch.apply(self.sources)

    @cached_property
    def effect(self) -> Patch:
        """What the patch does to the sources, however it is written; the patch itself without sources, or where it does not apply."""
        if self.sources is None or self.applied is None or not self.applied.ok:
            return self.patch
        return canonical_patch(self.applied, self.sources)


@dataclass(frozen=True)
class Reward:
    """One named reward in [0, 1]."""

    name: str
    kind: Kind
    weight: float
    score: Callable[[Attempt], float]

    @property
    def meaning(self) -> str:
        """First sentence of what the reward's function says of itself."""
        return (self.score.__doc__ or "").strip().split("\n")[0]


@dataclass(frozen=True)
class Scores:
    """A scored attempt: each reward in [0, 1] and their weighted sum."""

    parts: Mapping[str, float]
    total: float


def check_weights(weights: Mapping[str, float]) -> None:
    """Refuse weights whose total could leave [0, 1].

    Raises:
        ValueError: one is negative, or they do not sum to 1.
    """
    total = sum(weights.values())
    if any(weight < 0 for weight in weights.values()) or not abs(total - 1) <= WEIGHT_TOLERANCE:
        listed = ", ".join(f"{name} {weight:g}" for name, weight in weights.items())
        raise ValueError(f"rubric: weights must be at least 0 and sum to 1, found {listed} (sum {total:g})")


@dataclass(frozen=True)
class Rubric:
    """Weighted rewards whose weights sum to 1, so that the total lies in [0, 1].

    Raises:
        ValueError: names repeat, a weight is negative, or the weights do not sum to 1.
    """

    rewards: tuple[Reward, ...]

    def __post_init__(self) -> None:
        names = [reward.name for reward in self.rewards]
        if len(set(names)) != len(names):
            raise ValueError(f"rubric: reward names repeat: {', '.join(names)}")
        check_weights(self.weights)

    @property
    def weights(self) -> dict[str, float]:
        """Reward name to weight, in order."""
        return {reward.name: reward.weight for reward in self.rewards}

    def __getitem__(self, name: str) -> Reward:
        for reward in self.rewards:
            if reward.name == name:
                return reward
        raise KeyError(f"rubric: no reward {name!r}; it has {', '.join(reward.name for reward in self.rewards)}")

    def reweighted(self, weights: Mapping[str, float]) -> "Rubric":
        """The same rewards with the given weights; those not named keep theirs.

        Raises:
            KeyError: a name is not a reward of this rubric.
            ValueError: the weights no longer sum to 1.
        """
        for name in weights:
            self[name]
        return Rubric(tuple(replace(reward, weight=weights.get(reward.name, reward.weight)) for reward in self.rewards))

    def score(self, attempt: Attempt) -> Scores:
        """Every reward of `attempt`, and the total."""
        parts = {reward.name: reward.score(attempt) for reward in self.rewards}
        return Scores(parts, sum(parts[reward.name] * reward.weight for reward in self.rewards))

    def table(self) -> str:
        """The rubric as a Markdown table."""
        rows = [f"| `{reward.name}` | {reward.kind} | {reward.weight:g} | {reward.meaning} |" for reward in self.rewards]
        return "\n".join(["| reward | kind | weight | meaning |", "|---|---|---|---|", *rows]) + "\n"
