"""Everybody who holds a number and is not at a counter, as the floor shows them: oldest first, and never more than fit.

A long line costs a screen no more than a short one: it is sent the oldest, how many there are in all, and the time of
arrival up to which it knows everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

from broker.desk.people import name_of
from broker.desk.tickets import skills_of
from broker.domain import numbering, order
from broker.domain.facts import Fact, FactKind
from broker.domain.ticket import State, Ticket
from broker.shop import Shop
from broker.store import counters, tickets
from broker.store.counters import OPEN
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
    """Return how many there are: in all, by service, on hold, to be called back; and whom each open counter would call.

    `horizon` is the T0 of the last one that a screen is sent; None while all of them are. A counter's `first` has the first in
    line of each service it serves, by service, and `next` is the service of the one it calls next.
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
        "counters": _open_counters(shop, waiting),
    }  # fmt: skip


def _open_counters(shop: Shop, waiting: Collection[str]) -> list[Row]:
    """Return the counters that are open: who has each, whom they have called, the first in line of each service, who is next."""
    shifts = {name: shift for name, shift in counters.now(shop.db).items() if shift.kind == OPEN}
    if not shifts:
        return []
    first = {service: ticket for service in waiting if (ticket := tickets.first_waiting(shop.db, service))}
    there = tickets.at_counters(shop.db)
    return [
        {"id": known.id, "name": known.name, "staff": shifts[known.id].staff} | _calls(shop, known.id, first, there)
        for known in shop.settings.counters if known.id in shifts
    ]  # fmt: skip


def _calls(shop: Shop, counter: str, first: dict[str, Ticket], there: dict[str, Ticket]) -> Row:
    served = {service: first[service] for service in skills_of(shop, counter) if service in first}
    following = order.following(served.values(), served)
    return {
        "here": shown(shop, there[counter]) if counter in there else None,
        "first": {service: {"id": ticket.id, "shown": shown(shop, ticket)} for service, ticket in served.items()},
        "next": following.service if following else None,
    }


def changes(shop: Shop, facts: Iterable[Fact]) -> Row | None:
    """Return the tickets that *facts* moved, as they stand, and the counts; None when none is about a ticket or a counter."""
    facts = list(facts)
    changed = []
    for ticket_id in dict.fromkeys(fact.subject for fact in facts if fact.kind in MOVED):
        try:
            changed.append(row(shop, tickets.get(shop.db, ticket_id)))
        except tickets.NoSuchTicket:
            continue
    counter = any(fact.kind is FactKind.COUNTER for fact in facts)
    return {"tickets": changed, "line": counts(shop)} if changed or counter else None


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
