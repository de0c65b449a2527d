"""A problem, whatever dataset it comes from: what is shown, what solves it, and a pytest module that tells.

The test module is written anew: each `assert` of a check that consists of nothing else becomes a test of its own, everything else one test. What
the tests need besides the function under test is taken from the dataset, never from the answer, but for what only a solution can bring (a class
whose objects are passed to it).
"""

import ast
import builtins
import symtable
from collections.abc import Iterator, Sequence

from pydantic import BaseModel, ConfigDict
from repair_tasks import RowError

from function_tests.rows import HumanEvalRow, MbppRow

SOLUTION, TESTS = "solution.py", "test_solution.py"
MODULE_NAMES = {*dir(builtins), "__file__", "__name__"}


class FunctionProblem(BaseModel):
    """One problem. Hashable, so that a verdict can be remembered by it."""

    model_config = ConfigDict(frozen=True)

    task_id: str
    entry_point: str
    """The function asked for."""
    signature: str
    """Python up to the end of its docstring: imports and helpers that it may use, signature, docstring."""
    solution: str
    """The canonical solution, as a whole module."""
    test_module: str
    """Text of the trusted tests; they import the answer as `solution`."""
    test_names: tuple[str, ...]
    """Its test functions, in order."""

    @property
    def preamble(self) -> str:
        """What stands before the function in its signature: imports and helpers."""
        return "\n".join(self.signature.split("\n")[: _first_line(_function(ast.parse(self.stub).body, self.entry_point)) - 1]).strip("\n")

    @property
    def stub(self) -> str:
        """The function with an empty body."""
        return self.signature.rstrip() + "\n    pass\n"


def humaneval_problem(row: HumanEvalRow, where: str) -> FunctionProblem:
    """The problem of a HumanEval-style row.

    Raises:
        RowError: the row's parts do not fit each other; begins with `where`.
    """
    solution = row.prompt.rstrip("\n") + "\n" + row.canonical_solution.lstrip("\n").rstrip() + "\n"
    stub = _parsed(row.prompt.rstrip() + "\n    pass\n", f"{where}: column 'prompt': with an empty body behind it")
    if _find(stub.body, row.entry_point) is None:
        raise RowError(f"{where}: column 'entry_point': prompt defines no function {row.entry_point!r} with a docstring or a body")
    _parsed(solution, f"{where}: column 'canonical_solution': behind the prompt")
    script = ast.parse(row.test).body
    check = _find(script, "check")
    if check is None or len(check.args.args) != 1:
        raise RowError(f"{where}: column 'test': defines no function check(candidate)")
    trusted = [node for node in stub.body if node is not _function(stub.body, row.entry_point)]
    around = [node for node in script if node is not check]
    module = _TestModule(row.entry_point, solution, f"{where}: column 'test'")
    text, names = module.written(around, check.body, trusted, check.args.args[0].arg)
    return FunctionProblem(
        task_id=row.task_id, entry_point=row.entry_point, signature=row.prompt.rstrip(), solution=solution, test_module=text, test_names=names
    )


def mbpp_problem(row: MbppRow, where: str) -> FunctionProblem:
    """The problem of an MBPP-style row. Its signature is the canonical solution's, with the task and the first test as the docstring.

    Raises:
        RowError: as `humaneval_problem`.
    """
    solution = row.code.rstrip() + "\n"
    asserts = [node for text in row.test_list for node in ast.parse(text.replace("\r\n", "\n")).body]
    defined = {node.name: node for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef)}
    called = [node.func.id for node in ast.walk(asserts[0]) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    entry_point = next((name for name in called if name in defined), None)
    if entry_point is None:
        raise RowError(f"{where}: column 'test_list': its first assert calls no function that column 'code' defines")
    setup = ast.parse("\n".join([*row.test_imports, row.test_setup_code or ""])).body
    script = ast.parse(row.test or "").body
    around = [node for node in script if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)]
    checks = [node for node in script if node not in around] or asserts
    module = _TestModule(entry_point, solution, f"{where}: column 'test_list'" if not script else f"{where}: column 'test'")
    text, names = module.written([*setup, *around], checks, [], "")
    signature = _signature(defined[entry_point], f"{row.text.strip()}\n\n{ast.unparse(asserts[0])}")
    return FunctionProblem(
        task_id=f"mbpp-{row.task_id}" if row.task_id.isdigit() else row.task_id,
        entry_point=entry_point,
        signature=signature,
        solution=solution,
        test_module=text,
        test_names=names,
    )


def bundled_problem(name: str, text: str) -> FunctionProblem:
    """The problem of a file that holds a function of its own name, then its tests.

    Raises:
        RowError: the file is not like that.
    """
    module = ast.parse(text)
    function = _find(module.body, name)
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    if function is None or not tests or not ast.get_docstring(function):
        raise RowError(f"bundled problem {name}: needs a function of that name with a docstring, and tests behind it")
    lines = text.split("\n")
    solution = "\n".join(lines[: tests[0].lineno - 1]).rstrip() + "\n"
    around = [node for node in module.body if node.lineno > tests[0].lineno]
    written = _TestModule(name, solution, f"bundled problem {name}").module([tests[0], *around], [], "")
    signature = "\n".join(lines[: function.body[0].end_lineno])
    names = tuple(test.name for test in tests)
    return FunctionProblem(
        task_id=f"bundled/{name}", entry_point=name, signature=signature, solution=solution, test_module=written, test_names=names
    )


class _TestModule:
    """Writes the tests of one problem."""

    def __init__(self, entry_point: str, solution: str, where: str) -> None:
        self.entry_point = entry_point
        self.solution = ast.parse(solution).body
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
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _parsed(text: str, where: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RowError(f"{where} is not Python: {error}") from None


def _find(body: Sequence[ast.stmt], name: str) -> ast.FunctionDef | None:
    """The last function of that name at the top of a module."""
    return next((node for node in reversed(body) if isinstance(node, ast.FunctionDef) and node.name == name), None)


def _function(body: Sequence[ast.stmt], name: str) -> ast.FunctionDef:
    found = _find(body, name)
    assert found is not None, name
    return found


def _first_line(function: ast.FunctionDef) -> int:
    return min([function.lineno, *(decorator.lineno for decorator in function.decorator_list)])


def _says_nothing(node: ast.stmt) -> bool:
    """Whether a statement is a docstring, or an assert of a constant as HumanEval has them."""
    if isinstance(node, ast.Assert):
        return isinstance(node.test, ast.Constant)
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))


def _test(name: str, body: list[ast.stmt]) -> ast.stmt:
    function = ast.parse(f"def {name}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = body
    return function


def _signature(function: ast.FunctionDef, docstring: str) -> str:
    """A function's first line without annotations, and a docstring."""
    for node in ast.walk(function.args):
        if isinstance(node, ast.arg):
            node.annotation = None
    lines = [f"def {function.name}({ast.unparse(function.args)}):"]
    text = docstring.replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    text += " " if text.endswith('"') else ""
    lines += [("    " + line).rstrip() for line in f'"""{text}'.split("\n")]
    return "\n".join(lines) + ('\n    """' if "\n" in text else '"""')


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
