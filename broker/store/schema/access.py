"""Passwords of managers, how somebody came in, and people whom another house's sign-in vouches for."""

from __future__ import annotations

from typing import Final

ACCESS: Final = (
    "ALTER TABLE sessions ADD COLUMN proof TEXT NOT NULL DEFAULT 'pin'",
    "ALTER TABLE sessions ADD COLUMN proved_at TEXT",
    """CREATE TABLE passwords (
        person TEXT PRIMARY KEY REFERENCES people (id), digest TEXT NOT NULL, set_at TEXT NOT NULL, made INTEGER NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE identities (
        issuer TEXT NOT NULL, subject TEXT NOT NULL, person TEXT NOT NULL REFERENCES people (id), linked_at TEXT NOT NULL,
        PRIMARY KEY (issuer, subject)
    ) WITHOUT ROWID""",
    """CREATE TABLE oidc_tries (
        secret TEXT PRIMARY KEY, screen TEXT NOT NULL REFERENCES screens (id), session TEXT NOT NULL, made_at TEXT NOT NULL
    ) WITHOUT ROWID""",
)
