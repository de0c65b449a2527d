def cheapest_trip(fares: list[tuple[str, str, int]], start: str, goal: str, changes: int) -> int | None:
    """The lowest price of a trip with at most `changes` changes; None where there is none.

    Each fare is one direct connection (from, to, price), in that direction only; prices are at least 0. A trip from a place to itself costs nothing.

    >>> cheapest_trip([("a", "b", 5), ("b", "c", 5), ("a", "c", 20)], "a", "c", 0)
    20
    """
    prices = {start: 0}
    for _ in range(changes + 1):
        reached = dict(prices)
        for origin, target, price in fares:
            if origin in prices and prices[origin] + price < reached.get(target, prices[origin] + price + 1):
                reached[target] = prices[origin] + price
        prices = reached
    return prices.get(goal)


def test_changes_save_money() -> None:
    assert cheapest_trip(FARES, "a", "c", 0) == 20
    assert cheapest_trip(FARES, "a", "c", 1) == 10


def test_no_more_changes_than_allowed() -> None:
    assert cheapest_trip(FARES, "a", "e", 1) == 29
    assert cheapest_trip(FARES, "a", "e", 2) == 19
    assert cheapest_trip([("a", "b", 1), ("b", "c", 1), ("c", "d", 1)], "a", "d", 1) is None


def test_direction() -> None:
    assert cheapest_trip(FARES, "b", "a", 9) is None
    assert cheapest_trip(FARES, "d", "c", 5) == 6


def test_same_place_and_no_fares() -> None:
    assert cheapest_trip(FARES, "a", "a", 0) == 0
    assert cheapest_trip([], "a", "b", 3) is None
    assert cheapest_trip([("a", "b", 0)], "a", "b", 0) == 0


FARES = [("a", "b", 5), ("b", "c", 5), ("a", "c", 20), ("c", "d", 1), ("d", "b", 1), ("b", "e", 50), ("c", "e", 9)]
