"""Writes a problem's tests anew, as one pytest module that imports the answer as `solution`.

Each `assert` of a check that consists of nothing else becomes a test of its own, anything else one test. What the tests need besides the function
under test is taken from the dataset, never from the answer, but for what only a solution can bring (a class whose objects are passed to it).
"""

import ast
import builtins
import symtable
from collections.abc import Iterator, Sequence

from repair_rubrics.python_ast import parse_python
from repair_tasks import RowError

SOLUTION, TESTS = "solution.py", "test_solution.py"
MODULE_NAMES = {*dir(builtins), "__file__", "__name__"}


class TestModule:
    """Writes the tests of one problem."""

    __test__ = False  # not a test class, whatever pytest thinks of its name

    def __init__(self, entry_point: str, solution: str, where: str) -> None:
        self.entry_point = entry_point
        self.solution = parse_python(solution).body
        self.where = where

    def written(
        self, around: Sequence[ast.stmt], checks: Sequence[ast.stmt], trusted: Sequence[ast.stmt], candidate: str
    ) -> tuple[str, tuple[str, ...]]:
        """The module's text and its tests, from a check's statements and what stands around them; see `module` for the rest."""
        real = [node for node in checks if not _says_nothing(node)]
        bodies = [[node] for node in real] if all(isinstance(node, ast.Assert) for node in real) else [list(real)]
        if not any(isinstance(node, ast.Assert | ast.Call) for body in bodies for statement in body for node in ast.walk(statement)):
            raise RowError(f"{self.where}: checks nothing")
        names = tuple(f"test_{number}" for number in range(1, len(bodies) + 1))
        tests = [_test(name, body) for name, body in zip(names, bodies, strict=True)]
        return self.module([*around, *tests], trusted, candidate), names

    def module(self, tests: Sequence[ast.stmt], trusted: Sequence[ast.stmt], candidate: str) -> str:
        """The module's text. `trusted`: statements of the dataset, used if need be; `candidate`: another name of the function under test.

        Raises:
            RowError: the tests use a name that nothing defines.
        """
        needed = _free(tests) - {candidate, self.entry_point}
        head: list[ast.stmt] = []
        if needed & _bound(trusted):
            head += trusted
            needed = (needed | _free(trusted)) - _bound(trusted)
        imports = [node for node in self.solution if isinstance(node, ast.Import | ast.ImportFrom) and _bound([node]) & needed]
        head += imports
        needed -= _bound(imports)
        lacking = sorted(needed - _bound(self.solution))
        if lacking:
            raise RowError(f"{self.where}: uses {', '.join(lacking)}, which neither the tests nor the solution define")
        names = [ast.alias(self.entry_point), *(ast.alias(name) for name in sorted(needed))]
        names += [ast.alias(self.entry_point, candidate)] if candidate else []
        future = [node for node in [*head, *tests] if isinstance(node, ast.ImportFrom) and node.module == "__future__"]
        rest = [node for node in [*head, *tests] if node not in future]
        body = [*future, ast.ImportFrom(SOLUTION.removesuffix(".py"), names, 0), *rest]
        return ast.unparse(ast.fix_missing_locations(ast.Module(body, []))) + "\n"


def imported_modules(text: str) -> Iterator[str]:
    """Top-level names of the modules that a text imports, anywhere in it."""
    for node in ast.walk(parse_python(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _says_nothing(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, or an assert of a constant as HumanEval has them."""
    if isinstance(node, ast.Assert):
        return isinstance(node.test, ast.Constant)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _test(name: str, body: list[ast.stmt]) -> ast.stmt:
    function = parse_python(f"def {name}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = body
    return function


def _bound(nodes: Sequence[ast.stmt]) -> set[str]:
    """Names that statements bind at the top of a module."""
    top = _table(nodes)
    return {symbol.get_name() for symbol in top.get_symbols() if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace()}


def _free(nodes: Sequence[ast.stmt]) -> set[str]:
    """Names that statements read, in functions too, and do not bind."""
    top = _table(nodes)
    read = {symbol.get_name() for symbol in top.get_symbols() if symbol.is_referenced()}
    waiting = top.get_children()
    while waiting:
        table = waiting.pop()
        read |= {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced()}
        waiting += table.get_children()
    return read - _bound(nodes) - MODULE_NAMES


def _table(nodes: Sequence[ast.stmt]) -> symtable.SymbolTable:
    return symtable.symtable(ast.unparse(ast.Module(list(nodes), [])), TESTS, "exec")
