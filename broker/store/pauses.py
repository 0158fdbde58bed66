"""Zones that are paused: shelved for a while, with a reason and a visible end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.store.database import moment, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A zone opens no visit from `began` until `until`, or until somebody ends it."""

    id: str
    zone: str
    began: datetime
    until: datetime
    by: str
    reason: str
    ended: datetime | None = None

    def covers(self, at: datetime) -> bool:
        """Return whether the zone was paused at *at*."""
        return self.began <= at < (self.ended or self.until)


def save(db: Database, pause: Pause) -> None:
    """Write *pause*, new or changed."""
    row = [pause.id, pause.zone, text(pause.began), text(pause.until), pause.by, pause.reason, text(pause.ended)]
    db.conn.execute(f"INSERT OR REPLACE INTO pauses ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)", row)


def running(db: Database) -> list[Pause]:
    """Return the pauses that have not ended, by zone."""
    return _all(db, "WHERE ended IS NULL ORDER BY zone", [])


def touching(db: Database, begin: datetime) -> list[Pause]:
    """Return the pauses that ended after *begin* or have not ended: those that whoever came in since then may have met."""
    return _all(db, "WHERE ended IS NULL OR ended > ?", [text(begin)])


_COLUMNS: Final = "id, zone, began, until, by, reason, ended"


def _all(db: Database, where: str, values: list[object]) -> list[Pause]:
    rows = db.execute(f"SELECT {_COLUMNS} FROM pauses {where}", values).fetchall()
    return [
        Pause(
            id=i, zone=zone, began=datetime.fromisoformat(began), until=datetime.fromisoformat(until), by=by, reason=reason,
            ended=moment(ended),
        )
        for i, zone, began, until, by, reason, ended in rows
    ]  # fmt: skip
