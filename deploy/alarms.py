"""How many alarms people on shift had to hear, and what threshold would bring them to a number that is still heard.

The limit is that of alarm management: EEMUA 191 takes about one alarm in ten minutes for what one person can bear for
long; twelve an hour is twice that, where a shop stops listening.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.desk.shifts import IDLE
from broker.domain.period import common, joined, opening, seconds
from broker.shop import Shop
from broker.store import history
from broker.store import visits as stored_visits

DAYS: Final = 28
LIMIT: Final = 12.0
"""Alarms an hour and person above which another threshold is proposed."""
LONGEST_FACTOR: Final = 4
"""The proposal is never more than so many times the promise: a longer one would be no greeting any more."""
STEP_SECONDS: Final = 5
LEAST_HOURS: Final = 1.0
"""Person-hours below which nothing can be said."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """The alarms of the last DAYS days in opening hours.

    `an_hour_each` is alarms an hour and person on shift, None below LEAST_HOURS; `busiest` is the local hour of the day with
    the most; `propose` is a greet_within_seconds that would have kept them below LIMIT, with how many of the waiting
    alarms it leaves, None where none is needed or none would do.
    """

    alarms: int
    person_hours: float
    an_hour_each: float | None
    by_hour: dict[int, int]
    busiest: int | None
    greet_within: int
    propose: int | None
    left: int | None


def alarms(shop: Shop) -> Alarms:
    """Look at the last DAYS days of *shop*."""
    now = shop.clock()
    begin = now - timedelta(days=DAYS)
    spans = _open(shop, begin, now)
    raised = [at for at in history.alerts(shop.db, begin, now) if any(first <= at < last for first, last in spans)]
    hours = _person_hours(shop, begin, now, spans)
    by_hour = dict.fromkeys(range(24), 0)
    for at in raised:
        by_hour[at.astimezone(shop.hours.zone).hour] += 1
    each = len(raised) / hours if hours >= LEAST_HOURS else None
    within = int(shop.standards.greet_within)
    propose, left = _proposal(shop, begin, now, len(raised), hours, within) if each is not None and each > LIMIT else (None, None)
    busiest = max(by_hour, key=lambda hour: by_hour[hour]) if raised else None
    return Alarms(len(raised), round(hours, 1), each, by_hour, busiest, within, propose, left)


def _open(shop: Shop, begin: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
    day, last = shop.hours.business_day(begin), shop.hours.business_day(end)
    found: list[tuple[datetime, datetime]] = []
    while day <= last:
        found += opening(shop.hours, day)
        day += timedelta(days=1)
    return common(joined(found), [(begin, end)])


def _person_hours(shop: Shop, begin: datetime, end: datetime, spans: list[tuple[datetime, datetime]]) -> float:
    here: dict[str, list[tuple[datetime, datetime]]] = {}
    for shift in history.shifts(shop.db, begin, end):
        # A session that nobody ended is found idle hours later; it was not a shift all that time.
        here.setdefault(shift.person, []).append((shift.began, min(shift.ended or end, shift.seen_at + IDLE)))
    return sum(seconds(common(joined(theirs), spans)) for theirs in here.values()) / 3600


def _proposal(
    shop: Shop, begin: datetime, end: datetime, raised: int, hours: float, within: int
) -> tuple[int, int] | tuple[None, None]:
    """Return the shortest longer promise under which at most LIMIT alarms an hour and person would have been raised."""
    waited = _waited(shop, begin, end)
    others = max(0, raised - sum(1 for each in waited if each >= within))
    for seconds_ in range(within + STEP_SECONDS, within * LONGEST_FACTOR + 1, STEP_SECONDS):
        left = sum(1 for each in waited if each >= seconds_)
        if (left + others) / hours <= LIMIT:
            return seconds_, left
    return None, None


def _waited(shop: Shop, begin: datetime, end: datetime) -> Iterable[float]:
    """Return how long each visit waited that turned red, in seconds until it was greeted or over."""
    found = []
    for visit in stored_visits.between(shop.db, begin, end):
        until = visit.acknowledged_at or visit.ended_at
        if visit.overdue_at is not None and until is not None and not visit.late:
            found.append((until - visit.t0).total_seconds())
    return found
