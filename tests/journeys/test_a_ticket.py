"""The whole story of a number: taken at the kiosk, followed on a phone, called on the wall, served, thanked, in five languages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import cv2
import numpy as np
import pytest
from babel.support import Translations
from playwright.sync_api import Browser, Page, expect

from broker.desk import cases, counters, tickets
from broker.domain.ticket import Move, Outcome, Said, State, Ticket
from broker.service.deadlines import Deadlines
from broker.store import cases as stored_cases
from broker.store import tickets as rows
from broker.web import languages
from tests.browser.conftest import *  # noqa: F403 - the fixtures of every test that opens a browser
from tests.browser.house import Watch
from tests.browser.kiosk_parts import UPRIGHT, WALL
from tests.browser.phone_parts import BASE, PHONE, PhoneHouse

pytestmark = pytest.mark.browser

CATALOGUES = Path(languages.__file__).parent / "translations"
PICTURES = "GREETLINE_PICTURES"
"""A folder that keeps the pictures of every step, for eyes."""


class Story:
    """One shop with its kiosk, its wall and the phone of one customer, who reads *language*."""

    def __init__(self, browser: Browser, folder: Path, language: str) -> None:
        self.house = PhoneHouse(folder)
        self.watch = Watch(browser, self.house)
        self.language = language
        self.service = Deadlines(self.house.shop)
        self.pictures = Path(os.environ[PICTURES]) if PICTURES in os.environ else folder
        self.pictures.mkdir(parents=True, exist_ok=True)
        self.kiosk = self.screen("kiosk", UPRIGHT)
        self.phone = self.watch.context(viewport=PHONE, has_touch=True, locale=language).new_page()
        counters.open_(self.house.shop, "desk-1", by=self.house.kari.id)

    def screen(self, role: str, size: dict[str, int]) -> Page:
        context = self.watch.context(viewport=size)
        self.house.stand(context, role, role)
        page = context.new_page()
        page.goto("/kiosk" if role == "kiosk" else "/display")
        return page

    def words(self, key: str, **values: object) -> str:
        """What the catalogues say for *key* in the customer's language."""
        return str(Translations.load(str(CATALOGUES), [self.language]).ugettext(key)) % values

    def picture(self, page: Page, step: str) -> None:
        page.screenshot(path=str(self.pictures / f"{self.language}-{step}.png"))

    def reads(self, text: str, step: str) -> None:
        """The customer reads *text* on their phone, at the latest when the page is next looked at."""
        self.phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        expect(self.phone.locator("#live")).to_contain_text(text)
        self.picture(self.phone, step)

    def close(self) -> None:
        self.watch.close()
        self.house.close()


@pytest.fixture(params=["en", *(pytest.param(each, marks=pytest.mark.slow) for each in ("nb", "nl", "ms", "lv"))])
def story(request: pytest.FixtureRequest, chromium: Browser, tmp_path: Path) -> Iterator[Story]:
    story = Story(chromium, tmp_path / "shop", request.param)
    yield story
    story.close()


def scanned(page: Page) -> str:
    """What a phone's camera reads from the code on *page*."""
    picture = cv2.imdecode(np.frombuffer(page.locator(".qr").screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)
    text, *_ = cv2.QRCodeDetector().detectAndDecode(picture)
    return str(text)


def newest(story: Story) -> Ticket:
    return rows.open_ones(story.house.shop.db)[-1]


def test_a_ticket(story: Story) -> None:
    house, shop, kari = story.house, story.house.shop, story.house.kari.id
    before = house.takes()  # Somebody is there already.

    if story.language != "en":  # The customer chooses their language,
        story.kiosk.locator(f".langs [lang={story.language}]").click()
    expect(story.kiosk.locator("html")).to_have_attribute("lang", re.compile(story.language))
    story.picture(story.kiosk, "1-kiosk")
    story.kiosk.locator(".svc[value=returns]").click()  # touches a service,
    number = f"{before.number + 1:03d}"
    expect(story.kiosk.locator(".got .num")).to_contain_text(number)  # and has a number and a place.
    story.picture(story.kiosk, "2-number")
    ticket = newest(story)
    assert ticket.language == story.language

    address = urlsplit(scanned(story.kiosk))  # The phone reads the code,
    assert f"{address.scheme}://{address.netloc}" == BASE
    story.phone.goto(address.path)  # and shows the same place in the same language.
    expect(story.phone.locator("html")).to_have_attribute("lang", re.compile(story.language))
    expect(story.phone.locator(".num")).to_contain_text(number)
    story.reads(story.words("mobile.title"), "3-phone")
    expect(story.phone).to_have_title(re.compile(re.escape(story.words("mobile.title_ahead", n=1))))

    first = tickets.call_next(shop, "desk-1", by=kari)  # The one before is called, and served.
    assert first
    assert first.id == before.id
    story.reads(story.words("turn.next"), "4-next")
    tickets.move(shop, before.id, Move.START, Said(by=kari))
    tickets.finish(shop, before.id, Outcome.SOLVED, by=kari)

    wall = story.screen("display", WALL)
    called = tickets.call_next(shop, "desk-1", by=kari)  # Then they are called: the wall shows it large,
    assert called
    assert called.id == ticket.id
    expect(wall.locator(".call:not(.calm) .num")).to_contain_text(number)
    story.picture(wall, "5-wall")
    story.reads(story.words("turn.now"), "6-called")  # and their phone says where to come.
    story.phone.locator("[data-key=here]").tap()
    story.reads(story.words("mobile.serving"), "7-served")
    assert rows.get(shop.db, ticket.id).state is State.SERVING

    until = house.past() + timedelta(minutes=5)  # They are put on hold, and read by whom and until when.
    tickets.move(shop, ticket.id, Move.HOLD, Said(by=kari, until=until, reason="stockroom"))
    time = until.astimezone(shop.settings.store.zone).strftime("%H:%M")
    with_time = story.words("mobile.held_stockroom", name="Kari", time="@").partition("@")
    story.reads(with_time[0], "8-hold")
    assert time[-2:] in story.phone.locator(".fact").inner_text()
    tickets.move(shop, ticket.id, Move.RESUME, Said(by=kari))

    tickets.finish(shop, ticket.id, Outcome.SOLVED, by=kari)  # It is solved; they are thanked, and say how it was.
    story.reads(story.words("goodbye.thanks"), "9-goodbye")
    story.phone.locator("[data-key=good]").tap()
    story.reads(story.words("mobile.feedback_thanks"), "10-thanks")
    assert stored_cases.feedback(shop.db, ticket.id) == "good"
    assert "good" in cases.VERDICTS

    house.past.seconds = -timedelta(days=2).total_seconds()  # Two days later the address leads nowhere,
    story.service.turn()
    story.watch.expect_error("404")
    story.phone.reload()
    story.reads(story.words("mobile.unknown"), "11-over")
    kept = rows.get(shop.db, ticket.id)  # and the report still knows the number and its times.
    assert (kept.number, kept.outcome, kept.t0) == (ticket.number, Outcome.SOLVED, ticket.t0)
    assert ticket.token not in kept.token
