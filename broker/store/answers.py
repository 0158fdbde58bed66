"""Which requests were answered already: an answer that waited on a tablet may be sent twice."""

from __future__ import annotations

from datetime import datetime

from sqlite_utils import Database

from broker.store.database import text


def known(db: Database, key: str) -> bool:
    """Return whether the request with this key was answered."""
    return db.execute("SELECT 1 FROM answers WHERE key = ?", [key[:80]]).fetchone() is not None


def keep(db: Database, key: str, at: datetime) -> None:
    """Remember that the request with this key was answered. Retention forgets it: here it would cost a look at all of them."""
    db.conn.execute("INSERT OR IGNORE INTO answers (key, at, body) VALUES (?, ?, '')", [key[:80], text(at)])
