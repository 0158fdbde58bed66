"""The touch screen: choose, get a number, ask for a person. Every page works without a script; scripts make it live.

Nothing is kept on the screen: what somebody chose for themselves is in the address, a ticket in the store.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from flask import Blueprint, Response, current_app, g, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue

from broker.desk import alerts, board, own_page, prospects, tickets
from broker.desk.tickets import NoSuchService, NoSuchTicket
from broker.domain.alerts import AlertState
from broker.domain.moves import QueueClosed
from broker.domain.numbering import NoNumber
from broker.domain.ticket import Channel, State, Ticket
from broker.shop import Shop
from broker.web.access import current_screen, needs
from broker.web.languages import say
from broker.web.problems import for_script, problem
from broker.web.stores import current_shop, stores
from kiosk import qr, sorry, speech, words
from kiosk.choices import Choices
from kiosk.pace import Pace
from kiosk.places import pages, places

bp = Blueprint("touch", __name__, template_folder="templates", static_folder="static", static_url_path="/kiosk-static")

KEY: Final = re.compile(r"[0-9a-f]{32}")
LOOKED_AT_FOR: Final = timedelta(minutes=15)
"""A ticket is shown on the touch screen no longer than this after it was taken."""


@bp.record_once
def _set_up(state: Any) -> None:
    settings = state.app.extensions["greetline-stores"].settings
    state.app.extensions["greetline-pace"] = Pace(settings.kiosk.tickets_a_minute)


@bp.before_request
def listen() -> None:
    """Note what this customer chose, before anything is said to them."""
    g.choices = Choices.of(request.values)
    if g.choices.aloud is None and stores().settings.sound.read_aloud == "always":
        g.choices = replace(g.choices, aloud=True)
    g.language = g.choices.language


@bp.app_context_processor
def _here() -> dict[str, object]:
    choices = g.get("choices") or Choices("")
    return {
        "here": choices,
        "timing": timing(),
        "room": places(stores().settings.kiosk, choices),
        "privacy": words.privacy(stores().settings),
    }


@bp.get("/kiosk")
@needs("screen")
def start() -> str:
    """Show what there is to choose, with the wait of each before it is chosen."""
    return _start()


def _start(said: str = "") -> str:
    shop = current_shop()
    row = board.kiosk(shop, words.language_here())
    room = places(shop.settings.kiosk, g.choices)
    shown = pages([card(service) for service in row["services"]], room.cells)
    number = min(max(request.values.get("page", 1, int), 1), len(shown))
    return render_template(
        "kiosk/start.html", services=shown[number - 1], page=number, pages=len(shown), key=secrets.token_hex(16),
        hello=words.two_lines(say("kiosk.welcome")), open=row["open"], opens=words.moment(row["opens_at"], now=shop.clock()),
        said=said, cameras=bool(shop.settings.cameras),
    )  # fmt: skip


def card(service: dict[str, Any]) -> dict[str, Any]:
    """Return what stands on the button of a service of the board."""
    return {
        "id": service["id"], "name": service["name"], "icon": service["icon"], "open": service["open"],
        "ahead": words.ahead(service["ahead"]), "wait": words.wait(service["from"], service["to"], short=True),
        "why": _why(service),
    }  # fmt: skip


def _why(service: dict[str, Any]) -> str:
    if service["why"] == "paused":
        return say("kiosk.paused_until", time=words.hour(service["until"])) if service["until"] else say("kiosk.paused")
    return say("kiosk.too_late") if service["why"] == "too late" else say("kiosk.closed_short") if service["why"] else ""


@bp.get("/kiosk/waits")
@needs("screen")
def waits() -> Response:
    """Answer with the waits in this customer's language, for the script that keeps the start page true."""
    shop = current_shop()
    row = board.kiosk(shop, words.language_here())
    services = [card(service) for service in row["services"]]
    heard = speech.read_out_words(word for service in services for word in (service["ahead"], service["wait"]))
    return jsonify(now=row["now"], open=row["open"], services=services, heard=heard)


@bp.get("/kiosk/language")
@needs("screen")
def language() -> str:
    """Show every language by its own name, for when they stand behind one button."""
    return render_template("kiosk/language.html")


@bp.post("/kiosk/tickets")
@needs("screen")
def take() -> ResponseReturnValue:
    """Give a number. The same tap sent twice gives one; what cannot be given is said, with what can be done."""
    shop, screen = current_shop(), current_screen()
    service, key = request.form.get("service", "")[:64], request.form.get("key", "")
    if not KEY.fullmatch(key):
        return _no(HTTPStatus.BAD_REQUEST, say("kiosk.stale"))
    pace: Pace = current_app.extensions["greetline-pace"]
    if not pace.allows(screen.id):
        return _no(HTTPStatus.TOO_MANY_REQUESTS, say("kiosk.too_many"))
    try:
        ticket = _give(shop, service, by=screen.name, key=f"kiosk {screen.id} {key}")
    except NoSuchService:
        return _no(HTTPStatus.NOT_FOUND, say("kiosk.no_service"))
    except QueueClosed:
        return _no(HTTPStatus.CONFLICT, "")
    except NoNumber:
        return _no(HTTPStatus.SERVICE_UNAVAILABLE, say("system.no_tickets"))
    go = g.choices.to(f"/kiosk/tickets/{ticket.id}")
    if not for_script():
        return redirect(go, HTTPStatus.SEE_OTHER)
    shown = board.shown(shop, ticket)
    return jsonify(go=go, shown=shown, heard=speech.read_out_words((say("ticket.yours"), shown)))


def _give(shop: Shop, service: str, *, by: str, key: str) -> Ticket:
    """Give a ticket, or the one that this very tap was given: a queue may have closed between a tap and its retry."""
    greets = shop.settings.kiosk.greets
    given = tickets.answered(shop, key)
    if given:
        return given
    wish = prospects.wish(shop, service, language=words.language_here(), channel=Channel.KIOSK, greeted=greets)
    return tickets.issue(shop, wish, by=by, key=key)


def _no(status: int, said: str) -> ResponseReturnValue:
    """Say why there is no ticket. A queue that has closed is seen on the start page, with all that is open."""
    if for_script():
        return problem(status, say("ticket.none"), said or say("kiosk.just_closed"))
    if status == HTTPStatus.CONFLICT:
        return _start(say("kiosk.just_closed")), status
    return sorry.page(status, said)


@bp.get("/kiosk/tickets/<ticket_id>")
@needs("screen")
def ticket(ticket_id: str) -> ResponseReturnValue:
    """Show a number that was just given."""
    shop = current_shop()
    try:
        given = tickets.find(shop, ticket_id[:64])
    except NoSuchTicket:
        given = None
    if given is None or shop.clock() - given.t0 > LOOKED_AT_FOR:
        return redirect(g.choices.to("/kiosk"))
    row = _ticket(shop, given)
    if for_script():
        return jsonify(row | {"heard": speech.read_out_words(row.values())})
    return render_template("kiosk/ticket.html", ticket=row, code=qr.code(shop.settings.kiosk.public_base_url, given.token))


def _ticket(shop: Shop, given: Ticket) -> dict[str, Any]:
    row = own_page.page(shop, given)
    waits_still = given.state is State.WAITING
    called = given.state is State.CALLED
    return {
        "id": given.id, "shown": row["shown"], "spoken": words.spoken_number(row["shown"]),
        "service": board.service_name(shop, given.service, words.language_here()), "state": row["state"],
        "people": row["ahead"] if waits_still and row["ahead"] <= words.DRAWN_PEOPLE else None,
        "ahead": words.ahead(row["ahead"]) if waits_still else "", "wait": words.wait(row["told_from"], row["told_to"]),
        "turn": words.come(shop.settings, given.counter) if called else "",
        "over": not waits_still and not called,
        "where": words.desks(shop.settings, given.service) if waits_still else "",
    }  # fmt: skip


@bp.post("/kiosk/help")
@needs("screen")
def ask() -> ResponseReturnValue:
    """Call somebody to this screen: the tablets of its zone sound."""
    shop, screen = current_shop(), current_screen()
    if not shop.hours.open_at(shop.clock()):
        return redirect(g.choices.to("/kiosk"), HTTPStatus.SEE_OTHER)
    zone = screen.zone or next(iter(shop.zones), "")
    call = alerts.ask_help(shop, screen.id, zone, by=screen.name)
    return redirect(g.choices.to(f"/kiosk/help/{call.id}"), HTTPStatus.SEE_OTHER)


@bp.get("/kiosk/help/<call_id>")
@needs("screen")
def helped(call_id: str) -> ResponseReturnValue:
    """Say how the call stands. Somebody is coming only once somebody has said so."""
    call = alerts.find(current_shop(), call_id[:64])
    if call is None or call.subject != current_screen().id:
        return redirect(g.choices.to("/kiosk"))
    coming = call.state is not AlertState.RAISED and call.acknowledged_by is not None
    if for_script():
        return jsonify(coming=coming)
    return render_template("kiosk/help.html", coming=coming, call=call.id)


def timing() -> dict[str, object]:
    """Return what the script needs to know of this shop's patience, in seconds; nothing without a time limit."""
    kiosk = stores().settings.kiosk
    return {"idle": kiosk.idle_seconds, "more": kiosk.more_time_seconds, "limit": kiosk.time_limit}
