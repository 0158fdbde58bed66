"""What a report is asked for: which days, zone, service and counter. All of it is in the address, so that it can be sent on."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from broker.desk.reports import bounds
from broker.domain.period import NAMED, Period, Span, period
from broker.shop import Shop
from dashboard.wording import Words

FIRST_SHOWN: Final = "7d"
SLUG_LETTERS: Final = 40
"""The name of a shop takes at most so many letters of a file's name."""


class NoSuchPlace(KeyError):
    """There is no such zone, service or counter. `kind` and `name` say which."""

    def __init__(self, kind: str, name: str, known: list[str]) -> None:
        super().__init__(name)
        self.kind, self.name, self.known = kind, name, known


@dataclass(frozen=True, slots=True)
class Asked:
    """Local days of the shop and, if any, the one zone, service or counter that is looked at, by its id.

    `store` is another shop of the chain; without it, it is this one.
    """

    period: Period
    zone: str | None = None
    service: str | None = None
    counter: str | None = None
    store: str | None = None

    def query(self, **changed: str | None) -> str:
        """Return the query string of this choice, with some of it changed: `query(zone=None, table="hours")`."""
        return urlencode({name: value for name, value in (self._days() | self._places() | changed).items() if value})

    def over(self, name: str) -> Asked:
        """Return the same choice over the named period *name*; only its name counts, for an address."""
        return replace(self, period=replace(self.period, name=name))

    def _days(self) -> dict[str, str | None]:
        if self.period.name in NAMED:
            return {"period": self.period.name}
        return {"from": self.period.first.isoformat(), "to": self.period.last.isoformat()}

    def _places(self) -> dict[str, str | None]:
        return {"store": self.store, "zone": self.zone, "service": self.service, "counter": self.counter}


def read(shop: Shop, query: Mapping[str, str]) -> Asked:
    """Return what *query* asks for of *shop*, which is the store that it names.

    Raises BadPeriod, and NoSuchPlace for a zone, service or counter that is not there.
    """
    days = query.get("period", FIRST_SHOWN)
    if query.get("from"):
        days = f"{query['from']}..{query.get('to') or query['from']}"
    chosen = {name: query.get(name) or None for name in ("zone", "service", "counter")}
    for kind, name in chosen.items():
        known = places(shop, kind)
        if name is not None and name not in known:
            raise NoSuchPlace(kind, name, list(known))
    return Asked(period(days, shop.hours.business_day(shop.clock())), **chosen, store=query.get("store") or None)


def places(shop: Shop, kind: str, language: str = "en") -> dict[str, str]:
    """Return the zones, services or counters of the shop: id to name."""
    if kind == "zone":
        return shop.zones
    if kind == "service":
        return {service.id: service.called(language) for service in shop.settings.services}
    return {counter.id: counter.name for counter in shop.settings.counters}


@dataclass(frozen=True, slots=True)
class Days:
    """The spans in UTC of the days that are shown and of those that they are compared with."""

    span: Span
    compared: Period
    compared_span: Span
    running: bool


def days_of(shop: Shop, asked: Asked) -> Days:
    """Return the spans of *asked*; days that are not over are compared up to the same time of day."""
    now, compared = shop.clock(), asked.period.before()
    span, earlier = bounds(shop, asked.period), bounds(shop, compared)
    if now < span[1]:
        clock = now.astimezone(shop.hours.zone).time()
        earlier = (earlier[0], datetime.combine(compared.last, clock, tzinfo=shop.hours.zone).astimezone(UTC))
    return Days(span, compared, earlier, now < span[1])


def where(shop: Shop, asked: Asked, words: Words) -> str:
    """Return what is looked at, in words: the shop, or its zone, service or counter."""
    language = words.locale.language
    chosen = [
        places(shop, kind, language)[name]
        for kind, name in (("zone", asked.zone), ("service", asked.service), ("counter", asked.counter))
        if name
    ]
    return ", ".join(chosen) or shop.settings.store.name


def file_name(shop: Shop, what: str, asked: Asked, ending: str) -> str:
    """Return what a file should be called: shop, report and days, in letters that every system takes."""
    parts = [slug(shop.settings.store.name) or shop.settings.store.id, what, asked.zone, asked.service, asked.counter]
    days = [asked.period.first.isoformat(), asked.period.last.isoformat()]
    return "-".join(part for part in [*parts, *dict.fromkeys(days)] if part) + f".{ending}"


def slug(name: str) -> str:
    """Return *name* in small letters, digits and hyphens: "Rīga <Centrs>" is riga-centrs."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("ø", "o").replace("æ", "ae").replace("ł", "l"))
    letters = "".join(
        letter if letter.isascii() and letter.isalnum() else " " for letter in plain if not unicodedata.combining(letter)
    )
    return "-".join(letters.split())[:SLUG_LETTERS].strip("-")
