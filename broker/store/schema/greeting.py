"""Everything a greeting needs, from the door to the report."""

from __future__ import annotations

from typing import Final

GREETING: Final = (
    """CREATE TABLE visits (
        id TEXT PRIMARY KEY, zone TEXT NOT NULL, t0 TEXT NOT NULL, own_t0 TEXT NOT NULL,
        size INTEGER NOT NULL, own_size INTEGER NOT NULL, state TEXT NOT NULL, version INTEGER NOT NULL,
        source TEXT NOT NULL, device TEXT NOT NULL, party TEXT NOT NULL, late INTEGER NOT NULL,
        claimed_by TEXT, claimed_until TEXT, overdue_at TEXT, escalated_at TEXT,
        acknowledged_at TEXT, acknowledged_by TEXT, how TEXT, decided_at TEXT, ended_at TEXT,
        dismissed_as TEXT, merged_into TEXT, untrusted INTEGER NOT NULL, exits INTEGER NOT NULL,
        resumed_at TEXT, upset_at TEXT, briefing TEXT, taken_over_by TEXT, due_at TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX visits_due ON visits (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX visits_open ON visits (t0) WHERE ended_at IS NULL",
    "CREATE INDEX visits_t0 ON visits (t0)",
    "CREATE INDEX visits_merged ON visits (merged_into) WHERE merged_into IS NOT NULL",
    """CREATE TABLE alerts (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, zone TEXT NOT NULL, since TEXT NOT NULL,
        state TEXT NOT NULL, level INTEGER NOT NULL, by TEXT NOT NULL, detail TEXT NOT NULL, raised_at TEXT,
        acknowledged_at TEXT, acknowledged_by TEXT, again INTEGER NOT NULL, cleared_at TEXT, resolved_at TEXT,
        version INTEGER NOT NULL, due_at TEXT
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX alerts_live ON alerts (kind, subject) WHERE resolved_at IS NULL",
    "CREATE INDEX alerts_due ON alerts (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX alerts_raised ON alerts (raised_at)",
    """CREATE TABLE journal (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL,
        zone TEXT NOT NULL, by TEXT NOT NULL, body TEXT NOT NULL
    )""",
    "CREATE INDEX journal_subject ON journal (subject)",
    """CREATE TABLE seen (
        device TEXT NOT NULL, event TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (device, event)
    ) WITHOUT ROWID""",
    """CREATE TABLE crossings (
        id INTEGER PRIMARY KEY, device TEXT NOT NULL, event TEXT NOT NULL, at TEXT NOT NULL, zone TEXT NOT NULL,
        line TEXT NOT NULL, inward INTEGER NOT NULL, late INTEGER NOT NULL, visit TEXT
    )""",
    "CREATE INDEX crossings_at ON crossings (at)",
    "CREATE TABLE presence (day TEXT PRIMARY KEY, inside INTEGER NOT NULL, ins INTEGER NOT NULL, outs INTEGER NOT NULL)",
    """CREATE TABLE rejected (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, topic TEXT NOT NULL, reason TEXT NOT NULL,
        payload BLOB NOT NULL
    )""",
    """CREATE TABLE devices (
        id TEXT PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, zones TEXT NOT NULL, watch TEXT NOT NULL,
        since TEXT NOT NULL, reason TEXT NOT NULL, said_at TEXT, heard_at TEXT NOT NULL, skew REAL, figures TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE watches (
        id INTEGER PRIMARY KEY, device TEXT NOT NULL, zone TEXT NOT NULL, watch TEXT NOT NULL, reason TEXT NOT NULL,
        began TEXT NOT NULL, ended TEXT
    )""",
    "CREATE INDEX watches_device ON watches (device, began)",
    """CREATE TABLE pauses (
        id TEXT PRIMARY KEY, zone TEXT NOT NULL, began TEXT NOT NULL, until TEXT NOT NULL, by TEXT NOT NULL,
        reason TEXT NOT NULL, ended TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX pauses_open ON pauses (zone) WHERE ended IS NULL",
    """CREATE TABLE area_counts (
        id INTEGER PRIMARY KEY, device TEXT NOT NULL, area TEXT NOT NULL, zone TEXT NOT NULL, at TEXT NOT NULL,
        people INTEGER NOT NULL
    )""",
    """CREATE TABLE area_stays (
        id INTEGER PRIMARY KEY, device TEXT NOT NULL, area TEXT NOT NULL, zone TEXT NOT NULL, at TEXT NOT NULL,
        seconds REAL NOT NULL
    )""",
    """CREATE TABLE people (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, pin TEXT NOT NULL,
        language TEXT NOT NULL, active INTEGER NOT NULL, made_at TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE screens (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, zone TEXT NOT NULL, token TEXT NOT NULL UNIQUE,
        paired_at TEXT NOT NULL, paired_by TEXT NOT NULL, seen_at TEXT NOT NULL, revoked_at TEXT
    ) WITHOUT ROWID""",
    """CREATE TABLE pairings (
        code TEXT PRIMARY KEY, claim TEXT NOT NULL UNIQUE, asked_at TEXT NOT NULL, expires_at TEXT NOT NULL, screen TEXT
    ) WITHOUT ROWID""",
    """CREATE TABLE sessions (
        id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, person TEXT NOT NULL REFERENCES people (id),
        screen TEXT NOT NULL REFERENCES screens (id), began TEXT NOT NULL, seen_at TEXT NOT NULL, ended TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX sessions_open ON sessions (person) WHERE ended IS NULL",
    "CREATE TABLE attempts (subject TEXT PRIMARY KEY, failed INTEGER NOT NULL, blocked_until TEXT) WITHOUT ROWID",
    "CREATE TABLE answers (key TEXT PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID",
)
