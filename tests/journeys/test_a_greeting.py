"""The whole story: somebody comes in, nobody greets them, the tablet turns red, somebody goes, and the report knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from broker.contract.messages import Crossing, Direction, message
from broker.desk import people, visits
from broker.desk.reports import greeting_report
from broker.domain.period import Period
from broker.embedded import reach
from broker.link import Link
from broker.settings import Settings
from broker.shop import Shop
from deploy.up import shop_of
from deploy.witness import Tablet
from tests.deploy.running import Running, greetline
from tests.deploy.shops import settings_of, shop_file
from tests.service.parts import PATIENCE_S, in_quiet

PROMISE = {"warn_seconds": 1, "greet_within_seconds": 2, "escalate_seconds": 30}


def test_a_greeting(tmp_path: Path) -> None:
    folders = (tmp_path / f"shop-{number}" for number in count(1))
    in_quiet(lambda: a_greeting(next(folders)))


def a_greeting(folder: Path) -> None:
    folder.mkdir()
    settings = settings_of(shop_file(folder, standards=PROMISE))
    with greetline("up", cwd=folder) as up, the_shop(up, settings) as shop:
        ingrid = people.add(shop, "Ingrid", role="lead", pin="2580", by="owner")
        tablet = Tablet(shop, ingrid, "2580")
        assert tablet.start(), tablet.trouble

        with Link(reach(settings.store.data, settings.mqtt), client_id="door") as door:
            assert door.wait_connected(PATIENCE_S)
            came_in = datetime.now(UTC)  # The camera over the door sees somebody cross the line,
            crossing = Crossing(line="door", zone="entrance", direction=Direction.IN, party="ab-1", decided_at=came_in)
            door.publish(message(crossing, id="ab-1", store="oslo-city", device="door", time=came_in))

            row = tablet.wait_for_visit("entered", "due")  # the tablet shows them before they have looked around,
            assert row["zone_name"] == "Entrance"
            assert (tablet.heard[row["id"]] - came_in).total_seconds() < 1

        row = tablet.wait_for_visit("overdue")  # nobody says hello, and it turns red and sounds when the promise is broken,
        waited = (datetime.now(UTC) - came_in).total_seconds()
        assert 2 <= waited < 3
        assert row["alert"]["sounding"]

        visits.claim(shop, row["id"], by=ingrid.id)  # Ingrid taps "I'm going", and it is quiet,
        assert not tablet.wait_for_visit("claimed")["alert"]["sounding"]
        visits.greet(shop, row["id"], by=ingrid.id)  # and "Greeted".
        assert tablet.wait_for_visit("acknowledged")["acknowledged_name"] == "Ingrid"

        day = shop.hours.business_day(came_in)  # The report knows how long it took.
        took = greeting_report(shop, period=Period(day, day)).figures.median
        assert took is not None
        assert waited <= took < waited + 2


@contextmanager
def the_shop(up: Running, settings: Settings) -> Iterator[Shop]:
    """The shop, once it is open."""
    up.wait_for("is open")
    with shop_of(settings) as shop:
        yield shop
