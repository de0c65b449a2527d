def isbn_repair(code: str) -> str | None:
    """An ISBN-10 with its one unreadable place, written `?`, filled in; None where no digit fits or the text is no such code.

    Ten places, dashes apart, which are kept: digits, and in the last also `X` for 10. A code is right when the sum of its places, the first taken ten
    times, the second nine times and so on to the last once, is a multiple of 11.

    >>> isbn_repair("0-306-40615-?")
    '0-306-40615-2'
    """
    places = code.replace("-", "")
    if len(places) != 10 or places.count("?") != 1:
        return None
    for digit in "0123456789X":
        filled = places.replace("?", digit)
        if not all(place in "0123456789" for place in filled[:-1]) or filled[-1] not in "0123456789X":
            continue
        values = [10 if place == "X" else int(place) for place in filled]
        if sum(weight * value for weight, value in zip(range(10, 0, -1), values, strict=True)) % 11 == 0:
            return code.replace("?", digit)
    return None


def test_last_place() -> None:
    assert isbn_repair("0-306-40615-?") == "0-306-40615-2"
    assert isbn_repair("080442957?") == "080442957X"


def test_any_place() -> None:
    assert isbn_repair("?-306-40615-2") == "0-306-40615-2"
    assert isbn_repair("0-3?6-40615-2") == "0-306-40615-2"
    assert isbn_repair("0-8044-29?7-X") == "0-8044-2957-X"


def test_ten_fits_only_at_the_end() -> None:
    assert isbn_repair("?00000000X") is None
    assert isbn_repair("000000000?") == "0000000000"


def test_no_code() -> None:
    assert isbn_repair("0-306-40615-2") is None
    assert isbn_repair("0-306-4061?-?") is None
    assert isbn_repair("0-306-4X615-?") is None
    assert isbn_repair("?") is None
