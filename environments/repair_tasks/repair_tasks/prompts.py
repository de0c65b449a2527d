"""The prompt of a repair task, and the sources read back out of it.

A task keeps no second copy of the code that its prompt shows: each shown stretch is a `SourceSpan` into the prompt's text, and scoring reads
the sources back through `shown_sources`. Instruction and rewards ask for the same thing: a minimal patch of the shown files, in one format.
"""

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from repair_rubrics import EditFormat

from repair_tasks.context import Excerpt

PROMPT = """\
You will be given an issue of the repository {repo} and the source code that it concerns. Repair the code so that the issue is solved.

<issue>
{issue}
</issue>
{hints}
<code>
{code}</code>

{instruction}"""

HINTS = """
<hints>
{hints}
</hints>
"""

SEARCH_REPLACE_INSTRUCTION = """\
Answer with one or more SEARCH/REPLACE blocks, each after a line with the path of the file that it edits:

path/to/file.py
<<<<<<< SEARCH
lines copied exactly from the code above
=======
the lines that take their place
>>>>>>> REPLACE

SEARCH must match the code line by line, indentation and blank lines included, and must be found there exactly once: copy as many lines as that
takes. An empty SEARCH creates a new file. Change as little as the repair needs; do not edit tests, reformat code or add debug output. You may think
before you answer; only the blocks are taken as your answer."""

UNIFIED_DIFF_INSTRUCTION = """\
Answer with one unified diff, as `git diff` writes it, in a code block that starts with ```diff:

```diff
diff --git a/path/to/file.py b/path/to/file.py
--- a/path/to/file.py
+++ b/path/to/file.py
@@ -12,4 +12,4 @@
 a line that stays
-a line to remove
+a line to add
 a line that stays
```

Line numbers count from the file's first line (each stretch of code above says at which line it begins). Change as little as the repair needs; do
not edit tests, reformat code or add debug output. You may think before you answer; only the diff is taken as your answer."""

INSTRUCTIONS: dict[EditFormat, str] = {"search_replace": SEARCH_REPLACE_INSTRUCTION, "unified_diff": UNIFIED_DIFF_INSTRUCTION}

UNSEEN_LINE = "\x00"
"""Stands for each line of a file that a window does not show; no answer can match or edit it."""


class SourceSpan(BaseModel):
    """Where a prompt shows a stretch of a file: `prompt[start:end]` is its text from line `first_line` (1-based) on."""

    model_config = ConfigDict(frozen=True)

    path: str
    start: int
    end: int
    first_line: int = 1
    whole: bool = True


class Prompt(BaseModel):
    """A prompt's text and where the sources stand in it."""

    model_config = ConfigDict(frozen=True)

    text: str
    spans: tuple[SourceSpan, ...]


def build_prompt(repo: str, issue: str, hints: str, shown: Sequence[Excerpt], edit_format: EditFormat) -> Prompt:
    """The prompt that shows `shown` and asks for a patch in `edit_format`; `hints` may be empty."""
    before, after = PROMPT.split("{code}")
    head = before.format(repo=repo, issue=issue.strip(), hints=HINTS.format(hints=hints.strip()) if hints.strip() else "")
    return prompt_around(shown, head, after.format(instruction=INSTRUCTIONS[edit_format]))


def prompt_around(shown: Sequence[Excerpt], head: str, tail: str) -> Prompt:
    """The prompt with `shown` between two texts."""
    code, offsets = "", []
    for excerpt in shown:
        code += f"[start of {excerpt.path}{_line_range(excerpt)}]\n"
        offsets.append((len(code), len(code) + len(excerpt.text)))
        code += excerpt.text if excerpt.text.endswith("\n") else excerpt.text + "\n"
        code += f"[end of {excerpt.path}]\n"
    spans = tuple(
        SourceSpan(path=e.path, start=len(head) + start, end=len(head) + end, first_line=e.first_line, whole=e.whole)
        for e, (start, end) in zip(shown, offsets, strict=True)
    )
    return Prompt(text=head + code + tail, spans=spans)


def shown_sources(prompt: str, spans: Sequence[SourceSpan]) -> dict[str, str]:
    """Path to text of the files that `prompt` shows; lines of them that it does not show are `UNSEEN_LINE`."""
    lines: dict[str, list[str]] = {}
    sources: dict[str, str] = {}
    for span in spans:
        text = prompt[span.start : span.end]
        if span.whole:
            sources[span.path] = text
            continue
        known = lines.setdefault(span.path, [])
        known += [UNSEEN_LINE] * (span.first_line - 1 - len(known)) + text.removesuffix("\n").split("\n")
    return sources | {path: "\n".join([*known, UNSEEN_LINE]) + "\n" for path, known in lines.items()}


def _line_range(excerpt: Excerpt) -> str:
    if excerpt.whole:
        return ""
    last = excerpt.first_line + excerpt.text.count("\n") - 1
    return f", lines {excerpt.first_line} to {last}"
