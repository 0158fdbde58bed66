"""What was begun outside the store: a file that is written while its row is not committed yet."""

from __future__ import annotations

from typing import Final

BEGUN: Final = (
    """CREATE TABLE begun (
        what TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (what, key)
    ) WITHOUT ROWID""",
)
