"""What the screens of the queue show, as plain values: the kiosk, the wall, the counter. A customer's own page is in own_page.

Times are UTC text in milliseconds, waits are seconds; nothing here is in a language but the names that a shop gave. The
token of a customer's own page is in no row but that page's own.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from broker.desk import prospects
from broker.desk import tickets as desk
from broker.desk.screens import name_of
from broker.domain import numbering, order
from broker.domain.estimate import Told
from broker.domain.facts import Fact, FactKind
from broker.domain.goodbye import Story
from broker.domain.moves import QueueClosed
from broker.domain.spans import Span, Step, spans
from broker.domain.ticket import AT_COUNTER, Move, State, Ticket
from broker.settings import ServiceSettings
from broker.shop import Shop
from broker.store import cases, counters, tickets
from broker.store.counters import Shift
from broker.store.database import text

Row = dict[str, Any]

RECENT_CALLS: Final = 8
"""Calls on the wall, the newest first."""
CLOSING_SOON: Final = timedelta(minutes=60)
"""How long before it closes the wall says so."""
CALLS_SHOWN: Final = timedelta(minutes=30)
"""A call is shown on the wall no longer than this."""


def kiosk(shop: Shop, language: str) -> Row:
    """Return what somebody who stands before the kiosk can choose, with the wait of each before they choose."""
    now = shop.clock()
    return {
        "now": text(now),
        "store": shop.settings.store.name,
        "open": shop.hours.open_at(now),
        "closes_at": text(shop.hours.closes_at(now)),
        "opens_at": text(shop.hours.opens_at(now)),
        "services": [_choice(shop, service, language, now) for service in shop.settings.services],
    }


def _choice(shop: Shop, service: ServiceSettings, language: str, now: datetime) -> Row:
    found = prospects.prospect(shop, service.id)
    told = found.range if isinstance(found.range, Told) else None
    row = {
        "id": service.id, "name": service.called(language), "letter": service.letter, "icon": service.icon, "ahead": found.ahead,
        "from": told.low if told else None, "to": told.high if told else None, "open": True, "why": None, "until": None,
    }  # fmt: skip
    try:
        desk.check_open(shop, service.id, now)
    except QueueClosed as closed:
        until = next((p.until for p in counters.pauses(shop.db) if p.service == service.id), None)
        return row | {"open": False, "why": closed.state, "until": text(until) if closed.state == "paused" else None}
    return row | {"open": False, "why": "too late"} if found.closes_first else row


def display(shop: Shop) -> Row:
    """Return the wall: who is called to where, newest first, how many wait, and when the shop closes."""
    now = shop.clock()
    line = tickets.open_ones(shop.db)
    return {
        "now": text(now),
        "store": shop.settings.store.name,
        "open": shop.hours.open_at(now),
        "closes_at": text(shop.hours.closes_at(now)),
        "opens_at": text(shop.hours.opens_at(now)),
        "calls": [_call(shop, move.ticket, move.at, move.number, move.again) for move in _calls(shop, now)],
        "waiting": sum(ticket.state is State.WAITING for ticket in line),
        "by_service": {
            service.id: sum(t.service == service.id and t.state is State.WAITING for t in line)
            for service in shop.settings.services
        },
        "tickets_given": bool(shop.settings.services),
    }


CHANGES_THE_BOARD: Final = frozenset({FactKind.TICKET_ISSUED, FactKind.TICKET_MOVED, FactKind.QUEUE_PAUSED, FactKind.COUNTER})
CHANGES_A_CASE: Final = frozenset({FactKind.RECAP, FactKind.PROBLEM, FactKind.ALERT})


def changes(shop: Shop, facts: Iterable[Fact]) -> list[tuple[str, Row]]:
    """Return the board as it stands after *facts*, or nothing when none of them is about a queue.

    What only a counter shows (what was heard, who comes to help) is no more than a hint: it asks for its own row.
    """
    kinds = {fact.kind for fact in facts}
    changed: list[tuple[str, Row]] = [("board", display(shop))] if kinds & CHANGES_THE_BOARD else []
    return [*changed, ("case", {})] if kinds & CHANGES_A_CASE else changed


def pulse(shop: Shop) -> Row:
    """Return what of the board only the clock changes: whether the shop is open and, soon, closes."""
    now = shop.clock()
    closes = shop.hours.closes_at(now)
    return {
        "now": text(now), "open": shop.hours.open_at(now), "closes_at": text(closes), "opens_at": text(shop.hours.opens_at(now)),
        "late": closes is not None and closes - now <= CLOSING_SOON,
    }  # fmt: skip


def _calls(shop: Shop, now: datetime) -> list[tickets.Called]:
    return tickets.newest_calls(shop.db, now - CALLS_SHOWN, limit=RECENT_CALLS)


def _call(shop: Shop, ticket_id: str, at: datetime, number: int, again: bool) -> Row:
    ticket = tickets.get(shop.db, ticket_id)
    return {
        "id": number, "ticket": ticket.id, "shown": shown(shop, ticket), "counter": ticket.counter,
        "counter_name": counter_name(shop, ticket.counter), "language": ticket.language, "at": text(at), "again": again,
        "calling": ticket.state is State.CALLED, "serving": ticket.state is State.SERVING,
    }  # fmt: skip


def counter(shop: Shop, name: str) -> Row:
    """Return one counter: who is there, who is next, and everybody by age. Raises NoSuchCounter."""
    now, skills = shop.clock(), desk.skills_of(shop, name)
    line = tickets.open_ones(shop.db)
    here = next((t for t in line if t.counter == name and t.state in AT_COUNTER), None)
    following = order.following(line, skills)
    shift = counters.now(shop.db).get(name)
    return {
        "now": text(now),
        "counter": name,
        "counter_name": counter_name(shop, name),
        "services": [{"id": s, "name": service_name(shop, s, "")} for s in skills],
        "shift": shift_row(shop, shift),
        "here": ticket_row(shop, here, now) | case_row(shop, here) if here else None,
        "next": following.id if following else None,
        "line": [ticket_row(shop, ticket, now) for ticket in sorted(line, key=lambda t: t.t0) if ticket is not here],
        "serve_within": shop.promises.serve_within,
        "recall_every": shop.promises.recall_every,
        "recalls": shop.promises.recalls,
        "undo": shop.promises.undo,
        "transfers": [{"id": s.id, "name": service_name(shop, s.id, "")} for s in shop.settings.services],
    }


def ticket_row(shop: Shop, ticket: Ticket, now: datetime) -> Row:
    """Return one ticket as staff see it. `age` counts from T0: a hold or a transfer never makes anybody younger."""
    history = spans_of(shop, ticket)
    return {
        "id": ticket.id, "version": ticket.version, "shown": shown(shop, ticket), "state": str(ticket.state),
        "service": ticket.service, "service_name": service_name(shop, ticket.service, ""), "language": ticket.language,
        "priority": ticket.priority, "t0": text(ticket.t0), "age": round((now - ticket.t0).total_seconds()),
        "waited": round(waited_seconds(history, now)), "told_from": ticket.told_from, "told_to": ticket.told_to,
        "counter": ticket.counter, "counter_name": counter_name(shop, ticket.counter), "staff": name_of(shop, ticket.staff),
        "called_at": text(ticket.called_at), "calls": ticket.calls, "started_at": text(ticket.started_at),
        "serving": round(sum(span.seconds(now) for span in history if span.kind == "serving")), "missed": ticket.missed,
        "until": text(ticket.until), "reason": ticket.reason, "updated_at": text(ticket.updated_at), "visit": ticket.visit,
        "undo_until": text(ticket.decided_at + timedelta(seconds=shop.promises.undo))
        if ticket.undo_to and ticket.decided_at else None,
    }  # fmt: skip


def case_row(shop: Shop, ticket: Ticket) -> Row:
    """Return what is known of somebody's matter: recap, briefing and the notes of those who had them before."""
    recap, briefing = cases.recap(shop.db, ticket.id), cases.briefing(shop.db, ticket.id)
    notes = [
        {"at": text(move.at), "by": name_of(shop, move.by), "move": move.move, "note": move.reason}
        for move in tickets.moves_of(shop.db, ticket.id)
        if move.reason and move.move in (Move.TRANSFER, Move.HOLD, Move.CALL)
    ]
    return {
        "recap": {
            "heard": recap.heard, "has": recap.has, "tried": recap.tried, "next": recap.next, "by": name_of(shop, recap.by),
            "confirmed": recap.confirmed, "confirmed_at": text(recap.confirmed_at),
        } if recap else None,
        "briefing": {
            "happened": briefing.happened, "tried": briefing.tried, "wanted": briefing.wanted, "at": text(briefing.at),
            "answered_by": name_of(shop, briefing.answered_by),
        } if briefing else None,
        "notes": notes,
    }  # fmt: skip


def shown(shop: Shop, ticket: Ticket) -> str:
    """Return the number as people read it, with the letter of the service it was taken for."""
    letter = next((s.letter for s in shop.settings.services if s.id == ticket.issued_for), "?")
    return numbering.shown(letter, ticket.number)


def service_name(shop: Shop, service: str, language: str) -> str:
    """Return a service's name in *language*, its own name without one; the id of one that is gone from the settings."""
    return next((s.called(language) for s in shop.settings.services if s.id == service), service)


def counter_name(shop: Shop, name: str | None) -> str | None:
    """Return a counter's name as it is called out."""
    return next((c.name for c in shop.settings.counters if c.id == name), name)


def waited_seconds(history: list[Span], at: datetime) -> float:
    """Return how long a ticket has waited: the sum of its waiting spans."""
    return sum(span.seconds(at) for span in history if span.kind == "waiting")


def spans_of(shop: Shop, ticket: Ticket) -> list[Span]:
    """Return how long *ticket* was what, oldest first."""
    return spans([Step(m.at, m.became, m.by, m.counter, m.service) for m in tickets.moves_of(shop.db, ticket.id)])


def story(shop: Shop, ticket: Ticket, history: list[Span] | None = None) -> Story:
    """Return what the goodbye of *ticket* depends on, as it stands; *history* is its spans, if they are at hand."""
    history = spans_of(shop, ticket) if history is None else history
    end = ticket.ended_at or shop.clock()
    briefing = cases.briefing(shop.db, ticket.id)
    return Story(
        state=ticket.state, outcome=ticket.outcome, waited=waited_seconds(history, end), told_to=ticket.told_to,
        holds_late=_late_holds(tickets.moves_of(shop.db, ticket.id)), escalated=briefing is not None,
    )  # fmt: skip


def _late_holds(moves: list[tickets.Moved]) -> int:
    """Return how often somebody came back to a held customer later than was last said."""
    late, until = 0, None
    for move in moves:
        if until is not None and move.became is not State.HELD:
            late += move.at > until
        until = move.until if move.became is State.HELD else None
    return late


def shift_row(shop: Shop, shift: Shift | None) -> Row | None:
    """Return who has a counter, since when, and whether they are on a break; None for one that is closed."""
    if shift is None:
        return None
    return {"staff": shift.staff, "staff_name": name_of(shop, shift.staff), "kind": shift.kind, "since": text(shift.began)}
