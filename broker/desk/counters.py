"""Counters open, take a break and close; a service is paused and goes on. Each is one transaction and one fact."""

from __future__ import annotations

import secrets
from datetime import timedelta

from broker.desk import alerts as desk_alerts
from broker.desk import audit
from broker.desk.tickets import NoSuchService, service_ids, skills_of
from broker.desk.zones import SET_BACK
from broker.domain.alerts import Alert, AlertKind
from broker.domain.facts import Fact, FactKind
from broker.domain.moves import IllegalMove
from broker.domain.ticket import State
from broker.shop import Shop
from broker.store import counters, journal, tickets
from broker.store.counters import BREAK, OPEN, ServicePause, Shift
from broker.store.database import change, text


def open_(shop: Shop, counter: str, *, by: str) -> Shift:
    """Open *counter*, or come back to it from a break. Raises NoSuchCounter, IllegalMove when a colleague has it."""
    return _begin(shop, counter, OPEN, by)


def rest(shop: Shop, counter: str, *, by: str) -> Shift:
    """Take a break: it serves nobody, and no wait is reckoned with it. Raises NoSuchCounter, IllegalMove with a customer."""
    return _begin(shop, counter, BREAK, by)


def close(shop: Shop, counter: str, *, by: str) -> bool:
    """Close *counter*; return whether it was open. Raises NoSuchCounter, IllegalMove while a customer stands there."""
    skills_of(shop, counter)
    with change(shop.db):
        _check_empty(shop, counter, "close")
        done = counters.end(shop.db, counter, shop.clock())
        if done:
            _tell(shop, counter, "closed", by)
    return done


def ask_second(shop: Shop, counter: str, *, by: str) -> Alert:
    """Call a second person to *counter*: a service takes longer than was aimed for. One call at a time. Raises NoSuchCounter."""
    skills = skills_of(shop, counter)
    with change(shop.db):
        there = tickets.at_counter(shop.db, counter)
        service = there.service if there else next(iter(skills), "")
        zone = next((known.zone or "" for known in shop.settings.services if known.id == service), "")
        now = shop.clock()
        return desk_alerts.raise_(shop, AlertKind.HELP, counter, zone, since=now, at=now, by=by)


def pause(shop: Shop, service: str, *, minutes: int, reason: str, by: str) -> ServicePause:
    """Give no tickets for *service* for a while. Those who hold one are served. Raises NoSuchService."""
    if service not in service_ids(shop):
        raise NoSuchService(service)
    now = shop.clock()
    paused = ServicePause(
        id=secrets.token_hex(8),
        service=service,
        began=now,
        until=now + timedelta(minutes=minutes),
        by=by,
        reason=reason.strip()[:200],
    )
    with change(shop.db):
        counters.pause(shop.db, paused)
        _told(shop, service, {"paused": True, "until": text(paused.until), "reason": paused.reason}, by)
    return paused


def resume(shop: Shop, service: str, *, by: str) -> bool:
    """Give tickets for *service* again; return whether it was paused."""
    with change(shop.db):
        done = counters.resume(shop.db, service, shop.clock())
        if done:
            _told(shop, service, {"paused": False}, by)
    return done


def run_pauses(shop: Shop) -> int:
    """End the pauses of services whose time has come. Return how many."""
    now = shop.clock()
    over = [paused for paused in counters.pauses(shop.db) if paused.until <= now or paused.began - now > SET_BACK]
    for paused in over:
        resume(shop, paused.service, by="clock")
    return len(over)


def run_closing(shop: Shop) -> int:
    """Close the counters that nobody closed when the shop did, unless somebody is still served there. Return how many."""
    if shop.hours.open_at(shop.clock()):
        return 0
    closed = 0
    with change(shop.db):
        for counter in counters.now(shop.db):
            there = tickets.at_counter(shop.db, counter)
            if there is None or there.state is not State.SERVING:
                counters.end(shop.db, counter, shop.clock())
                _tell(shop, counter, "closed", "clock")
                closed += 1
    return closed


def _begin(shop: Shop, counter: str, kind: str, by: str) -> Shift:
    skills_of(shop, counter)
    with change(shop.db):
        running = counters.now(shop.db).get(counter)
        if running and running.kind == kind and running.staff == by:
            return running
        if running and running.staff != by and tickets.at_counter(shop.db, counter):
            raise IllegalMove("counter", running.kind, kind, f"{running.staff} serves a customer there")
        if kind == BREAK:
            _check_empty(shop, counter, "rest")
        shift = counters.begin(shop.db, counter, by, kind, shop.clock())
        _tell(shop, counter, kind, by)
    return shift


def _check_empty(shop: Shop, counter: str, move: str) -> None:
    there = tickets.at_counter(shop.db, counter)
    if there is not None:
        raise IllegalMove("counter", there.state, move, "finish the customer who is here first, or put them on hold")


def _tell(shop: Shop, counter: str, what: str, by: str) -> None:
    journal.append(shop.db, Fact(kind=FactKind.COUNTER, subject=counter, at=shop.clock(), by=by, body={"what": what}))


def _told(shop: Shop, service: str, body: dict[str, object], by: str) -> None:
    journal.append(shop.db, Fact(kind=FactKind.QUEUE_PAUSED, subject=service, at=shop.clock(), by=by, body=body))
    audit.write(shop, f"pauses.service-{'paused' if body['paused'] else 'resumed'}", service, by=by, after=body)
