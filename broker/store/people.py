"""People who work here, the screens they use, and who is signed in where. Secrets are stored as digests only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import moment, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who works here. `pin` is an argon2id digest."""

    id: str
    name: str
    role: str
    pin: str
    made_at: datetime
    language: str = ""
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """A paired tablet, kiosk or display. `token` is the SHA-256 of what its cookie holds; `zone` is empty for all."""

    id: str
    name: str
    role: str
    zone: str
    token: str
    paired_at: datetime
    paired_by: str
    seen_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """A device that asks to be paired: `code` is the digest of what is shown to a person, `claim` that of its own secret."""

    code: str
    claim: str
    asked_at: datetime
    expires_at: datetime
    screen: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Somebody signed in on a screen. `token` is a digest.

    `proof` says by what they showed who they are, `proved_at` when they last did; absent for sessions of earlier versions.
    """

    id: str
    token: str
    person: str
    screen: str
    began: datetime
    seen_at: datetime
    ended: datetime | None = None
    proof: str = "pin"
    proved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempts:
    """Wrong secrets in a row for one person or one screen, and until when it must wait."""

    subject: str
    failed: int = 0
    blocked_until: datetime | None = None


_TABLES: Final[dict[type[Any], str]] = {
    Person: "people",
    Screen: "screens",
    Pairing: "pairings",
    Session: "sessions",
    Attempts: "attempts",
}
_MOMENTS: Final = frozenset(
    ("made_at", "paired_at", "seen_at", "revoked_at", "asked_at", "expires_at", "began", "ended", "blocked_until", "proved_at")
)


def save(db: Database, row: Person | Screen | Pairing | Session | Attempts) -> None:
    """Write *row*, new or changed."""
    kind = type(row)
    names = tuple(kind.__dataclass_fields__)
    values = [text(getattr(row, name)) if name in _MOMENTS else getattr(row, name) for name in names]
    key = names[0]
    update = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    db.conn.execute(
        f"INSERT INTO {_TABLES[kind]} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))}) "
        f"ON CONFLICT ({key}) DO UPDATE SET {update}",
        values,
    )


def person(db: Database, person_id: str) -> Person | None:
    """Return one person, or None."""
    return next(iter(_all(db, Person, "WHERE id = ?", [person_id])), None)


def everybody(db: Database, *, inactive: bool = False) -> list[Person]:
    """Return the people who work here, by name; with *inactive* also those who no longer do."""
    return _all(db, Person, "ORDER BY name" if inactive else "WHERE active ORDER BY name", [])


def screen(db: Database, screen_id: str) -> Screen | None:
    """Return one screen, or None."""
    return next(iter(_all(db, Screen, "WHERE id = ?", [screen_id])), None)


def screen_of(db: Database, token: str) -> Screen | None:
    """Return the screen whose token has this digest and was not revoked, or None."""
    return next(iter(_all(db, Screen, "WHERE token = ? AND revoked_at IS NULL", [token])), None)


def screens(db: Database) -> list[Screen]:
    """Return every screen that was ever paired, newest first."""
    return _all(db, Screen, "ORDER BY paired_at DESC", [])


def pairing(db: Database, *, code: str = "", claim: str = "") -> Pairing | None:
    """Return the pairing with this code or this claim, or None."""
    return next(iter(_all(db, Pairing, "WHERE code = ? OR claim = ?", [code, claim])), None)


def forget_pairings(db: Database, now: datetime) -> None:
    """Forget the pairings that have expired."""
    db.conn.execute("DELETE FROM pairings WHERE expires_at < ?", [text(now)])


def forget_pairing(db: Database, code: str) -> None:
    """Forget one pairing: its device has collected what it asked for."""
    db.conn.execute("DELETE FROM pairings WHERE code = ?", [code])


def count_pairings(db: Database) -> int:
    """Return how many devices ask to be paired."""
    return int(db.execute("SELECT count(*) FROM pairings").fetchone()[0])


def saw_screen(db: Database, screen_id: str, at: datetime) -> None:
    """Note that a screen was there."""
    db.conn.execute("UPDATE screens SET seen_at = ? WHERE id = ?", [text(at), screen_id])


def saw_session(db: Database, session_id: str, at: datetime) -> None:
    """Note that somebody who is signed in did something."""
    db.conn.execute("UPDATE sessions SET seen_at = ? WHERE id = ? AND ended IS NULL", [text(at), session_id])


def session_of(db: Database, token: str) -> Session | None:
    """Return the running session whose token has this digest, or None."""
    return next(iter(_all(db, Session, "WHERE token = ? AND ended IS NULL", [token])), None)


def session(db: Database, session_id: str) -> Session | None:
    """Return one session, running or ended, or None."""
    return next(iter(_all(db, Session, "WHERE id = ?", [session_id])), None)


def end_sessions(db: Database, at: datetime, *, person_id: str) -> None:
    """End the running sessions of a person."""
    db.conn.execute("UPDATE sessions SET ended = ? WHERE ended IS NULL AND person = ?", [text(at), person_id])


def sessions(db: Database, *, person_id: str | None = None, screen_id: str | None = None) -> list[Session]:
    """Return the running sessions, of one person or one screen if given."""
    where, values = "WHERE ended IS NULL", []
    if person_id is not None:
        where, values = where + " AND person = ?", [person_id]
    if screen_id is not None:
        where, values = where + " AND screen = ?", [*values, screen_id]
    return _all(db, Session, where + " ORDER BY began", values)


def attempts(db: Database, subject: str) -> Attempts:
    """Return the wrong secrets in a row of *subject*."""
    return next(iter(_all(db, Attempts, "WHERE subject = ?", [subject])), Attempts(subject=subject))


def _all(db: Database, kind: type[Any], where: str, values: list[Any]) -> list[Any]:
    names = tuple(kind.__dataclass_fields__)
    rows = db.execute(f"SELECT {', '.join(names)} FROM {_TABLES[kind]} {where}", values).fetchall()
    return [
        kind(**{n: moment(v) if n in _MOMENTS else bool(v) if n == "active" else v for n, v in zip(names, row, strict=True)})
        for row in rows
    ]
