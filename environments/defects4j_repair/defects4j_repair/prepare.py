"""Making a bug ready to be scored: its tests run on both versions with the framework's own commands, then an image is made of the buggy one.

What the framework says of the bug is held against what its tests do here: a bug that fails other tests than its trigger tests is not prepared.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from repair_sandbox.engine import Engine

from defects4j_repair.ant_log import JavacCall
from defects4j_repair.bug_image import build_image, is_prepared, refuse_traces, snapshot
from defects4j_repair.checkout import Checkout, Fix, RelevantTests
from defects4j_repair.framework import ActiveBug, BugTests, Framework, FrameworkError
from defects4j_repair.places import TIME_ZONE, Place
from defects4j_repair.prepared import WORKDIR, PreparedBug, PreparedError, image_name
from defects4j_repair.relocation import copy_libraries, relocation, with_junit

EXPORTS = ("dir.bin.classes", "dir.bin.tests", "cp.compile", "cp.test")
SHOWN_TESTS = 3


@dataclass
class Workshop:
    """What all of a run's bugs are made with."""

    framework: Framework
    engine: Engine
    base: str
    """Image that the bugs' images stand on."""
    work: Path
    """Where checkouts are made, one folder for each bug, removed when it is done."""
    out: Path
    """Where `<Project>-<number>.json` goes, and under `logs` what the commands of a failed bug said."""
    open_place: Callable[[], Place]
    """Where one bug's commands run."""
    in_use: set[Place] = field(default_factory=set)

    def present(self, bug: ActiveBug) -> PreparedBug | None:
        """A bug that was made already, as this version makes it; None otherwise."""
        try:
            known = PreparedBug.read(self.out / f"{bug.name}.json")
        except PreparedError:
            return None
        return known if is_prepared(self.engine, bug.name, known.image) else None

    def prepare(self, bug: ActiveBug) -> PreparedBug:
        """Make a bug's image and its file.

        Raises:
            PreparedError: the framework, or the bug here, is not as it must be; one line that names the bug.
            InfrastructureError: the container engine.
        """
        folder = self.work / bug.name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        place = self.open_place()
        self.in_use.add(place)
        checkout = Checkout(bug, place, folder)
        try:
            place.hand_over(folder)
            prepared = self._prepare(checkout)
        except (FrameworkError, PreparedError) as error:
            log = self.out / "logs" / f"{bug.name}.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            log.write_text("\n".join(checkout.log), "utf-8", "replace")
            raise PreparedError(f"{bug.name}: {error} (log: {log})") from None
        finally:
            place.close()
            self.in_use.discard(place)
            shutil.rmtree(folder, ignore_errors=True)
        prepared.write(self.out / f"{bug.name}.json")
        return prepared

    def stop(self) -> None:
        """End every command that runs; the bugs that they were run for fail."""
        for place in list(self.in_use):
            place.close()

    def _prepare(self, checkout: Checkout) -> PreparedBug:
        bug, tree, context = checkout.bug, checkout.tree, checkout.folder / "context"
        known = self.framework.tests(bug)
        checkout.check_out("fixed")
        fixed = checkout.test("fixed", known.relevant_classes)
        checkout.check_out("buggy")
        fix = checkout.fix()
        calls = checkout.compile()
        exports = {name: checkout.export(name) for name in EXPORTS}
        checkout.compile()  # exports of some projects remove compiled classes
        (context / "lib").mkdir(parents=True)
        snapshot(tree, context / "testbed")
        refuse_traces(context / "testbed", fix.fixed)
        buggy = checkout.test("buggy", known.relevant_classes)
        check_agreement(known, fixed, buggy)
        prepared = PreparedBug(
            project=bug.project,
            number=bug.number,
            framework=self.framework.release,
            image=image_name(bug.project, bug.number),
            environment={"TZ": TIME_ZONE},
            trigger_tests=known.trigger_tests,
            relevant_classes=known.relevant_classes,
            modified_classes=known.modified_classes,
            passing_tests=tuple(name for name in fixed.ran if not _fails(name, fixed)),
            broken_tests=tuple(fixed.failing),
            trigger_messages={name: buggy.failing[name].replace(str(tree), WORKDIR) for name in known.trigger_tests},
            **_build(checkout, calls, exports, fix, context),
            **_texts(context / "testbed", fix, checkout.source_dir("tests"), known),
        )
        started = time.monotonic()
        build_image(self.engine, prepared, self.base, TIME_ZONE, context)
        return prepared.model_copy(update={"seconds": {**checkout.seconds, "image": round(time.monotonic() - started, 2)}})


def check_agreement(known: BugTests, fixed: RelevantTests, buggy: RelevantTests) -> None:
    """
    Raises:
        PreparedError: here, the bug is not what the framework says: its trigger tests do not fail before and pass after, or other tests do.
    """
    triggers = set(known.trigger_tests)
    complaints = {
        "trigger tests that pass on the buggy version": triggers - set(buggy.failing),
        "trigger tests that fail on the fixed version": {name for name in triggers if _fails(name, fixed)},
        "trigger tests that did not run on the fixed version": triggers - set(fixed.ran),
        "other tests that fail on the buggy version only": set(buggy.failing) - triggers - set(fixed.failing),
    }
    for what, names in complaints.items():
        if names:
            some = ", ".join(sorted(names)[:SHOWN_TESTS])
            raise PreparedError(f"{len(names)} {what}: {some}{', ...' if len(names) > SHOWN_TESTS else ''}")


def _fails(name: str, tests: RelevantTests) -> bool:
    return name in tests.failing or name.split("::")[0] in tests.failing


def _build(checkout: Checkout, calls: list[JavacCall], exports: Mapping[str, str], fix: Fix, context: Path) -> dict[str, Any]:
    """How program and tests are compiled, with the paths of the image; brings the jars into `context`."""
    place, tree = checkout.place, checkout.tree
    class_path = exports["cp.test"].split(":")
    moved = relocation(place, tree, [*class_path, *exports["cp.compile"].split(":")], [path for call in calls for path in call.class_path])
    copy_libraries(place, moved, context / "lib")
    test_sources = f"{tree / checkout.source_dir('tests')}/"
    program = [call for call in calls if not call.files[0].startswith(test_sources)]
    changed = {str(tree / path) for path in fix.paths}
    compiler = next((call for call in program if changed & set(call.files)), None)
    if compiler is None:
        raise PreparedError(f"no javac of the build compiles {fix.paths[0]}: only builds by ant can be prepared")
    classes = moved.all([compiler.destination, str(tree / exports["dir.bin.classes"])])
    test_classes_dir = f"{WORKDIR}/{exports['dir.bin.tests'].rstrip('/')}"
    rest = tuple(path for path in moved.all(class_path) if path not in (*classes, test_classes_dir))
    return {
        "source_dir": checkout.source_dir("classes"),
        "test_dir": checkout.source_dir("tests"),
        "classes": classes,
        "test_classes_dir": test_classes_dir,
        "class_path": with_junit(rest, moved, place, context / "testbed", context / "lib"),
        "flags": moved.compilation(compiler).flags,
        "program_compilations": tuple(moved.compilation(call) for call in program),
        "test_compilations": tuple(moved.compilation(call) for call in calls if call not in program),
    }


def _texts(tree: Path, fix: Fix, test_dir: str, known: BugTests) -> dict[str, Any]:
    """Texts of the changed files and of the trigger tests' files, and the fix."""
    classes = dict.fromkeys(name.split("::")[0].split("$")[0] for name in known.trigger_tests)
    tests = [f"{test_dir}/{name.replace('.', '/')}.java" for name in classes]
    sources, encodings = {}, {}
    for path in [*fix.paths, *tests]:
        if (tree / path).is_file():
            sources[path], encoding = _decoded((tree / path).read_bytes())
            if encoding != "utf-8":
                encodings[path] = encoding
    return {
        "gold_patch": _decoded(fix.patch)[0],
        "sources": {path: sources[path] for path in fix.paths if path in sources},
        "test_sources": {path: sources[path] for path in tests if path in sources},
        "encodings": encodings,
    }


def _decoded(content: bytes) -> tuple[str, str]:
    """Text and the encoding that it was read by."""
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return content.decode("latin-1"), "latin-1"
