"""The floor screen and its JSON API: read the request, one call of the desk, answer.

Every change needs an `Idempotency-Key`, because a tablet that lost its connection sends an answer again. A request whose
key was answered changes nothing and is told how things stand. What the rules refuse is 409 with words for the person and
the visit as it stands now.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from broker.desk import alerts as desk_alerts
from broker.desk import people, screens, visits, zones
from broker.domain.moves import IllegalMove
from broker.domain.visit import Visit
from broker.shop import Shop
from broker.web.access import current_person, current_screen, may, needs
from broker.web.languages import language_tag, say
from broker.web.polled import polled
from broker.web.stores import current_shop
from dashboard.answers import Added, Dismissed, Merged, Paused, Problem, Sent, Tapped, body_of, key_of, refusal
from dashboard.counter_answers import Briefed
from dashboard.reckoned import EXTENSION, Reckoned

bp = Blueprint("floor", __name__, template_folder="templates", static_folder="static", static_url_path="/dashboard-static")


@bp.get("/floor")
@needs("floor.see")
def page() -> str:
    """Show the floor. Everything on it comes by the stream; the page itself is the same for every shop."""
    shop, person, screen = current_shop(), current_person(), current_screen()
    here = {
        "me": {"id": person.id, "name": person.name, "role": person.role},
        "screen": {"id": screen.id, "zone": screen.zone, "name": screen.name},
        "store": {"id": shop.settings.store.id, "name": shop.settings.store.name, "timezone": shop.settings.store.timezone},
        "language": language_tag(),
        "services": {service.id: service.called(language_tag()[:2]) for service in shop.settings.services},
        "serves": bool(shop.settings.counters) and may("ticket.serve"),
        "people": [{"id": each.id, "name": each.name} for each in people.everybody(shop)],
    }
    return render_template("floor.html", here=here, person=person)


@bp.post("/language")
@needs("floor.see")
def language() -> ResponseReturnValue:
    """Show the floor, or the counter if they ask there, in the language the person chose, here and wherever they sign in."""
    chosen = request.form.get("language", "")
    if chosen in people.LANGUAGES:
        people.speak(current_shop(), current_person().id, chosen)
    at_counter = request.form.get("page") == "counter"
    return redirect(url_for("counter.page") if at_counter else url_for("floor.page"), HTTPStatus.SEE_OTHER)


@bp.get("/api/v1/floor")
@needs("floor.see")
def floor() -> Response:
    """Answer with the whole floor. The ETag leaves out what heartbeats move: an unchanged one is 304 with `Greetline-Now`."""
    whole = screens.floor(current_shop())
    return polled(whole, _still(whole))


def _still(whole: dict[str, Any]) -> dict[str, Any]:
    """Return what of the floor stays the same while nothing happens but the devices saying that they are well."""
    moving = {"now", "heard_at", "skew", "frame_age"}
    rows = {name: value for name, value in whole.items() if name not in {*moving, "service", "cameras"}}
    return (
        rows
        | {"service": whole["service"] and whole["service"]["watch"]}
        | {"cameras": [{name: value for name, value in camera.items() if name not in moving} for camera in whole["cameras"]]}
    )


@bp.get("/api/v1/floor/oldest")
@needs("floor.see")
def oldest() -> Response:
    """Answer with those who wait longest: a screen asks when a line that is longer than it shows has moved up."""
    return jsonify(screens.oldest(current_shop()))


@bp.get("/api/v1/today")
@needs("floor.see")
def today() -> Response:
    """Answer with the slow part of the floor: figures of the day, last visit and last hour."""
    reckoned: Reckoned = current_app.extensions[EXTENSION]
    return jsonify(reckoned.today(current_shop()))


@bp.post("/api/v1/visits")
@needs("visit.answer")
def add() -> tuple[Response, int]:
    """Open a visit that no camera saw: 201 and the visit; 200 and no visit when it was opened before."""
    shop, body = current_shop(), body_of(Added)
    try:
        visit = visits.add(
            shop, zone=body.zone, by=current_person().id, size=body.size, key=_key(), ago=body.ago(shop.clock())
        )  # fmt: skip
    except KeyError:
        raise Problem(422, say("floor.no_zone")) from None
    return jsonify(visit=screens.visit_row(shop, visit) if visit else None), 201 if visit else 200


@bp.post("/api/v1/visits/<visit_id>/claim")
@needs("visit.answer")
def claim(visit_id: str) -> Response:
    """ "I'm going"."""
    body = body_of(Tapped)
    return _decide(visit_id, "claim", lambda shop, by, key: visits.claim(shop, visit_id, by=by, key=key, at=body.tapped_at))


@bp.post("/api/v1/visits/<visit_id>/greet")
@needs("visit.answer")
def greet(visit_id: str) -> Response:
    """ "Greeted"."""
    body = body_of(Tapped)
    return _decide(visit_id, "greet", lambda shop, by, key: visits.greet(shop, visit_id, by=by, key=key, at=body.tapped_at))


@bp.post("/api/v1/visits/<visit_id>/<any(release, undo, close, reopen, help):what>")
@needs("visit.answer")
def move(visit_id: str, what: str) -> Response:
    """The moves that need nothing but the visit."""
    body_of(Tapped)
    do = {
        "release": visits.release, "undo": visits.undo, "close": visits.close, "reopen": visits.reopen, "help": visits.ask_help,
    }[what]  # fmt: skip
    return _decide(visit_id, what, lambda shop, by, key: do(shop, visit_id, by=by, key=key))


@bp.post("/api/v1/visits/<visit_id>/dismiss")
@needs("visit.answer")
def dismiss(visit_id: str) -> Response:
    """ "Not a customer", with the reason."""
    body = body_of(Dismissed)
    return _decide(visit_id, "dismiss", lambda shop, by, key: visits.dismiss(shop, visit_id, by=by, reason=body.reason, key=key))


@bp.post("/api/v1/visits/<visit_id>/send")
@needs("visit.answer")
def send(visit_id: str) -> Response:
    """The party stands in another zone."""
    body = body_of(Sent)
    return _decide(visit_id, "send", lambda shop, by, key: visits.send(shop, visit_id, zone=body.zone, by=by, key=key))


@bp.post("/api/v1/visits/<visit_id>/merge")
@needs("visit.answer")
def merge(visit_id: str) -> Response:
    """Two visits are one party; the answer is the visit that was kept."""
    body = body_of(Merged)
    return _decide(visit_id, "merge", lambda shop, by, key: visits.merge(shop, visit_id, into=body.into, by=by, key=key))


@bp.post("/api/v1/visits/<visit_id>/upset")
@needs("visit.answer")
def upset(visit_id: str) -> Response:
    """The customer is upset: the lead is called with the briefing, and reads it before they come. Saying it twice is once."""
    body = body_of(Briefed)
    told = {"happened": body.happened, "tried": body.tried, "wanted": body.wanted}

    def called(shop: Shop, by: str, key: str) -> Visit:
        visits.raise_upset(shop, visit_id, by=by)
        visits.brief(shop, visit_id, **told, by=by)
        return visits.ask_help(shop, visit_id, by=by, key=key)

    return _decide(visit_id, "help", called)


@bp.post("/api/v1/alerts/<alert_id>/<any(acknowledge, resolve):what>")
@needs("visit.answer")
def alert(alert_id: str, what: str) -> Response:
    """ "I'm coming" to a call for help, and "Done" with it. Saying either twice changes nothing."""
    body_of(Tapped)
    shop, do = current_shop(), {"acknowledge": desk_alerts.acknowledge, "resolve": desk_alerts.resolve}[what]
    found = do(shop, alert_id, by=current_person().id)
    if found is None:
        raise Problem(404, say("floor.gone"))
    return jsonify(alert=screens.alert_row(shop, found))


@bp.post("/api/v1/zones/<zone>/pause")
@needs("zone.pause")
def pause(zone: str) -> Response:
    """Open no visit in a zone for a while. A repeated request changes nothing."""
    shop, body, key = current_shop(), body_of(Paused), _key()
    if zone not in shop.zones:
        raise Problem(404, say("floor.no_zone"))
    zones.pause(shop, zone, minutes=body.minutes, reason=body.reason, by=current_person().id, key=key)
    return jsonify(pauses=screens.pause_rows(shop))


@bp.post("/api/v1/zones/<zone>/resume")
@needs("zone.pause")
def resume(zone: str) -> Response:
    """End the pause of a zone. Saying it twice changes nothing."""
    shop, _ = current_shop(), body_of(Tapped)
    if zone not in shop.zones:
        raise Problem(404, say("floor.no_zone"))
    zones.resume(shop, zone, by=current_person().id)
    return jsonify(pauses=screens.pause_rows(shop))


@bp.errorhandler(Problem)
def refused(problem: Problem) -> Response:
    """Say no in the person's language."""
    return problem.response()


def _key() -> str:
    return key_of(current_screen().id)


def _decide(visit_id: str, asked: str, made: Callable[[Shop, str, str], Visit]) -> Response:
    """Make one move and answer with the visit as it stands. A repeated key is answered the same way, unchanged."""
    shop, me, key = current_shop(), current_person().id, _key()
    try:
        visit = visits.find(shop, visit_id) if visits.answered(shop, key) else made(shop, me, key)
    except visits.NoSuchVisit:
        raise Problem(404, say("floor.no_visit")) from None
    except KeyError:
        raise Problem(422, say("floor.no_zone")) from None
    except IllegalMove:
        visit = _as_it_stands(shop, visit_id, asked, me, key)
    return jsonify(visit=screens.visit_row(shop, visit))


def _as_it_stands(shop: Shop, visit_id: str, asked: str, me: str, key: str) -> Visit:
    """Return the visit when the same tap was answered a moment ago, by its twin. Raises Problem 409 otherwise."""
    visit = visits.find(shop, visit_id)
    if visits.answered(shop, key):
        return visit
    row: dict[str, Any] = screens.visit_row(shop, visit)
    raise refusal(row, asked, me)
