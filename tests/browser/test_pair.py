"""How a browser becomes a screen of the shop: the first link, a code that a manager types in, and what may go wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from broker.desk import pairing, people
from tests.browser.house import PIN, House, Watch, accessible
from tests.browser.kiosk_parts import KioskHouse
from tests.browser.looks import FLOOR_TAP, LANGUAGES, at_every_size, looks_right
from tests.builders import TurnableClock
from tests.web.parts import PASSWORD

pytestmark = pytest.mark.browser

LOCALES = {"en": "en-GB", "nb": "nb-NO", "nl": "nl-NL", "ms": "ms-MY", "lv": "lv-LV"}


def opened(context: BrowserContext, path: str) -> Page:
    page = context.new_page()
    page.goto(path)
    return page


def code_on(page: Page) -> str:
    return "".join((page.locator(".code .vh").text_content() or "").split())


def first_link(house: House, *, role: str = "manager", name: str = "Office") -> str:
    return f"/enter/{pairing.make_entrance(house.shop, reusable=False, name=name, role=role)}"


def let_in(house: House, page: Page, name: str = "Tablet by the door") -> None:
    pairing.approve(house.shop, code_on(page), name=name, role="staff", zone="", by="test")


def test_from_the_first_link_to_a_second_screen_with_somebody_on_it(house: House, watch: Watch) -> None:
    office = opened(watch.context(), first_link(house))
    office.get_by_label("Your first name").fill("Sofie")
    office.get_by_label("A PIN you choose").fill(PIN)
    office.get_by_label("A password you choose").fill(PASSWORD)
    office.get_by_role("button", name="Open the shop").click()
    expect(office).to_have_url(re.compile("/floor$"))

    tablet = opened(watch.context(), "/")
    expect(tablet.get_by_role("heading", name="Pair this screen")).to_be_visible()
    expect(tablet.get_by_role("status")).to_have_text("Waiting to be let in")
    code = code_on(tablet)

    office.goto("/admin/screens")
    office.get_by_label("Code on the screen").fill(f"{code[:4]} {code[4:]}".lower())
    office.get_by_label("Name of the screen").fill("Tablet by the door")
    office.get_by_label("Zone").select_option("entrance")
    office.get_by_role("button", name="Let it in").click()
    expect(office.get_by_role("status")).to_have_text("Tablet by the door is paired.")

    expect(tablet.get_by_role("heading", name="Who is on shift?")).to_be_visible()
    expect(tablet.locator("header")).to_contain_text("Tablet by the door, Entrance zone.")
    tablet.keyboard.type(PIN)
    expect(tablet).to_have_url(re.compile("/floor$"))
    assert [screen.role for screen in pairing.screens(house.shop)] == ["staff", "manager"]


def test_opening_a_link_changes_nothing_and_using_it_once_uses_it_up(house: House, watch: Watch) -> None:
    link = first_link(house)
    for _ in range(2):
        looked = opened(watch.context(), link)
        expect(looked.get_by_role("heading", name="Welcome to Oslo City")).to_be_visible()
    assert pairing.screens(house.shop) == []
    house.person("Sofie", role="manager")
    looked.reload()
    expect(looked.locator("main")).to_contain_text("This browser becomes a screen of the shop: Office.")
    looked.get_by_role("button", name="Use this browser").click()
    expect(looked).to_have_url(re.compile("/signin$"))
    watch.expect_error("404")
    late = opened(watch.context(), link)
    expect(late.locator("main")).to_contain_text("This link was used already, or is too old.")
    looks_right(late, FLOOR_TAP)
    accessible(late)


def test_a_first_manager_hears_what_is_wrong_with_a_pin_and_keeps_the_name(house: House, watch: Watch) -> None:
    watch.expect_error("422")
    page = opened(watch.context(), first_link(house))
    page.get_by_label("Your first name").fill("Sofie")
    page.get_by_label("A PIN you choose").fill("1234")
    page.get_by_label("A password you choose").fill(PASSWORD)
    page.get_by_role("button", name="Open the shop").click()
    expect(page.get_by_role("alert")).to_contain_text("harder to guess")
    expect(page.get_by_label("Your first name")).to_have_value("Sofie")
    accessible(page)
    assert people.everybody(house.shop) == []


def test_the_page_says_when_the_shop_does_not_answer_and_goes_on_when_it_does(house: House, watch: Watch) -> None:
    house.person()
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    context = watch.context()
    page = opened(context, "/pair")
    before = code_on(page)
    context.set_offline(True)
    expect(page.get_by_role("status")).to_contain_text("does not answer just now")
    looks_right(page, FLOOR_TAP)
    context.set_offline(False)
    expect(page.get_by_role("status")).to_have_text("Waiting to be let in")
    assert code_on(page) == before
    let_in(house, page)
    expect(page).to_have_url(re.compile("/signin$"))


def test_a_code_that_ran_out_is_replaced_by_the_next_one(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch]
) -> None:
    clock = TurnableClock()
    house = make_house(clock=clock)
    page = opened(watch_over(house).context(), "/pair")
    before = code_on(page)
    expect(page.locator("main")).to_contain_text("until 12:10")
    page.reload()
    assert code_on(page) == before
    clock.turn(seconds=601)
    expect(page.locator("main")).to_contain_text("until 12:20")
    assert code_on(page) != before


def test_without_scripts_a_button_collects_the_pairing(house: House, watch: Watch) -> None:
    house.person()
    page = opened(watch.context(java_script_enabled=False), "/pair")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("alert")).to_have_text("Nobody has let this screen in yet.")
    let_in(house, page)
    page.get_by_role("button", name="Go on").click()
    expect(page).to_have_url(re.compile("/signin$"))


@pytest.mark.parametrize("language", ["en", "lv"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pairing_and_the_first_link_are_accessible(house: House, watch: Watch, scheme: str, language: str) -> None:
    context = watch.context(color_scheme=scheme, locale=LOCALES[language], reduced_motion="reduce")
    for path in ("/pair", first_link(house)):
        accessible(opened(context, path))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_every_screen(house: House, watch: Watch, language: str) -> None:
    watch.expect_error("404")
    context = watch.context(locale=LOCALES[language])
    for path in ("/pair", "/pair?too_soon=1", first_link(house), "/nothing-here"):
        page = opened(context, path)
        assert (page.locator("html").get_attribute("lang") or "")[:2] == language
        at_every_size(page, FLOOR_TAP)


def test_a_touch_screen_of_the_shops_own_machine_is_let_in_though_its_cookies_are_those_of_https(
    chromium: Browser, tmp_path: Path
) -> None:
    house = KioskHouse(tmp_path, kiosk={"https": True})
    watch = Watch(chromium, house)
    try:
        touch = opened(watch.context(viewport={"width": 1080, "height": 1920}), "/kiosk")
        pairing.approve(house.shop, code_on(touch), name="Touch screen", role="kiosk", zone="", by="test")
        touch.locator(".svc[name=service]").first.click()
        expect(touch.locator("body")).to_contain_text(re.compile("R.001"))
        cookies = touch.context.cookies()
        assert cookies
        assert all(each["secure"] and each["name"].startswith("__Host-") for each in cookies)
    finally:
        watch.close()
        house.close()
