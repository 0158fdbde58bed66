"""Waits at counters seen by a camera, plans drawn in the dashboard, and cameras measured by hand."""

from __future__ import annotations

from typing import Final

EYES: Final = (
    "ALTER TABLE area_counts ADD COLUMN kind TEXT NOT NULL DEFAULT 'queue'",
    "ALTER TABLE area_stays ADD COLUMN kind TEXT NOT NULL DEFAULT 'queue'",
    "ALTER TABLE area_stays ADD COLUMN outcome TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX area_counts_at ON area_counts (at)",
    "CREATE INDEX area_stays_at ON area_stays (at)",
    """CREATE TABLE plans (
        camera TEXT NOT NULL, version INTEGER NOT NULL, saved_at TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (camera, version)
    ) WITHOUT ROWID""",
    """CREATE TABLE tallies (
        id TEXT PRIMARY KEY, camera TEXT NOT NULL, line TEXT NOT NULL, began TEXT NOT NULL, ended TEXT, by TEXT NOT NULL,
        hand_in INTEGER NOT NULL, hand_out INTEGER NOT NULL, camera_in INTEGER NOT NULL, camera_out INTEGER NOT NULL
    ) WITHOUT ROWID""",
    "CREATE INDEX tallies_camera ON tallies (camera, began)",
    "ALTER TABLE tallies ADD COLUMN until TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE tallies ADD COLUMN unwatched REAL NOT NULL DEFAULT 0",
    """CREATE TABLE areas (
        device TEXT NOT NULL, area TEXT NOT NULL, zone TEXT NOT NULL, kind TEXT NOT NULL, people INTEGER NOT NULL,
        at TEXT NOT NULL, oldest TEXT, late INTEGER NOT NULL, PRIMARY KEY (device, area)
    ) WITHOUT ROWID""",
    """CREATE TABLE zone_queues (
        zone TEXT PRIMARY KEY, people INTEGER, over_since TEXT, under_since TEXT, at TEXT, told TEXT NOT NULL,
        told_at TEXT, due_at TEXT
    ) WITHOUT ROWID""",
    """CREATE TABLE tally_taps (
        tally TEXT NOT NULL, key TEXT NOT NULL, at TEXT NOT NULL, inward INTEGER NOT NULL, step INTEGER NOT NULL,
        PRIMARY KEY (tally, key)
    ) WITHOUT ROWID""",
)
