"""Prints and calls that somebody in the office tries, and how each ended."""

from __future__ import annotations

from typing import Final

TRIALS: Final = (
    """CREATE TABLE trials (
        id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, language TEXT NOT NULL, by TEXT NOT NULL, asked_at TEXT NOT NULL,
        state TEXT NOT NULL, why TEXT NOT NULL, says TEXT NOT NULL, sound BLOB, ended_at TEXT
    )""",
)
