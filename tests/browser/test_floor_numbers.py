"""Those who hold a number on the floor: one list by age, a card when nobody comes back to them, and a line of any length."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from broker.desk import holds, tickets, visits
from broker.desk.tickets import Wish
from broker.domain.ticket import Channel, Move, Said, Ticket
from broker.store import cases as stored_cases
from tests.browser.floor_parts import CAMERAS, Service, a_moment_later, came_in, card, stands, tablet, until, watching
from tests.browser.house import House, Watch, accessible

pytestmark = pytest.mark.browser

SERVICES = (
    {"id": "returns", "letter": "A", "name": "Returns", "zone": "shoes"},
    {"id": "collect", "letter": "B", "name": "Collect", "zone": "entrance"},
)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"}, {"id": "desk-2", "name": "Desk 2"})
LATVIAN = '„Zaļā <b>istaba</b>” "Ķekava" & Co'


@pytest.fixture
def numbers(make_house: Callable[..., House], service: Callable[[House], Service]) -> House:
    """A shop that gives numbers, with the promises of every day."""
    house = make_house(cameras=CAMERAS, services=SERVICES, counters=COUNTERS)
    watching(house.shop)
    service(house)
    return house


@pytest.fixture
def watch(numbers: House, watch_over: Callable[[House], Watch]) -> Watch:
    return watch_over(numbers)


def take(house: House, service: str = "returns") -> Ticket:
    return tickets.issue(house.shop, Wish(service=service, channel=Channel.PHONE))


def chips(page: Page) -> Locator:
    return page.locator("[data-part=chips] li")


def late(page: Page) -> Locator:
    return page.locator('.visit[data-key^="queue:"]')


def test_who_holds_a_number_is_on_every_tablet_at_once_without_the_whole_floor_again(numbers: House, watch: Watch) -> None:
    kari, jonas = tablet(numbers, watch), tablet(numbers, watch, "Jonas")
    asked: list[str] = []
    kari.on("request", lambda request: asked.append(request.url))
    first = take(numbers)
    a_moment_later(numbers.shop)
    second = take(numbers, "collect")
    for page in (kari, jonas):
        expect(chips(page).locator(".num")).to_have_text(["A\u00a0001", "B\u00a0001"])
        expect(page.locator(".queues")).to_contain_text("Returns 1")
    tickets.call(numbers.shop, second.id, "desk-1", by="kari", reason="quick")
    expect(chips(kari)).to_have_count(1)
    tickets.move(numbers.shop, first.id, Move.CANCEL)
    expect(kari.locator("[data-part=rest]")).to_be_hidden()
    assert not [url for url in asked if "/api/" in url and not url.endswith("/today")]


def test_one_list_has_everybody_by_age(numbers: House, watch: Watch) -> None:
    take(numbers)
    a_moment_later(numbers.shop)
    came_in(numbers.shop, "kids")
    a_moment_later(numbers.shop)
    visits.ask_help(numbers.shop, came_in(numbers.shop, "shoes").id, by=numbers.person("Jonas").id)
    page = tablet(numbers, watch)
    page.get_by_role("button", name="All 4 by age").click()
    rows = page.locator(".everyone li")
    expect(rows).to_have_count(4)
    assert [row.get_attribute("data-state") for row in rows.all()] == ["waiting", "greeting", "greeting", "help"]
    accessible(page)


def test_a_call_back_nobody_makes_is_a_card_that_somebody_takes(numbers: House, watch: Watch) -> None:
    shop = numbers.shop
    ticket = take(numbers)
    tickets.move(shop, ticket.id, Move.BOOK, Said(by="customer", until=shop.clock() + timedelta(seconds=3)))
    page = tablet(numbers, watch)
    assert stands(lambda: holds.run_due(shop) > 0)
    expect(late(page)).to_contain_text("A\u00a0001 · Returns")
    expect(late(page)).to_contain_text("Call them back now")
    late(page).get_by_role("button", name="I’m going").click()
    expect(late(page)).to_contain_text("You are on the way")


def test_a_long_line_shows_the_oldest_and_says_how_many_there_are(numbers: House, watch: Watch) -> None:
    taken = [take(numbers) for _ in range(60)]
    page = tablet(numbers, watch)
    expect(page.locator("[data-part=all]")).to_contain_text("All 60 by age")
    page.locator("[data-part=all]").click()
    expect(page.locator(".everyone li")).to_have_count(50)
    expect(page.locator("#sheet")).to_contain_text("and 10 more")
    page.keyboard.press("Escape")
    for ticket in taken[:3]:
        tickets.move(numbers.shop, ticket.id, Move.CANCEL)
    expect(page.locator("[data-part=all]")).to_contain_text("All 57 by age")
    until(page, "document.querySelector('[data-part=chips] .num').textContent.endsWith('004')")
    opens_with(page, 50)
    expect(page.locator(".everyone .num").last).to_have_text("A\u00a0053")


def opens_with(page: Page, rows: int) -> None:
    """Open the whole list until it has so many: it shows what is known when it is opened."""
    for _ in range(40):
        page.locator("[data-part=all]").click()
        expect(page.locator(".everyone li").first).to_be_visible()
        if page.locator(".everyone li").count() == rows:
            return
        page.keyboard.press("Escape")
        page.wait_for_timeout(250)
    expect(page.locator(".everyone li")).to_have_count(rows)


def test_a_crowd_at_the_door_shows_the_oldest_fifty_and_counts_the_rest(numbers: House, watch: Watch) -> None:
    crowd = [came_in(numbers.shop, ("entrance", "kids", "shoes")[n % 3], ago=(70 - n) / 10) for n in range(70)]
    page = tablet(numbers, watch)
    expect(page.locator("[data-part=pill]")).to_contain_text("70 waiting")
    visits.greet(numbers.shop, crowd[0].id, by=numbers.person("Jonas").id)
    expect(page.locator("[data-part=pill]")).to_contain_text("69 waiting")


def test_a_tablet_of_one_zone_shows_its_people_also_behind_fifty_of_another(numbers: House, watch: Watch) -> None:
    for n in range(55):
        came_in(numbers.shop, "entrance", ago=(80 - n) / 10)
    mine = [came_in(numbers.shop, "kids", ago=(20 - n) / 10) for n in range(14)]
    page = tablet(numbers, watch, zone="kids")
    expect(card(page, mine[0]).or_(page.locator(".visit.wide")).first).to_be_visible()
    expect(page.locator(".visit.wide [data-part=count]")).to_have_text("14 waiting")
    expect(page.locator("[data-part=pill]")).to_contain_text("69 waiting")
    for visit in mine[:3]:
        visits.greet(numbers.shop, visit.id, by=numbers.person("Jonas").id)
    expect(page.locator("[data-part=pill]")).to_contain_text("66 waiting")
    expect(page.locator(".visit.wide [data-part=count]")).to_have_text("11 waiting")
    expect(page.locator(".visit.wide .parties li")).to_have_count(11)


def test_a_problem_is_written_down_told_and_closed_and_never_closed_untold(numbers: House, watch: Watch) -> None:
    shop = numbers.shop
    visit = came_in(shop, "kids")
    page = tablet(numbers, watch)
    card(page, visit).locator("[data-do=more]").click()
    page.get_by_role("button", name="Write down a problem").click()
    page.locator("#sheet textarea").fill("The <b>zip</b> is broken")
    accessible(page)
    page.get_by_role("button", name="Keep the problem").click()
    expect(page.locator("#toast")).to_contain_text("Kept.")
    assert stands(lambda: stored_cases.open_problems(shop.db))
    [problem] = stored_cases.open_problems(shop.db)
    assert (problem.visit, problem.heard, problem.owner) == (visit.id, "The <b>zip</b> is broken", numbers.person("Kari").id)
    page.get_by_role("button", name="1 problem").click()
    page.locator("#sheet button", has_text="zip").click()
    expect(page.get_by_role("button", name="Solved", exact=True)).to_have_count(0)
    page.get_by_role("button", name="The customer was told").click()
    expect(page.locator("#toast")).to_contain_text("Noted")
    page.get_by_role("button", name="1 problem").click()
    page.locator("#sheet button", has_text="zip").click()
    page.get_by_role("button", name="Solved", exact=True).click()
    expect(page.locator("[data-part=problems]")).to_be_hidden()
    assert stands(lambda: stored_cases.problem(shop.db, problem.id).outcome == "solved")


def test_an_upset_customer_gets_a_calm_card_and_a_briefed_lead(numbers: House, watch: Watch) -> None:
    visit = came_in(numbers.shop, "kids")
    page = tablet(numbers, watch)
    card(page, visit).locator("[data-do=more]").click()
    page.get_by_role("button", name="They are upset").click()
    expect(page.locator("#sheet .steps li")).to_have_count(5)
    expect(page.locator("#sheet .steps li").first).to_have_text("Listen. Let them finish. Look at them, not at the screen.")
    for place, words in enumerate(("It broke twice", "Another one", "Money back")):
        page.locator("#sheet textarea").nth(place).fill(words)
    page.locator("#sheet").get_by_role("button", name="Call the lead").click()
    expect(page.locator(".call-help")).to_contain_text("Kids: you called for help. Happened: It broke twice")
    assert stands(lambda: visits.find(numbers.shop, visit.id).briefing == "It broke twice\nAnother one\nMoney back")


def test_a_store_and_people_with_quotes_and_brackets_are_only_words(
    make_house: Callable[..., House], service: Callable[[House], Service], watch_over: Callable[[House], Watch]
) -> None:
    house = make_house(cameras=CAMERAS, services=SERVICES, counters=COUNTERS)
    house.settings.store.__dict__["name"] = LATVIAN
    house.shop.settings.store.__dict__["name"] = LATVIAN
    watching(house.shop)
    service(house)
    take(house)
    page = tablet(house, watch_over(house), "Ādams <i>Bērziņš")
    expect(chips(page)).to_have_count(1)
    assert LATVIAN in page.title()
    assert page.locator("main b b, main i").count() == 0


def test_an_empty_shop_is_calm(numbers: House, watch: Watch) -> None:
    page = tablet(numbers, watch)
    expect(page.locator(".hero h2").first).to_contain_text("Nobody waits here")
    expect(page.locator("[data-part=rest]")).to_be_hidden()
    expect(page.locator(".queues")).to_be_hidden()


def test_the_whole_list_opens_and_closes_with_the_keyboard_alone(numbers: House, watch: Watch) -> None:
    take(numbers)
    page = tablet(numbers, watch)
    button = page.locator("[data-part=all]")
    expect(button).to_be_visible()
    button.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".everyone li")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(button).to_be_focused()
