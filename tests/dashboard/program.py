"""A program that uses the HTTP API, as the application meets it."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from broker.desk import apikeys, tickets
from broker.desk.apikeys import MOST_A_MINUTE, SCOPES
from broker.domain.ticket import Move, Outcome, Said, State
from broker.shop import Shop
from broker.store import tickets as stored
from tests.builders import later

_numbers = count(1)
SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "zone": "entrance", "names": {"nb": "Retur"}},
    {"id": "collect", "letter": "C", "name": "Collect"},
)
COUNTERS = tuple({"id": f"desk-{n}", "name": f"Desk {n}"} for n in range(1, 13))


class Program:
    """A client with a key of its own; each request has a new Idempotency-Key unless one is given."""

    def __init__(self, app: Flask, shop: Shop, scopes: Collection[str] = tuple(SCOPES), *, a_minute: int = MOST_A_MINUTE) -> None:
        self.name = f"program-{next(_numbers)}"
        self.key, self.secret = apikeys.add(shop, self.name, scopes, a_minute=a_minute, by="test")
        self.client: FlaskClient = app.test_client()

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}"}

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(f"/api/v1{path}", headers=self.headers | _spelt(headers))

    def post(self, path: str, body: dict[str, Any] | None = None, *, key: str = "", **headers: str) -> TestResponse:
        named = {"Idempotency-Key": key or f"request-{next(_numbers):06d}"}
        return self.client.post(f"/api/v1{path}", json=body, headers=self.headers | named | _spelt(headers))

    def take(self, service: str = "collect", **wish: Any) -> dict[str, Any]:
        return good(self.post("/tickets", {"service": service} | wish))

    def open(self, *desks: str) -> None:
        for desk in desks:
            good(self.post(f"/counters/{desk}/shift", {"kind": "open"}))


def brought_to(shop: Shop, state: State, desk: str) -> str:
    """A ticket in *state*, made by the desk itself; return its id."""
    ticket = tickets.issue(shop, tickets.Wish(service="collect"))

    def move(what: Move, **said: Any) -> None:
        tickets.move(shop, ticket.id, what, Said(by="kari", **said))

    if state in (State.CALLED, State.SERVING, State.HELD, State.FINISHED):
        tickets.call(shop, ticket.id, desk, by="kari", reason="test")
    if state in (State.SERVING, State.HELD, State.FINISHED):
        move(Move.START)
    last: dict[State, tuple[Move, dict[str, Any]]] = {
        State.HELD: (Move.HOLD, {"until": later(600), "reason": "test"}), State.AWAY: (Move.STEP_AWAY, {"until": later(600)}),
        State.BOOKED: (Move.BOOK, {"until": later(600)}), State.FINISHED: (Move.FINISH, {"outcome": Outcome.SOLVED}),
        State.CANCELLED: (Move.CANCEL, {}), State.EXPIRED: (Move.EXPIRE, {}),
    }  # fmt: skip
    if state in last:
        what, said = last[state]
        move(what, **said)
    assert stored.get(shop.db, ticket.id).state is state
    return ticket.id


def good(answer: TestResponse) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def no(answer: TestResponse, status: int) -> dict[str, Any]:
    """The problem that the answer is."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.content_type == "application/problem+json"
    found: dict[str, Any] = answer.get_json()
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    return found


def _spelt(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
