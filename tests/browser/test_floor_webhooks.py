"""A webhook that was disabled stands on the tablet, with its name and what to do, until it is told again."""

from __future__ import annotations

import pytest

from broker.desk import webhooks
from broker.desk.webhooks import Tried
from broker.store import deliveries
from broker.store.deliveries import Delivery
from tests.browser.floor_parts import came_in, tablet, until, watching
from tests.browser.house import House, Watch

pytestmark = pytest.mark.browser

TEXT_IS_SEEN = "document.querySelector('main, body').innerText.includes(%r)"


def test_a_disabled_webhook_stands_on_the_tablet_until_it_is_told_again(floor_house: House, eyes: Watch) -> None:
    shop = floor_house.shop
    watching(shop, "door")
    came_in(shop)
    page = tablet(floor_house, eyes)
    webhooks.known(shop, "crm<b>")
    now = shop.clock()
    told = Delivery(target="crm<b>", fact=1, event="visit.started", at=now, body="{}", due_at=now)
    webhooks.take(shop, "crm<b>", [told], read_to=1)
    [one] = deliveries.newest(shop.db, "crm<b>", limit=1)
    webhooks.tried(shop, one, Tried(410, "answered 410", gone=True))
    until(page, TEXT_IS_SEEN % "“crm<b>” is not told what happens here any more.")
    webhooks.enable(shop, "crm<b>")
    until(page, f"!({TEXT_IS_SEEN % 'is not told what happens'})")
