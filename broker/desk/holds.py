"""Who is on hold longer than they were told, and who was promised a call that nobody makes.

The holder's zone hears of a hold at once and the lead when it lasts much longer. A call-back is said to both before its
window ends: afterwards there would be nothing left to keep.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.desk import board
from broker.domain.alerts import Alert, AlertKind, AlertMove, AlertState, Level
from broker.domain.ticket import Move, State, Ticket
from broker.shop import Shop
from broker.store import alerts, tickets
from broker.store.database import change

MOST_LOOKED_AT: Final = 1_000
"""Holds and call-backs looked at in one turn, those who came first at the beginning."""


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


def zone_due(shop: Shop, ticket: Ticket) -> datetime | None:
    """Return when the zone hears of *ticket*: when the hold was to end, or late in a call-back's window; None for any other."""
    if ticket.until is None or ticket.state not in (State.HELD, State.BOOKED):
        return None
    if ticket.state is State.HELD:
        return ticket.until
    return _in_window(shop, ticket, ticket.until, shop.promises.callback_zone_share)


def lead_due(shop: Shop, ticket: Ticket) -> datetime | None:
    """Return when the lead hears of it: once a hold has lasted `lead_at_hold_share` times what was said, or when most of a
    call-back's window has gone; None for neither.
    """
    if ticket.until is None or ticket.state not in (State.HELD, State.BOOKED):
        return None
    if ticket.state is State.BOOKED:
        return _in_window(shop, ticket, ticket.until, shop.promises.callback_lead_share)
    began = _began(shop, ticket, Move.HOLD)
    return None if began is None else began + (ticket.until - began) * shop.promises.lead_at_hold_share


def _in_window(shop: Shop, ticket: Ticket, until: datetime, share: float) -> datetime:
    """Return when *share* of the window in which *ticket* is to be called back has gone."""
    opens = until - timedelta(seconds=shop.promises.callback_window)
    begins = max(opens, _began(shop, ticket, Move.BOOK) or opens)
    return begins + (until - begins) * share


def _overdue(shop: Shop, now: datetime) -> dict[str, Ticket]:
    """Return those nobody has come back to. After closing nobody is alarmed: the lead's page still lists them."""
    if not shop.hours.open_at(now):
        return {}
    here = tickets.in_states(shop.db, (State.HELD, State.BOOKED), limit=MOST_LOOKED_AT)
    return {ticket.id: ticket for ticket in here if (due := zone_due(shop, ticket)) is not None and due <= now}


def _raise(shop: Shop, ticket: Ticket, alert: Alert | None, now: datetime) -> int:
    made = 0
    if alert is None:
        alert = desk_alerts.raise_(
            shop, AlertKind.HOLD_OVERDUE, ticket.id, _zone(shop, ticket), since=zone_due(shop, ticket) or now, at=now,
            by=ticket.staff or "", detail=board.shown(shop, ticket),
        )  # fmt: skip
        made = 1
    due = lead_due(shop, ticket)
    if due is None or now < due or alert.state is not AlertState.RAISED or alert.level is Level.LEAD:
        return made
    while alert.level < Level.LEAD:
        alert = desk_alerts.move(shop, alert, AlertMove.CLIMB, now)
    return made + 1


def _began(shop: Shop, ticket: Ticket, what: Move) -> datetime | None:
    """Return when what was said last about the hold or the call-back was said: a hold that was made longer begins anew."""
    said = [move.at for move in tickets.moves_of(shop.db, ticket.id) if move.move == what]
    return said[-1] if said else None


def _zone(shop: Shop, ticket: Ticket) -> str:
    return next((service.zone or "" for service in shop.settings.services if service.id == ticket.service), "")
