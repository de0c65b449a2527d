"""Which lines can be code, and which stand where they cannot."""

import warnings

import pytest
from repair_rubrics import Patch, diff_similarity
from repair_rubrics.changes import read_changes
from repair_rubrics.lines import Reading, squeezed
from repair_rubrics.plausible import broken_share, reads_as_java, reads_as_python

PYTHON = [
    "value = compute(item, rate=2)",
    "if not self.get_visible():",
    "elif (inspect.isfunction(val) and",
    "and len(data.dtype) > 1):",
    "arg) for arg in expr.args]",
    "for k in set(i for _, i in factors)]",
    "'model': model,",
    "name, exc, type='autosummary')",
    ") -> Dict[str, ClassAttribute]:",
    "analyzer: ModuleAnalyzer = None) -> None:",
    "else dict(attrs[1], **attrs[2])",
    "except (ValueError, TypeError) as error:",
    "from sympy import sin, cos as cosine, \\",
    "query = A.objects.\\",
    "key=lambda item:",
    "@cached_property",
    "case Point(x=0):",
    "async with lock:",
    'f"found {found!r}: " \\',
    "print 'python 2'",
    ">>> p.vel(N)",
    "0xFF if x else 1_000",
    "]",
]
GIBBERISH = [
    "* return args ( self ) . func",
    "None continue if is step",
    "exp if is_real not return rv",
    "[ [ . : ) ' ] ] format ] DD",
    ") ] conditional_escape ( ( ) join data",
    ", formatter_class . setdefault (",
    "def = self ( result",
]
JAVA = [
    "for (int i = 0; i < size; i++) {",
    "case '\\\\': out.append(\"\\\\\"); break;",
    "} else if (value != null && !found) {",
    "private static final Map<String, int[]> SIZES = new HashMap<>();",
    "result.values().removeIf(Objects::isNull);",
    "return name == null ? null : name.toLowerCase(Locale.ROOT);",
    "&& Objects.equals(fold(charset), fold(other.charset));",
    "int[] sizes = {1, 2, 3};",
    "throw new IllegalStateException(\"not here\");",
]
JAVA_GIBBERISH = [
    "null != (value) { if",
    "getOwnPropertyNames { for (constraint.prop) : () String",
    "MAY_BE n, allResultsMatch (); return",
    "case :: case )",
    "return return value;",
    "isNoType ||| () other",
    "( { hasReferenceName if ) (",
]


@pytest.mark.parametrize("line", PYTHON)
def test_lines_of_python_and_pieces_of_statements_can_be_code(line: str) -> None:
    assert reads_as_python(squeezed(line))


@pytest.mark.parametrize("line", GIBBERISH)
def test_shuffled_python_cannot(line: str) -> None:
    assert not reads_as_python(squeezed(line))


@pytest.mark.parametrize("line", JAVA)
def test_lines_of_java_can_be_code(line: str) -> None:
    assert reads_as_java(squeezed(line))


@pytest.mark.parametrize("line", JAVA_GIBBERISH)
def test_shuffled_java_cannot(line: str) -> None:
    assert not reads_as_java(squeezed(line))


@pytest.mark.parametrize("line", ["1if x else 2", "x = '\\d'", "(" * 1500, "-" * 1999 + "x", "a." * 900 + "a", "x\0y"], ids=range(6))
def test_reading_a_line_neither_warns_nor_raises(line: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reads_as_python.__wrapped__(line)


def test_a_large_change_is_judged_by_a_part_of_its_lines() -> None:
    lines = [f"value_{n} = {n}" for n in range(10_000)] + [f"word_{n} other" for n in range(10_000)]
    assert broken_share("a.py", lines, sum(map(len, lines))) == pytest.approx(sum(map(len, lines[10_000:])) / sum(map(len, lines)), abs=0.01)
    assert broken_share("a.rb", lines, 1) == 0.0


def misplaced(hunk: str) -> tuple[str, ...]:
    changes = read_changes(Patch.parse(f"--- a/m.py\n+++ b/m.py\n@@ -1,9 +1,9 @@\n{hunk}").files, Reading.CODE)
    return changes["m.py"].misplaced


PLACES = [
    ("words among code", " x = 1\n+find the value of it\n y = 2\n", ("find the value of it",)),
    ("words below a docstring's end", '     The doc.\n     """\n+    find the value\n     y = 2\n', ("find the value",)),
    ("words after code", " x = 1\n+find the value\n", ("find the value",)),
    ("a docstring's line", " The first line.\n+find the value of it\n y : int\n", ()),
    ("a docstring in view", ' def f():\n+    """Doc.\n+\n+    find the value of it\n+    """\n     y = 2\n', ()),
    ("a comment", " x = 1\n+# find the value of it\n y = 2\n", ()),
    ("pass with a comment", " except E:\n+    pass  # it was deleted already\n y = 2\n", ()),
    ("words without surroundings", "+find the value of it\n", ()),
    ("a block without a body", " x = 1\n+if x:\n y = 2\n", ("if x:",)),
    ("a block with a body below", "+if x:\n+\n+    # so\n+    x = 1\n y = 2\n", ()),
    ("a block around old lines", "-x = 1\n+if x:\n+    x = 1\n", ()),
]


@pytest.mark.parametrize(("hunk", "expected"), [case[1:] for case in PLACES], ids=[case[0] for case in PLACES])
def test_lines_that_cannot_stand_where_they_do(hunk: str, expected: tuple[str, ...]) -> None:
    assert misplaced(hunk) == expected


def edit(*lines: str) -> str:
    old, new = sum(line[0] != "+" for line in lines), sum(line[0] != "-" for line in lines)
    return f"--- a/m.py\n+++ b/m.py\n@@ -1,{old} +1,{new} @@\n" + "".join(line + "\n" for line in lines)


def test_lines_moved_into_a_block_keep_their_order() -> None:
    gold = edit("-clear(target)", "-fill(target)", "+if target.known:", "+    clear(target)", "+    fill(target)")
    turned = edit("-clear(target)", "-fill(target)", "+if target.known:", "+    fill(target)", "+    clear(target)")
    assert diff_similarity(gold, gold) == 1.0
    assert diff_similarity(turned, gold) < 0.35


def test_a_short_line_twice_is_a_repetition_and_the_gold_patchs_own_are_not() -> None:
    gold = edit(" [", '+    "--co",', " ]")
    assert diff_similarity(edit(" [", '+    "--co",', '+    "--co",', " ]"), gold) < 0.15
    twice = edit(" if a:", "+    return None", " if b:", "+    return None")
    assert diff_similarity(twice, twice) == 1.0
