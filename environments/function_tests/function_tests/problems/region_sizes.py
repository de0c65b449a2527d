def region_sizes(grid: list[str]) -> dict[str, list[int]]:
    """For each letter of a map, the sizes of its regions, largest first.

    Cells of one letter that share an edge belong to one region. Blanks are no land and are left out; rows may be of different lengths.

    >>> region_sizes(["aab", "cab"])
    {'a': [3], 'b': [2], 'c': [1]}
    """
    sizes: dict[str, list[int]] = {}
    left = {(r, c): letter for r, row in enumerate(grid) for c, letter in enumerate(row) if letter != " "}
    while left:
        start, letter = next(iter(left.items()))
        waiting, size = [start], 0
        del left[start]
        while waiting:
            r, c = waiting.pop()
            size += 1
            for near in ((r + 1, c), (r - 1, c), (r, c + 1), (r, c - 1)):
                if left.get(near) == letter:
                    del left[near]
                    waiting.append(near)
        sizes.setdefault(letter, []).append(size)
    return {letter: sorted(found, reverse=True) for letter, found in sizes.items()}


def test_one_region_each() -> None:
    assert region_sizes(["aab", "cab"]) == {"a": [3], "b": [2], "c": [1]}
    assert region_sizes(["xxxx"]) == {"x": [4]}


def test_several_of_a_letter() -> None:
    assert region_sizes(["a.a", "a.a", "..a"]) == {"a": [3, 2], ".": [4]}
    assert region_sizes(["ab", "ba"]) == {"a": [1, 1], "b": [1, 1]}


def test_blanks_part_regions() -> None:
    assert region_sizes(["aa a", "    ", "a"]) == {"a": [2, 1, 1]}
    assert region_sizes(["  ", " "]) == {}


def test_rings_and_ragged_rows() -> None:
    assert region_sizes(["ooo", "oio", "ooo"]) == {"o": [8], "i": [1]}
    assert region_sizes(["a", "aaa", "", "aa"]) == {"a": [4, 2]}
    assert region_sizes([]) == {}
