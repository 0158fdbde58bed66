"""The clock was ahead and is right again: what was to last a while does not last until the time that never was."""

from __future__ import annotations

from pathlib import Path

from broker.desk import counters, devices, health, prospects, screens, zones
from broker.shop import Shop
from broker.store import counters as stored_counters
from broker.store import devices as stored_devices
from broker.store import learnt, pauses
from tests.builders import TurnableClock, make_shop

SERVICES = ({"id": "collect", "letter": "C", "name": "Collect"},)
A_DAY = 24 * 3600


def test_a_pause_of_a_day_to_come_is_over_and_does_not_come_again(shop: Shop, clock: TurnableClock) -> None:
    zones.pause(shop, "entrance", minutes=30, reason="a delivery", by="kari")
    clock.turn(seconds=-5)
    assert zones.run_due(shop) == 0, "a clock that is put right by seconds ends nothing"
    clock.turn(seconds=-A_DAY)
    assert zones.run_due(shop) == 1
    assert pauses.running(shop.db) == []
    (pause,) = pauses.touching(shop.db, clock())
    clock.turn(seconds=A_DAY + 600)
    assert not pause.covers(clock())


def test_a_service_that_was_paused_on_a_day_to_come_is_open(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES)
    counters.pause(shop, "collect", minutes=15, reason="the till is down", by="kari")
    assert counters.run_pauses(shop) == 0
    clock.turn(seconds=-A_DAY)
    assert counters.run_pauses(shop) == 1
    assert stored_counters.pauses(shop.db) == []


def test_what_was_learnt_on_a_day_to_come_is_learnt_anew(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES)
    assert prospects.learn(shop)
    clock.turn(seconds=-30 * A_DAY)
    assert prospects.learn(shop)
    assert not prospects.learn(shop), "once a day is enough"
    known = learnt.newest(shop.db, prospects.WAITS)
    assert known
    assert known[0] == clock()


def test_who_was_heard_at_a_moment_to_come_and_says_nothing_is_silent(shop: Shop, clock: TurnableClock) -> None:
    devices.heard(shop, devices.SERVICE, kind="service", watch="watching", since=clock())
    devices.heard(shop, "door", watch="watching", since=clock(), said_at=clock(), zones=("entrance",))
    clock.turn(seconds=-3600)
    (service,) = [look for look in health.looks(shop) if look.name == "service"]
    told = screens.service(shop)
    assert told
    assert (service.why, told["watch"]) == ("silent", "silent"), "a power cut, and a machine that lost the time"
    devices.run_silent(shop)
    door = stored_devices.find(shop.db, "door")
    assert door
    assert (door.watch, door.since) == (devices.OFFLINE, clock())
    devices.heard(shop, "door", watch="watching", since=clock(), said_at=clock(), zones=("entrance",))
    assert devices.run_silent(shop) == 0
