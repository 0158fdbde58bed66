"""Queues at counters without tickets on the floor: a quiet line that is always true, and a card when one is too long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest
from playwright.sync_api import Locator, Page, expect

from broker.desk import arrivals, devices, queues
from broker.domain.alerts import AlertKind
from broker.domain.arrivals import Counted
from broker.settings import AlertSettings, ZoneSettings
from broker.shop import Shop
from broker.store import alerts
from tests.browser.floor_parts import CAMERAS, QUICK, Service, came_in, stands, tablet, until, watching
from tests.browser.house import House, Watch
from tests.browser.looks import FLOOR_TAP, at_every_size

pytestmark = pytest.mark.browser
EVENTS = count(1)
ZONES = (
    ZoneSettings(id="entrance", name="Entrance"), ZoneSettings(id="shoes", name="Shoes"),
    ZoneSettings(id="kids", name="Till", queue_people=4, queue_seconds=5),
)  # fmt: skip


class Counting(Service):
    """The service of the floor's tests, with the part of the clock that looks after queues."""

    def _run(self) -> None:
        while not self._end.wait(0.05):
            if self._says_that_it_runs():
                queues.look(self._shop)
            queues.run_due(self._shop)
        self._shop.db.conn.close()


@pytest.fixture
def till(make_house: Callable[..., House]) -> object:
    """A shop whose till calls a colleague when four have waited for five seconds."""
    house = make_house(cameras=CAMERAS, standards=QUICK, zones=ZONES, alerts=AlertSettings(off_delay_seconds=1))
    watching(house.shop)
    running = Counting(house)
    yield house
    running.stop()


def says(shop: Shop, people: int, *, longest: float | None = None, zone: str = "kids") -> None:
    at = shop.clock()
    name = f"c-{next(EVENTS)}"
    arrivals.take(shop, [Counted(event=name, device=zone, at=at, zone=zone, area="line", people=people, longest=longest)])


def line(page: Page) -> Locator:
    return page.locator(".queues .q")


def long_queue(page: Page) -> Locator:
    return page.locator('.visit[data-key^="queue:"]')


def test_a_quiet_line_says_how_many_wait_and_how_long_the_longest(till: House, watch_over: Callable[[House], Watch]) -> None:
    page = tablet(till, watch_over(till))
    expect(page.locator(".queues")).to_be_hidden()
    says(till.shop, 3, longest=200)
    expect(line(page)).to_contain_text("Till 3")
    expect(line(page)).to_contain_text("in the queue, longest 3 min")
    says(till.shop, 0)
    expect(line(page)).to_contain_text("Till 0")
    expect(line(page)).to_contain_text("nobody waits")
    expect(line(page).locator("svg")).to_be_hidden()


def test_a_camera_that_does_not_watch_leaves_no_number_behind(till: House, watch_over: Callable[[House], Watch]) -> None:
    page = tablet(till, watch_over(till))
    says(till.shop, 3)
    expect(line(page)).to_contain_text("Till 3")
    devices.heard(till.shop, "kids", watch="blind", since=till.shop.clock(), zones=("kids",))
    expect(line(page)).to_contain_text("Till –")
    expect(line(page)).to_contain_text("not watching")
    expect(line(page).locator("svg")).to_be_visible()


def test_a_queue_too_long_for_too_long_is_a_card_that_one_person_answers(till: House, watch_over: Callable[[House], Watch]) -> None:
    eyes = watch_over(till)
    kari, jonas = tablet(till, eyes, "Kari"), tablet(till, eyes, "Jonas")
    kari.evaluate("document.addEventListener('greetline:tone', (e) => (window.tone = e.detail.kind))")
    says(till.shop, 5, longest=70)
    expect(long_queue(kari)).to_have_attribute("data-s", "over")
    expect(long_queue(kari)).to_contain_text("Queue too long")
    expect(long_queue(kari).locator(".facts")).to_contain_text("5 people, longest wait 1:")
    until(kari, "window.tone === 'overdue'")
    expect(line(kari).locator("use")).to_have_attribute("href", "#tri")
    long_queue(kari).get_by_role("button", name="I’m going").click()
    expect(long_queue(kari)).to_have_attribute("data-s", "mine")
    expect(long_queue(jonas)).to_contain_text("Kari is on the way")
    expect(long_queue(jonas).get_by_role("button")).to_have_count(0)
    says(till.shop, 1)
    expect(long_queue(jonas)).to_contain_text("The queue is short again")
    expect(long_queue(jonas)).to_have_count(0)
    assert stands(lambda: not alerts.live(till.shop.db, kind=AlertKind.QUEUE_OVER))


def test_the_card_is_on_the_tablets_of_its_zone_until_everybody_is_called(
    till: House, watch_over: Callable[[House], Watch]
) -> None:
    page = tablet(till, watch_over(till), zone="entrance")
    says(till.shop, 5)
    assert stands(lambda: alerts.live(till.shop.db, kind=AlertKind.QUEUE_OVER))
    page.wait_for_timeout(300)
    expect(long_queue(page)).to_have_count(0)
    expect(page.locator(".queues")).to_be_hidden()


def test_the_card_and_the_line_fit_every_size_of_screen(till: House, watch_over: Callable[[House], Watch]) -> None:
    page = tablet(till, watch_over(till))
    says(till.shop, 12, longest=610)
    says(till.shop, 2, zone="shoes")
    came_in(till.shop)
    expect(long_queue(page)).to_have_count(1)
    at_every_size(page, FLOOR_TAP)


def test_the_numbers_come_at_most_once_a_second(till: House, watch_over: Callable[[House], Watch]) -> None:
    page = tablet(till, watch_over(till))
    says(till.shop, 1)
    expect(line(page)).to_contain_text("Till 1")
    page.evaluate(
        "window.seen = []; new MutationObserver(() => window.seen.push(performance.now()))"
        ".observe(document.querySelector('.queues [data-part=count]'), {childList: true, characterData: true, subtree: true})"
    )
    began = till.shop.clock()
    while till.shop.clock() - began < timedelta(seconds=2):
        for people in (2, 3):
            says(till.shop, people)
    says(till.shop, 9)
    expect(line(page)).to_contain_text("Till 9")
    seen = page.evaluate("window.seen")
    assert len(seen) <= 3 + (seen[-1] - seen[0]) / 1000
