"""The lead's page in a real browser: briefed calls, what is late, the order changed with a reason, and no connection."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from broker.desk import cases, people, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Channel, Ticket
from broker.store import cases as stored_cases
from broker.store import counters as stored_counters
from broker.store import tickets as stored
from tests.browser.floor_parts import CAMERAS, Service, until, watching
from tests.browser.house import House, Watch, accessible
from tests.browser.looks import cut_off, too_wide, without_words
from tests.browser.test_floor_numbers import COUNTERS, SERVICES

pytestmark = pytest.mark.browser


@pytest.fixture
def house(make_house: Callable[..., House], service: Callable[[House], Service]) -> House:
    made = make_house(cameras=CAMERAS, services=SERVICES, counters=COUNTERS)
    watching(made.shop)
    service(made)
    return made


@pytest.fixture
def watch(house: House, watch_over: Callable[[House], Watch]) -> Watch:
    return watch_over(house)


def lead(house: House, watch: Watch, name: str = "Maria", **wishes: object) -> Page:
    context = watch.context(**wishes)
    house.sign_in(context, name, role="lead")
    page = context.new_page()
    page.goto("/lead")
    until(page, "document.querySelector('#link').textContent.includes(':')")
    return page


def take(house: House, service: str = "returns") -> Ticket:
    return tickets.issue(house.shop, Wish(service=service, channel=Channel.PHONE))


def call_lead(house: House) -> Ticket:
    ticket, kari = take(house), house.person("Kari").id
    tickets.call_next(house.shop, "desk-1", by=kari)
    cases.call_lead(house.shop, ticket.id, happened="It <b>broke</b>", tried="Another one", wanted="Money back", by=kari)
    return ticket


def everything(house: House) -> None:
    call_lead(house)
    first = take(house)
    take(house)
    kari = house.person("Kari").id
    cases.open_problem(house.shop, kind="product", heard="The zip broke", owner=kari, by=kari, ticket=first.id)


def test_a_call_is_there_at_once_with_what_the_lead_should_know_and_both_leads_see_who_goes(house: House, watch: Watch) -> None:
    maria, ola = lead(house, watch), lead(house, watch, "Ola")
    expect(maria.locator("[data-part=calm]")).to_contain_text("Everyone manages now")
    ticket = call_lead(house)
    for page in (maria, ola):
        card = page.locator(f'[data-key="{ticket.id}"]')
        for words in ("A\u00a0001", "Kari called at", "It <b>broke</b>", "Another one", "Money back", "Be there within"):
            expect(card).to_contain_text(words)
    maria.get_by_role("button", name="I’m coming").click()
    expect(ola.locator(".calls li")).to_contain_text("Maria is coming")
    ola.get_by_role("button", name="I am with them").click()
    expect(maria.locator(f'[data-key="{ticket.id}"]')).to_have_count(0)
    expect(maria.locator("[data-part=calm]")).to_contain_text("Everyone manages now")
    briefing = stored_cases.briefing(house.shop.db, ticket.id)
    assert briefing
    assert briefing.answered_by == house.person("Ola").id


def test_a_number_is_put_forward_with_a_reason(house: House, watch: Watch) -> None:
    first, second = take(house), take(house)
    page = lead(house, watch)
    page.get_by_role("button", name="Put forward: A\u00a0002").click()
    page.get_by_role("button", name="Put A\u00a0002 before A\u00a0001").click()
    expect(page.locator("#sheet input")).to_have_attribute("aria-invalid", "true")
    page.locator("#sheet input").fill("cannot stand for long")
    page.get_by_role("button", name="Put A\u00a0002 before A\u00a0001").click()
    expect(page.locator("#toast")).to_contain_text("The order is changed")
    assert stored.moves_of(house.shop.db, second.id)[-1].reason == "cannot stand for long"
    assert stored.get(house.shop.db, second.id).place < stored.get(house.shop.db, first.id).place


def test_a_service_is_paused_and_opened_again(house: House, watch: Watch) -> None:
    page = lead(house, watch)
    page.get_by_role("button", name="Pause: Returns").click()
    page.get_by_role("button", name="Until closing").click()
    page.locator("#sheet input").fill("the till is down")
    page.get_by_role("button", name="Pause it").click()
    expect(page.locator("[data-part=services]")).to_contain_text("the till is down")
    assert [pause.service for pause in stored_counters.pauses(house.shop.db)] == ["returns"]
    page.get_by_role("button", name="Open again: Returns").click()
    expect(page.get_by_role("button", name="Pause: Returns")).to_be_visible()


def test_without_a_connection_the_page_is_grey_since_when_and_an_answer_is_sent_once_afterwards(house: House, watch: Watch) -> None:
    ticket = call_lead(house)
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    page = lead(house, watch)
    expect(page.locator(".calls li")).to_be_visible()
    page.context.set_offline(True)
    expect(page.locator("#link")).to_contain_text("No connection since")
    page.get_by_role("button", name="I’m coming").click()
    expect(page.locator("#link")).to_contain_text("1 answer")
    page.context.set_offline(False)
    expect(page.locator(f'[data-key="{ticket.id}"]')).to_contain_text("Maria is coming")
    expect(page.locator("body")).not_to_have_class("off")


def test_staff_without_the_role_are_sent_away_and_find_no_link(house: House, watch: Watch) -> None:
    watch.expect_error("403")
    context = watch.context()
    house.sign_in(context, "Jonas")
    page = context.new_page()
    answer = page.goto("/lead")
    assert answer
    assert answer.status == 403


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(house: House, watch: Watch, scheme: str) -> None:
    everything(house)
    page = lead(house, watch, color_scheme=scheme, reduced_motion="reduce")
    expect(page.locator(".calls li")).to_be_visible()
    accessible(page)
    page.get_by_role("button", name="Pause: Returns").click()
    accessible(page)


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "nb", "nl", "ms", "lv"])
@pytest.mark.parametrize("size", [(320, 640), (390, 844), (1280, 800), (3840, 2160)], ids=lambda size: f"{size[0]}")
def test_nothing_is_wider_than_the_screen_and_no_words_are_missing(
    house: House, watch: Watch, size: tuple[int, int], language: str
) -> None:
    everything(house)
    people.speak(house.shop, house.person("Maria", role="lead").id, language)
    page = lead(house, watch, viewport={"width": size[0], "height": size[1]})
    expect(page.locator(".calls li")).to_be_visible()
    assert not too_wide(page)
    assert [part for part in cut_off(page) if part not in page.locator(".vh").all_inner_texts()] == []
    assert without_words(page) == []


def test_the_page_is_worked_with_the_keyboard_alone(house: House, watch: Watch) -> None:
    ticket = call_lead(house)
    page = lead(house, watch)
    expect(page.locator(".calls li")).to_be_visible()
    for _ in range(6):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.dataset.do") == "going":
            break
    page.keyboard.press("Enter")
    expect(page.locator(f'[data-key="{ticket.id}"]')).to_contain_text("Maria is coming")
