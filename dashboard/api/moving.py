"""What a program may do: take a ticket, call, make every move of a ticket, open and close a counter."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from flask import Response, jsonify, url_for
from flask_openapi3.models.tag import Tag

from broker.desk import counters as desk_counters
from broker.desk import prospects, tickets
from broker.desk.tickets import Wish
from broker.domain.moves import IllegalMove
from broker.domain.ticket import Channel, Move, Ticket
from broker.domain.ticket import Said as Words
from broker.shop import Shop
from broker.store import counters as stored_counters
from broker.store import tickets as stored
from broker.web.access import needs
from broker.web.stores import current_shop
from dashboard.api import answers, rows, said
from dashboard.api.door import bp, once, scope, unfit, who

TAKE = Tag(name="customers", description="What a customer does. Scope `tickets.take`.")
SERVE = Tag(name="counters", description="What staff do. Scope `counters.serve`.")


@bp.post(
    "/tickets",
    tags=[TAKE],
    operation_id="take",
    security=scope("tickets.take"),
    responses={"200": answers.NewTicket, "201": answers.NewTicket},
)
@needs("tickets.take")
def take(body: said.Taken) -> tuple[Response, int, dict[str, str]]:
    """Take a ticket; 200 when this very request had taken it already"""
    shop, key = current_shop(), once()
    known = stored.of_key(shop.db, key)
    ticket = stored.get(shop.db, known) if known else tickets.issue(shop, _wish(shop, body), by=who(), key=key)
    row = rows.ticket(shop, ticket) | {"token": ticket.token}
    status = HTTPStatus.OK if known else HTTPStatus.CREATED
    return jsonify(row), status, {"Location": url_for("api.ticket", ticket=ticket.id)}


def _wish(shop: Shop, body: said.Taken) -> Wish:
    return prospects.wish(shop, body.service, language=body.language, channel=Channel.API, priority=body.priority, visit=body.visit)


@bp.post(
    "/tickets/next",
    tags=[SERVE],
    operation_id="call_next",
    security=scope("counters.serve"),
    responses={"200": answers.Ticket, "204": None},
)
@needs("counters.serve")
def call_next(body: said.CalledNext) -> Response | tuple[str, int]:
    """Call whoever is next; 204 when nobody waits for what the counter serves"""
    shop, key = current_shop(), once()
    if stored.of_key(shop.db, key) is None:
        _check_open(shop, body.counter)
    ticket = tickets.call_next(shop, body.counter, by=who(), key=key)
    return jsonify(rows.ticket(shop, ticket)) if ticket else ("", HTTPStatus.NO_CONTENT)


def _check_open(shop: Shop, counter: str) -> None:
    """Raise NoSuchCounter, and IllegalMove for one that is not open: no wait is reckoned with it."""
    tickets.skills_of(shop, counter)
    shift = stored_counters.now(shop.db).get(counter)
    if shift is None or shift.kind != stored_counters.OPEN:
        raise IllegalMove("counter", shift.kind if shift else "closed", Move.CALL, f"{counter} is not open; open it first")


class _Door(NamedTuple):
    """A move of a ticket as the API has it."""

    scope: str
    body: type[said.Said] | None
    says: str


MOVES: Final[dict[Move, _Door]] = {
    Move.CALL: _Door("counters.serve", said.Called, "Call this ticket to a counter"),
    Move.RECALL: _Door("counters.serve", None, "Call it again"),
    Move.START: _Door("counters.serve", None, "They came; the service begins"),
    Move.MISS: _Door("counters.serve", None, "They did not come"),
    Move.HOLD: _Door("counters.serve", said.Held, "Put them on hold, until when and why"),
    Move.UPDATE: _Door("counters.serve", said.Updated, "They were told how it stands"),
    Move.RESUME: _Door("counters.serve", None, "Back from hold to the same counter"),
    Move.RELEASE: _Door("counters.serve", None, "Back from hold into the line, at their place"),
    Move.TRANSFER: _Door("counters.serve", said.Transferred, "On to another service, with a note"),
    Move.FINISH: _Door("counters.serve", said.Finished, "The service is over"),
    Move.REOPEN: _Door("counters.serve", None, "It was not over after all"),
    Move.UNDO: _Door("counters.serve", None, "Take back what was just decided"),
    Move.STEP_AWAY: _Door("tickets.take", said.Until, "They step away, once, and keep their place"),
    Move.COME_BACK: _Door("tickets.take", None, "They are back"),
    Move.LET_PASS: _Door("tickets.take", None, "They let the next one pass"),
    Move.BOOK: _Door("tickets.take", said.Until, "They will be called back by then"),
    Move.CANCEL: _Door("tickets.take", said.Left, "They do not wait any more"),
}
"""Every move but EXPIRE, which is the clock's alone."""


def _made(shop: Shop, ticket: str, move: Move, body: Any) -> Ticket:
    """Make one move. Raises what the desk raises, and Refused for a time that is not in the future."""
    by, key = who(), once()
    # What was done is answered again as it stands, whatever has become of counter and time since.
    fresh = stored.of_key(shop.db, key) is None
    if isinstance(body, said.Called):
        if fresh:
            _check_open(shop, body.counter)
        return tickets.call(shop, ticket, body.counter, by=by, reason=body.reason or "", key=key)
    if isinstance(body, said.Transferred):
        return tickets.transfer(shop, ticket, service=body.service, note=body.note, by=by, key=key)
    until = getattr(body, "until", None)
    if fresh and until is not None and until <= shop.clock():
        raise unfit("until", "this time is over; say one that is to come")
    words = Words(by=by, until=until, reason=getattr(body, "reason", None) or "", outcome=getattr(body, "outcome", None))
    return tickets.move(shop, ticket, move, words, key=key)


def _answered(path: said.TicketPath, move: Move, body: said.Said | None) -> Response:
    shop = current_shop()
    return jsonify(rows.ticket(shop, _made(shop, path.ticket, move, body)))


def _view(move: Move, door: _Door) -> Callable[..., Response]:
    """Return the view of one move, with the body that it reads."""

    def bare(path: said.TicketPath) -> Response:
        return _answered(path, move, None)

    def with_body(path: said.TicketPath, body: said.Said) -> Response:
        return _answered(path, move, body)

    view: Callable[..., Response] = bare
    if door.body is not None:
        view = with_body
        view.__annotations__ = with_body.__annotations__ | {"body": door.body}
    view.__name__, view.__doc__ = str(move), door.says
    return needs(door.scope)(view)


for _move, _door in MOVES.items():
    bp.post(
        f"/tickets/<ticket>/{_move}", tags=[TAKE if _door.scope == "tickets.take" else SERVE], operation_id=str(_move),
        security=scope(_door.scope),
        responses={"200": answers.Ticket},
    )(_view(_move, _door))  # fmt: skip


@bp.post(
    "/counters/<counter>/shift",
    tags=[SERVE],
    operation_id="shift",
    security=scope("counters.serve"),
    responses={"200": answers.Counter},
)
@needs("counters.serve")
def shift(path: said.CounterPath, body: said.Shifted) -> Response:
    """Open a counter, let it rest, close it; saying it twice changes nothing"""
    do = {"open": desk_counters.open_, "break": desk_counters.rest, "closed": desk_counters.close}[body.kind]
    do(current_shop(), path.counter, by=who())
    return jsonify(rows.counter(current_shop(), path.counter))
