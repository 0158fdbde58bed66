"""Areas of cameras' pictures: the newest word on each, the queues of the zones, and what a report reads of their past."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.domain.queues import Area, Queue
from broker.store.database import moment, text

READ_ROWS: Final = 1000
"""Rows fetched at a time: a year of counts never stands in memory at once."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A queue as it is kept: `told` is what screens were told of it last, at `told_at`."""

    queue: Queue
    told: str = ""
    told_at: datetime | None = None


def words(db: Database) -> list[Area]:
    """Return the newest word on every area, by zone."""
    rows = db.execute("SELECT device, area, zone, kind, people, at, oldest, late FROM areas ORDER BY zone, device, area").fetchall()
    return [
        Area(
            device=device, area=area, zone=zone, kind=kind, people=people, at=datetime.fromisoformat(at), oldest=moment(oldest),
            late=bool(late),
        )
        for device, area, zone, kind, people, at, oldest, late in rows
    ]  # fmt: skip


def save_words(db: Database, areas: Iterable[Area]) -> None:
    """Write the newest word on *areas*."""
    rows = [(a.device, a.area, a.zone, a.kind, a.people, text(a.at), text(a.oldest), a.late) for a in areas]
    db.conn.executemany(
        "INSERT OR REPLACE INTO areas (device, area, zone, kind, people, at, oldest, late) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows
    )


def queues(db: Database) -> dict[str, Kept]:
    """Return the queue of every zone that ever had one."""
    rows = db.execute("SELECT zone, people, over_since, under_since, at, told, told_at FROM zone_queues").fetchall()
    return {
        zone: Kept(
            Queue(zone=zone, people=people, over_since=moment(over), under_since=moment(under), at=moment(at)),
            told,
            moment(told_at),
        )
        for zone, people, over, under, at, told, told_at in rows
    }


def save_queue(db: Database, kept: Kept, due_at: datetime | None) -> None:
    """Write the queue of a zone, and when the clock must look at it."""
    q = kept.queue
    row = [
        q.zone, q.people, text(q.over_since), text(q.under_since), text(q.at), kept.told, text(kept.told_at), text(due_at),
    ]  # fmt: skip
    db.conn.execute(
        "INSERT OR REPLACE INTO zone_queues (zone, people, over_since, under_since, at, told, told_at, due_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        row,
    )


def next_due(db: Database) -> datetime | None:
    """Return the earliest moment at which the clock must look at a queue."""
    return moment(db.execute("SELECT min(due_at) FROM zone_queues").fetchone()[0])


def due(db: Database, now: datetime) -> list[str]:
    """Return the zones whose queue the clock must look at."""
    return [row[0] for row in db.execute("SELECT zone FROM zone_queues WHERE due_at <= ? ORDER BY zone", [text(now)])]


def outcomes(db: Database, begin: datetime, end: datetime) -> dict[str, tuple[int, int]]:
    """Return for each zone how many waits ended with begin <= at < end in (service, going away)."""
    rows = db.execute(
        "SELECT zone, sum(outcome = 'served'), sum(outcome = 'left') FROM area_stays "
        "WHERE at >= ? AND at < ? AND kind = 'queue' GROUP BY zone",
        [text(begin), text(end)],
    )
    return {zone: (served, left) for zone, served, left in rows}


@dataclass(frozen=True, slots=True)
class PastStay:
    """Somebody stood in an area until `at`, for `seconds`."""

    zone: str
    kind: str
    at: datetime
    seconds: float
    outcome: str


def stays(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> Iterator[PastStay]:
    """Yield the stays in queues and at counters that ended with begin <= at < end, in order."""
    found = db.execute(
        "SELECT zone, kind, at, seconds, outcome FROM area_stays WHERE at >= :begin AND at < :end "
        "AND kind IN ('queue', 'service') AND (:zone IS NULL OR zone = :zone) ORDER BY at",
        {"begin": text(begin), "end": text(end), "zone": zone},
    )
    while some := found.fetchmany(READ_ROWS):
        yield from (PastStay(place, kind, datetime.fromisoformat(at), seconds, how) for place, kind, at, seconds, how in some)


@dataclass(frozen=True, slots=True)
class PastCount:
    """From `at` on so many people stood in a queue area, until the next count of it."""

    device: str
    area: str
    zone: str
    at: datetime
    people: int


def counts(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> Iterator[PastCount]:
    """Yield how many stood in queues, with begin <= at < end, in order."""
    found = db.execute(
        "SELECT device, area, zone, at, people FROM area_counts WHERE at >= :begin AND at < :end "
        "AND kind = 'queue' AND (:zone IS NULL OR zone = :zone) ORDER BY at, id",
        {"begin": text(begin), "end": text(end), "zone": zone},
    )
    while some := found.fetchmany(READ_ROWS):
        yield from (PastCount(device, area, place, datetime.fromisoformat(at), people) for device, area, place, at, people in some)
