"""Every screen of the staff and the office, in each language, light and dark, at each width, and by keys alone.

The screens are those that the application itself says it has: a new page is in here by being there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import BrowserContext, Page

from broker.desk import alerts, devices, visits
from broker.desk.people import LANGUAGES
from dashboard.app import create
from tests.browser.floor_parts import CAMERAS, until, watching
from tests.browser.house import House, Watch, accessible
from tests.browser.looks import cut_off, too_wide
from tests.builders import NOON, TurnableClock
from tests.history import a_camera, fill
from tests.queue_days import COUNTERS, SERVICES, Days

WIDTHS = (320, 768, 1280, 1920, 3840)
Opened = tuple[BrowserContext, list[str]]
SLOW = pytest.mark.slow

CONTROLS = """() => {
  const every = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")];
  const open = document.querySelector("dialog:modal");
  const here = every.filter((each) => each.checkVisibility({ visibilityProperty: true }) && each.tabIndex >= 0)
    .filter((each) => !each.matches(":disabled"))
    .filter((each) => !each.closest("[inert]") && (!open || open.contains(each)) && each.type !== "hidden")
    .filter((each) => each.type !== "radio" || each.checked || !each.form?.querySelector(`[name="${each.name}"]:checked`));
  here.forEach((each, n) => { each.dataset.walk = n; });
  return here.map((each) => `${each.tagName} ${(each.ariaLabel || each.textContent || each.name).trim().slice(0, 40)}`);
}"""
STILL = "[...document.querySelectorAll('[data-walk]')].filter((each) => each.checkVisibility()).map((each) => +each.dataset.walk)"
FOCUSED = """() => {
  const here = document.activeElement;
  if (!here || here === document.body) return [-1, true];
  const look = (each) => getComputedStyle(each);
  const ring = (each) => each && look(each).outlineStyle !== "none" && parseFloat(look(each).outlineWidth) >= 2;
  const seen = ring(here) || [...here.querySelectorAll("*")].some(ring) || ring(here.closest("label"));
  return [Number(here.dataset.walk ?? -2), Boolean(seen)];
}"""


def screens_of(house: House) -> list[str]:
    """Every page that can be opened by its address alone."""
    rules = create(house.settings, shop=house.shop).url_map.iter_rules()
    plain = {rule.rule for rule in rules if "GET" in (rule.methods or ()) and not rule.arguments and "." not in rule.rule}
    reports = {f"/reports/{what}" for what in ("waiting", "service", "promises", "cases", "alerts", "traffic", "people")}
    return sorted(path for path in plain | reports if not path.startswith(("/api", "/events", "/healthz", "/readyz", "/metrics")))


@pytest.fixture
def lively(make_house: Callable[..., House]) -> House:
    """A shop in the afternoon: people wait, with and without a number; one camera is blind; four weeks lie behind it."""
    clock = TurnableClock(NOON - timedelta(hours=2))
    house = make_house(clock=clock, cameras=CAMERAS, services=SERVICES, counters=COUNTERS, reports={"per_person": True})
    Days(house.shop, clock).live(NOON - timedelta(hours=2), NOON - timedelta(hours=1), every=90)
    clock.at = NOON + timedelta(hours=3)
    fill(house.shop, 28, seed=4, a_day=60)
    a_camera(house.shop, "Entrance", "entrance")
    watching(house.shop, "entrance", "kids")
    for n, zone in enumerate(("entrance", "shoes", "kids", "entrance", "shoes", "kids", "entrance")):
        visits.add(house.shop, zone=zone, by="kari", key=f"k{n}", ago=20.0 * n)
    for due in (visits.run_due, alerts.run_due):
        due(house.shop)
    devices.heard(house.shop, devices.SERVICE, kind="service", watch="watching", since=clock())
    return house


@pytest.fixture
def opened(lively: House, watch_over: Callable[[House], Watch]) -> Callable[..., Opened]:
    """Signs an admin in who speaks a language, and says which screens there are."""
    watch = watch_over(lively)

    def sign_in(language: str = "en", **wishes: object) -> tuple[BrowserContext, list[str]]:
        context = watch.context(**wishes)
        lively.person(f"Ada {language}", role="admin", language=language)
        lively.pair(context, role="manager")
        lively.sign_in(context, f"Ada {language}", role="admin")
        return context, screens_of(lively)

    return sign_in


AS = {"manager": (1280, 900), "lead": (1024, 768), "staff": (800, 1280)}
"""Role -> the size of the screen at which it looks: one each, to stay cheap."""


@SLOW
@pytest.mark.parametrize("role", AS)
def test_what_each_role_may_open_is_accessible_and_whole(lively: House, watch_over: Callable[[House], Watch], role: str) -> None:
    width, height = AS[role]
    context = watch_over(lively).context(viewport={"width": width, "height": height}, reduced_motion="reduce")
    lively.person(f"Eva {role}", role=role, language="lv")
    lively.pair(context, role="manager" if role == "manager" else "staff")
    lively.sign_in(context, f"Eva {role}", role=role)
    page, wrong, seen, shut = context.new_page(), [], [], []
    for path in screens_of(lively):
        if not stands(page, path):
            shut.append(path)
            continue
        seen.append(path)
        try:
            accessible(page)
        except AssertionError as found:
            wrong.append(f"{path}: {found}")
        wrong += [f"{path} scrolls"] if too_wide(page) else []
        wrong += [f"{path}: {each[:60]!r} is cut" for each in cut_off(page)]
    assert not wrong, "\n".join(wrong)
    assert {"/floor", "/standards"} <= set(seen)
    assert ("/admin/people" in seen) == (role == "manager"), "a page that only some may open was opened by others"
    assert ("/lead" in seen) == (role != "staff")
    assert "/admin/file" in shut


def stands(page: Page, path: str) -> bool:
    """Open a screen as it stands when somebody works at it; False for an address that is not a page."""
    answer = page.request.get(path)
    if not answer.ok or "text/html" not in answer.headers.get("content-type", ""):
        return False
    page.goto(path)
    if page.locator("#link").count():
        until(page, "/[0-9]:[0-9]/.test(document.querySelector('#link').textContent)")
    begin = page.locator("#shift [data-part=start]")
    if begin.count() and begin.is_visible():
        begin.click()
    return True


@SLOW
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing_on_any_screen(opened: Callable[..., Opened], language: str, scheme: str) -> None:
    # Colours are looked at as they are at rest: a card that is just fading in has others.
    context, screens = opened(language, color_scheme=scheme, reduced_motion="reduce")
    page, wrong, seen = context.new_page(), {}, 0
    for path in screens:
        if stands(page, path):
            seen += 1
            try:
                accessible(page)
            except AssertionError as found:
                wrong[path] = str(found)
    assert not wrong
    assert seen >= 15, "the screens were not found"


@SLOW
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_scrolls_sideways_or_is_cut_from_a_telephone_to_a_wall(opened: Callable[..., Opened], language: str) -> None:
    context, screens = opened(language)
    page, wrong = context.new_page(), []
    for path in screens:
        if not stands(page, path):
            continue
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900 if width < 3000 else 2160})
            page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            wrong += [f"{path} at {width}: scrolls"] if too_wide(page) else []
            wrong += [f"{path} at {width}: {each[:60]!r} is cut" for each in cut_off(page)]
    assert not wrong, "\n".join(wrong)


@SLOW
@pytest.mark.parametrize("width", [390, 1280])
def test_everything_is_reached_by_keys_and_shows_that_it_is(opened: Callable[..., Opened], width: int) -> None:
    context, screens = opened(viewport={"width": width, "height": 800})
    page, wrong = context.new_page(), []
    for path in screens:
        if stands(page, path):
            wrong += [f"{path}: {each}" for each in walked(page)]
    assert not wrong, "\n".join(wrong)


def walked(page: Page) -> list[str]:
    """Go through *page* with the tab key, there and out again; return what is not reached or does not show the focus."""
    page.evaluate("document.activeElement?.blur()")
    controls = page.evaluate(CONTROLS)
    reached: set[int] = set()
    wrong, out = [], False
    for _ in range(len(controls) + 25):
        page.keyboard.press("Tab")
        n, visible = page.evaluate(FOCUSED)
        if n >= 0 and n not in reached and not visible:
            wrong.append(f"no focus is seen on {controls[n]}")
        if n == -1 and reached:
            out = True
            break
        reached.add(n)
    # What goes away when everything below was looked at has done its work.
    still = page.evaluate(STILL)
    wrong += [f"not reached: {name}" for n, name in enumerate(controls) if n not in reached and n in still]
    return wrong + ([] if out or len(reached) >= len(controls) else ["the focus does not come out again"])
