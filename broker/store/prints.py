"""Print jobs and the printer, as rows and back."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

from sqlite_utils import Database

from broker.domain.printing import Job, State, Trouble
from broker.store.database import moment, text

_COLUMNS: Final = tuple(field.name for field in fields(Job))
_MOMENTS: Final = ("queued_at", "due_at", "ended_at")
_SELECT: Final = f"SELECT {', '.join(_COLUMNS)} FROM prints"
_SAVE: Final = f"INSERT OR REPLACE INTO prints ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """How the printer was found last, since when, and who has it for how long. `trouble` is None for nothing wrong."""

    id: str
    trouble: Trouble | None
    since: datetime
    looked_at: datetime
    held_by: str = ""
    held_until: datetime | None = None


def save(db: Database, job: Job) -> None:
    """Write *job*, new or changed."""
    values = [text(getattr(job, name)) if name in _MOMENTS else getattr(job, name) for name in _COLUMNS]
    db.conn.execute(_SAVE, values)


def find(db: Database, job_id: str) -> Job | None:
    """Return one job, or None."""
    return next(iter(_all(db, "WHERE id = ?", [job_id])), None)


def open_ones(db: Database) -> list[Job]:
    """Return the jobs that have not ended, oldest first."""
    return _all(db, "WHERE ended_at IS NULL ORDER BY queued_at, id", [])


def of_ticket(db: Database, ticket: str) -> list[Job]:
    """Return the jobs of one ticket, newest first."""
    return _all(db, "WHERE ticket = ? ORDER BY queued_at DESC, id", [ticket])


def sweep(db: Database, before: datetime) -> None:
    """Delete the jobs that ended before that moment."""
    db.conn.execute("DELETE FROM prints WHERE ended_at < ?", [text(before)])


def printer(db: Database, printer_id: str) -> Printer | None:
    """Return the printer as it was found last, or None before it ever was."""
    row = db.execute("SELECT trouble, since, looked_at, held_by, held_until FROM printers WHERE id = ?", [printer_id]).fetchone()
    if row is None:
        return None
    trouble, since, looked_at, held_by, held_until = row
    return Printer(
        id=printer_id, trouble=Trouble(trouble) if trouble else None, since=datetime.fromisoformat(since),
        looked_at=datetime.fromisoformat(looked_at), held_by=held_by, held_until=moment(held_until),
    )  # fmt: skip


def save_printer(db: Database, found: Printer) -> None:
    """Write how the printer is."""
    row = [found.id, found.trouble or "", text(found.since), text(found.looked_at), found.held_by, text(found.held_until)]
    db.conn.execute(
        "INSERT OR REPLACE INTO printers (id, trouble, since, looked_at, held_by, held_until) VALUES (?, ?, ?, ?, ?, ?)", row
    )


def forget_printer(db: Database, printer_id: str) -> None:
    """Forget the printer: the shop has none any more."""
    db.conn.execute("DELETE FROM printers WHERE id = ?", [printer_id])


def _all(db: Database, where: str, values: list[Any]) -> list[Job]:
    return [_job(dict(zip(_COLUMNS, row, strict=True))) for row in db.execute(f"{_SELECT} {where}", values).fetchall()]


def _job(row: dict[str, Any]) -> Job:
    return Job(**row | {name: moment(row[name]) for name in _MOMENTS} | {"state": State(row["state"])})
