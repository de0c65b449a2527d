def turn_ring(matrix: list[list[int]], steps: int) -> list[list[int]]:
    """Move the outermost ring of a matrix on by `steps` places clockwise; the inside stays. The matrix itself is not changed.

    Negative steps go the other way. A matrix of one row or one column is all ring: it is moved along as a loop, left to right or top to bottom.

    >>> turn_ring([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 1)
    [[4, 1, 2], [7, 5, 3], [8, 9, 6]]
    """
    turned = [list(row) for row in matrix]
    if not matrix or not matrix[0]:
        return turned
    bottom, right = len(matrix) - 1, len(matrix[0]) - 1
    places = [(0, column) for column in range(right + 1)]
    places += [(row, right) for row in range(1, bottom + 1)]
    if bottom and right:
        places += [(bottom, column) for column in range(right - 1, -1, -1)]
        places += [(row, 0) for row in range(bottom - 1, 0, -1)]
    for at, (row, column) in enumerate(places):
        from_row, from_column = places[(at - steps) % len(places)]
        turned[row][column] = matrix[from_row][from_column]
    return turned


def test_square() -> None:
    assert turn_ring([[1, 2, 3], [4, 5, 6], [7, 8, 9]], 1) == [[4, 1, 2], [7, 5, 3], [8, 9, 6]]
    assert turn_ring([[1, 2], [3, 4]], 1) == [[3, 1], [4, 2]]


def test_other_way_and_around() -> None:
    assert turn_ring([[1, 2], [3, 4]], -1) == [[2, 4], [1, 3]]
    assert turn_ring([[1, 2, 3], [4, 5, 6]], 6) == [[1, 2, 3], [4, 5, 6]]
    assert turn_ring([[1, 2, 3], [4, 5, 6]], 8) == [[5, 4, 1], [6, 3, 2]]


def test_one_row_or_column() -> None:
    assert turn_ring([[1, 2, 3]], 1) == [[3, 1, 2]]
    assert turn_ring([[1], [2], [3]], 1) == [[3], [1], [2]]
    assert turn_ring([[7]], 5) == [[7]]


def test_empty_and_untouched() -> None:
    assert turn_ring([], 3) == []
    original = [[1, 2], [3, 4]]
    turn_ring(original, 1)
    assert original == [[1, 2], [3, 4]]
