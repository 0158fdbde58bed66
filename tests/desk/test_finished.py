"""Hours that are finished say what the rows say: after every change, at midnight, and when the clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.desk import finished, hours
from broker.desk.baselines import Baselines
from broker.desk.finished import KINDS, Place, finish, finish_all
from broker.domain.cells import Cell
from broker.domain.period import Span
from broker.shop import Shop
from broker.store import finished as stored
from broker.store.database import change
from tests.builders import NOON, TurnableClock, make_shop
from tests.desk.lives import COUNTERS, SERVICES, Life

SUMMER_ENDS = datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
SUMMER_BEGINS = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)


def a_shop(folder: Path, clock: TurnableClock, **settings: object) -> Shop:
    return make_shop(folder, clock, services=SERVICES, counters=COUNTERS, **settings)


def from_rows(shop: Shop, span: Span, *, by_weekday: bool = False) -> dict[Place, Cell]:
    """What the rows say, with nothing of what was finished."""
    made: dict[Place, Cell] = {}
    upto = shop.db.execute("SELECT upto FROM finished_upto").fetchone()[0]
    shop.db.execute("UPDATE finished_upto SET upto = ''")
    for key, cell in hours.reckon(shop, span, Baselines(shop).median).items():
        place = Place(key.kind, key.part, key.hour.hour, key.hour.weekday if by_weekday else None)
        made.setdefault(place, Cell()).include(cell)
    shop.db.execute("UPDATE finished_upto SET upto = ?", [upto])
    return made


def differences(shop: Shop, span: Span, *, by_weekday: bool = False) -> list[str]:
    kept = finished.cells(shop, span, KINDS, by_weekday=by_weekday)
    true = from_rows(shop, span, by_weekday=by_weekday)
    return [
        f"{place}: {dict(kept.get(place, Cell()).counts)} is not {dict(true.get(place, Cell()).counts)}"
        for place in sorted(kept.keys() | true.keys(), key=str)
        if not kept.get(place, Cell()).same_as(true.get(place, Cell()))
    ]


@pytest.mark.parametrize("begins", [NOON, SUMMER_ENDS, SUMMER_BEGINS], ids=["a midnight", "an hour twice", "an hour missing"])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_finished_hours_say_what_the_rows_say(begins: datetime, seed: int) -> None:
    with TemporaryDirectory() as folder:
        clock = TurnableClock(begins)
        shop = a_shop(Path(folder), clock)
        life = Life(shop, clock, seed)
        for _ in range(4):
            life.live(60, mean_seconds=240)
            finish(shop, most=life.chance.choice((1, 3, 24)))
            ends = clock() - timedelta(seconds=life.chance.choice((0, 3600, 20000)))
            assert not differences(shop, (begins, max(begins, ends)))
        clock.turn(seconds=2 * 86400)
        finish_all(shop)
        assert not stored.unfinished(shop.db)
        span = (begins - timedelta(days=1), clock())
        assert not differences(shop, span)
        assert not differences(shop, span, by_weekday=True)
        shop.db.conn.close()
