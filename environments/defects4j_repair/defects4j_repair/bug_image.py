"""The image of a prepared bug: the compiled buggy tree on a base with Java 11, without history and without a trace of the fix.

Layers: the base, the project's jars (the same for all of a project's bugs), the tree.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import docker
from repair_sandbox import reaper
from repair_sandbox.engine import Engine
from repair_sandbox.errors import ImageMissing
from repair_sandbox.images import LocalImage, build_from, local_image

from defects4j_repair.prepared import BUG_FILE, BUG_LABEL, LIBRARY_DIR, RECIPE, RECIPE_LABEL, WORKDIR, PreparedBug, PreparedError

BASE = "repair-envs/defects4j-base:latest"
BASE_NEEDS = "java -version 2>&1 | grep -q 'version \"11' && javac -version >/dev/null && python3 --version && git --version"
CHECK_S = 60.0
DOCKERFILE = """\
FROM {base}
COPY lib {library}
COPY testbed {workdir}
COPY bug.json {bug_file}
ENV TZ={time_zone}
LABEL {bug_label}={name} {recipe_label}={recipe}
WORKDIR {workdir}
"""
FRAMEWORK_FILES = (".git", ".svn", ".defects4j.config", "defects4j.build.properties", "all_tests", "failing_tests")
"""At the root of a checkout: history with the fixed version's tag, and the framework's notes, which name the classes to change."""


def check_base(engine: Engine, base: str) -> LocalImage:
    """
    Raises:
        ImageMissing: it is not on this machine.
        PreparedError: it lacks something.
    """
    found = local_image(engine, base)
    if found is None:
        how = "`repair images build defects4j-base` makes it" if base == BASE else "pull it"
        raise ImageMissing(f"{base}: the base image is not on this machine; {how}, or name another with --base")

    def run(client: docker.APIClient) -> int:
        settings = client.create_host_config(network_mode="none")
        marks = reaper.labels(CHECK_S)
        made = client.create_container(base, entrypoint=["sh", "-c"], command=[BASE_NEEDS], labels=marks, host_config=settings)
        try:
            client.start(made["Id"])
            return int(client.wait(made["Id"])["StatusCode"])
        finally:
            client.remove_container(made["Id"], force=True)

    if engine.call(f"{base}: cannot be tried", run) != 0:
        raise PreparedError(f"{base}: a base image needs a JDK 11, python3 and git on its PATH")
    return found


def is_prepared(engine: Engine, name: str, image: str) -> bool:
    """Whether `image` is on this machine and is of the bug `name`, made as this version makes it."""
    if local_image(engine, image) is None:
        return False
    labels = engine.call(f"{image}: cannot be looked at", lambda client: client.inspect_image(image))["Config"].get("Labels") or {}
    return bool(labels.get(BUG_LABEL) == name and labels.get(RECIPE_LABEL) == str(RECIPE))


def snapshot(tree: Path, target: Path) -> None:
    """Copy a compiled checkout without what must not be seen, readable by everyone."""

    def unwanted(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name in FRAMEWORK_FILES and Path(folder) == tree]

    shutil.copytree(tree, target, symlinks=True, ignore=unwanted)
    for folder, _, files in os.walk(target):
        os.chmod(folder, os.stat(folder).st_mode | 0o755)
        for name in files:
            path = os.path.join(folder, name)
            if not os.path.islink(path):
                os.chmod(path, os.stat(path).st_mode | 0o444)


def refuse_traces(folder: Path, fixed: dict[str, bytes]) -> None:
    """
    Raises:
        PreparedError: a file in `folder` has the content of a fixed one, or is what patching left of one.
    """
    names = {Path(path).name for path in fixed}
    sizes = {len(content) for content in fixed.values()}
    for path in (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()):
        remains = path.suffix in (".orig", ".rej") and path.stem in names
        if remains or (path.stat().st_size in sizes and path.read_bytes() in fixed.values()):
            raise PreparedError(f"{path.relative_to(folder)}: holds a trace of the fix")


def build_image(engine: Engine, bug: PreparedBug, base: str, time_zone: str, context: Path) -> LocalImage:
    """Build the bug's image from `context`, which holds `lib` and `testbed`.

    Raises:
        InfrastructureError
    """
    bug.for_image().write(context / "bug.json")
    os.chmod(context / "bug.json", 0o600)
    text = DOCKERFILE.format(
        base=base,
        library=LIBRARY_DIR,
        workdir=WORKDIR,
        bug_file=BUG_FILE,
        time_zone=time_zone,
        bug_label=BUG_LABEL,
        name=bug.name,
        recipe_label=RECIPE_LABEL,
        recipe=RECIPE,
    )
    (context / "Dockerfile").write_text(text)
    return build_from(engine, context, bug.image)
