"""Links that let a browser in as a screen. The secret of a link is stored as a digest only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlite_utils import Database

from broker.store.database import moment, text

KEPT_ENTRANCES: Final = 20
"""Newest links that are kept; making another forgets the oldest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrance:
    """A link: `token` is the SHA-256 of its secret; name, role and zone are those of the screen it makes."""

    token: str
    name: str
    role: str
    zone: str
    reusable: bool
    made_at: datetime
    used_at: datetime | None = None


def save(db: Database, row: Entrance) -> None:
    """Write *row*, new or used, and forget the oldest above KEPT_ENTRANCES."""
    db.conn.execute(
        "INSERT INTO entrances (token, name, role, zone, reusable, made_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (token) DO UPDATE SET used_at = excluded.used_at",
        [row.token, row.name, row.role, row.zone, row.reusable, text(row.made_at), text(row.used_at)],
    )
    db.conn.execute(
        "DELETE FROM entrances WHERE token NOT IN (SELECT token FROM entrances ORDER BY made_at DESC, token LIMIT ?)",
        [KEPT_ENTRANCES],
    )


def find(db: Database, token: str) -> Entrance | None:
    """Return the link whose secret has the digest *token*, used or not, or None."""
    row = db.execute("SELECT name, role, zone, reusable, made_at, used_at FROM entrances WHERE token = ?", [token]).fetchone()
    if row is None:
        return None
    name, role, zone, reusable, made_at, used_at = row
    made = moment(made_at)
    assert made is not None
    return Entrance(
        token=token, name=name, role=role, zone=zone, reusable=bool(reusable), made_at=made, used_at=moment(used_at)
    )  # fmt: skip
