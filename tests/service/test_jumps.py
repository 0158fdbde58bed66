"""A clock that was set is told from one that runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from broker.desk import alerts as desk_alerts
from broker.desk import arrivals, devices, visits
from broker.domain.visit import State
from broker.service.jumps import Jumps
from broker.shop import Shop
from broker.store import alerts, journal, upkeep
from broker.store import visits as rows
from tests.builders import NOON, TurnableClock, crossed


class Ticks:
    """Seconds since the machine was started."""

    def __init__(self) -> None:
        self.at = 1_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ticks() -> Ticks:
    return Ticks()


def pass_(clock: TurnableClock, ticks: Ticks, seconds: float) -> None:
    clock.turn(seconds=seconds)
    ticks.at += seconds


@pytest.mark.parametrize("jump", [3600.0, -3600.0, 5.25])
def test_whoever_waits_is_moved_along_with_what_was_told_of_them(
    shop: Shop, clock: TurnableClock, ticks: Ticks, jump: float
) -> None:
    jumps = Jumps(shop, ticks)
    arrivals.take(shop, [crossed(1)])
    devices.heard(shop, "door", watch="watching", since=NOON, said_at=NOON, zones=("entrance",))
    pass_(clock, ticks, 31)
    visits.run_due(shop)
    clock.turn(seconds=jump)
    assert jumps.turn()
    visits.run_due(shop)
    desk_alerts.run_due(shop)
    (visit,) = rows.open_ones(shop.db)
    assert visit.state is State.OVERDUE
    assert (clock() - visit.t0).total_seconds() == 31
    (alert,) = alerts.live(shop.db)
    assert alert.raised_at == visit.overdue_at == visit.t0 + timedelta(seconds=30)
    assert alert.level == 0
    assert devices.run_silent(shop) == 1, "31 seconds of silence are 31 seconds"
    assert upkeep.check(shop.db, deep=True).sound


def test_a_clock_that_runs_or_is_put_right_bit_by_bit_moves_nobody(shop: Shop, clock: TurnableClock, ticks: Ticks) -> None:
    jumps = Jumps(shop, ticks)
    arrivals.take(shop, [crossed(1)])
    before = journal.last_id(shop.db)
    for _ in range(20):
        clock.turn(seconds=0.5)
        assert not jumps.turn()
    pass_(clock, ticks, 3600)
    assert not jumps.turn(), "a machine that slept has not been set"
    assert journal.last_id(shop.db) == before


def test_what_is_over_stays_as_it_was_written(shop: Shop, clock: TurnableClock, ticks: Ticks) -> None:
    jumps = Jumps(shop, ticks)
    arrivals.take(shop, [crossed(1)])
    greeted = visits.greet(shop, rows.open_ones(shop.db)[0].id, by="kari")
    clock.turn(seconds=3600)
    assert jumps.turn()
    assert rows.get(shop.db, greeted.id) == greeted
