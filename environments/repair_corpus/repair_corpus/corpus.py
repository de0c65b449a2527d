"""The bundled corpus as rows of the SWE-bench schema.

Each task is a folder `<language>/<name>/`: `task.json`, `issue.md`, `buggy/` (the tree with its visible tests), `gold.patch`, `test.patch` (the
hidden tests) and `answers/` (a different genuine fix, a partial and a wrong one). Java tasks also carry what Defects4J exports for a bug.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parent
LANGUAGES = ("python", "java")
AnswerKind = Literal["different", "partial", "wrong"]
PYTHON_IMAGE = "repair-envs/corpus-python:latest"
"""Runs the Python tasks; holds none of them (`repair images build corpus-python`)."""
JAVA_IMAGE = "repair-envs/corpus-java:latest"
"""Runs the Java tasks; holds none of them (`repair images build corpus-java`)."""
NOT_SOURCE = {"__pycache__", ".pytest_cache", ".hypothesis"}


@dataclass(frozen=True)
class CorpusTask:
    """One task's folder, read on demand."""

    folder: Path

    @cached_property
    def metadata(self) -> dict[str, Any]:
        """`task.json`: instance_id, repo, version, language, kind, fail_to_pass, pass_to_pass and, for Java, defects4j."""
        loaded: dict[str, Any] = json.loads(self._read("task.json"))
        return loaded

    @property
    def instance_id(self) -> str:
        return str(self.metadata["instance_id"])

    @property
    def issue(self) -> str:
        """The bug report."""
        return self._read("issue.md")

    @property
    def gold_patch(self) -> str:
        return self._read("gold.patch")

    @property
    def test_patch(self) -> str:
        return self._read("test.patch")

    def answer(self, kind: AnswerKind) -> str:
        """A prepared answer as a unified diff: `different` solves the bug, `partial` and `wrong` do not."""
        return self._read(f"answers/{kind}.patch")

    @cached_property
    def tree(self) -> dict[str, bytes]:
        """Path to content of every file at the buggy revision, in path order."""
        root = self.folder / "buggy"
        files = sorted(path for path in root.rglob("*") if path.is_file() and not NOT_SOURCE & set(path.parts))
        return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}

    @property
    def base_commit(self) -> str:
        """40 hex digits that name the buggy tree's content, as a commit would."""
        digest = hashlib.sha1(usedforsecurity=False)
        for path, content in self.tree.items():
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        return digest.hexdigest()

    def row(self) -> dict[str, Any]:
        """The task as a SWE-bench row; extra columns: `language`, `sources` (path to text), Python `image`, `test_command`, Java `defects4j`."""
        python = self.metadata["language"] == "python"
        return {
            "instance_id": self.instance_id,
            "repo": self.metadata["repo"],
            "base_commit": self.base_commit,
            "patch": self.gold_patch,
            "test_patch": self.test_patch,
            "problem_statement": self.issue,
            "hints_text": "",
            "created_at": "",
            "version": self.metadata["version"],
            "FAIL_TO_PASS": json.dumps(self.metadata["fail_to_pass"]),
            "PASS_TO_PASS": json.dumps(self.metadata["pass_to_pass"]),
            "language": self.metadata["language"],
            "image": PYTHON_IMAGE if python else "",
            "test_command": "pytest" if python else "",
            "sources": {path: content.decode("utf-8") for path, content in self.tree.items()},
            "defects4j": self.metadata.get("defects4j"),
        }

    def _read(self, name: str) -> str:
        return (self.folder / name).read_bytes().decode("utf-8")


def corpus_tasks() -> list[CorpusTask]:
    """Every task: Python first, then Java, each by name."""
    folders = [sorted(path.parent for path in (ROOT / language).glob("*/task.json")) for language in LANGUAGES]
    return [CorpusTask(folder) for group in folders for folder in group]


def corpus_rows() -> Iterator[dict[str, Any]]:
    """Every task as a SWE-bench row."""
    return (task.row() for task in corpus_tasks())
