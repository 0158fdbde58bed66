"""Which visits were greeted by whom: read only where a shop reports by person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlite_utils import Database

from broker.domain.standards import age
from broker.domain.visit import State
from broker.store.database import text


@dataclass(frozen=True, slots=True)
class Greeter:
    """One greeting: the visit's T0 and zone, who greeted, and after how many seconds."""

    t0: datetime
    zone: str
    person: str
    seconds: float


def between(db: Database, begin: datetime, end: datetime, *, zone: str | None = None) -> Iterator[Greeter]:
    """Yield each greeting of the visits that count with begin <= T0 < end, by somebody who is known."""
    rows = db.execute(
        "SELECT t0, zone, acknowledged_by, acknowledged_at FROM visits WHERE t0 >= :begin AND t0 < :end"
        " AND (:zone IS NULL OR zone = :zone) AND acknowledged_at IS NOT NULL AND coalesce(acknowledged_by, '') != ''"
        " AND late = 0 AND state NOT IN (:dismissed, :merged)",
        {"begin": text(begin), "end": text(end), "zone": zone, "dismissed": State.DISMISSED, "merged": State.MERGED},
    )
    for t0, place, person, met in rows:
        came = datetime.fromisoformat(t0)
        yield Greeter(came, place, person, age(came, datetime.fromisoformat(met)))
