"""A shop with counters, and a tablet that stands at one of them."""

from __future__ import annotations

from typing import Any

from werkzeug.test import TestResponse

from broker.desk import counters, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Channel, State, Ticket
from broker.shop import Shop
from broker.store import tickets as stored
from tests.dashboard.test_floor_api import Tablet

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "zone": "entrance", "names": {"nb": "Retur"}},
    {"id": "collect", "letter": "C", "name": "Collect"},
)
COUNTERS = (
    {"id": "desk-1", "name": "Desk 1"}, {"id": "desk-2", "name": "Desk 2"},
    {"id": "desk-3", "name": "Desk 3", "services": ("collect",)},
)  # fmt: skip


class Counter(Tablet):
    """A tablet that stands at a counter which is open."""

    def __init__(self, shop: Shop, name: str, at: str, *, language: str = "") -> None:
        super().__init__(shop, name, language=language)
        self.at = at
        counters.open_(shop, at, by=self.person.id)

    def say(self, path: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> TestResponse:
        return self.post(f"/counters/{self.at}/{path}", body, key=key)

    def do(self, ticket: Ticket, what: str, body: dict[str, Any] | None = None, *, key: str | None = None) -> TestResponse:
        return self.say(f"tickets/{ticket.id}/{what}", body, key=key)

    def row(self) -> dict[str, Any]:
        answer = self.client.get(f"/api/v1/counters/{self.at}")
        assert answer.status_code == 200
        found: dict[str, Any] = answer.get_json()
        return found


def a_ticket(shop: Shop, service: str = "returns", **wish: Any) -> Ticket:
    return tickets.issue(shop, Wish(service=service, channel=Channel.PHONE, **wish))


def served(shop: Shop, kari: Counter, service: str = "returns") -> Ticket:
    ticket = a_ticket(shop, service)
    assert kari.say("call", {"ticket": ticket.id, "reason": "test"}).status_code == 200
    assert kari.do(ticket, "start").status_code == 200
    return ticket


def state(shop: Shop, ticket: Ticket) -> State:
    return stored.get(shop.db, ticket.id).state


def refused(answer: TestResponse, status: int, words: str) -> dict[str, Any]:
    """Fail unless *answer* is problem+json of *status* whose detail says *words*; return it."""
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json"), answer.get_data(as_text=True)
    body: dict[str, Any] = answer.get_json()
    assert words in body["detail"].replace("\u00a0", " "), body["detail"]
    return body
