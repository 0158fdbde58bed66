"""What somebody is about to write into a file: kept before it, so that whoever finds the file changed knows by whom.

A row is taken back in the transaction that keeps the change itself. One that is still there was cut short, or never came.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.store.database import text

KEPT: Final = 50
"""Rows of one kind; each was cut short, so there are hardly any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """*by* is about to do *what* ("settings", "device") to *key*; *body* says what else is to be known."""

    what: str
    key: str
    at: datetime
    by: str
    body: dict[str, str]


def save(db: Database, one: Begun) -> None:
    """Keep *one* in place of what was begun of the same; the oldest go that are too many."""
    row = [one.what, one.key, text(one.at), one.by, json.dumps(one.body)]
    db.conn.execute("INSERT OR REPLACE INTO begun (what, key, at, by, body) VALUES (?, ?, ?, ?, ?)", row)
    newest = "SELECT key FROM begun WHERE what = ? ORDER BY at DESC LIMIT ?"
    db.conn.execute(f"DELETE FROM begun WHERE what = ? AND key NOT IN ({newest})", [one.what, one.what, KEPT])


def find(db: Database, what: str, key: str) -> Begun | None:
    """Return what was begun of *key*, or None."""
    return next((one for one in of(db, what) if one.key == key), None)


def of(db: Database, what: str) -> list[Begun]:
    """Return what was begun of one kind, oldest first."""
    found = db.execute("SELECT what, key, at, by, body FROM begun WHERE what = ? ORDER BY at, key", [what]).fetchall()
    return [
        Begun(what=kind, key=key, at=datetime.fromisoformat(at), by=by, body=json.loads(body)) for kind, key, at, by, body in found
    ]


def forget(db: Database, what: str, key: str) -> None:
    """It was done, or will not be."""
    db.conn.execute("DELETE FROM begun WHERE what = ? AND key = ?", [what, key])
