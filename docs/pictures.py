"""The shops whose screens stand in the docs: a Saturday of made-up people, lived through with the functions the service calls.

`docs/screenshots.py` takes the pictures.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import tomlkit
from flask import Flask
from playwright.sync_api import Browser, BrowserContext

from broker.desk import alerts, arrivals, counters, devices, pairing, passwords, people, shifts, tickets, visits
from broker.desk.tickets import Wish
from broker.domain.arrivals import Crossed
from broker.domain.ticket import Channel, Move, Said, Ticket
from broker.domain.visit import Visit
from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from broker.store import visits as stored
from broker.store.people import Screen
from broker.web.server import Server
from deploy.shop_services import SERVICES

TABLET: Final = {"width": 1366, "height": 900}
BUSY: Final = datetime(2026, 11, 21, 13, 5, 12, tzinfo=UTC)
"""Five past two on a Saturday in Oslo."""
QUIET: Final = datetime(2026, 11, 21, 10, 42, 31, tzinfo=UTC)
OPENS: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PIN: Final = "2580"
STAFF: Final = (
    ("Kari", "staff"), ("Jonas", "staff"), ("Maria", "lead"), ("Ahmed", "staff"), ("Ingrid", "staff"), ("Sofie", "manager"),
)  # fmt: skip
DOORS: Final = {"entrance": "entrance", "fitting": "fitting", "back": "shoes"}
"""Camera -> the zone its door opens into."""
ZONES: Final = ("entrance", "shoes", "fitting", "kids")
NAMES: Final = {
    "en": ("Entrance", "Shoes", "Fitting rooms", "Kids", "Back door", "Desk"),
    "nb": ("Inngang", "Sko", "Prøverom", "Barn", "Bakdør", "Skranke"),
    "nl": ("Ingang", "Schoenen", "Paskamers", "Kinderen", "Achterdeur", "Balie"),
    "ms": ("Pintu masuk", "Kasut", "Bilik persalinan", "Kanak-kanak", "Pintu belakang", "Kaunter"),
    "lv": ("Ieeja", "Apavi", "Pielaikošanas kabīnes", "Bērniem", "Sētas durvis", "Lete"),
}
"""Language -> what this shop calls its zones, its back door and a counter."""


class Day:
    """One shop on one day. Its clock runs on from *now*; what is in the past is lived at its own moment."""

    def __init__(self, folder: Path, now: datetime, language: str = "en") -> None:
        """Open the shop in *folder*, with everybody who works there; its words are in *language*."""
        self.now, self.language = now, language
        began = time.monotonic()
        *zones, back, desk = NAMES[language]
        called = dict(zip(ZONES, zones, strict=True))
        said = {
            "store": {"id": "oslo-city", "name": "Oslo City", "data": "var", "language": language},
            "opening": {day: ["10:00-20:00"] for day in ("mon", "tue", "wed", "thu", "fri")} | {"sat": ["10:00-18:00"]},
            "zones": [{"id": zone, "name": name} for zone, name in called.items()],
            "cameras": [_camera(camera, called.get(camera, back), zone) for camera, zone in DOORS.items()],
            "services": SERVICES[:3],
            "counters": [{"id": f"desk-{n}", "name": f"{desk} {n}", "number": n} for n in (1, 2, 3)],
        }
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "greetline.toml"
        self.file.write_text(tomlkit.dumps(said), encoding="utf-8")
        self.settings = read(Settings, self.file, environment={})
        self.shop = open_shop(self.settings, clock=lambda: now + timedelta(seconds=time.monotonic() - began))
        self.people = [people.add(self.shop, name, role=role, pin=PIN, by="pictures") for name, role in STAFF]
        self._n = 0

    def at(self, moment: datetime) -> Shop:
        """Return the shop as it was at *moment*."""
        return replace(self.shop, clock=lambda: moment)

    def ago(self, seconds: float) -> Shop:
        """Return the shop as it was so many seconds ago."""
        return self.at(self.now - timedelta(seconds=seconds))

    def comes_in(self, camera: str, moment: datetime, *, size: int = 1, zone: str | None = None) -> Visit:
        """Let a party of *size* walk past *camera*, and on into *zone* if given."""
        party = f"p-{self._n + 1}"
        news = []
        for _ in range(size):
            self._n += 1
            news.append(
                Crossed(
                    event=f"e-{self._n}", device=camera, at=moment, zone=DOORS[camera], line="door", inward=True,
                    party=party, decided_at=moment,
                )
            )  # fmt: skip
        arrivals.take(self.at(moment), news)
        visit = next(found for found in _waiting(self.shop) if found.party == party)
        return visits.send(self.at(moment), visit.id, zone=zone, by=self.people[0].id) if zone else visit

    def is_greeted(self, visit: Visit, *, after: float, by: int) -> None:
        """Let somebody say hello *after* so many seconds."""
        visits.greet(self.at(visit.t0 + timedelta(seconds=after)), visit.id, by=self.people[by].id)

    def passes(self, begin: datetime) -> None:
        """Let the clock make its moves, second by second, from *begin* until now."""
        while begin <= self.now:
            shop = self.at(begin)
            visits.run_due(shop)
            alerts.run_due(shop)
            begin += timedelta(seconds=1)

    def morning(self, count: int, until: datetime) -> None:
        """Live through *count* greetings from opening until *until*; about one in twenty-five came late."""
        chance = random.Random(7)  # noqa: S311 - the same picture every time, not a secret
        for moment in sorted(OPENS + (until - OPENS) * chance.random() for _ in range(count)):
            visit = self.comes_in(chance.choices(list(DOORS), (6, 3, 1))[0], moment, size=chance.choices((1, 2, 3), (6, 3, 1))[0])
            late = chance.random() < 1 / 25
            self.is_greeted(visit, after=chance.uniform(33, 52) if late else chance.triangular(5, 30, 16), by=chance.randrange(5))

    def watch(self, *, blind: str = "") -> None:
        """Let the service and every camera say that they are well; all but the *blind* one."""
        shop = self.shop
        devices.heard(shop, devices.SERVICE, kind="service", watch="watching", since=OPENS)
        for camera, zone in DOORS.items():
            since = self.now - timedelta(minutes=7)
            watch = "offline" if camera == blind else "watching"
            devices.heard(shop, camera, watch=watch, since=since, zones=(zone,), reason="the line was lost" if blind else "")


def _camera(camera: str, name: str, zone: str) -> dict[str, Any]:
    line = {"id": "door", "zone": zone, "points": [[0.1, 0.5], [0.9, 0.5]], "inside": "down"}
    return {"id": camera, "name": name, "source": "scene:calm", "lines": [line]}


def numbers(day: Day) -> Ticket:
    """Let people take numbers; somebody is with Kari at desk 3, somebody on hold with Jonas. Return the one who waits longest."""
    kari, jonas = (person.id for person in day.people[:2])
    for person, counter in ((kari, "desk-3"), (jonas, "desk-1")):
        counters.open_(day.ago(2400), counter, by=person)

    def take(seconds: float, service: str, told: tuple[float, float]) -> Ticket:
        return tickets.issue(day.ago(seconds), Wish(service=service, language=day.language, channel=Channel.PHONE, told=told))

    held, here = take(860, "returns", (300, 600)), take(512, "returns", (300, 600))
    first = take(380, "collect", (300, 600))
    for seconds, service in ((245, "returns"), (160, "repairs"), (70, "collect")):
        take(seconds, service, (300, 600))
    tickets.call(day.ago(700), held.id, "desk-1", by=jonas)
    tickets.move(day.ago(680), held.id, Move.START, Said(by=jonas))
    tickets.move(day.ago(90), held.id, Move.HOLD, Said(by=jonas, until=day.now + timedelta(seconds=400), reason="stockroom"))
    tickets.call(day.ago(100), here.id, "desk-3", by=kari)
    tickets.move(day.ago(81), here.id, Move.START, Said(by=kari))
    return first


def _waiting(shop: Shop) -> list[Visit]:
    return stored.open_ones(shop.db)


def busy(folder: Path, language: str = "en") -> Day:
    """Five past two: four wait in Shoes and the lead was called, one door is not watched."""
    day = Day(folder, BUSY, language)
    day.morning(206, BUSY - timedelta(seconds=150))
    ago = lambda seconds: BUSY - timedelta(seconds=seconds)  # noqa: E731 - reads as it is said
    for seconds, size in ((94, 2), (71, 1), (48, 1), (27, 3)):
        day.comes_in("entrance", ago(seconds), size=size, zone="shoes")
    day.comes_in("fitting", ago(41))
    mine = day.comes_in("entrance", ago(35))
    day.comes_in("entrance", ago(22), size=2)
    day.comes_in("entrance", ago(8), zone="kids")
    day.passes(ago(95))
    visits.claim(day.shop, mine.id, by=day.people[0].id)
    day.watch(blind="back")
    return day


def calm(folder: Path, language: str = "en") -> Day:
    """A quiet morning: everybody was greeted, every door is watched."""
    day = Day(folder, QUIET, language)
    day.morning(102, QUIET - timedelta(seconds=90))
    day.watch()
    return day


@contextmanager
def served(day: Day, app: Flask) -> Iterator[str]:
    """Serve *app*, screens of *day*, on a free port and give their address."""
    server = Server(app, host="127.0.0.1", port=0, max_streams=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(10)
        day.shop.db.conn.close()


def screen(browser: Browser, day: Day, url: str, role: str, *, who: str = "", **wishes: Any) -> BrowserContext:
    """Return a paired screen with *who* on shift, if somebody is. *wishes* are playwright's, such as color_scheme="dark"."""
    context = browser.new_context(base_url=url, **{"viewport": TABLET, "reduced_motion": "reduce"} | wishes)
    secret = pairing.make_entrance(day.shop, reusable=True, name=role, role=role)
    here, token = pairing.enter(day.shop, secret)
    cookies = {"kiosk-device" if role in ("kiosk", "display") else "device": token}
    if who:
        cookies["shift"] = _begun(day, who, here)
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return context


def _begun(day: Day, who: str, here: Screen) -> str:
    person = next(each for each in day.people if each.name == who)
    people.speak(day.shop, person.id, day.language)
    if not passwords.stands_in_the_office(here):
        return shifts.begin(day.shop, person, here, shifts.Proof.PIN)
    if not passwords.has(day.shop, person):
        passwords.choose(day.shop, person, passwords.new_password())
    return shifts.begin(day.shop, person, here, shifts.Proof.PASSWORD)
