"""What Python's own parser says of a file before and after a change. Covers syntax only; files of other languages have no opinion here."""

import ast
from functools import lru_cache

from repair_rubrics.python_ast import parse_python

MAX_CHARS = 400_000
"""Longer files are not parsed: a score must not wait for one."""


@lru_cache(maxsize=32)
def parses(text: str) -> bool:
    """Whether `text` is a whole Python file without a syntax error, as the running interpreter's grammar has it."""
    return _file(text) is not None


def same_code(old: str, new: str) -> bool:
    """Whether two files differ in comments, docstrings and layout at most; False when either does not parse."""
    old_tree, new_tree = _file(old), _file(new)
    if old_tree is None or new_tree is None:
        return False
    old_body, new_body = _without_docstring(old_tree.body), _without_docstring(new_tree.body)
    if len(old_body) != len(new_body):
        return False
    old_lines, new_lines = old.split("\n"), new.split("\n")
    try:
        return all(_same_statement(a, b, old_lines, new_lines) for a, b in zip(old_body, new_body, strict=True))
    except RecursionError:
        return False


def is_python(text: str) -> bool:
    """Whether `text` has no syntax error; not remembered, for texts that are seen once."""
    return _tree(text) is not None


@lru_cache(maxsize=4)
def _file(text: str) -> ast.Module | None:
    """A whole file's tree, which nobody changes. Few are kept: one takes many times the room of its text."""
    return _tree(text)


def _tree(text: str) -> ast.Module | None:
    if len(text) > MAX_CHARS or "\0" in text:
        return None
    try:
        return parse_python(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _same_statement(a: ast.stmt, b: ast.stmt, a_lines: list[str], b_lines: list[str]) -> bool:
    """Statements are the same to the letter, or in what they consist of; the first is far cheaper and nearly always true."""
    return a_lines[a.lineno - 1 : a.end_lineno] == b_lines[b.lineno - 1 : b.end_lineno] or _same(a, b)


def _same(a: object, b: object) -> bool:
    """Whether two trees, or parts of them, are the same but for docstrings."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(_same, a, b))
    if not isinstance(a, ast.AST):
        return repr(a) == repr(b)
    if isinstance(a, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and isinstance(b, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return _same(_without_docstring(a.body), _without_docstring(b.body)) and _same_fields(a, b, without="body")
    return _same_fields(a, b)


def _same_fields(a: object, b: object, without: str = "") -> bool:
    names = [name for name in getattr(a, "_fields", ()) if name != without]
    return all(_same(getattr(a, name, None), getattr(b, name, None)) for name in names)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:]
    return body
