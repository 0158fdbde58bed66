"""What the shop promised and since when, and who of the staff has read it."""

from __future__ import annotations

from typing import Final

STANDARDS: Final = (
    """CREATE TABLE standards (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, digest TEXT NOT NULL, body TEXT NOT NULL
    )""",
    "CREATE INDEX standards_digest ON standards (digest)",
    """CREATE TABLE standards_read (
        person TEXT NOT NULL, version INTEGER NOT NULL, read_at TEXT, put_off INTEGER NOT NULL,
        PRIMARY KEY (person, version)
    ) WITHOUT ROWID""",
)
