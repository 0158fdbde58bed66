"""Which days a report is about, what they are compared with, and the sums of spans of time that it needs."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Final

from broker.domain.opening import Hours

LONGEST_DAYS: Final = 366
"""A report spans at most so many days."""

NAMED: Final[dict[str, int]] = {"today": 1, "7d": 7, "28d": 28}
"""The periods that have a name, with their length in days; each ends with today."""

QUARTER: Final = timedelta(minutes=15)
"""The clocks of the world differ, and change, by whole quarters of an hour."""

Span = tuple[datetime, datetime]
"""From and to, aware UTC; the end is not part of it."""


class BadPeriod(ValueError):
    """This is not a period. The text says what one looks like."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days of the shop, both included. `name` is one of NAMED, or "custom"."""

    first: date
    last: date
    name: str = "custom"

    @property
    def days(self) -> int:
        """How many days these are."""
        return (self.last - self.first).days + 1

    def before(self) -> Period:
        """Return the days to compare with: earlier by whole weeks, so that a Saturday meets a Saturday."""
        back = timedelta(weeks=math.ceil(self.days / 7))
        return Period(self.first - back, self.last - back)

    def ending(self, days: int) -> Period:
        """Return the last *days* days up to the end of this period."""
        return Period(self.last - timedelta(days=days - 1), self.last)

    def each(self) -> list[date]:
        """Return every day, in order."""
        return [self.first + timedelta(days=number) for number in range(self.days)]


def period(text: str, today: date) -> Period:
    """Return the period that *text* names: one of NAMED, a day, or two days as FIRST..LAST (ISO dates, any order).

    Days to come are left out. Raises BadPeriod.
    """
    if text in NAMED:
        return Period(today - timedelta(days=NAMED[text] - 1), today, text)
    try:
        days = sorted(date.fromisoformat(part.strip()) for part in text.split("..", 1))
    except ValueError:
        allowed = ", ".join(NAMED)
        raise BadPeriod(f"{text[:40]!r} is not a period: {allowed}, or two days such as 2026-11-01..2026-11-15") from None
    first, last = min(days[0], today), min(days[-1], today)
    if (last - first).days >= LONGEST_DAYS:
        raise BadPeriod(f"a report spans at most {LONGEST_DAYS} days")
    return Period(first, last)


def opening(hours: Hours, day: date) -> list[Span]:
    """Return the spans in which the shop is open on a local *day*."""
    if hours.never_closes:
        return [(hours.day_begins(day), hours.day_ends(day))]
    return [
        (_moment(day, begin, hours.zone), hours.day_ends(day) if end == time.max else _moment(day, end, hours.zone))
        for begin, end in sorted(hours.on(day))
    ]


def _moment(day: date, clock: time, zone: tzinfo) -> datetime:
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Slots:
    """The hours of some days, to look up tens of thousands of moments in: cheaper than asking the clock for each."""

    begins: Sequence[datetime]
    hours: Sequence[tuple[int, int] | None]

    def at(self, moment: datetime) -> tuple[int, int] | None:
        """Return (weekday, hour) of the local clock at *moment*, or None while the shop is closed or outside the days."""
        place = bisect_right(self.begins, moment) - 1
        return self.hours[place] if place >= 0 else None


def slots(hours: Hours, days: Period) -> Slots:
    """Return the slots of *days*: neither the hour, nor its weekday, nor whether the shop is open changes within one."""
    edges = {
        _moment(day, each.replace(fold=fold), hours.zone) for day in days.each() for each in _edges(hours, day) for fold in (0, 1)
    }
    moment, end = hours.day_begins(days.first), hours.day_ends(days.last)
    inside = {edge for edge in edges if moment < edge < end}
    while moment < end:
        inside.add(moment)
        moment += QUARTER
    begins = sorted(inside)
    local = [begin.astimezone(hours.zone) for begin in begins]
    known = [(at.weekday(), at.hour) if hours.open_at(at) else None for at in local]
    return Slots([*begins, end], [*known, None])


def _edges(hours: Hours, day: date) -> list[time]:
    every = () if hours.never_closes else hours.on(day)
    return [edge for span in every for edge in span if edge != time.max]


def joined(spans: Iterable[Span]) -> list[Span]:
    """Return *spans* in order, with those that touch or overlap made one, and empty ones left out."""
    made: list[Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if made and begin <= made[-1][1]:
            made[-1] = (made[-1][0], max(end, made[-1][1]))
        else:
            made.append((begin, end))
    return made


def common(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Return the time that is in both; each side is in order and does not overlap itself."""
    found, here, there = [], 0, 0
    while here < len(some) and there < len(others):
        begin, end = max(some[here][0], others[there][0]), min(some[here][1], others[there][1])
        if begin < end:
            found.append((begin, end))
        if some[here][1] < others[there][1]:
            here += 1
        else:
            there += 1
    return found


def seconds(spans: Iterable[Span]) -> float:
    """Return how long *spans* last together."""
    return sum((end - begin).total_seconds() for begin, end in spans)


def seconds_by_hour(spans: Iterable[Span], zone: tzinfo) -> dict[int, float]:
    """Return how many seconds of *spans* fall into each hour of the local clock (0 to 23)."""
    found: dict[int, float] = {}
    for begin, end in spans:
        while begin < end:
            local = begin.astimezone(zone)
            left = timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
            step = min(end, begin + left)
            found[local.hour] = found.get(local.hour, 0.0) + (step - begin).total_seconds()
            begin = step
    return found


def without(some: Iterable[Span], others: Sequence[Span]) -> list[Span]:
    """Return the time of *some* that is not in *others*; each side is in order and does not overlap itself."""
    found = []
    for begin, end in some:
        for other_begin, other_end in others:
            if other_end > begin and other_begin < end:
                if begin < other_begin:
                    found.append((begin, other_begin))
                begin = max(begin, other_end)
        if begin < end:
            found.append((begin, end))
    return found
