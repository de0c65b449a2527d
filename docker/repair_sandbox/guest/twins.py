"""Turns tests into twins that a right program must fail: same names, ids and decorators, one changed expectation each.

A program that passes a twin did not compute its answer: it forged reports, equals everything, or read the expected value out of the test. So an
expectation is changed where it stands (who reads it returns the changed one and is found out), and an expected exception becomes a class below it
that nobody raises. Of the checks in a function one is changed, by chance: a program that sees through the others shall get past them. A test in
which no changed check was reached fails at its end. All else stays as it was, byte for byte, so that a twin does not look like one.

Covers the functions of test modules; checks in other modules stay. Needs `ast.unparse` (Python 3.9).
"""

import ast
import copy
import random
import re
from typing import Any, Callable, Dict, Iterable, Iterator, List, NamedTuple, Optional, Set, Tuple

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
UNCATCHABLE = {"KeyboardInterrupt", "BaseException", "GeneratorExit"}
"""Exceptions that end pytest itself when a test does not catch them."""
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)

SUPPORT = """

{reached} = []


def {fail}():
    raise AssertionError


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
    if isinstance(value, type):
        return kind(value.__name__, (value,), {{}})
    return (value, {word!r})
"""


class Words:
    """Names and values that one twin uses, by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.pick = 0
        """Which of a function's checks is changed, counted on from the last to the first."""
        self.word = "".join(chance.choice("bcdfghjklmnpqrstvwxz") + chance.choice("aeiou") for _ in range(4))
        self.step = chance.randrange(3, 90)
        self.reached, self.fail, self.other = (f"{self.word}_{word}" for word in chance.sample(("rows", "path", "size", "name", "kind"), 3))
        self.support = SUPPORT.format(reached=self.reached, fail=self.fail, other=self.other, word=self.word, step=self.step)
        namespace: Dict[str, Any] = {}
        exec(self.support, namespace)
        self.other_value: Callable[[Any], Any] = namespace[self.other]

    def another(self, chance: random.Random, pick: int) -> "Words":
        """With the same names, another check to change, and changes of values that do not show."""
        words = Words(chance)
        words.pick = pick
        words.reached, words.fail, words.other = self.reached, self.fail, self.other
        words.other_value = lambda value: like(value, chance)
        return words


def like(value: Any, chance: random.Random) -> Any:
    """Another value of the kind, of much the same size and look."""
    kind = type(value)
    if kind is bool:
        return not value
    if kind is int and abs(value) < 10:
        return chance.choice([number for number in range(10) if number != value])
    if kind is int:
        return value + chance.choice((-1, 1)) * chance.randint(1, 9)
    if kind is float:
        return round(value + chance.choice((-1, 1)) * (abs(value) * chance.uniform(0.2, 0.8) + 1), 2)
    if kind in (str, bytes):
        return _like_text(value, chance)
    if kind in (list, tuple):
        at = chance.randrange(len(value)) if value else 0
        return value[:at] + kind([like(value[at], chance) if value else 0]) + value[at + 1 :]
    if kind is dict and value:
        key = chance.choice(list(value))
        return dict(value, **{key: like(value[key], chance)}) if isinstance(key, str) else {**value, key: like(value[key], chance)}
    if kind is set:
        one = chance.choice(sorted(value, key=repr))
        return {item for item in value if item != one} | {like(one, chance)}
    return {0: 0} if kind is dict else 0


def _like_text(value: Any, chance: random.Random) -> Any:
    """A text with one letter or digit changed."""
    places = [at for at in range(len(value)) if value[at : at + 1].isalnum()]
    if not places:
        return value + (b"a" if isinstance(value, bytes) else "a")
    at = chance.choice(places)
    old = value[at : at + 1]
    letters = "123456789" if old.isdigit() else "BCDFGHKLMNPRSTV" if old.isupper() else "abcdefghiklmnoprstuvw"
    new = chance.choice([letter for letter in letters if letter not in (old, old.decode("latin-1") if isinstance(old, bytes) else old)])
    return value[:at] + (new.encode() if isinstance(value, bytes) else new) + value[at + 1 :]


class Page:
    """A module's text and the edits of it. Positions are the parser's: line and byte of UTF-8."""

    def __init__(self, text: str) -> None:
        self.content = text.encode("utf-8")
        self.lines = self.content.split(b"\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.edits: List[Tuple[int, int, int, bytes]] = []

    def replace(self, node: Any, text: str) -> None:
        start = self.starts[node.lineno - 1] + node.col_offset
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        if b"\n" in self.content[start:end]:  # its lines may have ended without need of parentheses
            text = f"({text})"
        self.edits.append((start, end, len(self.edits), text.encode("utf-8")))

    def before(self, statement: Any, text: str) -> None:
        line = min([statement.lineno, *(one.lineno for one in getattr(statement, "decorator_list", ()))])
        lead = self.lines[line - 1][: statement.col_offset]
        start = self.starts[line - 1]
        alone = not lead.strip()
        insert = lead + text.encode("utf-8") + b"\n" if alone else text.encode("utf-8") + b"; "
        place = start if alone else start + statement.col_offset
        self.edits.append((place, place, len(self.edits), insert))

    def after(self, statement: Any, text: str) -> None:
        lead = self.lines[statement.lineno - 1][: statement.col_offset]
        place = self.starts[statement.end_lineno - 1] + statement.end_col_offset
        insert = b"; " if lead.strip() else b"\n" + lead
        self.edits.append((place, place, len(self.edits), insert + text.encode("utf-8")))

    def span(self, function: Any) -> Tuple[int, int]:
        """Where a function stands, its decorators included, from its first column."""
        line = min([function.lineno, *(one.lineno for one in function.decorator_list)])
        return self.starts[line - 1] + function.col_offset, self.starts[function.end_lineno - 1] + function.end_col_offset

    def segment(self, function: Any) -> str:
        """The function with the edits so far, which must all be inside it."""
        start, end = self.span(function)
        changed = self.text().encode("utf-8")
        return changed[start : len(changed) - (len(self.content) - end)].decode("utf-8")

    def put(self, function: Any, texts: List[str]) -> None:
        """Several functions in the place of one."""
        start, end = self.span(function)
        lead = "\n\n" + " " * function.col_offset
        self.edits.append((start, end, len(self.edits), lead.join(texts).encode("utf-8")))

    def replace_end(self, node: Any, old: str, new: str) -> None:
        """The name at a node's end."""
        end = self.starts[node.end_lineno - 1] + node.end_col_offset
        self.edits.append((end - len(old.encode("utf-8")), end, len(self.edits), new.encode("utf-8")))

    def replace_name(self, function: Any, name: str) -> None:
        start = self.starts[function.lineno - 1] + function.col_offset
        match = re.compile(rb"(?:async\s+)?def\s+").match(self.content, start)
        if match is not None and name != function.name:
            self.edits.append((match.end(), match.end() + len(function.name.encode("utf-8")), len(self.edits), name.encode("utf-8")))

    def text(self) -> str:
        pieces = []
        at = 0
        for start, end, _, insert in sorted(self.edits):
            pieces += [self.content[at:start], insert]
            at = end
        return b"".join([*pieces, self.content[at:]]).decode("utf-8")


def functions_of(body: List[Any]) -> Iterator[Any]:
    """Functions and methods of a module, without fixtures, context managers and generators, which are no checks."""
    for statement in body:
        if isinstance(statement, FUNCTIONS):
            fixture = any("fixture" in ast.unparse(decorator) for decorator in statement.decorator_list)
            if not fixture and not any(isinstance(node, (ast.Yield, ast.YieldFrom)) for node in own_nodes(statement)):
                yield statement
        elif isinstance(statement, (ast.ClassDef, ast.If, ast.Try, ast.With)):
            for field in ("body", "orelse", "finalbody"):
                yield from functions_of(getattr(statement, field, []))
            for handler in getattr(statement, "handlers", ()):
                yield from functions_of(handler.body)


def own_nodes(function: Any) -> Iterator[ast.AST]:
    """Nodes of a function without those of the functions and classes in it."""
    waiting = list(function.body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            waiting.extend(ast.iter_child_nodes(node))


def _is_weak(check: "_Check") -> bool:
    """Whether only the opposite can be asked for, which a program that sees through the check itself also denies."""
    if isinstance(check.statement, ast.Assert):
        return not any(isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq) for node in ast.walk(check.node))
    return _called(check.node) in OPPOSITES


class _Check(NamedTuple):
    statement: Any
    node: Any
    """The expression that is replaced."""


def change_function(function: Any, is_test: bool, page: Page, words: Words, helpers: Optional[Dict[str, str]] = None) -> None:
    """Turn a function into its twin; `helpers`: checking functions that have a twin of another name, for a test without checks of its own."""
    checks = list(checks_in(function.body))
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _called(node) in (helpers or {})]
    top = _top(function)
    if is_test:
        page.before(top, f"{words.reached}.clear()")
    if checks:
        check = sorted(checks, key=_is_weak)[words.pick % len(checks)]
        changer = _Changer(words, function)
        page.replace(check.node, ast.unparse(changer.changed_check(check)))
        for name in sorted(changer.rebound & changer.parameters):
            page.before(top, f"{name} = {words.other}({name})")
        for name in sorted(changer.rebound - changer.parameters):
            for assignment in changer.assigned[name]:
                page.replace(assignment.value, ast.unparse(changer.changed(assignment.value)))
        page.before(check.statement, f"{words.reached}.append({words.reached})")
    else:
        for call in calls:
            page.replace_end(call.func, _called(call), (helpers or {})[_called(call)])
    if is_test:
        page.after(function.body[-1], f"{words.reached} or {words.fail}()")


def dress(function: Any, is_test: bool, page: Page, words: Words, helpers: Iterable[str] = ()) -> None:
    """Have a function look like a twin and do what it did, unless the check chosen is never reached."""
    checks = list(checks_in(function.body))
    calls = [node for node in ast.walk(function) if isinstance(node, ast.Call) and _called(node) in helpers]
    if is_test and (checks or calls):
        page.before(_top(function), f"{words.reached}.clear()")
    if checks:
        page.before(words.chance.choice(checks).statement, f"{words.reached}.append({words.reached})")
    if is_test and (checks or calls):
        page.after(function.body[-1], f"{words.reached} or {words.fail}()")


def _top(function: Any) -> Any:
    """The first statement behind a docstring, or the docstring where nothing is."""
    body = function.body
    return body[1] if len(body) > 1 and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant) else body[0]


def checks_in(statements: Iterable[Any]) -> Iterator[_Check]:
    """The checks of some statements and of those in them; not of those that an expected exception guards, which may have to fail."""
    for statement in statements:
        found = list(_checks(statement))
        yield from found
        if found and isinstance(statement, (ast.With, ast.AsyncWith)):
            continue
        for field in ("body", "orelse", "finalbody"):
            yield from checks_in(getattr(statement, field, ()))
        for handler in getattr(statement, "handlers", ()):
            yield from checks_in(handler.body)


def _checks(statement: Any) -> Iterator[_Check]:
    """What a statement checks, as far as we know to change it."""
    if isinstance(statement, ast.Assert):
        yield _Check(statement, statement.test)
    elif isinstance(statement, (ast.Expr, ast.Assign)):
        call = statement.value.value if isinstance(statement.value, ast.Await) else statement.value
        if _is_check(call):
            yield _Check(statement, call)
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        for item in statement.items:
            if _is_check(item.context_expr):
                yield _Check(statement, item.context_expr)


def _called(call: Any) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def _is_check(call: Any) -> bool:
    if not isinstance(call, ast.Call) or not call.args:
        return False
    name = _called(call)
    equal = name in EQUAL_METHODS | EQUAL_FUNCTIONS and len(call.args) >= 2
    caught = name in RAISING | WARNING and not any(isinstance(node, ast.Name) and node.id in UNCATCHABLE for node in ast.walk(call.args[0]))
    return equal or caught or (isinstance(call.func, ast.Attribute) and name in OPPOSITES)


class _Changer:
    """Makes a check of one function fail for a right program. `rebound`: variables that must change for it, where they are bound."""

    def __init__(self, words: Words, function: Any) -> None:
        self.words = words
        arguments = function.args
        self.parameters = {one.arg for one in [*getattr(arguments, "posonlyargs", []), *arguments.args, *arguments.kwonlyargs]}
        self.assigned: Dict[str, List[Any]] = {}
        for node in own_nodes(function):
            if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
                self.assigned.setdefault(node.targets[0].id, []).append(node)
        reads = [node.id for node in ast.walk(function) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)]
        self.read_once = {name for name in reads if reads.count(name) == 1}
        self.rebound: Set[str] = set()

    def changed_check(self, check: _Check) -> Any:
        node = copy.deepcopy(check.node)
        return self.denied(node) if isinstance(check.statement, ast.Assert) else self.changed_call(node)

    def changed_call(self, call: Any) -> Any:
        name = _called(call)
        if name in RAISING | WARNING:
            kind = call.args[0].elts[0] if isinstance(call.args[0], ast.Tuple) and call.args[0].elts else call.args[0]
            call.args[0] = self.wrapped(kind)
        elif name in OPPOSITES:
            call.func.attr = OPPOSITES[name]
        else:
            side = 0 if _literal(call.args[0]) and not _literal(call.args[1]) else 1
            call.args[side] = self.expected(call.args[side])
        return call

    def denied(self, test: Any) -> Any:
        """A condition that is false where `test` was true for a right program."""
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
            test.values[-1] = self.denied(test.values[-1])
            return test
        if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
            return test.operand
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq):
            left, right = test.left, test.comparators[0]
            if self.known(left) and not self.known(right):
                test.left = self.expected(left)
            else:
                test.comparators[0] = self.expected(right)
            return test
        return ast.UnaryOp(ast.Not(), test)

    def known(self, node: Any) -> bool:
        """Whether it is a literal or was bound to one or handed in, so that it is what is expected."""
        if not isinstance(node, ast.Name):
            return _literal(node)
        return node.id in self.parameters or any(_literal(assignment.value) for assignment in self.assigned.get(node.id, ()))

    def expected(self, node: Any) -> Any:
        """Something else than what is expected. A variable that is nothing but expected changes where it is bound, for who reads it there."""
        if isinstance(node, ast.Name) and node.id in self.read_once and (node.id in self.parameters or node.id in self.assigned):
            self.rebound.add(node.id)
            return node
        return self.changed(copy.deepcopy(node))

    def changed(self, node: Any) -> Any:
        """An expression with another value, changed inside as far as possible."""
        if _literal(node):
            return ast.parse(repr(self.words.other_value(ast.literal_eval(node))), mode="eval").body
        if isinstance(node, ast.JoinedStr):
            return ast.JoinedStr([*node.values, ast.Constant(self.words.word)])
        fields = {ast.List: "elts", ast.Tuple: "elts", ast.Set: "elts", ast.Call: "args", ast.Dict: "values"}
        parts: List[Any] = getattr(node, fields.get(type(node), ""), [])
        inside = [at for at, part in enumerate(parts) if _changes_inside(part)]
        if inside:
            at = self.words.chance.choice(inside)
            parts[at] = self.changed(parts[at])
            return node
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            node.elts.append(ast.Constant(self.words.word))
            return node
        if isinstance(node, ast.Dict):
            node.keys.append(ast.Constant(self.words.word))
            node.values.append(ast.Constant(self.words.step))
            return node
        return self.wrapped(node)

    def wrapped(self, node: Any) -> Any:
        return ast.Call(ast.Name(self.words.other, ast.Load()), [node], [])


def _changes_inside(node: Any) -> bool:
    if isinstance(node, ast.Call):
        return any(_changes_inside(argument) for argument in node.args)
    return _literal(node) or isinstance(node, (ast.List, ast.Tuple, ast.Set, ast.Dict, ast.JoinedStr))


def _literal(node: Any) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True
