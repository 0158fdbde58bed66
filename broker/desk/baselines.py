"""The plainest forecast there is, to measure ours by: the median wait of this hour of the week over the four weeks before."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Final

from broker.desk.hours import SERVICE, middle_of, reckon, waits_of
from broker.domain.hours import Hour
from broker.shop import Shop
from broker.store import finished

WEEKS_BEFORE: Final = 4

_Waits = dict[tuple[str, int], list[int]]
"""By service and hour of the clock, in milliseconds."""


class Baselines:
    """Looks up each day at most once. A finished day is read from its hours, another one from its tickets."""

    def __init__(self, shop: Shop) -> None:
        """Know nothing yet."""
        self._shop = shop
        self._days: dict[date, _Waits] = {}
        self._medians: dict[tuple[str, date, int], int | None] = {}

    def median(self, service: str, hour: Hour) -> int | None:
        """Return the median wait of *service* at this hour of the week, in milliseconds; None when nobody waited then."""
        place = service, hour.day, hour.hour
        if place not in self._medians:
            waits: list[int] = []
            for week in range(1, WEEKS_BEFORE + 1):
                waits += self._day(hour.day - timedelta(weeks=week)).get((service, hour.hour), [])
            self._medians[place] = middle_of(sorted(waits))
        return self._medians[place]

    def _day(self, day: date) -> _Waits:
        if day not in self._days:
            self._days[day] = self._read(day)
        return self._days[day]

    def _read(self, day: date) -> _Waits:
        shop = self._shop
        begin, end = shop.hours.day_begins(day), shop.hours.day_ends(day)
        upto, frozen = finished.upto(shop.db), finished.frozen(shop.db)
        marks = (mark for mark in finished.unfinished(shop.db) if frozen is None or mark >= frozen)
        if upto is not None and end <= upto and not any(begin < mark + timedelta(hours=1) and mark < end for mark in marks):
            return finished.waits(shop.db, SERVICE, day, "wait")
        found: dict[tuple[str, int], Counter[int]] = {}
        for (service, on, hour), waits in waits_of(reckon(shop, (begin, end), _nobody)).items():
            if on == day:
                found.setdefault((service, hour), Counter()).update(waits)
        return {place: sorted(waits.elements()) for place, waits in found.items()}


def _nobody(service: str, hour: Hour) -> int | None:
    """The waits themselves need no baseline."""
    return None
