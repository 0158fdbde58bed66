"""Which counters are open, by whom, and when they were on a break; and which services are paused."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.store.database import text

OPEN: Final = "open"
BREAK: Final = "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A counter was open, or on a break, from `began` to `ended` (None while it is)."""

    id: str
    counter: str
    staff: str
    kind: str
    began: datetime
    ended: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePause:
    """No tickets are given for a service from `began` until `until`, unless it was ended before."""

    id: str
    service: str
    began: datetime
    until: datetime
    by: str
    reason: str


def now(db: Database) -> dict[str, Shift]:
    """Return for each counter that is open or on a break its running shift."""
    return {shift.counter: shift for shift in _shifts(db, "WHERE ended IS NULL ORDER BY began", [])}


def between(db: Database, begin: datetime, end: datetime) -> list[Shift]:
    """Return the shifts that touch begin <= time < end, oldest first."""
    return _shifts(db, "WHERE began < ? AND (ended IS NULL OR ended > ?) ORDER BY began", [text(end), text(begin)])


def begin(db: Database, counter: str, staff: str, kind: str, at: datetime) -> Shift:
    """End the running shift of *counter*, and begin one of *kind*."""
    end(db, counter, at)
    shift = Shift(id=secrets.token_hex(8), counter=counter, staff=staff, kind=kind, began=at)
    row = [shift.id, counter, staff, text(at), kind]
    db.conn.execute("INSERT INTO counter_shifts (id, counter, staff, began, kind) VALUES (?, ?, ?, ?, ?)", row)
    return shift


def end(db: Database, counter: str, at: datetime) -> bool:
    """End the running shift of *counter*; return whether there was one."""
    done = db.conn.execute("UPDATE counter_shifts SET ended = ? WHERE counter = ? AND ended IS NULL", [text(at), counter])
    return done.rowcount > 0


def pauses(db: Database) -> list[ServicePause]:
    """Return the pauses of services that have not been ended."""
    asked = "SELECT id, service, began, until, by, reason FROM service_pauses WHERE ended IS NULL ORDER BY began"
    return [
        ServicePause(id=i, service=s, began=datetime.fromisoformat(b), until=datetime.fromisoformat(u), by=by, reason=why)
        for i, s, b, u, by, why in db.execute(asked).fetchall()
    ]


def pause(db: Database, paused: ServicePause) -> None:
    """Write a pause; one that runs for the same service is ended first."""
    resume(db, paused.service, paused.began)
    row = [paused.id, paused.service, text(paused.began), text(paused.until), paused.by, paused.reason]
    db.conn.execute("INSERT INTO service_pauses (id, service, began, until, by, reason) VALUES (?, ?, ?, ?, ?, ?)", row)


def resume(db: Database, service: str, at: datetime) -> bool:
    """End the pause of *service*; return whether there was one."""
    done = db.conn.execute("UPDATE service_pauses SET ended = ? WHERE service = ? AND ended IS NULL", [text(at), service])
    return done.rowcount > 0


def _shifts(db: Database, where: str, values: Iterable[Any]) -> list[Shift]:
    asked = f"SELECT id, counter, staff, kind, began, ended FROM counter_shifts {where}"
    return [
        Shift(
            id=i, counter=counter, staff=staff, kind=kind, began=datetime.fromisoformat(began),
            ended=datetime.fromisoformat(ended) if ended else None,
        )
        for i, counter, staff, kind, began, ended in db.execute(asked, list(values)).fetchall()
    ]  # fmt: skip
