"""Everything that may be done with a visit. Each function is one transaction: read, decide in the domain, save, tell."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.domain import visit as rules
from broker.domain.alerts import AlertKind
from broker.domain.facts import Fact, FactKind
from broker.domain.moves import IllegalMove
from broker.domain.visit import How, Move, Source, State, Visit
from broker.failpoints import passing
from broker.shop import Shop
from broker.store import alerts, answers, journal, pauses, visits
from broker.store.database import change, text
from broker.store.visits import NoSuchVisit as NoSuchVisit

TAPPED_AGO_SECONDS: Final = 600
"""An answer that waited on a tablet without a connection counts from when it was tapped, up to this long ago."""


def claim(shop: Shop, visit_id: str, *, by: str, key: str = "", at: datetime | None = None) -> Visit:
    """ "I'm going": one person holds the visit for a while. Raises NoSuchVisit, IllegalMove when somebody else does."""
    return _decide(shop, visit_id, Move.CLAIM, by=by, key=key, at=at)


def release(shop: Shop, visit_id: str, *, by: str, key: str = "") -> Visit:
    """Give a claimed visit back to everybody. Raises NoSuchVisit, IllegalMove."""
    return _decide(shop, visit_id, Move.RELEASE, by=by, key=key)


def greet(shop: Shop, visit_id: str, *, by: str, how: How = How.TAP, key: str = "", at: datetime | None = None) -> Visit:
    """ "Greeted": the clock of the promise stops. Raises NoSuchVisit, IllegalMove."""
    return _decide(shop, visit_id, Move.ACKNOWLEDGE, by=by, detail=how, key=key, at=at)


def dismiss(shop: Shop, visit_id: str, *, by: str, reason: str, key: str = "") -> Visit:
    """ "Not a customer", because staff, courier, child of a group or false. Raises NoSuchVisit, IllegalMove."""
    return _decide(shop, visit_id, Move.DISMISS, by=by, detail=reason, key=key)


def close(shop: Shop, visit_id: str, *, by: str, key: str = "") -> Visit:
    """The goodbye was said. Raises NoSuchVisit, IllegalMove."""
    return _decide(shop, visit_id, Move.CLOSE, by=by, key=key)


def reopen(shop: Shop, visit_id: str, *, by: str, key: str = "") -> Visit:
    """The party is back, or the visit had ended by mistake. Raises NoSuchVisit, IllegalMove when it ended too long ago."""
    return _decide(shop, visit_id, Move.REOPEN, by=by, key=key)


def undo(shop: Shop, visit_id: str, *, by: str, key: str = "") -> Visit:
    """Take back a claim, a greeting, a dismissal or a merge. Raises NoSuchVisit, IllegalMove when it is too old."""
    with _once(shop, key) as first:
        visit = visits.get(shop.db, visit_id)
        if not first:
            return visit
        move = Move.RELEASE if visit.state is State.CLAIMED else Move.UNDO
        keeper = visit.merged_into
        visit = make(shop, visit, move, shop.clock(), by=by)
        if keeper is not None:
            _gather(shop, keeper, by=by)
    return visit


def merge(shop: Shop, visit_id: str, *, into: str, by: str, key: str = "") -> Visit:
    """Two visits are one party: *into* keeps the earliest T0 and all the people. Return the keeper.

    Raises NoSuchVisit, and IllegalMove when either has ended or both are the same.
    """
    with _once(shop, key) as first:
        visit, keeper = visits.get(shop.db, visit_id), visits.get(shop.db, into)
        if not first:
            return keeper
        if visit.id == keeper.id or keeper.state not in rules.OPEN:
            raise IllegalMove("visit", keeper.state, Move.MERGE, "a visit can only be merged into another open one")
        if visit.acknowledged_at and keeper.waiting:
            raise IllegalMove("visit", visit.state, Move.MERGE, "they were greeted: merge the waiting visit into this one")
        make(shop, visit, Move.MERGE, shop.clock(), by=by, detail=keeper.id)
        for part in visits.merged_into(shop.db, visit.id):
            # What was merged into the visit before now belongs to the keeper too, or its people would be lost.
            visits.save(shop.db, replace(part, merged_into=keeper.id, version=part.version + 1))
        return _gather(shop, keeper.id, by=by)


def _gather(shop: Shop, keeper_id: str, *, by: str) -> Visit:
    keeper = visits.get(shop.db, keeper_id).absorbing(visits.merged_into(shop.db, keeper_id), shop.standards)
    visits.save(shop.db, keeper)
    journal.append(shop.db, _told(FactKind.VISIT_JOINED, keeper, shop.clock(), by, {"size": keeper.size}))
    return keeper


def send(shop: Shop, visit_id: str, *, zone: str, by: str, key: str = "") -> Visit:
    """The party stands in another zone: its staff are told. Raises NoSuchVisit, IllegalMove, KeyError for no such zone."""
    if zone not in shop.zones:
        raise KeyError(zone)
    with _once(shop, key) as first:
        visit = visits.get(shop.db, visit_id)
        if not first:
            return visit
        if not visit.waiting:
            raise IllegalMove("visit", visit.state, "send")
        was, visit = visit.zone, replace(visit, zone=zone, version=visit.version + 1)
        visits.save(shop.db, visit)
        desk_alerts.send(shop, visit, shop.clock(), by=by)
        journal.append(shop.db, _told(FactKind.VISIT_JOINED, visit, shop.clock(), by, {"sent_from": was}))
    return visit


def add(shop: Shop, *, zone: str, by: str, size: int = 1, key: str = "", ago: float = 0) -> Visit | None:
    """Staff saw somebody a camera did not: open a visit, *ago* seconds old. Return None for a repeated key.

    Raises KeyError for no such zone, IllegalMove in a closed shop or a paused zone: those open no visit.
    """
    if zone not in shop.zones:
        raise KeyError(zone)
    with _once(shop, key) as first:
        if not first:
            return None
        _check_open(shop, zone)
        now = shop.clock()
        visit = rules.opened(
            id=new_id(), zone=zone, t0=now - timedelta(seconds=ago), heard_at=now, standards=shop.standards, source=Source.STAFF,
            size=size,
        )  # fmt: skip
        open_(shop, visit, now, by=by)
    return visit


def _check_open(shop: Shop, zone: str) -> None:
    now = shop.clock()
    if not shop.hours.open_at(now):
        raise IllegalMove("shop", "closed", "add", "the shop is closed; nobody is waited for now")
    if any(pause.zone == zone and pause.covers(now) for pause in pauses.running(shop.db)):
        raise IllegalMove("zone", "paused", "add", "the zone is paused; end the pause first")


def ask_help(shop: Shop, visit_id: str, *, by: str, key: str = "") -> Visit:
    """Call a colleague to a visit; the card stays where it is. Raises NoSuchVisit, IllegalMove for one that ended."""
    with _once(shop, key) as first:
        visit, now = visits.get(shop.db, visit_id), shop.clock()
        if not first:
            return visit
        if visit.state not in rules.OPEN:
            raise IllegalMove("visit", visit.state, "ask help")
        desk_alerts.raise_(shop, AlertKind.HELP, visit.id, visit.zone, since=now, at=now, by=by)
        journal.append(shop.db, _told(FactKind.VISIT_JOINED, visit, now, by, {"help": True}))
    return visit


def raise_upset(shop: Shop, visit_id: str, *, by: str) -> Visit:
    """Flag that the customer is upset: a lead must come, briefed. Raises NoSuchVisit, IllegalMove for one that ended."""
    return _flag(shop, visit_id, by, "upset", lambda visit: replace(visit, upset_at=visit.upset_at or shop.clock()))


def brief(shop: Shop, visit_id: str, *, happened: str, tried: str, wanted: str, by: str) -> Visit:
    """Write the briefing a lead reads first. Raises NoSuchVisit, and IllegalMove when a field is empty or nobody is upset."""
    parts = [" ".join(part.split())[:500] for part in (happened, tried, wanted)]

    def written(visit: Visit) -> Visit:
        if visit.upset_at is None or not all(parts):
            raise IllegalMove("visit", visit.state, "brief", "a briefing says what happened, what was tried and what they want")
        return replace(visit, briefing="\n".join(parts))

    return _flag(shop, visit_id, by, "briefed", written)


def take_over(shop: Shop, visit_id: str, *, by: str) -> Visit:
    """A lead takes over an upset customer. Raises NoSuchVisit, and IllegalMove without a briefing."""

    def taken(visit: Visit) -> Visit:
        if visit.briefing is None:
            raise IllegalMove("visit", visit.state, "take over", "a lead takes over after a briefing, not before")
        return replace(visit, taken_over_by=by)

    return _flag(shop, visit_id, by, "taken over", taken)


def _flag(shop: Shop, visit_id: str, by: str, what: str, changed: Callable[[Visit], Visit]) -> Visit:
    with change(shop.db):
        visit = visits.get(shop.db, visit_id)
        if visit.state not in rules.OPEN:
            raise IllegalMove("visit", visit.state, what)
        visit = changed(visit)
        visit = replace(visit, version=visit.version + 1)
        visits.save(shop.db, visit)
        journal.append(shop.db, _told(FactKind.VISIT_UPSET, visit, shop.clock(), by, {"what": what}))
    return visit


def run_due(shop: Shop) -> int:
    """Make the moves the clock owes: due, overdue, escalated, expired claims, abandoned. Return how many were made.

    A row is changed only if it still stands as it was read; the write lock that `change` takes first sees to that.
    """
    now, made = shop.clock(), 0
    with change(shop.db):
        for visit in visits.due(shop.db, now):
            for changed, what in rules.run(visit, now, shop.standards):
                _write(shop, visit, changed, what, max(changed.t0, visit.due_at or now), "clock", "")
                visit, made = changed, made + 1
                passing("visits.late")
    return made


def run_closing(shop: Shop) -> int:
    """Nothing survives closing time: end every open visit of a shop that has closed. Return how many."""
    now = shop.clock()
    if shop.hours.open_at(now):
        return 0
    with change(shop.db):
        here = visits.open_ones(shop.db)
        for visit in here:
            make(shop, visit, Move.LEAVE, max(now, visit.t0), by="clock")
        for alert in alerts.live(shop.db):
            desk_alerts.clear(shop, alert, now)
    return len(here)


def next_due(shop: Shop) -> datetime | None:
    """Return the earliest moment at which a visit needs a decision of the clock."""
    return visits.next_due(shop.db)


def _decide(
    shop: Shop, visit_id: str, move: Move, *, by: str, detail: str = "", key: str = "", at: datetime | None = None
) -> Visit:
    with _once(shop, key) as first:
        visit, now = visits.get(shop.db, visit_id), shop.clock()
        if not first:
            return visit
        tapped = min(max(at, now - timedelta(seconds=TAPPED_AGO_SECONDS), visit.t0), now) if at else now
        return make(shop, visit, move, max(tapped, visit.t0), by=by, detail=detail)


def make(shop: Shop, visit: Visit, move: Move, at: datetime, *, by: str, detail: str = "") -> Visit:
    """Make one move of *visit* and write it, with its alerts. Runs inside a transaction. Raises IllegalMove."""
    changed = visit.after(move, at, shop.standards, by=by, detail=detail)
    _write(shop, visit, changed, move, at, by, detail)
    return changed


def _write(shop: Shop, was: Visit, visit: Visit, move: Move, at: datetime, by: str, detail: str) -> None:
    visits.save(shop.db, visit)
    body = {"move": str(move), "from": str(was.state), "to": str(visit.state), "detail": detail, "version": visit.version}
    journal.append(shop.db, _told(FactKind.VISIT_MOVED, visit, at, by, body))
    desk_alerts.follow(shop, visit, at)


def open_(shop: Shop, visit: Visit, at: datetime, *, by: str) -> None:
    """Write a new visit. Runs inside a transaction."""
    visits.save(shop.db, visit)
    journal.append(shop.db, opened_fact(visit, at, by))


def opened_fact(visit: Visit, at: datetime, by: str) -> Fact:
    """Return the fact that *visit* was opened."""
    return _told(FactKind.VISIT_OPENED, visit, at, by, {"t0": text(visit.t0), "late": visit.late, "size": visit.size})


def _told(kind: FactKind, visit: Visit, at: datetime, by: str, body: dict[str, object]) -> Fact:
    return Fact(kind=kind, subject=visit.id, at=at, zone=visit.zone, by=by, body=body)


def new_id() -> str:
    """Return a new visit's id: 64 random bits."""
    return secrets.token_hex(8)


@contextmanager
def _once(shop: Shop, key: str) -> Iterator[bool]:
    """Run one change and remember its idempotency *key*; yields False when the key was answered before.

    Asked under the write lock: a tablet that sends the same tap twice at once must not do it twice. An empty key is
    always the first.
    """
    with change(shop.db):
        first = not answered(shop, key)
        yield first
        if key and first:
            answers.keep(shop.db, key, shop.clock())


def find(shop: Shop, visit_id: str) -> Visit:
    """Return a visit as it stands. Raises NoSuchVisit."""
    return visits.get(shop.db, visit_id)


def answered(shop: Shop, key: str) -> bool:
    """Return whether the request with this idempotency key was answered before; an empty key never was."""
    return bool(key) and answers.known(shop.db, key)
