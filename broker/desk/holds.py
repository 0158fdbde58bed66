"""Who is on hold longer than they were told: the holder's zone hears of it at once, the lead when it lasts much longer."""

from __future__ import annotations

from datetime import datetime

from broker.desk import alerts as desk_alerts
from broker.desk import board
from broker.domain.alerts import Alert, AlertKind, AlertMove, AlertState, Level
from broker.domain.ticket import Move, State, Ticket
from broker.shop import Shop
from broker.store import alerts, tickets
from broker.store.database import change


def run_due(shop: Shop) -> int:
    """Raise, climb and clear the alerts of holds, as they stand now. Return how many alerts changed."""
    now = shop.clock()
    overdue = _overdue(shop, now)
    if not overdue and not alerts.live(shop.db, kind=AlertKind.HOLD_OVERDUE):
        return 0
    with change(shop.db):
        overdue = _overdue(shop, now)
        live = {alert.subject: alert for alert in alerts.live(shop.db, kind=AlertKind.HOLD_OVERDUE)}
        made = sum(_raise(shop, ticket, live.get(ticket.id), now) for ticket in overdue.values())
        for subject, alert in live.items():
            if subject not in overdue:
                desk_alerts.clear(shop, alert, now)
                made += 1
    return made


def lead_due(shop: Shop, ticket: Ticket) -> datetime | None:
    """Return when the lead hears of this hold: once it has lasted `lead_at_hold_share` times what was said; None for no hold."""
    began = _began(shop, ticket)
    if ticket.state is not State.HELD or ticket.until is None or began is None:
        return None
    return began + (ticket.until - began) * shop.promises.lead_at_hold_share


def _overdue(shop: Shop, now: datetime) -> dict[str, Ticket]:
    held = (t for t in tickets.open_ones(shop.db) if t.state is State.HELD and t.until is not None and t.until <= now)
    return {ticket.id: ticket for ticket in held}


def _raise(shop: Shop, ticket: Ticket, alert: Alert | None, now: datetime) -> int:
    made = 0
    if alert is None:
        alert = desk_alerts.raise_(
            shop, AlertKind.HOLD_OVERDUE, ticket.id, _zone(shop, ticket), since=ticket.until or now, at=now,
            by=ticket.staff or "", detail=board.shown(shop, ticket),
        )  # fmt: skip
        made = 1
    due = lead_due(shop, ticket)
    if due is None or now < due or alert.state is not AlertState.RAISED or alert.level is Level.LEAD:
        return made
    while alert.level < Level.LEAD:
        alert = desk_alerts.move(shop, alert, AlertMove.CLIMB, now)
    return made + 1


def _began(shop: Shop, ticket: Ticket) -> datetime | None:
    """Return when what was said last about the hold was said: a hold that was made longer begins anew."""
    said = [move.at for move in tickets.moves_of(shop.db, ticket.id) if move.move == Move.HOLD]
    return said[-1] if said else None


def _zone(shop: Shop, ticket: Ticket) -> str:
    return next((service.zone or "" for service in shop.settings.services if service.id == ticket.service), "")
