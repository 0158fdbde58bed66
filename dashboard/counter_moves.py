"""One change at a counter: the desk is asked, and the answer is the ticket and the counter as they stand, or words why not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from flask import Response, jsonify

from broker.desk import at_counter, tickets
from broker.desk.board import Row
from broker.domain.moves import IllegalMove, QueueClosed
from broker.domain.ticket import Ticket
from broker.shop import Shop
from broker.web.access import current_person, current_screen
from broker.web.languages import say
from broker.web.stores import current_shop
from dashboard.answers import Problem, key_of
from dashboard.counter_answers import refusal

CALL_KEEPS: Final = timedelta(seconds=60)
"""A call that waited longer for a connection is not made: whoever tapped it no longer looks for the customer."""
HOLD_LONGEST: Final = timedelta(hours=8)


def whole(shop: Shop, counter: str) -> Row:
    try:
        return at_counter.whole(shop, counter)
    except tickets.NoSuchCounter:
        raise Problem(404, say("counter.no_counter")) from None


def stands(shop: Shop, ticket: str | None) -> Row | None:
    try:
        return at_counter.stands(shop, ticket) if ticket else None
    except tickets.NoSuchTicket:
        raise Problem(404, say("counter.no_ticket")) from None


def decide(counter: str, ticket: str | None, asked: str, made: Callable[[Shop, str, str], Ticket | None]) -> Response:
    """Make one move and answer with ticket and counter as they stand. A repeated key is answered the same way, unchanged."""
    shop, me, key = current_shop(), current_person().id, key_of(current_screen().id)
    before, _ = whole(shop, counter), stands(shop, ticket)
    done = tickets.answered(shop, key)
    try:
        if done is None:
            check_own(shop, before, ticket, asked)
            done = made(shop, me, key)
    except IllegalMove as refused:
        # Its twin may have been answered a moment ago; then this is no refusal.
        done = tickets.answered(shop, key)
        if done is None:
            why = say("counter.no_target") if isinstance(refused, QueueClosed) else ""
            raise _no(shop, counter, ticket, asked, why) from None
    return jsonify(ticket=stands(shop, done.id) if done else None, counter=whole(shop, counter))


def about(counter: str, ticket: str, asked: str, made: Callable[[Shop], object]) -> Response:
    """Write something about the matter of a ticket, and answer with the counter as it stands."""
    shop, _ = current_shop(), key_of(current_screen().id)
    before = whole(shop, counter)
    stands(shop, ticket)
    check_own(shop, before, ticket, asked)
    try:
        made(shop)
    except IllegalMove:
        raise _no(shop, counter, ticket, asked) from None
    return jsonify(ticket=stands(shop, ticket), counter=whole(shop, counter))


def _no(shop: Shop, counter: str, ticket: str | None, asked: str, why: str = "") -> Problem:
    if why:
        return Problem(409, why, ticket=stands(shop, ticket), counter=whole(shop, counter))
    return refusal(stands(shop, ticket), whole(shop, counter), asked)


def check_own(shop: Shop, counter: Row, ticket: str | None, asked: str) -> None:
    """Refuse what is another counter's: somebody who stands there is finished and sent on from there. Raises Problem 409."""
    if ticket is None or asked in ("call", "undo", "update", "release"):
        return
    row = stands(shop, ticket)
    if row and row["state"] in ("called", "serving", "held") and row["counter"] != counter["counter"]:
        raise refusal(row, counter, asked)


def check_ready(shop: Shop, counter: str, me: str, tapped: datetime | None) -> None:
    """Refuse a call from a counter that is not open for the person who asks, and one that is too old. Raises Problem 409."""
    check_fresh(shop, tapped)
    row = whole(shop, counter)
    shift = row["shift"]
    if shift is None or shift["kind"] != "open":
        raise Problem(409, say("counter.open_first", counter=row["counter_name"]), counter=row)
    if shift["staff"] != me:
        raise Problem(409, say("counter.no_yours", name=_holder(row), counter=row["counter_name"]), counter=row)


def check_fresh(shop: Shop, tapped: datetime | None) -> None:
    if tapped is not None and shop.clock() - tapped > CALL_KEEPS:
        raise Problem(409, say("counter.no_old_call"))


def _holder(row: Row) -> str:
    return (row["shift"] or {}).get("staff_name") or ""


def check_ahead(until: datetime, *, within: timedelta = HOLD_LONGEST) -> None:
    now = current_shop().clock()
    if not now < until <= now + within:
        raise Problem(422, say("counter.no_time"))
