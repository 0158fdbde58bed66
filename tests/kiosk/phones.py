"""A customer's phone as the application meets it."""

from __future__ import annotations

import re
from html import unescape

from werkzeug.test import TestResponse

from broker.domain.ticket import Ticket
from broker.store import tickets as rows
from tests.kiosk.parts import Screen


class Phone:
    """A phone of a customer: a browser that is paired with nothing, and the page of one ticket."""

    def __init__(self, kiosk: Screen, ticket: Ticket) -> None:
        self.client = kiosk.app.test_client()
        self.shop = kiosk.shop
        self.id, self.address = ticket.id, f"/t/{ticket.token}"

    @property
    def ticket(self) -> Ticket:
        return rows.get(self.shop.db, self.id)

    def page(self, query: str = "", status: int = 200) -> str:
        answer = self.client.get(self.address + query)
        assert answer.status_code == status
        return text_of(answer)

    def tap(self, action: str, *, page: str = "", query: str = "", **fields: str) -> TestResponse:
        """Tap what *page* offers; without one, what the page offers now."""
        html = page or self.client.get(self.address).get_data(as_text=True)
        form = {
            name: found[1] for name in ("csrf_token", "version") if (found := re.search(rf'name="{name}" value="([^"]+)"', html))
        }
        return self.client.post(f"{self.address}/{action}{query}", data=form | fields)

    def offered(self) -> list[str]:
        """What can be done on the page now."""
        return re.findall(r'data-key="(\w+)"', self.client.get(self.address).get_data(as_text=True))


def text_of(answer: TestResponse) -> str:
    return unescape(answer.get_data(as_text=True))


def words(page: str) -> str:
    """What is read on a page, without marks."""
    body = page.split("<body")[1].split("<footer")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", body.split('id="live"')[1].partition(">")[2]).split())
