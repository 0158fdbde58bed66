"""What the tests of webhooks share."""

from __future__ import annotations

from collections.abc import Callable

from broker.desk import visits
from broker.notify.webhook import Caller
from broker.shop import Shop
from broker.store.database import change
from tests.builders import a_visit

Listening = Callable[..., tuple[Shop, Caller]]


def happen(shop: Shop, number: int = 1) -> None:
    with change(shop.db):
        for _ in range(number):
            visits.open_(shop, a_visit(id=visits.new_id(), t0=shop.clock()), shop.clock(), by="door")


def settle(caller: Caller) -> None:
    for _ in range(1000):
        if caller.turn():
            return
    raise AssertionError("it never rests")
