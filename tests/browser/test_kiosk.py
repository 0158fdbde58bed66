"""The touch screen in a real browser: by finger, by keys, without scripts, in every size, language and light."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from broker.desk import alerts
from tests.browser.house import House, Watch, accessible
from tests.browser.kiosk_parts import LANGUAGES, NAMES, TABLET, UPRIGHT, KioskHouse, stopped
from tests.browser.looks import cut_off, too_small, too_wide

pytestmark = pytest.mark.browser

SMALL_SCREEN = {"screen_diagonal_in": 10.1, "screen_width_px": 800, "screen_height_px": 1280}
MODES = ("", "big=1", "low=1", "big=1&low=1")
KEYS = re.compile(r"\b(?:kiosk|queue|wait|ticket|turn|desk|display|time|nav|a11y|help|system|shop|privacy)\.[a-z]\w*|%\(\w*")
BUDGET_BYTES = 60_000
BUDGET_REQUESTS = 5

SEEN = "[...document.querySelectorAll('button, a[href]')].filter((each) => each.checkVisibility())"
GAPS = f"""(least) => {{
  const boxes = {SEEN}.map((each) => [each.textContent.trim(), each.getBoundingClientRect()]);
  const found = [];
  boxes.forEach(([name, a], n) => boxes.slice(n + 1).forEach(([other, b]) => {{
    const across = Math.max(a.left, b.left) - Math.min(a.right, b.right);
    const down = Math.max(a.top, b.top) - Math.min(a.bottom, b.bottom);
    const apart = Math.max(across, down);
    if (apart < least - 0.6) found.push(`${{name}} / ${{other}}: ${{apart.toFixed(1)}}`);
  }}));
  return found;
}}"""
FOCUSED = """() => {
  const here = document.activeElement, box = here.getBoundingClientRect();
  return [box.top, box.left, here.textContent.trim()];
}"""
TOPS = f"{SEEN}.map((each) => each.getBoundingClientRect().top)"
TEXT_SIZES = (
    "[...document.querySelectorAll('.svc b, .svc .w')].slice(0, 2).map((each) => parseFloat(getComputedStyle(each).fontSize))"
)
TONES = """
window.tones = 0;
const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };
"""
BORDERS = f"""() => {{
  const canvas = new OffscreenCanvas(1, 1).getContext("2d", {{ willReadFrequently: true }});
  const part = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const light = (colour) => {{
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((v) => part(v / 255));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }};
  const page = light(getComputedStyle(document.documentElement).backgroundColor);
  return {SEEN}.map((each) => {{
    const edge = light(getComputedStyle(each).borderTopColor);
    return [each.textContent.trim(), (Math.max(edge, page) + 0.05) / (Math.min(edge, page) + 0.05)];
  }});
}}"""


def take(page: Page, service: str = "Returns and exchange") -> str:
    """Touch a service and return the number."""
    page.get_by_role("button", name=service).click()
    page.wait_for_url("**/kiosk/tickets/**")  # The number is there before its page is.
    expect(page.locator(".num")).to_be_visible()
    return (page.locator(".num").text_content() or "").strip()


def every_page(house: KioskHouse, page: Page, mode: str = "") -> list[str]:
    """The addresses of the pages a customer meets, with the choices of *mode*."""
    more = f"?{mode}" if mode else ""
    page.goto(f"/kiosk{more}")
    page.locator(".svc[name=service]").first.click()
    page.wait_for_url("**/kiosk/tickets/**")
    ticket = page.url
    page.locator("form[action='/kiosk/help'] button").click()
    page.wait_for_url("**/kiosk/help/**")
    return [f"/kiosk{more}", f"/kiosk/language{more}", ticket, page.url]


def test_a_finger_gets_a_number_and_the_wall_calls_it(kiosk_house: KioskHouse, touch: Page, wall: Page) -> None:
    wall.goto("/display")
    expect(wall.get_by_role("heading", level=1)).to_have_text("Welcome")
    kiosk_house.takes()
    touch.goto("/kiosk")
    expect(touch.get_by_role("button", name="Returns and exchange")).to_contain_text("1 person ahead of you")
    assert take(touch) == "R\u00a0002"
    expect(touch.locator("main")).to_contain_text("1 person ahead of you")
    expect(wall.locator(".foot")).to_contain_text("Waiting: 2")
    kiosk_house.calls()
    expect(wall.locator(".call .num")).to_have_text("R\u00a0001")
    expect(wall.locator(".call")).to_contain_text("Desk 1")
    expect(touch.locator("main")).to_contain_text("No one ahead of you")
    kiosk_house.calls("desk-2")
    expect(touch.locator("main")).to_contain_text("It is your turn. Please come to Desk 2")


def test_a_double_tap_gives_one_number(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    touch.get_by_role("button", name="Repairs").dblclick()
    expect(touch.locator(".num")).to_have_text("W\u00a0001")
    assert take_again(kiosk_house) == 2


WHERE_THE_NUMBER_WAS_FIRST = """new MutationObserver(() => {
  if (document.querySelector(".got .num")?.textContent) sessionStorage.first ??= location.pathname;
}).observe(document, { childList: true, subtree: true })"""


def test_the_number_is_there_before_its_page_is(touch: Page) -> None:
    touch.add_init_script(WHERE_THE_NUMBER_WAS_FIRST)
    with touch.expect_request("**/events/board*"):  # the script has come
        touch.goto("/kiosk")
    touch.get_by_role("button", name="Repairs").click()
    expect(touch).to_have_url(re.compile("/kiosk/tickets/"))
    expect(touch.locator(".got .num")).to_have_text("W\u00a0001")
    assert touch.evaluate("sessionStorage.first") == "/kiosk"


def take_again(house: KioskHouse) -> int:
    return house.takes("repairs").number


def test_a_finger_that_slips_off_takes_nothing(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    box = touch.get_by_role("button", name="Repairs").bounding_box()
    assert box
    touch.mouse.move(box["x"] + 20, box["y"] + 20)
    touch.mouse.down()
    touch.mouse.move(500, 200)
    touch.mouse.up()
    expect(touch).to_have_url(re.compile("/kiosk$"))
    assert take_again(kiosk_house) == 1


def test_everything_works_without_scripts(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    context = kiosk_watch.context(viewport=UPRIGHT, java_script_enabled=False)
    kiosk_house.stand(context)
    page = context.new_page()
    page.goto("/kiosk")
    page.get_by_role("link", name="Latviešu").click()
    page.get_by_role("link", name="Lielāks teksts").click()
    page.get_by_role("link", name="Citi pakalpojumi").click()
    page.get_by_role("button", name="Pielaikošanas kabīnes").click()
    expect(page.locator(".num")).to_have_text("F\u00a0001")
    expect(page.locator("main")).to_contain_text("Pirms jums neviena nav")
    page.get_by_role("button", name="Runāt ar darbinieku").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Esam paziņojuši")
    page.get_by_role("link", name="Sākt no sākuma").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welcome")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("small", [False, True], ids=["21.5 inches", "10 inches"])
def test_every_target_is_22_millimetres_5_apart_and_nothing_is_cut(
    make_kiosk: Callable[..., KioskHouse], watch_over: Callable[[House], Watch], mode: str, small: bool
) -> None:
    house = make_kiosk(kiosk=SMALL_SCREEN if small else {})
    context = watch_over(house).context(viewport=TABLET if small else UPRIGHT)
    house.stand(context)
    page = context.new_page()
    millimetre = house.settings.kiosk.pixels_a_millimetre
    half = (TABLET if small else UPRIGHT)["height"] / 2
    for address in every_page(house, page, mode):
        page.goto(address)
        assert too_small(page, 22 * millimetre) == [], address
        assert page.evaluate(GAPS, 5 * millimetre) == [], address
        assert not too_wide(page)
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), address
        if "low" in mode:
            assert min(page.evaluate(TOPS)) >= half, address


@pytest.mark.parametrize("small", [False, True], ids=["21.5 inches", "10 inches"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_fits_also_at_twice_the_size_with_nothing_lost(
    make_kiosk: Callable[..., KioskHouse], watch_over: Callable[[House], Watch], language: str, small: bool
) -> None:
    house = make_kiosk(kiosk=SMALL_SCREEN if small else {})
    context = watch_over(house).context(viewport=TABLET if small else UPRIGHT)
    house.stand(context)
    page = context.new_page()
    seen: list[str] = []
    for number in (1, 2, 3):
        page.goto(f"/kiosk?lang={language}&big=1&page={number}")
        seen += page.locator(".svc[name=service] b").all_text_contents()
    assert seen == [names[LANGUAGES.index(language)] for names in NAMES.values()]
    sizes = []
    for mode in ("", "&big=1"):
        for address in every_page(house, page, f"lang={language}{mode}"):
            page.goto(address)
            assert cut_off(page) == [], address
            assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), address
            assert KEYS.findall(page.locator("body").inner_text()) == []
            assert (page.locator("html").get_attribute("lang") or "")[:2] == language
        page.goto(f"/kiosk?lang={language}{mode}")
        sizes.append(page.evaluate(TEXT_SIZES))
    assert [round(big / plain, 2) for plain, big in zip(*sizes, strict=True)] == [2, 2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_is_accessible(kiosk_house: KioskHouse, kiosk_watch: Watch, scheme: str, language: str) -> None:
    context = kiosk_watch.context(viewport=UPRIGHT, color_scheme=scheme, reduced_motion="reduce")
    kiosk_house.stand(context)
    page = context.new_page()
    for address in every_page(kiosk_house, page, f"lang={language}"):
        page.goto(address)
        accessible(page)
        assert [name for name, ratio in page.evaluate(BORDERS) if ratio < 3] == []


def test_keys_reach_everything_in_the_order_of_the_eye(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    walked = []
    for _ in range(17):
        touch.keyboard.press("Tab")
        walked.append(tuple(touch.evaluate(FOCUSED)))
    places = [(round(top), round(left)) for top, left, _ in walked]
    assert places == sorted(places)
    assert [name.split("No")[0] for _, _, name in walked][:3] == ["Read aloud", "Returns and exchange", "Collect an order"]
    assert {"Talk to someone", "Latviešu", "Bigger text", "Start over"} <= {name for _, _, name in walked}
    assert touch.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_five_keys_are_enough(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    focused = lambda: touch.evaluate("document.activeElement.textContent.trim()")  # noqa: E731 - asked often
    touch.keyboard.press("ArrowDown")
    assert focused() == "Read aloud"
    touch.keyboard.press("ArrowDown")
    assert focused().startswith("Returns and exchange")
    touch.keyboard.press("ArrowRight")
    assert focused().startswith("Collect an order")
    for name in ("Repairs", "Gift cards", "Talk to someone"):
        touch.keyboard.press("ArrowDown")
        assert focused().startswith(name)
    touch.keyboard.press("ArrowUp")
    touch.keyboard.press("Enter")
    expect(touch.locator(".num")).to_contain_text("0")
    touch.wait_for_url("**/kiosk/tickets/**")
    touch.keyboard.press("ArrowDown")
    touch.keyboard.press("ArrowRight")
    assert focused()


def test_the_waits_on_the_start_page_stay_true(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk?lang=nb")
    card = touch.locator(".svc[value=repairs]")
    expect(card).to_contain_text("Ingen foran deg")
    kiosk_house.takes("repairs")
    expect(card).to_contain_text("1 person foran deg")
    kiosk_house.takes("repairs")
    expect(card).to_contain_text("2 personer foran deg")


def test_somebody_is_coming_appears_when_somebody_says_so(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    touch.get_by_role("button", name="Talk to someone").click()
    expect(touch.get_by_role("heading", level=1)).to_have_text("We have told our staff that you are here")
    alerts.acknowledge(kiosk_house.shop, touch.url.split("/")[-1], by=kiosk_house.kari.id)
    expect(touch.get_by_role("heading", level=1)).to_have_text("Someone is coming to you")
    touch.get_by_role("link", name="Done").click()
    expect(touch.get_by_role("heading", level=1)).to_contain_text("How can we help?")


def test_time_is_asked_for_and_can_be_had_ten_times_and_more(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.add_init_script(TONES)
    touch.clock.install()
    touch.goto("/kiosk?lang=nb")
    take(touch, "Retur og bytte")
    stopped(touch)
    touch.keyboard.press("Shift")  # Whoever is there is idle from here on, however long the page took to come.
    question = touch.get_by_role("dialog")
    for asked in range(11):
        touch.clock.run_for(44_000)
        expect(question).to_be_hidden()
        touch.clock.run_for(1_500)
        expect(question).to_contain_text("Trenger du mer tid?")
        expect(question).to_contain_text(re.compile(r"Skjermen går tilbake om (19|20) s"))
        assert touch.evaluate("window.tones") == asked + 1
        expect(touch.locator("dialog .btn")).to_be_focused()
        if asked % 2:
            touch.keyboard.press("Enter")
        else:
            question.get_by_role("button", name="Ja, mer tid").click()
        expect(question).to_be_hidden()
    touch.clock.run_for(66_000)
    expect(touch).to_have_url(re.compile("/kiosk$"))
    expect(touch.get_by_role("heading", level=1)).to_contain_text("Welcome")


def test_a_start_page_nobody_touched_asks_nobody(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.clock.install()
    touch.goto("/kiosk")
    touch.clock.run_for(120_000)
    expect(touch.get_by_role("dialog")).to_be_hidden()


def test_a_shop_may_do_without_time_limits(make_kiosk: Callable[..., KioskHouse], watch_over: Callable[[House], Watch]) -> None:
    house = make_kiosk(kiosk={"time_limit": False})
    context = watch_over(house).context(viewport=UPRIGHT)
    house.stand(context)
    page = context.new_page()
    page.clock.install()
    page.goto("/kiosk")
    take(page)
    page.clock.run_for(600_000)
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".num")).to_be_visible()


def test_a_screen_that_lost_the_shop_says_so_and_goes_on_by_itself(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    kiosk_watch.expect_error("ERR_INTERNET_DISCONNECTED")
    context = kiosk_watch.context(viewport=UPRIGHT)
    kiosk_house.stand(context)
    page = context.new_page()
    page.goto("/kiosk")
    kiosk_house.takes("repairs")
    expect(page.locator(".svc[value=repairs]")).to_contain_text("1 person")
    context.set_offline(True)
    expect(page.get_by_role("dialog")).to_contain_text("Please ask our staff; we will help you.")
    accessible(page)
    context.set_offline(False)
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert take(page) == "R\u00a0001"


def test_the_first_page_is_light(kiosk_house: KioskHouse, touch: Page) -> None:
    asked: list[Any] = []
    touch.on("requestfinished", lambda request: asked.append(request))
    touch.goto("/kiosk", wait_until="load")
    touch.wait_for_timeout(300)  # what a script asks for by itself comes after the page
    counted = [request for request in asked if "/events" not in request.url]
    size = sum(len(request.response().body()) for request in counted)
    assert len(counted) <= BUDGET_REQUESTS, [request.url for request in counted]
    assert size <= BUDGET_BYTES, {request.url: len(request.response().body()) for request in counted}


def test_a_shop_without_a_voice_does_not_offer_to_read(
    make_kiosk: Callable[..., KioskHouse], watch_over: Callable[[House], Watch]
) -> None:
    house = make_kiosk(sound={"voice": "none"})
    context = watch_over(house).context(viewport=UPRIGHT)
    house.stand(context)
    page = context.new_page()
    page.goto("/kiosk")
    expect(page.get_by_role("link", name="Bigger text")).to_be_visible()
    expect(page.get_by_role("link", name="Read aloud")).to_have_count(0)


def test_every_language_is_offered_by_its_own_name_and_marked_as_it(kiosk_house: KioskHouse, touch: Page) -> None:
    touch.goto("/kiosk")
    offered = touch.locator(".langs a").evaluate_all("(all) => all.map((each) => [each.lang, each.textContent])")
    assert offered == [["en", "English"], ["nb", "Norsk"], ["nl", "Nederlands"], ["ms", "Melayu"], ["lv", "Latviešu"]]
    expect(touch.locator(".langs [aria-current]")).to_have_text("English")


def test_a_screen_that_lies_on_its_side_shows_everything(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    context = kiosk_watch.context(viewport={"width": 1920, "height": 1080})
    kiosk_house.stand(context)
    page = context.new_page()
    for address in every_page(kiosk_house, page):
        page.goto(address)
        assert cut_off(page) == []
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), address


def test_no_browser_is_the_screen_of_the_staff_by_being_one_of_the_customers(
    chromium: Browser, kiosk_house: KioskHouse, touch: Page
) -> None:
    touch.goto("/")
    expect(touch).to_have_url(re.compile("/kiosk$"))
    assert {cookie["name"] for cookie in touch.context.cookies()} <= {"kiosk-device", "form"}
