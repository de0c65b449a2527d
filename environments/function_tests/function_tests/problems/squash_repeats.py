def squash_repeats(lines: list[str]) -> list[str]:
    """Shorten a log: lines that repeat directly after one another are kept once, with ` (xN)` behind where there were N > 1 of them.

    A line that is repeated as part of a larger group does not count; only equal neighbours do.

    >>> squash_repeats(["up", "down", "down", "up"])
    ['up', 'down (x2)', 'up']
    """
    squashed: list[tuple[str, int]] = []
    for line in lines:
        if squashed and squashed[-1][0] == line:
            squashed[-1] = (line, squashed[-1][1] + 1)
        else:
            squashed.append((line, 1))
    return [line if count == 1 else f"{line} (x{count})" for line, count in squashed]


def test_repeats() -> None:
    assert squash_repeats(["up", "down", "down", "up"]) == ["up", "down (x2)", "up"]
    assert squash_repeats(["a"] * 12) == ["a (x12)"]


def test_no_neighbours() -> None:
    assert squash_repeats(["a", "b", "a", "b"]) == ["a", "b", "a", "b"]
    assert squash_repeats([]) == []


def test_lines_that_look_squashed() -> None:
    assert squash_repeats(["a (x2)", "a", "a"]) == ["a (x2)", "a (x2)"]
    assert squash_repeats(["", "", "x"]) == [" (x2)", "x"]
