"""Which pytest node ids a dataset's test name stands for.

SWE-bench took its names from the `-rA` summary split at white space, so a name may be a node id up to its first blank, with runs of blanks made
one, or with a path between the brackets shortened; a name with an open bracket was cut off there and stands for the nodes that start with it.
"""

import re
from typing import Dict, Iterable, List

OPTION = re.compile(r"(.*?)\[(/(?!/)[^*]*)\]", re.DOTALL)


def spellings(node_id: str) -> List[str]:
    """Every whole name that a dataset may have for a node."""
    words = node_id.split() or [node_id]
    found = [node_id, words[0], " ".join(words)]
    option = OPTION.match(words[0])
    if option:
        found.append(f"{option.group(1)}[/{option.group(2).split('/')[-1]}]")
    return found


def function_in(name: str) -> str:
    """The function that a pytest node id ends in."""
    return name.partition("[")[0].rpartition("::")[2]


def of_copy(name: str, function: str, copy: str) -> str:
    """The name of a test when its function is called something else."""
    if "::" not in name:
        return re.sub(rf"\b{re.escape(function)}\b", copy, name, count=1)
    head, mark, option = name.partition("[")
    return head[: len(head) - len(function)] + copy + mark + option


def nodes_by_name(expected: Iterable[str], node_ids: Iterable[str]) -> Dict[str, List[str]]:
    """Each expected name to the nodes that it stands for, in their order; to none when nothing of the kind is there."""
    by_spelling: Dict[str, List[str]] = {}
    node_ids = list(node_ids)
    exact = set(node_ids)
    for node_id in node_ids:
        for spelling in set(spellings(node_id)):
            by_spelling.setdefault(spelling, []).append(node_id)
    found = {}
    for name in expected:
        nodes = [name] if name in exact else by_spelling.get(name, [])
        if not nodes and name.count("[") > name.count("]"):
            nodes = [node_id for node_id in node_ids if node_id.startswith(name)]
        found[name] = nodes
    return found
