"""What a shop has learnt of itself: reckoned by the service, read by every screen."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlite_utils import Database

from broker.store.database import text


def keep(db: Database, what: str, at: datetime, body: dict[str, Any]) -> None:
    """Write what was learnt about *what*, in place of what was known."""
    db.conn.execute("INSERT OR REPLACE INTO learnt (what, at, body) VALUES (?, ?, ?)", [what, text(at), json.dumps(body)])


def newest(db: Database, what: str) -> tuple[datetime, dict[str, Any]] | None:
    """Return when something was learnt about *what* and what it is, or None."""
    row = db.execute("SELECT at, body FROM learnt WHERE what = ?", [what]).fetchone()
    return (datetime.fromisoformat(row[0]), json.loads(row[1])) if row else None
