"""Which calls are likely to be made next, so that a voice can have them ready."""

from __future__ import annotations

from dataclasses import dataclass

from broker.desk import board
from broker.desk.tickets import skills_of
from broker.domain import order
from broker.shop import Shop
from broker.store import counters, tickets
from broker.store.counters import OPEN


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A call that would be made if *counter* called now."""

    shown: str
    counter: str
    language: str


def foreseen(shop: Shop, *, limit: int) -> list[Foreseen]:
    """Return whom each counter that is open would call now, at most *limit* of them."""
    line = tickets.open_ones(shop.db)
    known = {counter.id for counter in shop.settings.counters}
    open_now = [name for name, shift in counters.now(shop.db).items() if shift.kind == OPEN and name in known][:limit]
    following = [(name, order.following(line, skills_of(shop, name))) for name in open_now]
    return [Foreseen(board.shown(shop, ticket), name, ticket.language) for name, ticket in following if ticket is not None]
