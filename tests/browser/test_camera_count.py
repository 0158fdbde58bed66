"""Counting along at the door: two big buttons, taps that are never lost, and a result that says what it was reckoned from."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from broker.desk import arrivals, people, tallies
from broker.shop import now as real_time
from tests.browser import looks
from tests.browser.camera_parts import ENTRANCE, says
from tests.browser.floor_parts import stands, until
from tests.browser.house import House, Watch, accessible
from tests.builders import crossed

pytestmark = pytest.mark.browser
PAGE = "/admin/cameras/entrance/count"


class Turned:
    """The real time, and so much later as it was turned."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> object:
        return real_time() + self.by


@pytest.fixture
def clock() -> Turned:
    return Turned()


@pytest.fixture
def house(make_house: Callable[..., House], clock: Turned) -> House:
    made = make_house(cameras=(ENTRANCE,), clock=clock)
    says(made)
    return made


def at_the_door(house: House, watch: Watch, name: str = "Sofie", *, language: str = "en", **wishes: object) -> Page:
    """A tablet of the floor, not of the office, with a manager at the door."""
    people.speak(house.shop, house.person(name, role="manager").id, language)
    context = watch.context(**wishes)
    house.pair(context)
    house.sign_in(context, name, role="manager")
    page = context.new_page()
    page.goto(PAGE)
    return page


def begin(page: Page, minutes: int = 10) -> None:
    page.get_by_label("For how long").select_option(str(minutes))
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#during")).to_be_visible()


def counted(page: Page, inward: str, outward: str) -> None:
    """Wait until the page says that so many went in and out."""
    expect(page.locator("#during [data-part=in]")).to_have_text(inward)
    expect(page.locator("#during [data-part=out]")).to_have_text(outward)


def by_hand(house: House) -> tuple[int, int]:
    found = tallies.running(house.shop, "entrance")
    return (found.hand_in, found.hand_out) if found else (-1, -1)


def test_taps_and_keys_are_counted_and_the_result_is_blind_until_the_end(house: House, watch: Watch, clock: Turned) -> None:
    page = at_the_door(house, watch)
    expect(page.locator("#before")).to_contain_text("Tap for colleagues too")
    begin(page)
    for _ in range(7):
        page.get_by_role("button", name=re.compile("^In")).click()
    for key in ("i", "i", "i", "o", "o", "o", "Shift+O"):
        page.keyboard.press(key)
    counted(page, "10", "2")
    assert stands(lambda: by_hand(house) == (10, 2))
    arrivals.take(house.shop, [crossed(n, at=real_time(), device="entrance", inward=n < 10) for n in range(1, 12)])
    assert "amera:" not in page.locator("#during").inner_text()
    clock.by = timedelta(minutes=10)
    page.reload()
    expect(page.locator("#after")).to_be_visible()
    expect(page.locator("#after")).to_contain_text("By hand: 10 in, 2 out")
    expect(page.locator("#after")).to_contain_text("Camera: 9 in, 2 out")
    expect(page.locator("#after")).to_contain_text("92 % right".replace(" %", "\u00a0%"))
    expect(page.locator("#after")).to_contain_text("1 − 1 wrong / 12 by hand")
    page.get_by_role("button", name="Count again").click()
    expect(page.locator(".earlier tbody tr")).to_have_count(1)
    page.goto("/admin/cameras")
    expect(page.locator(".camlist")).to_contain_text("by hand 10 in, 2 out; camera 9 in, 2 out")
    expect(page.get_by_role("link", name="Set up")).to_have_count(0)


def test_taps_wait_for_a_lost_connection_and_survive_a_reload(house: House, watch: Watch) -> None:
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    page = at_the_door(house, watch)
    begin(page)
    page.keyboard.press("i")
    assert stands(lambda: by_hand(house) == (1, 0))
    page.context.set_offline(True)
    for _ in range(3):
        page.keyboard.press("i")
    page.keyboard.press("o")
    counted(page, "4", "1")
    expect(page.locator("#unsent")).to_have_text("4 taps wait for the connection")
    expect(page.locator("#trouble")).to_contain_text("Every tap is kept here")
    assert by_hand(house) == (1, 0)
    page.context.set_offline(False)
    page.reload()
    expect(page.locator("#during")).to_be_visible()
    assert stands(lambda: by_hand(house) == (4, 1))
    until(page, "!localStorage.length")
    counted(page, "4", "1")
    expect(page.locator("#unsent")).to_be_hidden()


def test_a_page_that_is_older_than_the_last_answer_asks_how_the_tally_stands(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch)
    begin(page)
    older = page.request.get(page.url).text()
    page.keyboard.press("i")
    assert stands(lambda: by_hand(house) == (1, 0))
    until(page, "!localStorage.length")
    page.route(page.url, lambda route: route.fulfill(body=older, content_type="text/html"))
    page.reload()
    expect(page.locator("#during")).to_be_visible()
    counted(page, "1", "0")


def test_an_answer_that_was_lost_on_its_way_counts_no_tap_twice(house: House, watch: Watch) -> None:
    watch.expect_error("ERR_FAILED")
    page = at_the_door(house, watch)
    begin(page)
    lost: list[str] = []

    def answer_is_lost(route) -> None:  # type: ignore[no-untyped-def]
        if lost:
            return route.continue_()
        lost.append(route.request.url)
        route.fetch()
        return route.abort()

    page.route("**/taps", answer_is_lost)
    page.keyboard.press("i")
    expect(page.locator("#unsent")).to_be_visible()
    assert by_hand(house) == (1, 0), "it was taken, and the page does not know"
    page.keyboard.press("i")
    expect(page.locator("#unsent")).to_be_hidden()
    assert by_hand(house) == (2, 0)
    until(page, "!localStorage.length")
    counted(page, "2", "0")
    assert lost


def test_a_short_count_can_only_be_abandoned(house: House, watch: Watch) -> None:
    watch.expect_error("409")
    page = at_the_door(house, watch)
    begin(page)
    page.keyboard.press("i")
    page.get_by_role("button", name="End now").click()
    expect(page.locator("#trouble")).to_have_text("Count for at least 2 minutes, or abandon it.")
    page.get_by_role("button", name="Abandon").click()
    expect(page.locator("#before")).to_be_visible()
    assert stands(lambda: tallies.running(house.shop, "entrance") is None)


def test_whoever_comes_second_is_told_who_counts(house: House, watch: Watch) -> None:
    begin(at_the_door(house, watch))
    second = at_the_door(house, watch, "Maria")
    expect(second.locator("#other")).to_contain_text("Sofie counts along at this camera now.")
    expect(second.locator("#during")).to_be_hidden()


@pytest.mark.parametrize("language", looks.LANGUAGES)
def test_every_language_fits_a_phone_and_a_tablet(house: House, watch: Watch, language: str) -> None:
    page = at_the_door(house, watch, language=language, reduced_motion="reduce")
    looks.at_every_size(page, looks.OFFICE_TAP)
    page.locator("#begin button").click()
    expect(page.locator("#during")).to_be_visible()
    looks.at_every_size(page, looks.OFFICE_TAP)
    accessible(page)
