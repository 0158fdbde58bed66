"""Whom a change of the settings would leave standing: it waits until nobody does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from broker.settings import Settings
from broker.shop import Shop
from broker.store import counters, tickets, visits


@dataclass(frozen=True, slots=True)
class Strand:
    """Why a change waits: it would leave somebody without what they wait for."""

    why: str
    """service, counter, closing, zone, or moved (the shop's id or folder)."""
    name: str
    count: int = 0


class Stranding(Exception):
    """The change would strand somebody. `strands` says whom."""

    def __init__(self, strands: Sequence[Strand]) -> None:
        """Tell whom it would strand."""
        super().__init__("; ".join(f"{each.why} {each.name}: {each.count}" for each in strands))
        self.strands = tuple(strands)


def stranded(shop: Shop, before: Settings, after: Settings, *, beside: Path) -> list[Strand]:
    """Return whom the settings *after* would leave without what they wait for; the file of both lies in the folder *beside*."""
    found = (
        _moved(before, after, beside.absolute()), _no_line(shop, after), _no_desk(shop, after), _shut(shop, before, after),
        _no_zone(shop, after),
    )  # fmt: skip
    return list(chain.from_iterable(found))


def _moved(before: Settings, after: Settings, beside: Path) -> Iterator[Strand]:
    if before.store.id != after.store.id:
        yield Strand("moved", "store.id")
    if beside / before.store.data != beside / after.store.data:
        yield Strand("moved", "store.data")


def _no_line(shop: Shop, after: Settings) -> Iterator[Strand]:
    left = {service.id for service in after.services}
    waiting: dict[str, int] = {}
    for service, _, count, _ in tickets.tally(shop.db):
        waiting[service] = waiting.get(service, 0) + count
    names = {service.id: service.called(shop.settings.store.language) for service in shop.settings.services}
    yield from (Strand("service", names.get(name, name), count) for name, count in waiting.items() if name not in left)


def _no_desk(shop: Shop, after: Settings) -> Iterator[Strand]:
    left = {counter.id for counter in after.counters}
    busy = {ticket.counter for ticket in tickets.open_ones(shop.db) if ticket.counter} | set(counters.now(shop.db))
    names = {counter.id: counter.name for counter in shop.settings.counters}
    yield from (Strand("counter", names.get(name, name)) for name in sorted(busy - left))


def _shut(shop: Shop, before: Settings, after: Settings) -> Iterator[Strand]:
    if after.queues.keep_overnight:
        return
    now = shop.clock()
    was_open = Shop(shop.db, shop.clock, before).hours.open_at(now) or before.queues.keep_overnight
    if was_open and not Shop(shop.db, shop.clock, after).hours.open_at(now):
        waiting = sum(count for _, _, count, _ in tickets.tally(shop.db))
        if waiting:
            yield Strand("closing", "", waiting)


def _no_zone(shop: Shop, after: Settings) -> Iterator[Strand]:
    left = {zone.id for zone in after.zones}
    for zone, name in shop.zones.items():
        here = 0 if zone in left else len(visits.open_ones(shop.db, zone=zone))
        if here:
            yield Strand("zone", name, here)
