"""Days that go wrong in other programs: ten thousand people, midnight, the hour that comes twice, a name that is markup."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import expect

from broker.settings import StandardsSettings, StoreSettings
from broker.shop import Shop
from broker.store import visits
from broker.store.database import change
from tests.browser.floor_parts import CAMERAS, card, stands, tablet, watching
from tests.browser.house import House, Watch
from tests.browser.looks import too_wide
from tests.browser.test_matrix import screens_of
from tests.builders import TurnableClock, a_visit
from tests.queue_days import COUNTERS, SERVICES

NAME = 'Rīgas "Centrs" <b>&</b> šķūnis'
MANY = 10_000
MOST_ELEMENTS = 5_000
USABLE_SECONDS = 5.0
"""On a machine that does much else meanwhile; alone it is a tenth of that."""
PATIENT = StandardsSettings(abandon_seconds=86_400, late_news_seconds=86_400)


@pytest.mark.slow
def test_a_floor_with_ten_thousand_people_can_be_worked_at(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch]
) -> None:
    house = make_house(cameras=CAMERAS, standards=PATIENT)
    shop, now = house.shop, house.shop.clock()
    watching(shop)
    zones = list(shop.zones)
    every = [a_visit(t0=now - timedelta(seconds=n % 900), zone=zones[n % 3], id=f"v{n}") for n in range(MANY)]
    with change(shop.db):
        visits.save(shop.db, *every)
    began = time.monotonic()
    page = tablet(house, watch_over(house))
    expect(page.locator("[data-part=cards] [data-key]").first).to_be_visible()
    shown = time.monotonic() - began
    assert str(MANY) in page.locator("[data-part=pill]").inner_text()
    began = time.monotonic()
    page.get_by_role("button", name="I’m going").first.click()
    assert stands(lambda: claimed(shop))
    answered = time.monotonic() - began
    assert (shown < 2 * USABLE_SECONDS, answered < USABLE_SECONDS) == (True, True), (shown, answered)
    assert page.evaluate("document.querySelectorAll('*').length") < MOST_ELEMENTS
    assert not too_wide(page)


def claimed(shop: Shop) -> list[str]:
    return [row[0] for row in shop.db.execute("SELECT id FROM visits WHERE claimed_by IS NOT NULL").fetchall()]


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(datetime(2026, 11, 21, 22, 59, 30, tzinfo=UTC), id="midnight"),
        pytest.param(datetime(2026, 10, 25, 0, 59, 30, tzinfo=UTC), id="summer time ends"),
        pytest.param(datetime(2026, 3, 29, 0, 59, 30, tzinfo=UTC), id="summer time begins"),
    ],
)
def test_an_open_floor_lives_through_midnight_and_both_changes_of_the_clock(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch], moment: datetime
) -> None:
    clock = TurnableClock(moment)
    house = make_house(clock=clock, cameras=CAMERAS, standards=PATIENT)
    watching(house.shop)
    visit = a_visit(t0=moment - timedelta(seconds=20), id="late")
    with change(house.shop.db):
        visits.save(house.shop.db, visit)
    page = tablet(house, watch_over(house))
    expect(card(page, visit)).to_be_visible()
    assert 20 <= age_of(card(page, visit).locator("[data-part=clock]").inner_text()) < 60
    clock.turn(seconds=60)
    page.reload()
    page.locator("#shift [data-part=start]").click()
    expect(card(page, visit)).to_be_visible()
    assert 80 <= age_of(card(page, visit).locator("[data-part=clock]").inner_text()) < 120, (
        "the clock on the wall is no measure of a wait"
    )


def age_of(text: str) -> int:
    """Return the seconds that a clock says somebody has waited: 0:42 is 42."""
    minutes, _, seconds = text.partition(":")
    return 60 * int(minutes) + int(seconds)


def test_a_name_that_is_markup_is_a_name_on_every_screen(
    make_house: Callable[..., House], watch_over: Callable[[House], Watch], tmp_path: Path
) -> None:
    store = StoreSettings(id="riga", name=NAME, data=tmp_path / "riga")
    house = make_house(clock=TurnableClock(), cameras=CAMERAS, store=store, services=SERVICES, counters=COUNTERS)
    context = watch_over(house).context()
    house.sign_in(context, "Ada", role="manager")
    page, named = context.new_page(), set()
    for path in screens_of(house):
        answer = page.request.get(path)
        if answer.ok and "text/html" in answer.headers["content-type"]:
            text = answer.text()
            assert "<b>&" not in text, path
            named |= {path} if NAME in unescape(text.split("<body")[1]) else set()
            title = unescape(text.split("<title>")[1].split("</title>")[0])
            assert "Rīgas" not in title or NAME in title, path
    assert {"/reports", "/standards", "/signin", "/admin/people"} <= named
    assert "Rīgas" not in page.request.get("/manifest.webmanifest").text(), "it is asked for without cookies"
    for path in ("/floor", "/lead", "/counter"):
        page.goto(path)
        assert page.locator("b", has_text="&").count() == 0
