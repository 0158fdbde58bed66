"""Everybody who holds a number and is not at a counter, as the floor shows them: oldest first, and never more than fit.

A long line costs a screen no more than a short one: it is sent the oldest, how many there are in all, and the time of
arrival up to which it knows everybody.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from broker.desk.people import name_of
from broker.domain import numbering
from broker.domain.facts import Fact, FactKind
from broker.domain.ticket import State, Ticket
from broker.shop import Shop
from broker.store import tickets
from broker.store.database import text

Row = dict[str, Any]

MOST_SHOWN: Final = 50
"""The oldest of a line that a floor screen is sent."""
SHOWN: Final = (State.WAITING, State.AWAY, State.BOOKED, State.HELD)
MOVED: Final = frozenset({FactKind.TICKET_ISSUED, FactKind.TICKET_MOVED})


def line(shop: Shop) -> Row:
    """Return the oldest of those who hold a number, and how many there are."""
    oldest = tickets.in_states(shop.db, SHOWN, limit=MOST_SHOWN)
    return {"tickets": [row(shop, ticket) for ticket in oldest], "line": counts(shop)}


def row(shop: Shop, ticket: Ticket) -> Row:
    """Return one ticket as the floor shows it; `open` is False for one that has left the list."""
    return {
        "id": ticket.id, "version": ticket.version, "open": ticket.state in SHOWN, "shown": shown(shop, ticket),
        "state": str(ticket.state), "service": ticket.service, "service_name": service_name(shop, ticket.service),
        "zone": zone_of(shop, ticket.service), "t0": text(ticket.t0), "place": text(ticket.place), "until": text(ticket.until),
        "reason": ticket.reason, "counter": ticket.counter, "staff": name_of(shop, ticket.staff), "missed": ticket.missed,
    }  # fmt: skip


def counts(shop: Shop) -> Row:
    """Return how many there are: in all, by service, on hold, to be called back.

    `horizon` is the T0 of the last one that a screen is sent; None while all of them are.
    """
    found = [(s, state, n, t0) for s, state, n, t0 in tickets.tally(shop.db) if state in SHOWN]
    total = sum(n for _, _, n, _ in found)
    last = tickets.in_states(shop.db, SHOWN, limit=1, offset=MOST_SHOWN - 1) if total > MOST_SHOWN else []
    waiting = {s: (n, t0) for s, state, n, t0 in found if state is State.WAITING}
    return {
        "total": total,
        "horizon": text(last[0].t0) if last else None,
        "held": sum(n for _, state, n, _ in found if state is State.HELD),
        "booked": sum(n for _, state, n, _ in found if state is State.BOOKED),
        "services": [
            {"id": s.id, "name": s.name, "zone": s.zone or "", "waiting": waiting[s.id][0], "oldest": text(waiting[s.id][1])}
            for s in shop.settings.services if s.id in waiting
        ],
    }  # fmt: skip


def changes(shop: Shop, facts: Iterable[Fact]) -> Row | None:
    """Return the tickets that *facts* moved, as they stand, and the counts; None when none of them is about a ticket."""
    changed = []
    for ticket_id in dict.fromkeys(fact.subject for fact in facts if fact.kind in MOVED):
        try:
            changed.append(row(shop, tickets.get(shop.db, ticket_id)))
        except tickets.NoSuchTicket:
            continue
    return {"tickets": changed, "line": counts(shop)} if changed else None


def shown(shop: Shop, ticket: Ticket) -> str:
    """Return the number as people read it, with the letter of the service it was taken for."""
    letter = next((s.letter for s in shop.settings.services if s.id == ticket.issued_for), "?")
    return numbering.shown(letter, ticket.number)


def service_name(shop: Shop, service: str) -> str:
    """Return a service's own name; the id of one that is gone from the settings."""
    return next((s.name for s in shop.settings.services if s.id == service), service)


def zone_of(shop: Shop, service: str) -> str:
    """Return the zone in which *service* is served, or nothing."""
    return next((s.zone or "" for s in shop.settings.services if s.id == service), "")
