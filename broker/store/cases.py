"""What is known of a customer's matter: the recap, the briefing of a lead, problems that were promised, feedback."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, TypeVar

from sqlite_utils import Database

from broker.store.database import moment, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """What a customer said, in their words, and what happens next. `confirmed` is "yes", "skipped" or None so far."""

    ticket: str
    heard: str
    has: str
    tried: str
    next: str
    by: str
    at: datetime
    confirmed: str | None = None
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What a lead reads before they come."""

    ticket: str
    happened: str
    tried: str
    wanted: str
    by: str
    at: datetime
    answered_by: str | None = None
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that was promised: what was heard, who owns it, what is done, by when, and whether they were told."""

    id: str
    ticket: str | None
    visit: str | None
    service: str
    kind: str
    heard: str
    owner: str
    action: str
    promised_by: datetime | None
    opened_at: datetime
    opened_by: str
    told_at: datetime | None = None
    outcome: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None


_Row = TypeVar("_Row", Recap, Briefing, Problem)
_TABLES: Final[dict[type, str]] = {Recap: "recaps", Briefing: "briefings", Problem: "problems"}
_MOMENTS: Final = frozenset({"at", "confirmed_at", "answered_at", "promised_by", "opened_at", "told_at", "closed_at"})


class NoSuchProblem(LookupError):
    """There is no problem of that id in this store."""


def save(db: Database, row: Recap | Briefing | Problem) -> None:
    """Write *row*, new or changed."""
    names = [field.name for field in fields(row)]
    values = [text(getattr(row, name)) if name in _MOMENTS else getattr(row, name) for name in names]
    asked = f"INSERT OR REPLACE INTO {_TABLES[type(row)]} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    db.conn.execute(asked, values)


def recap(db: Database, ticket: str) -> Recap | None:
    """Return the recap of a ticket, or None."""
    return next(iter(_rows(db, Recap, "WHERE ticket = ?", [ticket])), None)


def briefing(db: Database, ticket: str) -> Briefing | None:
    """Return the briefing of a ticket, or None."""
    return next(iter(_rows(db, Briefing, "WHERE ticket = ?", [ticket])), None)


def problem(db: Database, problem_id: str) -> Problem:
    """Return one problem. Raises NoSuchProblem."""
    found = _rows(db, Problem, "WHERE id = ?", [problem_id])
    if not found:
        raise NoSuchProblem(problem_id)
    return found[0]


def open_problems(db: Database) -> list[Problem]:
    """Return the problems that are not closed: those promised soonest first, then those without a promise."""
    return _rows(db, Problem, "WHERE closed_at IS NULL ORDER BY promised_by IS NULL, promised_by, opened_at", [])


def count_problems(db: Database, now: datetime) -> tuple[int, int]:
    """Return how many problems are open, and how many of them were promised by a time that has passed."""
    asked = "SELECT count(*), count(*) FILTER (WHERE promised_by <= ?) FROM problems WHERE closed_at IS NULL"
    row = db.execute(asked, [text(now)]).fetchone()
    return int(row[0]), int(row[1])


def problems_between(db: Database, begin: datetime, end: datetime) -> list[Problem]:
    """Return the problems opened with begin <= time < end, oldest first."""
    return _rows(db, Problem, "WHERE opened_at >= ? AND opened_at < ? ORDER BY opened_at", [text(begin), text(end)])


def save_feedback(db: Database, ticket: str, service: str, verdict: str, at: datetime) -> None:
    """Write what a customer thought of it, in place of what they thought before."""
    row = [ticket, text(at), service, verdict]
    db.conn.execute("INSERT OR REPLACE INTO feedback (ticket, at, service, verdict) VALUES (?, ?, ?, ?)", row)


def feedback(db: Database, ticket: str) -> str | None:
    """Return what a customer thought of it, or None."""
    row = db.execute("SELECT verdict FROM feedback WHERE ticket = ?", [ticket]).fetchone()
    return row[0] if row else None


def _rows(db: Database, kind: type[_Row], where: str, values: Iterable[Any]) -> list[_Row]:
    names = [field.name for field in fields(kind)]
    found = db.execute(f"SELECT {', '.join(names)} FROM {_TABLES[kind]} {where}", list(values)).fetchall()
    made = []
    for row in found:
        columns: dict[str, Any] = {
            name: moment(value) if name in _MOMENTS else value for name, value in zip(names, row, strict=True)
        }
        made.append(kind(**columns))
    return made
