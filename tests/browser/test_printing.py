"""Paper for a number in a real browser: asked for by finger, told within three seconds, and printed by the browser itself."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from broker.desk import prints
from broker.domain.printing import Trouble
from broker.web.stores import Stores
from kiosk.printing.paper import speaking
from kiosk.printing.spool import printing
from tests.browser.house import House, Watch, accessible
from tests.browser.kiosk_parts import LANGUAGES, TABLET, UPRIGHT, KioskHouse
from tests.browser.looks import cut_off, too_small, too_wide
from tests.browser.test_kiosk import BORDERS, GAPS, KEYS, MODES, SMALL_SCREEN, TOPS, take
from tests.kiosk.sinks import Sink

POINTS_A_MILLIMETRE = 72 / 25.4
TOLD_AFTER = """() => {
  const failed = document.querySelector("[data-says=failed]");
  addEventListener("submit", () => (window.asked = performance.now()), { capture: true });
  new MutationObserver(() => failed.hidden || (window.told ??= performance.now())).observe(failed, { attributes: true });
}"""
"""Takes the time from the finger to the words, on the page itself."""
SAYS_BY_ITSELF = re.compile(r"print\.[a-z]\w*")


@pytest.fixture
def sink() -> Iterator[Sink]:
    made = Sink("answers")
    yield made
    made.close()


@pytest.fixture
def stand(
    make_kiosk: Callable[..., KioskHouse], watch_over: Callable[[House], Watch]
) -> Iterator[Callable[..., tuple[KioskHouse, Page]]]:
    """Opens a shop with a printer and a page on its touch screen: `stand({"kind": "dummy"}, works=False)`."""
    running = []

    def make(
        printer: dict[str, object], *, works: bool = True, viewport: dict[str, int] = UPRIGHT, **more: object
    ) -> tuple[KioskHouse, Page]:
        house = make_kiosk(printer=printer, kiosk=more.pop("kiosk", {}))
        if works:
            app = speaking(house.settings)
            app.extensions["greetline-stores"] = Stores(house.settings, house.shop)
            running.append(printing(app))
            running[-1].__enter__()
        context = watch_over(house).context(viewport=viewport, **more)
        house.stand(context)
        return house, context.new_page()

    yield make
    for each in running:
        each.__exit__(None, None, None)


def test_a_finger_asks_for_paper_and_the_paper_comes(stand: Callable[..., tuple[KioskHouse, Page]], sink: Sink) -> None:
    _, page = stand(sink.settings)
    page.goto("/kiosk?lang=nb")
    take(page, "Retur og bytte")
    page.get_by_role("button", name="Skriv ut kølappen").click()
    expect(page.locator("[data-part=paper]")).to_contain_text("ta med deg kølappen")
    expect(page.get_by_role("button", name="Skriv ut kølappen")).to_be_hidden()
    assert sink.printed(1)
    accessible(page)


def test_a_printer_that_stalls_is_told_within_three_seconds_with_the_photo_as_the_way_out(
    stand: Callable[..., tuple[KioskHouse, Page]], sink: Sink
) -> None:
    sink.how = "freezes"
    _, page = stand(sink.settings)
    page.goto("/kiosk")
    take(page)
    page.evaluate(TOLD_AFTER)
    page.get_by_role("button", name="Print my number").click()
    expect(page.get_by_text("Your number is being printed...")).to_be_visible()
    expect(page.get_by_text("We could not print. Please take a photo of your number.")).to_be_visible()
    assert page.evaluate("window.told - window.asked") < 3_600
    expect(page.locator(".num")).to_be_visible()


def test_paper_works_without_scripts(stand: Callable[..., tuple[KioskHouse, Page]], sink: Sink) -> None:
    _, page = stand(sink.settings, java_script_enabled=False)
    page.goto("/kiosk?lang=lv")
    page.locator(".svc").first.click()
    page.get_by_role("button", name="Izdrukāt numuru").click()
    expect(page.locator("[data-says=done]")).to_be_visible()
    assert sink.printed(1)


def test_no_paper_thanks_takes_the_question_away(stand: Callable[..., tuple[KioskHouse, Page]]) -> None:
    _, page = stand({"kind": "dummy"}, works=False)
    page.goto("/kiosk")
    take(page)
    page.get_by_role("link", name="No paper, thanks").click()
    expect(page.get_by_role("button", name="Print my number")).to_be_hidden()
    expect(page.locator(".num")).to_contain_text("R")
    expect(page.get_by_role("button", name="Talk to someone")).to_be_visible()


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("small", [False, True], ids=["21.5 inches", "10 inches"])
@pytest.mark.parametrize("code", [False, True], ids=["", "code"])
@pytest.mark.parametrize("language", ["lv"])
def test_the_buttons_have_their_place_in_every_mode(
    stand: Callable[..., tuple[KioskHouse, Page]], mode: str, small: bool, language: str, code: bool
) -> None:
    fits(stand, mode, small=small, language=language, code=code)


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("small", [False, True], ids=["21.5 inches", "10 inches"])
@pytest.mark.parametrize("code", [False, True], ids=["", "code"])
@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "lv"])
def test_the_buttons_have_their_place_in_every_language(
    stand: Callable[..., tuple[KioskHouse, Page]], mode: str, small: bool, language: str, code: bool
) -> None:
    fits(stand, mode, small=small, language=language, code=code)


def fits(stand: Callable[..., tuple[KioskHouse, Page]], mode: str, *, small: bool, language: str, code: bool) -> None:
    size = TABLET if small else UPRIGHT
    screen = (SMALL_SCREEN if small else {}) | ({"public_base_url": "https://go.nordlys.example"} if code else {})
    house, page = stand({"kind": "dummy"}, works=False, viewport=size, kiosk=screen)
    millimetre = house.settings.kiosk.pixels_a_millimetre
    page.goto(f"/kiosk?lang={language}&{mode}")
    page.locator(".svc[name=service]").first.click()
    page.wait_for_url("**/kiosk/tickets/**")
    expect(page.locator("[data-part=wish] .btn").first).to_be_visible()
    for state in ("", "failed"):
        if state:
            page.goto(page.url + "&paper=failed")
            expect(page.locator("[data-says=failed]")).to_be_visible()
        assert too_small(page, 22 * millimetre) == []
        assert page.evaluate(GAPS, 5 * millimetre) == []
        assert not too_wide(page)
        assert cut_off(page) == []
        assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), state
        assert KEYS.findall(page.locator("body").inner_text()) + SAYS_BY_ITSELF.findall(page.locator("body").inner_text()) == []
        if "low" in mode:
            assert min(page.evaluate(TOPS)) >= size["height"] / 2


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_with_its_buttons_is_accessible(stand: Callable[..., tuple[KioskHouse, Page]], scheme: str) -> None:
    _, page = stand({"kind": "dummy"}, works=False, color_scheme=scheme, reduced_motion="reduce")
    page.goto("/kiosk")
    take(page)
    accessible(page)
    assert [name for name, ratio in page.evaluate(BORDERS) if ratio < 3] == []
    page.goto(page.url + "?paper=failed")
    accessible(page)


def test_a_screen_that_lies_on_its_side_has_room_for_paper(stand: Callable[..., tuple[KioskHouse, Page]]) -> None:
    _, page = stand({"kind": "dummy"}, works=False, viewport={"width": 1920, "height": 1080})
    page.goto("/kiosk?lang=lv")
    page.locator(".svc[name=service]").first.click()
    page.wait_for_url("**/kiosk/tickets/**")
    assert cut_off(page) == []
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight")


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_office_printer_gets_one_page_of_80_by_120_millimetres(
    stand: Callable[..., tuple[KioskHouse, Page]], language: str
) -> None:
    address = {"kiosk": {"public_base_url": "https://go.nordlys.example"}}
    _, page = stand({"kind": "browser"}, works=False, **address)
    page.goto(f"/kiosk?lang={language}")
    page.locator(".svc[name=service]").first.click()
    page.wait_for_url("**/kiosk/tickets/**")
    expect(page.locator("[data-part=wish]")).to_be_visible()
    assert page.locator(".sheet").is_hidden()
    pages = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert len(pages) == 1
    box = pages[0].mediabox
    assert (round(box.width / POINTS_A_MILLIMETRE), round(box.height / POINTS_A_MILLIMETRE)) == (80, 120)
    words = " ".join(pages[0].extract_text().replace("\u00a0", " ").split())
    told = page.locator("[data-part=ahead]").inner_text()
    assert "R 001" in words
    assert told in words
    assert page.locator(".corner, header .end").first.inner_text() in words
    assert words.count("R 001") == 1, "nothing of the screen is on the paper"
    page.emulate_media(media="print")
    for part in ("taken", "privacy"):
        assert " ".join(page.locator(f".sheet .{part}").inner_text().replace("\u00a0", " ").split()) in words
    code = page.locator(".sheet .code svg").bounding_box()
    assert code is not None
    assert code["width"] / 96 * 25.4 * 33 / 41 >= 25, "33 squares of 41 are the code, the others its quiet zone"


def test_the_browser_prints_when_it_is_asked_and_the_page_says_so(stand: Callable[..., tuple[KioskHouse, Page]]) -> None:
    _, page = stand({"kind": "browser"}, works=False)
    page.add_init_script("window.asked = 0; window.print = () => { window.asked += 1; dispatchEvent(new Event('afterprint')); };")
    page.goto("/kiosk")
    take(page)
    page.get_by_role("button", name="Print my number").click()
    expect(page.get_by_text("please take your ticket")).to_be_visible()
    assert page.evaluate("window.asked") == 1


def test_a_broken_printer_stands_on_the_floor_with_its_remedy_until_it_is_well(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch]
) -> None:
    house = make_house(alerts={"on_delay_seconds": 0, "off_delay_seconds": 0})
    context = watch_over(house).context()
    house.sign_in(context, "Kari")
    page = context.new_page()
    page.goto("/floor")
    bar = page.locator("[data-part=bars]")
    prints.looked(house.shop, Trouble.NO_PAPER, by="one")
    expect(bar).to_contain_text("The ticket printer is out of paper. Load a roll, then press the feed button.")
    begin = page.locator("#shift [data-part=quiet]")
    page.add_locator_handler(begin, begin.click)
    bar.get_by_role("button", name="I’m coming").click()
    expect(bar).to_contain_text("Kari")
    prints.looked(house.shop, Trouble.COVER_OPEN, by="one")
    expect(bar).to_contain_text("Close it until it clicks.")
    accessible(page)
    prints.looked(house.shop, None, by="one")
    expect(bar).not_to_contain_text("printer")
