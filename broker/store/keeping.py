"""Rows that have grown old are taken away in small steps; from when on each kind is kept is written down before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import change, moment, text
from broker.store.kept import Kept

STEP_ROWS: Final = 250
"""Rows taken away in one transaction: so long everybody else who writes waits at most."""
CACHED_PAGES: Final = -16_384
"""KiB of the store a connection that looks through all of it may hold, as SQLite wants it: below nought."""


@dataclass(frozen=True, slots=True)
class Before:
    """The moment a kind of row is kept from, the business day of it, and the days that the settings say."""

    moment: datetime
    day: date
    days: int

    @property
    def bound(self) -> dict[str, Any]:
        """The values of the questions in `Kept.old`."""
        return {"before": text(self.moment), "day": self.day.isoformat(), "days": self.days}


@dataclass(frozen=True, slots=True)
class Mark:
    """From when on a kind of row is kept, when that was said last, and how many rows have gone so far."""

    since: datetime
    at: datetime
    gone: int


def prepare(db: Database) -> None:
    """Let a connection of retention overwrite what it takes away, instead of leaving it readable in the file."""
    db.execute("PRAGMA secure_delete = ON")
    db.execute(f"PRAGMA cache_size = {CACHED_PAGES}")


def count_old(db: Database, kept: Kept, before: Before) -> int:
    """Return how many rows of *kept* would go."""
    return int(db.execute(f"SELECT count(*) FROM {kept.table} WHERE {kept.old}", before.bound).fetchone()[0])


def old_rows(db: Database, kept: Kept, before: Before, after: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    """Return (order columns..., key columns...) of up to STEP_ROWS rows that may go, behind the row *after*. Takes no lock."""
    order, bound = ", ".join(kept.order), before.bound
    behind = ""
    if after is not None:
        bound |= {f"after{n}": value for n, value in enumerate(after)}
        behind = f"({order}) > ({', '.join(f':after{n}' for n in range(len(after)))}) AND "
    question = (
        f"SELECT {order}, {', '.join(kept.key)} FROM {kept.table} WHERE {behind}{kept.old} ORDER BY {order} LIMIT {STEP_ROWS}"
    )
    return db.execute(question, bound).fetchall()


def take_away(db: Database, kept: Kept, keys: Sequence[Sequence[Any]]) -> float:
    """Take the rows with these keys away in one transaction; return for how many seconds it held the write lock."""
    where = " AND ".join(f"{name} = ?" for name in kept.key)
    with change(db):
        began = time.monotonic()
        db.conn.executemany(f"DELETE FROM {kept.table} WHERE {where}", keys)
        db.conn.execute("UPDATE kept_since SET gone = gone + ? WHERE what = ?", [len(keys), kept.what])
    return time.monotonic() - began


def mark(db: Database, what: str, since: datetime, day: date, at: datetime) -> None:
    """Write that *what* is kept from *since*, the begin of *day*, on. Never takes a mark back: what is gone stays gone."""
    with change(db):
        db.conn.execute(
            "INSERT INTO kept_since (what, since, day, at, gone) VALUES (?, ?, ?, ?, 0) ON CONFLICT (what) DO UPDATE SET "
            "since = max(since, excluded.since), day = max(day, excluded.day), at = excluded.at",
            [what, text(since), day.isoformat(), text(at)],
        )


def marks(db: Database) -> dict[str, Mark]:
    """Return from when on each kind of row is kept, of those that ever lost one."""
    rows = db.execute("SELECT what, since, at, gone FROM kept_since").fetchall()
    return {what: Mark(datetime.fromisoformat(since), datetime.fromisoformat(at), gone) for what, since, at, gone in rows}


def holding(db: Database, kept: Kept) -> tuple[int, datetime | date | None]:
    """Return how many rows of *kept* there are, and the moment or the day of the oldest."""
    oldest = f"min({kept.time})" if kept.time else "NULL"
    where = f"WHERE {kept.only}" if kept.only else ""
    rows, first = db.execute(f"SELECT count(*), {oldest} FROM {kept.table} {where}").fetchone()
    if kept.time == "day":
        return int(rows), date.fromisoformat(first) if first else None
    return int(rows), moment(first) if first else None


def tables(db: Database) -> set[str]:
    """Return the tables of the store, without those that SQLite and the migrations keep for themselves."""
    rows = db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    return {name for (name,) in rows if not name.startswith(("sqlite_", "_sqlite"))}
