"""Tickets, each move of theirs as a row, the counters, and what is known of a customer's matter."""

from __future__ import annotations

from typing import Final

TICKETS: Final = (
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
