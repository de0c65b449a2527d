from datetime import datetime, timedelta


def office_minutes(start: datetime, end: datetime) -> int:
    """Whole minutes of office hours between two moments.

    The office is open from 9:00 to 17:00, Monday to Friday. Both moments are on full minutes; 0 where `end` is not later than `start`.

    >>> office_minutes(datetime(2024, 3, 1, 16, 30), datetime(2024, 3, 4, 9, 15))
    45
    """
    minutes = 0
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end:
        if day.weekday() < 5:
            begins = max(start, day + timedelta(hours=9))
            ends = min(end, day + timedelta(hours=17))
            minutes += max(0, int((ends - begins).total_seconds())) // 60
        day += timedelta(days=1)
    return minutes


def test_within_a_day() -> None:
    assert office_minutes(datetime(2024, 3, 5, 10, 0), datetime(2024, 3, 5, 11, 20)) == 80
    assert office_minutes(datetime(2024, 3, 5, 7, 0), datetime(2024, 3, 5, 20, 0)) == 480


def test_over_a_weekend() -> None:
    assert office_minutes(datetime(2024, 3, 1, 16, 30), datetime(2024, 3, 4, 9, 15)) == 45
    assert office_minutes(datetime(2024, 3, 2, 10, 0), datetime(2024, 3, 3, 18, 0)) == 0


def test_weeks() -> None:
    assert office_minutes(datetime(2024, 3, 4, 0, 0), datetime(2024, 3, 18, 0, 0)) == 4800
    assert office_minutes(datetime(2024, 12, 31, 16, 0), datetime(2025, 1, 1, 10, 0)) == 120


def test_nothing_between() -> None:
    assert office_minutes(datetime(2024, 3, 5, 11, 0), datetime(2024, 3, 5, 10, 0)) == 0
    assert office_minutes(datetime(2024, 3, 5, 18, 0), datetime(2024, 3, 6, 8, 0)) == 0
