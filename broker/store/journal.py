"""The journal: what happened, in order. Screens, notifiers and the audit each tail it from their own id."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.domain.facts import Fact, FactKind
from broker.failpoints import passing
from broker.store.database import text

PAGE_FACTS: Final = 500
"""Facts a reader gets at a time."""

_encode: Final = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: `json.dumps` with separators makes an encoder a call."""


def append(db: Database, *facts: Fact) -> None:
    """Write *facts*, inside the transaction that made them true."""
    db.conn.executemany(
        "INSERT INTO journal (at, kind, subject, zone, by, body) VALUES (?, ?, ?, ?, ?, ?)",
        [(text(fact.at), fact.kind, fact.subject, fact.zone, fact.by, _encode(fact.body)) for fact in facts],
    )
    passing("journal.appended")


def after(db: Database, last: int, *, limit: int = PAGE_FACTS) -> list[Fact]:
    """Return up to *limit* facts with an id above *last*, in order."""
    return _facts(db.execute(f"{_SELECT} WHERE id > ? ORDER BY id LIMIT ?", [last, limit]).fetchall())


def about(db: Database, subject: str, *, limit: int = PAGE_FACTS) -> list[Fact]:
    """Return the facts about *subject*, in order."""
    return _facts(db.execute(f"{_SELECT} WHERE subject = ? ORDER BY id LIMIT ?", [subject, limit]).fetchall())


def newest(db: Database, subject: str, kind: FactKind, *, limit: int = PAGE_FACTS) -> list[Fact]:
    """Return the newest facts of *kind* about *subject*, newest first."""
    return _facts(
        db.execute(f"{_SELECT} WHERE subject = ? AND kind = ? ORDER BY id DESC LIMIT ?", [subject, kind, limit]).fetchall()
    )


def last_id(db: Database) -> int:
    """Return the id of the newest fact, 0 for an empty journal."""
    return int(db.execute("SELECT coalesce(max(id), 0) FROM journal").fetchone()[0])


_SELECT: Final = "SELECT id, at, kind, subject, zone, by, body FROM journal"


def _facts(rows: Iterable[tuple[int, str, str, str, str, str, str]]) -> list[Fact]:
    return [
        Fact(id=i, at=_at(at), kind=FactKind(kind), subject=subject, zone=zone, by=by, body=json.loads(body))
        for i, at, kind, subject, zone, by, body in rows
    ]


def _at(written: str) -> datetime:
    return datetime.fromisoformat(written)
