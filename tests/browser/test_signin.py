"""Who is on shift: names that are never cut, a PIN by touch, by keyboard and without scripts, kind words for a wrong one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from broker.desk import passwords
from broker.settings import StoreSettings
from tests.browser.house import PIN, House, Watch, accessible
from tests.browser.looks import FLOOR_TAP, LANGUAGES, SIZES, at_every_size, looks_right, open_own_menu
from tests.builders import TurnableClock
from tests.web.parts import PASSWORD

pytestmark = pytest.mark.browser

SIX = (("Kari", "staff"), ("Jonas", "staff"), ("Amira", "staff"), ("Līga", "staff"), ("Deniz", "staff"), ("Maria", "lead"))
LONG = "Bartholomew-Alexander Featherstonehaugh"
WRONG = "9174"
ON_THE_FLOOR = re.compile("/floor$")
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def at_the_door(house: House, watch: Watch, *, names: int = 6, path: str = "/signin", **wishes: object) -> Page:
    """The sign-in page of a paired tablet in a shop where so many people work."""
    for name, role in (*SIX, *((f"Person {n}", "staff") for n in range(names - 6)))[:names]:
        house.person(name, role=role)
    context = watch.context(**wishes)
    house.pair(context, zone="entrance")
    page = context.new_page()
    page.goto(path)
    return page


def name(page: Page, called: str) -> Locator:
    return page.get_by_role("list").get_by_role("link", name=called)


def keys(page: Page, pin: str, press: Callable[[Locator], None] = Locator.click) -> None:
    for digit in pin:
        press(page.get_by_role("button", name=digit, exact=True))


def tap_anyway(key: Locator) -> None:
    key.click(force=True)


def type_wrong(page: Page) -> None:
    with page.expect_navigation():
        page.keyboard.type(WRONG)
    page.wait_for_load_state("networkidle")


def dots(page: Page, on: int) -> None:
    """Wait until so many dots are on."""
    expect(page.locator(".dots .on")).to_have_count(on)


CLIPPED = """() => [...document.querySelectorAll(".names li a")].filter((button) => {
  const box = button.getBoundingClientRect(), list = button.closest("ul").getBoundingClientRect();
  const pane = document.querySelector(".sign .names").getBoundingClientRect();
  return box.top < Math.max(list.top, pane.top, 0) - 0.5 || box.bottom > Math.min(list.bottom, pane.bottom, innerHeight) + 0.5
    || box.right > pane.right || button.scrollHeight > button.clientHeight + 1;
}).map((button) => button.textContent.trim())"""


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768), (800, 1280)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_six_names_are_all_seen_whole(house: House, watch: Watch, size: tuple[int, int]) -> None:
    page = at_the_door(house, watch, viewport={"width": size[0], "height": size[1]})
    assert page.locator(".names li").count() == 6
    assert page.evaluate(CLIPPED) == []
    assert page.locator(".names ul").evaluate("(list) => list.scrollHeight <= list.clientHeight")


def test_fourteen_names_with_a_very_long_one_still_fit_a_tablet(house: House, watch: Watch) -> None:
    house.person(LONG, role="manager")
    page = at_the_door(house, watch, names=13)
    assert page.locator(".names li").count() == 14
    assert page.evaluate(CLIPPED) == []


@sizes
def test_more_names_than_fit_are_reached_by_scrolling(house: House, watch: Watch, size: tuple[int, int]) -> None:
    page = at_the_door(house, watch, names=40, viewport={"width": size[0], "height": size[1]})
    last = page.locator(".names li a").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport(ratio=0.99)
    last.click()
    expect(page.get_by_role("button", name="5", exact=True)).to_be_in_viewport(ratio=0.99)
    expect(page.locator("#ask")).to_have_text(f"{(last.text_content() or '').split(maxsplit=1)[1].strip()}, your PIN")


def test_a_name_and_four_taps_lead_to_the_floor(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch, has_touch=True)
    name(page, "Jonas").tap()
    expect(name(page, "Jonas")).to_have_attribute("aria-current", "true")
    keys(page, PIN, Locator.tap)
    expect(page).to_have_url(ON_THE_FLOOR)
    expect(page.locator(".who .name")).to_have_text("Jonas")


def test_a_finger_that_slides_off_a_key_has_not_pressed_it(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch)
    name(page, "Kari").click()
    page.get_by_role("button", name="5", exact=True).hover()
    page.mouse.down()
    dots(page, 0)
    page.mouse.move(300, 200)
    page.mouse.up()
    dots(page, 0)


def test_keys_rest_until_a_name_is_chosen(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch)
    expect(page.locator("#ask")).to_have_text("Tap your name first")
    keys(page, "25", tap_anyway)
    page.keyboard.type("80")
    dots(page, 0)


def test_the_keyboard_alone_is_enough(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch)
    for _ in range(10):
        page.keyboard.press("Tab")
        if name(page, "Jonas").evaluate("(link) => link === document.activeElement"):
            break
    assert name(page, "Jonas").evaluate("(link) => getComputedStyle(link).outlineWidth") == "4px"
    page.keyboard.press("Enter")
    page.keyboard.type("27")
    page.keyboard.press("Enter")
    dots(page, 2)
    page.keyboard.press("Backspace")
    dots(page, 1)
    expect(page.get_by_role("img", name="1 of 4 digits")).to_have_count(1)
    page.keyboard.press("Escape")
    dots(page, 0)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.key") == "1"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineWidth") == "4px"
    page.keyboard.type(PIN)
    expect(page).to_have_url(ON_THE_FLOOR)


def test_a_wrong_pin_is_told_kindly_and_no_key_moves(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch)
    name(page, "Kari").click()
    before = page.get_by_role("button", name="5", exact=True).bounding_box()
    type_wrong(page)
    expect(page.get_by_role("alert")).to_have_text("That PIN does not match. Please try again.")
    assert page.title().startswith("That PIN does not match.")
    expect(page.locator("#ask")).to_have_text("Kari, your PIN")
    assert page.get_by_role("button", name="5", exact=True).bounding_box() == before
    keys(page, PIN[0])
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator(".dots")).to_be_visible()
    keys(page, PIN[1:])
    expect(page).to_have_url(ON_THE_FLOOR)


def test_after_five_wrong_pins_the_keys_rest_and_say_until_when(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch]
) -> None:
    clock = TurnableClock()
    house = make_house(clock=clock)
    page = at_the_door(house, watch_over(house))
    name(page, "Kari").click()
    for _ in range(4):
        type_wrong(page)
        expect(page.get_by_role("alert")).to_contain_text("Please try again")
    type_wrong(page)
    expect(page.get_by_role("alert")).to_have_text("Too many tries. The keys work again at 12:01:00.")
    page.keyboard.type(PIN)
    keys(page, PIN, tap_anyway)
    dots(page, 0)
    name(page, "Jonas").click()  # the screen waits too, not only Kari
    with page.expect_navigation():
        page.keyboard.type(PIN)
    expect(page.get_by_role("alert")).to_contain_text("12:01:00")
    clock.turn(seconds=61)
    page.reload()
    page.keyboard.type(PIN)
    expect(page).to_have_url(ON_THE_FLOOR)


def test_a_longer_pin_has_as_many_dots(house: House, watch: Watch) -> None:
    house.person("Oda", pin="258036")
    page = at_the_door(house, watch)
    name(page, "Oda").click()
    assert page.locator(".dots i").count() == 6
    page.keyboard.type("258036")
    expect(page).to_have_url(ON_THE_FLOOR)


def test_who_works_alone_does_not_choose(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch, names=1)
    page.keyboard.type(PIN)
    expect(page).to_have_url(ON_THE_FLOOR)


def test_when_nobody_works_here_the_page_says_who_changes_that(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch, names=1)
    house.shop.db.conn.execute("UPDATE people SET active = 0")
    page.reload()
    expect(page.locator("main")).to_contain_text("A manager adds people in the office.")
    expect(page.get_by_role("button", name="5")).to_have_count(0)
    looks_right(page, FLOOR_TAP)
    accessible(page)


def test_without_scripts_a_plain_form_signs_in(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch, java_script_enabled=False)
    name(page, "Amira").click()
    page.get_by_label("PIN", exact=True).fill(WRONG)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("Please try again")
    page.get_by_label("PIN", exact=True).fill(PIN)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(ON_THE_FLOOR)


def test_signing_out_leads_back_to_the_names(house: House, watch: Watch) -> None:
    page = at_the_door(house, watch, names=2)
    name(page, "Jonas").click()
    page.keyboard.type(PIN)
    open_own_menu(page)
    page.get_by_role("button", name="Sign out or switch person").click()
    expect(page.get_by_role("heading", name="Who is on shift?")).to_be_visible()
    page.goto("/floor")
    expect(page).to_have_url(re.compile("/signin$"))


def shop_speaking(make_house: Callable[..., House], language: str, tmp_path: Path) -> House:
    store = StoreSettings(id="oslo-city", name="Oslo City", data=tmp_path, language=language)
    return make_house(store=store)


@pytest.mark.parametrize("language", ["en", "lv"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch], tmp_path: Path, scheme: str, language: str
) -> None:
    house = shop_speaking(make_house, language, tmp_path)
    page = at_the_door(house, watch_over(house), color_scheme=scheme, reduced_motion="reduce")
    accessible(page)
    page.locator(".names a").first.click()
    page.keyboard.type("2")
    accessible(page)
    page.keyboard.press("Escape")
    type_wrong(page)
    accessible(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_every_screen(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch], tmp_path: Path, language: str
) -> None:
    house = shop_speaking(make_house, language, tmp_path)
    house.person(LONG, role="manager")
    page = at_the_door(house, watch_over(house))
    assert page.locator("html").get_attribute("lang") == ("en-GB" if language == "en" else language)
    at_every_size(page, FLOOR_TAP)
    page.locator(".names a").first.click()
    type_wrong(page)
    at_every_size(page, FLOOR_TAP)


def test_in_the_office_a_manager_types_a_password_and_staff_beside_them_a_pin(house: House, watch: Watch) -> None:
    mia = house.person("Mia", role="manager")
    house.person("Ola")
    passwords.choose(house.shop, mia, PASSWORD)
    context = watch.context()
    house.pair(context, name="Office", role="manager")
    page = context.new_page()
    page.goto("/signin")
    field = page.locator("#password")
    name(page, "Mia").click()
    expect(field).to_be_focused()
    expect(page.get_by_role("button", name="5", exact=True)).to_be_hidden()
    accessible(page)
    page.keyboard.type("2580 is no password")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That password does not match")
    name(page, "Ola").click()
    expect(field).to_be_hidden()
    expect(page.get_by_role("button", name="5", exact=True)).to_be_visible()
    name(page, "Mia").click()
    field.fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(ON_THE_FLOOR)
