"""Plans drawn in the dashboard: every version of each camera, the newest in force."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.store.database import text

KEPT_VERSIONS: Final = 50
"""Versions that are kept of a camera; older ones are forgotten. The journal still says what each changed."""


@dataclass(frozen=True, slots=True)
class Row:
    """One version of one camera's plan. `body` is its JSON, `by` the id of a person."""

    camera: str
    version: int
    saved_at: datetime
    by: str
    body: str


def save(db: Database, row: Row) -> None:
    """Write a new version and forget the oldest. Runs inside a transaction."""
    db.conn.execute(
        "INSERT INTO plans (camera, version, saved_at, by, body) VALUES (?, ?, ?, ?, ?)",
        [row.camera, row.version, text(row.saved_at), row.by, row.body],
    )
    db.conn.execute("DELETE FROM plans WHERE camera = ? AND version <= ?", [row.camera, row.version - KEPT_VERSIONS])


def of(db: Database, camera: str) -> list[Row]:
    """Return the kept versions of *camera*, newest first."""
    return _rows(db, "WHERE camera = ? ORDER BY version DESC", [camera])


def newest(db: Database, camera: str) -> Row | None:
    """Return the newest version of *camera*, or None when nobody has drawn one."""
    found = _rows(db, "WHERE camera = ? ORDER BY version DESC LIMIT 1", [camera])
    return found[0] if found else None


def find(db: Database, camera: str, version: int) -> Row | None:
    """Return one version, or None when it was never there or is forgotten."""
    found = _rows(db, "WHERE camera = ? AND version = ?", [camera, version])
    return found[0] if found else None


def versions(db: Database) -> dict[str, int]:
    """Return the number of the newest version of each camera that has one: a look at the index."""
    return dict(db.execute("SELECT camera, max(version) FROM plans GROUP BY camera").fetchall())


def _rows(db: Database, where: str, values: list[object]) -> list[Row]:
    rows = db.execute(f"SELECT camera, version, saved_at, by, body FROM plans {where}", values).fetchall()
    return [Row(camera, version, datetime.fromisoformat(at), by, body) for camera, version, at, by, body in rows]
