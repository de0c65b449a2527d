"""Which bugs become tasks: the bundled ones, or those that were prepared from Defects4J; by name, project and kind of fix."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cached_property, partial
from pathlib import Path
from typing import Literal

from pydantic import BaseModel
from repair_corpus import JAVA_IMAGE, CorpusTask, corpus_tasks
from repair_rubrics import Hunk, Patch, PatchDoesNotApply

from defects4j_repair.functions import Member, counterpart, functions, holding
from defects4j_repair.prepared import PreparedBug, prepared_folder

BUNDLED, PREPARED = "bundled", "prepared"
JUNIT = ("/usr/share/java/junit4.jar", "/usr/share/java/hamcrest-core.jar")
"""In the image of the bundled bugs."""
EVAL_PROJECTS = frozenset({"Chart", "Closure", "Lang", "Math", "Mockito", "Time"})
"""The projects of Defects4J 1.2, on which most published results are. All others are for training."""
FILE_NAME = re.compile(r"([A-Za-z]\w*)-(\d+)\.json")

Pairs = tuple[tuple[str, str], ...]


class NoBugs(ValueError):
    """There is nothing to make tasks of; the message says where it was looked for, and what to do."""


class BugOptions(BaseModel):
    """Which bugs become tasks."""

    dataset: str = BUNDLED
    """`bundled`; `prepared`: what `repair images prepare defects4j` left in its usual folder; or the path of another such folder."""
    bugs: str = "*"
    """Names, with `*` and `?`, commas between: `Lang-*,Cli-1?`."""
    split: Literal["all", "train", "eval"] = "all"
    """By project: `eval` has those of Defects4J 1.2 (Chart, Closure, Lang, Math, Mockito, Time), `train` all others."""
    kind: Literal["any", "single_function", "single_hunk"] = "any"
    """By the human fix: all of it in one method or constructor; all of it in one run of lines."""


@dataclass(frozen=True)
class Place:
    """A function of a file."""

    path: str
    function: Member


@dataclass(frozen=True)
class Bug:
    """A prepared bug, and what a bundled one has besides."""

    instance_id: str
    prepared: PreparedBug
    issue: str = ""
    """A report by a user; Defects4J has none."""
    tree: Pairs = ()
    """Path and text of the whole program, where the image does not hold it."""
    test_patch: str = ""
    """Tests that `tree` lacks."""

    @cached_property
    def gold(self) -> Patch:
        return Patch.parse(self.prepared.gold_patch, "unified_diff")

    @cached_property
    def fixed_sources(self) -> dict[str, str]:
        """Path to text of the changed files after the human fix.

        Raises:
            PatchDoesNotApply: the bug was prepared wrong.
        """
        applied = self.gold.apply(self.prepared.sources)
        if applied.failure is not None:
            raise PatchDoesNotApply(applied.failure)
        return {path: text for path, text in applied.files.items() if text is not None}

    @cached_property
    def changed_functions(self) -> tuple[Place, ...]:
        """The functions in which the human fix changes something, in path and line order."""
        found = {(path, function) for path, function in self._changes if function is not None}
        return tuple(Place(path, function) for path, function in sorted(found, key=lambda place: (place[0], place[1].start)))

    @property
    def single_function(self) -> bool:
        """Whether all that the human fix changes is in one function, which is still one function of that name afterwards."""
        if len(self.changed_functions) != 1 or any(function is None for _, function in self._changes):
            return False
        place = self.changed_functions[0]
        return counterpart(place.function, self.fixed_sources[place.path]) is not None

    @property
    def single_hunk(self) -> bool:
        """Whether the human fix changes one run of lines."""
        return len(self._changes) == 1

    @cached_property
    def _changes(self) -> tuple[tuple[str, Member | None], ...]:
        """Path and function of every run of changed lines; None for a run that is not all in one function."""
        found = []
        for edit in self.gold.files:
            known = functions(self.prepared.sources.get(edit.old_path or "", ""))
            found += [(edit.path, holding(known, first, last)) for hunk in edit.hunks for first, last in _runs(hunk)]
        return tuple(found)


def select_bugs(options: BugOptions) -> Iterator[Bug]:
    """The bugs asked for, by project and number; a bug is read when it is reached.

    Raises:
        NoBugs: there is none.
        PreparedError: a file is bad.
    """
    patterns = [pattern.strip() for pattern in options.bugs.split(",")]
    known = _bundled() if options.dataset == BUNDLED else _prepared(_folder(options.dataset))
    chosen = 0
    for bug in known:
        part = "eval" if bug.project in EVAL_PROJECTS else "train"
        if options.split not in ("all", part) or not any(fnmatchcase(bug.name, pattern) for pattern in patterns):
            continue
        loaded = bug.load()
        if options.kind == "any" or getattr(loaded, options.kind):
            chosen += 1
            yield loaded
    if not chosen:
        names = ", ".join(bug.name for bug in known[:5])
        asked = f"bugs {options.bugs!r}, split {options.split!r} and kind {options.kind!r}"
        raise NoBugs(f"dataset {options.dataset!r}: none of its {len(known)} bugs ({names}, ...) is one of {asked}")


@dataclass(frozen=True)
class _Known:
    name: str
    project: str
    load: Callable[[], Bug]


def _bundled() -> list[_Known]:
    java = [task for task in corpus_tasks() if task.metadata["language"] == "java"]
    return [_Known(task.instance_id, task.metadata["defects4j"]["project_id"], partial(bundled_bug, task)) for task in java]


def _folder(dataset: str) -> Path:
    return prepared_folder() if dataset == PREPARED else Path(dataset).expanduser()


def _prepared(folder: Path) -> list[_Known]:
    named = [(match[1], int(match[2]), path) for path in folder.glob("*.json") if (match := FILE_NAME.fullmatch(path.name))]
    if not named:
        raise NoBugs(
            f"{folder}: no prepared bug of Defects4J there (<Project>-<number>.json); make some with `repair images prepare defects4j`, or use "
            f"dataset 'bundled', which needs no Defects4J"
        )
    return [_Known(path.stem, project, partial(_read, path)) for project, _, path in sorted(named)]


def _read(path: Path) -> Bug:
    bug = PreparedBug.read(path)
    return Bug(bug.name, bug)


def bundled_bug(task: CorpusTask) -> Bug:
    """A Java task of the bundled corpus, as if it had been prepared from Defects4J."""
    exported = task.metadata["defects4j"]
    tree = {path: content.decode("utf-8") for path, content in task.tree.items()}
    tested = {**tree, **{path: text for path, text in Patch.parse(task.test_patch).apply(tree).files.items() if text is not None}}
    gold = Patch.parse(task.gold_patch)
    trigger_classes = {test.partition("::")[0].replace(".", "/") for test in exported["trigger_tests"]}
    prepared = PreparedBug(
        project=exported["project_id"],
        number=exported["bug_id"],
        framework="",
        image=JAVA_IMAGE,
        source_dir=exported["dir_src_classes"],
        test_dir=exported["dir_src_tests"],
        classes=(),
        test_classes_dir="",
        class_path=JUNIT,
        flags=("--release", "8", "-encoding", "UTF-8", "-nowarn"),
        program_compilations=(),
        test_compilations=(),
        trigger_tests=tuple(exported["trigger_tests"]),
        relevant_classes=tuple(exported["relevant_tests"]),
        modified_classes=tuple(exported["modified_classes"]),
        passing_tests=(*task.metadata["fail_to_pass"], *task.metadata["pass_to_pass"]),
        gold_patch=task.gold_patch,
        sources={edit.path: tree[edit.path] for edit in gold.files},
        test_sources={path: text for path, text in tested.items() if path.removesuffix(".java").endswith(tuple(trigger_classes))},
        trigger_messages=exported.get("trigger_messages", {}),
    )
    return Bug(task.instance_id, prepared, task.issue, tuple(tree.items()), task.test_patch)


def _runs(hunk: Hunk) -> list[tuple[int, int]]:
    """First and last old line of each run of changed lines; the two lines around one that only adds."""
    runs: list[tuple[int, int]] = []
    number = begun = hunk.old_start or 1
    changing = False
    for line in (*hunk.lines, " "):
        if line[0] == " ":
            if changing:
                runs.append((begun, number - 1) if number > begun else (number - 1, number))
            changing = False
        elif not changing:
            begun, changing = number, True
        number += line[0] != "+"
    return runs
