"""When something is broken the floor says so: a lost network, a blind camera, a silent service, a closed shop."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from broker.desk import devices
from broker.domain.visit import State
from broker.settings import OpeningSettings
from broker.store import journal
from broker.store import visits as stored
from tests.browser.floor_parts import CAMERAS, Service, came_in, card, gone, heard, stands, tablet, until, was_greeted, watching
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser


def test_answers_tapped_without_a_connection_are_kept_and_sent_once(floor_house: House, eyes: Watch) -> None:
    eyes.expect_error("ERR_INTERNET_DISCONNECTED")
    page = tablet(floor_house, eyes)
    first, second = came_in(floor_house.shop, "shoes"), came_in(floor_house.shop, "kids")
    expect(card(page, second)).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#link")).to_contain_text("No connection since")
    expect(page.locator("body.off")).to_be_visible()
    tapped = floor_house.shop.clock()
    card(page, first).get_by_role("button", name="I’m going").click()
    card(page, first).get_by_role("button", name="Greeted").click()
    done = floor_house.shop.clock()
    card(page, second).get_by_role("button", name="I’m going").click()
    expect(page.locator("#link")).to_contain_text("3 answers wait to be sent")
    page.wait_for_timeout(2000)
    assert stored.get(floor_house.shop.db, first.id).state is not State.ACKNOWLEDGED
    page.context.set_offline(False)
    expect(page.locator("#link")).not_to_contain_text("wait to be sent")
    expect(page.locator("#link")).to_contain_text("Live")
    assert stands(lambda: stored.get(floor_house.shop.db, first.id).state is State.ACKNOWLEDGED)
    greeted = stored.get(floor_house.shop.db, first.id)
    assert greeted.state is State.ACKNOWLEDGED
    assert greeted.acknowledged_at is not None
    near = timedelta(seconds=1)
    assert tapped - near < greeted.acknowledged_at < done + near, "it counts from the tap, not from the sending"
    moves = [fact.body.get("move") for fact in journal.about(floor_house.shop.db, first.id)]
    assert moves.count("acknowledge") == 1
    assert moves.count("claim") == 1


def test_an_answer_survives_a_reload_of_the_page(floor_house: House, eyes: Watch) -> None:
    eyes.expect_error("ERR_")
    page = tablet(floor_house, eyes)
    visit = came_in(floor_house.shop)
    expect(card(page, visit)).to_be_visible()
    page.route("**/greet", lambda route: route.abort())
    page.route("**/claim", lambda route: route.abort())
    card(page, visit).get_by_role("button", name="I’m going").click()
    card(page, visit).get_by_role("button", name="Greeted").click()
    expect(page.locator("#link")).to_contain_text("2 answers wait to be sent")
    page.unroute_all()
    page.reload()
    until(page, "fetch('/api/v1/floor').then((said) => said.json()).then((floor) => !floor.visits.length)")
    assert stands(lambda: stored.get(floor_house.shop.db, visit.id).state is State.ACKNOWLEDGED)


def test_an_answer_the_server_took_but_could_not_confirm_counts_once(floor_house: House, eyes: Watch) -> None:
    eyes.expect_error("ERR_FAILED")
    page = tablet(floor_house, eyes)
    lost, again = [], []

    def swallow(route: object) -> None:
        """Let the server hear it, and lose its answer on the way back."""
        if not lost:
            lost.append(route.fetch())  # type: ignore[attr-defined]
            route.abort()  # type: ignore[attr-defined]
        else:
            again.append(route.fetch())  # type: ignore[attr-defined]
            route.fulfill(response=again[-1])  # type: ignore[attr-defined]

    page.route("**/api/v1/visits", swallow)
    page.locator(".strip").get_by_role("button", name="Add a visit").click()
    page.locator("#sheet").get_by_role("button", name="Add a visit").click()
    expect(page.locator(".visit")).to_have_count(1)
    until(page, "indexedDB.databases().then((all) => all.length > 0)")
    heard(page, again)
    expect(page.locator("#link")).not_to_contain_text("sent")
    assert lost
    assert len(stored.open_ones(floor_house.shop.db)) == 1


def test_a_camera_that_is_gone_is_on_every_tablet_within_seconds_and_calm_ends(floor_house: House, eyes: Watch) -> None:
    pages = [tablet(floor_house, eyes, name) for name in ("Kari", "Jonas")]
    for page in pages:
        expect(page.locator(".hero h2").first).to_contain_text("Nobody waits here")
    gone(floor_house.shop, "shoes", minutes=7)
    for page in pages:
        bar = page.locator(".bars .blind")
        expect(bar).to_contain_text("Back door: not watching since", timeout=9000)
        expect(bar).to_contain_text("People who come in there are not on this screen.")
        expect(bar.get_by_role("button", name="Add a visit")).to_be_visible()
        expect(bar.get_by_role("button")).to_have_count(1)  # There is nothing to wipe it away with.
        expect(page.locator(".hero h2").first).to_contain_text("Nobody on this screen")
    watching(floor_house.shop, "shoes")
    expect(pages[0].locator(".bars .blind")).to_have_count(0)
    expect(pages[0].locator(".hero h2").first).not_to_contain_text("Nobody on this screen")


def test_many_blind_cameras_are_one_bar_that_names_them_all(floor_house: House, eyes: Watch) -> None:
    for camera in ("entrance", "kids", "shoes"):
        gone(floor_house.shop, camera)
    page = tablet(floor_house, eyes)
    bar = page.locator(".bars .blind")
    expect(bar).to_have_count(1)
    for name in ("3 cameras", "Front door", "Kids door", "Back door"):
        expect(bar).to_contain_text(name)


@pytest.mark.parametrize("watch", ["starting", "blind", "frozen", "offline"])
def test_anything_but_watching_is_said(floor_house: House, eyes: Watch, watch: str) -> None:
    devices.heard(floor_house.shop, "kids", watch=watch, since=floor_house.shop.clock(), zones=("kids",))
    page = tablet(floor_house, eyes)
    expect(page.locator(".bars .blind")).to_contain_text("Kids door: not watching")
    expect(page.locator(".hero h2").first).to_contain_text("Nobody on this screen")


def test_a_camera_never_heard_of_is_not_a_calm_floor(
    make_house: Callable[..., House], service: Callable[[House], Service], watch_over: Callable[[House], Watch]
) -> None:
    house = make_house(cameras=CAMERAS)
    service(house)
    watching(house.shop, "entrance", "kids")
    page = tablet(house, watch_over(house))
    expect(page.locator(".bars .blind")).to_contain_text("Back door: not watching yet.")
    expect(page.locator(".hero h2").first).to_contain_text("Nobody on this screen")


def test_a_silent_service_is_said_within_seconds(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    expect(page.locator(".bars .blind")).to_have_count(0)
    floor_house.running.stop()  # type: ignore[attr-defined]
    expect(page.locator(".bars .blind")).to_contain_text("Greetline has not counted since", timeout=15_000)
    expect(page.locator(".hero h2").first).to_contain_text("Nobody on this screen")


def test_a_closed_shop_says_so(
    make_house: Callable[..., House], service: Callable[[House], Service], watch_over: Callable[[House], Watch]
) -> None:
    days = dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ())
    house = make_house(cameras=CAMERAS, opening=OpeningSettings(**days))
    watching(house.shop)
    service(house)
    page = tablet(house, watch_over(house))
    expect(page.locator(".hero h2").first).to_contain_text("The shop is closed")


def test_without_a_stream_the_floor_asks_every_five_seconds(
    make_house: Callable[..., House], service: Callable[[House], Service], watch_over: Callable[[House], Watch]
) -> None:
    house = make_house(cameras=CAMERAS)
    watching(house.shop)
    service(house)
    watch = watch_over(house)
    watch.expect_error("503")
    context = watch.context()
    house.sign_in(context)
    page = context.new_page()
    page.route("**/events", lambda route: route.fulfill(status=503, headers={"Retry-After": "5"}))
    page.goto("/floor")
    page.locator("#shift [data-part=start]").click()
    expect(page.locator("#link")).to_contain_text("Every 5 s")
    visit = came_in(house.shop)
    expect(card(page, visit)).to_be_visible()
    card(page, visit).get_by_role("button", name="I’m going").click()
    expect(card(page, visit)).to_have_attribute("data-s", "mine")


DEAF = """
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, hear, ...rest) {
  const heard = (event) => (window.hears === undefined || window.hears(name)) && hear(event);
  return listen.call(this, name, heard, ...rest);
};
"""


@pytest.fixture
def selective(floor_house: House, eyes: Watch) -> Page:
    """A tablet that can be made to hear only some kinds of news: `window.hears = (name) => ...`."""
    page = tablet(floor_house, eyes)
    page.add_init_script(DEAF)
    page.reload()
    page.locator("#shift [data-part=start]").click()
    expect(page.locator("[data-part=today]")).to_contain_text("0 visits")
    return page


def test_a_tablet_asks_for_the_figures_of_the_day_after_its_own_tap_too(floor_house: House, selective: Page) -> None:
    # The answer to the tap may be there before the news of it, which is none any more by then.
    with selective.expect_response("**/api/v1/today"):
        visit = came_in(floor_house.shop)
    expect(card(selective, visit)).to_be_visible()
    selective.evaluate("window.hears = (name) => name !== 'visit'")
    card(selective, visit).get_by_role("button", name="I’m going").click()
    card(selective, visit).get_by_role("button", name="Greeted").click()
    expect(selective.locator("[data-part=today]")).to_contain_text("today, 1 visit", timeout=10_000)


def test_figures_of_before_do_not_stay_over_those_of_a_picture_that_came_since(floor_house: House, selective: Page) -> None:
    held: list[tuple[Route, APIResponse]] = []
    selective.route("**/api/v1/today", lambda route: route.continue_() if held else held.append((route, route.fetch())))
    came_in(floor_house.shop)
    ends = time.monotonic() + 20
    while not held and time.monotonic() < ends:
        selective.wait_for_timeout(50)
    assert held, "the tablet asked for the figures"
    selective.evaluate("window.hears = (name) => name !== 'visit'")
    was_greeted(floor_house.shop, ago=9, after=1, by="kari")
    selective.evaluate("dispatchEvent(new Event('online'))")
    expect(selective.locator("[data-part=today]")).to_contain_text("today, 1 visit", timeout=10_000)
    route, old = held[0]
    with selective.expect_response("**/api/v1/today") as again:
        route.fulfill(response=old)
        until(selective, "document.querySelector('[data-part=today]').textContent.includes('0 visits')")
    assert again.value.ok
    expect(selective.locator("[data-part=today]")).to_contain_text("today, 1 visit", timeout=10_000)
