"""The keys of programs that use the HTTP API. A key's secret is stored as a digest only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import text


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key: `digest` is the SHA-256 of its secret, `scopes` what it opens, `a_minute` how often it may ask."""

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    a_minute: int
    made_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


KEPT_REVOKED: Final = 200
"""Newest revoked keys that are still listed."""

_COLUMNS: Final = "id, name, digest, scopes, a_minute, made_at, used_at, revoked_at"


def add(db: Database, key: ApiKey) -> None:
    """Write a new key."""
    values = [key.id, key.name, key.digest, " ".join(key.scopes), key.a_minute, text(key.made_at), None, None]
    db.conn.execute(f"INSERT INTO api_keys ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)


def of_digest(db: Database, digest: str) -> ApiKey | None:
    """Return the key whose secret has *digest*, revoked or not, or None."""
    return next(iter(_all(db, "WHERE digest = ?", [digest])), None)


def every(db: Database, *, revoked: bool = False) -> list[ApiKey]:
    """Return the keys by name; with *revoked* also those that open nothing any more."""
    return _all(db, "ORDER BY name, made_at" if revoked else "WHERE revoked_at IS NULL ORDER BY name", [])


def used(db: Database, key_id: str, at: datetime) -> None:
    """Note when a key was used."""
    db.conn.execute("UPDATE api_keys SET used_at = ? WHERE id = ?", [text(at), key_id])


def revoke(db: Database, key_id: str, at: datetime) -> None:
    """A key opens nothing from *at* on; of those that open nothing the oldest above KEPT_REVOKED are forgotten."""
    db.conn.execute("UPDATE api_keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", [text(at), key_id])
    db.conn.execute(
        "DELETE FROM api_keys WHERE revoked_at IS NOT NULL AND id NOT IN "
        "(SELECT id FROM api_keys WHERE revoked_at IS NOT NULL ORDER BY revoked_at DESC, id LIMIT ?)",
        [KEPT_REVOKED],
    )


def _all(db: Database, where: str, values: Sequence[Any]) -> list[ApiKey]:
    return [
        ApiKey(
            id=key_id, name=name, digest=digest, scopes=tuple(scopes.split()), a_minute=a_minute,
            made_at=datetime.fromisoformat(made), used_at=datetime.fromisoformat(seen) if seen else None,
            revoked_at=datetime.fromisoformat(gone) if gone else None,
        )
        for key_id, name, digest, scopes, a_minute, made, seen, gone in db.execute(
            f"SELECT {_COLUMNS} FROM api_keys {where}", list(values)
        ).fetchall()
    ]  # fmt: skip
