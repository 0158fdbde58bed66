"""Which requests were answered already: an answer that waited on a tablet may be sent twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlite_utils import Database

from broker.store.database import text

KEPT_HOURS: Final = 48


def known(db: Database, key: str) -> bool:
    """Return whether the request with this key was answered."""
    return db.execute("SELECT 1 FROM answers WHERE key = ?", [key[:80]]).fetchone() is not None


def keep(db: Database, key: str, at: datetime) -> None:
    """Remember that the request with this key was answered, and forget those older than KEPT_HOURS."""
    db.conn.execute("INSERT OR IGNORE INTO answers (key, at, body) VALUES (?, ?, '')", [key[:80], text(at)])
    db.conn.execute("DELETE FROM answers WHERE at < ?", [text(at - timedelta(hours=KEPT_HOURS))])
