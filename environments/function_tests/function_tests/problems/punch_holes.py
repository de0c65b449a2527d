def punch_holes(whole: tuple[int, int], holes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """What is left of a range of whole numbers without some others, as ranges in order.

    All ranges include both ends. `holes` come in any order, may overlap, and may lie outside; a hole whose end is before its start is empty.

    >>> punch_holes((1, 10), [(4, 5), (8, 20)])
    [(1, 3), (6, 7)]
    """
    first, last = whole
    left = []
    for start, end in sorted(holes):
        if end < start:
            continue
        if start > first:
            left.append((first, min(start - 1, last)))
        first = max(first, end + 1)
        if first > last:
            break
    if first <= last:
        left.append((first, last))
    return [(start, end) for start, end in left if start <= end]


def test_inside() -> None:
    assert punch_holes((1, 10), [(4, 5), (8, 20)]) == [(1, 3), (6, 7)]
    assert punch_holes((1, 5), [(3, 3)]) == [(1, 2), (4, 5)]


def test_ends() -> None:
    assert punch_holes((1, 5), [(1, 1), (5, 5)]) == [(2, 4)]
    assert punch_holes((1, 5), [(0, 6)]) == []


def test_overlaps_in_any_order() -> None:
    assert punch_holes((0, 20), [(10, 15), (3, 12), (4, 5)]) == [(0, 2), (16, 20)]
    assert punch_holes((0, 9), [(6, 7), (2, 3), (4, 5)]) == [(0, 1), (8, 9)]


def test_no_holes() -> None:
    assert punch_holes((3, 4), []) == [(3, 4)]
    assert punch_holes((3, 4), [(9, 12), (-4, 2), (4, 3)]) == [(3, 4)]
