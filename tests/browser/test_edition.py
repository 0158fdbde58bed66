"""A screen that stands open when the shop is set otherwise shows it by itself, and never under somebody's hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.house import Watch
from tests.browser.kiosk_parts import SERVICES, WALL, KioskHouse

GIFTS = {"id": "wrapping", "letter": "P", "name": "Gift wrapping", "icon": "gift"}
HERE_WITHIN_MS = 15_000
"""A stream that broke is tried again after two seconds; a page that was only just made waits until it is five seconds old."""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[KioskHouse]:
    made = KioskHouse(tmp_path, services=SERVICES[:2])
    yield made
    made.close()


@pytest.fixture
def watch(chromium: Browser, house: KioskHouse) -> Iterator[Watch]:
    made = Watch(chromium, house)
    made.expect_error("ERR_")  # While nobody serves, nobody answers.
    yield made
    made.close()


def _open(house: KioskHouse, watch: Watch, path: str, **wishes: object) -> Page:
    context = watch.context(**wishes)
    house.stand(context, "kiosk" if path == "/kiosk" else "display", name=path)
    page = context.new_page()
    with page.expect_response("**/events/board*"):
        page.goto(path)
    return page


def test_touch_screen_and_wall_show_changed_settings_by_themselves(house: KioskHouse, watch: Watch) -> None:
    touch, wall = _open(house, watch, "/kiosk"), _open(house, watch, "/display", viewport=WALL)
    house.begin_anew(services=(*SERVICES[:2], GIFTS), texts={"en": {"welcome": "Hello. What may it be?"}})
    expect(touch.get_by_role("button", name="Gift wrapping")).to_be_visible(timeout=HERE_WITHIN_MS)
    expect(touch.locator("body")).to_contain_text("What may it be?")
    edition = touch.locator("meta[name=edition]").get_attribute("content")
    expect(wall.locator("meta[name=edition]")).to_have_attribute("content", edition or "", timeout=HERE_WITHIN_MS)


@pytest.mark.slow
def test_a_page_is_not_taken_from_under_whoever_uses_it_and_an_unchanged_shop_takes_none(house: KioskHouse, watch: Watch) -> None:
    touch = _open(house, watch, "/kiosk")
    touch.evaluate("window.mine = true; document.body.append(document.createElement('textarea'))")
    with touch.expect_response("**/events/board*", timeout=HERE_WITHIN_MS):
        house.begin_anew()
    touch.locator("textarea").fill("half a sentence")
    with touch.expect_response("**/events/board*", timeout=HERE_WITHIN_MS):
        house.begin_anew(services=(*SERVICES[:2], GIFTS))
    touch.evaluate("() => new Promise((over) => setTimeout(over, 10_000 - performance.now()))")
    assert touch.evaluate("window.mine"), "nothing has changed, then somebody was typing"
    touch.locator("textarea").fill("")
    expect(touch.get_by_role("button", name="Gift wrapping")).to_be_visible(timeout=HERE_WITHIN_MS)
