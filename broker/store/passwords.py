"""Passwords of people, as digests, and people whom another house's sign-in vouches for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from broker.store.database import moment, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """The password of one person. `digest` is argon2id; `made` says that somebody else made it, for one sign-in."""

    person: str
    digest: str
    set_at: datetime
    made: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """Somebody was sent to another house's sign-in. `secret` is the digest of what their browser holds.

    `session` is the session they had when they only prove again who they are, empty when they sign in.
    """

    secret: str
    screen: str
    session: str
    made_at: datetime


def find(db: Database, person: str) -> Password | None:
    """Return the password of *person*, or None when they have none."""
    row = db.execute("SELECT digest, set_at, made FROM passwords WHERE person = ?", [person]).fetchone()
    if row is None:
        return None
    set_at = moment(row[1])
    assert set_at is not None
    return Password(person=person, digest=row[0], set_at=set_at, made=bool(row[2]))


def of_whom(db: Database) -> set[str]:
    """Return the ids of the people who have a password."""
    return {row[0] for row in db.execute("SELECT person FROM passwords").fetchall()}


def save(db: Database, row: Password) -> None:
    """Write a password in place of the one before."""
    db.conn.execute(
        "INSERT OR REPLACE INTO passwords (person, digest, set_at, made) VALUES (?, ?, ?, ?)",
        [row.person, row.digest, text(row.set_at), row.made],
    )


def forget(db: Database, person: str) -> None:
    """Take away the password of *person*."""
    db.conn.execute("DELETE FROM passwords WHERE person = ?", [person])


def forget_vouching(db: Database, person: str) -> None:
    """Forget what others call *person*: whoever comes with that name is somebody new."""
    db.conn.execute("DELETE FROM identities WHERE person = ?", [person])


def vouched_for(db: Database, issuer: str, subject: str) -> str | None:
    """Return the id of the person whom *issuer* calls *subject*, or None."""
    row = db.execute("SELECT person FROM identities WHERE issuer = ? AND subject = ?", [issuer, subject]).fetchone()
    return str(row[0]) if row else None


def vouch(db: Database, issuer: str, subject: str, person: str, at: datetime) -> None:
    """Note that *issuer* calls *person* by the name *subject*."""
    db.conn.execute(
        "INSERT INTO identities (issuer, subject, person, linked_at) VALUES (?, ?, ?, ?)", [issuer, subject, person, text(at)]
    )


def begin_try(db: Database, row: Try) -> None:
    """Write that a browser was sent away to sign in."""
    db.conn.execute(
        "INSERT INTO oidc_tries (secret, screen, session, made_at) VALUES (?, ?, ?, ?)",
        [row.secret, row.screen, row.session, text(row.made_at)],
    )


def is_try(db: Database, secret: str) -> bool:
    """Return whether somebody was sent away with the secret of this digest."""
    return db.execute("SELECT 1 FROM oidc_tries WHERE secret = ?", [secret]).fetchone() is not None


def end_try(db: Database, secret: str) -> Try | None:
    """Take the try with this digest away and return it, or None: each can be used once."""
    row = db.execute("SELECT screen, session, made_at FROM oidc_tries WHERE secret = ?", [secret]).fetchone()
    if row is None:
        return None
    db.conn.execute("DELETE FROM oidc_tries WHERE secret = ?", [secret])
    made_at = moment(row[2])
    assert made_at is not None
    return Try(secret=secret, screen=row[0], session=row[1], made_at=made_at)


def forget_tries(db: Database, before: datetime) -> int:
    """Forget the tries from before a moment, and return how many are left."""
    db.conn.execute("DELETE FROM oidc_tries WHERE made_at < ?", [text(before)])
    return int(db.execute("SELECT count(*) FROM oidc_tries").fetchone()[0])
