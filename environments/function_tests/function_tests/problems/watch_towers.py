def watch_towers(heights: list[list[int]]) -> list[tuple[int, int]]:
    """The cells (row, column) of a map that are higher than every other cell of their row and of their column, in reading order.

    >>> watch_towers([[3, 1], [2, 5]])
    [(0, 0), (1, 1)]
    """
    found = []
    for r, row in enumerate(heights):
        for c, height in enumerate(row):
            in_row = all(other < height for at, other in enumerate(row) if at != c)
            in_column = all(line[c] < height for at, line in enumerate(heights) if at != r)
            if in_row and in_column:
                found.append((r, c))
    return found


def test_several() -> None:
    assert watch_towers([[3, 1], [2, 5]]) == [(0, 0), (1, 1)]
    assert watch_towers([[1, 2, 9], [8, 2, 3], [4, 7, 1]]) == [(0, 2), (1, 0), (2, 1)]


def test_none_among_equals() -> None:
    assert watch_towers([[5, 5], [1, 2]]) == []
    assert watch_towers([[5, 1], [5, 2]]) == []


def test_highest_of_one_only() -> None:
    assert watch_towers([[4, 9], [3, 8]]) == [(0, 1)]
    assert watch_towers([[-3, -1, -2]]) == [(0, 1)]


def test_small() -> None:
    assert watch_towers([[0]]) == [(0, 0)]
    assert watch_towers([]) == []
