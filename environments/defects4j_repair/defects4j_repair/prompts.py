"""What a model is told of a bug: failing tests, source, and in which form to answer.

Published work on Defects4J shows the buggy function, each failing test's code and its error (RepairBench: https://repairbench.github.io).
"""

import re
import textwrap
from typing import Literal

from pydantic import BaseModel
from repair_rubrics import AnswerFormat
from repair_tasks.context import Excerpt
from repair_tasks.prompts import INSTRUCTIONS, Prompt, prompt_around

from defects4j_repair.bugs import Bug
from defects4j_repair.functions import functions
from defects4j_repair.prepared import PreparedBug

HEAD = """\
You will be given source code of the Java project {project} that has a bug, and the tests that fail because of it. Repair the code so that they pass
and nothing else breaks.
{issue}
<failing_tests>
{tests}
</failing_tests>

<code>
"""

ISSUE = """
<issue>
{issue}
</issue>
"""

TAIL = """\
</code>

{instruction}"""

FUNCTION_INSTRUCTION = """\
The bug is in `{signature}` of {owner} ({path}, lines {first} to {last}).
Answer with a fixed version of that function, and only that function, inside a code block that starts with ```java:

```java
the whole function, from its comment or modifiers to its closing brace
```

What stands in the code block takes the function's place. Change as little as the repair needs; do not reformat code or add debug output. You may
think before you answer; only the last code block with the function is taken as your answer."""

MOST_FRAMES = 10
"""Lines of a stack trace that are shown."""
RUNNER_FRAME = re.compile(r"\tat (?:junit\.|org\.junit\.|org\.hamcrest\.|java\.base/|(?:java|javax|sun|jdk)\.)")
"""A line of a stack trace that is neither the project's nor its libraries'."""


class PromptOptions(BaseModel):
    """What a prompt shows, and the form of the answer that it asks for."""

    context: Literal["file", "function"] = "file"
    """`file`: the whole of every file that the human fix changes. `function`: only the functions in which it changes something; bugs whose fix
    changes none are left out."""
    edit_format: AnswerFormat = "search_replace"
    """`search_replace`, `unified_diff`, or `function`: a fixed version of the buggy function in a code block, for bugs of kind `single_function`."""
    test_messages: bool = True
    """Show how each of the failing tests fails."""
    test_sources: bool = True
    """Show the code of each of the failing tests."""


class NotShown(ValueError):
    """A bug for which there is no such prompt; the message says why."""


def bug_prompt(bug: Bug, options: PromptOptions) -> Prompt:
    """The prompt for a bug.

    Raises:
        NotShown: the bug has no function to show or to ask for.
    """
    if options.edit_format == "function" and not bug.single_function:
        raise NotShown("its fix is not all in one function, so edit_format 'function' cannot answer it")
    head = HEAD.format(
        project=bug.prepared.project,
        issue=ISSUE.format(issue=bug.issue.strip()) if bug.issue else "",
        tests="\n\n".join(_failing_test(bug.prepared, test, options) for test in bug.prepared.trigger_tests),
    )
    return prompt_around(_shown(bug, options), head, TAIL.format(instruction=_instruction(bug, options)))


def _shown(bug: Bug, options: PromptOptions) -> list[Excerpt]:
    if options.context == "file":
        return [Excerpt(path, text) for path, text in sorted(bug.prepared.sources.items())]
    if not bug.changed_functions:
        raise NotShown("its fix changes nothing inside a function, so context 'function' has nothing to show")
    windows: list[tuple[str, int, int]] = []
    for path, first, last in ((place.path, place.function.first_line, place.function.last_line) for place in bug.changed_functions):
        if windows and windows[-1][0] == path and first <= windows[-1][2]:  # two functions that share a line
            windows[-1] = (path, windows[-1][1], last)
        else:
            windows.append((path, first, last))
    lines = {path: text.split("\n") for path, text in bug.prepared.sources.items()}
    return [Excerpt(path, "\n".join(lines[path][first - 1 : last]) + "\n", first, whole=False) for path, first, last in windows]


def _instruction(bug: Bug, options: PromptOptions) -> str:
    if options.edit_format != "function":
        return INSTRUCTIONS[options.edit_format]
    (place,) = bug.changed_functions
    function = place.function
    position = {"path": place.path, "first": function.first_line, "last": function.last_line}
    return FUNCTION_INSTRUCTION.format(signature=function.signature, owner=function.owner, **position)


def _failing_test(bug: PreparedBug, test: str, options: PromptOptions) -> str:
    """A failing test: its name, and as asked for its code and how it fails."""
    said = [f"[{test}]"]
    if options.test_sources and (source := code_of(bug, test)):
        said.append(source)
    if options.test_messages and (message := bug.trigger_messages.get(test, "").strip()):
        said.append(f"[fails with]\n{shortened(message, test)}")
    return "\n".join(said)


def code_of(bug: PreparedBug, test: str) -> str:
    """The code of a test method without its indentation; empty where its file is not known or does not have it itself."""
    class_name, _, method = test.partition("::")
    top, *nested = class_name.split("$")
    path = top.replace(".", "/") + ".java"
    owner, name = ".".join([top.rpartition(".")[2], *nested]), method.partition("[")[0]
    for known, text in bug.test_sources.items():
        if known == path or known.endswith("/" + path):
            found = next((function for function in functions(text) if function.owner == owner and function.name == name), None)
            if found is not None:
                return textwrap.dedent("\n".join(text.replace("\r", "").split("\n")[found.first_line - 1 : found.last_line]))
    return ""


def shortened(message: str, test: str) -> str:
    """A failure with the first few frames down to the test's own, without those of JUnit and Java."""
    class_name, _, method = test.partition("::")
    lines = message.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("\tat ")), len(lines))
    own = f"\tat {class_name}.{method.partition('[')[0]}("
    last = next((at for at, line in enumerate(lines) if line.startswith(own)), len(lines) - 1)
    frames = [line for line in lines[first : last + 1] if not RUNNER_FRAME.match(line)]
    return "\n".join([*lines[:first], *frames[:MOST_FRAMES], *(["\t..."] if len(frames) > MOST_FRAMES else [])])
