"""From the desk to what a program is told."""

from __future__ import annotations

from collections import Counter as Tally
from typing import Any

from broker.desk import board, tickets
from broker.desk.screens import name_of
from broker.domain import order
from broker.domain.ticket import AT_COUNTER, IN_LINE, Ticket
from broker.settings import CounterSettings
from broker.shop import Shop
from broker.store import counters
from broker.store import tickets as stored
from broker.store.counters import Shift
from broker.store.database import text
from broker.store.tickets import Moved

Row = dict[str, Any]


def ticket(shop: Shop, one: Ticket, ahead: int | None = None) -> Row:
    """Return *one* as it stands; *ahead* is how many stand before it, if that is known."""
    if ahead is None and one.state in IN_LINE:
        ahead = stored.ahead(shop.db, one)
    return {
        "id": one.id, "version": one.version, "shown": board.shown(shop, one), "state": one.state, "service": one.service,
        "issued_for": one.issued_for, "language": one.language, "channel": one.channel, "priority": one.priority,
        "visit": one.visit, "t0": text(one.t0), "ahead": ahead, "told_from": one.told_from, "told_to": one.told_to,
        "counter": one.counter, "counter_name": board.counter_name(shop, one.counter), "staff": name_of(shop, one.staff),
        "called_at": text(one.called_at), "calls": one.calls, "started_at": text(one.started_at), "missed": one.missed,
        "until": text(one.until), "reason": one.reason, "updated_at": text(one.updated_at), "outcome": one.outcome,
        "ended_at": text(one.ended_at),
    }  # fmt: skip


def line(shop: Shop, service: str | None) -> Row:
    """Return everybody who waits or is served, of *service* alone if it is named, and every counter."""
    here, before, rows = stored.open_ones(shop.db), Tally[str](), []
    for one in order.ordered(here):
        ahead = before[one.service] if one.state in IN_LINE else None
        before[one.service] += one.state in IN_LINE
        if service in (None, one.service):
            rows.append(ticket(shop, one, ahead))
    shifts = counters.now(shop.db)
    return {"tickets": rows, "counters": [_counter(shop, c, shifts.get(c.id), here) for c in shop.settings.counters]}


def counter(shop: Shop, name: str) -> Row:
    """Return one counter. Raises NoSuchCounter."""
    known = next((each for each in shop.settings.counters if each.id == name), None)
    if known is None:
        raise tickets.NoSuchCounter(name)
    there = stored.at_counter(shop.db, name)
    return _counter(shop, known, counters.now(shop.db).get(name), [there] if there else [])


def _counter(shop: Shop, known: CounterSettings, shift: Shift | None, line: list[Ticket]) -> Row:
    there = next((each for each in line if each.counter == known.id and each.state in AT_COUNTER), None)
    return {
        "id": known.id, "name": known.name, "services": list(tickets.skills_of(shop, known.id)),
        "kind": shift.kind if shift else "closed", "since": text(shift.began) if shift else None,
        "staff": name_of(shop, shift.staff) if shift else None, "ticket": there.id if there else None,
    }  # fmt: skip


def services(shop: Shop, language: str) -> Row:
    """Return what a ticket can be taken for, with the wait of each."""
    whole = board.kiosk(shop, language)
    rows = [
        {"wait_from": each["from"], "wait_to": each["to"]} | {name: each[name] for name in _OF_A_SERVICE}
        for each in whole["services"]
    ]
    return {name: whole[name] for name in _OF_A_SHOP} | {"services": rows}


_OF_A_SHOP = ("store", "open", "closes_at", "opens_at")
_OF_A_SERVICE = ("id", "name", "letter", "icon", "ahead", "open", "why", "until")


def wall(shop: Shop) -> Row:
    """Return what the wall shows."""
    whole = board.display(shop)
    calls = [{name: call[name] for name in _OF_A_CALL} for call in whole["calls"]]
    return {name: whole[name] for name in (*_OF_A_SHOP, "waiting", "by_service")} | {"calls": calls}


_OF_A_CALL = ("id", "ticket", "shown", "counter", "counter_name", "language", "at", "again", "calling", "serving")


def made(move: Moved) -> Row:
    """Return one move of the history."""
    return {
        "ticket": move.ticket, "at": text(move.at), "by": move.by, "move": move.move, "was": move.was, "became": move.became,
        "service": move.service, "counter": move.counter, "until": text(move.until), "reason": move.reason,
    }  # fmt: skip
