"""The standards of the shop, a row for each time they changed, and who has read which."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import moment, text

KEPT_VERSIONS: Final = 200
"""Newest versions that are kept, with who has read them."""

Numbers = Mapping[str, tuple[str, Any]]
"""The name of each number of the standards to its unit and value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """The standards as they stood from `at` on; `id` grows with each change."""

    id: int
    at: datetime
    digest: str
    numbers: Numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How far one person is with one version: when it was read, None for not yet, and how often it was put off."""

    person: str
    version: int
    read_at: datetime | None = None
    put_off: int = 0


def add(db: Database, *, at: datetime, digest: str, numbers: Numbers) -> None:
    """Write a new version; the oldest above KEPT_VERSIONS are forgotten."""
    body = json.dumps(numbers, ensure_ascii=False, sort_keys=True)
    db.conn.execute("INSERT INTO standards (at, digest, body) VALUES (?, ?, ?)", [text(at), digest, body])
    oldest = "(SELECT coalesce(max(id), 0) FROM standards) - ?"
    for table, column in (("standards", "id"), ("standards_read", "version")):
        db.conn.execute(f"DELETE FROM {table} WHERE {column} <= {oldest}", [KEPT_VERSIONS])


def newest(db: Database, *, digest: str | None = None, limit: int = KEPT_VERSIONS) -> list[Version]:
    """Return the versions, newest first; with *digest* only those that say the same."""
    where, values = ("WHERE digest = ?", [digest]) if digest is not None else ("", [])
    rows = db.execute(f"SELECT id, at, digest, body FROM standards {where} ORDER BY id DESC LIMIT ?", [*values, limit]).fetchall()
    return [
        Version(
            id=id_, at=datetime.fromisoformat(at), digest=said, numbers={name: tuple(n) for name, n in json.loads(body).items()}
        )
        for id_, at, said, body in rows
    ]


def save(db: Database, reading: Reading) -> None:
    """Write how far somebody is with a version."""
    values = [reading.person, reading.version, text(reading.read_at), reading.put_off]
    db.conn.execute("INSERT OR REPLACE INTO standards_read (person, version, read_at, put_off) VALUES (?, ?, ?, ?)", values)


def reading(db: Database, person: str, version: int) -> Reading:
    """Return how far *person* is with *version*."""
    found = _readings(db, "WHERE person = ? AND version = ?", [person, version])
    return found[0] if found else Reading(person=person, version=version)


def last_read(db: Database, person: str) -> int:
    """Return the newest version that *person* has read, 0 for none."""
    found = db.execute("SELECT max(version) FROM standards_read WHERE person = ? AND read_at IS NOT NULL", [person])
    return int(found.fetchone()[0] or 0)


def readings(db: Database, version: int) -> list[Reading]:
    """Return everybody's reading of *version*, whoever has read it or put it off."""
    return _readings(db, "WHERE version = ?", [version])


def _readings(db: Database, where: str, values: Sequence[Any]) -> list[Reading]:
    rows = db.execute(f"SELECT person, version, read_at, put_off FROM standards_read {where}", list(values)).fetchall()
    return [
        Reading(person=person, version=version, read_at=moment(read), put_off=put_off) for person, version, read, put_off in rows
    ]
