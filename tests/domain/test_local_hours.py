"""An hour of the shop's own clock, whenever in it somebody asks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain import hours
from broker.domain.hours import hour_of

OSLO = ZoneInfo("Europe/Oslo")


@given(
    st.integers(631_152_000_000, 2_840_140_800_000),
    st.sampled_from(["Europe/Oslo", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]),
)
def test_every_moment_lies_in_its_hour_and_has_the_one_of_its_minute(milliseconds: int, name: str) -> None:
    at, zone = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds), ZoneInfo(name)
    found = hour_of(at, zone)
    assert found.began <= at < found.ended
    assert (found.day, found.hour) == (at.astimezone(zone).date(), at.astimezone(zone).hour)
    assert hour_of(found.began, zone) == found


@pytest.mark.parametrize(
    ("at", "lasts"),
    [(datetime(2026, 3, 29, 0, 59, 59, 999_000, UTC), 60), (datetime(2026, 10, 25, 0, 30, 1, tzinfo=UTC), 60)],
    ids=["before an hour is left out", "the first of two hours of one name"],
)
def test_an_hour_ends_where_the_clock_is_changed(at: datetime, lasts: int) -> None:
    found = hour_of(at, OSLO)
    assert found.ended - found.began == timedelta(minutes=lasts)


def test_a_screen_that_asks_all_day_for_now_takes_no_more_memory_than_a_day_has_minutes() -> None:
    before = hours._hour_of.cache_info().currsize
    begin = datetime(2031, 5, 1, 9, tzinfo=UTC)
    for milliseconds in range(0, 180_000, 50):
        hour_of(begin + timedelta(milliseconds=milliseconds), OSLO)
    assert hours._hour_of.cache_info().currsize - before <= 3
