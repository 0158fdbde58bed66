"""The plan of a simulated shop: its opening hours, its seasons, what people come for and who serves them."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from broker.domain import period
from broker.domain.opening import Hours
from broker.settings import Settings

USUAL_HOURS: Final = (time(10), time(20))
"""Of a shop without opening hours."""
BY_HOUR: Final = (0.5, 0.7, 1.1, 1.2, 1.0, 0.9, 1.2, 1.3, 0.9, 0.5)
"""How busy each tenth of a day is."""
BY_WEEKDAY: Final = (0.85, 0.85, 0.9, 0.95, 1.1, 1.35, 0.7)
BY_MONTH: Final = (0.85, 0.85, 0.9, 0.95, 1.0, 1.0, 0.9, 1.0, 1.0, 1.0, 1.15, 1.4)
CLOSED_ON: Final = frozenset({(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)})
"""Holidays, (month, day): nobody comes."""
BUSY_BEFORE: Final = 1.25
"""The day before a holiday."""
BUSY_SHARE: Final = 0.55
LONGEST_STRETCH: Final = 3.0
"""How busy counters are on a usual day, and how many times longer than usual a service lasts at the most."""
TICKETS: Final = 0.2
"""Tickets a visit."""
_KINDS: Final = ((0.34, 150.0, 0.5, 2400.0), (0.44, 75.0, 0.45, 1800.0), (0.12, 300.0, 0.6, 3000.0), (0.10, 220.0, 0.6, 2400.0))
"""Share of the tickets, mean seconds, spread of its logarithm, mean patience: of the first services, and over again."""


def seconds_later(at: datetime, seconds: float) -> datetime:
    """Return the moment *seconds* later, in whole milliseconds as the store keeps them."""
    return at + timedelta(milliseconds=round(seconds * 1000))


@dataclass(frozen=True, slots=True)
class Service:
    """What people come for: how many on this day, and how long it takes."""

    id: str
    letter: str
    zone: str
    a_day: float
    mean: float
    spread: float
    patience: float

    def seconds(self, chance: random.Random) -> float:
        """Return how long one service takes; the mean of a log-normal is exp(mu + sigma^2 / 2)."""
        return self.mean * chance.lognormvariate(-(self.spread**2) / 2, self.spread)


@dataclass(frozen=True, slots=True)
class Desk:
    """A counter, what it serves and who serves there."""

    id: str
    skills: frozenset[str]
    staff: str


@dataclass(frozen=True, slots=True)
class Day:
    """One business day: from when to when the shop is open, how busy it is (1 is usual), and whether it closes at all."""

    date: date
    opens: datetime
    closes: datetime
    busy: float
    shuts: bool

    def visit_id(self, number: int, kind: str) -> str:
        """Return the name of a visit: it rises with time, so that rows are written in the order of their index."""
        return f"door.sim{self.date:%y%m%d}-{kind}{number:05d}"

    def arrivals(self, chance: random.Random, expected: float, *, until: float = 0.97) -> list[datetime]:
        """Return the moments at which about *expected* people come, in order, up to a share of the day."""
        count = max(0, round(chance.gauss(expected, math.sqrt(max(expected, 0.0)))))
        lasts = (self.closes - self.opens).total_seconds() * 1000 * until
        slots = chance.choices(range(len(BY_HOUR)), BY_HOUR, k=count)
        step = lasts / len(BY_HOUR)
        places = sorted(int((slot + chance.random()) * step) for slot in slots)
        return [self.opens + timedelta(milliseconds=place) for place in places]

    def busy_at(self, at: datetime) -> float:
        """Return how busy the shop is at a moment, 1 is usual."""
        share = (at - self.opens) / (self.closes - self.opens)
        return self.busy * BY_HOUR[min(len(BY_HOUR) - 1, max(0, int(share * len(BY_HOUR))))]


def day(hours: Hours, on: date, chance: random.Random) -> Day | None:
    """Return a business day, or None when nobody comes."""
    if (on.month, on.day) in CLOSED_ON:
        return None
    tomorrow = on + timedelta(days=1)
    before = BUSY_BEFORE if (tomorrow.month, tomorrow.day) in CLOSED_ON else 1.0
    busy = BY_WEEKDAY[on.weekday()] * BY_MONTH[on.month - 1] * before * chance.lognormvariate(0.0, 0.08)
    if hours.spans is None:
        begin, end = (datetime.combine(on, clock, tzinfo=hours.zone).astimezone(UTC) for clock in USUAL_HOURS)
        return Day(on, begin, end, busy, shuts=False)
    spans = period.opening(hours, on)
    return Day(on, spans[0][0], spans[-1][1], busy, shuts=True) if spans else None


def staffed(settings: Settings, day: Day, tickets_a_day: float, staff: Sequence[str]) -> tuple[list[Service], list[Desk]]:
    """Return the services of *settings*, the first of them the busiest, and the counters that are open for so many tickets.

    As many counters as are needed are open, and services take as long as keeps them busy: a shop with few customers takes
    its time with each.
    """
    every = frozenset(service.id for service in settings.services)
    desks = [
        Desk(each.id, frozenset(each.services) or every, staff[number % len(staff)])
        for number, each in enumerate(settings.counters)
    ]
    kinds = [_KINDS[number % len(_KINDS)] for number in range(len(settings.services))]
    whole = sum(kind[0] for kind in kinds) or 1.0
    load = sum(tickets_a_day * share / whole * mean for share, mean, _, _ in kinds) / (day.closes - day.opens).total_seconds()
    needed = max(1, math.ceil(load / BUSY_SHARE))
    if needed < len(desks) and all(desk.skills == every for desk in desks):
        desks = desks[:needed]
    longer = min(LONGEST_STRETCH, max(0.5, BUSY_SHARE * len(desks) / max(load, 0.001)))
    return [
        Service(
            each.id, each.letter, each.zone or "", tickets_a_day * day.busy * share / whole, mean * longer, spread, patience
        )
        for each, (share, mean, spread, patience) in zip(settings.services, kinds, strict=True)
    ], desks  # fmt: skip
