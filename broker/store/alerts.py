"""Alerts, as rows and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.domain.alerts import Alert, AlertKind, AlertState, Level
from broker.store.database import moment, text

_COLUMNS: Final = tuple(field.name for field in fields(Alert))
_MOMENTS: Final = frozenset(("since", "raised_at", "acknowledged_at", "cleared_at", "resolved_at", "due_at"))
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM alerts"
_SAVE: Final = f"INSERT OR REPLACE INTO alerts ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


def _alert(row: Sequence[Any]) -> Alert:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _MOMENTS:
        values[name] = moment(values[name])
    values |= {
        "kind": AlertKind(values["kind"]), "state": AlertState(values["state"]),
        "level": Level(values["level"]), "again": bool(values["again"]),
    }  # fmt: skip
    return Alert(**values)


def save(db: Database, *alerts: Alert) -> None:
    """Write *alerts*, new or changed."""
    rows = [tuple(text(getattr(a, n)) if n in _MOMENTS else getattr(a, n) for n in _COLUMNS) for a in alerts]
    db.conn.executemany(_SAVE, rows)


def live(db: Database, *, kind: AlertKind | None = None, subject: str | None = None) -> list[Alert]:
    """Return the alerts that are not resolved, oldest first, of one *kind* or about one *subject* if given."""
    where = "WHERE resolved_at IS NULL"
    values: list[str] = []
    if kind is not None:
        where, values = where + " AND kind = ?", [*values, str(kind)]
    if subject is not None:
        where, values = where + " AND subject = ?", [*values, subject]
    return _all(db, where + " ORDER BY since, id", values)


def find(db: Database, alert_id: str) -> Alert | None:
    """Return one alert, or None."""
    found = _all(db, "WHERE id = ?", [alert_id])
    return found[0] if found else None


def due(db: Database, now: datetime, *, limit: int = 500) -> list[Alert]:
    """Return the alerts whose next decision has come, earliest first."""
    return _all(db, "WHERE due_at IS NOT NULL AND due_at <= ? ORDER BY due_at LIMIT ?", [text(now), limit])


def next_due(db: Database) -> datetime | None:
    """Return the earliest moment at which an alert needs a decision."""
    return moment(db.execute("SELECT min(due_at) FROM alerts WHERE due_at IS NOT NULL").fetchone()[0])


def raised_since(db: Database, begin: datetime) -> list[datetime]:
    """Return the moments after *begin* at which alerts were raised."""
    rows = db.execute("SELECT raised_at FROM alerts WHERE raised_at > ?", [text(begin)]).fetchall()
    return [found for row in rows if (found := moment(row[0])) is not None]


def _all(db: Database, where: str, values: Iterable[Any]) -> list[Alert]:
    return [_alert(row) for row in db.execute(f"{_SELECT} {where}", list(values)).fetchall()]
