"""From when on each kind of row is kept: what retention has taken away so far."""

from __future__ import annotations

from typing import Final

KEEPING: Final = (
    """CREATE TABLE kept_since (
        what TEXT PRIMARY KEY, since TEXT NOT NULL, day TEXT NOT NULL, at TEXT NOT NULL, gone INTEGER NOT NULL
    ) WITHOUT ROWID""",
)
