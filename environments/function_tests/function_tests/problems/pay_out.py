def pay_out(amount: int, notes: dict[int, int]) -> dict[int, int] | None:
    """The fewest notes with which a machine can pay exactly `amount`: value to count, without zeros; None where it cannot.

    `notes` says how many of each value (at least 1) it has. Of several ways with as few notes, the one with more of the highest value wins, then of
    the next, and so on. Paying 0 takes no notes.

    >>> pay_out(60, {50: 1, 20: 5})
    {20: 3}
    """
    ways: dict[int, tuple[int, ...]] = {0: ()}
    values = sorted(notes, reverse=True)
    for value in values:
        longer: dict[int, tuple[int, ...]] = {}
        for paid, counts in ways.items():
            for count in range(notes[value] + 1):
                total = paid + count * value
                if total > amount:
                    break
                way = (*counts, count)
                if total not in longer or (sum(way), tuple(-n for n in way)) < (sum(longer[total]), tuple(-n for n in longer[total])):
                    longer[total] = way
        ways = longer
    if amount not in ways:
        return None
    return {value: count for value, count in zip(values, ways[amount], strict=True) if count}


def test_largest_first_is_not_enough() -> None:
    assert pay_out(60, {50: 1, 20: 5}) == {20: 3}
    assert pay_out(6, {4: 1, 3: 2, 1: 6}) == {3: 2}


def test_what_it_has() -> None:
    assert pay_out(70, {50: 1, 10: 5}) == {50: 1, 10: 2}
    assert pay_out(100, {50: 1, 20: 1, 10: 3}) == {50: 1, 20: 1, 10: 3}
    assert pay_out(100, {50: 1, 20: 1, 10: 2}) is None


def test_as_few_with_higher_ones() -> None:
    assert pay_out(10, {6: 1, 5: 2, 4: 1}) == {6: 1, 4: 1}
    assert pay_out(12, {9: 1, 7: 1, 5: 1, 3: 1}) == {9: 1, 3: 1}


def test_nothing_to_pay() -> None:
    assert pay_out(0, {5: 3}) == {}
    assert pay_out(5, {}) is None
    assert pay_out(5, {5: 0, 1: 9}) == {1: 5}
