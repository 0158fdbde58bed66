"""A screen of the customers as the application meets it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from broker.desk import counters, pairing, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Ticket
from broker.shop import Shop

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "icon": "returns", "zone": "entrance",
     "names": {"nb": "Retur", "lv": "Atgriešana"}},
    {"id": "collect", "letter": "C", "name": "Collect", "icon": "bag"},
    {"id": "advice", "letter": "A", "name": "Advice", "icon": "advice"},
)  # fmt: skip
COUNTERS = (
    {"id": "desk-1", "name": "Desk 1", "number": 1, "services": ("returns",)},
    {"id": "desk-2", "name": "The long table", "services": ("collect", "advice")},
)
KEY = "0123456789abcdef" * 2


class Screen:
    """One browser of the shop's customers, with its own cookies."""

    def __init__(self, app: Flask, shop: Shop) -> None:
        self.app = app
        self.shop = shop
        self.client = app.test_client()
        self.id = ""

    def pair(self, role: str = "kiosk", zone: str = "") -> Screen:
        secret = pairing.make_entrance(self.shop, reusable=True, name="Kiosk", role=role, zone=zone)
        screen, token = pairing.enter(self.shop, secret)
        self.client.set_cookie("kiosk-device", token)
        self.id = screen.id
        return self

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **more)

    def page(self, path: str = "/kiosk", status: int = 200) -> str:
        answer = self.get(path)
        assert answer.status_code == status, answer.get_data(as_text=True)[:400]
        return unescape(answer.get_data(as_text=True))

    def post(self, path: str, form: dict[str, str] | None = None, **more: Any) -> TestResponse:
        found = re.search(r'<meta name="csrf" content="([^"]+)">', self.client.get("/kiosk").get_data(as_text=True))
        assert found
        return self.client.post(path, data={"csrf_token": found[1]} | (form or {}), **more)

    def take(self, service: str = "returns", key: str = KEY, **more: str) -> TestResponse:
        """Touch a service."""
        return self.post("/kiosk/tickets", {"service": service, "key": key, **more})

    def given(self) -> list[Ticket]:
        """Every ticket of the shop that has not ended."""
        from broker.store import tickets as rows

        return rows.open_ones(self.shop.db)

    def someone_takes(self, service: str = "returns", **wish: object) -> Ticket:
        return tickets.issue(self.shop, Wish(service=service, **wish))  # type: ignore[arg-type]

    def call(self, counter: str = "desk-1", by: str = "kari") -> Ticket:
        counters.open_(self.shop, counter, by=by)
        called = tickets.call_next(self.shop, counter, by=by)
        assert called is not None
        return called


def card(page: str, service: str) -> str:
    """What stands on the button of a service, without marks."""
    found = re.search(rf'<button class="svc" name="service" value="{service}".*?</button>', page, re.DOTALL)
    assert found, f"no button for {service}"
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())
