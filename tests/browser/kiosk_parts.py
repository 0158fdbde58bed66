"""A shop whose customers' screens are served, and the screens that stand in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from broker.desk import counters, pairing, people, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Ticket
from broker.settings import Settings
from broker.shop import Shop
from kiosk.app import create
from kiosk.voice.speaker import Voice
from tests.browser.house import PIN, House, Watch

NAMES = {
    "returns": ("Returns and exchange", "Retur og bytte", "Ruilen en retour", "Pulang dan tukar", "Atgriešana un maiņa"),
    "collect": ("Collect an order", "Hente bestilling", "Bestelling afhalen", "Ambil pesanan", "Saņemt pasūtījumu"),
    "fitting": ("Fitting rooms", "Prøverom", "Paskamers", "Bilik persalinan", "Pielaikošanas kabīnes"),
    "repairs": ("Repairs", "Reparasjon", "Reparatie", "Pembaikan", "Remonts"),
    "advice": ("Advice", "Råd og hjelp", "Advies", "Nasihat", "Konsultācija"),
    "gifts": ("Gift cards", "Gavekort", "Cadeaubonnen", "Kad hadiah", "Dāvanu kartes"),
}  # fmt: skip
ICONS = {"returns": "returns", "collect": "bag", "fitting": "hanger", "repairs": "wrench", "advice": "advice", "gifts": "gift"}
LANGUAGES = ("en", "nb", "nl", "ms", "lv")
SERVICES = tuple(
    {"id": each, "letter": letter, "name": names[0], "icon": ICONS[each], "zone": "entrance",
     "names": dict(zip(LANGUAGES, names, strict=True))}
    for letter, (each, names) in zip("RCFWAG", NAMES.items(), strict=True)
)  # fmt: skip
COUNTERS = tuple({"id": f"desk-{n}", "name": f"Desk {n}", "number": n} for n in (1, 2, 3))
UPRIGHT = {"width": 1080, "height": 1920}
TABLET = {"width": 800, "height": 1280}
WALL = {"width": 1920, "height": 1080}


def stopped(page: Page) -> Page:
    """From here on the time of *page*, whose clock is installed, goes on only when it is turned, however long a test takes."""
    page.clock.pause_at(page.evaluate("Date.now() / 1000") + 1)
    return page


class KioskHouse(House):
    """A shop with six services and three counters, the customers' screens served."""

    def __init__(self, folder: Path, **settings: object) -> None:
        super().__init__(folder, **({"opened": self._opened, "services": SERVICES, "counters": COUNTERS} | settings))  # type: ignore[arg-type]
        self.kari = self.person()

    def _opened(self, settings: Settings, *, shop: Shop | None = None) -> Flask:
        app = create(settings, shop=shop)
        self._voice: Voice = app.extensions["greetline-voice"]
        return app

    def close(self) -> None:
        super().close()
        self._voice.close()

    def stand(self, context: BrowserContext, role: str = "kiosk", name: str = "Kiosk") -> str:
        """Make the browser *context* a paired screen of the customers and return the screen's id."""
        secret = pairing.make_entrance(self.shop, reusable=True, name=name, role=role)
        screen, token = pairing.enter(self.shop, secret)
        self._put(context, "kiosk-device", token)
        return screen.id

    def person(self, name: str = "Kari", *, role: str = "staff", pin: str = PIN, language: str = "") -> people.Person:
        """Somebody who works here. No PIN is ever typed on these screens, so it may be hashed once."""
        return super().person(name, role=role, pin=pin, language=language)

    def takes(self, service: str = "returns", language: str = "en", **wish: object) -> Ticket:
        """Somebody else takes a ticket."""
        return tickets.issue(self.shop, Wish(service=service, language=language, **wish))  # type: ignore[arg-type]

    def calls(self, counter: str = "desk-1") -> Ticket:
        """A counter that is open calls whoever is next."""
        counters.open_(self.shop, counter, by=self.kari.id)
        ticket = tickets.call_next(self.shop, counter, by=self.kari.id)
        assert ticket is not None
        return ticket


@pytest.fixture
def make_kiosk(tmp_path: Path) -> Iterator[Callable[..., KioskHouse]]:
    """Opens shops with customers' screens; each gets a folder of its own."""
    houses: list[KioskHouse] = []

    def make(**settings: object) -> KioskHouse:
        houses.append(KioskHouse(tmp_path / f"shop{len(houses)}", **settings))
        return houses[-1]

    yield make
    for house in houses:
        house.close()


@pytest.fixture
def kiosk_house(make_kiosk: Callable[..., KioskHouse]) -> KioskHouse:
    return make_kiosk()


@pytest.fixture
def kiosk_watch(chromium: Browser, kiosk_house: KioskHouse) -> Iterator[Watch]:
    """Watched browsers of `kiosk_house`."""
    watch = Watch(chromium, kiosk_house)
    yield watch
    watch.close()


@pytest.fixture
def touch(kiosk_house: KioskHouse, kiosk_watch: Watch) -> Page:
    """A page on a paired touch screen, upright; it begins on nothing."""
    context = kiosk_watch.context(viewport=UPRIGHT)
    kiosk_house.stand(context)
    return context.new_page()


@pytest.fixture
def wall(kiosk_house: KioskHouse, kiosk_watch: Watch) -> Page:
    """A page on a paired wall, lying."""
    context = kiosk_watch.context(viewport=WALL)
    kiosk_house.stand(context, "display", "Wall")
    return context.new_page()
