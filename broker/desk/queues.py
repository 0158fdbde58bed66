"""Queues at counters without tickets: what cameras count becomes a number for the floor, and an alert when it is too much.

A count holds while its camera watches. Screens are told at most once a second for each zone, however often a number
changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from broker.desk import alerts as desk_alerts
from broker.domain.alerts import Alert, AlertKind, AlertMove, AlertState
from broker.domain.arrivals import Counted
from broker.domain.facts import Fact, FactKind
from broker.domain.queues import LIVE_AGAIN, Area, Limit, Queue
from broker.shop import Shop
from broker.store import alerts, areas, arrivals, devices, journal, pauses
from broker.store.areas import Kept
from broker.store.database import change, text
from broker.store.devices import WATCHING

Row = dict[str, Any]

QUEUE: Final = "queue"
"""The kind of area in which people wait, in the words of the wire."""
MAX_AREAS: Final = 1_000
"""Areas known at a time; the count of one more is kept as history and shown nowhere."""
TOLD_APART: Final = timedelta(seconds=1)
"""Screens are told of a zone's queue at most so often."""
STALE_AFTER: Final = timedelta(seconds=90)
"""An area of which a camera that watches has said nothing for so long is not in its plan any more."""


@dataclass(frozen=True, slots=True)
class _Now:
    """How things stand around the queues: since when each known camera watches (None: it does not), and who is not called."""

    at: datetime
    watching: Mapping[str, datetime | None]
    silent: frozenset[str]
    """Zones for which nobody is called: paused, or all of them in a shop that is closed."""


def take(shop: Shop, counts: Sequence[Counted], at: datetime) -> None:
    """Take what cameras counted. Runs inside the transaction that took the news."""
    if not counts:
        return
    known = {(word.device, word.area): word for word in areas.words(shop.db)}
    now, queues = _around(shop), areas.queues(shop.db)
    history: list[Counted] = []
    changed: dict[tuple[str, str], Area] = {}
    touched: dict[str, Kept] = {}
    for one in sorted(counts, key=lambda count: count.at):
        was = known.get((one.device, one.area))
        if was is None or one.at < was.at or (one.people, one.zone, one.kind) != (was.people, was.zone, was.kind):
            history.append(one)
        if (was is None and len(known) >= MAX_AREAS) or (was is not None and one.at < was.at):
            continue
        word = _word(one, at, shop.standards.late_news)
        known[one.device, one.area] = changed[one.device, one.area] = word
        for zone in {word.zone, was.zone if was else word.zone} & shop.zones.keys():
            kept = touched.get(zone) or queues.get(zone) or Kept(Queue(zone=zone))
            people = _people(_live(known.values(), zone, now))
            touched[zone] = replace(kept, queue=_counted(shop, kept.queue, people, min(word.at, at), now))
    arrivals.save_counts(shop.db, history)
    journal.append(shop.db, *(_counted_fact(one) for one in history))
    areas.save_words(shop.db, changed.values())
    for kept in touched.values():
        _write(shop, kept, list(known.values()), now)


def run_due(shop: Shop) -> int:
    """Look at the queues whose time has come. Return how many."""
    with change(shop.db):
        return sum(_look_at(shop, zone) for zone in areas.due(shop.db, shop.clock()))


def look(shop: Shop) -> int:
    """Look at every queue: a camera may watch no more, a zone may be paused, the shop may have closed. Return how many changed."""
    now, kept, words = _around(shop), areas.queues(shop.db), areas.words(shop.db)
    live = {alert.subject: alert for alert in alerts.live(shop.db, kind=AlertKind.QUEUE_OVER)}
    changed = [zone for zone in kept if zone in shop.zones and _has_changed(shop, kept[zone], words, live.get(zone), now)]
    if not changed:
        return 0
    with change(shop.db):
        return sum(_look_at(shop, zone) for zone in changed)


def rows(shop: Shop) -> list[Row]:
    """Return the queue of each zone that has one, as a floor screen shows it. Times are UTC text.

    `people` is None while no camera counts there, `watched` whether all of its areas are; `longest_since` is since when
    the one has waited who came first; `served` and `left` are the waits of today by how they ended.
    """
    now, words = _around(shop), areas.words(shop.db)
    day = shop.hours.business_day(now.at)
    ended = areas.outcomes(shop.db, shop.hours.day_begins(day), shop.hours.day_ends(day))
    found = []
    for zone, name in shop.zones.items():
        here = [word for word in words if word.zone == zone and word.kind == QUEUE and not _is_gone(word, now)]
        if here or zone in _planned(shop):
            served, left = ended.get(zone, (0, 0))
            found.append({"zone": zone, "zone_name": name, "served": served, "left": left} | _shown(here, now))
    return found


def limit_of(shop: Shop, zone: str) -> Limit:
    """Return from how many people, for how long, the queue of *zone* is too long. Raises StopIteration for no such zone."""
    told = next(each for each in shop.settings.zones if each.id == zone)
    return Limit(people=told.queue_people, seconds=told.queue_seconds, off_delay=shop.settings.alerts.off_delay_seconds)


def _around(shop: Shop) -> _Now:
    at = shop.clock()
    watching = {
        device.id: device.since if device.watch == WATCHING else None
        for device in devices.everyone(shop.db)
        if device.kind == "camera"
    }
    paused = {pause.zone for pause in pauses.running(shop.db) if pause.covers(at)}
    return _Now(at, watching, frozenset(paused if shop.hours.open_at(at) else shop.zones))


def _word(one: Counted, at: datetime, late_after: float) -> Area:
    oldest = None if one.longest is None else one.at - timedelta(seconds=one.longest)
    return Area(
        device=one.device, area=one.area, zone=one.zone, kind=one.kind, people=one.people, at=one.at, oldest=oldest,
        late=(at - one.at).total_seconds() > late_after,
    )  # fmt: skip


def _counted_fact(one: Counted) -> Fact:
    body: dict[str, object] = {"people": one.people, "area": one.area}
    return Fact(kind=FactKind.AREA, subject=one.device, at=one.at, zone=one.zone, by=one.device, body=body)


def _is_live(word: Area, now: _Now) -> bool:
    """Return whether *word* is how things stand. A device that speaks and never said how it is, is taken to see."""
    if word.device not in now.watching:
        return word.is_live(None)
    since = now.watching[word.device]
    return since is not None and word.is_live(since)


def _is_gone(word: Area, now: _Now) -> bool:
    """Return whether the camera watches and has had time to speak of this area, and has not."""
    since = now.watching.get(word.device)
    return since is not None and word.at < since - LIVE_AGAIN and now.at - since > STALE_AFTER


def _live(words: Iterable[Area], zone: str, now: _Now) -> list[Area]:
    return [word for word in words if word.zone == zone and word.kind == QUEUE and _is_live(word, now)]


def _people(live: Sequence[Area]) -> int | None:
    return sum(word.people for word in live) if live else None


def _shown(here: Sequence[Area], now: _Now) -> Row:
    live = [word for word in here if _is_live(word, now)]
    oldest = [word.oldest for word in live if word.people and word.oldest]
    return {
        "people": _people(live), "longest_since": text(min(oldest, default=None)), "watched": bool(here) and len(live) == len(here),
    }  # fmt: skip


def _planned(shop: Shop) -> set[str]:
    """Return the zones for which the settings draw a queue; one never heard of must not look like a shop without it."""
    return {area.place for camera in shop.settings.cameras for area in camera.areas if area.kind == QUEUE}


def _counted(shop: Shop, queue: Queue, people: int | None, at: datetime, now: _Now) -> Queue:
    counted = queue.counted(people, at, limit_of(shop, queue.zone))
    return counted.reset() if queue.zone in now.silent else counted


def _look_at(shop: Shop, zone: str) -> bool:
    now, words = _around(shop), areas.words(shop.db)
    kept = areas.queues(shop.db).get(zone)
    if kept is None or zone not in shop.zones:
        return False
    queue = _counted(shop, kept.queue, _people(_live(words, zone, now)), now.at, now)
    _write(shop, replace(kept, queue=queue), words, now)
    return True


def _has_changed(shop: Shop, kept: Kept, words: Sequence[Area], alert: Alert | None, now: _Now) -> bool:
    queue = _counted(shop, kept.queue, _people(_live(words, kept.queue.zone, now)), now.at, now)
    told = _told(kept.queue.zone, words, now)
    return replace(queue, at=kept.queue.at) != kept.queue or told != kept.told or _next_alert(shop, queue, alert, now) is not None


def _next_alert(shop: Shop, queue: Queue, alert: Alert | None, now: _Now) -> AlertMove | None:
    """Return what must happen to the alert of a queue."""
    limit = limit_of(shop, queue.zone)
    if alert is None:
        return AlertMove.RAISE if queue.is_over(now.at, limit) else None
    if queue.over_since is None:
        return AlertMove.CLEAR
    comes_back = timedelta(seconds=max(limit.seconds, shop.standards.escalate))
    waited = alert.state is AlertState.ACKNOWLEDGED and alert.acknowledged_at and now.at - alert.acknowledged_at >= comes_back
    return AlertMove.RAISE_AGAIN if waited and not alert.again else None


def _write(shop: Shop, kept: Kept, words: Sequence[Area], now: _Now) -> None:
    """Write the queue of a zone, bring its alert to where it stands, and tell the screens, or soon."""
    queue = kept.queue.settled(now.at, limit_of(shop, kept.queue.zone))
    kept = replace(kept, queue=queue)
    live = alerts.live(shop.db, kind=AlertKind.QUEUE_OVER, subject=queue.zone)
    alert = live[0] if live else None
    match _next_alert(shop, queue, alert, now):
        case AlertMove.RAISE:
            since = queue.over_since or now.at
            desk_alerts.raise_(shop, AlertKind.QUEUE_OVER, queue.zone, queue.zone, since=since, at=now.at)
        case AlertMove.CLEAR if alert:
            desk_alerts.clear(shop, alert, now.at)
        case AlertMove.RAISE_AGAIN if alert:
            desk_alerts.move(shop, alert, AlertMove.RAISE_AGAIN, now.at)
    told, due = _told(queue.zone, words, now), queue.next_look(limit_of(shop, queue.zone))
    if told != kept.told:
        soonest = kept.told_at + TOLD_APART if kept.told_at else now.at
        if soonest <= now.at:
            kept = replace(kept, told=told, told_at=now.at)
            body: dict[str, object] = {"people": queue.people}
            journal.append(shop.db, Fact(kind=FactKind.ZONE_QUEUE, subject=queue.zone, at=now.at, zone=queue.zone, body=body))
        else:
            due = min(due, soonest) if due and due > now.at else soonest
    areas.save_queue(shop.db, kept, due if due and due > now.at else None)


def _told(zone: str, words: Sequence[Area], now: _Now) -> str:
    """Return what a screen shows of a queue, short: people, since when the longest waits, whether it is watched."""
    shown = _shown([word for word in words if word.zone == zone and word.kind == QUEUE and not _is_gone(word, now)], now)
    return f"{shown['people']} {shown['longest_since']} {shown['watched']}"
