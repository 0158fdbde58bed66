"""Alerts follow what they are about: a visit that turns red raises one, a claim acknowledges it, a greeting ends it."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from broker.domain import alerts as rules
from broker.domain.alerts import Alert, AlertKind, AlertMove, AlertState, Level
from broker.domain.facts import Fact, FactKind
from broker.domain.moves import IllegalMove
from broker.domain.visit import ENDED, State, Visit
from broker.failpoints import passing
from broker.shop import Shop
from broker.store import alerts, journal
from broker.store.database import change


def follow(shop: Shop, visit: Visit, at: datetime) -> None:
    """Bring the alerts about *visit* to where it stands now. Runs inside the transaction that changed it."""
    live = alerts.live(shop.db, subject=visit.id)
    waiting = next((alert for alert in live if alert.kind is AlertKind.WAITING), None)
    if visit.state in (State.OVERDUE, State.ESCALATED) and not visit.late:
        _sound(shop, visit, waiting, at)
    elif visit.state is State.CLAIMED:
        for alert in live:
            # Whoever called for help and goes there too has not answered the own call.
            if alert.state is AlertState.RAISED and not (alert.kind is AlertKind.HELP and alert.by == visit.claimed_by):
                move(shop, alert, AlertMove.ACKNOWLEDGE, at, by=visit.claimed_by or "")
    elif not visit.waiting:
        for alert in live:
            # A greeting answers the wait, not a call for help: that ends when a colleague says so or the visit ends.
            if alert.kind is not AlertKind.HELP or visit.state in ENDED:
                clear(shop, alert, at)


def _sound(shop: Shop, visit: Visit, alert: Alert | None, at: datetime) -> None:
    if alert is None:
        raise_(shop, AlertKind.WAITING, visit.id, visit.zone, since=visit.overdue_at or at, at=at)
    elif alert.state is AlertState.ACKNOWLEDGED:
        # However often a claim runs out: nobody went, so the customer is as unattended as before and the ladder goes on.
        move(shop, alert, AlertMove.RAISE_AGAIN, at)


def raise_(
    shop: Shop, kind: AlertKind, subject: str, zone: str, *, since: datetime, at: datetime, by: str = "", detail: str = ""
) -> Alert:
    """Raise an alert about *subject*, unless there is a live one; return the live one."""
    live = alerts.live(shop.db, kind=kind, subject=subject)
    if live:
        if live[0].state is AlertState.CLEARING:
            return move(shop, live[0], AlertMove.RETURN, at)
        return live[0]
    alert = rules.raised(
        id=secrets.token_hex(8), kind=kind, subject=subject, zone=zone, since=since, at=max(since, at), ladder=shop.ladder(kind),
        by=by, detail=detail,
    )  # fmt: skip
    alerts.save(shop.db, alert)
    journal.append(shop.db, _fact(alert, AlertMove.RAISE, at, by))
    return alert


HELP_AGAIN: Final = timedelta(seconds=60)
"""Somebody who asks so long after a colleague took the last call from that screen is asking anew."""


def ask_help(shop: Shop, screen: str, zone: str, *, by: str) -> Alert:
    """Somebody who stands at *screen* wants to talk to a person; one call at a time. Return the call."""
    with change(shop.db):
        now = shop.clock()
        alert = raise_(shop, AlertKind.HELP, screen, zone, since=now, at=now, by=by)
        stale = alert.acknowledged_at is not None and now - alert.acknowledged_at > HELP_AGAIN
        if alert.state is AlertState.ACKNOWLEDGED and stale:
            alert = move(shop, alert, AlertMove.RAISE_AGAIN, now)
    return alert


def find(shop: Shop, alert_id: str) -> Alert | None:
    """Return one alert, or None."""
    return alerts.find(shop.db, alert_id)


def clear(shop: Shop, alert: Alert, at: datetime) -> None:
    """Say that what *alert* was about is over; without an off-delay it is resolved at once."""
    if alert.state in (AlertState.CLEARING, AlertState.RESOLVED):
        return
    cleared = move(shop, alert, AlertMove.CLEAR, at)
    if cleared.state is AlertState.CLEARING and shop.ladder(alert.kind).off_delay <= 0:
        move(shop, cleared, AlertMove.RESOLVE, at)


def move(shop: Shop, alert: Alert, made: AlertMove, at: datetime, *, by: str = "") -> Alert:
    """Make one move of an alert and write it. Raises IllegalMove."""
    changed = alert.after(made, at, shop.ladder(alert.kind), by=by)
    alerts.save(shop.db, changed)
    journal.append(shop.db, _fact(changed, made, at, by))
    return changed


def reword(shop: Shop, alert: Alert, detail: str, at: datetime) -> Alert:
    """Say that what *alert* is about is now another matter: whoever took care of the first is asked anew."""
    if alert.detail == detail:
        return alert
    if alert.state is AlertState.ACKNOWLEDGED:
        alert = move(shop, alert, AlertMove.RAISE_AGAIN, at)
    reworded = replace(alert, detail=detail, version=alert.version + 1)
    alerts.save(shop.db, reworded)
    journal.append(shop.db, _fact(reworded, AlertMove.RAISE, at, ""))
    return reworded


def acknowledge(shop: Shop, alert_id: str, *, by: str) -> Alert | None:
    """Say that somebody takes care of an alert that is not about a waiting visit, such as a call for help.

    Raises IllegalMove for one that is: whoever takes care of a customer says "I'm going", which runs out.
    """
    with change(shop.db):
        alert = alerts.find(shop.db, alert_id)
        if alert is not None and alert.kind is AlertKind.WAITING:
            raise IllegalMove("alert", alert.state, AlertMove.ACKNOWLEDGE, "say that you are going to the customer instead")
        if alert is not None and alert.state is AlertState.RAISED:
            alert = move(shop, alert, AlertMove.ACKNOWLEDGE, shop.clock(), by=by)
    return alert


def resolve(shop: Shop, alert_id: str, *, by: str) -> Alert | None:
    """End a call for help: it was answered."""
    with change(shop.db):
        alert = alerts.find(shop.db, alert_id)
        if alert is not None and alert.kind is AlertKind.HELP:
            clear(shop, alert, shop.clock())
            alert = alerts.find(shop.db, alert_id)
    return alert


def run_due(shop: Shop) -> int:
    """Make the moves the clock owes to alerts: delays that have passed, levels that have come. Return how many."""
    now, made = shop.clock(), 0
    with change(shop.db):
        for alert in alerts.due(shop.db, now):
            for changed, what in rules.run_alert(alert, now, shop.ladder(alert.kind)):
                alerts.save(shop.db, changed)
                journal.append(shop.db, _fact(changed, what, now, "clock"))
                made += 1
                passing("alerts.climbed")
    return made


def flooded(shop: Shop, *, on_shift: int) -> bool:
    """Return whether more alerts were raised lately than the people on shift can answer."""
    limits = shop.settings.alerts
    window, now = timedelta(minutes=limits.flood_minutes), shop.clock()
    return rules.flooded(alerts.raised_since(shop.db, now - window), now, people=on_shift, limit=limits.flood_alerts, window=window)


def send(shop: Shop, visit: Visit, at: datetime, *, by: str) -> None:
    """Take the live alerts about *visit* to the zone it was sent to. Runs inside the transaction that sent it."""
    for alert in alerts.live(shop.db, subject=visit.id):
        moved = replace(alert, zone=visit.zone, version=alert.version + 1)
        alerts.save(shop.db, moved)
        journal.append(shop.db, _fact(moved, AlertMove.RAISE, at, by))


def lead_called_at(shop: Shop, alert: Alert) -> datetime | None:
    """Return when the shift lead was called by *alert*, or None."""
    lead = shop.ladder(alert.kind).lead
    if alert.level < Level.LEAD or alert.raised_at is None or lead is None:
        return None
    return alert.raised_at + timedelta(seconds=lead)


def _fact(alert: Alert, made: AlertMove, at: datetime, by: str) -> Fact:
    body = {
        "move": str(made),
        "state": str(alert.state),
        "kind": str(alert.kind),
        "about": alert.subject,
        "level": int(alert.level),
    }
    return Fact(kind=FactKind.ALERT, subject=alert.id, at=at, zone=alert.zone, by=by, body=body)
