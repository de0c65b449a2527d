"""Verdicts of Defects4J's own commands (`runner defects4j`), from a real image of it where one is named."""

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

import pytest
import verifiers.v1 as vf
from defects4j_repair.bugs import NoBugs
from defects4j_repair.prepared import prepared_folder
from repair_cli.score import score_answer
from repair_corpus import PYTHON_IMAGE
from repair_sandbox.errors import BrokenTask
from repair_sandbox.sandbox import Sandbox
from repair_sandbox.spec import TestSpec
from repair_tasks.grading import NOOP_REPLY

sys.path.insert(0, str(Path(__file__).parent))
from vf_commands import needs_image

ENV = "defects4j-repair"
pytestmark = [pytest.mark.docker, pytest.mark.timeout(1800)]


def taskset(**options: Any) -> vf.Taskset:
    return vf.load_taskset(vf.taskset_config_type(ENV)(id=ENV, runner="defects4j", **options))


def test_the_framework_knows_no_bundled_bug() -> None:
    with pytest.raises(NoBugs, match="runner 'defects4j' knows no bundled bug; use dataset 'prepared'"):
        list(taskset())


def test_an_image_without_the_framework_is_our_fault(tmp_path: Path) -> None:
    spec = TestSpec("Lang-1", needs_image(PYTHON_IMAGE), "", ("a.ATest::one",), (), runner="defects4j", arguments=("Lang", "1b"))
    patch = NOOP_REPLY.partition("\n")[2].removesuffix("```\n")
    with Sandbox.docker(cache_folder=tmp_path) as sandbox, pytest.raises(BrokenTask, match=r"Lang-1: .*: no defects4j on the PATH of the image"):
        sandbox.score(spec, patch)


@pytest.fixture(scope="module")
def task() -> vf.Task:
    """A prepared bug, scored by the framework of a real image."""
    image, folder = os.environ.get("DEFECTS4J_IMAGE"), Path(os.environ.get("DEFECTS4J_PREPARED") or prepared_folder())
    if not image:
        pytest.skip("measuring data: no image with Defects4J is named by DEFECTS4J_IMAGE")
    if not list(folder.glob("*.json")):
        pytest.skip(f"measuring data: no prepared bug in {folder} (DEFECTS4J_PREPARED)")
    return next(iter(taskset(dataset=str(folder), framework_image=image)))


def scored(task: vf.Task, reply: str) -> dict[str, Any]:
    return asyncio.run(score_answer(task, reply))


@pytest.mark.defects4j
def test_the_human_fix_is_resolved(task: vf.Task) -> None:
    result = scored(task, task.gold_reply)
    assert (result["outcome"], result["reward"]) == ("resolved", 1.0), result


@pytest.mark.defects4j
def test_without_a_repair_the_trigger_tests_fail(task: vf.Task) -> None:
    result = scored(task, NOOP_REPLY)
    assert (result["outcome"], task.noop_fault(result)) == ("tests_failed", ""), result


@pytest.mark.defects4j
def test_what_does_not_compile_is_told_apart(task: vf.Task) -> None:
    path = next(iter(task.data.spans)).path
    first = next(line for line in str(task.data.prompt).splitlines() if line.startswith("package "))
    result = scored(task, f"{path}\n```\n<<<<<<< SEARCH\n{first}\n=======\n{first}}}\n>>>>>>> REPLACE\n```\n")
    assert result["outcome"] == "compile_failed", result
