"""The wall in a real browser: each call large for fifteen seconds, one after the other, heard once and once more."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from broker.desk import tickets
from broker.domain.ticket import Move, Said, Ticket
from tests.browser.floor_parts import a_moment_later, until
from tests.browser.house import Watch, accessible
from tests.browser.kiosk_parts import COUNTERS, SERVICES, WALL, KioskHouse, stopped
from tests.browser.test_kiosk import KEYS, TONES

pytestmark = pytest.mark.browser

SIZES = [(1920, 1080), (1280, 720), (1366, 768), (3840, 2160), (1080, 1920)]
TONES_A_CALL = 2
CAPS = """() => {
  const number = document.querySelector(".call .num"), style = getComputedStyle(number);
  const pen = new OffscreenCanvas(1, 1).getContext("2d");
  pen.font = `${style.fontWeight} ${style.fontSize} ${style.fontFamily}`;
  return pen.measureText(number.textContent).actualBoundingBoxAscent / innerHeight;
}"""

OUTSIDE = """() => [...document.querySelectorAll(".call p, .call h1, .last li, .foot p, .foot b")]
  .filter((each) => each.checkVisibility()).map((each) => [each.textContent.trim(), each.getBoundingClientRect()])
  .filter(([, box]) => box.right > innerWidth + 1 || box.bottom > innerHeight + 1).map(([text]) => text)"""


def served(house: KioskHouse, ticket: Ticket) -> None:
    tickets.move(house.shop, ticket.id, Move.START, Said(by=house.kari.id))


def calm(wall: Page) -> None:
    expect(wall.locator(".call")).to_have_class(re.compile("calm"))


def large(wall: Page, number: str, desk: str = "") -> None:
    expect(wall.locator(".call .num")).to_have_text(number)
    expect(wall.locator(".call")).not_to_have_class(re.compile("calm"))
    expect(wall.locator(".call .to")).to_contain_text(desk)


def turned_to(wall: Page, number: str, *, seconds: float = 60) -> None:
    """Turn the wall's clock until *number* is large: the sound of the one before may hold it up."""
    for _ in range(round(seconds / 0.5)):
        panel = wall.locator(".call:not(.calm) .num")
        if panel.count() and panel.inner_text() == number:
            return
        wall.clock.run_for(500)
    large(wall, number)


def opened(wall: Page, *, sounds: bool = False) -> Page:
    wall.add_init_script(TONES)
    wall.clock.install()
    with wall.expect_response("**/events/board*"):
        wall.goto("/display")
    expect(wall.get_by_role("heading", level=1)).to_be_visible()
    if sounds:
        wall.mouse.click(10, 10)  # a browser that is not set up as a wall gives sound after a touch
        expect(wall.locator("[data-part=mute]")).to_be_hidden()
    return stopped(wall)


def test_a_call_is_large_for_fifteen_seconds_and_then_settles(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall)
    kiosk_house.takes()
    kiosk_house.calls()
    large(wall, "R\u00a0001", "Desk 1")
    expect(wall.get_by_role("heading", level=1)).to_have_text("Please come")
    wall.clock.run_for(13_000)
    large(wall, "R\u00a0001")
    wall.clock.run_for(2_500)
    calm(wall)
    expect(wall.get_by_role("heading", level=1)).to_have_text("Now serving")
    expect(wall.locator(".call .num")).to_have_text("R\u00a0001")


def test_calls_queue_and_never_overlap_and_all_stand_in_the_list_at_once(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall)
    for counter in ("desk-1", "desk-2", "desk-3"):
        kiosk_house.takes()
        ticket = kiosk_house.calls(counter)
    large(wall, "R\u00a0001", "Desk 1")
    expect(wall.locator(".last li")).to_have_count(2)
    expect(wall.locator(".last")).to_contain_text(re.compile("R.003 Desk 3.*R.002 Desk 2", re.DOTALL))
    wall.clock.run_for(15_500)
    large(wall, "R\u00a0002", "Desk 2")
    assert ticket.counter == "desk-3"
    wall.clock.run_for(13_500)
    large(wall, "R\u00a0002")
    wall.clock.run_for(2_000)
    large(wall, "R\u00a0003", "Desk 3")


def test_a_call_sounds_once_and_once_more_after_twenty_seconds_if_nobody_came(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall, sounds=True)
    kiosk_house.takes()
    kiosk_house.calls()
    large(wall, "R\u00a0001")
    until(wall, f"window.tones === {TONES_A_CALL}")
    wall.clock.run_for(18_000)
    calm(wall)
    assert wall.evaluate("window.tones") == TONES_A_CALL
    wall.clock.run_for(3_000)
    large(wall, "R\u00a0001")
    until(wall, f"window.tones === {2 * TONES_A_CALL}")
    wall.clock.run_for(60_000)
    calm(wall)
    assert wall.evaluate("window.tones") == 2 * TONES_A_CALL


def test_who_was_not_called_yet_is_called_before_anybody_is_called_again(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall)
    kiosk_house.takes()
    kiosk_house.takes()
    kiosk_house.calls("desk-1")
    second = kiosk_house.calls("desk-2")
    large(wall, "R\u00a0001")
    turned_to(wall, "R\u00a0002")
    wall.clock.run_for(8_000)  # the first has been asked to come for more than 20 s and waits to be called again
    large(wall, "R\u00a0002")
    kiosk_house.takes()
    kiosk_house.calls("desk-3")
    expect(wall.locator(".last")).to_contain_text("R\u00a0003")
    turned_to(wall, "R\u00a0003", seconds=10)
    wall.clock.run_for(8_000)  # now the second waits for it too, but comes
    served(kiosk_house, second)
    kiosk_house.takes()
    expect(wall.locator(".foot")).to_contain_text("Waiting: 1")
    turned_to(wall, "R\u00a0001", seconds=10)
    turned_to(wall, "R\u00a0003", seconds=20)


def test_nobody_who_has_come_is_called_again(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall)
    kiosk_house.takes()
    ticket = kiosk_house.calls()
    large(wall, "R\u00a0001")
    served(kiosk_house, ticket)
    kiosk_house.takes()
    expect(wall.locator(".foot")).to_contain_text("Waiting: 1")
    wall.clock.run_for(16_000)
    calm(wall)
    wall.clock.run_for(30_000)
    calm(wall)


def test_staff_who_call_again_are_heard(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall)
    kiosk_house.takes()
    ticket = kiosk_house.calls()
    large(wall, "R\u00a0001")
    wall.clock.run_for(16_000)
    calm(wall)
    tickets.move(kiosk_house.shop, ticket.id, Move.RECALL, Said(by=kiosk_house.kari.id))
    large(wall, "R\u00a0001")


def test_a_call_that_was_taken_back_is_not_shown(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall)
    kiosk_house.takes()
    a_moment_later(kiosk_house.shop)
    kiosk_house.takes("repairs")
    kiosk_house.calls("desk-1")
    second = kiosk_house.calls("desk-2")
    large(wall, "R\u00a0001")
    tickets.move(kiosk_house.shop, second.id, Move.UNDO, Said(by=kiosk_house.kari.id))
    expect(wall.locator(".foot")).to_contain_text("Waiting: 1")
    wall.clock.run_for(16_000)
    calm(wall)
    expect(wall.locator(".call .num")).to_have_text("R\u00a0001")


def test_a_customer_reads_the_call_in_their_own_language_too(kiosk_house: KioskHouse, wall: Page) -> None:
    opened(wall)
    kiosk_house.takes(language="lv")
    kiosk_house.calls("desk-3")
    large(wall, "R\u00a0001", "Desk 3")
    also = wall.locator(".call [data-part=also]")
    expect(also).to_have_text("Lūdzu, nāciet pie 3. letes")
    expect(also).to_have_attribute("lang", "lv")


def test_a_wall_that_opens_later_does_not_call_out_what_is_old(kiosk_house: KioskHouse, wall: Page) -> None:
    kiosk_house.takes()
    served(kiosk_house, kiosk_house.calls())
    opened(wall)
    calm(wall)
    expect(wall.locator(".call .num")).to_have_text("R\u00a0001")


def test_a_wall_without_connection_is_never_silently_old(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    kiosk_watch.expect_error("ERR_INTERNET_DISCONNECTED")
    context = kiosk_watch.context(viewport=WALL)
    kiosk_house.stand(context, "display", "Wall")
    wall = context.new_page()
    wall.goto("/display")
    kiosk_house.takes()
    expect(wall.locator(".foot")).to_contain_text("Waiting: 1")
    context.set_offline(True)
    expect(wall.get_by_role("alert")).to_contain_text("No connection since")
    expect(wall.get_by_role("alert")).to_contain_text("please ask our staff")
    kiosk_house.calls()
    context.set_offline(False)
    expect(wall.get_by_role("alert")).to_be_hidden()
    large(wall, "R\u00a0001", "Desk 1")


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_number_is_read_from_ten_metres_and_nothing_is_cut(
    kiosk_house: KioskHouse, kiosk_watch: Watch, width: int, height: int
) -> None:
    context = kiosk_watch.context(viewport={"width": width, "height": height})
    kiosk_house.stand(context, "display", "Wall")
    wall = context.new_page()
    for counter in ("desk-1", "desk-2", "desk-3"):
        kiosk_house.takes("repairs", "lv")
        kiosk_house.calls(counter)
    wall.goto("/display")
    expect(wall.locator(".call .num")).to_contain_text("W")
    if width > height:
        assert wall.evaluate(CAPS) >= 0.15
    assert wall.evaluate(OUTSIDE) == []
    assert wall.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "nb", "nl", "ms", "lv"])
def test_every_wall_is_accessible_and_in_its_language(make_kiosk, watch_over, scheme: str, language: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    house = make_kiosk(store={"id": "oslo-city", "name": "Oslo City", "data": tmp_path / "wall", "language": language})
    context = watch_over(house).context(viewport=WALL, color_scheme=scheme)
    house.stand(context, "display", "Wall")
    wall = context.new_page()
    wall.goto("/display")
    accessible(wall)
    for counter in ("desk-1", "desk-2"):
        house.takes(language="en")
        house.calls(counter)
    expect(wall.locator(".call")).not_to_have_class(re.compile("calm"))
    accessible(wall)
    assert KEYS.findall(wall.locator("body").inner_text()) == []
    assert (wall.locator("html").get_attribute("lang") or "")[:2] == language


def test_counters_with_long_names_fit(make_kiosk, watch_over) -> None:  # type: ignore[no-untyped-def]
    house = make_kiosk(counters=({"id": "desk-1", "name": "Kundeservice 2. etasje"[:20]}, *COUNTERS[1:]), services=SERVICES)
    context = watch_over(house).context(viewport=WALL)
    house.stand(context, "display", "Wall")
    wall = context.new_page()
    wall.goto("/display")
    house.takes()
    house.calls()
    large(wall, "R\u00a0001", "Kundeservice 2. etas")
    box = wall.locator(".call .to p").bounding_box()
    panel = wall.locator(".call").bounding_box()
    assert box
    assert panel
    assert box["x"] + box["width"] <= panel["x"] + panel["width"]
    assert box["y"] + box["height"] <= panel["y"] + panel["height"]


def test_a_wall_without_scripts_looks_again_by_itself(kiosk_house: KioskHouse, kiosk_watch: Watch) -> None:
    context = kiosk_watch.context(viewport=WALL, java_script_enabled=False)
    kiosk_house.stand(context, "display", "Wall")
    kiosk_house.takes()
    kiosk_house.calls()
    wall = context.new_page()
    wall.goto("/display")
    expect(wall.locator(".call .num")).to_have_text("R\u00a0001")
    assert 'http-equiv="refresh" content="10"' in wall.content()


def test_a_wall_that_may_not_sound_says_so(kiosk_house: KioskHouse, wall: Page) -> None:
    wall.goto("/display")
    muted = wall.evaluate("new AudioContext().state") != "running"
    if muted:
        expect(wall.locator(".foot")).to_contain_text("Sound is off")
    # A browser may allow one context and not yet the page's own: a touch settles it either way.
    wall.mouse.click(10, 10)
    expect(wall.locator("[data-part=mute]")).to_be_hidden()
