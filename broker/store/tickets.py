"""Tickets and their moves, as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from operator import attrgetter
from typing import Any, Final

from sqlite_utils import Database

from broker.domain.ticket import IN_LINE, Channel, Move, Outcome, State, Ticket
from broker.store.database import moment, text

_COLUMNS: Final = tuple(field.name for field in fields(Ticket))
_MOMENTS: Final = ("t0", "place", "called_at", "started_at", "until", "updated_at", "ended_at", "decided_at", "due_at")
_FLAGS: Final = ("away_used", "untrusted")
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM tickets"
_SAVE: Final = f"INSERT OR REPLACE INTO tickets ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"
_VALUES: Final = attrgetter(*_COLUMNS)
_TIMED: Final = tuple(_COLUMNS.index(name) for name in _MOMENTS)
_DAY: Final = _COLUMNS.index("day")


class NoSuchTicket(LookupError):
    """There is no ticket of that id in this store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One row of a ticket's history: what was done, by whom, from which state to which."""

    ticket: str
    at: datetime
    by: str
    move: str
    """A Move, or "issue"."""
    was: str
    became: State
    service: str
    counter: str | None
    place: datetime
    until: datetime | None = None
    reason: str = ""
    key: str = ""


def get(db: Database, ticket_id: str) -> Ticket:
    """Return one ticket. Raises NoSuchTicket."""
    found = _all(db, "WHERE id = ?", [ticket_id])
    if not found:
        raise NoSuchTicket(ticket_id)
    return found[0]


def of_token(db: Database, token: str) -> Ticket:
    """Return the ticket whose own page has *token* in its address. Raises NoSuchTicket."""
    found = _all(db, "WHERE token = ?", [token])
    if not found:
        raise NoSuchTicket("there is no ticket behind this address")
    return found[0]


def save(db: Database, *tickets: Ticket) -> None:
    """Write *tickets*, new or changed."""
    db.conn.executemany(_SAVE, [_row(ticket) for ticket in tickets])


def open_ones(db: Database) -> list[Ticket]:
    """Return every ticket that has not ended, in the order of the line."""
    return _all(db, "WHERE ended_at IS NULL ORDER BY place, t0, number, id", [])


def in_states(db: Database, states: Sequence[State], *, limit: int, offset: int = 0) -> list[Ticket]:
    """Return the open tickets in one of *states*, those who came first at the beginning, *limit* of them after *offset*."""
    asked = f"WHERE ended_at IS NULL AND state IN ({', '.join('?' * len(states))}) ORDER BY t0, number, id LIMIT ? OFFSET ?"
    return _all(db, asked, [*states, limit, offset])


def first_waiting(db: Database, service: str) -> Ticket | None:
    """Return who is first in line for *service*, without reading the line; None when nobody waits."""
    asked = "WHERE ended_at IS NULL AND service = ? AND state = ? ORDER BY place, t0, number, id LIMIT 1"
    found = _all(db, asked, [service, State.WAITING])
    return found[0] if found else None


def at_counters(db: Database) -> dict[str, Ticket]:
    """Return whom each counter has called or serves."""
    found = _all(db, "WHERE counter IS NOT NULL AND state IN ('called', 'serving')", [])
    return {ticket.counter: ticket for ticket in found if ticket.counter}


def tally(db: Database) -> list[tuple[str, State, int, datetime]]:
    """Return (service, state, how many, T0 of the oldest) of the open tickets."""
    asked = "SELECT service, state, count(*), min(t0) FROM tickets WHERE ended_at IS NULL GROUP BY service, state"
    return [(s, State(state), n, datetime.fromisoformat(t0)) for s, state, n, t0 in db.execute(asked).fetchall()]


def ended_since(db: Database, begin: datetime, *, limit: int) -> list[Ticket]:
    """Return the tickets that ended after *begin*, the last one first."""
    return _all(db, "WHERE ended_at > ? AND t0 > ? ORDER BY ended_at DESC LIMIT ?", [text(begin), _day_before(begin), limit])


def ahead(db: Database, ticket: Ticket) -> int:
    """Return how many in line for the same service stand before *ticket*, as `waiting.ahead` counts them, without reading them."""
    asked = (
        f"SELECT count(*) FROM tickets WHERE ended_at IS NULL AND service = ? AND state IN ({', '.join('?' * len(IN_LINE))}) "
        "AND (place, t0, number, id) < (?, ?, ?, ?)"
    )
    place = [text(ticket.place), text(ticket.t0), ticket.number, ticket.id]
    return int(db.execute(asked, [ticket.service, *IN_LINE, *place]).fetchone()[0])


def at_counter(db: Database, counter: str) -> Ticket | None:
    """Return whom *counter* has called or serves, or None."""
    # Written out, not bound: only so does SQLite use the index of those at a counter, and not read every ticket there ever was.
    found = _all(db, "WHERE counter = ? AND state IN ('called', 'serving')", [counter])
    return found[0] if found else None


def due(db: Database, now: datetime, *, limit: int = 500) -> list[Ticket]:
    """Return the tickets whose next decision has come, earliest first."""
    return _all(db, "WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?", [text(now), limit])


def next_due(db: Database) -> datetime | None:
    """Return the earliest moment at which a ticket needs a decision."""
    return moment(db.execute("SELECT min(due_at) FROM tickets WHERE due_at IS NOT NULL").fetchone()[0])


def between(db: Database, begin: datetime, end: datetime) -> list[Ticket]:
    """Return the tickets with begin <= T0 < end, oldest first."""
    return _all(db, "WHERE t0 >= ? AND t0 < ? ORDER BY t0, id", [text(begin), text(end)])


def newest_number(db: Database, service: str, day: date) -> int:
    """Return the highest number *service* gave on *day*, 0 before its first."""
    row = db.execute("SELECT max(number) FROM tickets WHERE issued_for = ? AND day = ?", [service, day.isoformat()]).fetchone()
    return int(row[0] or 0)


def kept_numbers(db: Database, service: str, day: date) -> frozenset[int]:
    """Return the numbers of *service* that open tickets of other days than *day* still have."""
    # The plus keeps SQLite from the index of all numbers the service ever gave: open tickets are few.
    asked = "SELECT number FROM tickets WHERE +issued_for = ? AND day <> ? AND ended_at IS NULL"
    return frozenset(row[0] for row in db.execute(asked, [service, day.isoformat()]).fetchall())


def append_moves(db: Database, *moves: Moved) -> None:
    """Write rows of history, inside the transaction that made them true."""
    db.conn.executemany(
        f"INSERT INTO ticket_moves ({_MOVED}) VALUES ({', '.join('?' * 12)})",
        [
            (
                m.ticket,
                text(m.at),
                m.by,
                m.move,
                m.was,
                m.became,
                m.service,
                m.counter,
                text(m.place),
                text(m.until),
                m.reason,
                m.key,
            )
            for m in moves
        ],
    )


def moves_of(db: Database, ticket_id: str) -> list[Moved]:
    """Return the history of one ticket, oldest first."""
    return _moves(db, "WHERE ticket = ? ORDER BY id", [ticket_id])


def moves_between(db: Database, begin: datetime, end: datetime) -> list[Moved]:
    """Return every move with begin <= at < end, oldest first."""
    return _moves(db, "WHERE at >= ? AND at < ? ORDER BY id", [text(begin), text(end)])


def moves_after(db: Database, last: int, *, limit: int) -> list[tuple[int, Moved]]:
    """Return up to *limit* moves whose row of history is above *last*, oldest first, each with its row's number."""
    found = db.execute(f"SELECT id, {_MOVED} FROM ticket_moves WHERE id > ? ORDER BY id LIMIT ?", [last, limit]).fetchall()
    return [(row[0], _moved(row[1:])) for row in found]


def last_call(db: Database) -> datetime | None:
    """Return when somebody was last called, or None."""
    # Written out, not bound: only so does SQLite use the index of calls.
    row = db.execute(f"SELECT at FROM ticket_moves WHERE move = '{Move.CALL}' ORDER BY id DESC LIMIT 1").fetchone()
    return moment(row[0]) if row else None


@dataclass(frozen=True, slots=True)
class Called:
    """A ticket was called, or called again: the number of that row of history, and when."""

    number: int
    ticket: str
    at: datetime
    again: bool


def newest_calls(db: Database, since: datetime, *, limit: int) -> list[Called]:
    """Return the newest call of each ticket called since then, newest first."""
    # The plus keeps SQLite from walking every move there ever was, in the order of tickets, to save itself a sort of a few.
    asked = (
        "SELECT max(id), ticket, max(at), count(*) > 1 FROM ticket_moves "
        f"WHERE move IN ('{Move.CALL}', '{Move.RECALL}') AND at >= ? GROUP BY +ticket ORDER BY max(id) DESC LIMIT ?"
    )
    rows = db.execute(asked, [text(since), limit]).fetchall()
    return [Called(number, ticket, datetime.fromisoformat(at), bool(again)) for number, ticket, at, again in rows]


def of_key(db: Database, key: str) -> str | None:
    """Return the ticket that the request with this idempotency key made or moved, or None for a new request."""
    row = db.execute("SELECT ticket FROM ticket_keys WHERE key = ?", [key]).fetchone()
    return row[0] if row else None


def keep_key(db: Database, key: str, ticket_id: str, at: datetime) -> None:
    """Remember which ticket a request was about."""
    db.conn.execute("INSERT OR REPLACE INTO ticket_keys (key, at, ticket) VALUES (?, ?, ?)", [key, text(at), ticket_id])


def _day_before(moment: datetime) -> str | None:
    """Return a bound for T0, so that the index of T0 is used: nobody's ticket is open for two days."""
    return text(moment - timedelta(days=2))


_MOVED: Final = "ticket, at, by, move, was, became, service, counter, place, until, reason, key"


def _moves(db: Database, where: str, values: Sequence[Any]) -> list[Moved]:
    return [_moved(row) for row in db.execute(f"SELECT {_MOVED} FROM ticket_moves {where}", list(values)).fetchall()]


def _moved(row: Sequence[Any]) -> Moved:
    ticket, at, by, move, was, became, service, counter, place, until, reason, key = row
    return Moved(
        ticket=ticket, at=datetime.fromisoformat(at), by=by, move=move, was=was, became=State(became), service=service,
        counter=counter, place=datetime.fromisoformat(place), until=moment(until), reason=reason, key=key,
    )  # fmt: skip


def _all(db: Database, where: str, values: Iterable[Any]) -> list[Ticket]:
    return [_ticket(row) for row in db.execute(f"{_SELECT} {where}", list(values)).fetchall()]


def _row(ticket: Ticket) -> list[Any]:
    row = list(_VALUES(ticket))
    for place in _TIMED:
        row[place] = text(row[place])
    row[_DAY] = row[_DAY].isoformat()
    return row


def _ticket(row: Sequence[Any]) -> Ticket:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _MOMENTS:
        values[name] = moment(values[name])
    for name in _FLAGS:
        values[name] = bool(values[name])
    values["day"] = date.fromisoformat(values["day"])
    values["state"], values["channel"] = State(values["state"]), Channel(values["channel"])
    values["undo_to"] = State(values["undo_to"]) if values["undo_to"] else None
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    return Ticket(**values)


ISSUE: Final = "issue"
"""The first row of every history; the others name a Move."""

MOVES: Final = frozenset({ISSUE, *Move})
