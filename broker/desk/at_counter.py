"""What a counter's own screen shows beside its row of the board: who has which counter, and what to say at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from broker.desk import board, screens
from broker.desk.board import Row
from broker.domain.alerts import AlertKind
from broker.domain.goodbye import goodbye
from broker.domain.ticket import ENDED, Outcome, State, Ticket
from broker.shop import Shop
from broker.store import alerts, counters, tickets, visits
from broker.store.database import text

HOLD_REASONS: Final = ("stockroom", "colleague", "payment")
"""Reasons of a hold that have a sentence of their own for the customer; any other is written out for colleagues."""
MOVING: Final = frozenset({"now", "age", "waited", "serving"})
"""What of a row grows by itself: a screen reckons it on from `now`."""


def whole(shop: Shop, name: str) -> Row:
    """Return everything a counter's screen shows. Raises NoSuchCounter."""
    row = board.counter(shop, name)
    here = row["here"]
    if here:
        ticket = tickets.get(shop.db, here["id"])
        here |= {
            "goodbyes": goodbyes(shop, ticket), "greeted": _greeted(shop, ticket), "lead": _lead(shop, ticket),
            "last_called": text(ticket.decided_at),
        }  # fmt: skip
    return row | {
        "open": shop.hours.open_at(shop.clock()),
        "answer_call": shop.promises.answer_call,
        "hold_update": shop.promises.hold_update,
        "help": _help(shop, name),
    }


def choices(shop: Shop) -> list[Row]:
    """Return the counters of the shop: what each serves, who has it, and whom they have called."""
    line, shifts = tickets.open_ones(shop.db), counters.now(shop.db)
    here = {ticket.counter: ticket for ticket in line if ticket.state in (State.CALLED, State.SERVING)}
    return [
        {
            "id": counter.id, "name": counter.name, "services": list(counter.services),
            "shift": board.shift_row(shop, shifts.get(counter.id)),
            "here": board.shown(shop, here[counter.id]) if counter.id in here else None,
        }
        for counter in shop.settings.counters
    ]  # fmt: skip


def still(row: Row) -> Row:
    """Return *row* without what grows by itself: two that are equal in this say the same."""
    kept: Row = {}
    for name, value in row.items():
        if name not in MOVING:
            rows = [still(each) if isinstance(each, dict) else each for each in value] if isinstance(value, list) else value
            kept[name] = still(rows) if isinstance(rows, dict) else rows
    return kept


def goodbyes(shop: Shop, ticket: Ticket) -> dict[str, list[str]]:
    """Return for each outcome which parts of the goodbye would be said if *ticket* ended so now."""
    story = board.story(shop, ticket)
    return {
        str(outcome): [str(part) for part in goodbye(replace(story, state=State.FINISHED, outcome=outcome))] for outcome in Outcome
    }


def stands(shop: Shop, ticket_id: str) -> Row:
    """Return one ticket as staff see it. Raises NoSuchTicket."""
    ticket = tickets.get(shop.db, ticket_id)
    return board.ticket_row(shop, ticket, shop.clock()) | {"ended": ticket.state in ENDED, "ended_at": text(ticket.ended_at)}


def _greeted(shop: Shop, ticket: Ticket) -> Row | None:
    if ticket.visit is None:
        return None
    try:
        visit = visits.get(shop.db, ticket.visit)
    except visits.NoSuchVisit:
        return None
    if visit.acknowledged_at is None:
        return None
    how = str(visit.how) if visit.how else ""
    return {"by": screens.name_of(shop, visit.acknowledged_by), "at": text(visit.acknowledged_at), "how": how}


def _lead(shop: Shop, ticket: Ticket) -> Row | None:
    live = alerts.live(shop.db, kind=AlertKind.HELP, subject=ticket.id)
    return screens.alert_row(shop, live[0]) if live else None


def _help(shop: Shop, counter: str) -> Row | None:
    live = alerts.live(shop.db, kind=AlertKind.HELP, subject=counter)
    return screens.alert_row(shop, live[0]) if live else None
