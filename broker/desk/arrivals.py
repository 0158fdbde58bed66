"""News from the door becomes visits. A batch is one transaction; an event that was taken before changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import queues
from broker.desk import visits as desk
from broker.domain import visit as rules
from broker.domain.arrivals import Beside, Counted, Crossed, News, Pressed, Stayed
from broker.domain.facts import Fact, FactKind
from broker.domain.visit import How, Move, Source, Visit
from broker.failpoints import passing
from broker.shop import Shop
from broker.store import arrivals, journal, pauses, visits
from broker.store.arrivals import Presence
from broker.store.database import change
from broker.store.pauses import Pause

WHOLE_SECOND: Final = timedelta(seconds=1)
"""A button may know whole seconds only: its press is not before somebody who came in within the same second."""


@dataclass(slots=True)
class _Batch:
    """What one transaction gathers, to be written at its end."""

    now: datetime
    pauses: list[Pause]
    days: dict[object, Presence] = field(default_factory=dict)
    crossings: list[tuple[Crossed, bool, str | None]] = field(default_factory=list)
    counts: list[Counted] = field(default_factory=list)
    opened: dict[str, Visit] = field(default_factory=dict)
    there: set[str] = field(default_factory=set)
    facts: list[Fact] = field(default_factory=list)


def take(shop: Shop, news: Sequence[News]) -> int:
    """Take a batch of *news* in one transaction and return how many were new. All or nothing: any error rolls back."""
    with change(shop.db):
        came = [item.at for item in news if isinstance(item, Crossed) and item.inward]
        batch = _Batch(shop.clock(), pauses.touching(shop.db, min(came)) if came else [])
        fresh = arrivals.take(shop.db, news, batch.now)
        passing("arrivals.seen")
        batch.there = visits.among(shop.db, [_id_of(item) for item in fresh if isinstance(item, Crossed) and item.inward])
        for item in fresh:
            _take_one(shop, batch, item)
        _flush(shop, batch)
    return len(fresh)


def _take_one(shop: Shop, batch: _Batch, item: News) -> None:
    match item:
        case Crossed(staff=True):
            body: dict[str, object] = {"inward": item.inward, "line": item.line, "no_visit": "staff"}
            batch.facts.append(_fact(FactKind.CROSSED, item, body))
        case Crossed(inward=True):
            _came_in(shop, batch, item)
        case Crossed():
            _went_out(shop, batch, item)
        case Pressed():
            _settle(shop, batch)
            _greet_longest_waiting(shop, batch, item, How.BUTTON)
        case Beside():
            _settle(shop, batch)
            _seen_beside(shop, batch, item)
        case Counted():
            batch.counts.append(item)
        case Stayed():
            arrivals.save_stay(shop.db, item)
            batch.facts.append(_fact(FactKind.STAYED, item, {"seconds": item.seconds}))


def _came_in(shop: Shop, batch: _Batch, crossed: Crossed) -> None:
    _presence(shop, batch, crossed).count(inward=True)
    visit_id = _id_of(crossed)
    if visit_id in batch.opened:
        batch.opened[visit_id] = _joined(shop, batch, batch.opened[visit_id], crossed)
    elif visit_id in batch.there:
        _join(shop, batch, visits.get(shop.db, visit_id), crossed)
    elif why := _not_opened(shop, batch, crossed):
        _count(shop, batch, crossed, None, why)
    else:
        visit = rules.opened(
            id=visit_id, zone=crossed.zone, t0=crossed.at, heard_at=batch.now, standards=shop.standards,
            device=crossed.device, party=crossed.party,
        )  # fmt: skip
        batch.opened[visit_id] = visit
        batch.facts.append(desk.opened_fact(visit, batch.now, crossed.device))
        _count(shop, batch, crossed, visit_id, "")


def _id_of(crossed: Crossed) -> str:
    """Return the id of a party's visit. It follows from the party, so its people find each other in any order."""
    return f"{crossed.device}.{crossed.party}"


def _join(shop: Shop, batch: _Batch, visit: Visit, crossed: Crossed) -> None:
    joined = _joined(shop, batch, visit, crossed)
    visits.save(shop.db, joined)
    if joined.merged_into:
        keeper = visits.get(shop.db, joined.merged_into)
        visits.save(shop.db, keeper.absorbing(visits.merged_into(shop.db, keeper.id), shop.standards))


def _joined(shop: Shop, batch: _Batch, visit: Visit, crossed: Crossed) -> Visit:
    joined = visit.joined_by(crossed.at, shop.standards)
    size: dict[str, object] = {"size": joined.size}
    fact = Fact(kind=FactKind.VISIT_JOINED, subject=joined.id, at=batch.now, zone=joined.zone, by=crossed.device, body=size)
    batch.facts.append(fact)
    _count(shop, batch, crossed, joined.id, "")
    return joined


def _not_opened(shop: Shop, batch: _Batch, crossed: Crossed) -> str:
    """Return why somebody who came in opens no visit, or nothing. Judged by when it happened, not by when it was heard."""
    if crossed.zone not in shop.zones:
        return "unknown zone"
    if not shop.hours.open_at(crossed.at):
        return "closed"
    paused = any(pause.zone == crossed.zone and pause.covers(crossed.at) for pause in batch.pauses)
    return "paused" if paused else ""


def _went_out(shop: Shop, batch: _Batch, crossed: Crossed) -> None:
    empty = _presence(shop, batch, crossed).count(inward=False)
    _count(shop, batch, crossed, None, "")
    if _is_late(shop, batch, crossed):
        return
    _settle(shop, batch)
    # In a full shop two are enough to know that the exit cannot be told apart; reading all would cost a batch seconds.
    here = visits.open_before(shop.db, crossed.at, limit=None if empty else 2)
    if empty:
        for visit in here:
            if visit.source is Source.STAFF:
                continue  # no camera saw them come in, so the count of those inside does not know them
            desk.make(shop, visit, Move.LEAVE, crossed.at, by=crossed.device)
    elif len(here) == 1:
        _one_left(shop, here[0], crossed)


def _one_left(shop: Shop, visit: Visit, crossed: Crossed) -> None:
    """With one party in the shop, an exit is one of its people; the party has left when all of them have."""
    visit = replace(visit, exits=visit.exits + 1)
    if visit.exits >= visit.size:
        desk.make(shop, visit, Move.LEAVE, crossed.at, by=crossed.device)
    else:
        visits.save(shop.db, visit)


def _greet_longest_waiting(shop: Shop, batch: _Batch, item: News, how: How) -> None:
    """Greet the longest waiting party of the zone that had come in by then."""
    waiting = [visit for visit in visits.waiting(shop.db, zone=item.zone) if visit.t0 < item.at + WHOLE_SECOND]
    if waiting:
        _greet(shop, batch, waiting[0], item, how)


def _seen_beside(shop: Shop, batch: _Batch, beside: Beside) -> None:
    """Greet the party that the camera saw come in, wherever in the shop; without one, the longest waiting of the zone.

    A party of which no visit waits (the zone was paused, somebody greeted them, they were dismissed) is nobody else's
    greeting: the others go on waiting.
    """
    if beside.party is None:
        _greet_longest_waiting(shop, batch, beside, How.SEEN)
        return
    visit_id = f"{beside.device}.{beside.party}"
    if not visits.among(shop.db, [visit_id]):
        return
    visit = visits.get(shop.db, visit_id)
    if visit.merged_into:
        visit = visits.get(shop.db, visit.merged_into)
    if visit.waiting and visit.t0 < beside.at + WHOLE_SECOND:
        _greet(shop, batch, visit, beside, How.SEEN)


def _greet(shop: Shop, batch: _Batch, visit: Visit, item: News, how: How) -> None:
    # A device whose clock is ahead greets now, not in an hour.
    desk.make(shop, visit, Move.ACKNOWLEDGE, min(item.at, batch.now), by=item.device, detail=how)


def _presence(shop: Shop, batch: _Batch, crossed: Crossed) -> Presence:
    day = shop.hours.business_day(crossed.at)
    if day not in batch.days:
        batch.days[day] = today = arrivals.presence(shop.db, day)
        if not (today.ins or today.outs) and shop.hours.open_at(shop.hours.day_begins(day)):
            # The shop did not close at midnight: those who are inside still are.
            before = day - timedelta(days=1)
            today.inside = (batch.days.get(before) or arrivals.presence(shop.db, before)).inside
    return batch.days[day]


def _is_late(shop: Shop, batch: _Batch, crossed: Crossed) -> bool:
    return (batch.now - crossed.at).total_seconds() > shop.standards.late_news


def _count(shop: Shop, batch: _Batch, crossed: Crossed, visit: str | None, why_not: str) -> None:
    batch.crossings.append((crossed, _is_late(shop, batch, crossed), visit))
    if visit is None:
        body: dict[str, object] = {"inward": crossed.inward, "line": crossed.line, "no_visit": why_not}
        batch.facts.append(_fact(FactKind.CROSSED, crossed, body))


def _fact(kind: FactKind, item: News, body: dict[str, object]) -> Fact:
    return Fact(kind=kind, subject=item.device, at=item.at, zone=item.zone, by=item.device, body=body)


def _settle(shop: Shop, batch: _Batch) -> None:
    """Write the visits and facts gathered so far, so that what follows in the same batch sees them, in order."""
    if batch.opened:
        visits.save(shop.db, *batch.opened.values())
        passing("arrivals.visits")
        batch.there.update(batch.opened)
        batch.opened.clear()
    if batch.facts:
        journal.append(shop.db, *batch.facts)
        batch.facts.clear()


def _flush(shop: Shop, batch: _Batch) -> None:
    """Write all that has been gathered."""
    _settle(shop, batch)
    arrivals.save_crossings(shop.db, batch.crossings)
    batch.crossings.clear()
    queues.take(shop, batch.counts, batch.now)
    batch.counts.clear()
    passing("arrivals.written")
    for presence in batch.days.values():
        arrivals.save_presence(shop.db, presence)
