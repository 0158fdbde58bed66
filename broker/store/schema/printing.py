"""Numbers that are to be put on paper, and the printer that does it."""

from __future__ import annotations

from typing import Final

PRINTING: Final = (
    """CREATE TABLE prints (
        id TEXT PRIMARY KEY, ticket TEXT NOT NULL, language TEXT NOT NULL, ahead INTEGER NOT NULL, queued_at TEXT NOT NULL,
        state TEXT NOT NULL, tries INTEGER NOT NULL, lost INTEGER NOT NULL, error TEXT NOT NULL, due_at TEXT,
        claimed_by TEXT NOT NULL, ended_at TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX prints_ticket ON prints (ticket, queued_at)",
    "CREATE INDEX prints_open ON prints (queued_at) WHERE ended_at IS NULL",
    """CREATE TABLE printers (
        id TEXT PRIMARY KEY, trouble TEXT NOT NULL, since TEXT NOT NULL, looked_at TEXT NOT NULL, held_by TEXT NOT NULL,
        held_until TEXT
    ) WITHOUT ROWID""",
)
