"""What is left of the list of what makes a touch screen everybody's; docs/kiosk.md has the list, point by point."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.house import Watch
from tests.browser.kiosk_parts import UPRIGHT, KioskHouse
from tests.browser.test_kiosk import every_page, take, take_again

pytestmark = pytest.mark.browser

RING = """() => {
  const part = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const pen = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...pen.getImageData(0, 0, 1, 1).data].map((v) => part(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const here = getComputedStyle(document.activeElement);
  const ring = light(here.outlineColor), page = light(getComputedStyle(document.documentElement).backgroundColor);
  return [(Math.max(ring, page) + 0.05) / (Math.min(ring, page) + 0.05), parseFloat(here.outlineWidth)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_focus_is_seen_in_light_and_dark(kiosk_house: KioskHouse, kiosk_watch: Watch, scheme: str) -> None:
    context = kiosk_watch.context(viewport=UPRIGHT, color_scheme=scheme)
    kiosk_house.stand(context)
    page = context.new_page()
    page.goto("/kiosk")
    for _ in range(3):
        page.keyboard.press("Tab")
        contrast, width = page.evaluate(RING)
        assert contrast >= 3
        assert width >= 3


def test_two_switches_are_enough(kiosk_house: KioskHouse, touch: Page) -> None:
    """One switch goes on (Tab), the other presses (space)."""
    touch.goto("/kiosk")
    for _ in range(30):
        touch.keyboard.press("Tab")
        if touch.evaluate("document.activeElement.value") == "repairs":
            break
    touch.keyboard.press(" ")
    expect(touch.locator(".num")).to_have_text("W\u00a0001")


def test_a_finger_acts_when_it_leaves_the_button_and_not_before(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    box = touch.get_by_role("button", name="Repairs").bounding_box()
    assert box
    touch.mouse.move(box["x"] + 20, box["y"] + 20)
    touch.mouse.down()
    touch.wait_for_timeout(300)
    expect(touch).to_have_url(re.compile("/kiosk$"))
    touch.mouse.up()
    expect(touch.locator(".num")).to_have_text("W\u00a0001")
    assert take_again(kiosk_house) == 2


def test_taps_alone_do_everything(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    """No swipe, no hold, no second finger."""
    context = kiosk_watch.context(viewport=UPRIGHT, has_touch=True)
    kiosk_house.stand(context)
    page = context.new_page()
    page.goto("/kiosk")
    page.get_by_role("link", name="Norsk").tap()
    page.get_by_role("link", name="Større tekst").tap()
    page.get_by_role("link", name="Andre tjenester").tap()
    page.locator(".svc[name=service]").first.tap()
    expect(page.locator(".num")).to_be_visible()
    page.get_by_role("link", name="Start på nytt").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_choices_lie_in_the_lower_three_fifths_also_without_being_asked(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    tops = touch.locator(".svc, .tools a, .langs a").evaluate_all("(all) => all.map((each) => each.getBoundingClientRect().top)")
    assert min(tops) >= 0.4 * UPRIGHT["height"]


def test_a_person_and_a_new_beginning_are_on_every_screen(kiosk_house: KioskHouse, touch: Page) -> None:
    for address in every_page(kiosk_house, touch):
        touch.goto(address)
        expect(touch.get_by_role("button", name="Talk to someone")).to_be_visible()
        assert touch.get_by_role("link", name=re.compile("Start over|To the start")).count() >= 1, address


def test_no_name_and_no_telephone_number_is_asked_for(kiosk_house: KioskHouse, touch: Page) -> None:
    for address in every_page(kiosk_house, touch):
        touch.goto(address)
        assert touch.locator("input:not([type=hidden]), textarea, select").count() == 0, address


def test_at_most_six_choices_each_with_a_sign_and_a_word(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    assert touch.locator(".svc").count() <= 6
    bare = touch.locator(".svc, .tools a, form[action='/kiosk/help'] button").evaluate_all(
        "(all) => all.filter((each) => !each.querySelector('svg') || !each.textContent.trim()).map((each) => each.outerHTML)"
    )
    assert bare == []


def test_nothing_moves_for_those_who_want_no_motion_and_nothing_by_itself(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    context = kiosk_watch.context(viewport=UPRIGHT, reduced_motion="reduce")
    kiosk_house.stand(context)
    page = context.new_page()
    for address in (*every_page(kiosk_house, page), "/display"):
        page.goto(address)
        moving = page.evaluate("""() => [...document.querySelectorAll("*")].filter((each) => {
          const style = getComputedStyle(each), seconds = (text) => Math.max(...text.split(",").map(parseFloat));
          const animated = style.animationName !== "none" && seconds(style.animationDuration) > 0.01;
          return animated || seconds(style.transitionDuration) > 0.01;
        }).map((each) => each.outerHTML.slice(0, 80))""")
        assert moving == [], address
        assert page.locator("marquee, blink, video").count() == 0


def test_colours_of_the_system_leave_every_border_and_the_focus(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    context = kiosk_watch.context(viewport=UPRIGHT, forced_colors="active")
    kiosk_house.stand(context)
    page = context.new_page()
    page.goto("/kiosk")
    flat = page.locator("button, a[href]").evaluate_all("""(all) => all.filter((each) => each.checkVisibility())
      .filter((each) => parseFloat(getComputedStyle(each).borderTopWidth) < 1 || getComputedStyle(each).borderTopStyle === "none")
      .map((each) => each.textContent.trim())""")
    assert flat == []
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert take(page) == "R\u00a0001"


def test_a_call_is_told_by_words_and_size_and_not_by_colour_alone(kiosk_house: KioskHouse, wall: Page) -> None:
    wall.goto("/display")
    kiosk_house.takes()
    kiosk_house.calls()
    expect(wall.get_by_role("heading", level=1)).to_have_text("Please come")
    expect(wall.locator(".call .to svg")).to_be_visible()
    expect(wall.locator("main")).to_have_attribute("aria-live", "assertive")
