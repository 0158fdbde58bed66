"""A customer's own page: what they may know of their ticket, what they may do with it, and how long the page lives.

Whoever knows the token of a page is the customer: it has 128 bits and stands in no message and on no other screen. The
page of a day ends when the day is over; then the token is put out of the store.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from broker.desk import board, prospects
from broker.desk import tickets as desk
from broker.desk.screens import name_of
from broker.desk.tickets import NoSuchTicket
from broker.domain import order
from broker.domain.estimate import Told
from broker.domain.goodbye import goodbye
from broker.domain.moves import IllegalMove
from broker.domain.ticket import ENDED, IN_LINE, MOVES, Move, Said, State, Ticket
from broker.shop import Shop
from broker.store import cases, pages, tickets
from broker.store.database import change, text

Row = dict[str, Any]

MOVES_OF_CUSTOMERS: Final = (Move.START, Move.STEP_AWAY, Move.COME_BACK, Move.LET_PASS, Move.BOOK, Move.CANCEL)
AWAY_MINUTES: Final = (5, 10, 15)
HOLD_REASONS: Final = frozenset({"stockroom", "colleague", "payment"})
"""Reasons with a sentence of their own. What staff wrote themselves is for staff: the customer reads who and until when."""
NEARLY: Final = 1
"""With so many ahead it is nearly somebody's turn."""


def of_token(shop: Shop, token: str) -> Ticket:
    """Return the ticket whose own page has *token* in its address. Raises NoSuchTicket for one that is none or has ended."""
    ticket = tickets.of_token(shop.db, token)
    if ticket.state in ENDED and shop.clock() >= ends_at(shop, ticket):
        raise NoSuchTicket("the page of this ticket has ended with its day")
    return ticket


def ends_at(shop: Shop, ticket: Ticket) -> datetime:
    """Return when the page of an ended *ticket* ends: with its business day and the time in which a lost place comes back."""
    return shop.hours.day_ends(ticket.day) + timedelta(seconds=shop.promises.return_within)


def forget_pages(shop: Shop) -> int:
    """Put the tokens of ended days out of the store, and return how many. A ticket that is still open keeps its page."""
    before = shop.hours.business_day(shop.clock() - timedelta(seconds=shop.promises.return_within))
    if not pages.any_before(shop.db, before):
        return 0
    with change(shop.db):
        return pages.forget(shop.db, before)


def page(shop: Shop, ticket: Ticket) -> Row:
    """Return the customer's own page: where they stand, what they were told, and what they may do now."""
    now = shop.clock()
    line = tickets.open_ones(shop.db)
    history = board.spans_of(shop, ticket)
    waited = board.waited_seconds(history, now)
    found = prospects.prospect(shop, ticket.service) if ticket.state in IN_LINE else None
    fresh = found.range if found and isinstance(found.range, Told) else None
    window = _window(shop, fresh, now) if ticket.state is State.WAITING else None
    ahead = order.ahead(ticket, line)
    return {
        "now": text(now),
        "store": shop.settings.store.name,
        "shown": board.shown(shop, ticket),
        "state": str(ticket.state),
        "version": ticket.version,
        "language": ticket.language,
        "service": board.service_name(shop, ticket.service, ticket.language),
        "moved_on": ticket.service != ticket.issued_for,
        "ahead": ahead,
        "nearly": ticket.state is State.CALLED or (ticket.state is State.WAITING and ahead <= NEARLY),
        "t0": text(ticket.t0),
        "waited": round(waited),
        "told_from": ticket.told_from,
        "told_to": ticket.told_to,
        "longer": _longer(ticket, waited, fresh),
        "counters": [counter.name for counter in shop.settings.counters if ticket.service in desk.skills_of(shop, counter.id)],
        "counter_name": board.counter_name(shop, ticket.counter),
        "until": text(ticket.until),
        "answer_by": text(ticket.called_at + timedelta(seconds=shop.promises.answer_call)) if ticket.called_at else None,
        "missed": ticket.missed,
        "away_used": ticket.away_used,
        "away_minutes": away_minutes(shop),
        "callback_offered": window is not None,
        "callback": {"from": text(window[0]), "to": text(window[1])} if window else None,
        "can": _may(shop, ticket, now, offered=window is not None, followed=order.behind(ticket, line, 1) > ticket.place),
        "goodbye": [str(part) for part in goodbye(board.story(shop, ticket, history))],
        "feedback": cases.feedback(shop.db, ticket.id),
        "closes_at": text(shop.hours.closes_at(now)),
    } | _what_was_said(shop, ticket, now)  # fmt: skip


def _what_was_said(shop: Shop, ticket: Ticket, now: datetime) -> Row:
    """Return what depends on what was done with the ticket: who has it on hold, since when, why it was lost."""
    held = ticket.state is State.HELD
    briefing = cases.briefing(shop.db, ticket.id) if ticket.state not in ENDED else None
    moves = tickets.moves_of(shop.db, ticket.id)
    booked = next((move for move in reversed(moves) if move.move == Move.BOOK), None) if ticket.state is State.BOOKED else None
    begins = max(booked.at, booked.until - timedelta(seconds=shop.promises.callback_window)) if booked and booked.until else None
    return {
        "held_by": name_of(shop, ticket.staff) if held else None,
        "held_why": ticket.reason if ticket.reason in HOLD_REASONS else "other",
        "overdue": held and ticket.until is not None and now >= ticket.until,
        "lead_called": briefing is not None,
        "lead": name_of(shop, briefing.answered_by) if briefing else None,
        "booked_from": text(begins),
        "lost_by": _lost_by(moves) if ticket.state is State.EXPIRED else None,
        "back_until": text(ticket.ended_at + timedelta(seconds=shop.promises.return_within)) if ticket.ended_at else None,
    }


def _lost_by(moves: list[tickets.Moved]) -> str:
    """Return how a place was lost: "missed" calls, a "callback" that was not made, or "closing" time."""
    last = moves[-1]
    if last.move == Move.MISS:
        return "missed"
    made_late = last.was == State.BOOKED and last.until is not None and last.at >= last.until
    return "callback" if made_late else "closing"


def _longer(ticket: Ticket, waited: float, fresh: Told | None) -> Row | None:
    """Return the new range, from now, when the wait that was told can no longer be kept; its ends are None when nobody knows."""
    if ticket.state not in IN_LINE or ticket.told_to is None:
        return None
    if fresh is None:
        return {"from": None, "to": None} if waited > ticket.told_to else None
    return {"from": fresh.low, "to": fresh.high} if waited + fresh.low > ticket.told_to else None


def _window(shop: Shop, fresh: Told | None, now: datetime) -> tuple[datetime, datetime] | None:
    """Return when somebody who books a call-back now is called, or None while the wait is short or the shop closes before."""
    if fresh is None or fresh.high <= shop.promises.callback_offer:
        return None
    begins = now + timedelta(seconds=fresh.low)
    ends = begins + timedelta(seconds=shop.promises.callback_window)
    closes = shop.hours.closes_at(now)
    return (begins, ends) if closes is None or ends <= closes else None


def _may(shop: Shop, ticket: Ticket, now: datetime, *, offered: bool, followed: bool) -> list[str]:
    refused = {
        Move.STEP_AWAY: ticket.away_used,
        Move.BOOK: not offered,
        Move.LET_PASS: not followed,
        Move.COME_BACK: ticket.state is State.EXPIRED and not _may_return(shop, ticket, now),
    }
    return [str(move) for move in MOVES_OF_CUSTOMERS if (ticket.state, move) in MOVES and not refused.get(move, False)]


def _may_return(shop: Shop, ticket: Ticket, now: datetime) -> bool:
    late = ticket.ended_at is None or (now - ticket.ended_at).total_seconds() > shop.promises.return_within
    return not late and shop.hours.open_at(now)


def away_minutes(shop: Shop) -> list[int]:
    """Return for how many minutes somebody may step away in this shop."""
    most = int(shop.promises.step_away // 60)
    return [minutes for minutes in AWAY_MINUTES if minutes <= most] or [most]


def act(shop: Shop, ticket: Ticket, what: Move, *, minutes: int = 0, version: int) -> Ticket:
    """Do what a customer asks for on their page, which showed *ticket* as it was in *version*.

    The same tap twice, or the same page on two phones, is done once. Raises IllegalMove for what the ticket's state, the
    shop's promises or its hours refuse.
    """
    key = f"own {ticket.id} {version} {what}"
    if known := desk.answered(shop, key):
        return known
    if what not in MOVES_OF_CUSTOMERS or str(what) not in page(shop, ticket)["can"]:
        raise IllegalMove("ticket", ticket.state, what, "this is not possible as it stands now")
    return desk.move(shop, ticket.id, what, Said(until=_until(shop, ticket, what, minutes)), key=key)


def _until(shop: Shop, ticket: Ticket, what: Move, minutes: int) -> datetime | None:
    now = shop.clock()
    if what is Move.STEP_AWAY:
        if minutes not in away_minutes(shop):
            raise IllegalMove("ticket", ticket.state, what, "somebody steps away for one of the times that the page offers")
        return now + timedelta(minutes=minutes)
    if what is Move.BOOK:
        found = prospects.prospect(shop, ticket.service).range
        window = _window(shop, found if isinstance(found, Told) else None, now)
        return window[1] if window else None
    return None
