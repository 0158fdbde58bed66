"""Who changed what: rows that are only ever added, each sealed over the one before, and the two ends of the chain."""

from __future__ import annotations

from typing import Final

AUDIT: Final = (
    """CREATE TABLE audit_log (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, by TEXT NOT NULL, screen TEXT NOT NULL, address TEXT NOT NULL,
        what TEXT NOT NULL, subject TEXT NOT NULL, before TEXT NOT NULL, after TEXT NOT NULL, digest TEXT NOT NULL
    )""",
    """CREATE TABLE audit_ends (
        which TEXT PRIMARY KEY, row INTEGER NOT NULL, digest TEXT NOT NULL, rows INTEGER NOT NULL, at TEXT NOT NULL,
        seal TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TRIGGER audit_log_stays BEFORE UPDATE ON audit_log
    BEGIN SELECT raise(ABORT, 'a row of the audit log is never changed'); END""",
    """CREATE TRIGGER audit_log_is_kept BEFORE DELETE ON audit_log
    WHEN old.id > coalesce((SELECT row FROM audit_ends WHERE which = 'begin'), 0)
    BEGIN SELECT raise(ABORT, 'a row of the audit log goes only when the chain begins behind it'); END""",
)
