"""The counter screen and its JSON API: read the request, one call of the desk, answer with the counter as it stands.

Every change needs an `Idempotency-Key`; the same key again changes nothing and is answered with how things stand. What the
rules refuse is 409 with words for the person, the ticket and the counter as they stand now; what is missing is 422.
"""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify, redirect, render_template
from flask.typing import ResponseReturnValue

from broker.desk import at_counter, counters, people, tickets
from broker.domain.moves import IllegalMove
from broker.domain.ticket import Move, Outcome, Said, Ticket
from broker.shop import Shop
from broker.store.database import text
from broker.web.access import current_person, current_screen, needs
from broker.web.languages import language_tag, say
from broker.web.polled import polled
from broker.web.stores import current_shop
from dashboard import counter_answers as answers
from dashboard.answers import Problem, Tapped, body_of, key_of
from dashboard.counter_moves import check_ahead, check_fresh, check_ready, decide, whole

bp = Blueprint("counter", __name__)

PLAIN_MOVES: Final = {
    "recall": Move.RECALL, "start": Move.START, "miss": Move.MISS, "resume": Move.RESUME, "release": Move.RELEASE,
    "cancel": Move.CANCEL, "undo": Move.UNDO, "reopen": Move.REOPEN, "back": Move.COME_BACK,
}  # fmt: skip
"""The moves of a ticket that need nothing but the ticket, by their name in an address."""


@bp.get("/counter")
@needs("ticket.serve")
def page() -> ResponseReturnValue:
    """Show the counter screen; which counter it is the browser remembers. A shop without counters has the floor alone."""
    shop, person = current_shop(), current_person()
    if not shop.settings.counters:
        return redirect("/floor")
    tag = language_tag()
    here = {
        "section": "counter",
        "me": {"id": person.id, "name": person.name, "role": person.role},
        "store": {"id": shop.settings.store.id, "name": shop.settings.store.name, "timezone": shop.settings.store.timezone},
        "language": tag,
        "services": {service.id: service.called(tag[:2]) for service in shop.settings.services},
        "people": [{"id": each.id, "name": each.name} for each in people.everybody(shop)],
    }
    return render_template("counter.html", here=here, person=person)


@bp.get("/api/v1/counters")
@needs("ticket.serve")
def choices() -> Response:
    """Answer with the counters of the shop and who has which."""
    shop = current_shop()
    return jsonify(now=text(shop.clock()), counters=at_counter.choices(shop))


@bp.get("/api/v1/counters/<counter>")
@needs("ticket.serve")
def row(counter: str) -> Response:
    """Answer with everything a counter's screen shows. The ETag leaves out what grows by itself; 304 has `Greetline-Now`."""
    now = whole(current_shop(), counter)
    return polled(now, at_counter.still(now))


@bp.post("/api/v1/counters/<counter>/<any(open, rest, close):what>")
@needs("ticket.serve")
def shift(counter: str, what: str) -> Response:
    """Open a counter, take a break, close it. Saying it twice changes nothing."""
    shop, _, _key = current_shop(), body_of(Tapped), key_of(current_screen().id)
    before = whole(shop, counter)
    try:
        {"open": counters.open_, "rest": counters.rest, "close": counters.close}[what](shop, counter, by=current_person().id)
    except IllegalMove:
        here = before["here"]
        raise Problem(409, say("counter.no_leave", number=here["shown"] if here else ""), counter=before) from None
    return jsonify(counter=whole(shop, counter))


@bp.post("/api/v1/counters/<counter>/help")
@needs("ticket.serve")
def second(counter: str) -> Response:
    """Call a second person to the counter. Saying it twice changes nothing."""
    shop, _, _key = current_shop(), body_of(Tapped), key_of(current_screen().id)
    whole(shop, counter)
    counters.ask_second(shop, counter, by=current_person().id)
    return jsonify(counter=whole(shop, counter))


@bp.post("/api/v1/counters/<counter>/next")
@needs("ticket.serve")
def call_next(counter: str) -> Response:
    """Call whoever is next; `ticket` is null when nobody waits for what the counter serves."""
    body = body_of(Tapped)

    def made(shop: Shop, me: str, key: str) -> Ticket | None:
        check_ready(shop, counter, me, body.tapped_at)
        return tickets.call_next(shop, counter, by=me, key=key)

    return decide(counter, None, "next", made)


@bp.post("/api/v1/counters/<counter>/call")
@needs("ticket.serve")
def call(counter: str) -> Response:
    """Call one chosen ticket; out of order it needs a reason, which is kept."""
    body = body_of(answers.Called)

    def made(shop: Shop, me: str, key: str) -> Ticket:
        check_ready(shop, counter, me, body.tapped_at)
        return tickets.call(shop, body.ticket, counter, by=me, reason=body.reason, key=key)

    return decide(counter, body.ticket, "call", made)


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/<any(recall, start, miss, resume, release, cancel, undo, reopen, back):what>")
@needs("ticket.serve")
def move(counter: str, ticket: str, what: str) -> Response:
    """The moves that need nothing but the ticket."""
    body = body_of(Tapped)

    def made(shop: Shop, me: str, key: str) -> Ticket:
        if what == "recall":
            check_fresh(shop, body.tapped_at)
        return tickets.move(shop, ticket, PLAIN_MOVES[what], Said(by=me), key=key, at=body.tapped_at)

    return decide(counter, ticket, what, made)


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/hold")
@needs("ticket.serve")
def hold(counter: str, ticket: str) -> Response:
    """Put somebody on hold, with the time by which somebody comes back to them and why."""
    return _held(counter, ticket, Move.HOLD, body_of(answers.Held))


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/update")
@needs("ticket.serve")
def update(counter: str, ticket: str) -> Response:
    """Somebody on hold was told how it stands."""
    return _held(counter, ticket, Move.UPDATE, body_of(answers.Updated))


def _held(counter: str, ticket: str, made: Move, body: answers.Held | answers.Updated) -> Response:
    if body.until:
        check_ahead(body.until)
    said = Said(by=current_person().id, until=body.until, reason=body.reason)
    return decide(counter, ticket, str(made), lambda shop, me, key: tickets.move(shop, ticket, made, said, key=key))


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/transfer")
@needs("ticket.serve")
def transfer(counter: str, ticket: str) -> Response:
    """Send somebody on to another service, with a note for whoever serves them next."""
    body = body_of(answers.Sent)
    if body.service not in tickets.service_ids(current_shop()):
        raise Problem(422, say("counter.no_service"))

    def made(shop: Shop, me: str, key: str) -> Ticket:
        return tickets.transfer(shop, ticket, service=body.service, note=body.note, by=me, key=key)

    return decide(counter, ticket, "transfer", made)


@bp.post("/api/v1/counters/<counter>/tickets/<ticket>/finish")
@needs("ticket.serve")
def finish(counter: str, ticket: str) -> Response:
    """The service is over; the outcome chooses the goodbye."""
    body = body_of(answers.Finished)
    if body.outcome is Outcome.REFERRED and not body.reason:
        raise Problem(422, say("counter.no_where"))

    def made(shop: Shop, me: str, key: str) -> Ticket:
        return tickets.finish(shop, ticket, body.outcome, by=me, reason=body.reason, key=key, at=body.tapped_at)

    return decide(counter, ticket, "finish", made)


@bp.errorhandler(Problem)
def refused(problem: Problem) -> Response:
    """Say no in the person's language."""
    return problem.response()
