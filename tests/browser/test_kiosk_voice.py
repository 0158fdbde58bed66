"""The touch screen read aloud, in a real browser with the keys of a pad: what is said, when, how often, and to whom."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from kiosk.voice.ways import Library
from tests.browser.floor_parts import until
from tests.browser.house import Watch, accessible
from tests.browser.kiosk_parts import UPRIGHT, KioskHouse
from tests.browser.looks import too_small
from tests.browser.test_kiosk import take
from tests.browser.voice_parts import listening, overlaps, played, seconds, silent, speech

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(Library().why_not()), reason="the extra `voice` is not installed")]

HEARD = "JSON.parse(document.getElementById('heard').textContent)"


class Listener:
    """Somebody who does not see the screen."""

    def __init__(self, house: KioskHouse, page: Page) -> None:
        self.house = house
        self.page = page

    def words(self, least: int = 0) -> list[str]:
        """What was said on this page, in the words of the page."""
        said = speech(self.page, least)
        by_address = {address: text for text, address in self.page.evaluate(HEARD).items()}
        return [by_address.get(address, address) for address in said]

    def hears(self, *texts: str) -> list[str]:
        """Wait until the last things said are *texts*."""
        for _ in range(400):
            if self.words()[-len(texts) :] == list(texts):
                return self.words()
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{self.words()} does not end with {texts}")


@pytest.fixture
def listens(loud: Browser, make_kiosk: Callable[..., KioskHouse]) -> Iterator[Callable[..., Listener]]:
    """Brings somebody to a touch screen that may sound: `listens("/kiosk?aloud=1", sound={...})`."""
    watches: list[Watch] = []

    def come(path: str, *, turned: bool = False, mute: bool = False, **settings: Any) -> Listener:
        house = make_kiosk(**settings)
        watches.append(Watch(loud, house))
        if mute:
            watches[-1].expect_error("/voice/")
        context: BrowserContext = watches[-1].context(viewport=UPRIGHT)
        house.stand(context)
        page = listening(context.new_page())
        if turned:
            page.clock.install()
        page.goto(path)
        return Listener(house, page)

    yield come
    for watch in watches:
        watch.close()


def test_the_first_key_meets_read_aloud_which_says_so_and_the_next_starts_it(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk")
    page = listener.page
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-part=first]")).to_be_focused()
    assert too_small(page, 22 * listener.house.settings.kiosk.pixels_a_millimetre) == []
    first = speech(page, 1)
    assert first == [page.locator("[data-part=first]").get_attribute("data-sound")]
    assert seconds(page.context, listener.house, first[0]) > 1
    accessible(page)
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("aloud=1"))
    assert listener.words(2)[:2] == ["Welcome.", "How can we help?"]


def test_each_control_with_the_focus_is_said_at_once_and_nothing_overlaps(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk?aloud=1")
    listener.hears("Move with the arrow keys and choose with OK.")
    for _ in range(2):
        listener.page.keyboard.press("ArrowDown")
        listener.page.wait_for_timeout(150)
    listener.hears("Fitting rooms", "No one ahead of you", "Wait not known yet")
    listener.page.get_by_role("link", name="Language").focus()
    listener.hears("Language", "English · Norsk · Nederlands · Melayu · Latviešu")
    assert overlaps(played(listener.page)) == []


def test_the_number_is_said_twice_with_place_and_wait(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk?aloud=1")
    listener.house.takes()
    take(listener.page)
    said = listener.hears(" ".join(listener.page.locator(".photo").inner_text().split()))
    wait = listener.page.locator("[data-part=wait]").inner_text()
    assert said[:5] == ["Your number", "R\u00a0002", "R\u00a0002", "1 person ahead of you", wait]
    assert said.count("R\u00a0002") == 2
    listener.house.takes()
    listener.house.calls()
    expect(listener.page.locator("main")).to_contain_text("No one ahead of you")
    listener.page.get_by_role("button", name="Say it again").click()
    again = listener.words(2 * len(said))[len(said) :]  # the button that was touched may be heard before
    fresh = again.index("Your number")
    assert again[fresh : fresh + 3] == ["Your number", "R\u00a0002", "R\u00a0002"]
    assert again[fresh + 3].startswith("/voice/"), "what was told anew has a sound that the page did not begin with"
    assert again[fresh + 4] == wait


@pytest.mark.parametrize("language", ["nb", "nl", "ms", "lv"])
def test_every_language_is_read_in_its_own_voice(listens: Callable[..., Listener], language: str) -> None:
    listener = listens(f"/kiosk?aloud=1&lang={language}")
    first = listener.words(1)
    assert first[0] == listener.page.locator("h1").inner_text().split("\n")[0]
    listener.page.locator("form[action='/kiosk/help'] button").focus()
    listener.hears(listener.page.locator("form[action='/kiosk/help'] button").inner_text().strip())


def test_louder_quieter_and_again_and_the_next_customer_begins_with_the_shops_volume(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk?aloud=1", sound={"volume": 50, "max_volume": 80})
    page = listener.page
    loud = "window.gains[0].gain.value"
    listener.words(1)
    assert round(page.evaluate(loud), 2) == 0.5
    for wanted in (0.7, 0.8, 0.8):
        page.get_by_role("button", name="Louder").click()
        listener.hears("Louder")
        until(page, f"Math.abs({loud} - {wanted}) < 0.005")
    take(page)
    expect(page).to_have_url(re.compile("volume=80"))
    listener.words(1)
    assert round(page.evaluate(loud), 2) == 0.8
    page.get_by_role("button", name="Quieter").click()
    until(page, f"Math.abs({loud} - 0.6) < 0.005")
    page.get_by_role("link", name="Start over").click()
    expect(page).to_have_url(re.compile("/kiosk$"))
    expect(page.locator("[data-part=repeat]")).to_have_count(0)
    page.wait_for_timeout(500)
    assert speech(page) == []
    page.get_by_role("link", name="Read aloud").last.click()
    speech(page, 1)
    assert round(page.evaluate(loud), 2) == 0.5


def test_the_curtain_blanks_the_screen_while_keys_and_voice_go_on(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk?aloud=1")
    page = listener.page
    page.get_by_role("link", name="Hide the screen").press("Enter")
    expect(page).to_have_url(re.compile("curtain=1"))
    listener.words(1)
    seen = page.evaluate("""() => [...document.querySelectorAll("body > *")].filter((each) => getComputedStyle(each).opacity !== "0"
        && each.getBoundingClientRect().height && getComputedStyle(each).display !== "none").map((each) => each.tagName)""")
    assert seen == []
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(0, 0, 0)"
    page.locator(".svc").first.press("Enter")
    expect(page).to_have_url(re.compile("/kiosk/tickets/.*curtain=1"))
    assert listener.words(3)[:3] == ["Your number", "R\u00a0001", "R\u00a0001"]
    page.mouse.click(500, 1500)  # what is not seen is not pressed: a finger brings the page back
    expect(page).to_have_url(re.compile("/kiosk/tickets/(?!.*curtain)"))
    expect(page.locator(".num")).to_be_visible()
    page.get_by_role("link", name="Hide the screen").click()
    expect(page).to_have_url(re.compile("curtain=1"))
    listener.words(1)  # a key that comes before its page is there is pressed again by anybody
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/kiosk/tickets/(?!.*curtain)"))


def test_a_finger_lifts_the_curtain_also_before_there_is_a_voice(listens: Callable[..., Listener]) -> None:
    page = listens("/kiosk?aloud=1").page
    held: list[Route] = []
    page.route("**/speak.js*", lambda route: held.append(route))
    with page.expect_request("**/speak.js*"):
        page.goto("/kiosk?aloud=1&curtain=1")
    page.mouse.click(500, 1500)
    expect(page).to_have_url(re.compile("/kiosk(?!.*curtain)"))
    assert held


def test_the_question_for_more_time_is_said_and_no_time_runs_while_something_is_read(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk?aloud=1", turned=True)
    page = listener.page
    speaking = "import(document.body.dataset.speak).then((voice) => voice.speaking())"
    listener.words(1)
    assert page.evaluate(speaking), "the clock of the question stands still meanwhile"
    listener.hears("Move with the arrow keys and choose with OK.")
    silent(page)
    until(page, f"{speaking}.then((on) => !on)")  # the pause behind a sound belongs to it
    page.clock.run_for(46_000)
    question = page.locator("dialog#time")
    expect(question).to_be_visible()
    listener.hears("Do you need more time?", "Yes, more time")
    page.keyboard.press("Enter")
    expect(question).to_be_hidden()


def test_a_shop_may_begin_with_every_customer_read_to_as_with_a_headset_on(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk", sound={"read_aloud": "always"})
    assert listener.words(2)[:2] == ["Welcome.", "How can we help?"]
    page = listener.page
    page.get_by_role("link", name="Read aloud").click()
    expect(page).to_have_url(re.compile("aloud=0"))
    expect(page.locator("[data-part=repeat]")).to_have_count(0)
    page.get_by_role("link", name="Start over").click()
    expect(page.locator("[data-part=repeat]")).to_be_visible()


def test_a_voice_that_fails_leaves_a_page_that_works(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk", mute=True)
    page = listener.page
    page.route("**/voice/*.wav", lambda route: route.abort())
    page.goto("/kiosk?aloud=1")
    assert take(page) == "R\u00a0001"
    assert speech(page) == []


def test_somebody_is_coming_is_said(listens: Callable[..., Listener]) -> None:
    from broker.desk import alerts

    listener = listens("/kiosk?aloud=1")
    page = listener.page
    page.get_by_role("button", name="Talk to someone").click()
    assert listener.words(1)[0] == "We have told our staff that you are here"
    alerts.acknowledge(listener.house.shop, page.url.split("/")[-1].split("?")[0], by=listener.house.kari.id)
    expect(page.get_by_role("heading", level=1)).to_have_text("Someone is coming to you")
    listener.hears("Someone is coming to you")


def test_how_the_paper_goes_is_said_as_it_goes(listens: Callable[..., Listener]) -> None:
    listener = listens("/kiosk?aloud=1", printer={"kind": "dummy"})
    take(listener.page)
    listener.words(3)
    listener.page.get_by_role("button", name="Print my number").click()
    listener.hears("Your number is being printed...")
    listener.hears("We could not print. Please take a photo of your number.")
