"""The greeting report: how the shop kept its promise over some days, as plain values. Nothing here is in a language.

Every figure is reckoned by broker.domain.kpi from the hours of broker.desk.finished; this module only chooses the days, sums
their hours by hour, weekday and zone, and says how far the figures can be trusted (broker.desk.trust).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from itertools import chain
from typing import Final, TypeVar

from broker.desk.finished import SHOP, ZONE, Place, cells
from broker.desk.shifts import IDLE
from broker.desk.trust import Trust, open_time, trust
from broker.desk.waits import CounterRow, counters
from broker.domain import period as spans
from broker.domain.cells import Cell as Hourly
from broker.domain.cells import together
from broker.domain.kpi import FEW, Greeting, greeting_of
from broker.domain.period import Period, Span
from broker.domain.times import Times
from broker.shop import Shop
from broker.store import history

BIN_SECONDS: Final = 5
"""The narrowest bar of the distribution; a longer promise has wider ones, so that it stays inside the picture."""
BINS: Final = 12
WEEK_DAYS: Final = 28
"""The hours of the week are reckoned over so many days, or each cell would hold too few visits."""
SIGNED_IN_HOURS: Final = 1.0
"""Alerts per person are only said when people were signed in for at least so many hours together."""


@dataclass(frozen=True, slots=True)
class HourRow:
    """One hour of the local clock over the whole period: open for `opened` seconds, for `unwatched` of them nobody was counted."""

    hour: int
    figures: Greeting
    opened: float
    unwatched: float


@dataclass(frozen=True, slots=True)
class Bin:
    """Visits greeted after more than `above` and at most `upto` seconds; the first includes 0, the last has no end."""

    above: float
    upto: float | None
    visits: int


@dataclass(frozen=True, slots=True)
class Cell:
    """One hour of one weekday (0 is Monday): `visits` greeted and their median, None for fewer than FEW."""

    weekday: int
    hour: int
    visits: int
    median: float | None


@dataclass(frozen=True, slots=True)
class ZoneRow:
    """One zone over the whole period."""

    zone: str
    name: str
    figures: Greeting


@dataclass(frozen=True, slots=True)
class AlertLoad:
    """Alerts raised in opening hours, and the hours people were signed in then, all of them together."""

    alerts: int
    hours: float

    @property
    def per_person(self) -> float | None:
        """Alerts an hour for each person, None when hardly anybody was signed in."""
        return self.alerts / self.hours if self.hours >= SIGNED_IN_HOURS else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The greeting report. `span` and `compared_span` are UTC; `within` is the promise T in seconds."""

    store: str
    now: datetime
    zone: str | None
    zone_name: str | None
    within: float
    period: Period
    span: Span
    compared: Period
    compared_span: Span
    figures: Greeting
    before: Greeting
    alerts: AlertLoad | None
    alerts_before: AlertLoad | None
    hours: tuple[HourRow, ...]
    bins: tuple[Bin, ...]
    week: tuple[Cell, ...]
    week_period: Period
    zones: tuple[ZoneRow, ...]
    trust: Trust
    counters: tuple[CounterRow, ...] = ()

    @property
    def running(self) -> bool:
        """Whether the last day is not over; then the days before are looked at up to the same time of day."""
        return self.now < self.span[1]


def greeting_report(shop: Shop, *, period: Period, zone: str | None = None) -> Report:
    """Return the greeting report of *period*, of one *zone* or of the whole shop.

    Visits whose T0 lies outside the opening hours stay out. A period that ends today is compared with earlier days up to
    the same time of day. Raises KeyError for no such zone.
    """
    if zone is not None and zone not in shop.zones:
        raise KeyError(zone)
    now = shop.clock()
    compared, week = period.before(), period.ending(WEEK_DAYS)
    span, earlier = bounds(shop, period), same_time(shop, period, compared, now)
    here, before = Visits(shop, span, zone), Visits(shop, earlier, zone)
    days = Visits(shop, bounds(shop, week), zone, by_weekday=True)
    promise, trusted = shop.standards.greet_within, trust(shop, period, span, zone)
    return Report(
        store=shop.settings.store.name, now=now, zone=zone, zone_name=shop.zones[zone] if zone else None, within=promise,
        period=period, span=span, compared=compared, compared_span=earlier,
        figures=greeting_of(here.whole, within=promise), before=greeting_of(before.whole, within=promise),
        alerts=None if zone else _load(shop, period, (span[0], min(now, span[1])), here.alerts),
        alerts_before=None if zone else _load(shop, compared, earlier, before.alerts),
        hours=_hours(here, open_hours(shop, period), trusted, promise, shop.hours.zone), bins=_bins(here.whole, promise),
        week=_week(days, open_hours(shop, week)), week_period=week, zones=() if zone else _zones(shop, here), trust=trusted,
        counters=counters(shop, period=period, span=span, zone=zone, trusted=trusted, opened=open_hours(shop, period)),
    )  # fmt: skip


_Group = TypeVar("_Group")


class Visits:
    """The visits of a span, of one *zone* or of all, and the alerts that were raised."""

    def __init__(self, shop: Shop, span: Span, zone: str | None = None, *, by_weekday: bool = False) -> None:
        """Read them."""
        kinds = (ZONE,) if by_weekday else (ZONE, SHOP)
        found = cells(shop, span, kinds, by_weekday=by_weekday)
        self._cells = {place: cell for place, cell in found.items() if place.kind == ZONE and zone in (None, place.part)}
        self.alerts = sum(cell.counts["alerts"] for place, cell in found.items() if place.kind == SHOP)
        self.whole = together(self._cells.values())

    def by(self, group: Callable[[Place], _Group]) -> dict[_Group, Hourly]:
        """Return the cells of each group of places, such as those of one hour."""
        made: dict[_Group, Hourly] = {}
        for place, cell in self._cells.items():
            made.setdefault(group(place), Hourly()).include(cell)
        return made


def bounds(shop: Shop, period: Period) -> Span:
    """Return the span of *period* in UTC; its last day may not be over."""
    return shop.hours.day_begins(period.first), shop.hours.day_ends(period.last)


def same_time(shop: Shop, period: Period, compared: Period, now: datetime) -> Span:
    """Return the span of *compared*, up to the same time of day when *period* is not over."""
    begin, end = bounds(shop, compared)
    if period.last < shop.hours.business_day(now):
        return begin, end
    clock = now.astimezone(shop.hours.zone).time()
    return begin, datetime.combine(compared.last, clock, tzinfo=shop.hours.zone).astimezone(UTC)


def open_hours(shop: Shop, period: Period) -> frozenset[int]:
    """Return the hours of the local clock in which the shop is open on some day of *period*; empty if it never closes."""
    if shop.hours.spans is None:
        return frozenset()
    every = chain.from_iterable(spans.opening(shop.hours, day) for day in period.each()[-7:])
    return frozenset(hour for hour, lasts in spans.seconds_by_hour(every, shop.hours.zone).items() if lasts)


def _range(hours: Iterable[int]) -> range:
    """Return every hour from the first to the last of *hours*, so that a quiet hour leaves a gap and no jump."""
    found = sorted(hours)
    return range(found[0], found[-1] + 1) if found else range(0)


def _hours(here: Visits, opened: frozenset[int], trusted: Trust, promise: float, zone: tzinfo) -> tuple[HourRow, ...]:
    by_hour = here.by(lambda place: place.hour)
    lasted, blind = spans.seconds_by_hour(trusted.opened, zone), trusted.unwatched_by_hour
    return tuple(
        HourRow(
            hour, greeting_of(by_hour.get(hour, Hourly()), within=promise), lasted.get(hour, 0.0), blind.get(hour, 0.0)
        )
        for hour in _range(opened | by_hour.keys())
    )  # fmt: skip


def bin_seconds(promise: float) -> int:
    """Return the width of a bar of the distribution, so that the promise stands in the first half of the picture."""
    return BIN_SECONDS * max(1, math.ceil(promise / (BIN_SECONDS * BINS / 2)))


def _bins(whole: Hourly, promise: float) -> tuple[Bin, ...]:
    """Return the distribution; a bar includes its upper end, so that "within 30 s" is a sum of whole bars."""
    width, times = bin_seconds(promise), whole.times["greeted"]
    upto = [0, *(times.upto((n + 1) * width) for n in range(BINS)), len(times)]
    return tuple(Bin(n * width, (n + 1) * width if n < BINS else None, upto[n + 1] - upto[n]) for n in range(BINS + 1))


def _week(days: Visits, opened: frozenset[int]) -> tuple[Cell, ...]:
    found = {place: cell.times["greeted"] for place, cell in days.by(lambda place: (place.weekday, place.hour)).items()}
    every = _range(opened | {hour for (_, hour), times in found.items() if len(times)})
    made = []
    for weekday in range(7):
        for hour in every:
            times = found.get((weekday, hour), Times())
            made.append(Cell(weekday, hour, len(times), times.quantile(0.5) if len(times) >= FEW else None))
    return tuple(made)


def _zones(shop: Shop, here: Visits) -> tuple[ZoneRow, ...]:
    by_zone = here.by(lambda place: place.part)
    order = [*shop.zones, *sorted(by_zone.keys() - shop.zones.keys())]
    promise = shop.standards.greet_within
    return tuple(
        ZoneRow(zone, shop.zones.get(zone, zone), greeting_of(by_zone.get(zone, Hourly()), within=promise)) for zone in order
    )


def _load(shop: Shop, period: Period, span: Span, alerts: int) -> AlertLoad:
    """Reckon alerts a person of the whole shop: who is signed in belongs to no zone."""
    opened = spans.common(open_time(shop, period), [span])
    here: dict[str, list[Span]] = {}
    for shift in history.shifts(shop.db, *span):
        # A session that nobody ended is found idle hours later; it was not a shift all that time.
        ended = min(shift.ended or span[1], shift.seen_at + IDLE)
        here.setdefault(shift.person, []).append((shift.began, ended))
    lasted = sum(spans.seconds(spans.common(spans.joined(parts), opened)) for parts in here.values())
    return AlertLoad(alerts, lasted / 3600)
