"""The standards and the problem process in a real browser: read with one tap, in every language, on any screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from broker.desk import people, standards_page
from broker.settings import StandardsSettings
from tests.browser.counter_parts import COUNTERS, SERVICES
from tests.browser.floor_parts import CAMERAS
from tests.browser.house import House, Watch, accessible
from tests.browser.looks import LANGUAGES, OFFICE_TAP, at_every_size, looks_right, open_own_menu

PAGES = ("/standards", "/standards/problems")
HOURS = {"mon": ["10:00-20:00"], "sat": ["10:00-13:00", "14:00-18:00"]}


@pytest.fixture
def changed(make_house: Callable[..., House]) -> House:
    """A shop with everything, whose greeting became quicker since Kari last read how it serves."""
    wishes = {"services": SERVICES, "counters": COUNTERS, "cameras": CAMERAS, "opening": HOURS}
    before = make_house(standards=StandardsSettings(greet_within_seconds=45), **wishes)
    standards_page.keep(before.shop)
    standards_page.acknowledge(before.shop, before.person().id)
    after = make_house(**wishes)
    standards_page.keep(after.shop)
    return after


@pytest.fixture
def eyes(changed: House, watch_over: Callable[[House], Watch]) -> Watch:
    return watch_over(changed)


def opened(house: House, eyes: Watch, path: str, *, language: str = "en", role: str = "staff", **wishes: object) -> Page:
    context = eyes.context(**wishes)
    person = house.sign_in(context, "Kari" if role == "staff" else "Sjef", role=role)
    people.speak(house.shop, person.id, language)
    page = context.new_page()
    page.goto(path)
    return page


def test_after_the_pin_the_change_is_read_with_one_tap(changed: House, eyes: Watch) -> None:
    context = eyes.context()
    changed.pair(context)
    page = context.new_page()
    page.goto("/signin")
    for digit in "2580":
        page.locator(f".keys [data-key='{digit}']").click()
    expect(page).to_have_url(f"{changed.url}/standards")
    expect(page.get_by_role("heading", name="Our standards have changed")).to_be_visible()
    expect(page.locator(".news")).to_contain_text("from 45\u00a0s to 30\u00a0s")
    page.get_by_role("button", name="I have read it").click()
    expect(page).to_have_url(f"{changed.url}/floor")
    page.goto("/standards")
    expect(page.get_by_role("status")).to_contain_text("You read this on")


def test_whoever_is_needed_reads_it_later(changed: House, eyes: Watch) -> None:
    page = opened(changed, eyes, "/standards")
    page.get_by_role("button", name="Later").click()
    expect(page).to_have_url(f"{changed.url}/floor")
    assert [reading.put_off for person, reading in standards_page.readers(changed.shop) if person.name == "Kari"] == [1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_both_pages_are_accessible(changed: House, eyes: Watch, path: str, scheme: str) -> None:
    page = opened(changed, eyes, path, role="manager", color_scheme=scheme)
    accessible(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_pages_fit_every_screen_in_every_language(changed: House, eyes: Watch, language: str) -> None:
    page = opened(changed, eyes, PAGES[0], language=language, role="manager")
    for path in PAGES:
        page.goto(path)
        at_every_size(page, OFFICE_TAP)
        assert (page.locator("html").get_attribute("lang") or "")[:2] == language


def test_on_the_smallest_phone_nothing_is_cut(changed: House, eyes: Watch) -> None:
    page = opened(changed, eyes, PAGES[0], viewport={"width": 320, "height": 640})
    for path in PAGES:
        page.goto(path)
        looks_right(page, OFFICE_TAP)


def test_it_works_by_keyboard_and_without_scripts(changed: House, eyes: Watch) -> None:
    page = opened(changed, eyes, "/standards", java_script_enabled=False)
    button = page.get_by_role("button", name="I have read it")
    button.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/floor")


def test_the_menu_of_the_floor_leads_there(changed: House, eyes: Watch) -> None:
    page = opened(changed, eyes, "/floor")
    open_own_menu(page)
    page.locator("#sheet").get_by_role("link", name="Problems").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("When something goes wrong")
    expect(page.locator(".calm-card li")).to_have_count(6)
