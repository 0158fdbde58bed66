"""A screen that stands open when the shop is set otherwise shows it by itself, and never under somebody's hand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from broker.desk import tickets
from broker.domain.ticket import Move
from tests.browser.floor_parts import until
from tests.browser.house import Watch
from tests.browser.kiosk_parts import SERVICES, WALL, KioskHouse
from tests.browser.phone_parts import PHONE

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


@pytest.mark.slow
def test_a_screen_without_a_stream_shows_changed_settings_too(house: KioskHouse, watch: Watch) -> None:
    context = watch.context()
    house.stand(context, "kiosk", name="Far away")
    context.route("**/events/board*", lambda route: route.abort())
    touch = context.new_page()
    with touch.expect_response("**/api/v1/board*", timeout=HERE_WITHIN_MS):
        touch.goto("/kiosk")
    house.begin_anew(services=(*SERVICES[:2], GIFTS))
    expect(touch.get_by_role("button", name="Gift wrapping")).to_be_visible(timeout=2 * HERE_WITHIN_MS)


@pytest.mark.slow
def test_a_customers_phone_shows_changed_settings_by_itself_and_not_under_their_hand(house: KioskHouse, watch: Watch) -> None:
    page = watch.context(viewport=PHONE).new_page()
    page.goto(f"/t/{house.takes().token}")
    languages = page.locator(".tongues summary")
    languages.click()
    house.begin_anew(services=({**SERVICES[0], "name": "Exchange", "names": {}}, SERVICES[1]))
    page.evaluate("window.mine = true")
    with page.expect_response(lambda answer: "/t/" in answer.url and answer.ok, timeout=2 * HERE_WITHIN_MS):
        pass
    page.wait_for_timeout(1000)
    assert page.evaluate("window.mine"), "a list was open"
    languages.click()
    until(page, "!window.mine", seconds=2 * HERE_WITHIN_MS / 1000)


@pytest.mark.slow
def test_a_phone_that_is_to_tell_whose_turn_it_is_stays_as_it_is_until_that_is_over(house: KioskHouse, watch: Watch) -> None:
    page, ticket = watch.context(viewport=PHONE).new_page(), house.takes()
    page.goto(f"/t/{ticket.token}")
    page.get_by_role("button", name="Tell me when it is nearly my turn").click()
    page.evaluate("window.mine = true")
    house.begin_anew(services=({**SERVICES[0], "name": "Exchange", "names": {}}, SERVICES[1]))
    with page.expect_response(lambda answer: "/t/" in answer.url and answer.status == 200, timeout=2 * HERE_WITHIN_MS):
        pass
    page.wait_for_timeout(5000)
    assert page.evaluate("window.mine"), "a page that is loaded anew may make no sound before somebody touches it"
    tickets.move(house.shop, ticket.id, Move.CANCEL)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    until(page, "!window.mine", seconds=2 * HERE_WITHIN_MS / 1000)


def test_a_wall_that_loads_anew_does_not_call_out_again_whom_it_has_called_out(house: KioskHouse, watch: Watch) -> None:
    context = watch.context(viewport=WALL)
    house.stand(context, "display", name="Wall")
    wall = context.new_page()
    with wall.expect_response("**/events/board*"):
        wall.goto("/display")
    house.takes()
    house.calls()
    expect(wall.locator(".call")).not_to_have_class(re.compile("calm"))
    with wall.expect_response("**/events/board*"):
        wall.reload()
    expect(wall.locator(".call .num")).to_have_text("R\u00a0001")
    expect(wall.locator(".call")).to_have_class(re.compile("calm"))
    house.takes()
    house.calls("desk-2")
    expect(wall.locator(".call .num")).to_have_text("R\u00a0002")
    expect(wall.locator(".call")).not_to_have_class(re.compile("calm"))
