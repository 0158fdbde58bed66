"""Each text that the settings file had: when, and by whom it was given it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.store.database import text

KEPT_CHANGES: Final = 200
"""Newest changes that are kept; a file is some kilobytes."""

_SELECT: Final = "SELECT id, at, by, kind, was, became, text FROM settings_changes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The file was given `text`, whose digest is `became`; before, the digest of the file was `was` ("" for none known)."""

    at: datetime
    by: str
    kind: str
    was: str
    became: str
    text: str
    id: int = 0


def add(db: Database, change: Change) -> int:
    """Write one change, let the oldest go that are too many, and return its id."""
    row = [text(change.at), change.by, change.kind, change.was, change.became, change.text]
    made = db.conn.execute("INSERT INTO settings_changes (at, by, kind, was, became, text) VALUES (?, ?, ?, ?, ?, ?)", row)
    number = int(made.lastrowid or 0)
    db.conn.execute("DELETE FROM settings_changes WHERE id <= ?", [number - KEPT_CHANGES])
    return number


def newest(db: Database, *, limit: int) -> list[Change]:
    """Return the newest changes, newest first."""
    return _all(db, "ORDER BY id DESC LIMIT ?", [limit])


def since(db: Database, digest: str) -> list[Change]:
    """Return the changes that came after the file last had *digest*, oldest first; none when it was never seen."""
    newest_with = "SELECT max(id) FROM settings_changes WHERE became = ?"
    return _all(db, f"WHERE id > ({newest_with}) ORDER BY id", [digest])


def one(db: Database, number: int) -> Change | None:
    """Return one change, or None."""
    found = _all(db, "WHERE id = ?", [number])
    return found[0] if found else None


def before(db: Database, number: int) -> Change | None:
    """Return the change before this one, or None."""
    found = _all(db, "WHERE id < ? ORDER BY id DESC LIMIT 1", [number])
    return found[0] if found else None


def with_digest(db: Database, digest: str) -> Change | None:
    """Return the newest change that gave the file *digest*, or None."""
    found = _all(db, "WHERE became = ? ORDER BY id DESC LIMIT 1", [digest])
    return found[0] if found else None


def _all(db: Database, where: str, values: list[object]) -> list[Change]:
    return [
        Change(id=i, at=datetime.fromisoformat(at), by=by, kind=kind, was=was, became=became, text=body)
        for i, at, by, kind, was, became, body in db.execute(f"{_SELECT} {where}", values).fetchall()
    ]
