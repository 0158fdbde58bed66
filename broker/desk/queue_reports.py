"""The report of tickets: how long people waited, how they were served, and what was promised, as plain values.

Every figure is reckoned by broker.domain.queue_kpi. Finished hours are rows of their own (broker.desk.finished), hours
that still change are reckoned from their tickets; the figures are the same either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from broker.desk.cases import KINDS
from broker.desk.finished import COUNTER, SERVICE, ZONE, Place, cells
from broker.desk.reports import BINS, WEEK_DAYS, bin_seconds, bounds, open_hours, same_time
from broker.desk.trust import Trust, trust
from broker.domain.cells import Cell, together
from broker.domain.kpi import FEW
from broker.domain.period import Period, Span
from broker.domain.queue_kpi import Figures, Promised
from broker.shop import Shop
from broker.store import cases
from broker.store.cases import Problem

_Group = TypeVar("_Group")


@dataclass(frozen=True, slots=True)
class QueueRow:
    """The figures of one service or counter over the whole period; `name` as the settings have it, `id` if they forgot it."""

    id: str
    name: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class QueueHour:
    """The figures of the tickets taken in one hour of the local clock (0 to 23), over the whole period."""

    hour: int
    figures: Figures


@dataclass(frozen=True, slots=True)
class QueueCell:
    """One hour of one weekday (0 is Monday) over the last WEEK_DAYS: `served` tickets and their median wait, None for few."""

    weekday: int
    hour: int
    issued: int
    served: int
    median: float | None


@dataclass(frozen=True, slots=True)
class WaitBin:
    """Tickets served after a wait of more than `above` and at most `upto` seconds; the first includes 0, the last has no end."""

    above: float
    upto: float | None
    tickets: int


@dataclass(frozen=True, slots=True)
class ProblemRow:
    """Problems of one kind opened in the period: how many are closed, and of those with a promise how many were told in time."""

    kind: str
    opened: int
    before: int
    closed: int
    promised: int
    told_in_time: int
    by_service: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Visits that count (E) and the tickets that people in the shop took. `conversion` is tickets / E, None without visits."""

    visits: int
    tickets: int

    @property
    def conversion(self) -> float | None:
        """Tickets taken in the shop / E."""
        return self.tickets / self.visits if self.visits else None


@dataclass(frozen=True, slots=True)
class Health:
    """What to know before the figures are believed: seconds of opening hours not watched, and what was late or untrusted."""

    unwatched: float
    opened: float
    late: int
    dismissed: int
    untrusted_visits: int
    untrusted_tickets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueReport:
    """The report of tickets. `span` is UTC; one of `service` and `counter` is set when it is about that one alone.

    `problems`, `traffic` and `health` are of the whole shop; `wait_within` and `serve_within` are the promises in seconds.
    """

    store: str
    now: datetime
    service: str | None
    counter: str | None
    wait_within: float
    serve_within: float
    period: Period
    span: Span
    compared: Period
    compared_span: Span
    figures: Figures
    before: Figures
    services: tuple[QueueRow, ...]
    counters: tuple[QueueRow, ...]
    hours: tuple[QueueHour, ...]
    bins: tuple[WaitBin, ...]
    week: tuple[QueueCell, ...]
    week_period: Period
    problems: tuple[ProblemRow, ...]
    traffic: Traffic
    traffic_before: Traffic
    health: Health
    trust: Trust

    @property
    def running(self) -> bool:
        """Whether the last day is not over; then the days before are looked at up to the same time of day."""
        return self.now < self.span[1]


def queue_report(shop: Shop, *, period: Period, service: str | None = None, counter: str | None = None) -> QueueReport:
    """Return the report of tickets of *period*: of one *service*, one *counter*, or the whole shop.

    A period that ends today is compared with earlier days up to the same time of day. Raises KeyError for no such service
    or counter, ValueError for both at once.
    """
    _check(shop, service, counter)
    now, compared, week = shop.clock(), period.before(), period.ending(WEEK_DAYS)
    span, earlier = bounds(shop, period), same_time(shop, period, compared, now)
    promised = Promised(shop.promises.wait_within, shop.promises.serve_within, shop.standards.upset_answer)
    here, before = Tickets(shop, span, service, counter), Tickets(shop, earlier, service, counter)
    days = Tickets(shop, bounds(shop, week), service, counter, by_weekday=True)
    trusted = trust(shop, period, span, None)
    return QueueReport(
        store=shop.settings.store.name, now=now, service=service, counter=counter, wait_within=promised.wait,
        serve_within=promised.service, period=period, span=span, compared=compared, compared_span=earlier,
        figures=Figures(here.whole(), promised), before=Figures(before.whole(), promised),
        services=_rows(here.parts(SERVICE), _services(shop), promised),
        counters=_rows(here.parts(COUNTER), _counters(shop), promised),
        hours=_hours(here, open_hours(shop, period), promised), bins=_bins(here.whole(), promised.wait),
        week=_week(days, open_hours(shop, week)), week_period=week, problems=_problems(shop, span, earlier),
        traffic=_traffic(shop, here, span), traffic_before=_traffic(shop, before, earlier),
        health=_health(shop, here, span, trusted), trust=trusted,
    )  # fmt: skip


def _check(shop: Shop, service: str | None, counter: str | None) -> None:
    if service is not None and counter is not None:
        raise ValueError("a report is about one service or one counter, not both")
    if service is not None and service not in _services(shop):
        raise KeyError(service)
    if counter is not None and counter not in _counters(shop):
        raise KeyError(counter)


def _services(shop: Shop) -> dict[str, str]:
    return {each.id: each.name for each in shop.settings.services}


def _counters(shop: Shop) -> dict[str, str]:
    return {each.id: each.name for each in shop.settings.counters}


class Tickets:
    """The cells of the tickets of a span, of one service or counter or of all of them, and of the visits beside them."""

    def __init__(
        self, shop: Shop, span: Span, service: str | None = None, counter: str | None = None, *, by_weekday: bool = False,
        only_whole: bool = False,
    ) -> None:  # fmt: skip
        """Read them; with *only_whole*, no more than `whole` needs."""
        kinds, bare = ((SERVICE, COUNTER), (COUNTER,)) if only_whole else ((SERVICE, COUNTER, ZONE), ())
        self._cells = cells(shop, span, kinds, by_weekday=by_weekday, bare=bare)
        self._kind, self._only = (COUNTER, counter) if counter else (SERVICE, service)

    def parts(self, kind: str) -> dict[str, Cell]:
        """Return the cells of each service or counter; of those that the report is not about, nothing."""
        if self._only is not None and kind != self._kind:
            return {}
        made: dict[str, Cell] = {}
        for place, cell in self._cells.items():
            if place.kind == kind and self._only in (None, place.part):
                made.setdefault(place.part, Cell()).include(cell)
        return made

    def by(self, place_of: Callable[[Place], _Group]) -> dict[_Group, Cell]:
        """Return the cells of each group of places, such as those of one hour."""
        made: dict[_Group, Cell] = {}
        for place, cell in self._cells.items():
            if place.kind == self._kind and self._only in (None, place.part):
                made.setdefault(place_of(place), Cell()).include(cell)
        return made

    def whole(self) -> Cell:
        """Return the sum of it: the tickets by service, the time of the counters by counter."""
        made = together(self.parts(self._kind).values())
        if self._kind == SERVICE and self._only is None:
            for cell in self.parts(COUNTER).values():
                made.counts.update({name: cell.counts[name] for name in ("open_ms", "break_ms", "serving_ms")})
        return made

    def visits(self) -> Cell:
        """Return the visits of the whole shop."""
        return together(cell for place, cell in self._cells.items() if place.kind == ZONE)


def _rows(parts: dict[str, Cell], names: dict[str, str], promised: Promised) -> tuple[QueueRow, ...]:
    order = [*names, *sorted(parts.keys() - names.keys())]
    return tuple(QueueRow(each, names.get(each, each), Figures(parts.get(each, Cell()), promised)) for each in order if each)


def _hours(here: Tickets, opened: frozenset[int], promised: Promised) -> tuple[QueueHour, ...]:
    found = here.by(lambda place: place.hour)
    every = sorted(opened | found.keys())
    steps = range(every[0], every[-1] + 1) if every else ()
    return tuple(QueueHour(hour, Figures(found.get(hour, Cell()), promised)) for hour in steps)


def _bins(whole: Cell, promise: float) -> tuple[WaitBin, ...]:
    width, waits = bin_seconds(promise), whole.times["wait"]
    upto = [waits.upto((n + 1) * width) for n in range(BINS)]
    found = [b - a for a, b in zip([0, *upto], [*upto, len(waits)], strict=True)]
    return tuple(WaitBin(n * width, (n + 1) * width if n < BINS else None, tickets) for n, tickets in enumerate(found))


def _week(days: Tickets, opened: frozenset[int]) -> tuple[QueueCell, ...]:
    found = days.by(lambda place: (place.weekday, place.hour))
    every = sorted(opened | {hour for _, hour in found})
    made = []
    for weekday in range(7):
        for hour in range(every[0], every[-1] + 1) if every else ():
            cell = found.get((weekday, hour), Cell())
            served = len(cell.times["wait"])
            middle = cell.times["wait"].quantile(0.5) if served >= FEW else None
            made.append(QueueCell(weekday, hour, cell.counts["issued"], served, middle))
    return tuple(made)


def _problems(shop: Shop, span: Span, earlier: Span) -> tuple[ProblemRow, ...]:
    before = Counter(problem.kind for problem in cases.problems_between(shop.db, *earlier))
    found: dict[str, list[Problem]] = {kind: [] for kind in KINDS}
    for problem in cases.problems_between(shop.db, *span):
        found.setdefault(problem.kind, []).append(problem)
    return tuple(
        ProblemRow(
            kind, len(some), before[kind], sum(each.closed_at is not None for each in some),
            sum(each.promised_by is not None for each in some),
            sum(bool(each.promised_by and each.told_at and each.told_at <= each.promised_by) for each in some),
            tuple(sorted(Counter(each.service for each in some).items())),
        )
        for kind, some in found.items()
    )  # fmt: skip


def _traffic(shop: Shop, tickets: Tickets, span: Span) -> Traffic:
    return Traffic(tickets.visits().counts["visits"], tickets.whole().counts["walk_ins"])


def _health(shop: Shop, tickets: Tickets, span: Span, trusted: Trust) -> Health:
    visits = tickets.visits().counts
    return Health(
        unwatched=trusted.unwatched_seconds, opened=trusted.open_seconds, late=visits["late"], dismissed=visits["dismissed"],
        untrusted_visits=visits["untrusted"], untrusted_tickets=tickets.whole().counts["untrusted"],
    )  # fmt: skip
