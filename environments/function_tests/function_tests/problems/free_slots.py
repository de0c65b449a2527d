def free_slots(busy: list[tuple[int, int]], opens: int, closes: int, shortest: int) -> list[tuple[int, int]]:
    """The free stretches of a day, in order, that last at least `shortest`.

    `busy` holds (start, end) pairs in any order; they may overlap, touch, be empty, or reach out of the day, which runs from `opens` to `closes`.

    >>> free_slots([(10, 12), (11, 13), (15, 16)], 9, 18, 2)
    [(13, 15), (16, 18)]
    """
    slots = []
    free_from = opens
    for start, end in sorted(busy):
        if end <= start:
            continue
        if min(start, closes) - free_from >= shortest:
            slots.append((free_from, min(start, closes)))
        free_from = max(free_from, end)
    if closes - free_from >= shortest:
        slots.append((free_from, closes))
    return slots


def test_between_meetings() -> None:
    assert free_slots([(10, 12), (11, 13), (15, 16)], 9, 18, 2) == [(13, 15), (16, 18)]
    assert free_slots([(15, 16), (10, 12)], 9, 18, 1) == [(9, 10), (12, 15), (16, 18)]


def test_contained_and_touching() -> None:
    assert free_slots([(9, 17), (10, 11)], 9, 18, 1) == [(17, 18)]
    assert free_slots([(10, 12), (12, 14)], 10, 15, 1) == [(14, 15)]


def test_out_of_the_day() -> None:
    assert free_slots([(0, 10), (17, 24)], 9, 18, 1) == [(10, 17)]
    assert free_slots([(20, 22)], 9, 18, 1) == [(9, 18)]
    assert free_slots([(0, 30)], 9, 18, 1) == []


def test_empty_ones_do_not_count() -> None:
    assert free_slots([(12, 12)], 9, 18, 5) == [(9, 18)]
    assert free_slots([], 9, 9, 1) == []
