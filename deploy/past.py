"""A made-up fortnight before a demonstration, so that its report has something to say. Lived through the same desk."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Final

from broker.desk import arrivals, visits
from broker.desk.people import Person
from broker.domain.arrivals import Crossed
from broker.settings import Settings
from broker.shop import STORE_FILE, Shop
from broker.store import visits as stored
from broker.store.database import open_store

DAYS: Final = 13
"""With today two whole weeks: the report compares one with the other."""
OPENS, CLOSES = 10, 19
VISITS_AN_HOUR: Final = {10: 4, 11: 7, 12: 11, 13: 10, 14: 8, 15: 9, 16: 13, 17: 12, 18: 7}
FORGOTTEN: Final = 0.06
"""Share of the visits that nobody greets; at the busiest hours it is three times as many."""
BUSY: Final = 11


class _Clock:
    """A clock that is turned."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


def live_through(settings: Settings, crew: list[Person], today: date, *, seed: int) -> int:
    """Fill the days before *today* with visits; return how many. Before the shop is opened: screens are not to replay it."""
    chance = random.Random(seed)  # noqa: S311 - a play, not a secret.
    db = open_store(settings.store.data / STORE_FILE)
    # Nothing of this is worth a power cut: without waiting for the disk it takes a second.
    db.execute("PRAGMA synchronous=OFF")
    first = datetime.combine(today - timedelta(days=DAYS), time(OPENS), settings.store.zone)
    shop = Shop(db, _Clock(first), settings)
    try:
        return sum(_live_a_day(shop, crew, first + timedelta(days=day), chance) for day in range(DAYS))
    finally:
        db.close()


def _live_a_day(shop: Shop, crew: list[Person], opens: datetime, chance: random.Random) -> int:
    lived = 0
    for hour, often in VISITS_AN_HOUR.items():
        begin = opens.replace(hour=hour)
        # At least three minutes apart, so that one visit is over before the next begins.
        for place in sorted(chance.sample(range(20), k=min(20, max(1, round(chance.gauss(often, 1.5)))))):
            _live_a_visit(shop, crew, begin + timedelta(minutes=3 * place, seconds=chance.uniform(0, 20)), often, chance)
            lived += 1
    return lived


def _live_a_visit(shop: Shop, crew: list[Person], t0: datetime, busy: int, chance: random.Random) -> None:
    promise, clock = shop.standards, shop.clock
    assert isinstance(clock, _Clock)
    event = f"past-{t0:%Y%m%d%H%M%S}"
    clock.at = t0
    crossed = Crossed(event=event, device="door", at=t0, zone="entrance", line="door", inward=True, party=event, decided_at=t0)
    arrivals.take(shop, [crossed])
    slow = 1.4 if busy >= BUSY else 1.0
    if chance.random() > FORGOTTEN * (3 if busy >= BUSY else 1):
        clock.at = t0 + timedelta(seconds=min(chance.lognormvariate(1.6, 0.45) * slow, promise.abandon - 1))
        visits.run_due(shop)
        for visit in stored.waiting(shop.db):
            visits.greet(shop, visit.id, by=chance.choice(crew).id)
    clock.at = t0 + timedelta(seconds=promise.browse + promise.abandon / 2)
    visits.run_due(shop)
