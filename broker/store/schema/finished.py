"""Hours that are over, as rows of their own; and which of them changed since, by triggers that no writer can forget."""

from __future__ import annotations

from typing import Final

_MARK: Final = """
    UPDATE unfinished SET touched = touched + 1 WHERE hour = substr({at}, 1, 13);
    INSERT INTO unfinished (hour, touched) SELECT substr({at}, 1, 13), 1
        WHERE NOT EXISTS (SELECT 1 FROM unfinished WHERE hour = substr({at}, 1, 13));
"""
# No UPSERT and no OR IGNORE: within a trigger the rule of the statement outside, which may be OR REPLACE, would win.
_UPTO: Final = "(SELECT upto FROM finished_upto)"


def _trigger(name: str, when: str, condition: str, at: str) -> str:
    return f"CREATE TRIGGER {name} {when} WHEN {condition} BEGIN {_MARK.format(at=at)} END"


def _of_rows(table: str, columns: str) -> tuple[str, ...]:
    """Return the triggers of a table whose rows belong to the hour of their `t0`: the new hour, and the one they leave."""
    old = f"(SELECT t0 FROM {table} WHERE id = NEW.id)"
    return (
        _trigger(f"{table}_are_new", f"BEFORE INSERT ON {table}", f"NEW.t0 < {_UPTO}", "NEW.t0"),
        _trigger(f"{table}_are_written_again", f"BEFORE INSERT ON {table}", f"{old} < {_UPTO} AND {old} <> NEW.t0", old),
        _trigger(f"{table}_change", f"AFTER UPDATE OF {columns} ON {table}", f"NEW.t0 < {_UPTO}", "NEW.t0"),
        _trigger(f"{table}_move", f"AFTER UPDATE OF t0 ON {table}", f"OLD.t0 < {_UPTO} AND OLD.t0 <> NEW.t0", "OLD.t0"),
    )


def _of_tickets(table: str) -> tuple[str, ...]:
    """Return the triggers of a table whose rows belong to the hour of their ticket."""
    t0 = "(SELECT t0 FROM tickets WHERE id = NEW.ticket)"
    return (
        _trigger(f"{table}_are_new", f"AFTER INSERT ON {table}", f"{t0} < {_UPTO}", t0),
        _trigger(f"{table}_change", f"AFTER UPDATE ON {table}", f"{t0} < {_UPTO}", t0),
    )


FINISHED: Final = (
    """CREATE TABLE finished (
        kind TEXT NOT NULL, part TEXT NOT NULL, began TEXT NOT NULL, ended TEXT NOT NULL, day TEXT NOT NULL,
        weekday INTEGER NOT NULL, hour INTEGER NOT NULL, counts TEXT NOT NULL, series TEXT NOT NULL, times BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX finished_hours ON finished (kind, began, part)",
    "CREATE INDEX finished_days ON finished (day)",
    """CREATE TABLE finished_months (
        kind TEXT NOT NULL, part TEXT NOT NULL, month TEXT NOT NULL, hour INTEGER NOT NULL, counts TEXT NOT NULL,
        series TEXT NOT NULL, times BLOB NOT NULL
    )""",
    "CREATE UNIQUE INDEX finished_months_of ON finished_months (month, kind, part, hour)",
    "CREATE TABLE unfinished (hour TEXT PRIMARY KEY, touched INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE finished_upto (one INTEGER PRIMARY KEY CHECK (one = 1), upto TEXT NOT NULL)",
    "INSERT INTO finished_upto (one, upto) VALUES (1, '')",
    *_of_rows("visits", "t0, zone, size, state, late, untrusted, overdue_at, acknowledged_at, ended_at"),
    *_of_rows("tickets", "t0, issued_for, state, outcome, visit, told_from, told_to, untrusted, ended_at"),
    *_of_tickets("feedback"),
    *_of_tickets("recaps"),
    *_of_tickets("briefings"),
    _trigger(
        "alerts_are_raised", "BEFORE INSERT ON alerts",
        f"NEW.raised_at < {_UPTO} AND NOT EXISTS (SELECT 1 FROM alerts WHERE id = NEW.id AND raised_at = NEW.raised_at)",
        "NEW.raised_at",
    ),
)  # fmt: skip
"""`finished_upto` is where the hours that were never looked at begin; before it an hour is finished unless it is in `unfinished`.

Taking rows away unfinishes nothing: what retention forgets one by one stays known as a sum.
"""
