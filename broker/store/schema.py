"""The tables, and how an older store becomes this one. A migration that has shipped is never edited."""

from __future__ import annotations

from typing import Final

from sqlite_utils import Database, Migrations

migrations: Final = Migrations("greetline")

_FIRST: Final = (
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


@migrations()
def m001_a_greeting(db: Database) -> None:
    """Everything a greeting needs, from the door to the report."""
    for statement in _FIRST:
        db.execute(statement)


@migrations()
def m002_entrances(db: Database) -> None:
    """Links that let a browser in as a screen: the first one of a new shop, and those of a demonstration."""
    db.execute(
        """CREATE TABLE entrances (
            token TEXT PRIMARY KEY, name TEXT NOT NULL, role TEXT NOT NULL, zone TEXT NOT NULL,
            reusable INTEGER NOT NULL, made_at TEXT NOT NULL, used_at TEXT
        ) WITHOUT ROWID"""
    )


_EYES: Final = (
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


@migrations()
def m003_eyes(db: Database) -> None:
    """Waits at counters seen by a camera, plans drawn in the dashboard, and cameras measured by hand."""
    for statement in _EYES:
        db.execute(statement)


_TICKETS: Final = (
    """CREATE TABLE tickets (
        id TEXT PRIMARY KEY, token TEXT NOT NULL UNIQUE, service TEXT NOT NULL, issued_for TEXT NOT NULL,
        number INTEGER NOT NULL, day TEXT NOT NULL,
        t0 TEXT NOT NULL, place TEXT NOT NULL, language TEXT NOT NULL, channel TEXT NOT NULL, state TEXT NOT NULL,
        version INTEGER NOT NULL, visit TEXT, priority INTEGER NOT NULL, counter TEXT, staff TEXT, called_at TEXT,
        calls INTEGER NOT NULL, started_at TEXT, missed INTEGER NOT NULL, away_used INTEGER NOT NULL, until TEXT,
        reason TEXT NOT NULL, updated_at TEXT, outcome TEXT, ended_at TEXT, untrusted INTEGER NOT NULL, told_from REAL,
        told_to REAL, undo_to TEXT, decided_at TEXT, due_at TEXT
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX tickets_number ON tickets (issued_for, day, number)",
    "CREATE INDEX tickets_open ON tickets (place) WHERE ended_at IS NULL",
    "CREATE INDEX tickets_due ON tickets (due_at) WHERE due_at IS NOT NULL",
    "CREATE INDEX tickets_t0 ON tickets (t0)",
    "CREATE UNIQUE INDEX tickets_counter ON tickets (counter) WHERE state IN ('called', 'serving')",
    """CREATE TABLE ticket_moves (
        id INTEGER PRIMARY KEY AUTOINCREMENT, ticket TEXT NOT NULL, at TEXT NOT NULL, by TEXT NOT NULL, move TEXT NOT NULL,
        was TEXT NOT NULL, became TEXT NOT NULL, service TEXT NOT NULL, counter TEXT, place TEXT NOT NULL, until TEXT,
        reason TEXT NOT NULL, key TEXT NOT NULL
    )""",
    "CREATE INDEX ticket_moves_ticket ON ticket_moves (ticket, id)",
    "CREATE INDEX ticket_moves_at ON ticket_moves (at)",
    "CREATE INDEX ticket_moves_calls ON ticket_moves (id) WHERE move = 'call'",
    """CREATE TABLE service_pauses (
        id TEXT PRIMARY KEY, service TEXT NOT NULL, began TEXT NOT NULL, until TEXT NOT NULL, by TEXT NOT NULL,
        reason TEXT NOT NULL, ended TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX service_pauses_open ON service_pauses (service) WHERE ended IS NULL",
    """CREATE TABLE counter_shifts (
        id TEXT PRIMARY KEY, counter TEXT NOT NULL, staff TEXT NOT NULL, began TEXT NOT NULL, ended TEXT, kind TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX counter_shifts_open ON counter_shifts (counter) WHERE ended IS NULL",
    "CREATE INDEX counter_shifts_began ON counter_shifts (began)",
    """CREATE TABLE recaps (
        ticket TEXT PRIMARY KEY, heard TEXT NOT NULL, has TEXT NOT NULL, tried TEXT NOT NULL, next TEXT NOT NULL,
        by TEXT NOT NULL, at TEXT NOT NULL, confirmed TEXT, confirmed_at TEXT
    ) WITHOUT ROWID""",
    """CREATE TABLE problems (
        id TEXT PRIMARY KEY, ticket TEXT, visit TEXT, service TEXT NOT NULL, kind TEXT NOT NULL, heard TEXT NOT NULL,
        owner TEXT NOT NULL, action TEXT NOT NULL, promised_by TEXT, opened_at TEXT NOT NULL, opened_by TEXT NOT NULL,
        told_at TEXT, outcome TEXT, closed_at TEXT, closed_by TEXT
    ) WITHOUT ROWID""",
    "CREATE INDEX problems_open ON problems (promised_by) WHERE closed_at IS NULL",
    "CREATE INDEX problems_opened ON problems (opened_at)",
    """CREATE TABLE briefings (
        ticket TEXT PRIMARY KEY, happened TEXT NOT NULL, tried TEXT NOT NULL, wanted TEXT NOT NULL, by TEXT NOT NULL,
        at TEXT NOT NULL, answered_by TEXT, answered_at TEXT
    ) WITHOUT ROWID""",
    """CREATE TABLE feedback (
        ticket TEXT PRIMARY KEY, at TEXT NOT NULL, service TEXT NOT NULL, verdict TEXT NOT NULL
    ) WITHOUT ROWID""",
    "CREATE TABLE learnt (what TEXT PRIMARY KEY, at TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID",
    """CREATE TABLE ticket_keys (
        key TEXT PRIMARY KEY, at TEXT NOT NULL, ticket TEXT NOT NULL
    ) WITHOUT ROWID""",
    """CREATE TABLE api_keys (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, a_minute INTEGER NOT NULL,
        made_at TEXT NOT NULL, used_at TEXT, revoked_at TEXT
    ) WITHOUT ROWID""",
    "CREATE UNIQUE INDEX api_keys_name ON api_keys (name) WHERE revoked_at IS NULL",
)


@migrations()
def m004_tickets(db: Database) -> None:
    """Tickets, each move of theirs as a row, and which request made which ticket."""
    for statement in _TICKETS:
        db.execute(statement)
