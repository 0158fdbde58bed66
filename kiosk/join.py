"""Take a number with one's own phone: scan the code in the shop, choose, and go on to one's own page. No app, no name.

The code is good for those who are here: it changes every few minutes, and the one before it is good once more as long.
"""

from __future__ import annotations

import ipaddress
import secrets
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import board, joining, own_page, prospects, tickets
from broker.desk.tickets import NoSuchService, NoSuchTicket
from broker.domain.moves import QueueClosed
from broker.domain.numbering import NoNumber
from broker.domain.ticket import ENDED, Channel, Ticket
from broker.shop import Shop
from broker.web.access import cookie_name, needs
from broker.web.languages import say
from broker.web.stores import current_shop
from kiosk import phone, qr, touch, words
from kiosk.pace import Pace

bp = Blueprint("join", __name__, template_folder="templates")

COOKIE: Final = "ticket"
COOKIE_LASTS: Final = timedelta(hours=18)
LOOK_SECONDS: Final = 20
"""How often a poster looks for its next code."""
OLD_AFTER_SECONDS: Final = 60
"""A poster that reached nobody for so long shows no code: what it shows may no longer be good."""


@bp.record_once
def _set_up(state: Any) -> None:
    settings = state.app.extensions["greetline-stores"].settings
    state.app.extensions["greetline-join-pace"] = Pace(settings.join.tickets_a_minute)


@bp.get(phone.POSTER)
@needs("screen")
def poster() -> str:
    """Show the code of this moment on a screen of the shop; the page goes on to the next by itself."""
    shop = current_shop()
    now = shop.clock()
    code = None
    if joining.is_on(shop) and shop.hours.open_at(now):
        base = (shop.settings.kiosk.public_base_url or "").rstrip("/")
        code = qr.drawn(f"{base}/j/{joining.secret(shop)}")
    opens = shop.hours.opens_at(now)
    return render_template(
        "kiosk/join_poster.html", code=code, on=joining.is_on(shop), every=LOOK_SECONDS, good=OLD_AFTER_SECONDS,
        opens=words.moment(opens.isoformat() if opens else None, now=now),
    )  # fmt: skip


@bp.get("/j/<secret>")
@needs("public")
def page(secret: str) -> ResponseReturnValue:
    """Show what there is to choose, each with its wait; lead back whoever has a number already."""
    shop = current_shop()
    phone.listen()
    if stale := _stale(shop, secret):
        return stale
    if had := _had(shop):
        return _to(had)
    return _choices(shop, secret)


@bp.post("/j/<secret>/take")
@needs("public")
def take(secret: str) -> ResponseReturnValue:
    """Give a number to a phone: one to a browser, few to an address, none from home."""
    shop = current_shop()
    phone.listen()
    key = request.form.get("key", "")
    if stale := _stale(shop, secret):
        return stale
    if not touch.KEY.fullmatch(key):
        return _choices(shop, secret, say("mobile.stale"), HTTPStatus.BAD_REQUEST)
    given = tickets.answered(shop, f"join {key}") or _had(shop)
    if given is None:
        pace: Pace = current_app.extensions["greetline-join-pace"]
        if not pace.allows(source(request.remote_addr)):
            return _choices(shop, secret, say("join.too_many"), HTTPStatus.TOO_MANY_REQUESTS)
        try:
            given = _give(shop, request.form.get("service", "")[:64], f"join {key}")
        except NoSuchService:
            return _choices(shop, secret, say("mobile.stale"), HTTPStatus.NOT_FOUND)
        except QueueClosed:
            return _choices(shop, secret, say("kiosk.just_closed"), HTTPStatus.CONFLICT)
        except NoNumber:
            return _choices(shop, secret, say("system.no_tickets"), HTTPStatus.SERVICE_UNAVAILABLE)
    return _to(given)


def _give(shop: Shop, service: str, key: str) -> Ticket:
    wish = prospects.wish(shop, service, language=words.language_here(), channel=Channel.PHONE)
    return tickets.issue(shop, wish, by="phone", key=key)


def _stale(shop: Shop, secret: str) -> Response | None:
    """Return the page for a code that is not good now, or None for one that is."""
    if not joining.is_on(shop):
        return phone.sorry(HTTPStatus.NOT_FOUND, say("join.off"), say("join.off_hint"))
    if not joining.is_good(shop, secret[:64]):
        return phone.sorry(HTTPStatus.GONE, say("join.stale"), say("join.stale_hint"))
    return None


def _had(shop: Shop) -> Ticket | None:
    """Return the open ticket that this browser took before, or None."""
    try:
        ticket = own_page.of_token(shop, request.cookies.get(cookie_name(COOKIE), "")[:64])
    except NoSuchTicket:
        return None
    return None if ticket.state in ENDED else ticket


def _to(ticket: Ticket) -> Response:
    answer = redirect(f"{phone.root()}t/{ticket.token}{phone.chosen()}", HTTPStatus.SEE_OTHER)
    # Lax: whoever scans the code again comes from the camera of their phone, not from a page of ours.
    answer.set_cookie(
        cookie_name(COOKIE), ticket.token, max_age=COOKIE_LASTS, path="/", httponly=True, samesite="Lax",
        secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
    )  # fmt: skip
    assert isinstance(answer, Response)
    return answer


def _choices(shop: Shop, secret: str, said: str = "", status: int = HTTPStatus.OK) -> Response:
    row = board.kiosk(shop, words.language_here())
    body = render_template(
        "kiosk/join.html", services=[touch.card(service) for service in row["services"]], secret=secret[:64], said=said,
        key=secrets.token_hex(16), open=row["open"], opens=words.moment(row["opens_at"], now=shop.clock()),
    )  # fmt: skip
    return Response(body, status)


def source(address: str | None) -> str:
    """Return what counts as one source: an IPv4 address, or the network of 64 bits that a household has of IPv6."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    return str(found) if found.version == 4 else str(ipaddress.ip_network(f"{found}/64", strict=False))
