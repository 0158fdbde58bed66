"""How each zone is, for a light above it, and what a button beside the light does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.desk import visits as desk_visits
from broker.domain.alerts import Alert, AlertKind, AlertMove, AlertState, Level
from broker.domain.visit import Move, State
from broker.shop import Shop
from broker.store import alerts, answers, visits
from broker.store.database import change

CALM: Final = "calm"
WAITING: Final = "waiting"
OVERDUE: Final = "overdue"
ESCALATED: Final = "escalated"

CALLS: Final = frozenset({AlertKind.WAITING, AlertKind.QUEUE_OVER, AlertKind.HOLD_OVERDUE, AlertKind.HELP})
"""What lights a light: somebody wants a person. A device that needs a hand does not."""


@dataclass(frozen=True, slots=True)
class Lit:
    """One zone: its state, how many wait for a greeting, and since when the first of them does."""

    state: str
    waiting: int = 0
    since: datetime | None = None


def lit(shop: Shop) -> dict[str, Lit]:
    """Return how every zone of the settings is."""
    here = [visit for visit in visits.waiting(shop.db) if not visit.late]
    raised = _raised(shop)
    found = {}
    for zone in shop.zones:
        t0s = [visit.t0 for visit in here if visit.zone == zone]
        levels = [alert.level for alert in raised if alert.zone == zone]
        state = WAITING if t0s else CALM
        if levels:
            state = ESCALATED if max(levels) >= Level.EVERYBODY else OVERDUE
        found[zone] = Lit(state, len(t0s), min(t0s, default=None))
    return found


def take(shop: Shop, zone: str, *, by: str, key: str) -> Alert | None:
    """Say that somebody takes care of the oldest alert of *zone*, and return it; None when nothing calls there.

    For a waiting customer that is "I'm going", which runs out when nobody went. The same *key* does it once. No alert of
    another zone is ever touched.
    """
    with change(shop.db):
        if answers.known(shop.db, key):
            return None
        now = shop.clock()
        answers.keep(shop.db, key, now)
        alert = min(
            (each for each in _raised(shop) if each.zone == zone),
            key=lambda each: (each.raised_at or each.since, each.id),
            default=None,
        )
        if alert is None:
            return None
        if alert.kind is not AlertKind.WAITING:
            return desk_alerts.move(shop, alert, AlertMove.ACKNOWLEDGE, now, by=by)
        visit = visits.get(shop.db, alert.subject)
        if visit.state in (State.OVERDUE, State.ESCALATED):
            desk_visits.make(shop, visit, Move.CLAIM, max(now, visit.t0), by=by)
        return alerts.find(shop.db, alert.id)


def _raised(shop: Shop) -> list[Alert]:
    return [alert for alert in alerts.live(shop.db) if alert.state is AlertState.RAISED and alert.kind in CALLS]
