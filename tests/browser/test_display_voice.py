"""The voice of the wall in a real browser that may sound: in order, never two at once, silent when it must be."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from kiosk.voice.ways import Library
from tests.browser.house import Watch, accessible
from tests.browser.kiosk_parts import WALL, KioskHouse, stopped
from tests.browser.test_display import large, turned_to
from tests.browser.voice_parts import listening, overlaps, played, silent, speech

pytestmark = [pytest.mark.browser, pytest.mark.skipif(bool(Library().why_not()), reason="the extra `voice` is not installed")]

TONES = ["tone", "tone"]


@pytest.fixture
def stands(loud: Browser, make_kiosk: Callable[..., KioskHouse]) -> Iterator[Callable[..., tuple[KioskHouse, Page, Watch]]]:
    """Opens a wall that may sound: `stands(sound={...})`."""
    watches: list[Watch] = []

    def stand(*, turned: bool = False, **settings: Any) -> tuple[KioskHouse, Page, Watch]:
        house = make_kiosk(**settings)
        watch = Watch(loud, house)
        watches.append(watch)
        context = watch.context(viewport=WALL)
        house.stand(context, "display", "Wall")
        page = listening(context.new_page())
        if turned:
            page.clock.install()
        with page.expect_response("**/events/board*"):
            page.goto("/display")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        if turned:
            stopped(page)
        return house, page, watch

    yield stand
    for watch in watches:
        watch.close()


def said_of(house: KioskHouse, page: Page, place: int = 0) -> list[str]:
    """The addresses of the newest call, or of the one at *place* behind it, as the server tells them."""
    number = page.request.get(f"{house.url}/api/v1/board").json()["calls"][place]["id"]
    addresses: list[str] = page.request.get(f"{house.url}/voice/calls/{number}").json()["say"]
    return addresses


def test_a_call_is_chimed_then_said_in_the_shops_language_and_then_in_the_tickets(stands: Callable[..., Any]) -> None:
    house, page, _ = stands()
    house.takes(language="lv")
    house.calls("desk-3")
    large(page, "R\u00a0001", "Desk 3")
    sounds = played(page, 4)
    assert [one["what"] for one in sounds] == [*TONES, *said_of(house, page)]
    assert len(set(said_of(house, page))) == 2
    assert overlaps(sounds) == []
    silent(page)
    assert all(one["ended"] >= one["until"] - 0.1 for one in played(page)[2:]), "it was planned, but not played to its end"


def test_calls_of_several_desks_are_said_one_after_the_other_and_never_overlap(stands: Callable[..., Any]) -> None:
    house, page, _ = stands(turned=True)
    for desk in ("desk-1", "desk-2", "desk-3"):
        house.takes(language="nb")
        house.calls(desk)
    for n in (1, 2, 3):
        # The wall's own clock runs ahead of the sound: what is heard still waits for what is being said.
        turned_to(page, f"R\u00a000{n}")
        sounds = played(page, 4 * n)
        assert [one["what"] for one in sounds[-4:-2]] == TONES
        assert [one["what"] for one in sounds[-2:]] == said_of(house, page, place=3 - n)
    turned_to(page, "R\u00a0001")
    assert [one["what"] for one in played(page, 16)] == [one["what"] for one in [*sounds, *sounds[:4]]], "who came not, once more"
    assert len({one["what"] for one in sounds}) == 7
    assert overlaps(sounds) == []


def test_a_call_nobody_answered_is_said_once_more_after_twenty_seconds(stands: Callable[..., Any]) -> None:
    house, page, _ = stands(turned=True)
    house.takes()
    house.calls()
    first = speech(page, 1)
    page.clock.run_for(18_000)
    assert speech(page) == first
    page.clock.run_for(3_000)
    assert speech(page, 2) == first * 2
    page.clock.run_for(60_000)
    assert speech(page) == first * 2


def test_no_sound_in_quiet_hours_and_the_wall_says_why(stands: Callable[..., Any]) -> None:
    house, page, _ = stands(sound={"quiet": ["00:00-12:00", "12:00-24:00"]})
    house.takes()
    house.calls()
    large(page, "R\u00a0001", "Desk 1")
    expect(page.locator(".foot")).to_contain_text("Quiet hours")
    page.wait_for_timeout(1500)
    assert played(page) == []
    accessible(page)


def test_quiet_hours_end_on_the_shops_clock_also_after_midnight(stands: Callable[..., Any]) -> None:
    house, page, _ = stands()
    now = house.shop.clock().astimezone(house.settings.store.zone)
    begin, end = now - timedelta(hours=2), now - timedelta(minutes=1)
    house, page, _ = stands(sound={"quiet": [f"{begin:%H:%M}-{end:%H:%M}"]})
    house.takes()
    house.calls()
    assert len(speech(page, 1)) == 1
    house, page, _ = stands(sound={"quiet": [f"{now - timedelta(minutes=2):%H:%M}-{begin:%H:%M}"]})
    house.takes()
    house.calls()
    large(page, "R\u00a0001")
    page.wait_for_timeout(1000)
    assert played(page) == []


@pytest.mark.parametrize("how", ["missing", "broken", "never comes"])
def test_without_its_voice_a_call_is_chimed_and_shown_and_the_next_goes_on(stands: Callable[..., Any], how: str) -> None:
    house, page, watch = stands(turned=True)
    watch.expect_error("404")
    held: list[Route] = []

    def answer(route: Route) -> None:
        if how == "never comes":
            held.append(route)
        else:
            route.fulfill(status=404 if how == "missing" else 200, body=b"no sound", content_type="audio/wav")

    page.route("**/voice/*.wav", answer)
    for desk in ("desk-1", "desk-2"):
        house.takes()
        house.calls(desk)
    large(page, "R\u00a0001", "Desk 1")
    assert [one["what"] for one in played(page, 2)] == TONES
    page.clock.run_for(15_500)
    large(page, "R\u00a0002", "Desk 2")
    assert [one["what"] for one in played(page, 4)] == TONES * 2
    assert speech(page) == []


def test_a_shop_without_a_voice_has_its_chime_and_asks_for_nothing(stands: Callable[..., Any]) -> None:
    house, page, _ = stands(sound={"voice": "none"})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    house.takes()
    house.calls()
    assert [one["what"] for one in played(page, 2)] == TONES
    assert [url for url in asked if "/voice/" in url] == []


def test_only_languages_of_the_settings_are_spoken(stands: Callable[..., Any]) -> None:
    house, page, _ = stands(sound={"languages": ["en"]})
    house.takes(language="lv")
    house.calls()
    assert len(speech(page, 1)) == 1
    expect(page.locator("[data-part=also]")).to_have_text(re.compile("Lūdzu"))
    page.wait_for_timeout(500)
    assert len(speech(page)) == 1


def test_the_wall_is_as_loud_as_the_settings_say(stands: Callable[..., Any]) -> None:
    house, page, _ = stands(sound={"volume": 40})
    house.takes()
    house.calls()
    played(page, 3)
    assert round(page.evaluate("window.gains[0].gain.value"), 3) == 0.4


def test_the_number_is_said_sign_by_sign_with_recordings_of_the_shop(stands: Callable[..., Any], tmp_path: Path) -> None:
    from tests.kiosk.voices import record

    record(tmp_path / "clips" / "en", ["number", "R", *"0123456789", "come-to", "desk-1"])
    house, page, _ = stands(sound={"clips": str(tmp_path / "clips"), "voice": "clips"})
    house.takes()
    house.calls()
    sounds = played(page, 3)
    assert [one["what"] for one in sounds[:2]] == TONES
    # Seven pieces of 0.3 s, six pauses between them.
    assert sounds[2]["until"] - sounds[2]["at"] == pytest.approx(7 * 0.3 + 6 * 0.09, abs=0.1)


def test_the_inversion_of_a_call_is_no_flash(stands: Callable[..., Any]) -> None:
    """At most three changes in a second (WCAG 2.3.1), also when three desks call at once."""
    house, page, _ = stands()
    page.evaluate("""() => {
        window.changes = [];
        new MutationObserver((all) => all.forEach(() => window.changes.push(performance.now())))
          .observe(document.querySelector(".call"), { attributeFilter: ["class"] });
    }""")
    for desk in ("desk-1", "desk-2", "desk-3"):
        house.takes()
        house.calls(desk)
    large(page, "R\u00a0001")
    page.wait_for_timeout(2500)
    changes = page.evaluate("window.changes")
    assert 1 <= len(changes) <= 3
    assert page.evaluate("document.getAnimations().filter((each) => each.effect.getTiming().iterations > 1).length") == 0
