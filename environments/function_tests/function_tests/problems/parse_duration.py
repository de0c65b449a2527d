import re


def parse_duration(text: str) -> int | None:
    """Seconds of a duration such as `1h30m`, `45s` or `2d 4h`; None where the text is none.

    Units are d, h, m and s, in that order, each at most once and at least one of them, each after a whole number. Blanks may stand between the parts
    and around the whole, but not between a number and its unit. Case does not matter.

    >>> parse_duration("1h30m")
    5400
    """
    match = re.fullmatch(r"\s*(?:(\d+)d\s*)?(?:(\d+)h\s*)?(?:(\d+)m\s*)?(?:(\d+)s\s*)?", text.lower(), re.ASCII)
    if match is None or not any(match.groups()):
        return None
    return sum(int(number) * seconds for number, seconds in zip(match.groups(), (86400, 3600, 60, 1), strict=True) if number)


def test_parts() -> None:
    assert parse_duration("1h30m") == 5400
    assert parse_duration("45s") == 45
    assert parse_duration("2d 4h") == 187200


def test_blanks_and_case() -> None:
    assert parse_duration("  1H  5S ") == 3605
    assert parse_duration("1 h") is None


def test_order_and_repetition() -> None:
    assert parse_duration("5m1h") is None
    assert parse_duration("1m1m") is None


def test_no_duration() -> None:
    assert parse_duration("") is None
    assert parse_duration("   ") is None
    assert parse_duration("90") is None
    assert parse_duration("-1h") is None
    assert parse_duration("1.5h") is None


def test_zero() -> None:
    assert parse_duration("0s") == 0
    assert parse_duration("0d90m") == 5400
