"""Simulated days as rows of a store: written at once, many at a time, as the desk would have written them one by one."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from broker.desk.finished import finish_all
from broker.domain.alerts import Alert
from broker.domain.opening import Hours
from broker.domain.visit import Visit
from broker.shop import Shop
from broker.store import cases, devices, people, tickets
from broker.store.database import change
from broker.store.devices import WATCHING, Device
from broker.store.people import Screen, Session
from deploy import shop_plan, shop_visits
from deploy.shop_plan import TICKETS, Day
from deploy.shop_queue import Queue
from deploy.shop_truth import Truth
from deploy.shop_visits import DOOR, Blind, Coming, text

DAYS_AT_ONCE: Final = 7
"""Days written in one transaction."""


def _insert(table: str, kind: type[Any]) -> str:
    names = [field.name for field in fields(kind)]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own names.


_VISITS: Final = _insert("visits", Visit)
_ALERTS: Final = _insert("alerts", Alert)
_SHIFTS: Final = "INSERT INTO counter_shifts (id, counter, staff, kind, began, ended) VALUES (?, ?, ?, ?, ?, ?)"


@dataclass(slots=True)
class Lived:
    """One simulated day: everybody who came in, in order, when the camera was blind, and the queues."""

    day: Day
    coming: list[Coming]
    blind: Blind | None
    queue: Queue
    shuts: datetime | None


def simulate_day(shop: Shop, on: date, *, seed: int, visits_a_day: float, crew: Sequence[str]) -> Lived | None:
    """Make up one day of *shop*; the same seed and date are the same day. None when nobody comes."""
    # Text seeds are hashed with SHA-512 by `random`: the same on every machine and in every process.
    chance = random.Random(f"{seed} {shop.settings.store.id} {on}")  # noqa: S311 - a simulation, not a secret.
    day = shop_plan.day(shop.hours, on, chance)
    if day is None:
        return None
    expected = visits_a_day * day.busy
    services, desks = shop_plan.staffed(shop.settings, day, visits_a_day * TICKETS, crew)
    queue = Queue(day, services, desks, shop.promises, f"{seed} {shop.settings.store.id} {on} queue")
    if services and desks:
        queue.live()
    blind = shop_visits.blind_spell(day, chance)
    without = expected * (1 - TICKETS) if services else expected
    others = shop_visits.visits(day, without, list(shop.zones), crew, chance, shop.standards, blind)
    coming = sorted([*others, *_with_tickets(shop, queue, chance)], key=lambda one: one.t0)
    return Lived(day, coming, blind, queue, day.closes + timedelta(seconds=1) if shop.hours.spans else None)


def _with_tickets(shop: Shop, queue: Queue, chance: random.Random) -> list[Coming]:
    """Return those who came in and took a ticket, which greeted them."""
    served: dict[str, list[datetime]] = {}
    finished: dict[str, datetime] = {}
    for move in queue.moves:
        if move.move == "start":
            served.setdefault(move.ticket, []).append(move.at)
        elif move.move == "finish":
            finished.setdefault(move.ticket, move.at)
    zones, made = list(shop.zones), []
    for ticket in queue.tickets.values():
        if ticket.visit:
            open_for = round((ticket.t0 - queue.day.opens).total_seconds() * 1000)
            after = min(round(chance.uniform(6, 28) * 1000), open_for)
            made.append(
                Coming(
                    ticket.visit, zones[0], ticket.t0 - timedelta(milliseconds=after), 1, "ticket", after, "",
                    ticket.t0 - timedelta(milliseconds=after), finished.get(ticket.id), queued=True,
                    assisted=served.get(ticket.id, [None])[0],
                )
            )  # fmt: skip
    return made


def fill(
    shop: Shop, days: Sequence[date], *, seed: int, visits_a_day: float, crew: Sequence[str], tell: Callable[[], None] | None = None
) -> Truth:
    """Write *days* into the store of *shop*, oldest first, finish their hours, and return what is true of them.

    *tell* is called after each day. Raises sqlite3.OperationalError when the disk is full.
    """
    truth = truth_of(shop)
    if days:
        _install(shop, days[0])
    for begin in range(0, len(days), DAYS_AT_ONCE):
        with change(shop.db):
            for on in days[begin : begin + DAYS_AT_ONCE]:
                lived = simulate_day(shop, on, seed=seed, visits_a_day=visits_a_day, crew=crew)
                if lived is not None:
                    write_day(shop, lived, truth)
                    _write_crew(shop, lived, crew)
                if tell:
                    tell()
    finish_all(shop)
    return truth


def truth_of(shop: Shop) -> Truth:
    """Return the truth of *shop* before its first day."""
    promises, standards = shop.promises, shop.standards
    return Truth(
        shop.hours.zone, greet_within=standards.greet_within, wait_within=promises.wait_within, serve_within=promises.serve_within,
        answer=standards.upset_answer,
    )  # fmt: skip


def _install(shop: Shop, first: date) -> None:
    """Hang the camera and the tablet."""
    since = shop.hours.day_begins(first)
    with change(shop.db):
        camera = Device(
            id=DOOR, kind="camera", name="Front door", zones=tuple(shop.zones), watch=WATCHING, since=since, heard_at=since
        )
        devices.save(shop.db, camera)
        tablet = Screen(
            id="sim-tablet", name="Tablet", role="staff", zone="", token=f"none of {DOOR}", paired_at=since, paired_by="",
            seen_at=since, revoked_at=since,
        )  # fmt: skip
        people.save(shop.db, tablet)


def write_day(shop: Shop, lived: Lived, truth: Truth) -> None:
    """Write what customers and counters did on one day, and note it in *truth*. Runs inside a transaction."""
    db, queue = shop.db, lived.queue
    write_visits(shop, lived, truth)
    truth.tickets(lived.day.date, queue.diary, queue.shifts)
    tickets.save(db, *queue.tickets.values())
    tickets.append_moves(db, *queue.moves)
    name = f"{lived.day.date:%y%m%d}"
    shifts = [(f"sim-{name}-{n}", *shift[:3], text(shift[3]), shift[4] and text(shift[4])) for n, shift in enumerate(queue.shifts)]
    db.conn.executemany(_SHIFTS, shifts)
    _write_cases(shop, queue)


def _write_crew(shop: Shop, lived: Lived, crew: Sequence[str]) -> None:
    """Write when the camera was blind and who was signed in."""
    db, name = shop.db, f"{lived.day.date:%y%m%d}"
    if lived.blind:
        zone = next(iter(shop.zones))
        row = [DOOR, zone, "offline", "the line was down", text(lived.blind.began), text(lived.blind.ended)]
        db.conn.execute("INSERT INTO watches (device, zone, watch, reason, began, ended) VALUES (?, ?, ?, ?, ?, ?)", row)
    for person in crew:
        begins, ends = lived.day.opens - timedelta(minutes=10), lived.day.closes + timedelta(minutes=10)
        session = Session(
            id=f"sim-{name}-{person}", token=f"sim-{name}-{person}", person=person, screen="sim-tablet", began=begins, seen_at=ends,
            ended=ends,
        )  # fmt: skip
        people.save(db, session)


def write_visits(shop: Shop, lived: Lived, truth: Truth) -> None:
    """Write everybody who came in, and the alerts about those who waited too long."""
    standards = shop.standards
    rows: list[tuple[Any, ...]] = []
    alerts: list[tuple[Any, ...]] = []
    promise = round(standards.greet_within * 1000)
    for one in lived.coming:
        end = shop_visits.ending(one, lived.shuts, standards)
        rows.append(shop_visits.row(one, end, standards))
        if alert := shop_visits.alert_row(one, end, standards):
            alerts.append(alert)
        greeted = one.after if one.fate in ("greeted", "ticket") else None
        left = round((end.at - one.t0).total_seconds() * 1000) if one.fate == "left" else None
        red_after = greeted - promise if greeted is not None and greeted >= promise else None
        truth.visit(one.fate, greeted=greeted, left=left, size=one.size, red_after=red_after)
    shop.db.conn.executemany(_VISITS, rows)
    shop.db.conn.executemany(_ALERTS, alerts)


def _write_cases(shop: Shop, queue: Queue) -> None:
    for recap in queue.recaps.values():
        cases.save(shop.db, recap)
    for number, briefing in enumerate(queue.briefings.values()):
        cases.save(shop.db, briefing)
        over = [briefing.answered_at, queue.tickets[briefing.ticket].ended_at]
        resolved = min(filter(None, over))
        lasted, up = (resolved - briefing.at).total_seconds(), shop.standards.escalate - shop.standards.greet_within
        level = 2 if lasted >= up else 1
        called, ended = text(briefing.at), text(resolved)
        row = [
            f"h-{queue.day.date:%y%m%d}-{number}", "help", briefing.ticket, queue.zone_of(briefing.ticket), called, "resolved",
            level, briefing.by, queue.shown(briefing.ticket), called, None, None, 0, ended, ended, 3 + level, None,
        ]  # fmt: skip
        shop.db.conn.execute(_ALERTS, row)
    for problem in queue.problems.values():
        cases.save(shop.db, replace(problem, id=hashlib.sha256(problem.id.encode()).hexdigest()[:16]))
    for ticket, (service, verdict, at) in queue.feedback.items():
        cases.save_feedback(shop.db, ticket, service, verdict, at)


def last_days(hours: Hours, now: datetime, count: int) -> list[date]:
    """Return the *count* business days before the one of *now*, oldest first."""
    today = hours.business_day(now.astimezone(UTC))
    return [today - timedelta(days=back) for back in range(count, 0, -1)]
