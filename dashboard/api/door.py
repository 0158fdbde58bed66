"""The door of the API: who asks, how often, with which Idempotency-Key, and how they are told no.

The application's guard has judged the key and its scope before anything here runs. A person who is signed in on a paired
screen may ask too, as far as their role reaches, with the token of the forms that every page of ours carries.
"""

from __future__ import annotations

import hashlib
import math
from http import HTTPStatus
from typing import Any, Final

from flask import Response, current_app, jsonify, request
from flask.blueprints import BlueprintSetupState
from flask_openapi3.blueprint import APIBlueprint
from pydantic import ValidationError

from broker.desk.apikeys import REQUESTS_A_MINUTE
from broker.desk.tickets import NoSuchCounter, NoSuchService, NoSuchTicket
from broker.desk.visits import NoSuchVisit
from broker.domain.moves import IllegalMove, QueueClosed
from broker.domain.numbering import NoNumber
from broker.store import tickets as stored
from broker.web import bearer
from broker.web.access import current_person, current_screen, screen_here
from broker.web.polled import etag_of
from broker.web.problems import problem
from broker.web.stores import current_shop
from dashboard.answers import KEY_CHARACTERS, json_object
from dashboard.api import rows
from dashboard.api.pace import Pace

PACE: Final = "greetline-api-pace"
LEAST_KEY_CHARACTERS: Final = 8
_REFUSALS: Final = (400, 401, 403, 404, 409, 422, 429, 503)
_SAYS_NO: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

bp = APIBlueprint(
    "api", __name__, url_prefix="/api/v1",
    abp_responses={
        str(status): {"description": HTTPStatus(status).phrase, "content": _SAYS_NO} for status in _REFUSALS
    },
)  # fmt: skip


def scope(name: str) -> list[dict[str, list[str]]]:
    """Return what the OpenAPI document says of a view that needs a key with the scope *name*."""
    return [{"key": [name]}]


class Refused(Exception):
    """An answer that is a no, as problem+json."""

    def __init__(self, status: int, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.more = more


def unfit(field: str, message: str) -> Refused:
    """Return the 422 for one field."""
    return Refused(422, f"{field}: {message}", errors=[{"field": field, "message": message}])


def who() -> str:
    """Return who asks, as the history keeps it."""
    key = bearer.key_here()
    return f"key {key.name}" if key else current_person().id


def once() -> str:
    """Return what names this request for ever: the same again, from the same asker to the same address, changes nothing."""
    said = f"{request.path} {request.headers['Idempotency-Key']}"
    return f"api {_asker()} {hashlib.sha256(said.encode()).hexdigest()[:32]}"


def tagged(row: rows.Row) -> Response:
    """Return *row* with its ETag, or 304 to whoever has it already."""
    answer = jsonify(row)
    answer.set_etag(etag_of(row))
    answer.make_conditional(request)
    return answer


def _asker() -> str:
    key = bearer.key_here()
    return key.id if key else current_screen().id


@bp.record_once
def _settle(state: BlueprintSetupState) -> None:
    app = state.app
    app.extensions[PACE] = Pace()
    # A key is no cookie, so nobody else's page can make a browser send it; people's requests are checked below.
    app.extensions["csrf"].exempt(bp)
    app.validation_error_callback = _misread  # type: ignore[attr-defined]


@bp.before_request
def _first() -> Response | None:
    if request.endpoint == DOCUMENT:
        return None
    key, shop = bearer.key_here(), current_shop()
    if key is None:
        current_app.extensions["csrf"].protect()
    wait = current_app.extensions[PACE].wait(_asker(), key.a_minute if key else REQUESTS_A_MINUTE, shop.clock())
    if wait:
        answer = problem(429, "Too many requests", f"Ask again in {math.ceil(wait)} s.")
        answer.headers["Retry-After"] = str(math.ceil(wait))
        return answer
    if any(len(values) > 1 for _, values in request.args.lists()):
        return problem(400, "Said twice", "Each parameter is said once.")
    return _check_post() if request.method == "POST" else None


DOCUMENT: Final = "api.document"
"""The one view that is open to everybody."""


def _check_post() -> Response | None:
    key = request.headers.get("Idempotency-Key", "")
    if not (LEAST_KEY_CHARACTERS <= len(key) <= KEY_CHARACTERS and key.isascii() and key.isprintable()):
        text = f"Send an Idempotency-Key of {LEAST_KEY_CHARACTERS} to {KEY_CHARACTERS} letters, new for each thing that is done."
        return problem(400, "No Idempotency-Key", text)
    if request.content_length and json_object() is None:
        return problem(400, "Not JSON", "The body is to be one JSON object, with Content-Type: application/json.")
    return None


@bp.after_request
def _challenge(answer: Response) -> Response:
    if answer.status_code != HTTPStatus.UNAUTHORIZED:
        return answer
    if not bearer.brought() and screen_here() is None:
        answer = problem(401, "No key", "Send Authorization: Bearer and a key that `greetline keys add` has made.", go="/pair")
    answer.headers.setdefault("WWW-Authenticate", bearer.CHALLENGE)
    return answer


def _misread(wrong: ValidationError) -> Response:
    errors = [{"field": ".".join(map(str, each["loc"])), "message": each["msg"]} for each in wrong.errors()[:20]]
    if not errors[0]["field"]:
        return problem(400, "No body", "The body is to be one JSON object, with Content-Type: application/json.")
    return problem(422, "Not understood", f"{errors[0]['field']}: {errors[0]['message']}", errors=errors)


@bp.errorhandler(Refused)
def _no(refused: Refused) -> Response:
    return problem(refused.status, HTTPStatus(refused.status).phrase, str(refused), **refused.more)


@bp.errorhandler(NoSuchTicket)
def _no_ticket(_: NoSuchTicket) -> Response:
    return problem(404, "No such ticket", "There is no ticket of that id in this shop.")


@bp.errorhandler(NoSuchVisit)
def _no_visit(_: NoSuchVisit) -> Response:
    return _no(unfit("visit", "there is no visit of that id in this shop"))


@bp.errorhandler(NoSuchService)
def _no_service(unknown: NoSuchService) -> Response:
    return _no(unfit("service", f"there is no service {unknown} in this shop"))


@bp.errorhandler(NoSuchCounter)
def _no_counter(unknown: NoSuchCounter) -> Response:
    if "counter" in (request.view_args or {}):
        return problem(404, "No such counter", f"There is no counter {unknown} in this shop.")
    return _no(unfit("counter", f"there is no counter {unknown} in this shop"))


@bp.errorhandler(NoNumber)
def _no_number(used_up: NoNumber) -> Response:
    return problem(503, "No number left", str(used_up))


@bp.errorhandler(IllegalMove)
def _illegal(refused: IllegalMove) -> Response:
    """Say no with how things stand: the ticket, who has it, and the counter that was named."""
    shop, path = current_shop(), request.view_args or {}
    said = json_object() or {}
    more: dict[str, Any] = {"why": refused.state} if isinstance(refused, QueueClosed) else {}
    detail = str(refused)
    if "ticket" in path:
        ticket = stored.get(shop.db, path["ticket"])
        more["ticket"] = rows.ticket(shop, ticket)
        if ticket.staff:
            detail = detail.replace(ticket.staff, more["ticket"]["staff"])
    # A move that reads no body may be sent one that names anything.
    named = path.get("counter") or said.get("counter")
    for name in {known.id for known in shop.settings.counters} & {named if isinstance(named, str) else ""}:
        more["counter"] = rows.counter(shop, name)
    return problem(409, "Not possible now", detail, **more)
