"""The floor as two people on shift live it: real Chromium, real waitress, real store, promises short enough to wait for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from broker.desk import visits
from broker.domain.visit import State, Visit
from broker.store import visits as stored
from tests.browser.floor_parts import (
    CAMERAS,
    QUICK,
    Service,
    came_in,
    card,
    let_go,
    looks_of,
    moves_of,
    notes,
    stands,
    tablet,
    until,
    was_greeted,
    watching,
)
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser


def state_of(house: House, visit: Visit) -> State:
    return stored.get(house.shop.db, visit.id).state


def still_waiting(page: Page) -> None:
    """Wait until what is over has been cleared away, which takes two seconds without a touch."""
    expect(page.locator(".visit[data-s=gone]")).to_have_count(0)


def test_a_visit_appears_without_a_reload_and_turns_in_time(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    page.evaluate("window.sameDocument = true")
    notes(page)
    visit = came_in(floor_house.shop, "shoes", size=2)
    expect(card(page, visit).locator(".facts")).to_contain_text("2 people")
    looks = looks_of(page, visit, "all: Everyone is called")
    assert looks[0].startswith("new: ")
    assert looks[1:] == ["due: Say hello now", "over: Waiting too long", "all: Everyone is called"]
    assert page.evaluate("window.sameDocument") is True


def test_a_claim_shows_on_the_other_tablet_and_a_greeting_ends_it(floor_house: House, eyes: Watch) -> None:
    kari, jonas = tablet(floor_house, eyes, "Kari"), tablet(floor_house, eyes, "Jonas")
    visit = came_in(floor_house.shop)
    card(kari, visit).get_by_role("button", name="I’m going").click()
    expect(card(kari, visit).locator(".state")).to_have_text("You are on the way")
    expect(card(kari, visit).locator(".facts")).to_contain_text("Yours for")
    expect(card(jonas, visit).locator(".state")).to_have_text("Kari is on the way")
    expect(card(jonas, visit).get_by_role("button", name="I’m going")).to_be_hidden()
    notes(jonas)
    card(kari, visit).get_by_role("button", name="Greeted").click()
    assert looks_of(jonas, visit, "gone: Greeted by Kari")
    still_waiting(jonas)
    expect(jonas.locator(".hero h2").first).to_contain_text("Everyone is greeted")
    assert state_of(floor_house, visit) is State.ACKNOWLEDGED


def test_a_claim_runs_out_and_the_card_comes_back(
    make_house: Callable[..., House], service: Callable[[House], Service], watch_over: Callable[[House], Watch]
) -> None:
    house = make_house(cameras=CAMERAS, standards=QUICK.model_copy(update={"claim_seconds": 8}))
    watching(house.shop)
    service(house)
    page = tablet(house, watch_over(house))
    visit = came_in(house.shop)
    card(page, visit).get_by_role("button", name="I’m going").click()
    expect(card(page, visit)).to_have_attribute("data-s", "mine")
    expect(card(page, visit)).to_have_attribute("data-s", "all")


def test_release_gives_it_back(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    visit = came_in(floor_house.shop)
    card(page, visit).get_by_role("button", name="I’m going").click()
    card(page, visit).get_by_role("button", name="Release").click()
    expect(card(page, visit).get_by_role("button", name="I’m going")).to_be_visible()
    expect(page.locator("[data-part=sending]:visible")).to_have_count(0)
    assert stands(lambda: "release" in moves_of(floor_house, visit))
    assert state_of(floor_house, visit) is not State.CLAIMED


def test_greeted_can_be_undone_for_five_seconds(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    visit = came_in(floor_house.shop)
    card(page, visit).get_by_role("button", name="I’m going").click()
    card(page, visit).get_by_role("button", name="Greeted").click()
    expect(page.locator("#toast")).to_contain_text("Entrance: greeted after")
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(card(page, visit).get_by_role("button", name="I’m going")).to_be_visible()
    assert stands(lambda: "undo" in moves_of(floor_house, visit))
    assert state_of(floor_house, visit) is not State.ACKNOWLEDGED
    expect(page.locator("#toast")).to_be_hidden()


def test_the_toast_goes_by_itself(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    visit = came_in(floor_house.shop)
    card(page, visit).get_by_role("button", name="I’m going").click()
    card(page, visit).get_by_role("button", name="Greeted").click()
    expect(page.locator("#toast")).to_be_visible()
    expect(page.locator("#toast")).to_be_hidden()


def test_two_tablets_go_at_once_one_wins_and_the_other_reads_who(floor_house: House, eyes: Watch) -> None:
    kari, jonas = tablet(floor_house, eyes, "Kari"), tablet(floor_house, eyes, "Jonas")
    visit = came_in(floor_house.shop)
    expect(card(jonas, visit)).to_be_visible()
    # Jonas' tablet hears nothing for a moment: his tap and Kari's cross on the way.
    held: list[Route] = []
    jonas.route("**/claim", lambda route: held.append(route))
    card(jonas, visit).get_by_role("button", name="I’m going").click()
    expect(card(jonas, visit).locator(".state")).to_have_text("You are on the way")
    expect(card(jonas, visit).locator("[data-part=sending]")).to_be_visible()
    eyes.expect_error("409")
    visits.claim(floor_house.shop, visit.id, by=floor_house.person("Kari").id)
    expect(card(kari, visit)).to_have_attribute("data-s", "mine")
    let_go(jonas, held)
    expect(jonas.locator("#toast")).to_contain_text("Kari is already on the way")
    expect(card(jonas, visit).locator(".state")).to_have_text("Kari is on the way")
    assert stands(lambda: stored.get(floor_house.shop.db, visit.id).claimed_by == floor_house.person("Kari").id)


def test_not_a_customer_takes_two_taps_and_can_be_undone(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    visit = came_in(floor_house.shop)
    card(page, visit).get_by_role("button", name="More for Entrance").click()
    page.locator("#sheet").get_by_role("button", name="Courier").click()
    expect(page.locator("#toast")).to_contain_text("not a customer")
    page.locator("#toast").hover()  # It stays while somebody is at it.
    expect(card(page, visit)).to_have_attribute("data-s", "gone")
    until(page, "fetch('/api/v1/floor').then((said) => said.json()).then((floor) => !floor.visits.length)")
    assert stands(lambda: stored.get(floor_house.shop.db, visit.id).dismissed_as == "courier")
    page.locator("#toast").get_by_role("button", name="Undo").click()
    expect(card(page, visit).get_by_role("button", name="I’m going")).to_be_visible()


def test_a_party_is_sent_to_another_zone_and_merged_with_another(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    first, second = came_in(floor_house.shop, "entrance", ago=1), came_in(floor_house.shop, "kids", size=2)
    card(page, second).get_by_role("button", name="More for Kids").click()
    page.locator("#sheet").get_by_role("button", name="Shoes").click()
    expect(card(page, second).locator("h2")).to_have_text("Shoes")
    card(page, second).get_by_role("button", name="More for Shoes").click()
    page.locator("#sheet .choice", has_text="Same party").get_by_role("button").click()
    expect(card(page, first).locator(".facts")).to_contain_text("3 people")
    still_waiting(page)
    expect(card(page, second)).to_have_count(0)
    assert stands(lambda: stored.get(floor_house.shop.db, second.id).merged_into == first.id)


def test_a_visit_is_added_by_hand(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    page.locator(".strip").get_by_role("button", name="Add a visit").click()
    page.locator("#sheet").get_by_role("button", name="Kids").click()
    page.locator("#sheet").get_by_role("button", name="3", exact=True).click()
    page.locator("#sheet").get_by_role("button", name="Add a visit").click()
    expect(page.locator(".visit h2")).to_have_text("Kids")
    expect(page.locator(".visit .facts")).to_contain_text("3 people")
    assert stands(lambda: [visit.size for visit in stored.open_ones(floor_house.shop.db)] == [3])


def test_four_in_one_zone_are_one_card_and_going_takes_the_longest(floor_house: House, eyes: Watch) -> None:
    here = [came_in(floor_house.shop, "shoes", ago=ago) for ago in (9, 7, 5, 3)]
    other = came_in(floor_house.shop, "kids", ago=1)
    page = tablet(floor_house, eyes)
    group = page.locator(".visit.wide")
    expect(group.locator("h2")).to_have_text("Shoes")
    expect(group.locator("[data-part=count]")).to_have_text("4 waiting")
    expect(group.locator(".parties li")).to_have_count(4)
    expect(card(page, other)).to_be_visible()
    group.get_by_role("button", name="I’m going").click()
    expect(card(page, here[0])).to_have_attribute("data-s", "mine")
    expect(group.locator(".parties li")).to_have_count(3)
    assert stands(lambda: stored.get(floor_house.shop.db, here[0].id).claimed_by == floor_house.person("Kari").id)


def test_in_a_crowd_the_longest_waiting_is_the_one_that_is_seen(floor_house: House, eyes: Watch) -> None:
    for n in range(14):
        came_in(floor_house.shop, "shoes", ago=20 - n, size=n + 1)
    page = tablet(floor_house, eyes)
    rows = page.locator(".visit.wide .parties li")
    expect(rows).to_have_count(14)
    expect(rows.first).to_contain_text("1 person")
    expect(rows.first).to_be_in_viewport(ratio=1)
    expect(page.locator(".visit.wide .parties")).to_have_attribute("tabindex", "0")


def test_one_of_a_group_can_be_chosen(floor_house: House, eyes: Watch) -> None:
    here = [came_in(floor_house.shop, "shoes", ago=ago, size=size) for ago, size in ((9, 1), (7, 2), (5, 3), (3, 4))]
    page = tablet(floor_house, eyes)
    page.locator(".visit.wide").get_by_role("button", name="Choose").click()
    page.locator("#sheet").get_by_role("button", name="3 people").click()
    page.locator("#sheet").get_by_role("button", name="I’m going").click()
    expect(card(page, here[2])).to_have_attribute("data-s", "mine")


def test_the_zone_of_the_screen_is_shown_first_and_the_choice_is_kept(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes, zone="kids")
    expect(page.locator("[data-part=zone] [data-part=name]")).to_have_text("Kids")
    page.evaluate("""() => {
      const told = document.querySelector("[data-part=elsewhere]");
      window.told = [];
      const look = () => window.told.push(told.textContent.replace(/\\s+/g, " "));
      new MutationObserver(look).observe(told, { subtree: true, childList: true, characterData: true });
    }""")
    here, there = came_in(floor_house.shop, "kids"), came_in(floor_house.shop, "shoes")
    expect(card(page, here)).to_be_visible()
    # Whoever waits so long that everybody is called is on every screen, whatever it is set to.
    expect(card(page, there)).to_have_attribute("data-s", "all")
    assert [told for told in page.evaluate("window.told") if "1 in other zones" in told]
    page.get_by_role("button", name="Kids", exact=True).click()
    page.locator("#sheet").get_by_role("button", name="All zones").click()
    page.reload()
    expect(page.locator("[data-part=zone] [data-part=name]")).to_have_text("All zones")


def test_the_count_is_in_the_title_and_the_icon(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    expect(page).to_have_title("Floor · Oslo City")
    came_in(floor_house.shop)
    came_in(floor_house.shop, "kids")
    expect(page).to_have_title("(2) Floor · Oslo City")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("^data:image/png"))
    expect(page.locator("[data-part=pill]")).to_contain_text("2 waiting")


def test_calm_proves_that_somebody_looks(floor_house: House, eyes: Watch) -> None:
    by = floor_house.person("Jonas").id
    for n in range(12):
        was_greeted(floor_house.shop, ago=200 + n * 240, after=9 if n == 5 else 1, by=by)
    page = tablet(floor_house, eyes)
    expect(page.locator(".hero h2").first).to_contain_text("Everyone is greeted")
    expect(page.locator(".hero .sub")).to_contain_text("Jonas said hello after 1")
    expect(page.locator(".cams li")).to_have_count(3)
    expect(page.locator(".cams")).to_contain_text("Front door")
    expect(page.locator(".plot .okm")).to_have_count(11)
    expect(page.locator(".plot .late")).to_have_count(1)
    expect(page.locator(".strip")).to_contain_text("92 % greeted in 2 s")
    expect(page.locator(".strip")).to_contain_text("12 visits. Median 1 s")


def test_cards_stay_where_a_finger_may_be(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    # So long ago that nothing else changes meanwhile: everybody is called for each of them.
    first, second, third = (
        came_in(floor_house.shop, zone, ago=ago) for zone, ago in (("shoes", 15), ("kids", 12), ("entrance", 9))
    )
    for each in (first, second, third):
        expect(card(page, each)).to_have_attribute("data-s", "all")
    page.wait_for_timeout(2500)
    place = card(page, second).bounding_box()
    page.evaluate(WHILE_DONE, [first.id, second.id])
    visits.greet(floor_house.shop, first.id, by=floor_house.person("Jonas").id)
    until(page, "window.places.length > 0")
    page.mouse.move(640, 300)
    still_waiting(page)
    kept = page.evaluate("window.places")
    assert place
    assert {tuple(each) for each in kept} == {(place["x"], place["y"])}, "a card that is done keeps its place for two seconds"
    assert stands(lambda: card(page, second).bounding_box() != place)
    assert [node.get_attribute("data-key") for node in page.locator(".visit").all()] == [second.id, third.id]


WHILE_DONE = """([done, other]) => {
  window.places = [];
  const card = (id) => document.querySelector(`.visit[data-key="${id}"]`);
  setInterval(() => {
    if (card(done)?.dataset.s !== "gone") return;
    const box = card(other).getBoundingClientRect();
    window.places.push([box.x, box.y]);
  }, 50);
}"""
"""Writes down where the other card stands while the first one is done and still there."""
