"""What happened in hours of the shop, reckoned from the rows themselves: the truth that finished hours keep."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from broker.desk import journeys
from broker.domain import hours, kpi
from broker.domain import period as spans
from broker.domain.cells import Cell
from broker.domain.hours import Hour
from broker.domain.journeys import add
from broker.domain.period import Period, Span
from broker.shop import Shop
from broker.store import history

ZONE, SERVICE, COUNTER, SHOP = "zone", "service", "counter", "shop"
"""What a cell is of; a cell of the shop has the part ""."""
NOBODY: Final = ""
"""The counter of tickets that no counter served."""
_MS: Final = timedelta(milliseconds=1)


class Key(NamedTuple):
    """Which cell: what it is of, which one of those, and the hour."""

    kind: str
    part: str
    hour: Hour


Cells = dict[Key, Cell]
Baseline = Callable[[str, Hour], int | None]
"""The median wait of a service at this hour of the week over the four weeks before, in milliseconds."""


def reckon(shop: Shop, span: Span, baseline: Baseline) -> Cells:
    """Return the cells of everything with begin <= T0 < end, and of the counters' time within. Ends within hours are fine."""
    found: Cells = defaultdict(Cell)
    every = _Clock(shop, span)
    _add_visits(shop, found, every)
    _add_alerts(shop, found, every)
    if shop.settings.services:
        _add_tickets(shop, found, every, baseline)
    return dict(found)


class _Clock:
    """The hours of a span, to look moments up in, and which of those moments were in opening hours."""

    def __init__(self, shop: Shop, span: Span) -> None:
        self.span = span
        self.hours = list(hours.hours(*span, shop.hours.zone))
        self._begins = [hour.began for hour in self.hours]
        days = Period(shop.hours.business_day(span[0]), shop.hours.business_day(max(span[0], span[1] - _MS)))
        self._opened = spans.slots(shop.hours, days)

    def at(self, moment: datetime) -> Hour:
        return self.hours[bisect_right(self._begins, moment) - 1]

    def open_at(self, moment: datetime) -> bool:
        return self._opened.at(moment) is not None


def _add_visits(shop: Shop, found: Cells, every: _Clock) -> None:
    for seen in history.seen(shop.db, *every.span):
        if every.open_at(seen.t0):
            kpi.include(found[Key(ZONE, seen.zone, every.at(seen.t0))], seen)


def _add_alerts(shop: Shop, found: Cells, every: _Clock) -> None:
    for at in history.alerts(shop.db, *every.span):
        if every.open_at(at):
            found[Key(SHOP, "", every.at(at))].counts["alerts"] += 1


def _add_tickets(shop: Shop, found: Cells, every: _Clock, baseline: Baseline) -> None:
    ways, lived = journeys.ways(shop, *every.span), (every.span[0], min(every.span[1], shop.clock()))
    for one in ways.journeys:
        hour = every.at(one.t0)
        passed, calls = ways.out_of_order.get(one.ticket, 0), ways.calls.get(one.ticket, 0)
        middle = baseline(one.service, hour) if one.told_to is not None else None
        for key in (Key(SERVICE, one.service, hour), Key(COUNTER, one.counter, hour)):
            add(found[key], one, baseline=middle, out_of_order=passed, calls=calls)
    opened, resting = journeys.shifts(shop, lived)
    for counter, times in opened.items():
        _add_time(found, counter, "open_ms", times, every)
        _add_time(found, counter, "serving_ms", spans.common(ways.serving.get(counter, ()), times), every)
    for counter, times in resting.items():
        _add_time(found, counter, "break_ms", times, every)


def _add_time(found: Cells, counter: str, name: str, times: Iterable[Span], every: _Clock) -> None:
    for begin, end in times:
        while begin < end:
            hour = every.at(begin)
            upto = min(end, hour.ended)
            found[Key(COUNTER, counter, hour)].counts[name] += (upto - begin) // _MS
            begin = upto


def middle_of(waits: Sequence[int]) -> int | None:
    """Return the median of *waits* (in milliseconds, in order), rounded down to whole ones; None without any."""
    if not waits:
        return None
    return (waits[(len(waits) - 1) // 2] + waits[len(waits) // 2]) // 2


def waits_of(cells: Cells) -> dict[tuple[str, date, int], Counter[int]]:
    """Return the waits in *cells* by service, day and hour of the clock."""
    found: dict[tuple[str, date, int], Counter[int]] = {}
    for key, cell in cells.items():
        if key.kind == SERVICE and len(cell.times["wait"]):
            found.setdefault((key.part, key.hour.day, key.hour.hour), Counter()).update(cell.times["wait"])
    return found
