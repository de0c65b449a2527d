from datetime import date


def week_bounds(label: str) -> tuple[date, date] | None:
    """The Monday and the Sunday of an ISO week written like `2024-W09`; None where the text is no such label or the year has no such week.

    Four digits for the year, two for the week, nothing before or behind.

    >>> week_bounds("2021-W01")
    (datetime.date(2021, 1, 4), datetime.date(2021, 1, 10))
    """
    year, mark, week = label[:4], label[4:6], label[6:]
    if mark != "-W" or len(week) != 2 or not (year + week).isascii() or not (year + week).isdigit():
        return None
    try:
        return date.fromisocalendar(int(year), int(week), 1), date.fromisocalendar(int(year), int(week), 7)
    except ValueError:
        return None


def test_ordinary_weeks() -> None:
    assert week_bounds("2021-W01") == (date(2021, 1, 4), date(2021, 1, 10))
    assert week_bounds("2024-W09") == (date(2024, 2, 26), date(2024, 3, 3))


def test_weeks_across_the_year() -> None:
    assert week_bounds("2020-W53") == (date(2020, 12, 28), date(2021, 1, 3))
    assert week_bounds("2019-W01") == (date(2018, 12, 31), date(2019, 1, 6))


def test_no_such_week() -> None:
    assert week_bounds("2021-W53") is None
    assert week_bounds("2021-W00") is None


def test_no_label() -> None:
    assert week_bounds("2021-W1") is None
    assert week_bounds("2021W01") is None
    assert week_bounds(" 2021-W01") is None
    assert week_bounds("2021-W011") is None
