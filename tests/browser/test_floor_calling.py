""" "Call next" in the strip of the floor: for whoever stands at a counter of theirs, in order, once, and never late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from broker.desk import counters, visits
from broker.domain.ticket import State, Ticket
from broker.store import tickets as stored
from tests.browser.floor_parts import CAMERAS, Service, a_moment_later, came_in, let_go, stands, tablet, watching
from tests.browser.house import House, Watch, accessible
from tests.browser.looks import FLOOR_TAP, at_every_size
from tests.browser.test_floor_numbers import SERVICES, take

pytestmark = pytest.mark.browser

COUNTERS = (
    {"id": "desk-1", "name": "Desk 1"}, {"id": "desk-2", "name": "Desk 2"},
    {"id": "desk-3", "name": "Desk 3", "services": ("collect",)},
)  # fmt: skip


@pytest.fixture
def desks(make_house: Callable[..., House], service: Callable[[House], Service]) -> House:
    """A shop with three counters, of which one only hands out what was ordered."""
    house = make_house(cameras=CAMERAS, services=SERVICES, counters=COUNTERS)
    watching(house.shop)
    service(house)
    return house


@pytest.fixture
def watch(desks: House, watch_over: Callable[[House], Watch]) -> Watch:
    return watch_over(desks)


def row(page: Page, service: str) -> Locator:
    return page.locator(".queues .q", has_text=service)


def call(page: Page, service: str) -> Locator:
    return row(page, service).get_by_role("button", name="Call next")


def opened(house: House, name: str, counter: str) -> None:
    counters.open_(house.shop, counter, by=house.person(name).id)


def is_called(house: House, ticket: Ticket, counter: str) -> bool:
    found = stored.get(house.shop.db, ticket.id)
    return found.state is State.CALLED and found.counter == counter


def test_whoever_stands_at_no_counter_is_led_to_the_counters(desks: House, watch: Watch) -> None:
    take(desks)
    opened(desks, "Jonas", "desk-1")
    page = tablet(desks, watch)
    expect(row(page, "Returns")).to_contain_text("Returns 1")
    expect(call(page, "Returns")).to_have_count(0)
    row(page, "Returns").get_by_role("link").click()
    expect(page.get_by_text("Where do you stand?")).to_be_visible()


def test_the_next_one_is_called_from_the_floor_and_another_only_when_they_are_done(desks: House, watch: Watch) -> None:
    first, second = take(desks), take(desks)
    page = tablet(desks, watch)
    opened(desks, "Kari", "desk-1")
    call(page, "Returns").click()
    expect(page.locator("#toast")).to_contain_text("A\u00a0001 is called")
    expect(row(page, "Returns")).to_contain_text("Returns 1")
    assert is_called(desks, first, "desk-1")
    expect(call(page, "Returns")).to_have_attribute("aria-disabled", "true")
    call(page, "Returns").click(force=True)
    expect(page.locator("#toast")).to_contain_text("Ready when A\u00a0001 is finished or on hold")
    assert stored.get(desks.shop.db, second.id).state is State.WAITING


def test_a_call_from_the_floor_is_taken_back_with_undo(desks: House, watch: Watch) -> None:
    first = take(desks)
    opened(desks, "Kari", "desk-1")
    page = tablet(desks, watch)
    call(page, "Returns").click()
    page.locator("#toast").get_by_role("button", name="Undo").click()
    assert stands(lambda: stored.get(desks.shop.db, first.id).state is State.WAITING)
    expect(call(page, "Returns")).not_to_have_attribute("aria-disabled", "true")


def test_a_service_that_is_not_next_is_called_with_a_reason_or_in_order(desks: House, watch: Watch) -> None:
    older = take(desks, "returns")
    a_moment_later(desks.shop)
    later = take(desks, "collect")
    opened(desks, "Kari", "desk-1")
    page = tablet(desks, watch)
    call(page, "Collect").click()
    sheet = page.locator("#sheet")
    expect(sheet.get_by_role("button", name="Call A\u00a0001")).to_be_visible()
    expect(sheet).to_contain_text("Call now, before the others. Why?")
    accessible(page)
    sheet.get_by_role("button", name="A quick matter").click()
    expect(page.locator("#toast")).to_contain_text("B\u00a0001 is called")
    assert is_called(desks, later, "desk-1")
    assert [move.reason for move in stored.moves_of(desks.shop.db, later.id)][-1] == "quick"
    assert stored.get(desks.shop.db, older.id).state is State.WAITING


def test_a_counter_calls_only_what_it_serves(desks: House, watch: Watch) -> None:
    take(desks, "returns")
    later = take(desks, "collect")
    opened(desks, "Kari", "desk-3")
    page = tablet(desks, watch)
    expect(call(page, "Returns")).to_have_count(0)
    call(page, "Collect").click()
    expect(page.locator("#toast")).to_contain_text("B\u00a0001 is called")
    assert is_called(desks, later, "desk-3")


def test_two_tablets_that_call_at_once_call_two_people(desks: House, watch: Watch) -> None:
    first, second = take(desks), take(desks)
    opened(desks, "Kari", "desk-1")
    opened(desks, "Jonas", "desk-2")
    kari, jonas = tablet(desks, watch), tablet(desks, watch, "Jonas")
    held: list[Route] = []
    for page in (kari, jonas):
        page.route("**/next", lambda route: held.append(route))
        call(page, "Returns").click()
        expect(call(page, "Returns")).to_have_attribute("aria-busy", "true")
        expect(row(page, "Returns")).to_contain_text("Returns 1")
    let_go(kari, held, 2)
    for page in (kari, jonas):
        expect(page.locator("#toast")).to_contain_text("is called")
    assert {stored.get(desks.shop.db, each.id).counter for each in (first, second)} == {"desk-1", "desk-2"}


def test_the_same_person_on_two_tablets_calls_once_and_reads_why_not_again(desks: House, watch: Watch) -> None:
    first, second = take(desks), take(desks)
    opened(desks, "Kari", "desk-1")
    here, there = tablet(desks, watch), tablet(desks, watch)
    held: list[Route] = []
    there.route("**/next", lambda route: held.append(route))
    call(there, "Returns").click()
    expect(call(there, "Returns")).to_have_attribute("aria-busy", "true")
    call(here, "Returns").click()
    assert stands(lambda: is_called(desks, first, "desk-1"))
    watch.expect_error("409")
    let_go(there, held)
    expect(there.locator("#toast")).to_contain_text("A\u00a0001 is still with you")
    assert stored.get(desks.shop.db, second.id).state is State.WAITING


def test_an_answer_lost_on_the_way_calls_nobody_twice(desks: House, watch: Watch) -> None:
    first, second = take(desks), take(desks)
    opened(desks, "Kari", "desk-1")
    page = tablet(desks, watch)
    lost: list[str] = []

    def lose(route: Route) -> None:
        if not lost:
            lost.append(route.request.headers["idempotency-key"])
            route.fetch()
            return route.abort()
        assert route.request.headers["idempotency-key"] == lost[0]
        return route.continue_()

    watch.expect_error("ERR_FAILED")
    page.route("**/next", lose)
    call(page, "Returns").click()
    expect(page.locator("#toast")).to_contain_text("A\u00a0001 is called")
    assert is_called(desks, first, "desk-1")
    assert stored.get(desks.shop.db, second.id).state is State.WAITING


def test_without_a_connection_the_button_rests_and_says_why(desks: House, watch: Watch) -> None:
    ticket = take(desks)
    opened(desks, "Kari", "desk-1")
    page = tablet(desks, watch)
    expect(call(page, "Returns")).to_be_visible()
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    expect(call(page, "Returns")).to_have_attribute("aria-disabled", "true")
    call(page, "Returns").click(force=True)
    expect(page.locator("#toast")).to_contain_text("Ready when the connection is back")
    page.context.set_offline(False)
    expect(call(page, "Returns")).not_to_have_attribute("aria-disabled", "true")
    assert stored.get(desks.shop.db, ticket.id).state is State.WAITING


def test_a_call_that_does_not_arrive_is_given_up_and_never_sent_later(desks: House, watch: Watch) -> None:
    ticket = take(desks)
    opened(desks, "Kari", "desk-1")
    page = tablet(desks, watch)
    watch.expect_error("ERR_FAILED")
    page.route("**/next", lambda route: route.abort())
    call(page, "Returns").click()
    expect(page.locator("#toast")).to_contain_text("Ready when the connection is back")
    expect(row(page, "Returns")).to_contain_text("Returns 1")
    page.unroute_all()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator("#toast")).to_be_hidden()
    assert not [url for url in asked if url.endswith("/next")]
    assert stored.get(desks.shop.db, ticket.id).state is State.WAITING


def test_the_button_fits_every_size_of_screen_and_is_pressed_with_keys(desks: House, watch: Watch) -> None:
    take(desks, "returns")
    take(desks, "collect")
    came_in(desks.shop)
    desks.person("Kari", language="lv")
    opened(desks, "Kari", "desk-1")
    page = tablet(desks, watch)
    expect(page.locator(".queues .q .btn:visible")).to_have_count(2)
    at_every_size(page, FLOOR_TAP)
    accessible(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator(".queues .q .btn").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#toast")).to_contain_text("izsaukts")


def test_the_card_of_a_zone_counts_those_too_whom_this_screen_was_not_sent(desks: House, watch: Watch) -> None:
    crowd = [came_in(desks.shop, "shoes", ago=(80 - n) / 10) for n in range(80)]
    page = tablet(desks, watch)
    group = page.locator(".visit.wide")
    expect(group.locator("[data-part=count]")).to_have_text("80 waiting")
    expect(group.locator(".facts")).to_contain_text("of 80")
    visits.greet(desks.shop, crowd[3].id, by=desks.person("Jonas").id)
    expect(group.locator("[data-part=count]")).to_have_text("79 waiting")
    group.get_by_role("button", name="I’m going").click()
    expect(group.locator("[data-part=count]")).to_have_text("78 waiting")
