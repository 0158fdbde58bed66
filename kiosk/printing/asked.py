"""Asking for paper on the touch screen: the wish, how it stands, and what the page shows of it."""

from __future__ import annotations

import time
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, current_app, g, jsonify, redirect, request
from flask.typing import ResponseReturnValue

from broker.desk import prints, tickets
from broker.desk.prints import TooMany
from broker.desk.tickets import NoSuchTicket
from broker.domain.printing import State
from broker.domain.ticket import State as TicketState
from broker.domain.ticket import Ticket
from broker.shop import Shop
from broker.web.access import needs
from broker.web.problems import for_script
from broker.web.stores import current_shop
from kiosk import touch, words
from kiosk.printing.paper import Paper, written
from kiosk.printing.spool import Spool

bp = Blueprint("paper", __name__)
bp.before_request(touch.listen)

KNOWN_WITHIN: Final = timedelta(seconds=3)
"""Nobody stands before a screen that says "being printed" for longer; what comes out later is said later."""
ASKED_WITHIN: Final = timedelta(minutes=15)
"""A number is put on paper no longer than this after it was taken, as long as the touch screen shows it."""
GLANCE_SECONDS: Final = 0.05


@bp.post("/kiosk/tickets/<ticket_id>/paper")
@needs("screen")
def ask(ticket_id: str) -> ResponseReturnValue:
    """Wish a number on paper. Without a script the answer waits until it is known how that went, three seconds at most."""
    shop = current_shop()
    found = _ticket(shop, ticket_id)
    if found is None or not prints.offered(shop):
        return _back(ticket_id)
    try:
        prints.ask(shop, found, words.language_here())
    except TooMany:
        return _back(found.id)
    spool: Spool | None = current_app.extensions.get("greetline-spool")
    if spool is not None:
        spool.wake()
    if for_script():
        return jsonify(state=_state(shop, found.id)), HTTPStatus.ACCEPTED
    while _state(shop, found.id) == "going":
        time.sleep(GLANCE_SECONDS)
    return _back(found.id)


@bp.get("/kiosk/tickets/<ticket_id>/paper")
@needs("screen")
def stands(ticket_id: str) -> ResponseReturnValue:
    """Say how the wish stands."""
    return jsonify(state=_state(current_shop(), ticket_id[:64]))


def _back(ticket_id: str) -> ResponseReturnValue:
    state = _state(current_shop(), ticket_id[:64])
    if for_script():
        return jsonify(state=state or "failed")
    # A wish that nobody could take down leaves no trace to tell of: the address does.
    more = {} if state else {"paper": "failed"}
    return redirect(g.choices.to(f"/kiosk/tickets/{ticket_id[:64]}", **more), HTTPStatus.SEE_OTHER)


def _ticket(shop: Shop, ticket_id: str) -> Ticket | None:
    try:
        found = tickets.find(shop, ticket_id[:64])
    except NoSuchTicket:
        return None
    return found if found.state is TicketState.WAITING and shop.clock() - found.t0 <= ASKED_WITHIN else None


def _state(shop: Shop, ticket_id: str) -> str:
    """Return "" when nobody asked, else "going", "done" or "failed": also a second try, for whoever stands there."""
    job = prints.newest(shop, ticket_id)
    if job is None:
        return ""
    if job.state is State.DONE:
        return "done"
    first = job.tries == 0 or (job.tries == 1 and job.state is State.PRINTING)
    young = shop.clock() - job.queued_at < KNOWN_WITHIN
    return "going" if first and young and job.ended_at is None else "failed"


@bp.app_template_global("paper_of")
def paper_of(ticket_id: str) -> dict[str, Any] | None:
    """Return what the page of a ticket shows about paper, or None for nothing: no printer, no wish for one, no ticket."""
    shop = current_shop()
    printer = shop.settings.printer
    if printer.kind == "browser":
        found = _ticket(shop, ticket_id)
        return {"state": "", "sheet": _sheet(shop, found), "token": found.token} if found and not _unwanted() else None
    if not printer.spooled:
        return None
    state = _state(shop, ticket_id) or ("failed" if request.args.get("paper") == "failed" else "")
    if state or (prints.offered(shop) and not _unwanted() and _ticket(shop, ticket_id)):
        return {"state": state, "sheet": None}
    return None


def _unwanted() -> bool:
    return request.args.get("paper") == "no"


def _sheet(shop: Shop, ticket: Ticket) -> Paper:
    return written(shop, ticket, language=words.language_here(), ahead=prints.ahead(shop, ticket))
