"""The audit log as rows. What a row's digest covers is made here, of the very text that is stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.failpoints import passing
from broker.store.database import text

PAGE_ROWS: Final = 1_000
"""Rows read at a time."""
BEGIN: Final = "begin"
HEAD: Final = "head"

_NAMES: Final = ("at", "by", "screen", "address", "what", "subject", "before", "after", "digest")
SELECT: Final = f"SELECT id, {', '.join(_NAMES)} FROM audit_log"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row as it is stored: moments and JSON as text. `digest` covers every other column and the digest before."""

    id: int
    at: str
    by: str
    screen: str
    address: str
    what: str
    subject: str
    before: str
    after: str
    digest: str = ""

    def covered(self) -> bytes:
        """Return what the digest is made over, besides the digest before."""
        return json.dumps([self.id, *(getattr(self, name) for name in _NAMES[:-1])], ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of the chain: the row it is behind (`begin`) or at (`head`), that row's digest, and a seal over both.

    `rows` counts the rows that were ever there up to this end.
    """

    which: str
    row: int
    digest: str
    rows: int
    at: str
    seal: str = ""

    def covered(self) -> bytes:
        """Return what the seal is made over."""
        return json.dumps([self.which, self.row, self.digest, self.rows, self.at]).encode()


def add(db: Database, entry: Entry) -> None:
    """Write one row, inside the transaction of the change it tells of."""
    values = [entry.id, *(getattr(entry, name) for name in _NAMES)]
    db.conn.execute(f"INSERT INTO audit_log (id, {', '.join(_NAMES)}) VALUES ({', '.join('?' * len(values))})", values)
    passing("audit.added")


def end(db: Database, which: str) -> End | None:
    """Return one end of the chain, or None before it was written."""
    row = db.execute("SELECT which, row, digest, rows, at, seal FROM audit_ends WHERE which = ?", [which]).fetchone()
    return End(which=row[0], row=row[1], digest=row[2], rows=row[3], at=row[4], seal=row[5]) if row else None


def save_end(db: Database, end: End) -> None:
    """Write one end of the chain anew."""
    db.conn.execute(
        "INSERT OR REPLACE INTO audit_ends (which, row, digest, rows, at, seal) VALUES (?, ?, ?, ?, ?, ?)",
        [end.which, end.row, end.digest, end.rows, end.at, end.seal],
    )


def every(db: Database) -> Iterator[Entry]:
    """Yield every row in order, a page at a time."""
    last = -1
    while rows := db.execute(f"{SELECT} WHERE id > ? ORDER BY id LIMIT ?", [last, PAGE_ROWS]).fetchall():
        yield from map(entry, rows)
        last = int(rows[-1][0])


def newest(db: Database, *, limit: int, what: str = "") -> list[Entry]:
    """Return the newest rows, newest first; with *what* those of this kind or kinds beginning with it and a dot."""
    if not what:
        return [entry(row) for row in db.execute(f"{SELECT} ORDER BY id DESC LIMIT ?", [limit]).fetchall()]
    found = db.execute(f"{SELECT} WHERE what = ? OR substr(what, 1, ?) = ? ORDER BY id DESC LIMIT ?", [
        what, len(what) + 1, f"{what}.", limit,
    ]).fetchall()  # fmt: skip
    return [entry(row) for row in found]


def last_before(db: Database, moment: datetime) -> tuple[Entry, int] | None:
    """Return the last row before the first one from *moment* on, and how many rows go up to it; None when there is none.

    A clock that was set back leaves rows out of their order: none goes before all that were written earlier may.
    """
    stays = db.execute("SELECT min(id) FROM audit_log WHERE at >= ?", [text(moment)]).fetchone()[0]
    where, values = ("WHERE id < ?", [stays]) if stays is not None else ("", [])
    row = db.execute(f"{SELECT} {where} ORDER BY id DESC LIMIT 1", values).fetchone()
    if row is None:
        return None
    return entry(row), int(db.execute("SELECT count(*) FROM audit_log WHERE id <= ?", [row[0]]).fetchone()[0])


def take_away(db: Database, upto: int) -> None:
    """Take away the rows up to *upto*; the chain must begin behind it already."""
    db.conn.execute("DELETE FROM audit_log WHERE id <= ?", [upto])


def entry(row: tuple[object, ...]) -> Entry:
    """Return a row that was read by SELECT."""
    return Entry(id=int(str(row[0])), **{name: str(value) for name, value in zip(_NAMES, row[1:], strict=True)})
