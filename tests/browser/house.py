"""A shop with its screens served for real, and the eyes that watch a browser."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page

from broker.desk import pairing, people
from broker.desk.people import Person
from broker.settings import DashboardSettings, Settings, StoreSettings
from broker.shop import Shop, open_shop
from broker.shop import now as real_time
from broker.web.server import CannotListen, Server
from dashboard.app import create
from tests.builders import ZONES, TurnableClock, new_store
from tests.web.parts import begun

PIN = "2580"
STARTS_WITHIN_SECONDS = 20
PATIENCE_MS = 20_000
"""Of whoever waits for a page: a machine that does much else draws late. It costs nothing where the page comes."""
NOON_NOW = f"Etc/GMT{datetime.now(UTC).hour - 12:+d}" if datetime.now(UTC).hour != 12 else "Etc/GMT"
"""A zone in which it is about noon: a shop that goes by the real time has a morning behind it, and no midnight near.

The signs of these zones are those of POSIX: what is east of Greenwich is below nought.
"""
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class House:
    """One shop: a real store in *folder*, served by a real waitress on a free port of 127.0.0.1."""

    def __init__(
        self, folder: Path, *, clock: Callable[..., object] = real_time, opened: Callable[..., Flask] = create, **settings: object
    ) -> None:
        zone = {} if isinstance(clock, TurnableClock) else {"timezone": NOON_NOW}
        chosen = {
            "store": StoreSettings(id="oslo-city", name="Oslo City", data=folder, **zone),
            "zones": ZONES,
            "dashboard": DashboardSettings(max_streams=12),
        } | settings
        self._chosen, self._app_of = chosen, opened
        self.settings = Settings.model_validate(chosen)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        new_store(folder)
        self.shop: Shop = open_shop(self.settings, clock=clock)  # type: ignore[arg-type]
        self._serve(0)
        self.url = f"http://127.0.0.1:{self.server.port}"

    def begin_anew(self, **settings: object) -> None:
        """Serve the same store with *settings* changed, at the same address, as a program does that was started again."""
        port = self.server.port
        self._stop()
        self._chosen |= settings
        self.settings = Settings.model_validate(self._chosen)
        self.shop = Shop(self.shop.db, self.shop.clock, self.settings)
        self._serve(port)

    def close(self) -> None:
        self._stop()
        self.shop.db.conn.close()

    def _serve(self, port: int) -> None:
        app = self._app_of(self.settings, shop=self.shop)
        self.server = self._listening(app, port)
        self._thread = threading.Thread(target=self.server.run, name="house", daemon=True)
        self._thread.start()

    def _listening(self, app: Flask, port: int) -> Server:
        ends = time.monotonic() + STARTS_WITHIN_SECONDS
        while True:
            try:
                return Server(app, host="127.0.0.1", port=port, max_streams=self.settings.dashboard.max_streams)
            except CannotListen:
                # Between two servers a line of another program may have been given the same port.
                if time.monotonic() > ends:
                    raise
                time.sleep(0.05)

    def _stop(self) -> None:
        self.server.stop()
        self._thread.join(STARTS_WITHIN_SECONDS)
        assert not self._thread.is_alive(), "the server did not stop"

    def person(self, name: str = "Kari", *, role: str = "staff", pin: str = PIN, language: str = "") -> Person:
        """Somebody who works here, added if not there yet."""
        known = people.named(self.shop, name)
        return known or people.add(self.shop, name, role=role, pin=pin, by="test", language=language)

    def pair(self, context: BrowserContext, *, name: str = "Floor tablet", role: str = "staff", zone: str = "") -> str:
        """Make the browser *context* a paired screen and return the screen's id."""
        secret = pairing.make_entrance(self.shop, reusable=False, name=name, role=role, zone=zone)
        self.person()
        screen, token = pairing.enter(self.shop, secret)
        self._put(context, "device", token)
        return screen.id

    def sign_in(self, context: BrowserContext, name: str = "Kari", *, role: str = "staff", pin: str = PIN) -> Person:
        """Pair *context* if it is not yet, and sign somebody in on it, without a page."""
        person = self.person(name, role=role, pin=pin)
        screen = self._screen_of(context) or self.pair(context, role="manager" if role == "manager" else "staff")
        here = next(each for each in pairing.screens(self.shop) if each.id == screen)
        self._put(context, "shift", begun(self.shop, person, here))
        return person

    def _screen_of(self, context: BrowserContext) -> str:
        token = next((cookie["value"] for cookie in context.cookies(self.url) if cookie["name"] == "device"), "")
        screen = pairing.recognised(self.shop, token) if token else None
        return screen.id if screen else ""

    def _put(self, context: BrowserContext, name: str, value: str) -> None:
        context.add_cookies([{"name": name, "value": value, "url": self.url, "httpOnly": True, "sameSite": "Strict"}])


class Watch:
    """Keeps what went wrong in the browsers of a test: errors on the console, requests that left the shop."""

    def __init__(self, browser: Browser, house: House) -> None:
        self._browser = browser
        self._house = house
        self._expected: list[str] = []
        self.errors: list[str] = []
        self.foreign: list[str] = []
        self.contexts: list[BrowserContext] = []

    def context(self, **wishes: object) -> BrowserContext:
        """A fresh browser, watched. *wishes* are playwright's, such as color_scheme="dark"."""
        wishes = {"base_url": self._house.url, "viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | wishes
        context = self._browser.new_context(**wishes)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE_MS)
        context.on("request", lambda request: self._asked(request.url))
        context.on("page", self._watch)
        self.contexts.append(context)
        return context

    def expect_error(self, part: str) -> None:
        """Errors with *part* in their text belong to this test."""
        self._expected.append(part)

    def _watch(self, page: Page) -> None:
        page.on("console", lambda said: said.type == "error" and self._said(f"{said.text} ({said.location.get('url', '')})"))
        page.on("pageerror", lambda error: self._said(str(error)))

    def _said(self, text: str) -> None:
        self.errors.append(text)

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and f"{parts.scheme}://{parts.netloc}" != self._house.url:
            self.foreign.append(url)

    def close(self) -> None:
        for context in self.contexts:
            context.close()
        unexpected = [error for error in self.errors if not any(part in error for part in self._expected)]
        assert not unexpected, f"the browser's console was not empty: {unexpected}"
        assert not self.foreign, f"requests left the shop: {self.foreign}"


def accessible(page: Page) -> None:
    """Fail for anything that axe finds against WCAG 2.2 AA on *page*."""
    found = Axe().run(page, options={"runOnly": WCAG, "resultTypes": ["violations"]}).response["violations"]
    told = [f"{each['id']}: {each['help']} at {[node['target'] for node in each['nodes']][:4]}" for each in found]
    assert not told, "\n".join(told)
