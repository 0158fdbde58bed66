"""Visits, as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any, Final, NamedTuple

from sqlite_utils import Database

from broker.domain.kpi import Seen
from broker.domain.visit import WAITING, How, Source, State, Visit
from broker.store.database import moment, parts, text

_COLUMNS: Final = tuple(field.name for field in fields(Visit))
_MOMENTS: Final = frozenset(
    (
        "t0",
        "own_t0",
        "claimed_until",
        "overdue_at",
        "escalated_at",
        "acknowledged_at",
        "decided_at",
        "resumed_at",
        "ended_at",
        "upset_at",
        "due_at",
    )
)
_FLAGS: Final = frozenset(("late", "untrusted"))
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM visits"
_SAVE: Final = f"INSERT OR REPLACE INTO visits ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


class DayVisit(NamedTuple):
    """What a floor screen needs of a visit that may be over."""

    t0: datetime
    zone: str
    state: State
    source: str
    late: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    ended_at: datetime | None

    @property
    def greet_seconds(self) -> float | None:
        """Greet time in seconds, None while nobody has."""
        return None if self.acknowledged_at is None else max(0.0, (self.acknowledged_at - self.t0).total_seconds())

    def seen(self) -> Seen:
        """Return what the greeting figures need of it."""
        left = self.state is State.LEFT and self.ended_at is not None
        return Seen(
            t0=self.t0, zone=self.zone, greeted=self.greet_seconds,
            left=(self.ended_at - self.t0).total_seconds() if left and self.ended_at else None,
            dismissed=self.state is State.DISMISSED, merged=self.state is State.MERGED, late=self.late,
        )  # fmt: skip


class NoSuchVisit(LookupError):
    """There is no visit of that id in this store."""


_VALUES: Final = attrgetter(*_COLUMNS)
_TIMED: Final = tuple(_COLUMNS.index(name) for name in sorted(_MOMENTS))


def _row(visit: Visit) -> list[Any]:
    row = list(_VALUES(visit))
    for place in _TIMED:
        if row[place] is not None:
            row[place] = text(row[place])
    return row


def _visit(row: Sequence[Any]) -> Visit:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _MOMENTS:
        values[name] = moment(values[name])
    for name in _FLAGS:
        values[name] = bool(values[name])
    values |= {
        "state": State(values["state"]),
        "source": Source(values["source"]),
        "how": How(values["how"]) if values["how"] else None,
    }
    return Visit(**values)


def save(db: Database, *visits: Visit) -> None:
    """Write *visits*, new or changed."""
    db.conn.executemany(_SAVE, [_row(visit) for visit in visits])


def get(db: Database, visit_id: str) -> Visit:
    """Return one visit. Raises NoSuchVisit."""
    found = _all(db, "WHERE id = ?", [visit_id])
    if not found:
        raise NoSuchVisit(f"there is no visit {visit_id}")
    return found[0]


def among(db: Database, ids: Sequence[str]) -> set[str]:
    """Return which of *ids* are visits of this store."""
    return {
        row[0]
        for some in parts(ids)
        for row in db.conn.execute(f"SELECT id FROM visits WHERE id IN ({', '.join('?' * len(some))})", list(some))
    }


def open_ones(db: Database, *, zone: str | None = None) -> list[Visit]:
    """Return the visits that have not ended, oldest first."""
    if zone is None:
        return _all(db, "WHERE ended_at IS NULL ORDER BY t0, id", [])
    return _all(db, "WHERE ended_at IS NULL AND zone = ? ORDER BY t0, id", [zone])


def open_before(db: Database, at: datetime, *, limit: int | None = None) -> list[Visit]:
    """Return the visits that had begun at *at* and have not ended, oldest first, at most *limit*."""
    values = [text(at), -1 if limit is None else limit]
    return _all(db, "WHERE ended_at IS NULL AND t0 <= ? ORDER BY t0, id LIMIT ?", values)


_NOT_GREETED: Final = f"ended_at IS NULL AND acknowledged_at IS NULL AND state IN ({', '.join(repr(str(s)) for s in WAITING)})"
"""Written out, not bound: only so does SQLite use the index of those whom nobody has greeted."""


def waiting(db: Database, *, zone: str | None = None, limit: int | None = None, offset: int = 0) -> list[Visit]:
    """Return the visits that nobody has greeted yet, oldest first, at most *limit* after the first *offset*."""
    where = f"WHERE {_NOT_GREETED}{' AND zone = ?' if zone else ''} ORDER BY t0, id LIMIT ? OFFSET ?"
    return _all(db, where, [*([zone] if zone else []), -1 if limit is None else limit, offset])


def count_waiting(db: Database) -> int:
    """Return how many visits nobody has greeted yet."""
    return int(db.execute(f"SELECT count(*) FROM visits WHERE {_NOT_GREETED}").fetchone()[0])


def waiting_by_zone(db: Database) -> dict[str, int]:
    """Return how many visits in each zone nobody has greeted yet."""
    return dict(db.execute(f"SELECT zone, count(*) FROM visits WHERE {_NOT_GREETED} GROUP BY zone").fetchall())


def unclaimed_by_zone(db: Database) -> dict[str, int]:
    """Return how many visits in each zone nobody has greeted and nobody is on the way to; late news is not among them."""
    where = f"{_NOT_GREETED} AND state != ? AND NOT late"
    return dict(db.execute(f"SELECT zone, count(*) FROM visits WHERE {where} GROUP BY zone", [State.CLAIMED]).fetchall())


def upset(db: Database) -> list[Visit]:
    """Return the open visits of customers who are upset, those flagged first at the beginning."""
    return _all(db, "WHERE ended_at IS NULL AND upset_at IS NOT NULL ORDER BY upset_at, id", [])


def due(db: Database, now: datetime, *, limit: int = 500) -> list[Visit]:
    """Return the visits whose next decision has come, earliest first."""
    return _all(db, "WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?", [text(now), limit])


def next_due(db: Database) -> datetime | None:
    """Return the earliest moment at which a visit needs a decision."""
    row = db.execute("SELECT min(due_at) FROM visits WHERE due_at IS NOT NULL").fetchone()
    return moment(row[0])


def merged_into(db: Database, keeper: str) -> list[Visit]:
    """Return the visits that are merged into *keeper* now."""
    return _all(db, "WHERE merged_into = ? AND state = ?", [keeper, State.MERGED])


def between(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> list[Visit]:
    """Return the visits with begin <= T0 < end, oldest first."""
    where = "WHERE t0 >= ? AND t0 < ?" + (" AND zone = ?" if zone else "") + " ORDER BY t0, id"
    return _all(db, where, [text(begin), text(end), *([zone] if zone else [])])


def day_of(db: Database, begin: datetime, end: datetime) -> Iterator[DayVisit]:
    """Yield the visits with begin <= T0 < end, oldest first, with no more of each than a floor screen needs: a busy day has
    ten thousand of them.
    """
    asked = (
        "SELECT t0, zone, state, source, late, acknowledged_at, acknowledged_by, ended_at FROM visits "
        "WHERE t0 >= ? AND t0 < ? ORDER BY t0, id"
    )
    for t0, zone, state, source, late, greeted, by, ended in db.execute(asked, [text(begin), text(end)]):
        yield DayVisit(datetime.fromisoformat(t0), zone, State(state), source, bool(late), moment(greeted), by, moment(ended))


def _all(db: Database, where: str, values: Iterable[Any]) -> list[Visit]:
    return [_visit(row) for row in db.execute(f"{_SELECT} {where}", list(values)).fetchall()]
