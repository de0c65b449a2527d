"""Reading a reply: from whatever a model wrote around its function to the module that is tested.

Asked for is the whole function in a code block. Also read: a function outside of any block, a cut-off block, and a bare body that completes the
signature. Reasoning is skipped. Imports and helpers that stood before the signature are put before the answer, which need not repeat them. Nothing
here checks that the code is right, or that it is Python when no other part of the reply is.
"""

import ast
import re
import textwrap
from dataclasses import dataclass

from repair_rubrics.extract import answer_part, code_blocks
from repair_rubrics.python_ast import parse_python

from function_tests.problem import FunctionProblem

CODE_START = re.compile(r"^(?:@\w|(?:async )?def |class |import |from \w)", re.MULTILINE)
FUTURE = re.compile(r"^from __future__ import [^\n]*\n", re.MULTILINE)


@dataclass(frozen=True)
class FunctionAnswer:
    """The module that a reply stands for."""

    code: str
    """Empty when the reply holds no such function."""
    repairs: tuple[str, ...] = ()
    """What had to be put right to read it, in `repair_rubrics`' words; empty for a whole function in a code block."""


def read_answer(reply: str, problem: FunctionProblem) -> FunctionAnswer:
    """The reply's version of the problem's function: the last one that is Python, else the last that looks like one. Never raises."""
    answer = answer_part(reply)
    blocks = code_blocks(answer)
    name = problem.entry_point
    for block in reversed(blocks):
        if _defines(block.text, name):
            return FunctionAnswer(_with_preamble(block.text, problem), () if block.closed else ("truncated",))
    for block in reversed(blocks):
        if body := _completed(block.text, problem):
            return FunctionAnswer(body, ("elided_context",) if block.closed else ("elided_context", "truncated"))
    if not blocks and (found := _outside_blocks(answer, problem)):
        return found
    broken = [block.text for block in blocks if re.search(rf"^(?:async )?def {re.escape(name)}\b", block.text, re.MULTILINE)]
    return FunctionAnswer(_with_preamble(broken[-1], problem), ("truncated",)) if broken else FunctionAnswer("")


def _outside_blocks(answer: str, problem: FunctionProblem) -> FunctionAnswer | None:
    for start in CODE_START.finditer(answer):
        code = _longest_module(answer[start.start() :], problem.entry_point)
        if code:
            return FunctionAnswer(_with_preamble(code, problem), ("no_code_block",))
    body = _completed(answer, problem)
    return FunctionAnswer(body, ("no_code_block", "elided_context")) if body else None


def _longest_module(text: str, name: str) -> str:
    """The text up to the last line at which it is Python that defines the function: prose may follow."""
    lines = text.rstrip().split("\n")
    ends = [at for at in range(len(lines), 0, -1) if at == len(lines) or (lines[at].strip() and not lines[at][0].isspace())]
    return next((code for end in ends if _defines(code := "\n".join(lines[:end]) + "\n", name)), "")


def _completed(text: str, problem: FunctionProblem) -> str:
    """The signature with `text` as the body behind it, up to the first line that is not part of it; empty where that gives nothing back."""
    lines = text.strip("\n").split("\n")
    first = next((line for line in lines if line.strip()), "")
    # Not indented at all, or in its first line only, as a stripped reply is.
    variants = [lines] if first[:1].isspace() else [textwrap.indent("\n".join(lines), "    ").split("\n"), ["    " + lines[0], *lines[1:]]]
    for variant in variants:
        end = next((at for at, line in enumerate(variant) if line.strip() and not line[0].isspace()), len(variant))
        code = problem.signature.rstrip() + "\n" + "\n".join(variant[:end]).rstrip() + "\n"
        if _returns(code, problem.entry_point):
            return code
    return ""


def _defines(code: str, name: str) -> bool:
    """Whether a text is Python that binds the name at its top."""
    return any(
        (isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == name)
        or (isinstance(node, ast.Assign) and any(isinstance(target, ast.Name) and target.id == name for target in node.targets))
        for node in _statements(code)
    )


def _returns(code: str, name: str) -> bool:
    """Whether a text is Python with a function of that name which itself gives something back: prose and other functions do not."""
    functions = [node for node in _statements(code) if isinstance(node, ast.FunctionDef) and node.name == name]
    waiting: list[ast.AST] = list(functions[-1].body) if functions else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return False


def _statements(code: str) -> list[ast.stmt]:
    """The statements at the top of a text; none where it is not Python."""
    try:
        return parse_python(code).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _with_preamble(code: str, problem: FunctionProblem) -> str:
    """The code behind the signature's imports and helpers; what it says of the future stays first."""
    preamble = problem.preamble
    code = code.rstrip() + "\n"
    if not preamble:
        return code
    futures = "".join(match[0] for match in FUTURE.finditer(code))
    return f"{futures}{preamble}\n\n\n{FUTURE.sub('', code)}"
