"""What was found out about a dataset's tasks by running their ground truth: which can be trusted, and which are left out, and why."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Verdict = Literal["pass", "fail", "flaky", "error"]
"""`pass`: the human fix solved the task and a patch that changes nothing did not, every time. `fail`: neither ever differed, but not so.
`flaky`: it came out differently between runs. `error`: it could not be run."""


Answer = Literal["gold", "noop", "gold_reordered"]
"""The human fix; a patch that changes nothing of the code; the human fix with the FAIL_TO_PASS tests run first."""


class ManifestError(ValueError):
    """A manifest cannot be read or written."""


class GroundTruthRun(BaseModel):
    """One answer to one task, scored once."""

    model_config = ConfigDict(extra="forbid")

    answer: Answer
    outcome: str
    """As the environment names it; empty when there was none."""
    reward: float = 0.0
    reason: str = ""
    fault: str = ""
    """What is wrong with the tests that failed, where they did."""
    failing: list[str] = Field(default_factory=list)
    """Some of the tests that did not come out as they had to."""
    stages_s: dict[str, float] = Field(default_factory=dict)
    memory_mb: float = 0.0
    """Peak of the largest test process."""
    image_digest: str = ""


class TaskRecord(BaseModel):
    """What is known of one task."""

    model_config = ConfigDict(extra="forbid")

    verdict: Verdict
    reason: str = ""
    task_hash: str = ""
    """Of the task's content when it was run: a record of other content does not count."""
    fail_to_pass_first: bool = False
    """Whether the human fix also solved the task with the FAIL_TO_PASS tests run first. (Tests may lean on each other's order.)"""
    runs: list[GroundTruthRun] = Field(default_factory=list)


class Manifest(BaseModel):
    """One dataset's tasks. An environment goes by `quarantine`, in what it leaves out, and by each task's `fail_to_pass_first`."""

    model_config = ConfigDict(extra="forbid")

    environment: str = ""
    dataset: str = ""
    runs: int = 0
    """Times that each answer was scored."""
    quarantine: dict[str, str] = Field(default_factory=dict)
    """Instance id to the reason why it is not to be used."""
    tasks: dict[str, TaskRecord] = Field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """The manifest in a file.

        Raises:
            ManifestError: there is no such file, or it is none.
        """
        try:
            return cls.model_validate_json(path.expanduser().read_bytes())
        except OSError as error:
            raise ManifestError(f"manifest {path}: {error.strerror}; `repair validate` writes one") from None
        except ValidationError as error:
            problem = error.errors()[0]
            where = ".".join(map(str, problem["loc"]))
            raise ManifestError(f"manifest {path}: {f'{where}: ' if where else ''}{problem['msg']}; `repair validate` writes one") from None

    def record(self, instance_id: str, record: TaskRecord) -> None:
        """Put down what was found out about a task, in place of what was known."""
        self.tasks[instance_id] = record
        self.quarantine.pop(instance_id, None)
        if record.verdict != "pass":
            self.quarantine[instance_id] = f"{record.verdict}: {record.reason}"

    def write(self, path: Path) -> None:
        """Replace the file at once, so that it is whole whatever happens.

        Raises:
            ManifestError: the folder cannot be written to.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
                file.write(self.model_dump_json(indent=1) + "\n")
            os.replace(file.name, path)
        except OSError as error:
            raise ManifestError(f"manifest {path}: {error.strerror}; choose a place that can be written to") from None
