"""A shift on the floor: tones and quiet, help and pauses, the keyboard, and what is said to those who listen."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from broker.desk import alerts, zones
from broker.settings import StandardsSettings
from tests.browser.floor_parts import CAMERAS, QUICK, Service, came_in, card, tablet, until, watching
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser


def test_a_pause_needs_a_reason_counts_down_and_is_resumed(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    page.locator(".strip").get_by_role("button", name="Pause zone").click()
    sheet = page.locator("#sheet")
    sheet.get_by_role("button", name="Shoes").click()
    sheet.get_by_role("button", name="Choose why first").click()
    expect(sheet).to_be_visible()
    sheet.get_by_role("button", name="Delivery").click()
    sheet.get_by_role("button", name="Pause Shoes for 15 min").click()
    bar = page.locator(".bars .held")
    expect(bar).to_contain_text(re.compile(r"Shoes is paused, 14:\d\d"))
    expect(bar).to_contain_text("Delivery. Kari paused it")
    bar.get_by_role("button", name="Resume").click()
    expect(bar).to_have_count(0)


def test_help_is_called_answered_and_done(floor_house: House, eyes: Watch) -> None:
    kari, jonas = tablet(floor_house, eyes, "Kari"), tablet(floor_house, eyes, "Jonas")
    visit = came_in(floor_house.shop, "kids")
    card(kari, visit).get_by_role("button", name="Help").click()
    call = jonas.locator(".call-help")
    expect(call).to_contain_text("Kids: Kari calls for help.")
    expect(kari.locator(".call-help")).to_contain_text("you called for help")
    expect(kari.locator(".call-help").get_by_role("button")).to_be_hidden()
    call.get_by_role("button", name="I’m coming").click()
    expect(kari.locator(".call-help")).to_contain_text("Jonas is coming to help")
    call.get_by_role("button", name="Done").click()
    expect(jonas.locator(".call-help")).to_have_count(0)
    expect(kari.locator(".call-help")).to_have_count(0)


def test_tones_come_from_the_moment_of_the_alert_and_a_claim_stops_them(
    make_house: Callable[..., House],
    service: Callable[[House], Service],
    watch_over: Callable[[House], Watch],
) -> None:
    house = make_house(
        cameras=CAMERAS,
        standards=StandardsSettings(warn_seconds=1, greet_within_seconds=2, escalate_seconds=300, call_lead_seconds=400),
        alerts={"sound_every_seconds": 5, "sound_times": 9},
    )
    watching(house.shop)
    service(house)
    watch = watch_over(house)
    near, far = tablet(house, watch, "Kari", zone="shoes"), tablet(house, watch, "Jonas", zone="kids")
    for page in (near, far):
        page.evaluate(
            "window.tones = []; document.addEventListener('greetline:tone', (t) => window.tones.push([t.detail.kind, Date.now()]))"
        )
    visit = came_in(house.shop, "shoes")
    until(near, "window.tones.length >= 2")
    raised = alerts.alerts.live(house.shop.db, subject=visit.id)[0].raised_at
    assert raised is not None
    heard = near.evaluate("window.tones.slice(0, 2)")
    assert [kind for kind, _ in heard] == ["overdue", "overdue"]
    for number, (_, at) in enumerate(heard):
        assert abs(at / 1000 - raised.timestamp() - 5 * number) < 2
    assert far.evaluate("window.tones") == [], "an alert of one zone sounds in that zone"
    card(near, visit).get_by_role("button", name="I’m going").click()
    expect(card(near, visit)).to_have_attribute("data-s", "mine")
    then = near.evaluate("window.tones.length")
    near.wait_for_timeout(5500)
    assert near.evaluate("window.tones.length") == then


def test_a_group_sounds_once_and_quiet_glows_instead(
    make_house: Callable[..., House], service: Callable[[House], Service], watch_over: Callable[[House], Watch]
) -> None:
    later = {"greet_within_seconds": 6, "escalate_seconds": 300, "call_lead_seconds": 400}
    house = make_house(cameras=CAMERAS, standards=QUICK.model_copy(update=later))
    watching(house.shop)
    service(house)
    page = tablet(house, watch_over(house))
    page.locator(".who").click()
    page.locator("#sheet").get_by_role("button", name="Quiet").click()
    page.locator("#sheet [data-part=close]").click()
    page.evaluate("window.tones = []; document.addEventListener('greetline:tone', (t) => window.tones.push(t.detail))")
    for ago in (0.4, 0.3, 0.2, 0.1, 0):
        came_in(house.shop, "shoes", ago=ago)
    # They are one card before the first of them is late: two seconds after the touch cards may move.
    expect(page.locator(".visit.wide [data-part=count]")).to_have_text("5 waiting")
    expect(page.locator("#edge")).to_be_visible()
    page.wait_for_timeout(2500)
    told = page.evaluate("window.tones")
    assert len(told) == 1, told
    assert told[0]["quiet"] is True


def test_what_turned_red_is_said_to_those_who_listen(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    page.evaluate(
        "window.said = []; new MutationObserver(() => window.said.push(document.querySelector('#spoken').textContent))"
        ".observe(document.querySelector('#spoken'), {childList: true})"
    )
    came_in(floor_house.shop, "kids")
    until(page, "window.said.includes('Kids, waiting too long.')")


def test_the_floor_works_by_keyboard_alone(floor_house: House, eyes: Watch) -> None:
    visit = came_in(floor_house.shop)
    page = tablet(floor_house, eyes)
    going = card(page, visit).get_by_role("button", name="I’m going")
    expect(going).to_be_visible()
    for _ in range(12):
        page.keyboard.press("Tab")
        if going.evaluate("(button) => button === document.activeElement"):
            break
    assert going.evaluate("(button) => getComputedStyle(button).outlineStyle !== 'none'")
    page.keyboard.press("Enter")
    expect(card(page, visit)).to_have_attribute("data-s", "mine")
    card(page, visit).get_by_role("button", name="More for").press("Enter")
    expect(page.locator("#sheet")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    expect(card(page, visit).get_by_role("button", name="More for")).to_be_focused()


def test_a_pause_that_ends_by_itself_leaves_the_screen(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    zones.pause(floor_house.shop, "kids", minutes=5, reason="event", by=floor_house.person("Kari").id)
    expect(page.locator(".bars .held")).to_contain_text(re.compile(r"Kids is paused, 4:\d\d"))
    zones.resume(floor_house.shop, "kids", by="clock")
    expect(page.locator(".bars .held")).to_have_count(0)


def test_the_menu_changes_the_language_and_ends_the_shift(floor_house: House, eyes: Watch) -> None:
    page = tablet(floor_house, eyes)
    page.locator(".who").click()
    page.locator("#sheet").get_by_role("button", name="Nederlands").click()
    expect(page.locator("html")).to_have_attribute("lang", "nl")
    # The tap that chose the language counts for the page after it: nobody is asked again.
    expect(page.locator("#link")).to_contain_text("Live")
    page.wait_for_timeout(700)
    expect(page.locator("#shift")).to_be_hidden()
    page.locator(".who").click()
    page.locator("#sheet").get_by_role("button", name="Afmelden of wisselen").click()
    expect(page).to_have_url(f"{floor_house.url}/signin")


def test_the_screen_is_kept_awake_during_a_shift(floor_house: House, eyes: Watch) -> None:
    context = eyes.context()
    floor_house.sign_in(context)
    counted = """window.asked = 0; const lock = navigator.wakeLock, real = lock?.request.bind(lock);
      if (lock) lock.request = (kind) => { window.asked += 1; return real(kind); };"""
    context.add_init_script(counted)
    page = context.new_page()
    page.goto("/floor")
    page.locator("#shift [data-part=start]").click()
    until(page, "window.asked > 0")
