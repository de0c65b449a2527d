"""A problem, whatever dataset it comes from: what is shown, what solves it, and a pytest module that tells."""

import ast
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict
from repair_rubrics.python_ast import parse_python
from repair_tasks import RowError

from function_tests.checks import TestModule
from function_tests.rows import HumanEvalRow, MbppRow


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
        return "\n".join(self.signature.split("\n")[: _first_line(_function(parse_python(self.stub).body, self.entry_point)) - 1]).strip("\n")

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
    script = parse_python(row.test).body
    check = _find(script, "check")
    if check is None or len(check.args.args) != 1:
        raise RowError(f"{where}: column 'test': defines no function check(candidate)")
    trusted = [node for node in stub.body if node is not _function(stub.body, row.entry_point)]
    around = [node for node in script if node is not check]
    module = TestModule(row.entry_point, solution, f"{where}: column 'test'")
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
    asserts = [node for text in row.test_list for node in parse_python(text.replace("\r\n", "\n")).body]
    defined = {node.name: node for node in parse_python(solution).body if isinstance(node, ast.FunctionDef)}
    called = [node.func.id for node in ast.walk(asserts[0]) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    entry_point = next((name for name in called if name in defined), None)
    if entry_point is None:
        raise RowError(f"{where}: column 'test_list': its first assert calls no function that column 'code' defines")
    setup = parse_python("\n".join([*row.test_imports, row.test_setup_code or ""])).body
    script = parse_python(row.test or "").body
    around = [node for node in script if isinstance(node, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)]
    checks = [node for node in script if node not in around] or asserts
    module = TestModule(entry_point, solution, f"{where}: column 'test_list'" if not script else f"{where}: column 'test'")
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
    module = parse_python(text)
    function = _find(module.body, name)
    tests = [node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    if function is None or not tests or not ast.get_docstring(function):
        raise RowError(f"bundled problem {name}: needs a function of that name with a docstring, and tests behind it")
    lines = text.split("\n")
    solution = "\n".join(lines[: tests[0].lineno - 1]).rstrip() + "\n"
    around = [node for node in module.body if node.lineno > tests[0].lineno]
    written = TestModule(name, solution, f"bundled problem {name}").module([tests[0], *around], [], "")
    signature = "\n".join(lines[: function.body[0].end_lineno])
    names = tuple(test.name for test in tests)
    return FunctionProblem(task_id=f"bundled/{name}", entry_point=name, signature=signature, solution=solution, test_module=written, test_names=names)


def _parsed(text: str, where: str) -> ast.Module:
    try:
        return parse_python(text)
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
