"""A shop in which somebody is in every state that a ticket can be in, each with the page of their phone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Page, expect

from broker.desk import cases, tickets
from broker.domain.ticket import Move, Outcome, Said, Ticket
from broker.store import tickets as rows
from tests.browser.counter_parts import Ago
from tests.browser.kiosk_parts import COUNTERS, KioskHouse

PHONE = {"width": 390, "height": 844}
SMALL = {"width": 320, "height": 640}
BASE = "https://q.shop.example"
COUNTERS_OF_PHONES = (*COUNTERS, {"id": "desk-4", "name": "The long table", "services": ("advice",)})


class PhoneHouse(KioskHouse):
    """A shop whose tickets have pages on phones; its clock can be set back, so that a day has a past."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.past = Ago()
        kiosk = {"public_base_url": BASE}
        super().__init__(folder, **({"clock": self.past, "kiosk": kiosk, "counters": COUNTERS_OF_PHONES} | settings))

    def address(self, ticket: Ticket) -> str:
        return f"/t/{ticket.token}"

    def now(self, ticket: Ticket) -> Ticket:
        return rows.get(self.shop.db, ticket.id)

    def called(self, ticket: Ticket, counter: str = "desk-1") -> Ticket:
        """A counter calls this ticket, whoever is next."""
        return tickets.call(self.shop, ticket.id, counter, by=self.kari.id, reason="agreed")

    def served(self, ticket: Ticket, counter: str = "desk-1") -> Ticket:
        self.called(ticket, counter)
        return tickets.move(self.shop, ticket.id, Move.START, Said(by=self.kari.id))

    def held(self, ticket: Ticket, *, seconds: float, reason: str = "stockroom") -> Ticket:
        self.served(ticket, "desk-3")
        until = self.past() + timedelta(seconds=seconds)
        return tickets.move(self.shop, ticket.id, Move.HOLD, Said(by=self.kari.id, until=until, reason=reason))

    def finished(self, ticket: Ticket, outcome: Outcome = Outcome.SOLVED) -> Ticket:
        self.served(ticket, "desk-3")
        return tickets.finish(self.shop, ticket.id, outcome, by=self.kari.id, reason="they know where")

    def missed(self, ticket: Ticket, *, times: int) -> Ticket:
        for _ in range(times):
            self.called(ticket, "desk-3")
            tickets.move(self.shop, ticket.id, Move.MISS, Said(by=self.kari.id))
        return self.now(ticket)


def every_state(house: PhoneHouse, language: str = "en") -> dict[str, Ticket]:
    """Put somebody into every state and return them by its name, as they stand."""

    def take(ago: float = 120, service: str = "returns", told: tuple[float, float] | None = (300, 600)) -> Ticket:
        house.past.seconds = ago
        ticket = house.takes(service, language, told=told)
        house.past.seconds = 0
        return ticket

    made = {"longer": take(900, told=(120, 300)), "called": take(400), "serving": take(390), "held": take(380), "late": take(370)}
    made |= {name: take(360) for name in ("finished", "unsolved", "cancelled", "lost", "missed", "away")}
    made |= {"booked": take(100, "collect"), "waiting": take(60), "last": take(5, "advice", None)}
    house.past.seconds = 200
    house.held(made["late"], seconds=120, reason="She is upset, careful")
    house.past.seconds = 0
    house.held(made["held"], seconds=300)
    house.finished(made["finished"])
    house.past.seconds = 30
    house.finished(made["unsolved"], Outcome.NOT_SOLVED)
    house.past.seconds = 0
    tickets.move(house.shop, made["cancelled"].id, Move.CANCEL)
    house.missed(made["lost"], times=2)
    house.missed(made["missed"], times=1)
    tickets.move(house.shop, made["away"].id, Move.STEP_AWAY, Said(until=house.past() + timedelta(minutes=10)))
    tickets.move(house.shop, made["booked"].id, Move.BOOK, Said(until=house.past() + timedelta(minutes=50)))
    house.called(made["called"], "desk-1")
    house.served(made["serving"], "desk-2")
    cases.call_lead(house.shop, made["serving"].id, happened="It broke", tried="Another one", wanted="The money", by=house.kari.id)
    return {name: house.now(ticket) for name, ticket in made.items()}


def opened(page: Page, house: PhoneHouse, ticket: Ticket, *, query: str = "") -> Page:
    """Open the page of *ticket* and wait until its script is at work."""
    page.goto(house.address(ticket) + query)
    expect(page.locator("h1")).to_be_visible()
    return page
