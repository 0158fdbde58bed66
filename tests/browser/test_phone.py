"""The page of a number on a real phone: small, live, calm when it is not, and the same without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from broker.desk import joining, tickets
from broker.domain.ticket import Move, State
from tests.browser.floor_parts import stands, until
from tests.browser.house import Watch, accessible
from tests.browser.kiosk_parts import stopped
from tests.browser.looks import cut_off, looks_right, too_small, too_wide, without_words
from tests.browser.phone_parts import PHONE, SMALL, PhoneHouse, every_state, opened

pytestmark = pytest.mark.browser

TAP = 44
WEIGHT_BYTES = 40_000
SIZES = [(320, 640), (390, 844), (844, 390), (800, 1280)]
TONES = """window.tones = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) { window.tones.push(this.frequency.value); start.call(this, at); };
window.buzzes = [];
navigator.vibrate = (pattern) => window.buzzes.push(pattern);"""
SAID = """new MutationObserver(() => (window.said ??= []).push(document.querySelector("[data-part=say]").textContent))
  .observe(document.querySelector("[data-part=say]"), { childList: true })"""


@pytest.fixture
def make_phones(tmp_path: Path, chromium: Browser) -> Iterator[Callable[..., tuple[PhoneHouse, Watch]]]:
    """Opens shops whose tickets have pages, each with its watched browsers."""
    made: list[tuple[PhoneHouse, Watch]] = []

    def make(**settings: object) -> tuple[PhoneHouse, Watch]:
        house = PhoneHouse(tmp_path / f"shop{len(made)}", **settings)
        made.append((house, Watch(chromium, house)))
        return made[-1]

    yield make
    for house, watch in made:
        watch.close()
        house.close()


@pytest.fixture
def phones(make_phones: Callable[..., tuple[PhoneHouse, Watch]]) -> tuple[PhoneHouse, Watch]:
    return make_phones(join={"enabled": True})


@pytest.fixture
def house(phones: tuple[PhoneHouse, Watch]) -> PhoneHouse:
    return phones[0]


@pytest.fixture
def watch(phones: tuple[PhoneHouse, Watch]) -> Watch:
    return phones[1]


@pytest.fixture
def page(watch: Watch) -> Page:
    """A phone that is somebody's own."""
    return watch.context(viewport=PHONE, has_touch=True).new_page()


def soon(page: Page) -> None:
    """Let the page ask again at once, as it does when it comes to the front."""
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def title(page: Page, text: str) -> None:
    """The page has looked, and its title says *text*."""
    soon(page)
    expect(page).to_have_title(re.compile(text))


def test_the_page_is_small(house: PhoneHouse, page: Page) -> None:
    for _ in range(8):
        house.takes()
    opened(page, house, house.takes(told=(300, 600)))
    page.wait_for_load_state("networkidle")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".map((each) => [each.name.split('?')[0].split('/').pop(), each.decodedBodySize])"
    )
    assert sum(size for _, size in loaded) <= WEIGHT_BYTES, loaded
    assert len([name for name, _ in loaded if name.endswith((".css", ".js"))]) == 2


def test_the_place_changes_in_the_page_and_nothing_else_moves(house: PhoneHouse, page: Page) -> None:
    first, second = house.takes(), house.takes()
    own = opened(page, house, house.takes(told=(300, 600)))
    own.evaluate("window.same = true")
    own.evaluate(SAID)
    title(own, "2 ahead · R\u00a0003")
    own.get_by_text("Step away, keep my place").click()
    own.get_by_role("button", name="10 minutes").focus()
    tickets.move(house.shop, first.id, Move.CANCEL)
    title(own, "1 ahead · R\u00a0003")
    expect(own.locator(".fact")).to_have_text("1 person ahead of you")
    expect(own.locator("[data-part=people] > *")).to_have_count(2)
    expect(own.get_by_role("button", name="10 minutes")).to_be_focused()
    tickets.move(house.shop, second.id, Move.CANCEL)
    title(own, "You are next")
    house.calls()
    title(own, "It is your turn")
    expect(own.locator(".fact")).to_have_text("Please come to Desk 1")
    assert own.evaluate("window.same"), "the page was never loaded again"
    until(own, "document.activeElement.tagName === 'H1'")  # What had the focus is gone; the reader goes on at the head.
    until(own, "window.said.length >= 3")
    heard = own.evaluate("window.said")
    assert heard == ["1 person ahead of you", "You are next. Please stay close by.", "It is your turn. Please come to Desk 1"]


def test_a_phone_that_is_told_to_tells_and_is_honest_that_it_must_stay_open(house: PhoneHouse, page: Page) -> None:
    for _ in range(2):
        house.takes()
    page.add_init_script(TONES)
    own = opened(page, house, house.takes())
    expect(own.get_by_text("Keep this page open and the sound on. A locked phone stays silent.")).to_be_visible()
    tell = own.get_by_role("button", name="Tell me when it is nearly my turn")
    tell.click()
    expect(own.locator("[data-part=tell] button")).to_have_attribute("aria-pressed", "true")
    expect(own.locator("[data-part=tell] button")).to_have_text("We will tell you here")
    until(own, "window.tones.length === 1")
    house.calls()
    soon(own)
    expect(own.locator("[data-part=tell] button")).to_have_text("Nearly your turn. Please come closer.")
    until(own, "`${[window.tones.length, window.buzzes.length]}` === '3,1'")
    house.calls("desk-2")
    soon(own)
    house.calls("desk-3")
    title(own, "It is your turn")
    until(own, "`${[window.tones.length, window.buzzes.length]}` === '7,2'")


def test_nobody_hears_a_sound_they_did_not_ask_for(house: PhoneHouse, page: Page) -> None:
    page.add_init_script(TONES)
    own = opened(page, house, house.takes())
    house.calls()
    title(own, "It is your turn")
    assert own.evaluate("[window.tones.length, window.buzzes.length]") == [0, 0]


def test_bad_news_is_said_once(house: PhoneHouse, page: Page) -> None:
    house.past.seconds = 900
    ticket = house.takes(told=(60, 120))
    house.takes()
    house.past.seconds = 0
    own = opened(page, house, ticket)
    expect(own.locator("[data-part=news]")).to_contain_text("This is taking longer than we said. We are sorry.")
    expect(own.locator("[data-part=say]")).to_contain_text("We are sorry.")
    own.reload()
    expect(own.locator("[data-part=news]")).to_be_visible()
    expect(own.locator("[data-part=updated]")).to_contain_text("Updated")
    assert own.locator("[data-part=say]").text_content() == ""
    expect(own.locator(".est")).to_have_count(0)
    expect(own.locator(".tick small")).to_contain_text("We told you at")


def test_every_tap_works_by_touch_and_stays_on_the_page(house: PhoneHouse, page: Page) -> None:
    ticket = house.takes()
    own = opened(page, house, ticket)
    house.takes()
    soon(own)
    own.evaluate("window.same = true")
    own.get_by_role("button", name="Let the next person go first").tap()
    title(own, "1 ahead")
    own.get_by_text("Step away, keep my place").tap()
    own.get_by_role("button", name="5 minutes", exact=True).tap()
    expect(own.locator(".clock")).to_have_text(re.compile(r"^4:\d\d$"))
    shown = own.locator(".clock").inner_text()
    expect(own.locator(".clock")).not_to_have_text(shown)
    expect(own.locator(".clock")).to_have_text(re.compile(r"^4:\d\d$"))
    own.get_by_role("button", name="I’m back").tap()
    expect(own.locator(".fact")).to_have_text("1 person ahead of you")
    assert own.evaluate("window.same")
    own.get_by_role("link", name="Leave the queue").tap()
    own.get_by_role("link", name="Stay in the queue").tap()
    own.get_by_role("link", name="Leave the queue").tap()
    own.get_by_role("button", name="Yes, leave").tap()
    expect(own.get_by_role("heading", level=1)).to_have_text("This number has left the queue")
    assert own.url.endswith(house.address(ticket))


def test_two_phones_with_one_page_and_a_finger_that_taps_twice(house: PhoneHouse, watch: Watch, page: Page) -> None:
    ticket = house.takes()
    for _ in range(3):
        house.takes()
    own, other = opened(page, house, ticket), opened(watch.context(viewport=PHONE).new_page(), house, ticket)
    own.get_by_role("button", name="Let the next person go first").dblclick()
    title(own, "1 ahead")
    other.get_by_role("button", name="Let the next person go first").click()
    expect(other.locator(".fact")).to_have_text("1 person ahead of you")
    own.get_by_role("link", name="Refresh").click()
    expect(own.locator(".fact")).to_have_text("1 person ahead of you")


def test_what_is_no_longer_possible_is_said_with_how_it_stands(house: PhoneHouse, watch: Watch, page: Page) -> None:
    watch.expect_error("409")
    ticket = house.takes()
    page.clock.install()
    own = stopped(opened(page, house, ticket))
    own.get_by_text("Step away, keep my place").click()
    house.calls()
    own.get_by_role("button", name="5 minutes", exact=True).click()
    expect(own.get_by_role("alert")).to_have_text("That is no longer possible. This is how it stands now.")
    expect(own.get_by_role("heading", level=1)).to_have_text("It is your turn")
    assert own.url.endswith(house.address(ticket))
    assert house.now(ticket).state is State.CALLED


def test_without_a_network_the_page_says_that_the_place_is_kept_and_mends_itself(
    house: PhoneHouse, watch: Watch, page: Page
) -> None:
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    own = opened(page, house, house.takes())
    own.context.set_offline(True)
    expect(own.locator("[data-part=updated]")).to_have_text("No connection. Your place is kept.")
    expect(own.locator("[data-part=updated]")).to_have_class(re.compile("lost"))
    house.calls()
    own.context.set_offline(False)
    title(own, "It is your turn")
    expect(own.locator("[data-part=updated]")).to_contain_text("Updated")


HIDE = "Object.defineProperty(document, 'hidden', { get: () => true }); document.dispatchEvent(new Event('visibilitychange'))"


def test_a_page_in_the_background_asks_seldom(house: PhoneHouse, page: Page) -> None:
    for _ in range(3):
        house.takes()
    page.clock.install()
    own = stopped(opened(page, house, house.takes()))
    with own.expect_response(re.compile("/t/")):
        own.clock.run_for(10_500)
    own.evaluate(HIDE)
    asked: list[str] = []
    own.on("request", lambda request: asked.append(request.url))
    own.clock.run_for(58_000)
    assert asked == []
    with own.expect_response(re.compile("/t/")):
        own.clock.run_for(3_000)


def test_everything_works_without_a_script(house: PhoneHouse, watch: Watch) -> None:
    page = watch.context(viewport=PHONE, java_script_enabled=False).new_page()
    ticket = house.takes(told=(300, 600))
    house.takes()
    page.goto(house.address(ticket))
    expect(page.get_by_text("Tell me when")).to_be_hidden()
    page.get_by_role("button", name="Let the next person go first").click()
    expect(page.locator(".fact")).to_have_text("1 person ahead of you")
    page.get_by_text("Step away, keep my place").click()
    page.get_by_role("button", name="5 minutes", exact=True).click()
    expect(page.locator("h1")).to_have_text("You have stepped away")
    page.get_by_role("button", name="I’m back").click()
    page.get_by_text("English").first.click()
    page.get_by_role("link", name="Latviešu").click()
    expect(page.locator("h1")).to_have_text("Jūsu vieta rindā")
    house.called(ticket)
    page.get_by_role("link", name="Atsvaidzināt").click()
    expect(page.locator("h1")).to_have_text("Tagad ir jūsu kārta")
    page.get_by_role("button", name="Esmu klāt").click()
    assert stands(lambda: house.now(ticket).state is State.SERVING)
    house.past.seconds = -1
    tickets.finish(house.shop, ticket.id, "solved", by=house.kari.id)  # type: ignore[arg-type]
    page.get_by_role("link", name="Atsvaidzināt").click()
    page.get_by_role("button", name="Labi").click()
    expect(page.get_by_role("status").first).to_have_text("Paldies, ka pateicāt.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_state_is_readable_for_everybody(house: PhoneHouse, watch: Watch, scheme: str) -> None:
    watch.expect_error("404")
    page = watch.context(viewport=PHONE, color_scheme=scheme).new_page()
    states = every_state(house)
    more = [f"/t/{'x' * 22}", f"{house.address(states['waiting'])}/leave", f"/j/{joining.secret(house.shop)}"]
    for address in [*(house.address(ticket) for ticket in states.values()), *more]:
        page.goto(address)
        expect(page.locator("h1")).to_be_visible()
        looks_right(page, TAP)
        accessible(page)
        assert page.title()


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "nb", "nl", "ms", "lv"])
def test_nothing_is_cut_in_any_language_on_any_phone_at_twice_the_size(house: PhoneHouse, watch: Watch, language: str) -> None:
    page = watch.context(viewport=SMALL).new_page()
    for ticket in every_state(house, language).values():
        page.goto(house.address(ticket))
        for width, height in SIZES:
            page.set_viewport_size({"width": width, "height": height})
            for size in ("100%", "200%"):
                page.evaluate("(size) => (document.documentElement.style.fontSize = size)", size)
                assert (too_small(page, TAP), too_wide(page), cut_off(page), without_words(page)) == ([], False, [], [])


def test_text_twice_as_large_fits_the_smallest_phone(house: PhoneHouse, watch: Watch) -> None:
    page = watch.context(viewport=SMALL).new_page()
    for ticket in every_state(house, "lv").values():
        page.goto(house.address(ticket))
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        looks_right(page, TAP)


def test_the_languages_open_and_close_by_keys(house: PhoneHouse, page: Page) -> None:
    own = opened(page, house, house.takes())
    own.keyboard.press("Tab")
    own.keyboard.press("Enter")
    expect(own.get_by_role("link", name="Nederlands")).to_be_visible()
    accessible(own)
    own.keyboard.press("Escape")
    expect(own.get_by_role("link", name="Nederlands")).to_be_hidden()
    own.keyboard.press("Enter")
    own.get_by_role("link", name="Nederlands").click()
    expect(own.locator("h1")).to_have_text("Uw plaats in de rij")
    assert own.evaluate("document.documentElement.lang") == "nl"


def test_a_number_is_taken_with_a_phone_from_the_poster(house: PhoneHouse, watch: Watch, page: Page) -> None:
    wall = watch.context(viewport={"width": 1280, "height": 800})
    house.stand(wall, "display", "Poster")
    poster = wall.new_page()
    poster.goto("/poster")
    expect(poster.locator(".qr svg")).to_be_visible()
    accessible(poster)
    page.goto(f"/j/{joining.secret(house.shop)}")
    page.get_by_role("button", name="Repairs").tap()
    expect(page.locator(".fact")).to_have_text("You are next. Please stay close by.")
    title(page, "W\u00a0001")
    page.goto(f"/j/{joining.secret(house.shop)}")
    title(page, "W\u00a0001")


def test_a_poster_that_reaches_nobody_shows_no_code(house: PhoneHouse, watch: Watch) -> None:
    watch.expect_error("ERR_INTERNET_DISCONNECTED")
    wall = watch.context(viewport={"width": 1280, "height": 800})
    house.stand(wall, "display", "Poster")
    poster = wall.new_page()
    poster.clock.install()
    poster.goto("/poster")
    shown = poster.locator(".qr path").get_attribute("d")
    house.past.seconds = -660
    poster.clock.run_for(21_000)
    expect(poster.locator(".qr path")).not_to_have_attribute("d", shown or "")
    wall.set_offline(True)
    poster.clock.run_for(62_000)
    expect(poster.locator(".qr")).to_be_hidden()
    expect(poster.get_by_text("Please ask our staff; we will help you.")).to_be_visible()
    wall.set_offline(False)
    poster.clock.run_for(21_000)
    expect(poster.locator(".qr")).to_be_visible()
