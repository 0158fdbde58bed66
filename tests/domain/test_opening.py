"""Opening hours and business days in the shop's own zone, over a change of clocks too."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from broker.domain.opening import Hours

OSLO = ZoneInfo("Europe/Oslo")
HOURS = Hours(OSLO, {5: ((time(10), time(18)),), 0: ((time(9), time(12)), (time(13), time.max))})


def test_a_shop_is_open_in_its_own_hours_not_in_utc() -> None:
    assert not HOURS.open_at(datetime(2026, 11, 21, 8, 59, tzinfo=UTC))
    assert HOURS.open_at(datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
    assert not HOURS.open_at(datetime(2026, 11, 21, 17, 0, tzinfo=UTC))


def test_a_day_may_have_a_break_and_last_until_midnight() -> None:
    monday = datetime(2026, 11, 23, tzinfo=OSLO)
    assert [HOURS.open_at(monday + timedelta(hours=h)) for h in (9, 12, 13, 23)] == [True, False, True, True]


def test_a_day_without_hours_is_closed_and_a_shop_without_days_never_closes() -> None:
    sunday = datetime(2026, 11, 22, 12, tzinfo=OSLO)
    assert not HOURS.open_at(sunday)
    assert Hours(OSLO).open_at(sunday)


def test_a_business_day_is_the_local_day_also_when_the_clocks_change() -> None:
    hours = Hours(OSLO)
    assert hours.business_day(datetime(2026, 11, 21, 23, 30, tzinfo=UTC)) == date(2026, 11, 22)
    longest = hours.day_ends(date(2026, 10, 25)) - hours.day_begins(date(2026, 10, 25))
    shortest = hours.day_ends(date(2026, 3, 29)) - hours.day_begins(date(2026, 3, 29))
    assert (longest, shortest) == (timedelta(hours=25), timedelta(hours=23))


def test_a_shop_says_when_it_closes_and_when_it_opens_next() -> None:
    saturday = datetime(2026, 11, 21, 12, tzinfo=OSLO)
    assert HOURS.closes_at(saturday) == datetime(2026, 11, 21, 18, tzinfo=OSLO)
    assert HOURS.opens_at(saturday) is None
    night = datetime(2026, 11, 21, 19, tzinfo=OSLO)
    assert (HOURS.closes_at(night), HOURS.opens_at(night)) == (None, datetime(2026, 11, 23, 9, tzinfo=OSLO))
    monday = datetime(2026, 11, 23, tzinfo=OSLO)
    assert HOURS.closes_at(monday + timedelta(hours=10)) == monday + timedelta(hours=12)
    assert HOURS.opens_at(monday + timedelta(hours=12, minutes=30)) == monday + timedelta(hours=13)
    assert HOURS.closes_at(monday + timedelta(hours=20)) == monday + timedelta(days=1)


def test_a_shop_that_never_closes_says_no_time_and_one_that_never_opens_neither() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=OSLO)
    assert (Hours(OSLO).closes_at(now), Hours(OSLO).opens_at(now)) == (None, None)
    assert Hours(OSLO, {}).opens_at(now) is None


def test_a_shop_that_goes_on_after_midnight_or_over_noon_closes_at_the_end_of_the_last_part() -> None:
    night = Hours(OSLO, {5: ((time(18), time.max),), 6: ((time(0), time(2)), (time(10), time(13)), (time(13), time(16)))})
    saturday = datetime(2026, 11, 21, 20, tzinfo=OSLO)
    assert night.closes_at(saturday) == datetime(2026, 11, 22, 2, tzinfo=OSLO)
    assert night.closes_at(saturday + timedelta(hours=15)) == datetime(2026, 11, 22, 16, tzinfo=OSLO)
    always = Hours(OSLO, dict.fromkeys(range(7), ((time(0), time.max),)))
    assert always.closes_at(saturday) is None


def test_the_end_of_a_span_in_the_hour_that_the_clocks_repeat_is_the_one_still_to_come() -> None:
    hours = Hours(OSLO, {6: ((time(0), time(2, 30)),)})
    first, second = datetime(2026, 10, 25, 0, 15, tzinfo=UTC), datetime(2026, 10, 25, 1, 15, tzinfo=UTC)
    assert hours.closes_at(first) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert hours.closes_at(second) == datetime(2026, 10, 25, 1, 30, tzinfo=UTC)


EVE, CHRISTMAS = date(2026, 12, 24), date(2026, 12, 25)
HOLIDAYS = Hours(OSLO, {day: ((time(10), time(20)),) for day in range(6)}, {EVE: ((time(10), time(14)),), CHRISTMAS: ()})


def test_a_special_day_has_hours_of_its_own_and_a_holiday_has_none() -> None:
    def opened(day: int, hour: int) -> bool:
        return HOLIDAYS.open_at(datetime(2026, 12, day, hour, tzinfo=OSLO))

    assert [opened(23, 19), opened(24, 13), opened(24, 14), opened(25, 12), opened(26, 12)] == [True, True, False, False, True]
    assert HOLIDAYS.closes_at(datetime(2026, 12, 24, 12, tzinfo=OSLO)) == datetime(2026, 12, 24, 14, tzinfo=OSLO)
    assert HOLIDAYS.opens_at(datetime(2026, 12, 24, 15, tzinfo=OSLO)) == datetime(2026, 12, 26, 10, tzinfo=OSLO)


def test_a_day_that_is_usually_closed_may_be_open_for_once() -> None:
    sunday = Hours(OSLO, {0: ((time(10), time(20)),)}, {date(2026, 12, 20): ((time(12), time(16)),)})
    assert sunday.opens_at(datetime(2026, 12, 19, 12, tzinfo=OSLO)) == datetime(2026, 12, 20, 12, tzinfo=OSLO)
    assert not sunday.open_at(datetime(2026, 12, 27, 13, tzinfo=OSLO))


def test_a_shop_that_never_closes_closes_for_a_holiday_and_says_so_in_the_week_before() -> None:
    always = Hours(OSLO, None, {CHRISTMAS: ()})
    assert not always.never_closes
    assert always.open_at(datetime(2026, 12, 24, 23, 59, tzinfo=OSLO))
    assert not always.open_at(datetime(2026, 12, 25, 12, tzinfo=OSLO))
    midnight = datetime(2026, 12, 25, tzinfo=OSLO)
    assert always.closes_at(datetime(2026, 12, 23, 12, tzinfo=OSLO)) == midnight
    assert always.closes_at(datetime(2026, 11, 23, 12, tzinfo=OSLO)) is None
    assert always.opens_at(midnight) == datetime(2026, 12, 26, tzinfo=OSLO)


def test_after_a_long_holiday_the_next_opening_is_still_known() -> None:
    closed = {date(2026, 7, 1) + timedelta(days=n): () for n in range(31)}
    july = Hours(OSLO, {day: ((time(10), time(20)),) for day in range(7)}, closed)
    assert july.opens_at(datetime(2026, 7, 1, 12, tzinfo=OSLO)) == datetime(2026, 8, 1, 10, tzinfo=OSLO)
