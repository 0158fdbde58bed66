"""What the tests of the counter share: a shop with two counters, people who hold numbers, and a tablet at a counter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from broker.desk import cases, counters, people, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Channel, Move, Said, State, Ticket
from broker.settings import QueueSettings
from broker.shop import Shop
from broker.shop import now as real_time
from broker.store import tickets as stored
from tests.browser.house import House, Watch

SERVICES = (
    {"id": "returns", "letter": "A", "name": "Returns", "zone": "entrance", "names": {"nb": "Retur", "lv": "Preču atgriešana"}},
    {"id": "collect", "letter": "C", "name": "Collect", "names": {"nb": "Hente", "lv": "Saņemšana"}},
    {"id": "repairs", "letter": "R", "name": "Repairs", "names": {"nb": "Reparasjon", "lv": "Remonts"}},
)
COUNTERS = (
    {"id": "desk-3", "name": "Desk 3", "services": ("returns", "collect")},
    {"id": "desk-1", "name": "Desk 1", "services": ("repairs", "returns")},
)
HEARD = "The zip of this jacket broke after two days. I would like the same one in medium, not the money."


class Ago:
    """The real clock, which can be set back so that a day has a past."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return real_time() - timedelta(seconds=self.seconds)


@pytest.fixture
def past() -> Ago:
    return Ago()


@pytest.fixture
def counter_house(make_house: Callable[..., House], past: Ago) -> House:
    """A shop with two counters; at Desk 3 stands Kari, at Desk 1 Jonas."""
    house = make_house(clock=past, services=SERVICES, counters=COUNTERS, queues=QueueSettings(recall_every_seconds=8))
    for name, counter in (("Kari", "desk-3"), ("Jonas", "desk-1")):
        counters.open_(house.shop, counter, by=house.person(name).id)
    return house


@pytest.fixture
def counter_eyes(counter_house: House, watch_over: Callable[[House], Watch]) -> Watch:
    """Watched browsers for the shop."""
    return watch_over(counter_house)


def take(shop: Shop, service: str = "returns", *, told: tuple[float, float] | None = None, language: str = "en") -> Ticket:
    """Somebody takes a number."""
    return tickets.issue(shop, Wish(service=service, channel=Channel.PHONE, told=told, language=language))


def state(house: House, ticket: Ticket) -> State:
    return stored.get(house.shop.db, ticket.id).state


def at_counter(house: House, watch: Watch, name: str = "Kari", counter: str = "desk-3", **wishes: object) -> Page:
    """A tablet at *counter* with *name* signed in."""
    context = watch.context(**wishes)
    house.sign_in(context, name)
    page = context.new_page()
    page.add_init_script(f"localStorage.setItem('greetline.counter', '{counter}')")
    page.goto("/counter")
    expect(page.locator("aside")).to_be_visible()
    expect(page.locator("#link")).to_contain_text(":")
    return page


def busy_day(house: House, past: Ago, language: str = "en") -> Ticket:
    """Everything at once: on hold and called elsewhere, to be called back, away, waiting, and somebody with Kari, recap and all."""
    shop, kari, jonas = house.shop, house.person("Kari"), house.person("Jonas")
    people.speak(shop, kari.id, language)

    def at(seconds: float, service: str = "returns", told: tuple[float, float] = (300, 600), language: str = "en") -> Ticket:
        past.seconds = seconds
        return take(shop, service, told=told, language=language)

    held = at(860)
    tickets.call(shop, held.id, "desk-1", by=jonas.id)
    tickets.move(shop, held.id, Move.START, Said(by=jonas.id))
    tickets.move(shop, held.id, Move.HOLD, Said(by=jonas.id, until=past() + timedelta(seconds=980), reason="stockroom"))
    here = at(412, language="lv")
    booked = at(380, "collect")
    tickets.move(shop, booked.id, Move.BOOK, Said(until=past() + timedelta(seconds=1200)))
    at(370, told=(120, 300))
    repaired = at(332, "repairs")
    tickets.call(shop, repaired.id, "desk-1", by=jonas.id, reason="quick")
    tickets.move(shop, repaired.id, Move.START, Said(by=jonas.id))
    at(245)
    away = at(100, "collect", told=(120, 180))
    tickets.move(shop, away.id, Move.STEP_AWAY, Said(until=past() + timedelta(seconds=600)))
    past.seconds = 74
    tickets.call(shop, here.id, "desk-3", by=kari.id)
    past.seconds = 60
    tickets.move(shop, here.id, Move.START, Said(by=kari.id))
    cases.write_recap(
        shop, here.id, heard=HEARD, has="Receipt from 18 November", tried="Nothing yet", next_="Look in the stockroom", by=kari.id
    )
    cases.confirm_recap(shop, here.id, said_yes=True, by=kari.id)
    past.seconds = 0
    return here
