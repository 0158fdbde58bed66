"""The counter for every eye and hand: WCAG 2.2 AA, tap sizes, 200 %, phones, five languages, forced colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.counter_parts import Ago, at_counter, busy_day, take
from tests.browser.house import House, Watch, accessible
from tests.browser.looks import FLOOR_TAP, LANGUAGES, at_every_size, cut_off, looks_right, too_small

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def chosen(page: Page) -> None:
    """Let the hold and the end be chosen, so that every part of the page shows."""
    page.locator("[data-part=times] button").nth(1).click()
    page.locator("[data-part=whys] button").first.click()
    page.locator("[data-part=outcomes] button").nth(2).click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_counter_is_accessible(counter_house: House, counter_eyes: Watch, past: Ago, scheme: str) -> None:
    busy_day(counter_house, past)
    page = at_counter(counter_house, counter_eyes, color_scheme=scheme, reduced_motion="reduce")
    chosen(page)
    accessible(page)
    page.locator("aside .entry").nth(5).click()
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Call lead").click()
    accessible(page)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Problem").click()
    accessible(page)
    assert too_small(page, FLOOR_TAP) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_idle_and_a_calling_counter_are_accessible(counter_house: House, counter_eyes: Watch, scheme: str) -> None:
    page = at_counter(counter_house, counter_eyes, color_scheme=scheme, reduced_motion="reduce")
    accessible(page)
    take(counter_house.shop)
    expect(page.locator("aside .entry")).to_be_visible()
    accessible(page)
    page.locator("[data-part=next]").click()
    expect(page.locator("[data-part=start]")).to_be_visible()
    page.locator("#toast").wait_for(state="hidden")
    accessible(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_it_fits_every_screen_in_every_language(counter_house: House, counter_eyes: Watch, past: Ago, language: str) -> None:
    busy_day(counter_house, past, language)
    page = at_counter(counter_house, counter_eyes, reduced_motion="reduce")
    chosen(page)
    at_every_size(page, FLOOR_TAP)


def test_with_text_twice_as_large_nothing_is_cut(counter_house: House, counter_eyes: Watch, past: Ago) -> None:
    busy_day(counter_house, past)
    page = at_counter(counter_house, counter_eyes, viewport={"width": 640, "height": 400}, device_scale_factor=2)
    looks_right(page, FLOOR_TAP)
    for name in ("Transfer", "Problem"):
        page.locator(".acts").get_by_role("button", name=name).click()
        assert cut_off(page) == []
        page.keyboard.press("Escape")


def test_the_choice_of_a_counter_fits_a_phone_and_a_tablet(counter_house: House, counter_eyes: Watch) -> None:
    context = counter_eyes.context()
    counter_house.sign_in(context, "Kari")
    page = context.new_page()
    page.goto("/counter")
    expect(page.get_by_role("button", name="Desk 3")).to_be_visible()
    accessible(page)
    at_every_size(page, FLOOR_TAP)


def test_in_forced_colours_who_is_next_is_still_marked(counter_house: House, counter_eyes: Watch, past: Ago) -> None:
    busy_day(counter_house, past)
    page = at_counter(counter_house, counter_eyes, forced_colors="active")
    edge = page.locator("aside [aria-current]").evaluate("(row) => getComputedStyle(row).borderInlineStartWidth")
    assert edge == "6px"
