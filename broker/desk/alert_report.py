"""How often people were alerted over some days, how many were there to answer, and how soon somebody did.

Alerts an hour and person follow alarm management: up to 6 is fine, 12 is the most that can be managed, 30 is a flood
(ANSI/ISA-18.2, EEMUA 191: about one in ten minutes is acceptable, two the most).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.desk.reports import open_hours
from broker.desk.shifts import IDLE
from broker.desk.trust import open_time
from broker.domain import period as spans
from broker.domain.alerts import AlertKind
from broker.domain.kpi import quantile
from broker.domain.period import Period, Span
from broker.shop import Shop
from broker.store import history, raised
from broker.store.raised import Raised

FINE, MOST, FLOOD = 6.0, 12.0, 30.0
"""Alerts an hour for each person signed in."""
LEAST_HOURS: Final = 1.0
"""Nothing is said of a person's load when people were signed in for less than so many hours together."""

FORMULAS: Final[dict[str, str]] = {
    "raised": "alerts raised in opening hours",
    "per_person": "alerts raised / hours people were signed in, both in opening hours",
    "signed_in": "hours people were signed in, in opening hours, all people together",
    "answer_median": "median of answered - raised; answered = acknowledged, or over before anybody acknowledged it",
    "answer_p90": "P90 of answered - raised",
    "climbed": "told to everybody or to the lead / raised",
}


@dataclass(frozen=True, slots=True)
class Load:
    """Alerts of one set: how many, how many climbed further than their zone, and the times to an answer in seconds."""

    raised: int
    climbed: int
    answered: int
    median: float | None
    p90: float | None
    hours: float

    @property
    def per_person(self) -> float | None:
        """Alerts an hour for each person, None when hardly anybody was signed in."""
        return self.raised / self.hours if self.hours >= LEAST_HOURS else None


@dataclass(frozen=True, slots=True)
class AlertReport:
    """The load of the whole shop or one zone, by hour of the clock and by kind. `hours` of a Load are those of people signed in."""

    figures: Load
    before: Load
    hours: tuple[tuple[int, Load], ...]
    kinds: tuple[tuple[str, Load], ...]


def alert_report(shop: Shop, *, period: Period, span: Span, compared: Period, compared_span: Span) -> AlertReport:
    """Return the alerts of *period*, beside those of *compared*; the spans are UTC and end no later than now."""
    now = shop.clock()
    span = (span[0], min(span[1], now))
    places, found = spans.slots(shop.hours, period), _raised(shop, span)
    by_hour: dict[int, list[Raised]] = {}
    for each in found:
        place = places.at(each.at)
        if place is not None:
            by_hour.setdefault(place[1], []).append(each)
    signed = _signed_in(shop, period, span)
    lasted = spans.seconds_by_hour(signed, shop.hours.zone)
    hours = sorted(open_hours(shop, period) | by_hour.keys())
    by_kind = {kind: [each for each in found if each.kind == kind] for kind in AlertKind}
    return AlertReport(
        figures=_load(found, spans.seconds(signed)),
        before=_load(_raised(shop, compared_span), spans.seconds(_signed_in(shop, compared, compared_span))),
        hours=tuple((hour, _load(by_hour.get(hour, ()), lasted.get(hour, 0.0))) for hour in hours),
        kinds=tuple((str(kind), _load(some, spans.seconds(signed))) for kind, some in by_kind.items()),
    )


def _raised(shop: Shop, span: Span) -> list[Raised]:
    return [each for each in raised.between(shop.db, *span) if shop.hours.open_at(each.at)]


def _signed_in(shop: Shop, period: Period, span: Span) -> list[Span]:
    """Return the spans of every person signed in within opening hours; two people at once are two spans."""
    opened = spans.common(open_time(shop, period), [span])
    here: dict[str, list[Span]] = {}
    for shift in history.shifts(shop.db, *span):
        # A session that nobody ended is found idle hours later; it was not a shift all that time.
        ended = min(shift.ended or span[1], shift.seen_at + IDLE)
        here.setdefault(shift.person, []).append((shift.began, ended))
    return [each for parts in here.values() for each in spans.common(spans.joined(parts), opened)]


def _load(found: Sequence[Raised], signed_in: float) -> Load:
    times = sorted(each.answered for each in found if each.answered is not None)
    return Load(
        raised=len(found), climbed=sum(each.level > 0 for each in found), answered=len(times),
        median=quantile(times, 0.5) if times else None, p90=quantile(times, 0.9) if times else None, hours=signed_in / 3600,
    )  # fmt: skip
