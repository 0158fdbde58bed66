"""A camera that is gone: since when, for how long, and who is told of it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from broker.desk import alerts as desk_alerts
from broker.desk import devices
from broker.domain.alerts import Alert, Level
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import alerts
from broker.store import devices as watches
from tests.builders import NOON, TurnableClock, later, make_shop

CUT = "the line to the device is cut"


def watching(shop: Shop, since: datetime) -> None:
    devices.heard(shop, "door", watch="watching", since=since, zones=("entrance",), said_at=shop.clock())


def cut_off(shop: Shop) -> None:
    """The MQTT broker tells the last will, which the camera had written when it connected: at noon."""
    devices.heard(shop, "door", watch="offline", since=NOON, said_at=NOON, reason=CUT)


def told(shop: Shop) -> list[Alert]:
    desk_alerts.run_due(shop)
    return [alert for alert in alerts.live(shop.db) if alert.raised_at]


def test_a_camera_that_was_cut_off_after_hours_is_gone_since_it_was_last_heard(shop: Shop, clock: TurnableClock) -> None:
    watching(shop, NOON)
    clock.turn(seconds=5 * 3600)
    watching(shop, NOON)
    last = clock()
    clock.turn(seconds=8)
    cut_off(shop)
    door = watches.find(shop.db, "door")
    assert door is not None
    assert (door.watch, door.since) == ("offline", last)
    clock.turn(seconds=60)
    watching(shop, clock())
    assert [(gap.began, gap.ended) for gap in watches.gaps(shop.db, NOON, clock())] == [(last, later(68, since=last))]


def test_a_camera_that_watched_while_its_line_was_cut_has_missed_nothing(shop: Shop, clock: TurnableClock) -> None:
    watching(shop, NOON)
    clock.turn(seconds=3600)
    watching(shop, NOON)
    cut_off(shop)
    clock.turn(seconds=60)
    watching(shop, NOON)
    assert all(gap.ended == gap.began for gap in watches.gaps(shop.db, NOON, clock()))


def test_a_line_that_was_cut_for_a_moment_is_told_to_nobody(shop: Shop, clock: TurnableClock) -> None:
    watching(shop, NOON)
    clock.turn(seconds=3600)
    cut_off(shop)
    clock.turn(seconds=4)
    assert told(shop) == []
    watching(shop, NOON)
    clock.turn(seconds=10)
    assert told(shop) == []


def test_a_line_that_stays_cut_is_told_to_the_zone_first_and_to_others_when_nobody_looks(shop: Shop, clock: TurnableClock) -> None:
    watching(shop, NOON)
    clock.turn(seconds=3600)
    cut_off(shop)
    clock.turn(seconds=6)
    [alert] = told(shop)
    assert (alert.raised_at, alert.level) == (later(3605), Level.ZONE)


def test_a_camera_that_went_dark_at_night_is_told_to_the_zone_first_in_the_morning(tmp_path: Path) -> None:
    clock = TurnableClock(NOON.replace(hour=20))
    shop = make_shop(tmp_path, clock, opening=OpeningSettings(sat=("10:00-18:00",), sun=("10:00-18:00",)))
    watching(shop, clock())
    devices.heard(shop, "door", watch="blind", since=clock(), said_at=clock(), zones=("entrance",))
    clock.turn(seconds=13 * 3600)
    devices.run_silent(shop)
    began = clock()
    clock.turn(seconds=6)
    [alert] = told(shop)
    assert (alert.raised_at, alert.level) == (later(5, since=began), Level.ZONE)
