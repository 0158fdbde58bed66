"""A plausible past of a shop, the same for the same seed: for tests of reports and for their pictures."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from broker.domain.alerts import Alert, AlertKind, AlertState
from broker.domain.arrivals import Counted, Stayed
from broker.domain.facts import Fact, FactKind
from broker.domain.period import opening
from broker.domain.visit import How, State, Visit
from broker.shop import Shop
from broker.store import alerts, arrivals, devices, journal, pauses, people, rejected, visits
from broker.store.database import change
from broker.store.devices import Device
from broker.store.pauses import Pause
from broker.store.people import Person, Screen, Session

BUSY = {10: 0.5, 11: 0.8, 12: 1.3, 13: 1.35, 14: 1.0, 15: 0.9, 16: 1.1, 17: 1.45, 18: 0.85, 19: 0.4}
"""How busy each hour of the local clock is; other hours are at one half."""


def fill(shop: Shop, days: int, seed: int = 1, *, a_day: int = 120) -> int:
    """Write *days* days of visits that end with the shop's today, about *a_day* each, and return how many."""
    chance, today = random.Random(seed), shop.hours.business_day(shop.clock())
    with change(shop.db):
        written = [
            visit
            for back in range(days)
            for visit in _day(shop, chance, today - timedelta(days=back), a_day)
            if visit.t0 <= shop.clock()
        ]
        visits.save(shop.db, *written)
        _alerts(shop, written)
    return len(written)


def _day(shop: Shop, chance: random.Random, day: date, a_day: int) -> Iterator[Visit]:
    spans = opening(shop.hours, day)
    if not spans:
        return
    zone = shop.hours.zone
    for _ in range(round(a_day * chance.uniform(0.85, 1.15) * (1.3 if day.weekday() == 5 else 1.0))):
        begin, end = chance.choice(spans)
        for _ in range(20):
            t0 = begin + (end - begin) * chance.random()
            if chance.random() < BUSY.get(t0.astimezone(zone).hour, 0.5) / 1.45:
                break
        yield _visit(shop, chance, t0.replace(microsecond=t0.microsecond // 1000 * 1000))


def _visit(shop: Shop, chance: random.Random, t0: datetime) -> Visit:
    local = t0.astimezone(shop.hours.zone)
    slow = BUSY.get(local.hour, 0.5) * (1.35 if local.weekday() == 5 else 1.0)
    seconds = min(500.0, round(chance.lognormvariate(2.35 + 0.45 * slow, 0.62), 3))
    promise = shop.standards.greet_within
    visit = Visit(
        id=f"{chance.getrandbits(64):016x}", t0=t0, own_t0=t0,
        zone=chance.choices(list(shop.zones), [5, 3, 2][: len(shop.zones)])[0],
        size=chance.choices([1, 2, 3, 4], [60, 28, 9, 3])[0], device="door",
        overdue_at=t0 + timedelta(seconds=promise) if seconds >= promise else None,
    )  # fmt: skip
    fate = chance.random()
    ended = t0 + timedelta(seconds=seconds)
    if fate < 0.024:
        return replace(visit, state=State.DISMISSED, ended_at=ended, dismissed_as="courier")
    if fate < 0.030:
        return replace(visit, state=State.MERGED, ended_at=ended, merged_into="another")
    if fate < 0.034:
        return replace(visit, state=State.LEFT, late=True, overdue_at=None, ended_at=t0 + timedelta(seconds=600), untrusted=True)
    if fate < 0.034 + 0.016 * slow:
        left = round(chance.uniform(8, 600), 3)
        overdue = t0 + timedelta(seconds=promise) if left >= promise else None
        return replace(visit, state=State.LEFT, ended_at=t0 + timedelta(seconds=left), overdue_at=overdue, untrusted=left > 590)
    return replace(
        visit, state=State.CLOSED, acknowledged_at=ended, acknowledged_by="kari", how=chance.choice(list(How)),
        ended_at=ended + timedelta(minutes=12),
    )  # fmt: skip


def _alerts(shop: Shop, written: list[Visit]) -> None:
    alerts.save(
        shop.db,
        *(
            Alert(
                id=f"a-{visit.id}", kind=AlertKind.WAITING, subject=visit.id, zone=visit.zone, since=visit.t0,
                state=AlertState.RESOLVED, raised_at=visit.overdue_at, resolved_at=visit.ended_at,
            )
            for visit in written
            if visit.overdue_at is not None
        ),
    )  # fmt: skip


def a_camera(shop: Shop, name: str, *zones: str, gaps: tuple[tuple[datetime, datetime | None], ...] = ()) -> None:
    """Write a camera that has watched *zones* for two months, and the spans in which it did not."""
    now = shop.clock()
    since = now - timedelta(days=60)
    camera = Device(
        id=name.lower().replace(" ", "-"), kind="camera", name=name, zones=zones, watch="blind", since=now, heard_at=now
    )
    with change(shop.db):
        journal.append(shop.db, Fact(kind=FactKind.DEVICE, subject=camera.id, at=since, zone=zones[0] if zones else ""))
        for begin, end in gaps:
            devices.begin_gap(shop.db, replace(camera, since=begin))
            if end is not None:
                devices.end_gap(shop.db, camera.id, end)
        devices.save(shop.db, replace(camera, watch=devices.WATCHING))


def a_queue(shop: Shop, zone: str, camera: str, *, wait: float, most: int, people: int = 60, seed: int = 3) -> None:
    """Write a day of a counter without tickets: *people* who waited about *wait* seconds, queues of up to *most*."""
    chance, now = random.Random(f"{seed} {zone}"), shop.clock()
    (begin, _), *_ = opening(shop.hours, shop.hours.business_day(now))
    with change(shop.db):
        for n in range(people):
            at = begin + (now - begin) * ((n + 1) / (people + 1))
            seen = {"event": f"{zone}-{n}", "device": camera, "zone": zone, "at": at}
            outcome, seconds = "left" if chance.random() < 0.12 else "served", chance.lognormvariate(0, 0.6) * wait
            arrivals.save_stay(shop.db, Stayed(**seen, area=f"{zone}-line", seconds=seconds, outcome=outcome))
            service = chance.lognormvariate(0, 0.4) * 50
            arrivals.save_stay(shop.db, Stayed(**seen, area=f"{zone}-desk", seconds=service, kind="service"))
            arrivals.save_counts(shop.db, [Counted(**seen, area=f"{zone}-line", people=chance.randint(0, most))])


def a_shift(shop: Shop, name: str, began: datetime, ended: datetime | None) -> None:
    """Write that a person was signed in for a while."""
    with change(shop.db):
        people.save(shop.db, Person(id=name.lower(), name=name, role="staff", pin="", made_at=began))
        people.save(
            shop.db,
            Screen(id="t1", name="Tablet", role="staff", zone="", token="t1", paired_at=began, paired_by="", seen_at=began),
        )
        people.save(
            shop.db,
            Session(
                id=f"{name}-{began:%d%H%M}", token=f"{name}-{began:%d%H%M}", person=name.lower(), screen="t1", began=began,
                seen_at=ended or shop.clock(), ended=ended,
            ),
        )  # fmt: skip


def a_pause(shop: Shop, zone: str, began: datetime, minutes: int) -> None:
    """Write that a zone was paused."""
    until = began + timedelta(minutes=minutes)
    with change(shop.db):
        pauses.save(
            shop.db, Pause(id=f"p{began:%d%H%M}", zone=zone, began=began, until=until, by="kari", reason="lunch", ended=until)
        )


def some_rejected(shop: Shop, n: int) -> None:
    """Write *n* messages that were not taken just now."""
    with change(shop.db):
        rejected.keep(shop.db, [(shop.clock(), "greetline/1/x", "not JSON", b"{")] * n)
