def build_order(needs: dict[str, set[str]]) -> list[str] | None:
    """An order in which all targets can be built, each after everything that it needs; None where targets need each other in a circle.

    Whenever several could come next, the alphabetically first does. What is needed but is no key of `needs` needs nothing itself and is built too.

    >>> build_order({"app": {"lib", "ui"}, "ui": {"lib"}})
    ['lib', 'ui', 'app']
    """
    left = {name: set(others) for name, others in needs.items()}
    for others in needs.values():
        for name in others:
            left.setdefault(name, set())
    order: list[str] = []
    while left:
        ready = sorted(name for name, others in left.items() if not others & left.keys())
        if not ready:
            return None
        order.append(ready[0])
        del left[ready[0]]
    return order


def test_chains() -> None:
    assert build_order({"app": {"lib", "ui"}, "ui": {"lib"}}) == ["lib", "ui", "app"]
    assert build_order({"c": {"b"}, "b": {"a"}}) == ["a", "b", "c"]


def test_alphabet_decides_each_time() -> None:
    assert build_order({"z": set(), "a": {"z"}, "m": set()}) == ["m", "z", "a"]
    assert build_order({"b": set(), "c": set(), "a": {"c"}, "d": set()}) == ["b", "c", "a", "d"]


def test_circles() -> None:
    assert build_order({"a": {"b"}, "b": {"a"}}) is None
    assert build_order({"a": {"a"}}) is None
    assert build_order({"x": set(), "a": {"b"}, "b": {"c"}, "c": {"a"}}) is None


def test_nothing() -> None:
    assert build_order({}) == []
    assert build_order({"one": set()}) == ["one"]
