"""What a first visit to a screen weighs on the wire, headers and all: a tablet in the far corner has a poor wireless network.

The bytes do not depend on the machine. Chromium takes Brotli here as it does over TLS; gzip, on a plain line, is a twentieth more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from tests.browser.floor_parts import CAMERAS, until, watching
from tests.browser.house import House, Watch
from tests.builders import NOON, TurnableClock
from tests.history import a_camera, fill
from tests.queue_days import COUNTERS, SERVICES

KILOBYTE = 1000
BUDGETS = {
    "/floor": 80, "/lead": 60, "/counter": 70, "/reports": 150, "/reports/traffic": 150, "/standards": 25, "/signin": 20,
    "/admin/people": 30, "/admin/screens": 30,
}  # fmt: skip
KIOSK_BUDGETS = {"/kiosk": 25, "/display": 30}


def weighed(page: Page, path: str, ready: str) -> Counter[str]:
    """Return the bytes that came over the wire until *ready* is true on the page, by address; a live stream as far as it came."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    named: dict[str, str] = {}
    came: Counter[str] = Counter()
    line.on("Network.requestWillBeSent", lambda told: named.update({told["requestId"]: told["request"]["url"]}))
    # A stream never ends, and goes out as it is.
    line.on(
        "Network.dataReceived",
        lambda told: "/events" in named[told["requestId"]] and came.update({told["requestId"]: told["dataLength"]}),
    )
    line.on("Network.loadingFinished", lambda told: came.update({told["requestId"]: told["encodedDataLength"]}))
    page.goto(path, wait_until="load")
    until(page, ready)
    page.wait_for_load_state("load")
    return Counter({named[each]: size for each, size in came.items() if named[each].startswith("http")})


def held(weight: Counter[str], budget: int) -> None:
    assert weight, "nothing was weighed"
    assert weight.total() <= budget * KILOBYTE, weight.most_common()


@pytest.fixture
def busy(make_house: Callable[..., House]) -> House:
    """A shop with services, four weeks behind it and a dozen people who wait."""
    house = make_house(clock=TurnableClock(NOON + timedelta(hours=5)), cameras=CAMERAS, services=SERVICES, counters=COUNTERS)
    fill(house.shop, 28, seed=4, a_day=110)
    a_camera(house.shop, "Entrance", "entrance")
    watching(house.shop)
    return house


@pytest.mark.parametrize("path", BUDGETS)
def test_a_first_visit_is_light_in_the_longest_of_the_languages(
    busy: House, watch_over: Callable[[House], Watch], path: str
) -> None:
    watch = watch_over(busy)
    context = watch.context()
    busy.person("Maria", role="manager", language="lv")
    busy.sign_in(context, "Maria", role="manager")
    live = path in ("/floor", "/lead", "/counter")
    ready = "document.querySelector('#link').textContent.includes(':')" if live else "document.readyState === 'complete'"
    held(weighed(context.new_page(), path, ready), BUDGETS[path])


def test_the_screens_of_customers_are_light(touch: Page, wall: Page) -> None:
    for page, path in ((touch, "/kiosk"), (wall, "/display")):
        held(weighed(page, path, "document.readyState === 'complete'"), KIOSK_BUDGETS[path])
        assert page.url.endswith(path)
