"""Every screen in en-XA, a language longer than any of ours: nothing is hard-coded, nothing is cut, nothing scrolls sideways.

And every screen from right to left: the style sheets know no left and no right, so nothing lies over anything else.
"""

from __future__ import annotations

import re
from calendar import day_abbr, day_name, month_abbr, month_name
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from broker.desk import alerts, standards_page, visits
from tests.browser.counter_parts import COUNTERS, SERVICES, take
from tests.browser.floor_parts import CAMERAS, QUICK, Service, watching
from tests.browser.house import House, Watch
from tests.browser.kiosk_parts import KioskHouse
from tests.browser.looks import cut_off, too_wide
from tests.pseudo import pseudo, write

OURS = {
    "Greetline", "Oslo", "City", "Kari", "Jonas", "Sjef", "Ola", "Entrance", "Shoes", "Kids", "Front", "door", "Back", "Desk",
    "Returns", "Collect", "Repairs", "English", "Norsk", "Nederlands", "Melayu", "Latviešu", "Latvie", "min", "CSV", "XLSX", "PDF",
    "Floor", "tablet", "and", "exchange", "an", "order", "Fitting", "rooms", "Advice", "Gift", "cards", "Prøverom",
}  # fmt: skip
"""Names of the shop and its people, and of files: they are the same in every language."""
CALENDAR = {name for names in (day_name, day_abbr, month_name, month_abbr) for name in names} | {"Sept"}
"""What Babel and the browser write in the locale of the page."""
_TEXTS = """() => {
  const out = [document.title], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const other = "script, style, template, svg, [lang]";
  const shown = (part) => part.checkVisibility({ visibilityProperty: true }) && !part.closest(other);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) if (shown(node.parentElement)) out.push(node.data);
  for (const name of ["aria-label", "title", "placeholder", "alt"])
    for (const part of document.querySelectorAll(`[${name}]`)) if (shown(part)) out.push(part.getAttribute(name));
  return out;
}"""
"""What a person reads or hears of a page; what is marked as another language is left out."""
_OVER = """() => {
  const read = (each) => each.checkVisibility({ visibilityProperty: true }) && each.innerText?.trim();
  const parts = [...document.querySelectorAll("h1, h2, h3, p, li, button, a.btn, b, small, span, dd, dt, label")]
    .filter((each) => read(each) && !each.closest(".vh, .toast") && ![...each.children].some(read))
    .map((each) => [each.innerText, [...each.getClientRects()]]);
  const cover = (one, two) => Math.min(one.right, two.right) - Math.max(one.left, two.left) > 3
    && Math.min(one.bottom, two.bottom) - Math.max(one.top, two.top) > 3;
  const over = [];
  parts.forEach(([first, one], at) => parts.slice(at + 1).forEach(([second, two]) => {
    if (one.some((a) => two.some((b) => cover(a, b)))) over.push(`${first} / ${second}`.replace(/[0-9:]+/g, "0"));
  }));
  return over;
}"""
"""Pieces of text whose boxes lie over each other, whatever the clock says."""


_SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="session")
def words(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("en-XA"))


@pytest.fixture
def pseudo_speaking(words: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every shop that is opened from here on speaks en-XA."""
    monkeypatch.setenv("GREETLINE_TRANSLATIONS", str(words))


def hard_coded(page: Page) -> list[str]:
    """Name the words on *page* that no catalogue has: en-XA has no plain letters."""
    found = []
    for text in page.evaluate(_TEXTS):
        found += [word for word in re.findall(r"[A-Za-z]{2,}", text) if word not in OURS | CALENDAR]
    return sorted(set(found))


def fits(page: Page, *sizes: tuple[int, int]) -> None:
    """Fail for hard-coded words, for what is cut and for a page that scrolls sideways, at each size."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        where = f"{page.url} at {width} x {height}"
        assert hard_coded(page) == [], where
        assert cut_off(page) == [], where
        assert not too_wide(page), where


def right_to_left(page: Page, *sizes: tuple[int, int]) -> None:
    """Fail for what lies over something else, is cut or scrolls sideways only because *page* runs from right to left."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        seen = {}
        for way in ("ltr", "rtl"):
            page.evaluate(f"document.documentElement.dir = '{way}'")
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            seen[way] = set(page.evaluate(_OVER)), set(cut_off(page)), page.evaluate(_SIDEWAYS)
        assert seen["rtl"][0] - seen["ltr"][0] == set(), f"{width} x {height}"
        assert seen["rtl"][1] - seen["ltr"][1] == set(), f"{width} x {height}"
        assert seen["rtl"][2] == seen["ltr"][2] == 0, f"{width} x {height}"


def test_en_xa_is_longer_bracketed_and_keeps_what_is_put_in() -> None:
    said = pseudo("%(n)d people ahead of you, 100 %% sure")
    assert said.startswith("⟦")
    assert said.endswith("⟧")
    assert "%(n)d" in said
    assert "100 %%" in said
    assert len(said) >= 1.35 * len("%(n)d people ahead of you, 100 %% sure")
    assert not re.search(r"[a-z]{2}", said.replace("%(n)d", ""))


@pytest.fixture
def kiosk(pseudo_speaking: None, make_kiosk: Callable[..., KioskHouse], watch_over: Callable[[House], Watch]):  # type: ignore[no-untyped-def]
    """A shop that speaks en-XA, and a way to stand a screen of it somewhere."""
    house = make_kiosk()

    def stand(role: str, width: int, height: int) -> Page:
        context = watch_over(house).context(viewport={"width": width, "height": height}, reduced_motion="reduce")
        house.stand(context, role)
        return context.new_page()

    return house, stand


def test_the_touch_screen_fits(kiosk) -> None:  # type: ignore[no-untyped-def]
    house, stand = kiosk
    house.takes()
    page = stand("kiosk", 1080, 1920)
    page.goto("/kiosk")
    fits(page, (1080, 1920), (800, 1280))
    page.get_by_role("button", name="Returns and exchange").click()
    page.wait_for_url("**/kiosk/tickets/*")
    fits(page, (1080, 1920), (800, 1280))


def test_the_wall_fits(kiosk) -> None:  # type: ignore[no-untyped-def]
    house, stand = kiosk
    page = stand("display", 1920, 1080)
    page.goto("/display")
    fits(page, (1920, 1080), (1280, 720))
    for counter in ("desk-1", "desk-2"):
        house.takes()
        house.calls(counter)
    house.takes()
    expect(page.locator(".call .num")).to_contain_text("R")
    fits(page, (1920, 1080), (1280, 720))


@pytest.fixture
def staff(pseudo_speaking: None, make_house: Callable[..., House], watch_over: Callable[[House], Watch]) -> tuple[House, Watch]:
    """A busy shop of the staff that speaks en-XA."""
    house = make_house(cameras=CAMERAS, standards=QUICK, services=SERVICES, counters=COUNTERS)
    house.person("Jonas")
    return house, watch_over(house)


def test_signing_in_fits(staff: tuple[House, Watch]) -> None:
    house, watch = staff
    context = watch.context()
    house.pair(context)
    page = context.new_page()
    page.goto("/signin")
    fits(page, (1280, 800), (800, 1280), (390, 844))


def test_the_floor_fits(staff: tuple[House, Watch], service: Callable[[House], Service]) -> None:
    house, watch = staff
    watching(house.shop, "entrance", "shoes")
    service(house)
    context = watch.context(reduced_motion="reduce")
    house.sign_in(context, "Kari")
    page = context.new_page()
    page.goto("/floor")
    visits.add(house.shop, zone="entrance", by="door", ago=1)
    visits.add(house.shop, zone="shoes", by="door", size=3, ago=9)
    alerts.ask_help(house.shop, "screen", "kids", by="Kari")
    expect(page.locator(".visit")).to_have_count(2)
    if page.locator("#shift").is_visible():
        fits(page, (1280, 800))
        page.locator("#shift [data-part=start]").click()
    fits(page, (1280, 800), (1024, 768), (390, 844))


def test_the_counter_fits(staff: tuple[House, Watch]) -> None:
    house, watch = staff
    take(house.shop)
    context = watch.context(reduced_motion="reduce")
    house.sign_in(context, "Kari")
    page = context.new_page()
    page.goto("/counter")
    expect(page.get_by_role("button", name="Desk 3")).to_be_visible()
    fits(page, (1280, 800), (390, 844))
    page.get_by_role("button", name="Desk 3").click()
    expect(page.locator("aside .entry")).to_have_count(1)
    fits(page, (1280, 800), (1024, 768), (390, 844))


def test_the_report_and_the_standards_fit(staff: tuple[House, Watch]) -> None:
    house, watch = staff
    standards_page.keep(house.shop)
    context = watch.context(reduced_motion="reduce")
    house.sign_in(context, "Sjef", role="manager")
    page = context.new_page()
    for path in ("/standards", "/standards/problems", "/reports", "/admin/people", "/admin/screens"):
        page.goto(path)
        fits(page, (1280, 800), (390, 844))


def test_from_right_to_left_the_touch_screen_is_whole(kiosk_house: KioskHouse, touch: Page) -> None:
    kiosk_house.takes()
    touch.goto("/kiosk")
    right_to_left(touch, (1080, 1920), (800, 1280))


def test_from_right_to_left_the_floor_is_whole(floor_house: House, watch_over: Callable[[House], Watch]) -> None:
    context = watch_over(floor_house).context(reduced_motion="reduce")
    floor_house.sign_in(context, "Kari")
    page = context.new_page()
    page.goto("/floor")
    for zone, ago in (("entrance", 1), ("shoes", 3), ("kids", 5)):
        visits.add(floor_house.shop, zone=zone, by="door", ago=ago)
    expect(page.locator(".visit")).to_have_count(3)
    if page.locator("#shift").is_visible():
        page.locator("#shift [data-part=quiet]").click()
    right_to_left(page, (1280, 800), (1024, 768), (390, 2400))
