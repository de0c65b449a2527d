"""Turns tests into twins that a right program must fail: same names, ids and decorators, changed expectations.

A program that passes a twin did not compute its answer: it forged reports, equals everything, or read the expected value out of the test. So a
literal expectation is replaced where it stands (who reads it returns the changed one and is found out), other comparisons get a partner that
nothing equals, and expected exceptions become one that nobody raises. A test in which no changed check was reached raises at its end.

Covers test functions and methods only; checks in helper functions stay, so a program that reads expectations out of a helper goes unseen.
Needs `ast.unparse` (Python 3.9).
"""

import ast
import random
from typing import Any, Iterable, List, Optional, Set

EQUAL_METHODS = {
    *("assertEqual", "assertEquals", "assertSequenceEqual", "assertListEqual", "assertTupleEqual", "assertSetEqual", "assertDictEqual"),
    *("assertMultiLineEqual", "assertCountEqual", "assertAlmostEqual", "assertAlmostEquals", "assertItemsEqual"),
    *("assertQuerysetEqual", "assertQuerySetEqual", "assertHTMLEqual", "assertXMLEqual", "assertJSONEqual"),
}
EQUAL_FUNCTIONS = {
    *("assert_equal", "assert_array_equal", "assert_almost_equal", "assert_array_almost_equal", "assert_allclose", "assert_identical"),
    *("assert_frame_equal", "assert_series_equal", "assert_index_equal", "assert_eq"),
}
OPPOSITE_PAIRS = (
    *(("assertTrue", "assertFalse"), ("assertIn", "assertNotIn"), ("assertIs", "assertIsNot"), ("assertIsNone", "assertIsNotNone")),
    *(("assertGreater", "assertLessEqual"), ("assertLess", "assertGreaterEqual"), ("assertIsInstance", "assertNotIsInstance")),
    *(("assertRegex", "assertNotRegex"), ("assertContains", "assertNotContains"), ("assertTemplateUsed", "assertTemplateNotUsed")),
)
OPPOSITES = {one: other for pair in OPPOSITE_PAIRS for one, other in (pair, pair[::-1])}
OPPOSITES.update(assertNotEqual="assertEqual", assertNotEquals="assertEqual")
RAISING = {"raises", "assertRaises", "assertRaisesRegex", "assertRaisesRegexp", "assertRaisesMessage", "raises_regex"}
WARNING = {"warns", "assertWarns", "assertWarnsRegex", "assertWarnsMessage"}
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

SUPPORT = """
class {error}(Warning):
    pass


def {other}(value):
    kind = type(value)
    if kind is bool:
        return not value
    if kind in (int, float, complex):
        return value + {step}
    if kind in (str, bytes, list, tuple):
        return value + {{str: {word!r}, bytes: {word!r}.encode(), list: [{word!r}], tuple: ({word!r},)}}[kind]
    if kind is dict:
        return dict(value, **{{{word!r}: {step}}})
    if kind in (set, frozenset):
        return value | {{{word!r}}}
    return (value, {word!r})
"""


def twin_of(source: bytes, names: Iterable[str], seed: str) -> str:
    """The twin of a test module; `names`: functions that are tests although their names do not start with `test`.

    Raises:
        SyntaxError, ValueError: this interpreter cannot read the module.
    """
    module = ast.parse(source)
    chance = random.Random(seed)
    word = "".join(chance.choice("bcdfghjklmnpqrstvwxz") for _ in range(7))
    words = _Words(word, chance.randrange(3, 90))
    _rewrite_tests(module.body, set(names), words)
    support = SUPPORT.format(error=words.error, other=words.other, word=word, step=words.step)
    module.body[_after_header(module.body) : _after_header(module.body)] = ast.parse(support).body
    return ast.unparse(ast.fix_missing_locations(module)) + "\n"


class _Words:
    """Names and values that one twin uses; random, so that a program cannot know them."""

    def __init__(self, word: str, step: int) -> None:
        self.word = word
        self.step = step
        self.error = word.capitalize()
        self.other = word + "_of"
        self.reached = word + "s"
        namespace: Any = {}
        exec(SUPPORT.format(error=self.error, other=self.other, word=word, step=step), namespace)
        self.other_value = namespace[self.other]


def _after_header(body: List[ast.stmt]) -> int:
    """Index behind docstring and __future__ imports."""
    index = 0
    for index, statement in enumerate(body):
        docstring = index == 0 and isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not docstring and not (isinstance(statement, ast.ImportFrom) and statement.module == "__future__"):
            return index
    return index + 1 if body else 0


def _rewrite_tests(body: List[ast.stmt], names: Set[str], words: _Words) -> None:
    for statement in body:
        if isinstance(statement, FUNCTIONS):
            if (statement.name.startswith("test") or statement.name in names or statement.name == "runTest") and _is_test(statement):
                _rewrite_test(statement, words)
        elif isinstance(statement, (ast.ClassDef, ast.If, ast.Try, ast.With)):
            for field in ("body", "orelse", "handlers", "finalbody"):
                for child in getattr(statement, field, ()):
                    _rewrite_tests(child.body if isinstance(child, ast.ExceptHandler) else [child], names, words)


def _is_test(function: Any) -> bool:
    """Whether it is a test and not a fixture, context manager or old generator test, which merely has such a name."""
    if any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list):
        return False
    return not any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in _own_nodes(function))


def _own_nodes(function: Any) -> Iterable[ast.AST]:
    """Nodes of a function without those of the functions and classes in it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def _rewrite_test(function: Any, words: _Words) -> None:
    arguments = function.args
    parameters = {argument.arg for argument in [*getattr(arguments, "posonlyargs", []), *arguments.args, *arguments.kwonlyargs]}
    assigned: Any = {}
    for node in _own_nodes(function):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            assigned.setdefault(node.targets[0].id, []).append(node)
    rewriter = _Rewriter(words, parameters, assigned)
    function.body = [new for statement in function.body for new in _as_list(rewriter.visit(statement))]
    top = [f"{name} = {words.other}({name})" for name in sorted(rewriter.changed_names & parameters)]
    for name in rewriter.changed_names & assigned.keys():
        for assignment in assigned[name]:
            assignment.value = rewriter.changed(assignment.value)
    end = f"if not {words.reached}:\n    raise {words.error}"  # no constant in it: programs look for expectations among those
    start = _after_header(function.body[:1])
    function.body[start:start] = ast.parse("\n".join([f"{words.reached} = []", *top])).body
    function.body.extend(ast.parse(end).body)


def _as_list(statements: Any) -> List[Any]:
    return statements if isinstance(statements, list) else [statements]


class _Rewriter(ast.NodeTransformer):
    """Changes every check of one test. `changed_names`: variables whose values must change for it, where they are bound."""

    def __init__(self, words: _Words, parameters: Set[str], assigned: Any) -> None:
        self.words = words
        self.parameters = parameters
        self.assigned = assigned
        self.changed_names: Set[str] = set()

    def reached(self) -> ast.stmt:
        return ast.parse(f"{self.words.reached}.append({self.words.reached})").body[0]

    def visit_Assert(self, node: ast.Assert) -> Any:
        self.generic_visit(node)
        node.test = self.denied(node.test)
        return [self.reached(), node]

    def visit_Expr(self, node: ast.Expr) -> Any:
        self.generic_visit(node)
        call = node.value.value if isinstance(node.value, ast.Await) else node.value
        return [self.reached(), node] if isinstance(call, ast.Call) and self.changes_call(call) else node

    def visit_Assign(self, node: ast.Assign) -> Any:
        self.generic_visit(node)
        return [self.reached(), node] if isinstance(node.value, ast.Call) and self.changes_call(node.value) else node

    def visit_With(self, node: Any) -> Any:
        self.generic_visit(node)
        found = [item.context_expr for item in node.items if isinstance(item.context_expr, ast.Call) and self.changes_call(item.context_expr)]
        return [self.reached(), node] if found else node

    visit_AsyncWith = visit_With

    def changes_call(self, call: ast.Call) -> bool:
        """Make a checking call fail; False when it is none that we know."""
        name = call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""
        if name in RAISING | WARNING and call.args:
            call.args[0] = ast.Name(self.words.error, ast.Load())
            return True
        if name in EQUAL_METHODS | EQUAL_FUNCTIONS and len(call.args) >= 2:
            side = 0 if _literal(call.args[0]) and not _literal(call.args[1]) else 1
            call.args[side] = self.expected(call.args[side])
            return True
        if isinstance(call.func, ast.Attribute) and name in OPPOSITES and call.args:
            call.func.attr = OPPOSITES[name]
            return True
        return False

    def denied(self, test: Any) -> Any:
        """A condition that is false where `test` was true for a right program."""
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            test.values = [self.denied(value) for value in test.values]
            return test
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return test.operand
        if isinstance(test, ast.Compare) and len(test.ops) == 1:
            left, right = test.left, test.comparators[0]
            if isinstance(test.ops[0], ast.Eq):
                if (_literal(left) or self.known(left)) and not _literal(right) and not self.known(right):
                    test.left = self.expected(left)
                else:
                    test.comparators[0] = self.expected(right)
                return test
        return ast.UnaryOp(ast.Not(), test)

    def known(self, node: Any) -> bool:
        """Whether a name was bound to a literal or handed in, so that it is what is expected."""
        if not isinstance(node, ast.Name):
            return False
        return node.id in self.parameters or any(_literal(assignment.value) for assignment in self.assigned.get(node.id, ()))

    def expected(self, node: Any) -> Any:
        """Something else than what is expected."""
        if isinstance(node, ast.Name) and (node.id in self.parameters or node.id in self.assigned):
            self.changed_names.add(node.id)
            return node
        return self.changed(node)

    def changed(self, node: Any) -> Any:
        if _literal(node):
            return ast.parse(repr(self.words.other_value(ast.literal_eval(node))), mode="eval").body
        if isinstance(node, ast.JoinedStr):
            return ast.JoinedStr([*node.values, ast.Constant(self.words.word)])
        if isinstance(node, ast.Call) and node.args and _literal(node.args[0]) and ast.unparse(node.func).split(".")[-1] == "approx":
            node.args[0] = self.changed(node.args[0])
            return node
        if isinstance(node, ast.Name):
            return ast.Tuple([node, ast.Constant(self.words.word)], ast.Load())
        return ast.Call(ast.Name(self.words.other, ast.Load()), [node], [])


def _literal(node: Optional[ast.AST]) -> bool:
    if node is None:
        return False
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
