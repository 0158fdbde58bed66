"""Retention in the service: at night, once a day, out of everybody's way."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from broker.desk import arrivals
from broker.service.night import RAN, Night, quiet, told
from broker.settings import OpeningSettings, RetentionSettings
from broker.shop import STORE_FILE, Shop
from broker.store import keeping
from broker.store.database import open_store
from tests.builders import NOON, TurnableClock, crossed, later, make_shop
from tests.history import fill
from tests.service.parts import count

DAY = OpeningSettings(**dict.fromkeys(("mon", "tue", "wed", "thu", "fri", "sat", "sun"), ("10:00-20:00",)))
SHORT = RetentionSettings(visits_days=2, counts_days=2)
AT_NIGHT = 11 * 3600.0
"""Seconds from noon to eleven in the evening."""


class Ticks:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 1000
        return self.at


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Iterator[Shop]:
    made = make_shop(tmp_path, clock, opening=DAY, retention=SHORT)
    yield made
    made.db.conn.close()


def visits(shop: Shop) -> int:
    return int(shop.db.execute("SELECT count(*) FROM visits").fetchone()[0])


def turn(night: Night) -> None:
    night.turn()
    night.wait(30)


def test_what_is_old_goes_when_the_shop_has_closed_and_once_a_day(shop: Shop, clock: TurnableClock) -> None:
    fill(shop, 5, a_day=20)
    night, there = Night(shop, Ticks()), visits(shop)
    turn(night)
    assert visits(shop) == there, "the shop is open"
    clock.turn(seconds=AT_NIGHT)
    turn(night)
    assert 0 < visits(shop) < there
    ran = keeping.marks(shop.db)[RAN].at
    clock.turn(seconds=600)
    turn(night)
    assert keeping.marks(shop.db)[RAN].at == ran, "once is enough"
    clock.turn(seconds=86400)
    turn(night)
    assert keeping.marks(shop.db)[RAN].at == clock()


def test_a_service_that_is_started_again_does_not_do_it_again(shop: Shop, clock: TurnableClock) -> None:
    clock.turn(seconds=AT_NIGHT)
    turn(Night(shop, Ticks()))
    ran = keeping.marks(shop.db)[RAN].at
    clock.turn(seconds=60)
    turn(Night(shop, Ticks()))
    assert keeping.marks(shop.db)[RAN].at == ran


def test_a_clock_that_is_set_years_ahead_takes_a_week_a_night_and_not_the_shop(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=DAY, retention=RetentionSettings(visits_days=30, counts_days=30))
    fill(shop, 20, a_day=20)
    clock.turn(seconds=AT_NIGHT)
    night, there = Night(shop, Ticks()), visits(shop)
    turn(night)
    clock.turn(seconds=3 * 365 * 86400)
    turn(night)
    assert visits(shop) == there
    clock.turn(seconds=86400)
    turn(night)
    assert 0 < visits(shop) < there, "whoever was closed for long catches up"
    clock.turn(seconds=-(3 * 365 + 1) * 86400)
    left = visits(shop)
    turn(night)
    assert visits(shop) == left
    shop.db.conn.close()


class Dawn(TurnableClock):
    """A night that is over as soon as some visits have gone; whoever takes them away sees it on the clock."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.there = folder, 0

    def __call__(self) -> datetime:
        if threading.current_thread().name == "night" and count(self.folder, "visits") < self.there:
            self.at = later(23 * 3600)
        return self.at


def test_it_stops_when_the_shop_opens_and_goes_on_the_next_night(tmp_path: Path) -> None:
    clock = Dawn(tmp_path)
    shop = make_shop(tmp_path, clock, opening=DAY, retention=SHORT)
    fill(shop, 60, a_day=60)
    clock.turn(seconds=AT_NIGHT)
    night, there = Night(shop, Ticks()), visits(shop)
    clock.there = there
    turn(night)
    left = visits(shop)
    assert there / 2 < left < there, "most of it is left"
    assert RAN not in keeping.marks(shop.db)
    clock.at, clock.there = later(AT_NIGHT + 86400), 0
    turn(Night(shop, Ticks()))
    assert visits(shop) < left
    assert RAN in keeping.marks(shop.db)
    shop.db.conn.close()


def by_day(shop: Shop) -> None:
    """Let the service run for more than an hour of an opening day."""
    night = Night(shop, Ticks())
    for _ in range(6):
        turn(night)


@pytest.mark.parametrize("opening", [DAY, None], ids=["with hours", "never closed"])
def test_a_machine_that_is_off_whenever_the_shop_is_closed_does_it_by_day_in_the_end(
    tmp_path: Path, clock: TurnableClock, opening: OpeningSettings | None
) -> None:
    shop = make_shop(tmp_path, clock, retention=SHORT, **{"opening": opening} if opening else {})
    arrivals.take(shop, [crossed(1)])
    fill(shop, 5, a_day=20)
    there = visits(shop)
    for noon, gone in ((0, False), (1, False), (2, False), (3, True)):
        clock.at = later(noon * 86400)
        by_day(shop)
        assert (visits(shop) < there) == gone, f"after {noon} days"
    ran = keeping.marks(shop.db)[RAN].at
    clock.at = later(4 * 86400)
    by_day(shop)
    assert keeping.marks(shop.db)[RAN].at == ran, "a day later there may be a night again"
    clock.at = later(6 * 86400)
    by_day(shop)
    assert keeping.marks(shop.db)[RAN].at == clock()
    shop.db.conn.close()


def test_a_clock_that_jumps_by_day_takes_nothing_within_the_hour_and_never_more_than_a_week(
    tmp_path: Path, clock: TurnableClock
) -> None:
    shop = make_shop(tmp_path, clock, retention=SHORT, opening=DAY)
    clock.at = later(-30 * 86400)
    arrivals.take(shop, [crossed(1, at=clock.at)])
    clock.at = later(0)
    fill(shop, 30, a_day=5)
    night, there = Night(shop, Ticks()), visits(shop)
    clock.at = later(365 * 86400)
    turn(night)
    turn(night)
    assert visits(shop) == there, "it is set back soon"
    by_day(shop)
    assert there / 2 < visits(shop) < there, "no night was ever: it counts from the first day"
    shop.db.conn.close()


def test_what_fails_by_day_is_tried_again_once_an_hour(
    tmp_path: Path, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = make_shop(tmp_path, clock, retention=SHORT, opening=DAY)
    arrivals.take(shop, [crossed(1)])
    tried: list[int] = []

    def fails(*_: object, **__: object) -> None:
        tried.append(1)
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("broker.desk.keeping.prune", fails)
    clock.at = later(3 * 86400)
    night = Night(shop, Ticks())
    for _ in range(40):
        turn(night)
    assert 5 <= len(tried) <= 14, "forty thousand seconds are eleven hours"
    shop.db.conn.close()


def test_a_shop_that_never_closes_has_its_hour(tmp_path: Path, clock: TurnableClock) -> None:
    folder = tmp_path / "always"
    folder.mkdir()
    shop = make_shop(folder, clock)
    assert not quiet(shop, NOON)
    assert quiet(shop, later(16.5 * 3600)), "half past four in the morning"
    shop.db.conn.close()


def test_customers_are_counted_while_old_rows_go(shop: Shop, clock: TurnableClock, tmp_path: Path) -> None:
    fill(shop, 90, a_day=60)
    clock.turn(seconds=AT_NIGHT)
    night, delays = Night(shop, Ticks()), list[float]()
    with closing(open_store(tmp_path / STORE_FILE)) as db:
        other = Shop(db, clock, shop.settings)
        night.turn()
        n = 0
        while any(thread.name == "night" for thread in threading.enumerate()):
            began = time.monotonic()
            arrivals.take(other, [crossed(n, at=clock())])
            delays.append(time.monotonic() - began)
            n += 1
            time.sleep(0.005)
    night.stop()
    assert n > 5
    # One that a disk or another program holds up is nobody's; if the old rows did, they would hold up many.
    assert sorted(delays)[-2] < 0.5, f"the longest of {n} commits took {max(delays) * 1000:.0f} ms"


def test_what_went_is_said_in_one_line(shop: Shop) -> None:
    from broker.desk.keeping import Pruned

    assert told(Pruned({"visits": 0})) == "retention: nothing was too old"
    line = told(Pruned({"visits": 1234, "seen": 2, "journal": 0}, 4, 0.0123))
    assert line == "retention: took away visits 1,234, seen 2; the longest step held the store for 12.3 ms"
