from datetime import date, timedelta


def next_due_day(after: date, day: int) -> date:
    """The first day later than `after` on which a monthly bill is due.

    It is due on day `day` of every month (1 to 31), in shorter months on their last day.

    >>> next_due_day(date(2023, 1, 31), 31)
    datetime.date(2023, 2, 28)
    """
    year, month = after.year, after.month
    while True:
        following = date(year + month // 12, month % 12 + 1, 1)
        last = following - timedelta(days=1)
        due = last.replace(day=min(day, last.day))
        if due > after:
            return due
        year, month = following.year, following.month


def test_in_the_same_month() -> None:
    assert next_due_day(date(2023, 5, 3), 20) == date(2023, 5, 20)
    assert next_due_day(date(2023, 4, 29), 31) == date(2023, 4, 30)


def test_strictly_later() -> None:
    assert next_due_day(date(2023, 5, 20), 20) == date(2023, 6, 20)
    assert next_due_day(date(2023, 4, 30), 31) == date(2023, 5, 31)


def test_february() -> None:
    assert next_due_day(date(2023, 1, 31), 31) == date(2023, 2, 28)
    assert next_due_day(date(2024, 1, 31), 30) == date(2024, 2, 29)


def test_end_of_year() -> None:
    assert next_due_day(date(2022, 12, 15), 14) == date(2023, 1, 14)
    assert next_due_day(date(2022, 12, 15), 31) == date(2022, 12, 31)
