def busiest_moment(calls: list[tuple[int, int]]) -> tuple[int, int]:
    """When most calls were going on for the first time, and how many they were: (moment, calls).

    A call (start, end) goes on from `start` up to but not including `end`; start < end. (0, 0) for no calls.

    >>> busiest_moment([(1, 5), (2, 4), (4, 8)])
    (2, 2)
    """
    best = (0, 0)
    for moment in sorted({start for start, _ in calls}):
        going_on = sum(start <= moment < end for start, end in calls)
        if going_on > best[1]:
            best = (moment, going_on)
    return best


def test_overlaps() -> None:
    assert busiest_moment([(1, 5), (2, 4), (4, 8)]) == (2, 2)
    assert busiest_moment([(1, 9), (2, 8), (3, 7), (4, 6)]) == (4, 4)


def test_the_first_of_several() -> None:
    assert busiest_moment([(10, 12), (11, 12), (20, 22), (21, 22)]) == (11, 2)
    assert busiest_moment([(5, 6), (1, 2)]) == (1, 1)


def test_ends_do_not_count() -> None:
    assert busiest_moment([(1, 2), (2, 3), (3, 4)]) == (1, 1)
    assert busiest_moment([(-5, 0), (-3, 0), (0, 9)]) == (-3, 2)


def test_none() -> None:
    assert busiest_moment([]) == (0, 0)
