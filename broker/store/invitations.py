"""Camera boxes that may ask to be let in. What a code opens is stored, never the code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from broker.store.database import moment, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """One device that may ask. `proof` is the key that its code is stretched to; `tries` counts wrong proofs."""

    device: str
    kind: str
    proof: str
    made_at: datetime
    made_by: str
    expires_at: datetime
    tries: int = 0


def save(db: Database, row: Invitation) -> None:
    """Write *row*, in the place of an earlier one for that device."""
    db.conn.execute(
        "INSERT OR REPLACE INTO invitations (device, kind, proof, made_at, made_by, expires_at, tries) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        [row.device, row.kind, row.proof, text(row.made_at), row.made_by, text(row.expires_at), row.tries],
    )


def find(db: Database, device: str) -> Invitation | None:
    """Return the invitation of *device*, expired or not, or None."""
    return next((row for row in everyone(db) if row.device == device), None)


def everyone(db: Database) -> list[Invitation]:
    """Return every invitation, by the name of its device."""
    rows = db.execute("SELECT device, kind, proof, made_at, made_by, expires_at, tries FROM invitations ORDER BY device").fetchall()
    found = []
    for device, kind, proof, made_at, made_by, expires_at, tries in rows:
        made, expires = moment(made_at), moment(expires_at)
        assert made is not None
        assert expires is not None
        found.append(
            Invitation(device=device, kind=kind, proof=proof, made_at=made, made_by=made_by, expires_at=expires, tries=tries)
        )
    return found


def forget(db: Database, device: str) -> None:
    """Take the invitation of *device* away."""
    db.conn.execute("DELETE FROM invitations WHERE device = ?", [device])


def forget_expired(db: Database, now: datetime) -> None:
    """Take away what has expired at *now*."""
    db.conn.execute("DELETE FROM invitations WHERE expires_at <= ?", [text(now)])
