"""What a report reads of the past: few columns of many rows, and counts that the store can make itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.domain.kpi import Seen
from broker.domain.period import Span
from broker.domain.standards import age
from broker.domain.visit import State
from broker.store.database import moment, text

READ_ROWS: Final = 1000
"""Rows fetched at a time, so that a year of visits never stands in memory at once."""

_FROM: Final = "FROM visits WHERE t0 >= :begin AND t0 < :end AND (:zone IS NULL OR zone = :zone)"


def seen(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> Iterator[Seen]:
    """Yield what the figures need of each visit with begin <= T0 < end, in no order.

    Reads nine columns of the twenty-nine: a page is waited for, and a month has tens of thousands of visits.
    """
    columns = "t0, zone, size, state, late, untrusted, overdue_at, acknowledged_at, ended_at"
    for row in _rows(db, f"SELECT {columns} {_FROM}", begin, end, zone):
        yield _seen(*row)


def _seen(
    t0: str, zone: str, size: int, state: str, late: int, untrusted: int, overdue: str | None, met: str | None, ended: str | None
) -> Seen:
    came = datetime.fromisoformat(t0)
    met_at = moment(met)
    response = None
    if met is not None and overdue is not None and met >= overdue:
        response = age(datetime.fromisoformat(overdue), datetime.fromisoformat(met))
    ended_at = moment(ended) if state == State.LEFT else None
    return Seen(
        t0=came, zone=zone, size=size, greeted=None if met_at is None else age(came, met_at),
        left=None if ended_at is None else (ended_at - came).total_seconds(), response=response,
        dismissed=state == State.DISMISSED, merged=state == State.MERGED, late=bool(late), untrusted=bool(untrusted),
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shift:
    """Somebody signed in on a screen; `seen_at` is their last tap."""

    person: str
    began: datetime
    seen_at: datetime
    ended: datetime | None


@dataclass(frozen=True, slots=True)
class Past:
    """One visit as a report hands it on: no name of anybody is in it."""

    seen: Seen
    state: State
    how: str | None


def visits(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> Iterator[Past]:
    """Yield each visit with begin <= T0 < end, oldest first."""
    columns = "state, how, t0, zone, size, state, late, untrusted, overdue_at, acknowledged_at, ended_at"
    for state, how, *row in _rows(db, f"SELECT {columns} {_FROM} ORDER BY t0, id", begin, end, zone):
        yield Past(_seen(*row), State(state), how)


def _rows(db: Database, query: str, begin: datetime, end: datetime, zone: str | None) -> Iterator[tuple[Any, ...]]:
    found = db.execute(query, {"begin": text(begin), "end": text(end), "zone": zone})
    while some := found.fetchmany(READ_ROWS):
        yield from some


def rejected(db: Database, begin: datetime, end: datetime) -> int:
    """Return how many messages were rejected with begin <= at < end, of those that are still kept."""
    row = db.execute("SELECT count(*) FROM rejected WHERE at >= ? AND at < ?", [text(begin), text(end)]).fetchone()
    return int(row[0])


def paused(db: Database, begin: datetime, end: datetime) -> list[tuple[str, Span]]:
    """Return (zone, span) of each pause that touches begin..end."""
    rows = db.execute(
        "SELECT zone, began, coalesce(ended, until) FROM pauses WHERE began < ? AND coalesce(ended, until) > ? ORDER BY began",
        [text(end), text(begin)],
    ).fetchall()
    return [(zone, (datetime.fromisoformat(began), datetime.fromisoformat(ended))) for zone, began, ended in rows]


def alerts(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> list[datetime]:
    """Return the moments with begin <= at < end at which an alert was raised."""
    rows = db.execute(
        "SELECT raised_at FROM alerts WHERE raised_at >= :begin AND raised_at < :end AND (:zone IS NULL OR zone = :zone)",
        {"begin": text(begin), "end": text(end), "zone": zone},
    ).fetchall()
    return [datetime.fromisoformat(row[0]) for row in rows]


def shifts(db: Database, begin: datetime, end: datetime) -> list[Shift]:
    """Return who was signed in when, of what touches begin..end; `ended` is None while somebody is signed in."""
    rows = db.execute(
        "SELECT person, began, seen_at, ended FROM sessions WHERE began < ? AND (ended IS NULL OR ended > ?) ORDER BY began",
        [text(end), text(begin)],
    ).fetchall()
    return [
        Shift(person, datetime.fromisoformat(began), datetime.fromisoformat(seen_at), moment(ended))
        for person, began, seen_at, ended in rows
    ]


def began(db: Database) -> datetime | None:
    """Return the moment of the first visit or the first fact of this store: before it nobody counted anybody."""
    visit = db.execute("SELECT min(t0) FROM visits").fetchone()[0]
    fact = db.execute("SELECT at FROM journal ORDER BY id LIMIT 1").fetchone()
    return moment(min((each for each in (visit, fact and fact[0]) if each), default=None))
