"""The made-up desks of a demonstration: they call, serve and finish by the same rules as everybody, and leave a desk free."""

from __future__ import annotations

import random
from pathlib import Path

from broker.desk import board, counters, people
from broker.shop import Shop
from broker.store import counters as shifts
from broker.store import tickets as stored
from deploy.demo import SERVICES
from deploy.desks import MOST_WAITING, Desks
from tests.builders import TurnableClock, make_shop
from tests.web.parts import PIN

COUNTERS = tuple({"id": f"desk-{n}", "name": f"Desk {n}", "number": n} for n in (1, 2, 3))


def played(shop: Shop, clock: TurnableClock, seconds: float) -> Desks:
    crew = [people.add(shop, name, role="staff", pin=PIN, by="test") for name in ("Amir", "Sofia")]
    desks = Desks(shop, crew, random.Random(5))
    for _ in range(round(seconds)):
        clock.turn(seconds=1)
        desks.turn()
    return desks


def test_ten_minutes_have_calls_services_and_a_queue_of_bearable_length(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)
    played(shop, clock, 600)
    rows = shop.db.execute("SELECT state, count(*) FROM tickets GROUP BY state").fetchall()
    counted = dict(rows)
    assert counted["finished"] >= 10
    assert counted.get("waiting", 0) <= MOST_WAITING
    assert len(board.display(shop)["calls"]) == board.RECENT_CALLS
    assert set(shifts.now(shop.db)) == {"desk-1", "desk-2"}


def test_a_desk_that_somebody_real_has_taken_is_left_to_them(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)
    counters.open_(shop, "desk-1", by="kari")
    played(shop, clock, 120)
    assert stored.at_counter(shop.db, "desk-1") is None
    assert shifts.now(shop.db)["desk-1"].staff == "kari"
