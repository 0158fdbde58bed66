"""Who greeted where, and how often: made only for a shop that turned it on, `[reports] per_person`."""

from __future__ import annotations

from dataclasses import dataclass

from broker.desk.reports import bounds
from broker.desk.screens import name_of
from broker.domain import period as spans
from broker.domain.kpi import quantile
from broker.domain.period import Period
from broker.shop import Shop
from broker.store import greeters


class TurnedOff(Exception):
    """This shop does not report by person."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person in one zone: `greeted` visits of E, and their median greet time in seconds."""

    person: str
    name: str
    zone: str
    zone_name: str
    greeted: int
    median: float


def person_report(shop: Shop, period: Period, *, zone: str | None = None) -> tuple[PersonRow, ...]:
    """Return who greeted in *period*, by zone, most first. Raises TurnedOff unless `[reports] per_person` is true."""
    if not shop.settings.reports.per_person:
        raise TurnedOff
    at = spans.slots(shop.hours, period).at
    times: dict[tuple[str, str], list[float]] = {}
    for each in greeters.between(shop.db, *bounds(shop, period), zone=zone):
        if at(each.t0) is not None:
            times.setdefault((each.person, each.zone), []).append(each.seconds)
    rows = [
        PersonRow(
            person, name_of(shop, person) or person, place, shop.zones.get(place, place), len(found), quantile(sorted(found), 0.5)
        )
        for (person, place), found in times.items()
    ]
    return tuple(sorted(rows, key=lambda row: (-row.greeted, row.name, row.zone_name)))
