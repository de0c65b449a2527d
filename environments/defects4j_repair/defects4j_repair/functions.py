"""Where the members of a Java source are, by position: methods and constructors, fields, nested types.

The grammar is tree-sitter's: it knows strings, text blocks, comments, annotations, generics, lambdas and nested classes, and it still finds the rest
of a file around code that does not parse. It reads syntax only: types are compared as they are written.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Parser

KINDS: dict[str, Literal["function", "field", "type"]] = {
    **dict.fromkeys(("method_declaration", "constructor_declaration", "compact_constructor_declaration"), "function"),
    **dict.fromkeys(("field_declaration", "constant_declaration"), "field"),
    **dict.fromkeys(("class_declaration", "interface_declaration", "enum_declaration", "record_declaration"), "type"),
    "annotation_type_declaration": "type",
}
COMMENTS = ("line_comment", "block_comment")
PARAMETERS = ("formal_parameter", "spread_parameter")


@dataclass(frozen=True)
class Member:
    """A method, constructor, field or nested type. Offsets count characters of the source, lines from 1."""

    kind: Literal["function", "field", "type"]
    name: str
    """Of a field that declares several, all of them with commas between."""
    parameter_types: tuple[str, ...]
    """As written, without blanks, type arguments and packages: `String`, `int[]`, `Object...`."""
    owner: str
    """Names of the classes around it, outermost first, with dots between."""
    start: int
    """Where the declaration begins: its annotations or modifiers, after any comment."""
    end: int
    described_from: int
    """Where the comment right above the declaration begins; `start` when there is none."""
    first_line: int
    """That comment's first line, or the declaration's."""
    last_line: int

    @property
    def signature(self) -> str:
        """What tells it from others of its class, such as `parse(String,int)`."""
        return f"{self.name}({','.join(self.parameter_types)})" if self.kind == "function" else f"{self.kind} {self.name}"


@lru_cache(maxsize=256)
def members(source: str) -> tuple[Member, ...]:
    """The members of a source's classes, in order; those of nested classes too. What stands inside a function is part of that."""
    root = _parser().parse(source.encode("utf-8", "replace")).root_node
    characters = _CharacterOffsets(source)
    return tuple(_member(node, owner, characters) for node, owner in _declarations(root, ()))


def functions(source: str) -> tuple[Member, ...]:
    """The methods and constructors among `members`."""
    return tuple(member for member in members(source) if member.kind == "function")


def holding(found: tuple[Member, ...], first_line: int, last_line: int) -> Member | None:
    """The one of `found` that has all of these lines, its comment included; None when there is none."""
    return next((member for member in found if member.first_line <= first_line and last_line <= member.last_line), None)


def counterpart(function: Member, fixed: str) -> Member | None:
    """What became of a function in a later text that differs inside it alone; None when there it is no longer one of its name."""
    place = (function.first_line, function.name, function.owner)
    return next((new for new in functions(fixed) if (new.first_line, new.name, new.owner) == place), None)


@cache
def _parser() -> Parser:
    import tree_sitter
    import tree_sitter_java

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_java.language()))


def _declarations(node: Node, owner: tuple[str, ...]) -> Iterator[tuple[Node, str]]:
    waiting = [(node, owner)]
    while waiting:  # not recursive: an expression may be nested a thousand deep
        node, owner = waiting.pop()
        if node.type in KINDS:
            yield node, ".".join(owner)
        if KINDS.get(node.type) == "function":
            continue
        if KINDS.get(node.type) == "type":
            owner = (*owner, _text(node.child_by_field_name("name")))
        waiting += [(child, owner) for child in reversed(node.children)]


def _member(node: Node, owner: str, characters: _CharacterOffsets) -> Member:
    first = _comment_above(node) or node
    names = [node, *node.children_by_field_name("declarator")]
    return Member(
        kind=KINDS[node.type],
        name=",".join(_text(name) for named in names if (name := named.child_by_field_name("name")) is not None),
        parameter_types=_parameter_types(node.child_by_field_name("parameters")),
        owner=owner,
        start=characters.at(node.start_byte),
        end=characters.at(node.end_byte),
        described_from=characters.at(first.start_byte),
        first_line=first.start_point.row + 1,
        last_line=node.end_point.row + 1,
    )


def _comment_above(node: Node) -> Node | None:
    """The first of the comments that stand above a declaration with no blank line between; not one that ends a line of code."""
    found, below, before = None, node, node.prev_sibling
    while before is not None and before.type in COMMENTS and before.end_point.row + 1 >= below.start_point.row:
        ends_line = before.prev_sibling is not None and before.prev_sibling.end_point.row == before.start_point.row
        if ends_line and before.prev_sibling is not None and before.prev_sibling.type not in COMMENTS:
            break
        found = below = before
        before = before.prev_sibling
    return found


def _parameter_types(parameters: Node | None) -> tuple[str, ...]:
    if parameters is None:
        return ()
    return tuple(_parameter_type(child) for child in parameters.named_children if child.type in PARAMETERS)


def _parameter_type(parameter: Node) -> str:
    variadic = parameter.type == "spread_parameter"
    node = parameter.child_by_field_name("type")
    if node is None:
        node = next((child for child in parameter.named_children if child.type not in (*COMMENTS, "modifiers")), None)
    behind = parameter.child_by_field_name("dimensions")
    return _type_name(node) + ("" if behind is None else "".join(_text(behind).split())) + ("..." if variadic else "")


def _type_name(node: Node | None) -> str:
    if node is None:
        return ""
    if node.type == "array_type":
        return _type_name(node.child_by_field_name("element")) + "".join(_text(node.child_by_field_name("dimensions")).split())
    if node.type == "generic_type":
        return _type_name(node.named_children[0])
    return _text(node).split("<")[0].split()[-1].rpartition(".")[2]


def _text(node: Node | None) -> str:
    return "" if node is None or node.text is None else node.text.decode("utf-8")


class _CharacterOffsets:
    """From offsets in a text's UTF-8 to offsets in the text."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.ascii = text.isascii()
        if not self.ascii:
            self.starts = [0, *accumulate(len(line) + 1 for line in self.lines)]
            self.byte_starts = [0, *accumulate(len(line.encode("utf-8", "replace")) + 1 for line in self.lines)]

    def at(self, offset: int) -> int:
        if self.ascii:
            return offset
        line = bisect_right(self.byte_starts, offset) - 1
        inside = self.lines[line].encode("utf-8", "replace")[: offset - self.byte_starts[line]]
        return self.starts[line] + len(inside.decode("utf-8", "replace"))
