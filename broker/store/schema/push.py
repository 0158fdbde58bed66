"""Tablets that show notices of the browser, each for one person."""

from __future__ import annotations

from typing import Final

PUSH: Final = (
    """CREATE TABLE subscriptions (
        id TEXT PRIMARY KEY, person TEXT NOT NULL, screen TEXT NOT NULL, endpoint TEXT NOT NULL, p256dh TEXT NOT NULL,
        auth TEXT NOT NULL, made_at TEXT NOT NULL, UNIQUE (person, screen)
    ) WITHOUT ROWID""",
)
