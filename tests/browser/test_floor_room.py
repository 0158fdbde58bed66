"""A disk that fills is told on the tablet at once, and the bar goes by itself."""

from __future__ import annotations

import pytest

from broker.store.room import RoomState, mark
from tests.browser.floor_parts import came_in, tablet, until, watching
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser

TEXT_IS_SEEN = "document.querySelector('main, body').innerText.includes(%r)"


def test_a_full_disk_stands_on_the_tablet_and_goes_by_itself(floor_house: House, eyes: Watch) -> None:
    shop = floor_house.shop
    watching(shop, "door")
    came_in(shop)
    page = tablet(floor_house, eyes)
    mark(shop.settings.store.data, RoomState.FULL, shop.clock())
    until(page, TEXT_IS_SEEN % "disk is full since")
    mark(shop.settings.store.data, RoomState.ENOUGH, shop.clock())
    until(page, f"!({TEXT_IS_SEEN % 'disk is full'})")
