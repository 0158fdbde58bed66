"""The same figures over several shops: one row for each, and all of them together, as exact as those of one.

A store is one file and knows nothing of the others; here some of them are read side by side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from broker.desk.queue_reports import Tickets
from broker.desk.reports import Visits, bounds, same_time
from broker.domain.cells import Cell, together
from broker.domain.kpi import Greeting, greeting_of
from broker.domain.period import Period, Span
from broker.domain.queue_kpi import Figures, Promised
from broker.shop import Shop


@dataclass(frozen=True, slots=True)
class GreetingOf:
    """One shop, or all of them: the figures of the period and of the one before, against a promise of `within` seconds."""

    store: str
    within: float
    figures: Greeting
    before: Greeting


@dataclass(frozen=True, slots=True)
class QueueOf:
    """One shop, or all of them: the figures of tickets in the period and in the one before."""

    store: str
    promised: Promised
    figures: Figures
    before: Figures

    @property
    def wait_within(self) -> float:
        """The promise of waiting, in seconds."""
        return self.promised.wait

    @property
    def serve_within(self) -> float:
        """The promise of serving, in seconds."""
        return self.promised.service


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainGreetings:
    """The greetings of several shops over the same days; `hours` are those of all by hour of each shop's own clock.

    Where promises differ, all of them together are held to the longest of them, each row to its own.
    """

    period: Period
    compared: Period
    together: GreetingOf
    stores: tuple[GreetingOf, ...]
    hours: tuple[tuple[int, Greeting], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainQueues:
    """The tickets of several shops over the same days; promises as with the greetings."""

    period: Period
    compared: Period
    together: QueueOf
    stores: tuple[QueueOf, ...]


def chain_greetings(shops: Sequence[Shop], *, period: Period, name: str = "") -> ChainGreetings:
    """Return the greeting figures of *shops* over *period*. Raises ValueError for no shops."""
    found = [(Visits(shop, here), Visits(shop, before)) for shop, here, before in _spans(shops, period)]
    within = max(shop.standards.greet_within for shop in shops)
    hours: dict[int, Cell] = {}
    for here, _ in found:
        for hour, cell in here.by(lambda place: place.hour).items():
            hours.setdefault(hour, Cell()).include(cell)
    return ChainGreetings(
        period=period, compared=period.before(),
        together=_greeting(name, within, together(here.whole for here, _ in found), together(old.whole for _, old in found)),
        stores=tuple(
            _greeting(_name(shop), shop.standards.greet_within, here.whole, old.whole)
            for shop, (here, old) in zip(shops, found, strict=True)
        ),
        hours=tuple((hour, greeting_of(cell, within=within)) for hour, cell in sorted(hours.items())),
    )  # fmt: skip


def chain_queues(shops: Sequence[Shop], *, period: Period, name: str = "") -> ChainQueues:
    """Return the figures of the tickets of *shops* over *period*. Raises ValueError for no shops."""
    found = [
        (Tickets(shop, here, only_whole=True).whole(), Tickets(shop, before, only_whole=True).whole())
        for shop, here, before in _spans(shops, period)
    ]
    every = [_promised(shop) for shop in shops]
    promised = Promised(*(max(each[place] for each in every) for place in range(len(Promised._fields))))
    return ChainQueues(
        period=period, compared=period.before(),
        together=_queue(name, promised, together(here for here, _ in found), together(old for _, old in found)),
        stores=tuple(_queue(_name(shop), its, here, old) for shop, its, (here, old) in zip(shops, every, found, strict=True)),
    )  # fmt: skip


def _spans(shops: Sequence[Shop], period: Period) -> list[tuple[Shop, Span, Span]]:
    if not shops:
        raise ValueError("a chain has at least one shop")
    return [(shop, bounds(shop, period), same_time(shop, period, period.before(), shop.clock())) for shop in shops]


def _name(shop: Shop) -> str:
    return shop.settings.store.name


def _promised(shop: Shop) -> Promised:
    return Promised(shop.promises.wait_within, shop.promises.serve_within, shop.standards.upset_answer)


def _greeting(store: str, within: float, here: Cell, before: Cell) -> GreetingOf:
    return GreetingOf(store, within, greeting_of(here, within=within), greeting_of(before, within=within))


def _queue(store: str, promised: Promised, here: Cell, before: Cell) -> QueueOf:
    return QueueOf(store, promised, Figures(here, promised), Figures(before, promised))
