"""The lead's page and its JSON API: who asks for them and why, what is late, who is where, and how the queues run.

Every change needs an `Idempotency-Key`. What the rules refuse is 409 with words; each answer to a change is the page's row
as it stands now, so that a lead who was second sees what the first one did.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal

from flask import Blueprint, Response, jsonify, render_template
from pydantic import Field

from broker.desk import alerts as desk_alerts
from broker.desk import counters, lead, people, tickets, visits
from broker.domain.moves import IllegalMove
from broker.domain.ticket import Move, Said
from broker.shop import Shop
from broker.web.access import current_person, current_screen, needs
from broker.web.languages import language_tag, say
from broker.web.polled import polled
from broker.web.stores import current_shop
from dashboard.answers import Problem, Tapped, body_of, key_of
from dashboard.counter_answers import Id
from dashboard.counter_answers import Said as Words

bp = Blueprint("lead", __name__)

PAUSE_MINUTES: Final = (15, 30, 60)


class ServicePaused(Tapped):
    """Give no tickets for a service for a while; `minutes` absent: until the shop closes."""

    minutes: Literal[15, 30, 60] | None = None
    reason: Words


class Reordered(Tapped):
    """Put a ticket before another, and why."""

    before: Annotated[Id, Field()]
    reason: Words


@bp.get("/lead")
@needs("lead.see")
def page() -> str:
    """Show the lead's page. Everything on it comes by the stream and `/api/v1/lead`."""
    shop, person, screen = current_shop(), current_person(), current_screen()
    tag = language_tag()
    here = {
        "section": "lead",
        "me": {"id": person.id, "name": person.name, "role": person.role},
        "screen": {"id": screen.id, "zone": screen.zone, "name": screen.name},
        "store": {"id": shop.settings.store.id, "name": shop.settings.store.name, "timezone": shop.settings.store.timezone},
        "language": tag,
        "services": {service.id: service.called(tag[:2]) for service in shop.settings.services},
        "people": [{"id": each.id, "name": each.name} for each in people.everybody(shop)],
    }
    return render_template("lead.html", here=here, person=person)


@bp.get("/api/v1/lead")
@needs("lead.see")
def whole() -> Response:
    """Answer with everything on the page. An unchanged one is 304 with `Greetline-Now`."""
    return polled(lead.whole(current_shop()))


@bp.post("/api/v1/lead/services/<service>/pause")
@needs("lead.act")
def pause(service: str) -> Response:
    """Give no tickets for a service for a while, or until closing. Those who hold one are served."""
    body, me, key = body_of(ServicePaused), current_person().id, key_of(current_screen().id)
    told = {"minutes": body.minutes, "reason": body.reason, "by": me, "key": key}
    return _done(lambda shop: lead.pause_service(shop, service, **told))  # type: ignore[arg-type]


@bp.post("/api/v1/lead/services/<service>/resume")
@needs("lead.act")
def resume(service: str) -> Response:
    """Give tickets for it again. Saying it twice changes nothing."""
    body_of(Tapped)
    key_of(current_screen().id)
    me = current_person().id
    if service not in tickets.service_ids(current_shop()):
        raise Problem(404, say("lead.no_service"))
    return _done(lambda shop: counters.resume(shop, service, by=me))


@bp.post("/api/v1/lead/tickets/<ticket>/reorder")
@needs("lead.act")
def reorder(ticket: str) -> Response:
    """Put a ticket before another one; nobody who came much earlier is passed."""
    body, me, key = body_of(Reordered), current_person().id, key_of(current_screen().id)
    said = {"before": body.before, "reason": body.reason, "by": me, "key": key}
    return _done(lambda shop: lead.reorder(shop, ticket, **said), no=say("lead.no_order", n=_max_wait()))


@bp.post("/api/v1/lead/tickets/<ticket>/reopen")
@needs("lead.act")
def reopen(ticket: str) -> Response:
    """Open a ticket again that ended a moment ago."""
    body_of(Tapped)
    me, key = current_person().id, key_of(current_screen().id)

    def opened(shop: Shop) -> object:
        return tickets.answered(shop, key) or tickets.move(shop, ticket, Move.REOPEN, Said(by=me), key=key)

    return _done(opened, no=say("floor.too_old"))


@bp.post("/api/v1/lead/calls/<about>/<any(going, came):what>")
@needs("lead.act")
def call(about: str, what: str) -> Response:
    """ "I'm coming" to whom *about* names, and "I am with them"."""
    body_of(Tapped)
    key_of(current_screen().id)
    me = current_person().id
    if what == "came":
        return _done(lambda shop: lead.come(shop, about, by=me), no=say("lead.no_briefing"))
    return _done(lambda shop: [desk_alerts.acknowledge(shop, each, by=me) for each in _alerts_about(shop, about)])


def _alerts_about(shop: Shop, about: str) -> list[str]:
    return [row["alert"] for row in lead.calls(shop) if row["about"] == about and row["alert"]]


@bp.errorhandler(Problem)
def refused(problem: Problem) -> Response:
    """Say no in the person's language."""
    return problem.response()


def _max_wait() -> int:
    return round(current_shop().promises.max_wait / 60)


def _done(made: Callable[[Shop], object], *, no: str = "") -> Response:
    """Make one change and answer with the page's row as it stands. Raises Problem 404 and 409."""
    shop = current_shop()
    try:
        made(shop)
    except tickets.NoSuchService:
        raise Problem(404, say("lead.no_service")) from None
    except tickets.NoSuchTicket:
        raise Problem(404, say("lead.no_ticket")) from None
    except visits.NoSuchVisit:
        raise Problem(404, say("floor.no_visit")) from None
    except IllegalMove:
        row: dict[str, Any] = lead.whole(shop)
        raise Problem(409, no or say("floor.refused"), lead=row) from None
    return jsonify(lead=lead.whole(shop))
