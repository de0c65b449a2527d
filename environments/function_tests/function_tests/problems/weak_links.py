def weak_links(cables: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The cables of a network that, if any one of them were cut, would leave two places without a connection that have one now.

    Cables go both ways. The network may be in several parts, two places may be joined by more than one cable, and a cable may lead back to where it
    starts. Each is given as it stands in `cables`, in that order.

    >>> weak_links([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")])
    [('c', 'd')]
    """

    def reachable(start: str, without: int) -> set[str]:
        found, waiting = {start}, [start]
        while waiting:
            place = waiting.pop()
            for number, ends in enumerate(cables):
                if number != without and place in ends:
                    other = ends[1] if ends[0] == place else ends[0]
                    if other not in found:
                        found.add(other)
                        waiting.append(other)
        return found

    return [(one, other) for number, (one, other) in enumerate(cables) if other not in reachable(one, number)]


def test_a_tail_on_a_ring() -> None:
    assert weak_links([("a", "b"), ("b", "c"), ("c", "a"), ("c", "d")]) == [("c", "d")]
    assert weak_links([("a", "b"), ("b", "c"), ("c", "a")]) == []


def test_trees_are_all_weak() -> None:
    assert weak_links([("b", "a"), ("b", "c"), ("d", "b")]) == [("b", "a"), ("b", "c"), ("d", "b")]
    assert weak_links([("a", "b")]) == [("a", "b")]


def test_double_and_looping_cables() -> None:
    assert weak_links([("a", "b"), ("b", "a"), ("b", "c")]) == [("b", "c")]
    assert weak_links([("a", "a"), ("a", "b")]) == [("a", "b")]


def test_two_rings_and_parts() -> None:
    rings = [("a", "b"), ("b", "c"), ("c", "a"), ("c", "x"), ("x", "y"), ("y", "z"), ("z", "x")]
    assert weak_links(rings) == [("c", "x")]
    assert weak_links([("a", "b"), ("c", "d")]) == [("a", "b"), ("c", "d")]
    assert weak_links([]) == []
