"""What Python's own parser says of a file before and after a change. Covers syntax only; files of other languages have no opinion here."""

import ast
from functools import lru_cache

MAX_CHARS = 400_000
"""Longer files are not parsed: a score must not wait for one."""


@lru_cache(maxsize=32)
def parses(text: str) -> bool:
    """Whether `text` is a whole Python file without a syntax error, as the running interpreter's grammar has it."""
    return _tree(text) is not None


def same_code(old: str, new: str) -> bool:
    """Whether two files differ in comments, docstrings and layout at most; False when either does not parse."""
    old_tree, new_tree = _tree(old), _tree(new)
    if old_tree is None or new_tree is None:
        return False
    old_body, new_body = _without_docstring(old_tree.body), _without_docstring(new_tree.body)
    if len(old_body) != len(new_body):
        return False
    old_lines, new_lines = old.split("\n"), new.split("\n")
    return all(_same(a, b, old_lines, new_lines) for a, b in zip(old_body, new_body, strict=True))


def is_python(text: str) -> bool:
    """Whether `text` has no syntax error; not remembered, unlike `parses`, for texts that are seen once."""
    return _tree(text) is not None


def _tree(text: str) -> ast.Module | None:
    if len(text) > MAX_CHARS or "\0" in text:
        return None
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _same(a: ast.stmt, b: ast.stmt, a_lines: list[str], b_lines: list[str]) -> bool:
    """Statements are the same to the letter, or in what they dump to; the first is far cheaper and nearly always true."""
    if a_lines[a.lineno - 1 : a.end_lineno] == b_lines[b.lineno - 1 : b.end_lineno]:
        return True
    return _dump(a) == _dump(b)


def _dump(statement: ast.stmt) -> str:
    for node in ast.walk(statement):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = _without_docstring(node.body)
    return ast.dump(statement)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body
