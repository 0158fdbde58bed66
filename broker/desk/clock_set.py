"""The machine's clock was set: whoever waits has waited neither longer nor shorter for it."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from broker.domain.alerts import Alert
from broker.domain.facts import Fact, FactKind
from broker.domain.visit import Visit
from broker.shop import Shop
from broker.store import alerts, devices, journal, visits
from broker.store.database import change

MOVE: Final = "clock_set"
"""What the journal calls it."""
_Row = TypeVar("_Row", Visit, Alert)


def clock_set(shop: Shop, by: timedelta) -> int:
    """Move what is going on *by* as much as the clock was set: visits that wait, live alerts, when devices were heard.

    What is over stays as it was written. Return how many visits were moved.
    """
    with change(shop.db):
        now, here = shop.clock(), visits.waiting(shop.db)
        for visit in here:
            moved = replace(_moved(visit, by), version=visit.version + 1)
            visits.save(shop.db, moved)
            body: dict[str, object] = {
                "move": MOVE, "from": str(visit.state), "to": str(visit.state), "detail": f"{by.total_seconds():.3f} s",
                "version": moved.version,
            }  # fmt: skip
            journal.append(
                shop.db, Fact(kind=FactKind.VISIT_MOVED, subject=visit.id, at=now, zone=visit.zone, by="clock", body=body)
            )
        alerts.save(shop.db, *(_moved(alert, by) for alert in alerts.live(shop.db)))
        for device in devices.everyone(shop.db):
            devices.save(shop.db, replace(device, heard_at=device.heard_at + by, since=device.since + by))
    return len(here)


def _moved(row: _Row, by: timedelta) -> _Row:
    times = {field.name: at + by for field in fields(row) if isinstance(at := getattr(row, field.name), datetime)}
    return replace(row, **times)  # type: ignore[arg-type]
