"""Who may know whom, and what must not lie where: the rules that keep the folders apart, checked on the imports as they are written."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MEMBERS = sorted(path.parent for path in (ROOT / "environments").glob("*/pyproject.toml"))
ENVIRONMENTS = {member.name for member in MEMBERS if (member / member.name / "taskset.py").is_file()}
SHARED = {member.name for member in MEMBERS} - ENVIRONMENTS
ENTRY_POINT = "repair_cli"
"""The one member that stands above the environments."""


def imports(folder: Path) -> dict[str, set[str]]:
    """Top-level module that is imported anywhere under `folder`, at the top or inside a function, to the files that do."""
    found: dict[str, set[str]] = {}
    for path in (path for path in folder.rglob("*.py") if "buggy" not in path.parts):  # the corpus's trees are data
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}:{node.lineno}: relative import"
                names = [node.module or ""]
            else:
                continue
            for name in names:
                found.setdefault(name.split(".")[0], set()).add(path.relative_to(ROOT).as_posix())
    return found


def tracked_files() -> list[str]:
    command = ["git", "-c", "core.quotePath=off", "ls-files"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()


def imported_among(folder: Path, forbidden: set[str]) -> dict[str, set[str]]:
    return {module: files for module, files in imports(folder).items() if module in forbidden}


def test_the_members_are_told_apart() -> None:
    assert "swe_bench_diff" in ENVIRONMENTS
    assert {"repair_cli", "repair_corpus", "repair_tasks", "single_turn"} <= SHARED


def test_top_level_folders_are_those_of_the_readme() -> None:
    folders = {path.split("/")[0] for path in tracked_files() if "/" in path and not path.startswith(".")}
    layout = (ROOT / "README.md").read_text(encoding="utf-8").split("## Layout")[1]
    assert folders <= set(re.findall(r"^\| `(\w+)[/`]", layout, re.MULTILINE))


@pytest.mark.parametrize("folder", ["docker", "rubrics", "environments", "examples", "tests"])
def test_no_top_level_folder_is_a_package(folder: str) -> None:
    # docker/__init__.py would shadow the SDK wherever the root is on the path, as under `python -m pytest`.
    assert not (ROOT / folder / "__init__.py").exists()


@pytest.mark.parametrize("arguments", [["-c"], ["-P", "-c"]], ids=["root on the path", "root not on the path"])
def test_the_docker_sdk_is_not_shadowed(arguments: list[str]) -> None:
    # Without the SDK, `import docker` at the root gives an empty namespace that has no origin.
    probe = "import importlib.util; print(importlib.util.find_spec('docker').origin)"
    done = subprocess.run([sys.executable, *arguments, probe], cwd=ROOT, capture_output=True, text=True, check=True)
    origin = Path(done.stdout.strip())
    assert origin.is_file(), f"the docker SDK is not installed: find_spec gives {origin}"
    assert "site-packages" in origin.parts


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_a_member_brings_what_it_needs(member: Path) -> None:
    assert (member / "README.md").is_file()
    assert (member / member.name / "__init__.py").is_file()
    assert not (member / "__init__.py").exists()


def test_every_folder_of_environments_is_a_member() -> None:
    folders = {path.split("/")[1] for path in tracked_files() if path.startswith("environments/")}
    assert folders <= {member.name for member in MEMBERS}


@pytest.mark.parametrize("environment", sorted(ENVIRONMENTS))
def test_environments_do_not_import_one_another(environment: str) -> None:
    assert imported_among(ROOT / "environments" / environment / environment, ENVIRONMENTS - {environment} | {ENTRY_POINT}) == {}


@pytest.mark.parametrize("member", sorted(SHARED - {ENTRY_POINT}))
def test_what_is_shared_imports_no_environment(member: str) -> None:
    assert imported_among(ROOT / "environments" / member / member, ENVIRONMENTS | {ENTRY_POINT}) == {}


def test_the_rubric_package_knows_no_framework() -> None:
    forbidden = {"verifiers", "docker", "datasets", "repair_sandbox"} | ENVIRONMENTS | SHARED
    assert imported_among(ROOT / "rubrics" / "repair_rubrics", forbidden) == {}


def test_the_sandbox_package_knows_no_rewards() -> None:
    forbidden = {"verifiers", "datasets", "repair_rubrics"} | ENVIRONMENTS | SHARED
    assert imported_among(ROOT / "docker" / "repair_sandbox", forbidden) == {}


def test_repair_tasks_knows_no_verifiers() -> None:
    assert imported_among(ROOT / "environments" / "repair_tasks" / "repair_tasks", {"verifiers"}) == {}
