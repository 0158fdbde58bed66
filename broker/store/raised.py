"""The alerts that were raised over some days, as few columns: what a report reads of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from broker.store.database import text


@dataclass(frozen=True, slots=True)
class Raised:
    """One alert: its kind, zone and level, when it was raised, and the seconds until somebody answered and until it was over."""

    at: datetime
    kind: str
    zone: str
    level: int
    answered: float | None
    over: float | None


def between(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> Iterator[Raised]:
    """Yield the alerts with begin <= raised < end, oldest first."""
    rows = db.execute(
        "SELECT raised_at, kind, zone, level, acknowledged_at, resolved_at FROM alerts"
        " WHERE raised_at >= :begin AND raised_at < :end AND (:zone IS NULL OR zone = :zone) ORDER BY raised_at, id",
        {"begin": text(begin), "end": text(end), "zone": zone},
    )
    for raised, kind, place, level, acknowledged, resolved in rows:
        at = datetime.fromisoformat(raised)
        answered = min((moment for moment in (acknowledged, resolved) if moment), default=None)
        yield Raised(at, kind, place or "", int(level), _after(at, answered), _after(at, resolved))


def _after(at: datetime, moment: str | None) -> float | None:
    return None if moment is None else max(0.0, (datetime.fromisoformat(moment) - at).total_seconds())
