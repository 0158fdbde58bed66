"""What the tests of the floor share: a shop whose service runs, cameras that watch, and a tablet with somebody on it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Locator, Page, Route

from broker.desk import alerts, devices, visits, zones
from broker.domain import visit as rules
from broker.domain.visit import Move, Visit
from broker.settings import CameraSettings, LineSettings, StandardsSettings
from broker.shop import Shop, open_shop
from broker.store import devices as watches
from broker.store import journal
from broker.store.database import change
from tests.browser.house import House, Watch

CAMERAS = tuple(
    CameraSettings(
        id=zone, name=name, source="scene:calm", lines=(LineSettings(zone=zone, points=((0, 0.5), (1, 0.5)), inside="down"),)
    )
    for zone, name in (("entrance", "Front door"), ("kids", "Kids door"), ("shoes", "Back door"))
)
QUICK = StandardsSettings(
    warn_seconds=1, greet_within_seconds=2, escalate_seconds=4, call_lead_seconds=6, abandon_seconds=600, claim_seconds=60
)
"""Promises short enough to wait for."""


class Service:
    """The part of the running service that a floor screen depends on: it says that it runs and makes due moves."""

    def __init__(self, house: House) -> None:
        self._shop = open_shop(house.settings)
        self._end = threading.Event()
        self._next = 0.0
        self._thread = threading.Thread(target=self._run, name="service", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._end.wait(0.05):
            self._says_that_it_runs()
            for due in (visits.run_due, alerts.run_due, zones.run_due):
                due(self._shop)
        self._shop.db.conn.close()

    def _says_that_it_runs(self) -> bool:
        """Say it once a second, however long a turn takes; return whether it was time."""
        if (now := time.monotonic()) < self._next:
            return False
        self._next = now + 1
        devices.heard(self._shop, devices.SERVICE, kind="service", watch="watching", since=self._shop.clock())
        return True

    def stop(self) -> None:
        """Fall silent, without a goodbye."""
        self._end.set()
        self._thread.join(20)


def watching(shop: Shop, *cameras: str) -> None:
    """Let *cameras* say that they watch."""
    for camera in cameras or ("entrance", "kids", "shoes"):
        devices.heard(shop, camera, watch="watching", since=shop.clock(), zones=(camera,))


def gone(shop: Shop, camera: str, *, minutes: float = 0) -> None:
    """Let the line to *camera* be lost, that long ago."""
    since = shop.clock() - timedelta(minutes=minutes)
    if known := watches.find(shop.db, camera):
        watches.save(shop.db, replace(known, heard_at=min(known.heard_at, since)))
    devices.heard(shop, camera, watch="offline", since=since, reason="the line was lost", zones=(camera,))


def came_in(shop: Shop, zone: str = "entrance", *, ago: float = 0, size: int = 1) -> Visit:
    """Somebody came in *ago* seconds ago."""
    visit = visits.add(shop, zone=zone, by="door", size=size, ago=ago)
    assert visit is not None
    return visit


def was_greeted(shop: Shop, *, ago: float, after: float, by: str, zone: str = "entrance", size: int = 1) -> Visit:
    """Somebody came in *ago* seconds ago and was greeted *after* seconds: the day as it would stand in the store."""
    t0 = shop.clock() - timedelta(seconds=ago)
    visit = rules.opened(id=visits.new_id(), zone=zone, t0=t0, heard_at=t0, standards=shop.standards, device="door", size=size)
    with change(shop.db):
        # One transaction: the running service would otherwise end a visit of an hour ago as soon as it is there.
        visits.open_(shop, visit, t0, by="door")
        return visits.make(shop, visit, Move.ACKNOWLEDGE, t0 + timedelta(seconds=after), by=by)


@pytest.fixture
def service() -> Iterator[Callable[[House], Service]]:
    """Starts the service of a house."""
    running: list[Service] = []

    def start(house: House) -> Service:
        running.append(Service(house))
        return running[-1]

    yield start
    for each in running:
        each.stop()


@pytest.fixture
def floor_house(make_house: Callable[..., House], service: Callable[[House], Service]) -> House:
    """An open shop with three doors that are watched, and short promises."""
    house = make_house(cameras=CAMERAS, standards=QUICK)
    watching(house.shop)
    house.running = service(house)  # type: ignore[attr-defined]
    return house


@pytest.fixture
def eyes(floor_house: House, watch_over: Callable[[House], Watch]) -> Watch:
    """Watched browsers for the shop."""
    return watch_over(floor_house)


def tablet(house: House, watch: Watch, name: str = "Kari", *, zone: str = "", path: str = "/floor", **wishes: object) -> Page:
    """A tablet on which *name* has begun the shift, and which shows the floor."""
    context: BrowserContext = watch.context(**wishes)
    if zone:
        house.pair(context, zone=zone)
    house.sign_in(context, name)
    page = context.new_page()
    page.goto(path)
    page.locator("#shift [data-part=start]").click()
    until(page, "document.querySelector('#link').textContent.includes(':')")
    return page


def until(page: Page, script: str, *, seconds: float = 20) -> None:
    """Wait until *script* is true on *page*. Playwright's own waiting would be stopped by the page's content policy."""
    ends = time.monotonic() + seconds
    while not _true(page, script):
        assert time.monotonic() < ends, f"{script} did not become true within {seconds} s"
        page.wait_for_timeout(50)


def _true(page: Page, script: str) -> bool:
    try:
        return bool(page.evaluate(script))
    except Error as gone:
        if "context was destroyed" not in gone.message:
            raise
        # The page is just being loaded anew, which may be what is waited for.
        return False


def stands(said: Callable[[], object], *, seconds: float = 20) -> bool:
    """Wait until the store says so: a button answers at once, the server a moment later."""
    ends = time.monotonic() + seconds
    while not said():
        if time.monotonic() > ends:
            return False
        time.sleep(0.05)
    return True


def moves_of(house: House, visit: Visit) -> list[str]:
    """What the shop has written down of *visit*."""
    return [str(fact.body.get("move")) for fact in journal.about(house.shop.db, visit.id)]


def a_moment_later(shop: Shop) -> None:
    """Wait until the clock of *shop* shows another time: what happens next is later than what happened before."""
    before = shop.clock()
    while shop.clock() - before < timedelta(milliseconds=2):
        time.sleep(0.001)


def notes(page: Page) -> None:
    """Let *page* write down by itself every look that a card has from now on: some are gone before anybody asks."""
    page.evaluate("""() => {
      window.looks = {};
      const look = () => {
        for (const card of document.querySelectorAll(".visit[data-key]")) {
          const seen = (window.looks[card.dataset.key] ??= []), words = card.querySelector(".state")?.textContent ?? "";
          const now = `${card.dataset.s}: ${words.replace(/\\s+/g, " ").trim()}`;
          if (seen.at(-1) !== now) seen.push(now);
        }
      };
      new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
      look();
    }""")


def looks_of(page: Page, visit: Visit, last: str) -> list[str]:
    """Wait until the card of *visit* has had the look *last*, and return every look that it had, as "state: words"."""
    until(page, f"(window.looks['{visit.id}'] ?? []).includes({last!r})")
    noted: list[str] = page.evaluate(f"window.looks['{visit.id}']")
    return noted


def heard(page: Page, kept: list[Any], count: int = 1) -> None:
    """Wait until a handler of *page* has kept so much: handlers are called only while the page is waited for."""
    ends = time.monotonic() + 20
    while len(kept) < count:
        assert time.monotonic() < ends, f"{len(kept)} of {count} came"
        page.wait_for_timeout(20)


def let_go(page: Page, held: list[Route], count: int = 1) -> None:
    """Let *count* requests that a route holds back go on, the last first, once all of them have come."""
    heard(page, held, count)
    for route in reversed(held):
        route.continue_()


def card(page: Page, visit: Visit) -> Locator:
    """The card of *visit* on *page*."""
    return page.locator(f'.visit[data-key="{visit.id}"]')
