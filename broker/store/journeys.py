"""What the figures of tickets read of the past: each ticket with its history, its recap, its briefing and its feedback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlite_utils import Database

from broker.domain.journeys import Passage
from broker.domain.ticket import Outcome, State
from broker.store.database import moment, text

READ_ROWS: Final = 1000
"""Rows fetched at a time."""
OPEN_BEFORE: Final = timedelta(days=2)
"""A ticket that was taken longer before is not looked for among those who still stood in the line."""

_TICKETS: Final = """FROM tickets AS t
    LEFT JOIN feedback AS f ON f.ticket = t.id LEFT JOIN recaps AS r ON r.ticket = t.id LEFT JOIN briefings AS b ON b.ticket = t.id
    WHERE t.t0 >= :first AND t.t0 < :end AND (t.t0 >= :begin OR t.ended_at IS NULL OR t.ended_at >= :begin)"""
_COLUMNS: Final = (
    "t.id, t.t0, t.issued_for, t.number, t.state, t.outcome, t.visit, t.told_from, t.told_to, t.untrusted, "
    "f.verdict, r.ticket, r.confirmed, b.at, b.answered_at"
)
_PASSAGES: Final = """SELECT m.id, m.ticket, m.at, m.by, m.move, m.was, m.became, m.service, m.counter, m.place, m.until, m.reason
    FROM tickets AS t CROSS JOIN ticket_moves AS m ON m.ticket = t.id
    WHERE t.t0 >= :first AND t.t0 < :end AND (t.t0 >= :begin OR t.ended_at IS NULL OR t.ended_at >= :begin) ORDER BY m.id"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One ticket as the figures read it: no name of anybody is in it."""

    id: str
    t0: datetime
    issued_for: str
    number: int
    state: State
    outcome: Outcome | None
    visit: str | None
    told_from: float | None
    told_to: float | None
    untrusted: bool
    verdict: str
    recap: str
    briefed_at: datetime | None
    answered_at: datetime | None


def taken(db: Database, begin: datetime, end: datetime) -> list[Taken]:
    """Return the tickets with begin <= T0 < end, and those from before that had not ended at *begin*, oldest first."""
    rows = db.execute(f"SELECT {_COLUMNS} {_TICKETS} ORDER BY t.t0, t.id", _between(begin, end)).fetchall()
    return [_taken(row) for row in rows]


def passages(db: Database, begin: datetime, end: datetime) -> Iterator[Passage]:
    """Yield the whole histories of the tickets that `taken` gives for the same time, in the order in which they were made."""
    found = db.execute(_PASSAGES, _between(begin, end))
    while some := found.fetchmany(READ_ROWS):
        for number, ticket, at, by, move, was, became, service, counter, place, until, reason in some:
            yield Passage(
                number, ticket, datetime.fromisoformat(at), by, move, was, State(became), service, counter, place, moment(until),
                reason,
            )  # fmt: skip


def lead_calls(db: Database, begin: datetime, briefed: datetime) -> dict[str, datetime]:
    """Return by ticket when the lead was called for the matter of its briefing: the last call up to when that was written.

    Looks at calls with begin <= at <= *briefed*, the moment of the latest briefing that is asked for: whoever is called again
    before they came is waited for since the first of these calls, whoever is called again after that since the new one.
    """
    rows = db.execute(
        "SELECT a.subject, max(a.raised_at) FROM alerts AS a JOIN briefings AS b ON b.ticket = a.subject "
        "WHERE a.raised_at >= ? AND a.raised_at <= ? AND a.kind = 'help' AND a.raised_at <= b.at GROUP BY a.subject",
        [text(begin), text(briefed)],
    ).fetchall()
    return {ticket: datetime.fromisoformat(at) for ticket, at in rows}


def _between(begin: datetime, end: datetime) -> dict[str, Any]:
    return {"first": text(begin - OPEN_BEFORE), "begin": text(begin), "end": text(end)}


def _taken(row: tuple[Any, ...]) -> Taken:
    id_, t0, service, number, state, outcome, visit, low, high, untrusted, verdict, recap, confirmed, briefed, answered = row
    return Taken(
        id=id_, t0=datetime.fromisoformat(t0), issued_for=service, number=number, state=State(state),
        outcome=Outcome(outcome) if outcome else None, visit=visit, told_from=low, told_to=high, untrusted=bool(untrusted),
        verdict=verdict or "", recap=(confirmed or "open") if recap else "", briefed_at=moment(briefed),
        answered_at=moment(answered),
    )  # fmt: skip
