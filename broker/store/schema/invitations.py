"""Camera boxes that may ask to be let in: one row a device, for ten minutes."""

from __future__ import annotations

from typing import Final

INVITATIONS: Final = (
    """CREATE TABLE invitations (
        device TEXT PRIMARY KEY, kind TEXT NOT NULL, proof TEXT NOT NULL, made_at TEXT NOT NULL, made_by TEXT NOT NULL,
        expires_at TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID""",
)
