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
from broker.domain.period import Period
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Several shops over the same days. `hours` are the greetings of all by hour of each shop's own clock.

    Where promises differ, all of them together are held to the longest of them, each row to its own.
    """

    period: Period
    compared: Period
    greeting: GreetingOf
    greetings: tuple[GreetingOf, ...]
    hours: tuple[tuple[int, Greeting], ...]
    queue: QueueOf
    queues: tuple[QueueOf, ...]


def chain_report(shops: Sequence[Shop], *, period: Period, name: str = "") -> Chain:
    """Return the figures of *shops* over *period*. Raises ValueError for none."""
    if not shops:
        raise ValueError("a chain has at least one shop")
    compared = period.before()
    spans = [(bounds(shop, period), same_time(shop, period, compared, shop.clock())) for shop in shops]
    visits = [(Visits(shop, here), Visits(shop, before)) for shop, (here, before) in zip(shops, spans, strict=True)]
    tickets = [
        (Tickets(shop, here, only_whole=True).whole(), Tickets(shop, before, only_whole=True).whole())
        for shop, (here, before) in zip(shops, spans, strict=True)
    ]
    within = max(shop.standards.greet_within for shop in shops)
    every = [_promised(shop) for shop in shops]
    promised = Promised(*(max(each[place] for each in every) for place in range(len(Promised._fields))))
    hours: dict[int, Cell] = {}
    for here, _ in visits:
        for hour, cell in here.by(lambda place: place.hour).items():
            hours.setdefault(hour, Cell()).include(cell)
    return Chain(
        period=period, compared=compared,
        greeting=_greeting(name, within, together(here.whole for here, _ in visits), together(old.whole for _, old in visits)),
        greetings=tuple(
            _greeting(_name(shop), shop.standards.greet_within, here.whole, old.whole)
            for shop, (here, old) in zip(shops, visits, strict=True)
        ),
        hours=tuple((hour, greeting_of(cell, within=within)) for hour, cell in sorted(hours.items())),
        queue=_queue(name, promised, together(here for here, _ in tickets), together(old for _, old in tickets)),
        queues=tuple(
            _queue(_name(shop), its, here, old) for shop, its, (here, old) in zip(shops, every, tickets, strict=True)
        ),
    )  # fmt: skip


def _name(shop: Shop) -> str:
    return shop.settings.store.name


def _promised(shop: Shop) -> Promised:
    return Promised(shop.promises.wait_within, shop.promises.serve_within, shop.standards.upset_answer)


def _greeting(store: str, within: float, here: Cell, before: Cell) -> GreetingOf:
    return GreetingOf(store, within, greeting_of(here, within=within), greeting_of(before, within=within))


def _queue(store: str, promised: Promised, here: Cell, before: Cell) -> QueueOf:
    return QueueOf(store, promised, Figures(here, promised), Figures(before, promised))
