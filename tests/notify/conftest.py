"""A shop that tells one other program what happens, and that program."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.notify.webhook import Caller
from broker.shop import Shop, now
from tests.builders import TurnableClock, make_shop
from tests.notify.hooks import Listening
from tests.notify.sink import Sink, a_sink

SERVICES = ({"id": "returns", "letter": "R", "name": "Returns"},)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"},)


@pytest.fixture
def sink() -> Iterator[Sink]:
    with a_sink() as made:
        yield made


@pytest.fixture
def from_now() -> TurnableClock:
    # The other side checks signatures by the real clock, so the shop's stands at the real now until it is turned.
    return TurnableClock(now())


@pytest.fixture
def listening(tmp_path: Path, from_now: TurnableClock, sink: Sink) -> Iterator[Listening]:
    made = []

    def make(**more: object) -> tuple[Shop, Caller]:
        hook = sink.settings(tmp_path, **more)
        shop = make_shop(tmp_path, from_now, services=SERVICES, counters=COUNTERS, webhooks=[hook])
        made.append(shop)
        return shop, Caller(shop, shop.settings.webhooks[0])

    yield make
    for shop in made:
        shop.db.conn.close()
