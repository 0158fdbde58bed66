"""Writes tests/store/fixtures/*.sql: a small store as each earlier schema made it. Run once when a schema has shipped.

    python -m tests.store.make_fixtures NAME...

Each NAME is the last migration of that schema. The rows are made up by hand for the tables that the schema has.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import sqlite_utils

from broker.store.schema import migrations

NAMES = tuple(migration.name for migration in migrations.pending(sqlite_utils.Database(memory=True)))
"""Every migration, in the order in which they are made; they came together from several hands, so not in that of their numbers."""
FIXTURES = Path(__file__).parent / "fixtures"
SHIPPED = ("m001_a_greeting", "m002_entrances", "m003_eyes", "m004_tickets", "m013_audit")
T = "2026-11-{:02d}T11:00:00.000Z".format

ROWS: dict[str, list[dict[str, Any]]] = {
    "visits": [
        {"id": f"door.p{n}", "zone": "entrance", "t0": T(n), "own_t0": T(n), "size": 1, "own_size": 1, "state": "closed",
         "version": 3, "source": "camera", "device": "door", "party": f"p{n}", "late": 0, "acknowledged_at": T(n)[:-4] + "500Z",
         "acknowledged_by": "k1", "how": "tap", "decided_at": T(n)[:-4] + "500Z", "ended_at": T(n)[:-4] + "900Z",
         "untrusted": 0, "exits": 0}
        for n in range(1, 6)
    ],
    "seen": [{"device": "door", "event": f"p{n}", "at": T(n)} for n in range(1, 6)],
    "crossings": [
        {"device": "door", "event": f"p{n}", "at": T(n), "zone": "entrance", "line": "door", "inward": 1, "late": 0,
         "visit": f"door.p{n}"}
        for n in range(1, 6)
    ],
    "presence": [{"day": f"2026-11-{n:02d}", "inside": 1, "ins": 1, "outs": 0} for n in range(1, 6)],
    "alerts": [
        {"id": "a1", "kind": "waiting", "subject": "door.p1", "zone": "entrance", "since": T(1), "state": "resolved", "level": 0,
         "by": "", "detail": "", "raised_at": T(1), "again": 0, "cleared_at": T(1), "resolved_at": T(1), "version": 3}
    ],
    "journal": [{"at": T(n), "kind": "visit.opened", "subject": f"door.p{n}", "zone": "entrance", "by": "door", "body": "{}"}
                for n in range(1, 6)],
    "people": [{"id": "k1", "name": "Kari Ærlig", "role": "lead", "pin": "", "language": "nb", "active": 1, "made_at": T(1)}],
    "screens": [{"id": "s1", "name": "Tablet", "role": "staff", "zone": "", "token": "d1", "paired_at": T(1), "paired_by": "k1",
                 "seen_at": T(2)}],
    "sessions": [{"id": "x1", "token": "d2", "person": "k1", "screen": "s1", "began": T(1), "seen_at": T(1), "ended": T(2)}],
    "area_counts": [{"device": "door", "area": "a", "zone": "entrance", "at": T(3), "people": 4}],
    "area_stays": [{"device": "door", "area": "a", "zone": "entrance", "at": T(3), "seconds": 12.5}],
    "rejected": [{"at": T(1), "topic": "greetline/1/x", "reason": "not JSON", "payload": b"{"}],
    "devices": [{"id": "door", "kind": "camera", "name": "Door", "zones": "[\"entrance\"]", "watch": "watching", "since": T(1),
                 "reason": "", "heard_at": T(5), "figures": "{}"}],
    "entrances": [{"token": "d3", "name": "Office", "role": "manager", "zone": "", "reusable": 0, "made_at": T(1),
                   "used_at": T(1)}],
    "plans": [{"camera": "door", "version": 1, "saved_at": T(1), "by": "k1", "body": "{}"}],
    "tickets": [
        {"id": f"t{n}", "token": f"token-{n}", "service": "returns", "issued_for": "returns", "number": n, "day": "2026-11-05",
         "t0": T(5), "place": T(5), "language": "nb", "channel": "kiosk", "state": "finished", "version": 2, "priority": 0,
         "counter": "one", "staff": "k1", "called_at": T(5), "calls": 1, "started_at": T(5), "missed": 0, "away_used": 0,
         "reason": "", "outcome": "solved", "ended_at": T(5), "untrusted": 0}
        for n in (1, 2)
    ],
    "ticket_moves": [
        {"ticket": f"t{n}", "at": T(5), "by": "k1", "move": move, "was": was, "became": became, "service": "returns",
         "place": T(5), "reason": "", "key": ""}
        for n in (1, 2)
        for move, was, became in (("issue", "", "waiting"), ("call", "waiting", "called"), ("start", "called", "serving"),
                                  ("finish", "serving", "finished"))
    ],
    "feedback": [{"ticket": "t1", "at": T(5), "service": "returns", "verdict": "good"}],
}  # fmt: skip


def made(last: str) -> sqlite_utils.Database:
    """Return a store in memory whose newest migration is *last*, with the rows that fit it."""
    db = sqlite_utils.Database(memory=True)
    migrations.apply(db, stop_before=_next(last))
    for table, rows in ROWS.items():
        if db[table].exists():
            names = {column.name for column in db[table].columns}
            db[table].insert_all([{name: value for name, value in row.items() if name in names} for row in rows])  # type: ignore[union-attr]
    return db


def _next(last: str) -> str | None:
    names = NAMES
    place = names.index(last) + 1
    return names[place] if place < len(names) else None


def main(names: list[str]) -> None:
    """Write the stores of *names*, or of all that have shipped."""
    FIXTURES.mkdir(exist_ok=True)
    for name in names or SHIPPED:
        script = "\n".join(made(name).conn.iterdump())
        (FIXTURES / f"{name}.sql").write_text(script + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
