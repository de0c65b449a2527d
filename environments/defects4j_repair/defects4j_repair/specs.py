"""What the sandbox runs for a bug, as it travels on a task's wire form."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import groupby

from pydantic import BaseModel, ConfigDict
from repair_sandbox import JavaBuild
from repair_sandbox.limits import Limits
from repair_sandbox.spec import TestSpec

from defects4j_repair.bugs import Bug, NoBugs, Pairs

TestsByClass = tuple[tuple[str, tuple[str, ...]], ...]
"""Test classes with some of their tests; a class may stand there more than once."""


class JavaTests(BaseModel):
    """A bug's image, build and expected outcomes. Hashable, so that a grade can be remembered by it."""

    model_config = ConfigDict(frozen=True)

    image: str
    workdir: str
    java: JavaBuild
    trigger_tests: TestsByClass
    """Tests that the bug fails and the fix passes."""
    relevant_tests: TestsByClass
    """Tests of the relevant classes that pass before and after the fix."""
    environment: Pairs = ()
    test_patch: str = ""
    tree: Pairs = ()
    framework: tuple[str, str, str] | None = None
    """Image with Defects4J, project and version (`1b`), where the framework's own commands give the verdict."""


def java_tests(bug: Bug, framework_image: str = "") -> JavaTests:
    """What to run for a bug.

    `framework_image`: unless empty, an image with Defects4J, whose own commands are run in place of ours.

    Raises:
        NoBugs: they are asked for a bundled bug, which they do not know.
    """
    prepared = bug.prepared
    if framework_image and bug.tree:
        raise NoBugs(f"{bug.instance_id}: runner 'defects4j' knows no bundled bug; use dataset 'prepared', or runner 'junit'")
    triggers = set(prepared.trigger_tests)
    test_flags = prepared.test_compilations[-1].flags if prepared.test_compilations else ()
    return JavaTests(
        image=prepared.image,
        workdir=prepared.workdir,
        java=JavaBuild(
            source_dir=prepared.source_dir,
            test_dir=prepared.test_dir,
            classes=prepared.classes,
            test_classes_dir=prepared.test_classes_dir,
            class_path=prepared.class_path,
            flags=prepared.flags,
            test_flags=test_flags,
            test_class_names=prepared.relevant_classes,
        ),
        trigger_tests=_by_class(prepared.trigger_tests),
        relevant_tests=_by_class(test for test in prepared.passing_tests if test not in triggers),
        environment=tuple(prepared.environment.items()),
        test_patch=bug.test_patch,
        tree=bug.tree,
        framework=(framework_image, prepared.project, f"{prepared.number}b") if framework_image else None,
    )


@lru_cache(maxsize=256)
def sandbox_spec(instance_id: str, gold_diff: str, tests: JavaTests, limits: Limits) -> TestSpec:
    """The sandbox's description of a bug (recently used ones are kept). `gold_diff`: as `answers.repository_diff` writes it."""
    to_fix, to_keep = _names(tests.trigger_tests), _names(tests.relevant_tests)
    if tests.framework:
        image, *version = tests.framework
        return TestSpec(instance_id, image, gold_diff, to_fix, to_keep, runner="defects4j", arguments=tuple(version), limits=limits)
    return TestSpec(
        instance_id=instance_id,
        image=tests.image,
        gold_patch=gold_diff,
        fail_to_pass=to_fix,
        pass_to_pass=to_keep,
        test_patch=tests.test_patch,
        tree={path: text.encode("utf-8") for path, text in tests.tree} or None,
        workdir=tests.workdir,
        runner="junit",
        java=tests.java,
        environment=dict(tests.environment),
        limits=limits,
    )


def _by_class(tests: Iterable[str]) -> TestsByClass:
    split = (test.partition("::") for test in tests)
    return tuple((name, tuple(method for _, _, method in run)) for name, run in groupby(split, key=lambda parts: parts[0]))


def _names(tests: TestsByClass) -> tuple[str, ...]:
    return tuple(f"{name}::{method}" for name, methods in tests for method in methods)
