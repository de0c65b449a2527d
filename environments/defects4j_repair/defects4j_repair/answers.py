"""From a reply to what the repository gets: read in the form that was asked for, fitted to the source, in the files' own encodings."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from repair_rubrics import Applied, Attempt, FileEdit, Hunk, Patch, PatchDoesNotApply, Reward, Rubric, rewards
from repair_rubrics.render import to_diff
from repair_sandbox.limits import Limits
from repair_sandbox.report import TestReport
from repair_sandbox.spec import TestSpec
from repair_tasks import AnswerDiff, AnswerFields, task_gold, task_sources
from repair_tasks.diffs import apply_to_whole
from repair_tasks.grading import Answer, stage_seconds
from repair_tasks.prompts import Prompt

from defects4j_repair.bugs import Bug, Pairs
from defects4j_repair.function_answers import function_patch
from defects4j_repair.functions import Member, counterpart, functions
from defects4j_repair.prompts import PromptOptions
from defects4j_repair.specs import JavaTests, java_tests, sandbox_spec

RUBRIC = Rubric(
    (
        Reward("resolved", "correctness", 1.0, rewards.resolved),
        Reward("compiles", "correctness", 0.0, rewards.compiles),
        Reward("trigger_tests", "correctness", 0.0, rewards.fail_to_pass),
        Reward("relevant_tests", "correctness", 0.0, rewards.pass_to_pass),
        Reward("similarity", "correctness", 0.0, rewards.similarity),
        Reward("format", "format", 0.0, rewards.answer_format),
        Reward("quality", "quality", 0.0, rewards.quality),
    )
)
STAGES = ("queue", "start", "apply", "compile", "trigger_tests", "relevant_tests", "tests", "control")
"""Of a test run."""


class BugFields(AnswerFields):
    """What a task carries besides its prompt: enough to score an answer from the task alone."""

    unseen: Pairs = ()
    """Path and whole text of the files that the prompt shows in part."""
    encodings: Pairs = ()
    """Path and encoding of the files that are not UTF-8."""
    function: tuple[str, int] | None = None
    """Path of the buggy function, and where in that file it begins; None where another answer is asked for."""
    tests: JavaTests


def bug_fields(bug: Bug, prompt: Prompt, options: PromptOptions, framework_image: str = "") -> BugFields:
    """The fields of a task whose prompt was made with `options`; see `specs.java_tests`."""
    place = bug.changed_functions[0] if options.edit_format == "function" else None
    return BugFields(
        gold_patch=bug.prepared.gold_patch,
        edit_format=options.edit_format,
        spans=prompt.spans,
        unseen=tuple(bug.prepared.sources.items()) if options.context == "function" else (),
        encodings=tuple(bug.prepared.encodings.items()),
        function=place and (place.path, place.function.start),
        tests=java_tests(bug, framework_image),
    )


@dataclass(frozen=True)
class Defects4jCase:
    """See `repair_tasks.grading.Case`."""

    instance_id: str
    prompt: str
    fields: BugFields
    rubric: Rubric = RUBRIC

    def read(self, reply: str) -> Answer:
        shown, whole = task_sources(self.prompt, self.fields), whole_sources(self.prompt, self.fields)
        patch = self._patch(reply, whole)
        applied = apply_to_whole(patch, shown, whole)
        attempt = Attempt(reply, task_gold(self.fields), self.fields.edit_format, whole, read=_as_applied(patch, applied, whole))
        return Answer(attempt, self._diff(patch, applied, whole))

    def spec(self, diff: str, limits: Limits) -> TestSpec:
        whole = whole_sources(self.prompt, self.fields)
        gold = repository_diff(_applied(task_gold(self.fields), whole), whole, dict(self.fields.encodings))
        return sandbox_spec(self.instance_id, gold, self.fields.tests, limits)

    def metrics(self, report: TestReport) -> dict[str, float]:
        ran, resolved = bool(report.fail_to_pass), report.resolved
        triggers_pass = ran and all(status == "passed" for status in report.fail_to_pass.values())
        relevant_pass = resolved or (ran and all(status in ("passed", "skipped") for status in report.pass_to_pass.values()))
        passed = {"compiled": float(ran), "triggers_pass": float(triggers_pass), "relevant_pass": float(relevant_pass)}
        return {**passed, **stage_seconds(report, STAGES)}

    def gold_reply(self) -> str:
        """The human fix as an ideal model would answer.

        Raises:
            PatchDoesNotApply: it does not fit the sources.
        """
        gold, whole = task_gold(self.fields), whole_sources(self.prompt, self.fields)
        if self.fields.edit_format == "search_replace":
            return gold.to_blocks(whole)
        if self.fields.edit_format == "unified_diff" or self.fields.function is None:
            return f"```diff\n{gold.to_text()}```\n"
        path, function = self._function(whole)
        fixed = _applied(gold, whole).files[path] or ""
        new = counterpart(function, fixed) or function
        lines = fixed.replace("\r", "").split("\n")[new.first_line - 1 : new.last_line]
        return "```java\n" + "\n".join(lines) + "\n```\n"

    def _patch(self, reply: str, whole: Mapping[str, str]) -> Patch:
        if self.fields.function is None:
            return Patch.parse(reply)
        path, function = self._function(whole)
        return function_patch(reply, path, whole[path], function)

    def _function(self, whole: Mapping[str, str]) -> tuple[str, Member]:
        path, start = self.fields.function or ("", 0)
        return path, next(function for function in functions(whole[path]) if function.start == start)

    def _diff(self, patch: Patch, applied: Applied, whole: Mapping[str, str]) -> AnswerDiff:
        encodings = dict(self.fields.encodings)
        if applied.failure is None:
            return AnswerDiff(repository_diff(applied, whole, encodings))
        if patch.edit_format == "unified_diff":  # it may change files that are not known here
            return AnswerDiff(Patch(tuple(_encoded_edit(edit, encodings) for edit in patch.files)).to_text())
        return AnswerDiff("", str(applied.failure))


def whole_sources(prompt: str, fields: BugFields) -> dict[str, str]:
    """Path to whole text of the files that the human fix changes."""
    return {**task_sources(prompt, fields), **dict(fields.unseen)}


def repository_diff(applied: Applied, sources: Mapping[str, str], encodings: Mapping[str, str]) -> str:
    """The changes as a git diff in the files' own bytes (those that are not UTF-8 as surrogate escapes).

    Raises:
        PatchDoesNotApply: `applied` is a refusal.
    """
    old = {path: _in_bytes(text, encodings.get(path, "utf-8")) for path, text in sources.items()}
    new = {path: text if text is None else _in_bytes(text, encodings.get(path, "utf-8")) for path, text in applied.files.items()}
    return to_diff(replace(applied, files=new), old)


def _applied(gold: Patch, whole: Mapping[str, str]) -> Applied:
    applied = gold.apply(whole)
    if applied.failure is not None:
        raise PatchDoesNotApply(applied.failure)
    return applied


def _as_applied(patch: Patch, applied: Applied, whole: Mapping[str, str]) -> Patch:
    """The patch with its places as they were found, and known to be as it was written."""
    if applied.failure is not None:
        return patch
    found = Patch.parse(to_diff(applied, whole), "unified_diff")
    return Patch(found.files or patch.files, patch.edit_format, patch.repairs)


def _in_bytes(text: str, encoding: str) -> str:
    """A text as its file's bytes, read as UTF-8 with escapes; a character that the encoding lacks as the escape that Java reads anywhere."""
    if encoding == "utf-8":
        return text
    escaped = "".join(character if character <= "\xff" else _java_escape(character) for character in text)
    return escaped.encode(encoding, "replace").decode("utf-8", "surrogateescape")


def _java_escape(character: str) -> str:
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _encoded_edit(edit: FileEdit, encodings: Mapping[str, str]) -> FileEdit:
    encoding = encodings.get(edit.path, "utf-8")
    return replace(edit, hunks=tuple(_encoded_hunk(hunk, encoding) for hunk in edit.hunks))


def _encoded_hunk(hunk: Hunk, encoding: str) -> Hunk:
    return replace(hunk, lines=tuple(_in_bytes(line, encoding) for line in hunk.lines))
