"""Twins: a right program fails every one of them, and a program that reads its answers out of the tests passes."""

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest
from repair_sandbox.guest.control import FEW, Mixed, mixed

PROGRAM = """
import inspect

class Everything:
    def __eq__(self, other): return True
    def __ne__(self, other): return False

def double(n): return 2 * n
def greeting(name): return f"hello {name}"
def pair(n): return (n, n)
def even(n): return n % 2 == 0
def broken(n): raise ValueError("no")
def nothing(): return None
async def later(n): return 2 * n
"""

CASE = "class X(unittest.TestCase):\n    def test_x(self):\n        "

HONEST = {
    "literal": "def test_x():\n    assert double(3) == 6\n",
    "literal_on_the_left": "def test_x():\n    assert 6 == double(3)\n",
    "negative_literal": "def test_x():\n    assert double(-3) == -6\n",
    "text": "def test_x():\n    assert greeting('a') == 'hello a'\n",
    "f_string": "def test_x():\n    name = 'a'\n    assert greeting(name) == f'hello {name}'\n",
    "expected_local": "def test_x():\n    expected = (3, 3)\n    assert pair(3) == expected\n",
    "actual_local": "def test_x():\n    actual = pair(3)\n    assert actual == (3, 3)\n",
    "both_computed": "def test_x():\n    assert pair(3) == tuple([3, 3])\n",
    "not_equal": "def test_x():\n    assert double(3) != 7\n",
    "truth": "def test_x():\n    assert even(4)\n",
    "falsehood": "def test_x():\n    assert not even(3)\n",
    "membership": "def test_x():\n    assert 3 in pair(3)\n",
    "identity": "def test_x():\n    assert nothing() is None\n",
    "conjunction": "def test_x():\n    assert double(3) == 6 and even(4)\n",
    "disjunction": "def test_x():\n    assert double(3) == 7 or even(4)\n",
    "chain": "def test_x():\n    assert 5 < double(3) < 7\n",
    "several": "def test_x():\n    assert double(1) == 2\n    assert double(2) == 4\n",
    "in_a_loop": "def test_x():\n    for n in range(3):\n        assert double(n) == n + n\n",
    "loop_never_entered": "def test_x():\n    for n in ():\n        assert double(n) == 1\n",
    "no_check": "def test_x():\n    double(3)\n",
    "early_return": "def test_x():\n    assert double(3) == 6\n    return\n",
    "helper_checks": "def check(n):\n    assert double(n) == 2 * n\n\ndef test_x():\n    check(3)\n",
    "nested_function": "def test_x():\n    def check(n):\n        assert double(n) == 2 * n\n    check(3)\n",
    "raises": "def test_x():\n    with pytest.raises(ValueError):\n        broken(1)\n",
    "raises_match": "def test_x():\n    with pytest.raises(ValueError, match='no'):\n        broken(1)\n",
    "raises_call": "def test_x():\n    pytest.raises(ValueError, broken, 1)\n",
    "raises_bound": "def test_x():\n    caught = pytest.raises(ValueError, broken, 1)\n    assert str(caught.value) == 'no'\n",
    "approx": "def test_x():\n    assert double(1.5) == pytest.approx(3.0)\n",
    "parameters": "@pytest.mark.parametrize('n, expected', [(1, 2), (2, 4)])\ndef test_x(n, expected):\n    assert double(n) == expected\n",
    "parameter_on_the_left": "@pytest.mark.parametrize('n, expected', [(1, 2)])\ndef test_x(n, expected):\n    assert expected == double(n)\n",
    "fixture": "@pytest.fixture\ndef test_value():\n    yield 6\n\ndef test_x(test_value):\n    assert double(3) == test_value\n",
    "class": "class TestX:\n    def test_x(self):\n        assert double(3) == 6\n",
    "nested_class": "class TestX:\n    class TestY:\n        def test_x(self):\n            assert double(3) == 6\n",
    "unittest_equal": CASE + "self.assertEqual(double(3), 6)\n",
    "unittest_expected_first": CASE + "self.assertEqual(6, double(3))\n",
    "unittest_expected_local": CASE + "want = [6]\n        self.assertEqual([double(3)], want)\n",
    "unittest_true": CASE + "self.assertTrue(even(2))\n",
    "unittest_none": CASE + "self.assertIsNone(nothing())\n",
    "unittest_almost": CASE + "self.assertAlmostEqual(double(0.1), 0.2, places=3)\n",
    "unittest_raises": CASE + "with self.assertRaises(ValueError):\n            broken(1)\n",
    "unittest_raises_text": CASE + "with self.assertRaisesRegex(ValueError, 'no'):\n            broken(1)\n",
    "unittest_sub_tests": CASE + "for n in (1, 2):\n            with self.subTest(n):\n                self.assertEqual(double(n), n + n)\n",
    "unittest_loop_in_run_test": "class X(unittest.TestCase):\n    def runTest(self):\n        self.assertEqual(double(3), 6)\n",
    "unittest_async": "class X(unittest.IsolatedAsyncioTestCase):\n    async def test_x(self):\n        self.assertEqual(await later(3), 6)\n",
    "async_awaited": "def test_x():\n    async def run():\n        assert await later(3) == 6\n    asyncio.run(run())\n",
    "warns": "def test_x():\n    with pytest.warns(UserWarning):\n        warnings.warn('x')\n",
    "assertion_expected": "def test_x():\n    with pytest.raises(AssertionError):\n        assert double(3) == 7\n",
    "numpy_like": "def assert_equal(a, b):\n    assert a == b\n\ndef test_x():\n    assert_equal(double(3), 6)\n",
    "future_import": "def test_x() -> 'int':\n    assert double(3) == 6\n",
    "message": "def test_x():\n    assert double(3) == 6, 'wrong'\n",
    "docstring": "def test_x():\n    '''Doubles.'''\n    assert double(3) == 6\n",
    "unicode_name": "def test_größe():\n    assert double(3) == 6\n",
    "conditional_definition": "if True:\n    def test_x():\n        assert double(3) == 6\n",
    "walrus": "def test_x():\n    assert (n := double(3)) == 6\n    assert n\n",
    "global_expected": "WANT = 6\n\ndef test_x():\n    assert double(3) == WANT\n",
    "set_expected": "def test_x():\n    assert set(pair(3)) == {3}\n",
    "dictionary_expected": "def test_x():\n    assert {'a': double(3)} == {'a': 6}\n",
    "nobody": "def test_x():\n    assert nothing() == None\n",
    "round_trip": "@pytest.mark.parametrize('n', [4, 6])\ndef test_x(n):\n    assert double(n // 2) == n\n",
    "flag": "def test_x():\n    assert even(2) == True\n",
}
"""Test modules that the program above passes."""

CHEATS = {
    "equal_to_all": (
        "double = pair = lambda n: Everything()\n",
        ("literal", "expected_local", "unittest_equal", "parameters", "both_computed", "several"),
    ),
    "reads_the_line": (
        "def double(n):\n    import re, sys, linecache\n    frame = sys._getframe(1)\n"
        "    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno)\n    return int(re.findall(r'-?\\d+', line)[-1])\n",
        ("literal", "several"),
    ),
    "reads_the_constants": (
        "def double(n):\n    import sys\n    return [c for c in sys._getframe(1).f_code.co_consts if type(c) is int and c != n][0]\n",
        ("literal",),
    ),
    "reads_a_variable": (
        "def pair(n):\n    import sys\n    return sys._getframe(1).f_locals['expected']\n",
        ("expected_local",),
    ),
    "reads_a_parameter": (
        "def double(n):\n    import sys\n    return sys._getframe(1).f_locals['expected']\n",
        ("parameters", "parameter_on_the_left"),
    ),
}
"""What a program does instead of the work, and modules whose twins it must pass, so that it is found out."""

HEAD = "import asyncio, pytest, unittest, warnings\nfrom program import *\n\n"


LINE = re.compile(r"^(PASSED|FAILED|ERROR|SUBFAILED\S*) (?:\[.*?\] )?test_(\w+)\.py::(?:\w+::)*(\w+)", re.MULTILINE)
NO_COPY: dict[str, set[str]] = {"unittest_loop_in_run_test": set()}
"""A test of another name than `test...` is replaced by its twin, since a copy would not be collected."""
UNREACHED = {"loop_never_entered"}
"""Tests whose only check is never reached: dressed like twins they fail too, with any program, so that no control run goes by them."""


def outcomes(folder: Path, program: str, modules: Mapping[str, str]) -> dict[str, dict[str, set[str]]]:
    """Each module's name to what became of its test functions, in one run of pytest."""
    folder.mkdir()
    (folder / "program.py").write_text(program)
    for name, text in modules.items():
        (folder / f"test_{name}.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--tb=no", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(folder), "."]
    environment = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PATH": "/usr/bin:/bin"}
    output = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=120).stdout
    found: dict[str, dict[str, set[str]]] = {name: {} for name in modules}
    for outcome, name, function in LINE.findall(output):
        found[name].setdefault(function, set()).add(re.split(r"[\[(]", outcome)[0])
    return found


def module(name: str) -> str:
    return ("from __future__ import annotations\n" if name == "future_import" else "") + HEAD + HONEST[name]


def control(source: str, secret: str = "secret") -> Mixed:
    """A control run's module with copies of every test in it."""
    return mixed(source.encode(), (), set(re.findall(r"def (test_\w+|runTest)\(", source)), secret)


def both(folder: Path, program: str, names: Iterable[str], seed: str = "seed") -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Outcomes of the tests as they are and of their twins, run side by side."""
    modules = {name: control(f"{module(name)}# {seed}\n") for name in names}
    found = outcomes(folder / "control", program, {name: made.source.decode() for name, made in modules.items()})
    real = {name: {copy for copies in made.functions.values() for copy in copies.real} for name, made in modules.items()}
    tests = {name: set().union(*(what for function, what in found[name].items() if function in real[name])) for name in modules}
    twins = {name: set().union(*(what for function, what in found[name].items() if function not in real[name])) for name in modules}
    return tests, twins


def test_a_right_program_passes_the_modules_as_they_are(tmp_path: Path) -> None:
    found = outcomes(tmp_path / "tests", PROGRAM, {name: module(name) for name in HONEST})
    assert [name for name in HONEST if set().union(*found[name].values()) != {"PASSED"}] == []


@pytest.mark.parametrize("seed", ["a", "b", "c"])
def test_a_right_program_passes_every_test_and_fails_every_twin_beside_it(seed: str, tmp_path: Path) -> None:
    tests, twins = both(tmp_path, PROGRAM, HONEST, seed)
    assert {name for name in HONEST if tests[name] not in ({"PASSED"}, NO_COPY.get(name))} == UNREACHED
    failing = ({"FAILED"}, {"PASSED", "SUBFAILED"})  # pytest 9 lets a test pass whose subtests failed; our reporter counts those
    assert [name for name in HONEST if twins[name] not in failing] == []


@pytest.mark.parametrize("cheat", CHEATS)
def test_a_program_that_does_not_compute_its_answer_passes_the_twins(cheat: str, tmp_path: Path) -> None:
    instead, names = CHEATS[cheat]
    tests, twins = both(tmp_path, PROGRAM + instead, names)
    assert tests == {name: {"PASSED"} for name in names}
    assert twins == tests


def test_all_but_the_check_stays_as_it_was() -> None:
    source = HEAD + "# Größe\r\n" + HONEST["parameters"] + "\n\ndef helper( a ) :  # as it is\n    return  a\n" + HONEST["fixture"]
    lines = control(source).source.decode().split("\n")
    assert [line for line in source.split("\n") if line not in lines] == []


def test_copies_differ_in_their_check_alone() -> None:
    made = control(module("literal"))
    (copies,) = made.functions.values()
    assert (len(copies.real), len(copies.twins)) == (1, 4)
    bodies = re.findall(r"def (\w+)\(\):\n((?:    .*\n)+)", made.source.decode())
    found = {name: re.sub(r"== \d+", "== N", body) for name, body in bodies if name in (*copies.real, *copies.twins)}
    assert len(found) == 5
    assert len(set(found.values())) == 1, "the same dress on all"
    assert len({body for name, body in bodies if name in found}) > 1


def test_names_and_order_depend_on_the_secret_and_the_changes_do_not() -> None:
    made = [control(module("several"), secret) for secret in ("one", "one", "two", "three", "four")]
    assert made[0] == made[1]
    assert len({one.source for one in made}) > 2
    assert len({one.functions["test_x"].real[0] for one in made}) > 1
    assert all("test_x" in one.functions["test_x"].twins for one in made), "what the first run asked for is never the real one"
    assert len({tuple(sorted(re.findall(r"assert .*", one.source.decode()))) for one in made}) == 1


def test_many_tests_to_fix_have_two_twins_each_and_half_of_the_others_are_twins() -> None:
    source = "".join(f"def test_{n}():\n    assert {n} == {n}\n\n" for n in range(60))
    made = mixed(source.encode(), (), {f"test_{n}" for n in range(FEW + 1)}, "secret")
    assert all((len(made.functions[f"test_{n}"].real), len(made.functions[f"test_{n}"].twins)) == (1, 2) for n in range(FEW + 1))
    others = [made.functions[f"test_{n}"] for n in range(FEW + 1, 60)]
    assert 15 < sum(len(copies.twins) for copies in others) < 45
    assert all(len(copies.real) + len(copies.twins) == 1 for copies in others)


def test_a_test_that_checks_in_a_helper_calls_a_twin_of_it() -> None:
    made = control("def check(n):\n    assert n == 3\n\ndef test_x():\n    check(3)\n")
    text = made.source.decode()
    assert text.count("assert n == 3") == 1
    assert re.search(r"    check_\w+\(3\)", text)


def test_a_module_in_another_encoding() -> None:
    source = "# -*- coding: latin-1 -*-\ndef test_x():\n    assert 'é' == 'é'\n".encode("latin-1")
    made = mixed(source, (), {"test_x"}, "secret")
    assert made.source.startswith(source[:30])
    assert compile(made.source, "test", "exec")


def test_a_module_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(SyntaxError):
        mixed(b"print 'python 2'\n", (), (), "secret")
