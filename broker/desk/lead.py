"""What a shift lead sees and does: who waits for them and why, what is late, who is where, and how the queues run.

Like the floor's, the rows are in no language, times are UTC text, and ages are reckoned by the screen.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final

from broker.desk import alerts as desk_alerts
from broker.desk import cases as desk_cases
from broker.desk import counters as desk_counters
from broker.desk import in_line, problems, screens, tickets, visits
from broker.desk.people import name_of
from broker.desk.shifts import IDLE
from broker.domain import order
from broker.domain.alerts import Alert, AlertKind, load
from broker.domain.moves import IllegalMove
from broker.domain.ticket import MOVES, Move, Said, Ticket
from broker.domain.visit import Visit
from broker.shop import Shop
from broker.store import alerts, answers, cases, counters, people
from broker.store import tickets as stored
from broker.store import visits as stored_visits
from broker.store.database import change, text

Row = dict[str, Any]

MOST_ENDED: Final = 30
"""Tickets that ended a moment ago and may be opened again."""
HOUR: Final = timedelta(hours=1)
SHORTEST_PAUSE_MINUTES: Final = 1


def whole(shop: Shop) -> Row:
    """Return everything a lead's page shows."""
    now = shop.clock()
    return {
        "now": text(now),
        "lead": True,
        "open": shop.hours.open_at(now),
        "closes_at": text(shop.hours.closes_at(now)),
        "calls": calls(shop),
        "overdue": [screens.alert_row(shop, alert) for alert in alerts.live(shop.db, kind=AlertKind.HOLD_OVERDUE)],
        "problems": problems.rows(shop),
        "shift": on_shift(shop, now),
        "load": alarms(shop, now),
        "services": services(shop),
        "ended": ended(shop, now),
        "max_wait": shop.promises.max_wait,
        **in_line.line(shop),
    }


def calls(shop: Shop) -> list[Row]:
    """Return who asks for the lead: an upset customer or a colleague, with the briefing, longest waiting first.

    `due` is when a supervisor should be there; None for a colleague who wants a hand.
    """
    upset = {visit.id: visit for visit in stored_visits.upset(shop.db) if visit.taken_over_by is None}
    live = alerts.live(shop.db, kind=AlertKind.HELP)
    rows = [_call(shop, alert, upset.pop(alert.subject, None)) for alert in live]
    rows += [_upset(shop, visit) for visit in upset.values()]
    return sorted(rows, key=lambda row: (row["due"] is None, row["since"]))


def _call(shop: Shop, alert: Alert, visit: Visit | None) -> Row:
    row = screens.alert_row(shop, alert)
    since = visit.upset_at if visit and visit.upset_at else alert.since
    briefed = row["briefing"] is not None
    return {
        "alert": alert.id, "about": alert.subject, "zone_name": shop.zones.get(alert.zone, alert.zone), "upset": visit is not None,
        "by": alert.by, "by_name": row["by_name"], "since": text(since), "briefing": row["briefing"],
        "due": text(_answer_by(shop, since)) if briefed or visit else None, "coming": row["acknowledged_name"],
    }  # fmt: skip


def _upset(shop: Shop, visit: Visit) -> Row:
    since = visit.upset_at or visit.t0
    return {
        "alert": None, "about": visit.id, "zone_name": shop.zones.get(visit.zone, visit.zone), "upset": True, "by": None,
        "by_name": None, "since": text(since), "briefing": None, "due": text(_answer_by(shop, since)), "coming": None,
    }  # fmt: skip


def _answer_by(shop: Shop, since: datetime) -> datetime:
    return since + timedelta(seconds=shop.standards.upset_answer)


def on_shift(shop: Shop, now: datetime) -> list[Row]:
    """Return who is signed in and where, by name: on which screens, and at which counter."""
    names = {screen.id: screen.name for screen in people.screens(shop.db)}
    at_counter = {shift.staff: (shift, counter) for counter, shift in counters.now(shop.db).items()}
    here: dict[str, set[str]] = {}
    for session in people.sessions(shop.db):
        if session.seen_at > now - IDLE:
            here.setdefault(session.person, set()).add(names.get(session.screen, session.screen))
    for staff in at_counter:
        here.setdefault(staff, set())
    rows = []
    for person, on in here.items():
        shift, counter = at_counter.get(person, (None, None))
        found = next((c.name for c in shop.settings.counters if c.id == counter), counter)
        rows.append(
            {"id": person, "name": name_of(shop, person), "screens": sorted(on), "counter": found,
             "kind": shift.kind if shift else None, "since": text(shift.began) if shift else None}
        )  # fmt: skip
    return sorted(rows, key=lambda row: str(row["name"]))


def alarms(shop: Shop, now: datetime) -> Row:
    """Return how many alerts were raised in the last hour for each person on shift, and in each hour of the day so far."""
    begin = shop.hours.day_begins(shop.hours.business_day(now))
    raised = alerts.raised_since(shop.db, min(begin, now - HOUR))
    staff = max(1, screens.on_shift(shop))
    each = sum(moment > now - HOUR for moment in raised) / staff
    hours = Counter(moment.replace(minute=0, second=0, microsecond=0) for moment in raised if moment >= begin)
    return {
        "per_person": round(each, 1), "people": staff, "band": load(each),
        "hours": [{"at": text(hour), "alerts": hours[hour]} for hour in sorted(hours)],
    }  # fmt: skip


def services(shop: Shop) -> list[Row]:
    """Return the services: how many wait for each, and whether it gives tickets now."""
    paused = {pause.service: pause for pause in counters.pauses(shop.db)}
    waits = {row["id"]: row for row in in_line.counts(shop)["services"]}
    rows = []
    for service in shop.settings.services:
        pause, line = paused.get(service.id), waits.get(service.id)
        rows.append(
            {"id": service.id, "name": service.name, "waiting": line["waiting"] if line else 0,
             "oldest": line["oldest"] if line else None, "paused_until": text(pause.until) if pause else None,
             "reason": pause.reason if pause else "", "by_name": name_of(shop, pause.by) if pause else None}
        )  # fmt: skip
    return rows


def ended(shop: Shop, now: datetime) -> list[Row]:
    """Return the tickets that ended so short a while ago that they can be opened again, the last one first."""
    since = now - timedelta(seconds=shop.promises.reopen)
    found = stored.ended_since(shop.db, since, limit=MOST_ENDED)
    return [
        in_line.row(shop, ticket) | {"ended_at": text(ticket.ended_at), "outcome": ticket.outcome}
        for ticket in found
        if (ticket.state, Move.REOPEN) in MOVES
    ]


def reorder(shop: Shop, ticket_id: str, *, before: str, reason: str, by: str, key: str = "") -> Ticket:
    """Put a ticket before another one that waits for the same service, with a reason that is kept.

    Raises NoSuchTicket, and IllegalMove without a reason, for another service, or when somebody who came longer than
    `max_wait` before them would be passed.
    """
    known = tickets.answered(shop, key)
    if known is not None:
        return known
    ticket, other = stored.get(shop.db, ticket_id), stored.get(shop.db, before)
    if ticket.service != other.service or ticket.id == other.id or other.ended_at is not None:
        raise IllegalMove("ticket", ticket.state, Move.REORDER, "they wait for different things")
    said = Said(by=by, reason=desk_cases.plain(reason), ahead=order.before(other))
    return tickets.move(shop, ticket_id, Move.REORDER, said, key=key)


def pause_service(shop: Shop, service: str, *, minutes: int | None, reason: str, by: str, key: str = "") -> None:
    """Give no tickets for *service* for so many *minutes*; None until the shop closes. A repeated *key* changes nothing.

    Raises NoSuchService, and IllegalMove without a reason.
    """
    why = desk_cases.plain(reason)
    if not why:
        raise IllegalMove("service", service, "pause", "a pause needs a reason")
    if _known(shop, key):
        return
    desk_counters.pause(shop, service, minutes=minutes or _rest_of_day(shop), reason=why, by=by)
    _keep(shop, key)


def come(shop: Shop, about: str, *, by: str) -> None:
    """The lead has come to whom *about* names (a ticket, a visit or a screen), and takes over; the call is over.

    Raises IllegalMove for an upset customer of whom the lead was told nothing: nobody comes unprepared.
    """
    if cases.briefing(shop.db, about) is not None:
        desk_cases.answer_lead(shop, about, by=by)
        return
    if any(visit.id == about for visit in stored_visits.upset(shop.db)):
        visits.take_over(shop, about, by=by)
    for alert in alerts.live(shop.db, kind=AlertKind.HELP, subject=about):
        desk_alerts.resolve(shop, alert.id, by=by)


def _rest_of_day(shop: Shop) -> int:
    """Return the minutes until the shop closes, or until the day ends in one that is closed or never closes."""
    now = shop.clock()
    end = shop.hours.closes_at(now) or shop.hours.day_ends(shop.hours.business_day(now))
    return max(SHORTEST_PAUSE_MINUTES, round((end - now).total_seconds() / 60))


def _known(shop: Shop, key: str) -> bool:
    return bool(key) and answers.known(shop.db, key)


def _keep(shop: Shop, key: str) -> None:
    if key:
        with change(shop.db):
            answers.keep(shop.db, key, shop.clock())
