"""A customer's own page, on their phone: where they stand, and what they may do. It works without a script, which makes it live.

The address holds the token of the ticket and is the only key to it. Nothing is changed by opening a page; each button is
a form. What a tap does is done once, however often it is sent and from however many phones.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from broker.desk import cases, own_page
from broker.desk.people import LANGUAGES
from broker.desk.tickets import NoSuchTicket
from broker.domain.moves import IllegalMove
from broker.domain.ticket import ENDED, Move, Ticket
from broker.shop import Shop
from broker.web.access import needs
from broker.web.languages import say, say_many, texts
from broker.web.polled import edition, etag_of
from broker.web.stores import current_shop
from kiosk import phone_words, words

bp = Blueprint("phone", __name__, template_folder="templates")

TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
ACTIONS: Final = {
    "here": Move.START, "away": Move.STEP_AWAY, "back": Move.COME_BACK, "pass": Move.LET_PASS, "book": Move.BOOK,
    "leave": Move.CANCEL,
}  # fmt: skip
POSTER: Final = "/poster"
ADDRESSES: Final = ("/t/", "/j/")
"""What a customer's phone opens; what goes wrong there is said as on their page."""
STALE: Final = frozenset({400, 403, 405, 413})
"""The page behind a tap was too old, or not ours."""


@bp.app_context_processor
def _here() -> dict[str, object]:
    """Addresses on these pages are relative: a proxy may have put them below a path of its own."""
    if not is_on_phone() and request.path != POSTER:
        return {}
    return {"root": root(), "chosen": chosen(), "page_texts": texts(["mobile.updated", "mobile.offline"])}


def root() -> str:
    """Return the way from the page that is asked for to the root of the customers' screens."""
    return "../" * (request.path.count("/") - 1)


def chosen() -> str:
    """Return the language that was chosen on the page, as its address holds it, or nothing."""
    language = request.args.get("lang", "")
    return f"?lang={language}" if language in LANGUAGES else ""


def listen(otherwise: str = "") -> None:
    """Note in which language this page speaks: the chosen one, else *otherwise*."""
    language = request.args.get("lang", "")
    g.language = language if language in LANGUAGES else otherwise


@bp.get("/t/<token>")
@needs("public")
def page(token: str) -> ResponseReturnValue:
    """Show the ticket as it stands; 304 when nothing of it has changed."""
    shop = current_shop()
    ticket = _of(shop, token)
    return gone() if ticket is None else _shown(shop, ticket)


@bp.get("/t/<token>/leave")
@needs("public")
def ask(token: str) -> ResponseReturnValue:
    """Ask whether they want to leave the queue."""
    shop = current_shop()
    ticket = _of(shop, token)
    if ticket is None:
        return gone()
    row = own_page.page(shop, ticket)
    if str(Move.CANCEL) not in row["can"]:
        return redirect(f"{root()}t/{token}{chosen()}", HTTPStatus.SEE_OTHER)
    return render_template("kiosk/phone_leave.html", row=row, token=token)


@bp.post("/t/<token>/feedback")
@needs("public")
def feedback(token: str) -> ResponseReturnValue:
    """Keep what they thought of it: one tap, which may be changed."""
    shop = current_shop()
    ticket = _of(shop, token)
    if ticket is None:
        return gone()
    try:
        cases.give_feedback(shop, ticket.id, request.form.get("verdict", "")[:10])
    except IllegalMove:
        return _refused(shop, ticket)
    return redirect(f"{root()}t/{token}{chosen()}", HTTPStatus.SEE_OTHER)


@bp.post("/t/<token>/<action>")
@needs("public")
def act(token: str, action: str) -> ResponseReturnValue:
    """Do what was tapped; 409 with the ticket as it stands when that is refused."""
    shop = current_shop()
    ticket = _of(shop, token)
    if ticket is None or action not in ACTIONS:
        return gone()
    version, minutes = (request.form.get(name, 0, int) for name in ("version", "minutes"))
    if not 1 <= version <= ticket.version:
        return _refused(shop, ticket)
    try:
        own_page.act(shop, ticket, ACTIONS[action], minutes=minutes, version=version)
    except IllegalMove:
        return _refused(shop, own_page.of_token(shop, token))
    return redirect(f"{root()}t/{token}{chosen()}", HTTPStatus.SEE_OTHER)


def _of(shop: Shop, token: str) -> Ticket | None:
    """Return the ticket behind this address and speak its language, or None when there is none."""
    listen()
    if not TOKEN.fullmatch(token):
        return None
    try:
        ticket = own_page.of_token(shop, token)
    except NoSuchTicket:
        return None
    listen(ticket.language)
    return ticket


def _refused(shop: Shop, ticket: Ticket) -> Response:
    answer = _shown(shop, ticket, said=say("mobile.not_now"))
    answer.status_code = HTTPStatus.CONFLICT
    return answer


def _shown(shop: Shop, ticket: Ticket, said: str = "") -> Response:
    row = own_page.page(shop, ticket)
    card = phone_words.card(shop, ticket, row)
    now = shop.clock()
    answer = Response(
        render_template(
            "kiosk/phone.html", row=row, card=card, token=ticket.token, said=said, ended=ticket.state in ENDED,
            countdown=phone_words.countdown(card.until, now), updated=words.hour(row["now"]), closes=words.hour(row["closes_at"]),
            window={name: words.hour(at) for name, at in (row["callback"] or {}).items()}, verdicts=cases.VERDICTS,
            away=[(minutes, say_many("mobile.minutes", minutes)) for minutes in row["away_minutes"]],
        )
    )  # fmt: skip
    if not said:
        answer.set_etag(_digest(row))
        answer.make_conditional(request)
    return answer


def _digest(row: dict[str, Any]) -> str:
    """Return what tells two states of a page apart: everything but what the clock alone changes."""
    still = {name: value for name, value in row.items() if name not in ("now", "waited")}
    return etag_of([words.language_here(), edition(), still])


def gone() -> Response:
    """Return the page for an address that leads to no ticket, or no longer: what to do now."""
    return sorry(HTTPStatus.NOT_FOUND, say("mobile.unknown"), say("mobile.unknown_hint"))


def sorry(status: int, said: str, hint: str, go: str = "") -> Response:
    """Return a calm page that says *said* and what to do, with a link to look again at *go* if given."""
    return Response(render_template("kiosk/phone_sorry.html", said=said, hint=hint, go=go), status)


def is_on_phone() -> bool:
    """Return whether what is asked for is a page of a customer's phone."""
    return request.path.startswith(ADDRESSES)


def answer(error: HTTPException) -> Response:
    """Answer any HTTP error on such a page."""
    listen()
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    whole = request.path.split("/")[:3]
    go = f"{root()}{'/'.join(whole)[1:]}"
    if code in STALE:
        return sorry(code, say("mobile.stale"), say("mobile.stale_hint"), go)
    if code == HTTPStatus.NOT_FOUND:
        return gone()
    return sorry(code, say("mobile.trouble"), say("mobile.trouble_hint"), go)
