"""Messages that could not be taken, with the reason: the last thousand, for whoever has to find out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.store.database import moment, text

KEPT_MESSAGES: Final = 1000
KEPT_OF_ONE: Final = 250
"""And so many of one topic, so that one device that talks nonsense does not push out what others said."""
KEPT_BYTES: Final = 8 * 1024
"""Of each rejected payload so many bytes are kept."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """One message that was not taken."""

    id: int
    at: datetime | None
    topic: str
    reason: str
    payload: bytes


def keep(db: Database, messages: list[tuple[datetime, str, str, bytes]]) -> None:
    """Keep (at, topic, reason, payload) of each message and forget all but the last KEPT_MESSAGES, KEPT_OF_ONE of each topic."""
    db.conn.executemany(
        "INSERT INTO rejected (at, topic, reason, payload) VALUES (?, ?, ?, ?)",
        [(text(at), topic[:200], reason[:300], payload[:KEPT_BYTES]) for at, topic, reason, payload in messages],
    )
    newer = "SELECT id FROM rejected {0} ORDER BY id DESC LIMIT 1 OFFSET ?"
    for topic in {topic[:200] for _, topic, _, _ in messages}:
        old = f"DELETE FROM rejected WHERE topic = ? AND id <= ({newer.format('WHERE topic = ?')})"
        db.conn.execute(old, [topic, topic, KEPT_OF_ONE])
    db.conn.execute(f"DELETE FROM rejected WHERE id <= ({newer.format('')})", [KEPT_MESSAGES])


def newest(db: Database, *, limit: int = KEPT_MESSAGES) -> list[Rejected]:
    """Return the newest rejected messages, newest first."""
    rows = db.execute("SELECT id, at, topic, reason, payload FROM rejected ORDER BY id DESC LIMIT ?", [limit]).fetchall()
    return [Rejected(i, moment(at), topic, reason, payload) for i, at, topic, reason, payload in rows]
