"""Tablets that show notices of the browser, as rows and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import text


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One person's notices on one screen: the address of the browser maker's push service, and the keys a message is sealed with.

    `p256dh` is the browser's public key and `auth` the secret it shares, both base64url.
    """

    id: str
    person: str
    screen: str
    endpoint: str
    p256dh: str
    auth: str
    made_at: datetime


_COLUMNS: Final = ("id", "person", "screen", "endpoint", "p256dh", "auth", "made_at")


def save(db: Database, one: Subscription) -> None:
    """Write *one* in place of what that person had on that screen."""
    values = [text(one.made_at) if name == "made_at" else getattr(one, name) for name in _COLUMNS]
    marks = ", ".join("?" * len(_COLUMNS))
    db.conn.execute(f"INSERT OR REPLACE INTO subscriptions ({', '.join(_COLUMNS)}) VALUES ({marks})", values)


def every(db: Database) -> list[Subscription]:
    """Return all of them, oldest first."""
    return _all(db, "ORDER BY made_at, id", [])


def of(db: Database, person: str, screen: str) -> Subscription | None:
    """Return what *person* has on *screen*, or None."""
    return next(iter(_all(db, "WHERE person = ? AND screen = ?", [person, screen])), None)


def count(db: Database) -> int:
    """Return how many there are."""
    return int(db.execute("SELECT count(*) FROM subscriptions").fetchone()[0])


def forget(db: Database, *, person: str | None = None, screen: str | None = None, endpoint: str | None = None) -> int:
    """Forget those of a person, of a screen and of an address, as far as given; all of them when nothing is. Return how many."""
    given = {"person": person, "screen": screen, "endpoint": endpoint}
    where = " AND ".join(f"{name} = :{name}" for name, value in given.items() if value is not None) or "1"
    return db.conn.execute(f"DELETE FROM subscriptions WHERE {where}", given).rowcount


def forget_unused(db: Database, since: datetime) -> int:
    """Forget those that were made before *since* and whose person was not signed in on that screen after it. Return how many."""
    used = "SELECT 1 FROM sessions s WHERE s.person = subscriptions.person AND s.screen = subscriptions.screen AND s.seen_at >= :at"
    return db.conn.execute(f"DELETE FROM subscriptions WHERE made_at < :at AND NOT EXISTS ({used})", {"at": text(since)}).rowcount


def _all(db: Database, where: str, values: list[Any]) -> list[Subscription]:
    rows = db.execute(f"SELECT {', '.join(_COLUMNS)} FROM subscriptions {where}", values).fetchall()
    return [Subscription(**dict(zip(_COLUMNS, row, strict=True)) | {"made_at": datetime.fromisoformat(row[-1])}) for row in rows]
