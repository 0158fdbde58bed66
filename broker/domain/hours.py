"""Hours of the shop's own clock, one after the other: an hour comes twice, or not at all, when the clocks change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Hour:
    """From `began` to `ended` (UTC) the local clock shows `hour` o'clock of `day`; `weekday` 0 is Monday."""

    began: datetime
    ended: datetime
    day: date
    weekday: int
    hour: int


def hour_of(moment: datetime, zone: tzinfo) -> Hour:
    """Return the hour of the clock in *zone* that *moment* (UTC, a whole minute or not) lies in."""
    # Clocks are changed at whole minutes. Remembered by the millisecond, a screen that asks for now would fill memory all day.
    return _hour_of(moment.replace(second=0, microsecond=0), zone)


@lru_cache(maxsize=4096)
def _hour_of(moment: datetime, zone: tzinfo) -> Hour:
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute)
    began = moment - past
    # A clock that was put forward or back within the hour: it began when the clock was changed.
    if began.astimezone(zone).utcoffset() != local.utcoffset():
        began = _changed(began, moment, zone)
    ended = moment - past + timedelta(hours=1)
    if ended.astimezone(zone).utcoffset() != local.utcoffset():
        ended = min(ended, _changed(moment, ended, zone))
    return Hour(began.astimezone(UTC), ended.astimezone(UTC), local.date(), local.weekday(), local.hour)


def _changed(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Return the first moment after *before* that has the offset of *after*."""
    step, offset = timedelta(minutes=15), after.astimezone(zone).utcoffset()
    at = before
    while at < after and at.astimezone(zone).utcoffset() != offset:
        at += step
    return min(at, after)


def hours(begin: datetime, end: datetime, zone: tzinfo) -> Iterator[Hour]:
    """Yield the hours that touch begin <= time < end, in order."""
    at = begin
    while at < end:
        here = hour_of(at, zone)
        yield here
        at = here.ended
