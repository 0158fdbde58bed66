"""The report in a real browser: for every eye, at every width, without a script, and on paper."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from broker.desk.people import LANGUAGES
from broker.settings import OpeningSettings
from tests.browser.house import House, Watch, accessible
from tests.builders import NOON, TurnableClock
from tests.history import a_camera, a_pause, a_queue, a_shift, fill
from tests.queue_days import COUNTERS, SERVICES, Days

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat")
EVENING = NOON + timedelta(hours=7, minutes=40)
TAP_OFFICE = 44
MAX_PAPER_PAGES = 4

SMALL = """() => [...document.querySelectorAll("main a, main button, main summary.btn, main input")]
  .filter((e) => e.checkVisibility() && e.getBoundingClientRect().height < 44).map((e) => e.textContent.trim())"""
CLIPPED = """() => [...document.querySelectorAll("main *")].filter((e) => e.checkVisibility() && !e.closest("svg, .scroll, .vh"))
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"""
LEAVING = """() => [...document.querySelectorAll("svg.plot")].filter((e) => e.checkVisibility()).flatMap((plot) => {
  const box = plot.getBoundingClientRect();
  return [...plot.querySelectorAll("text")].map((t) => [t.textContent, t.getBoundingClientRect()])
    .filter(([, r]) => r.left < box.left - 6 || r.right > box.right + 6).map(([said]) => said);
})"""


@pytest.fixture
def lit(make_house: Callable[..., House]) -> House:
    """A shop with four weeks behind it, an hour in which nobody was counted, and people on shift."""
    hours = OpeningSettings.model_validate({day: ["10:00-20:00"] for day in DAYS})
    house = make_house(clock=TurnableClock(EVENING), opening=hours)
    shop = house.shop
    fill(shop, 28, seed=4, a_day=110)
    a_camera(shop, "Entrance", "entrance", gaps=((NOON - timedelta(minutes=58), NOON - timedelta(minutes=51)),))
    a_camera(shop, "Back door", "kids", gaps=((NOON + timedelta(hours=2), NOON + timedelta(hours=3)),))
    a_pause(shop, "shoes", NOON - timedelta(hours=1), 15)
    a_queue(shop, "entrance", "entrance", wait=70, most=8)
    a_queue(shop, "kids", "back-door", wait=150, most=4, people=7)
    a_shift(shop, "Ola", NOON - timedelta(hours=2), None)
    return house


@pytest.fixture
def seen(lit: House, watch_over: Callable[[House], Watch]) -> Callable[..., Page]:
    """Opens the report: `seen("?period=7d", width=390, language="lv", color_scheme="dark")`."""
    watch = watch_over(lit)

    def open_page(query: str = "", *, width: int = 1440, language: str = "en", **wishes: object) -> Page:
        context: BrowserContext = watch.context(viewport={"width": width, "height": 900}, **wishes)
        lit.person(f"Maria {language}", role="manager", language=language)
        lit.sign_in(context, f"Maria {language}", role="manager")
        page = context.new_page()
        page.goto(f"/reports{query}")
        return page

    return open_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("query", ["", "?period=today&zone=kids", "?from=2025-01-01&to=2025-01-03"])
def test_the_report_is_accessible_with_all_its_tables_open(seen: Callable[..., Page], scheme: str, query: str) -> None:
    page = seen(query, color_scheme=scheme)
    page.evaluate("for (const d of document.querySelectorAll('details:not([name])')) d.open = true")
    accessible(page)
    page.locator("details.menu summary").last.click()
    accessible(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_cut_off_in_any_language_at_any_width(seen: Callable[..., Page], language: str) -> None:
    page = seen(language=language)
    expect(page.locator("html")).to_have_attribute("lang", "en-GB" if language == "en" else language)
    for width in (1440, 1024, 768, 390):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        assert page.evaluate(CLIPPED) == [], width
        assert page.evaluate(LEAVING) == [], width


@pytest.mark.parametrize("width", [1440, 390])
def test_what_is_tapped_is_large_enough(seen: Callable[..., Page], width: int) -> None:
    page = seen(width=width)
    for menu in page.locator("details.menu summary").all():
        menu.click()
        assert page.evaluate(SMALL) == []


def test_one_drawing_of_each_chart_is_shown(seen: Callable[..., Page]) -> None:
    for width, shown in ((1440, "wide-plot"), (390, "narrow-plot")):
        page = seen(width=width)
        visible = page.evaluate(
            "[...document.querySelectorAll('svg.plot')].filter((e) => e.checkVisibility()).map((e) => e.classList[1])"
        )
        assert visible == [shown] * 4


def test_the_counters_stand_in_their_own_part_with_their_formulas(seen: Callable[..., Page]) -> None:
    page = seen("/waiting")
    expect(page.locator("h1")).to_contain_text("Waiting at the counters: at Entrance half wait at most")
    part = page.locator("section", has=page.locator("#h-queues"))
    expect(part.locator(".heat tbody tr")).to_have_count(2)
    part.locator("summary", has_text="How each figure is reckoned").click()
    expect(part.locator("details").last.locator("tbody tr")).to_have_count(6)
    expect(part.locator("p").first).to_contain_text("Kids was not watched for 1 h")


def test_it_works_without_a_script(seen: Callable[..., Page]) -> None:
    page = seen(java_script_enabled=False)
    page.get_by_role("link", name="28 days").click()
    page.wait_for_url(lambda url: "period=28d" in url)
    page.locator("summary", has_text="All zones").click()
    page.get_by_role("link", name="Kids").click()
    page.wait_for_url(lambda url: "period=28d" in url and "zone=kids" in url)
    page.locator("summary", has_text="Other days").click()
    page.get_by_label("From", exact=True).fill("2026-11-09")
    page.get_by_label("To", exact=True).fill("2026-11-10")
    page.get_by_role("button", name="Show").click()
    page.wait_for_url(lambda url: "from=2026-11-09" in url and "zone=kids" in url)
    expect(page.locator(".head")).to_contain_text("Kids, 9–10 Nov 2026")


def test_the_file_that_is_saved_has_a_name_that_says_what_it_is(seen: Callable[..., Page]) -> None:
    page = seen()
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Greet time by hour, median and P90 (CSV)").click()
    assert saved.value.suggested_filename == "oslo-city-greeting-hours-2026-11-15-2026-11-21.csv"


def test_a_bar_says_its_hour_to_a_pointer_and_the_chart_says_all_to_a_screen_reader(seen: Callable[..., Page]) -> None:
    page = seen("?period=28d")
    chart = page.get_by_role("img", name="Greet time by hour, median and P90")
    assert chart.locator("g title").count() == 10
    assert "13: median" in (chart.locator("desc").text_content() or "")


def test_forced_colours_leave_every_bar_visible(seen: Callable[..., Page]) -> None:
    page = seen(forced_colors="active")
    accessible(page)
    expect(page.locator(".plot.wide-plot").first).to_be_visible()


def test_on_paper_it_is_a_few_pages_of_a4_without_buttons(seen: Callable[..., Page]) -> None:
    page = seen("?period=28d", color_scheme="dark")
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    assert 1 <= paper.count(b"/Type /Page\n") <= MAX_PAPER_PAGES
    page.emulate_media(media="print")
    expect(page.locator(".asks")).to_be_hidden()
    expect(page.locator(".plot.wide-plot").first).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_the_report_is_one_step_from_the_bar(seen: Callable[..., Page]) -> None:
    page = seen()
    page.get_by_role("navigation").get_by_role("link", name="Report").click()
    expect(page.locator("h1")).to_contain_text("We greet within 30")


KINDS = ["waiting", "service", "promises", "cases", "alerts", "traffic"]


@pytest.fixture
def busy(make_house: Callable[..., House], watch_over: Callable[[House], Watch]) -> Callable[..., Page]:
    """Opens a report of a shop that has lived through a morning of tickets: `busy("waiting", width=320)`."""
    clock = TurnableClock(EVENING)
    house = make_house(clock=clock, services=SERVICES, counters=COUNTERS)
    Days(house.shop, clock).live(NOON, NOON + timedelta(hours=1), every=60)
    clock.at = EVENING
    fill(house.shop, 8, seed=4, a_day=60)
    a_shift(house.shop, "Ola", NOON - timedelta(hours=2), None)
    watch = watch_over(house)

    def open_page(what: str, *, width: int = 1440, language: str = "en", **wishes: object) -> Page:
        context: BrowserContext = watch.context(viewport={"width": width, "height": 900}, **wishes)
        house.person(f"Maria {language}", role="manager", language=language)
        house.sign_in(context, f"Maria {language}", role="manager")
        page = context.new_page()
        page.goto(f"/reports/{what}?period=today")
        return page

    return open_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_report_is_accessible_and_fits_from_a_telephone_to_a_wall(busy: Callable[..., Page], scheme: str) -> None:
    for what, language in zip(KINDS, [*LANGUAGES, "en"], strict=True):
        page = busy(what, color_scheme=scheme, language=language)
        page.evaluate("for (const d of document.querySelectorAll('details:not([name])')) d.open = true")
        accessible(page)
        for width in (320, 390, 720, 1440, 3840):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (what, width)
            assert page.evaluate(CLIPPED) == [], (what, width)
        page.context.close()


def test_a_keyboard_alone_goes_from_report_to_report_and_opens_a_formula(busy: Callable[..., Page]) -> None:
    page = busy("waiting")
    page.get_by_role("link", name="Service", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/reports/service?period=today")
    page.locator(".how summary").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".how p").first).to_be_visible()
    expect(page.locator(".how p").first).to_contain_text("median of s")
