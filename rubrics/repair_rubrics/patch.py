"""The one patch type: read from what a model wrote, applied, compared, and written out in either edit format."""

from collections.abc import Mapping
from dataclasses import dataclass

from repair_rubrics import render
from repair_rubrics.apply import Applied, apply_edits
from repair_rubrics.blocks import parse_blocks
from repair_rubrics.edits import FileEdit
from repair_rubrics.extract import AnswerFormat, EditFormat, answer_part, asked_or_found_format
from repair_rubrics.unified import parse_unified


@dataclass(frozen=True)
class Patch:
    """File edits and how they were written. A text that holds no patch gives an empty one (`not patch`)."""

    files: tuple[FileEdit, ...] = ()
    edit_format: AnswerFormat = "unified_diff"
    repairs: tuple[str, ...] = ()
    """What the parser put right, once for each place; empty for a well-formed text."""

    def __bool__(self) -> bool:
        return bool(self.files)

    @classmethod
    def parse(cls, text: str, edit_format: EditFormat | None = None) -> "Patch":
        """The patch in a model's reply, or in a bare patch text. Never raises; time is linear in the text's length.

        Reasoning up to `</think>` is skipped, the last `<patch>`, `<solution>` or `<answer>` tag with a patch in it and code fences are
        looked into. `edit_format` None takes whichever format is there.
        """
        answer = answer_part(text)
        found = edit_format or asked_or_found_format(answer)
        parsed = parse_blocks(answer) if found == "search_replace" else parse_unified(answer)
        return cls(parsed.files, found, parsed.repairs)

    def apply(self, sources: Mapping[str, str]) -> Applied:
        """`sources` (path to text) with this patch applied: the new texts, or the reason why not. Never raises."""
        return apply_edits(self.files, sources)

    def to_diff(self, sources: Mapping[str, str], context_lines: int = 3) -> str:
        """This patch as a git diff against `sources`.

        Raises:
            PatchDoesNotApply: it does not fit them.
        """
        return render.to_diff(self.apply(sources), sources, context_lines)

    def to_blocks(self, sources: Mapping[str, str]) -> str:
        """This patch as search/replace blocks against `sources`.

        Raises:
            PatchDoesNotApply: it does not fit them.
        """
        return render.to_blocks(self.apply(sources), sources)

    def to_text(self) -> str:
        """This patch as a git diff from its own lines alone: what `parse` read, put in order. No sources needed, none checked."""
        return render.to_text(self.files)

    def reversed(self) -> "Patch":
        """The patch that undoes this one."""
        return Patch(render.reversed_edits(self.files), self.edit_format)
