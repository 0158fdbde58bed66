"""The floor for every eye and hand: WCAG 2.2 AA, tap sizes, borders, 200 %, forced colours, reduced motion, five languages."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from broker.desk import people, visits, zones
from tests.browser.floor_parts import came_in, gone, tablet, was_greeted
from tests.browser.house import House, Watch, accessible

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TAP = 56
GAP = 12
BORDER_CONTRAST = 3.0
TEXT_CONTRAST = 4.5

CONTRASTS = """() => {
  const light = (value) => { const c = value / 255; return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; };
  const pen = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour, under) => {
    pen.fillStyle = `rgb(${under.join()})`; pen.fillRect(0, 0, 1, 1);
    pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
    return [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const bright = ([r, g, b]) => 0.2126 * light(r) + 0.7152 * light(g) + 0.0722 * light(b);
  const ratio = (a, b) => { const [x, y] = [bright(a), bright(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const ground = (element) => {
    const above = element.parentElement ? ground(element.parentElement) : [255, 255, 255];
    return rgb(getComputedStyle(element).backgroundColor, above);
  };
  const poor = [];
  for (const control of document.querySelectorAll("button")) {
    if (!control.checkVisibility({ visibilityProperty: true }) || control.matches(".plain")) continue;
    const style = getComputedStyle(control), around = ground(control.parentElement), own = ground(control);
    const edge = Math.max(ratio(rgb(style.borderTopColor, around), around), ratio(own, around));
    const text = ratio(rgb(style.color, own), own);
    if (edge < %EDGE%) poor.push(`border ${edge.toFixed(2)}: ${control.textContent.trim()}`);
    if (text < %TEXT%) poor.push(`text ${text.toFixed(2)}: ${control.textContent.trim()}`);
  }
  const said = ".visit :is(.clock, .state, .facts, h2, li), .bars p, .strip dd, .hero :is(h2, p)";
  for (const words of document.querySelectorAll(said)) {
    if (!words.checkVisibility({ visibilityProperty: true })) continue;
    const text = ratio(rgb(getComputedStyle(words).color, ground(words)), ground(words));
    if (text < %TEXT%) poor.push(`text ${text.toFixed(2)}: ${words.textContent.trim()}`);
  }
  return poor;
}""".replace("%EDGE%", str(BORDER_CONTRAST)).replace("%TEXT%", str(TEXT_CONTRAST))

TOO_SMALL = """(tap) => [...document.querySelectorAll("button, a")]
  .filter((control) => control.checkVisibility({ visibilityProperty: true }))
  .map((control) => [control.textContent.trim() || control.ariaLabel, control.getBoundingClientRect()])
  .filter(([, box]) => box.width < tap - 0.5 || box.height < tap - 0.5)
  .map(([name, box]) => `${name}: ${box.width.toFixed(0)} x ${box.height.toFixed(0)}`)"""

TOO_NEAR = """(gap) => {
  const near = [];
  for (const row of document.querySelectorAll(".visit .btns, .strip, .bar")) {
    const shown = [...row.querySelectorAll(":scope > button")].filter((button) => button.checkVisibility());
    const boxes = shown.map((button) => button.getBoundingClientRect());
    const beside = (a, b) => b.top < a.bottom && b.left >= a.right - 1 && b.left - a.right < gap - 0.5;
    boxes.forEach((box, n) => n && beside(boxes[n - 1], box) && near.push(row.textContent.trim()));
  }
  return near;
}"""

WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def everything(house: House, language: str = "en") -> None:
    """A floor with every state on it at once: grouped, overdue, mine, somebody else's, new, blind, paused, help called."""
    shop = house.shop
    kari, jonas = house.person("Kari"), house.person("Jonas")
    people.speak(shop, kari.id, language)
    for n in range(12):
        was_greeted(shop, ago=200 + n * 240, after=9 if n == 5 else 1, by=jonas.id)
    for ago in (9, 7, 5, 3):
        came_in(shop, "shoes", ago=ago)
    mine, theirs, helped = (
        came_in(shop, "kids", ago=3),
        came_in(shop, "entrance", ago=2, size=2),
        came_in(shop, "entrance", ago=2.5),
    )
    visits.claim(shop, mine.id, by=kari.id)
    visits.claim(shop, theirs.id, by=jonas.id)
    visits.ask_help(shop, helped.id, by=jonas.id)
    gone(shop, "shoes", minutes=7)
    zones.pause(shop, "kids", minutes=15, reason="delivery", by=kari.id)


def on_the_floor(house: House, eyes: Watch, **wishes: object) -> Page:
    page = tablet(house, eyes, **wishes)  # type: ignore[arg-type]
    page.mouse.move(2, 2)
    expect(page.locator(".visit.wide")).to_be_visible()
    expect(page.locator(".call-help")).to_be_visible()
    return page


@pytest.mark.parametrize("language", ["en", "lv"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_floor_is_accessible(floor_house: House, eyes: Watch, scheme: str, language: str) -> None:
    everything(floor_house, language)
    # Without motion: a colour that is half way to another one is not what is judged.
    page = on_the_floor(floor_house, eyes, color_scheme=scheme, reduced_motion="reduce")
    accessible(page)
    assert page.evaluate(CONTRASTS) == []
    page.locator(".strip [data-do=pause]").click()
    accessible(page)
    assert page.evaluate(TOO_SMALL, TAP) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_calm_floor_is_accessible(floor_house: House, eyes: Watch, scheme: str) -> None:
    for n in range(12):
        was_greeted(floor_house.shop, ago=200 + n * 240, after=9 if n == 5 else 1, by=floor_house.person("Jonas").id)
    page = tablet(floor_house, eyes, color_scheme=scheme)
    expect(page.locator(".hero h2").first).to_contain_text("Everyone is greeted")
    accessible(page)
    assert page.evaluate(CONTRASTS) == []


def test_the_start_of_a_shift_is_accessible(floor_house: House, eyes: Watch) -> None:
    context = eyes.context()
    floor_house.sign_in(context)
    page = context.new_page()
    page.goto("/floor")
    expect(page.locator("#shift")).to_be_visible()
    accessible(page)
    assert page.locator("#shift [data-part=start]").evaluate("(button) => button === document.activeElement")


@pytest.mark.parametrize("size", [(1280, 800), (1024, 768), (800, 1280), (390, 844)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_every_target_is_large_enough_and_apart(floor_house: House, eyes: Watch, size: tuple[int, int]) -> None:
    everything(floor_house)
    page = on_the_floor(floor_house, eyes, viewport={"width": size[0], "height": size[1]})
    assert page.evaluate(TOO_SMALL, TAP) == []
    assert page.evaluate(TOO_NEAR, GAP) == []
    for opens in (".visit [data-do=more]:visible", ".strip [data-do=add]", ".who", "[data-do=filter]"):
        page.locator(opens).first.click()
        assert page.evaluate(TOO_SMALL, TAP) == []
        assert page.locator("#sheet").evaluate("(sheet) => sheet.scrollWidth <= sheet.clientWidth")
        page.locator("#sheet [data-part=close]").click()


@pytest.mark.parametrize("language", ["en", "nb", "nl", "ms", "lv"])
@pytest.mark.parametrize(
    "size", [(1280, 800), (1024, 768), (640, 400), (800, 1280), (390, 844)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_nothing_is_wider_than_the_screen_not_even_at_200_percent(
    floor_house: House, eyes: Watch, size: tuple[int, int], language: str
) -> None:
    everything(floor_house, language)
    page = on_the_floor(floor_house, eyes, viewport={"width": size[0], "height": size[1]})
    assert not page.evaluate(WIDE)
    cut = """() => [...document.querySelectorAll(".visit .btns, .bars .blind, .strip, .bar")]
      .filter((row) => row.scrollWidth > row.clientWidth + 1).map((row) => row.textContent.trim())"""
    assert page.evaluate(cut) == []
    last = page.locator(".visit").last
    last.scroll_into_view_if_needed()
    expect(last).to_be_in_viewport()


def test_more_cards_than_fit_are_counted_and_reached(floor_house: House, eyes: Watch) -> None:
    for n in range(9):
        came_in(floor_house.shop, ("entrance", "shoes", "kids")[n % 3], ago=n / 5)
    page = tablet(floor_house, eyes)
    expect(page.locator(".visit")).to_have_count(9)
    page.get_by_role("button", name="3 more below").click()
    expect(page.locator(".visit").last).to_be_in_viewport(ratio=0.9)
    expect(page.locator("[data-part=below]")).to_be_hidden()


def test_in_forced_colours_every_state_still_has_its_shape_word_and_edge(floor_house: House, eyes: Watch) -> None:
    everything(floor_house)
    page = on_the_floor(floor_house, eyes, forced_colors="active")
    for card in page.locator(".visit").all():
        assert card.evaluate("(card) => getComputedStyle(card).borderTopStyle") in ("solid", "dashed")
        expect(card.locator(".state").first).not_to_be_empty()
        assert card.locator("use").first.get_attribute("href") in ("#tri", "#circ", "#ring", "#sq")


def test_with_reduced_motion_nothing_moves(floor_house: House, eyes: Watch) -> None:
    everything(floor_house)
    page = on_the_floor(floor_house, eyes, reduced_motion="reduce")
    assert page.evaluate("document.getAnimations().length") == 0


def test_state_is_never_told_by_colour_alone(floor_house: House, eyes: Watch) -> None:
    everything(floor_house)
    page = on_the_floor(floor_house, eyes)
    told = page.evaluate("""() => [...document.querySelectorAll(".visit")].map((card) =>
      [card.dataset.s, card.querySelector("use").getAttribute("href"), card.querySelector("p.state").textContent])""")
    assert {look: (shape, words) for look, shape, words in told if look in ("mine", "kept")} == {
        "mine": ("#sq", "You are on the way"),
        "kept": ("#sq", "Jonas is on the way"),
    }
    assert all(words for _, _, words in told)
    line = page.locator(".visit .age").first
    assert "seconds; the promise is 2" in (line.get_attribute("aria-label") or "")


@pytest.mark.parametrize("language", ["nb", "nl", "ms", "lv"])
def test_no_key_is_left_without_words(floor_house: House, eyes: Watch, language: str) -> None:
    everything(floor_house, language)
    page = on_the_floor(floor_house, eyes)
    for opens in (".visit [data-do=more]:visible", ".strip [data-do=add]", ".strip [data-do=pause]", ".who", "[data-do=filter]"):
        page.locator(opens).first.click()
        shown = page.locator("body").inner_text()
        assert "floor." not in shown
        assert "%(" not in shown
        page.locator("#sheet [data-part=close]").click()
