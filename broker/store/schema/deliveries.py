"""What webhooks are told: how far each has read the journal, and each delivery with its tries."""

from __future__ import annotations

from typing import Final

DELIVERIES: Final = (
    """CREATE TABLE targets (
        id TEXT PRIMARY KEY, read_to INTEGER NOT NULL, since TEXT NOT NULL, disabled_at TEXT, reason TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT, target TEXT NOT NULL, fact INTEGER NOT NULL, event TEXT NOT NULL, at TEXT NOT NULL,
        body TEXT NOT NULL, state TEXT NOT NULL, aside INTEGER NOT NULL, tries INTEGER NOT NULL, due_at TEXT, tried_at TEXT,
        status INTEGER, reason TEXT NOT NULL, UNIQUE (target, fact)
    )""",
    "CREATE INDEX deliveries_due ON deliveries (target, fact) WHERE due_at IS NOT NULL",
    "CREATE INDEX deliveries_at ON deliveries (at, id)",
    "CREATE TABLE announced (topic TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID",
)
