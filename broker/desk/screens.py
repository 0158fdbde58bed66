"""What a floor screen shows, as plain values: one snapshot, and the parts of it that a fact has changed.

Times are UTC text in milliseconds; ages are reckoned by the screen from the server's time. Nothing here is in a
language: the screen has the words.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from broker.desk import alerts as desk_alerts
from broker.desk import in_line, queues
from broker.desk.devices import SERVICE
from broker.desk.people import name_of as name_of
from broker.desk.shifts import IDLE
from broker.domain import kpi
from broker.domain.alerts import Alert, AlertKind, AlertState
from broker.domain.facts import Fact, FactKind
from broker.domain.visit import WAITING, Source, State, Visit
from broker.shop import Shop
from broker.store import alerts, arrivals, cases, devices, pauses, people, room, tickets, visits
from broker.store.database import text
from broker.store.devices import WATCHING, Device
from broker.store.pauses import Pause
from broker.store.visits import DayVisit

Row = dict[str, Any]

MEGABYTE: Final = 1024 * 1024
LAST_HOUR: Final = timedelta(hours=1)
MOST_IN_HOUR: Final = 300
"""Visits drawn in the last hour, the newest: more dots than that are a smear."""
SERVICE_SILENT: Final = timedelta(seconds=5)
"""The service writes that it runs every 2 s; after two missed words no screen trusts a calm floor any more."""
CALLS: Final = (AlertKind.HELP, AlertKind.DEVICE, AlertKind.QUEUE_OVER, AlertKind.HOLD_OVERDUE)
"""Alerts that stand for themselves; those about a waiting visit go with its row."""
SETTLED: Final = frozenset({State.MERGED, State.DISMISSED})
MOST_VISITS: Final = 50
"""The oldest of those whom nobody has greeted that a floor screen is sent; how many more there are it is told."""
MOST_OF_ZONE: Final = 12
"""The oldest of each zone that it is sent besides: a tablet that shows one zone is never empty while people wait there."""
FOR_THE_LEAD: Final = frozenset({FactKind.PROBLEM, FactKind.QUEUE_PAUSED, FactKind.COUNTER, FactKind.RECAP})
"""What changes a lead's page and no floor: told as a hint, upon which the page asks for its own row."""


def floor(shop: Shop) -> Row:
    """Return the whole floor: what a screen needs when it opens or has lost the thread."""
    now = shop.clock()
    live = {(alert.kind, alert.subject): alert for alert in alerts.live(shop.db)}
    return {
        "now": text(now),
        "store": {"id": shop.settings.store.id, "name": shop.settings.store.name, "timezone": shop.settings.store.timezone},
        "open": shop.hours.open_at(now),
        "standards": asdict(shop.standards),
        "sound": {"every": shop.settings.alerts.sound_every_seconds, "times": shop.settings.alerts.sound_times},
        "zones": [{"id": zone, "name": name} for zone, name in shop.zones.items()],
        "visits": [visit_row(shop, visit, live) for visit in _longest(shop)],
        "crowd": crowd(shop),
        "cameras": cameras(shop, now),
        "service": service(shop),
        "pauses": pause_rows(shop),
        "alerts": [alert_row(shop, alert) for alert in live.values() if alert.kind in CALLS],
        "queues": queues.rows(shop),
        "flood": desk_alerts.flooded(shop, on_shift=on_shift(shop)),
        **_today(shop, now),
        "problems": problems(shop),
        **in_line.line(shop),
    }


def oldest(shop: Shop) -> Row:
    """Return those who wait longest, with and without a number: what a screen asks for when a long line has moved up."""
    live = {(alert.kind, alert.subject): alert for alert in alerts.live(shop.db)}
    return {"visits": [visit_row(shop, visit, live) for visit in _longest(shop)], "crowd": crowd(shop), **in_line.line(shop)}


def crowd(shop: Shop) -> Row:
    """Return how many nobody has greeted, and the T0 up to which a screen is sent every one; None while it is sent all.

    `zones` has how many in each zone nobody is on the way to, and `known` for each zone of how many a screen is sent the
    oldest and up to which T0; both are empty while a screen is sent all.
    """
    total = visits.count_waiting(shop.db)
    if total <= MOST_VISITS:
        return {"total": total, "horizon": None, "zones": {}, "known": {}}
    last = visits.waiting(shop.db, limit=1, offset=MOST_VISITS - 1)
    return {
        "total": total, "horizon": text(last[0].t0) if last else None, "zones": visits.unclaimed_by_zone(shop.db),
        "known": {zone: _known(shop, zone, count) for zone, count in visits.waiting_by_zone(shop.db).items()},
    }  # fmt: skip


def _known(shop: Shop, zone: str, count: int) -> Row:
    last = visits.waiting(shop.db, zone=zone, limit=1, offset=MOST_OF_ZONE - 1) if count > MOST_OF_ZONE else []
    return {"count": min(count, MOST_OF_ZONE), "horizon": text(last[0].t0) if last else None}


def _longest(shop: Shop) -> list[Visit]:
    """Return the visits a screen is sent: those who wait longest in the shop, and those who wait longest in each zone."""
    found = visits.waiting(shop.db, limit=MOST_VISITS)
    if len(found) == MOST_VISITS:
        known = {visit.id for visit in found}
        for zone in visits.waiting_by_zone(shop.db):
            found += [visit for visit in visits.waiting(shop.db, zone=zone, limit=MOST_OF_ZONE) if visit.id not in known]
    return found


def problems(shop: Shop) -> Row:
    """Return how many problems are open, and for how many the promised time has passed."""
    open_, overdue = cases.count_problems(shop.db, shop.clock())
    return {"open": open_, "overdue": overdue}


def visit_row(shop: Shop, visit: Visit, live: dict[tuple[AlertKind, str], Alert] | None = None) -> Row:
    """Return one visit as a screen needs it. `name_of` a person is resolved here, so that a screen never needs the list."""
    if live is None:
        live = {(alert.kind, alert.subject): alert for alert in alerts.live(shop.db, subject=visit.id)}
    alarm, help_call = live.get((AlertKind.WAITING, visit.id)), live.get((AlertKind.HELP, visit.id))
    lead_at = desk_alerts.lead_called_at(shop, alarm) if alarm else None
    return {
        "id": visit.id, "version": visit.version, "zone": visit.zone, "zone_name": shop.zones.get(visit.zone, visit.zone),
        "state": str(visit.state), "waiting": visit.waiting, "size": visit.size, "t0": text(visit.t0), "late": visit.late,
        "source": str(visit.source), "claimed_by": visit.claimed_by, "claimed_name": name_of(shop, visit.claimed_by),
        "claimed_until": text(visit.claimed_until), "acknowledged_by": visit.acknowledged_by,
        "acknowledged_name": name_of(shop, visit.acknowledged_by), "acknowledged_at": text(visit.acknowledged_at),
        "upset": visit.upset_at is not None, "ended_at": text(visit.ended_at),
        "alert": alert_row(shop, alarm) if alarm else None, "help": alert_row(shop, help_call) if help_call else None,
        "lead_called_at": text(lead_at), "lead_name": _lead(shop) if lead_at else None,
    }  # fmt: skip


def alert_row(shop: Shop, alert: Alert) -> Row:
    """Return one alert as a screen needs it."""
    return {
        "id": alert.id, "kind": str(alert.kind), "about": alert.subject, "zone": alert.zone, "state": str(alert.state),
        "level": int(alert.level), "since": text(alert.since), "raised_at": text(alert.raised_at), "again": alert.again,
        "by": alert.by, "detail": alert.detail, "by_name": name_of(shop, alert.by),
        "acknowledged_by": alert.acknowledged_by, "acknowledged_name": name_of(shop, alert.acknowledged_by),
        "version": alert.version, "sounding": alert.state is AlertState.RAISED, "briefing": _briefing(shop, alert),
        "ticket": _ticket(shop, alert),
    }  # fmt: skip


def _ticket(shop: Shop, alert: Alert) -> Row | None:
    """Return who is on hold or to be called back, when *alert* is about them."""
    if alert.kind is not AlertKind.HOLD_OVERDUE:
        return None
    try:
        return in_line.row(shop, tickets.get(shop.db, alert.subject))
    except tickets.NoSuchTicket:
        return None


def _briefing(shop: Shop, alert: Alert) -> Row | None:
    """Return what a lead reads with the call: nobody comes unprepared."""
    if alert.kind is not AlertKind.HELP:
        return None
    found = cases.briefing(shop.db, alert.subject)
    if found is None:
        return _told_of_visit(shop, alert)
    return {"number": alert.detail, "happened": found.happened, "tried": found.tried, "wanted": found.wanted}


def _told_of_visit(shop: Shop, alert: Alert) -> Row | None:
    try:
        visit = visits.get(shop.db, alert.subject)
    except visits.NoSuchVisit:
        return None
    parts = (visit.briefing or "").split("\n")
    if len(parts) != 3:
        return None
    zone = shop.zones.get(visit.zone, visit.zone)
    return {"number": zone, "happened": parts[0], "tried": parts[1], "wanted": parts[2]}


def changes(shop: Shop, facts: Iterable[Fact]) -> list[tuple[str, Row]]:
    """Return the (event, row) pairs that bring a screen from before *facts* to now: each thing once, as it stands."""
    facts = list(facts)
    changed: list[tuple[str, Row]] = []
    kinds = {fact.kind for fact in facts}
    for visit_id in dict.fromkeys(_visits_touched(facts)):
        try:
            changed.append(("visit", visit_row(shop, visits.get(shop.db, visit_id))))
        except visits.NoSuchVisit:
            continue
    if changed:
        # With the last of them, how many there are now: a screen that is sent the oldest only must know.
        changed[-1] = ("visit", changed[-1][1] | {"crowd": crowd(shop)})
    now = shop.clock()
    if kinds & {FactKind.DEVICE, FactKind.VISIT_OPENED, FactKind.VISIT_JOINED, FactKind.CROSSED}:
        changed.append(("cameras", {"cameras": cameras(shop, now), "service": service(shop)}))
    if kinds & {FactKind.DEVICE, FactKind.ZONE_QUEUE}:
        changed.append(("queues", {"queues": queues.rows(shop)}))
    if kinds & {FactKind.PAUSED, FactKind.RESUMED}:
        changed.append(("pauses", {"pauses": pause_rows(shop)}))
    if kinds & {FactKind.ALERT}:
        rows = [alert_row(shop, alert) for kind in CALLS for alert in alerts.live(shop.db, kind=kind)]
        changed.append(("alerts", {"alerts": rows, "flood": desk_alerts.flooded(shop, on_shift=on_shift(shop))}))
    if (moved := in_line.changes(shop, facts)) is not None:
        changed.append(("line", moved))
    if kinds & FOR_THE_LEAD:
        changed.append(("lead", {"problems": problems(shop)}))
    return changed


def _visits_touched(facts: Iterable[Fact]) -> Iterable[str]:
    for fact in facts:
        if fact.kind in (FactKind.VISIT_OPENED, FactKind.VISIT_JOINED, FactKind.VISIT_MOVED, FactKind.VISIT_UPSET):
            yield fact.subject
        elif fact.kind is FactKind.ALERT and fact.body.get("kind") in (AlertKind.WAITING, AlertKind.HELP):
            yield str(fact.body.get("about"))


def today(shop: Shop) -> Row:
    """Return the slow part of the floor: figures, last visit and last hour. A screen asks for it when a visit ends."""
    now = shop.clock()
    return {"now": text(now), **_today(shop, now)}


def pulse(shop: Shop) -> Row:
    """Return what changes on a floor screen by the clock alone, without a fact: said with every heartbeat."""
    now = shop.clock()
    return {
        "now": text(now), "open": shop.hours.open_at(now), "flood": desk_alerts.flooded(shop, on_shift=on_shift(shop)),
        "service": service(shop), "cameras": cameras(shop, now),
    }  # fmt: skip


def cameras(shop: Shop, now: datetime) -> list[Row]:
    """Return every camera: whether it watches, since when, and how many it saw come in today."""
    begin = shop.hours.day_begins(shop.hours.business_day(now))
    ins = arrivals.ins_by_device(shop.db, begin, shop.hours.day_ends(shop.hours.business_day(now)))
    known = {device.id: device for device in devices.everyone(shop.db) if device.kind == "camera"}
    rows = [_camera_row(device, ins.get(device.id, 0)) for device in known.values()]
    for camera in shop.settings.cameras:
        if camera.id not in known:
            # Configured but never heard of: it must not look like a shop without that door.
            zone = camera.lines[0].zone if camera.lines else ""
            rows.append(
                {"id": camera.id, "name": camera.name or shop.zones.get(zone, camera.id), "zones": [zone] if zone else [],
                 "watch": "starting", "since": None, "reason": "", "heard_at": None, "in_today": 0, "skew": None}
            )  # fmt: skip
    return sorted(rows, key=lambda row: row["name"])


def _camera_row(device: Device, ins: int) -> Row:
    return {
        "id": device.id, "name": device.name, "zones": list(device.zones), "watch": device.watch, "since": text(device.since),
        "reason": device.reason, "heard_at": text(device.heard_at), "in_today": ins, "skew": device.skew,
        "frame_age": device.figures.get("newest_frame_age"),
    }  # fmt: skip


def service(shop: Shop) -> Row | None:
    """Return how the service is, or None before it was ever heard of: without it nobody opens or ages a visit.

    `watch` is "watching", "offline", or "silent" when it was not heard for longer than SERVICE_SILENT. `room` is
    "enough", "low" or "full": how much room the store has; `room_since` is None where that is not known.
    """
    device = devices.find(shop.db, SERVICE)
    if device is None:
        return None
    here = room.look(shop.settings.store.data, shop.settings.health.free_megabytes * MEGABYTE)
    silent = device.watch == WATCHING and abs(shop.clock() - device.heard_at) > SERVICE_SILENT
    return {
        "watch": "silent" if silent else device.watch, "heard_at": text(device.heard_at),
        "room": str(here.state), "room_since": text(here.since),
    }  # fmt: skip


def on_shift(shop: Shop) -> int:
    """Return how many people are signed in and have done something lately: a tablet left in a drawer is nobody."""
    since = shop.clock() - IDLE
    return len({session.person for session in people.sessions(shop.db) if session.seen_at > since})


def _today(shop: Shop, now: datetime) -> Row:
    """Return the day's figures, its last visit and its last hour, in one look at its visits: a busy day has too many to hold."""
    day = _Day(now - LAST_HOUR)
    found = kpi.greeting(day.seen(_of_today(shop, now)), within=shop.standards.greet_within)
    return {"today": _figures(found), "last": _last(shop, day.last), "hour": [_shown(visit) for visit in day.shown]}


def _of_today(shop: Shop, now: datetime) -> Iterator[DayVisit]:
    day = shop.hours.business_day(now)
    return visits.day_of(shop.db, shop.hours.day_begins(day), shop.hours.day_ends(day))


class _Day:
    """What is kept of a day's visits while they pass, oldest first: the last one, and the newest since *since* that are decided."""

    def __init__(self, since: datetime) -> None:
        self._since = since
        self.last: DayVisit | None = None
        self.shown: deque[DayVisit] = deque(maxlen=MOST_IN_HOUR)

    def seen(self, passing: Iterable[DayVisit]) -> Iterator[kpi.Seen]:
        for visit in passing:
            if visit.state not in SETTLED and not visit.late:
                self.last = visit
                if visit.state not in WAITING and visit.t0 > self._since:
                    self.shown.append(visit)
            yield visit.seen()


def _figures(found: kpi.Greeting) -> Row:
    """Return the day's figures as the strip shows them, of the visits that are decided; shares are 0 to 1."""
    decided = found.visits - found.waiting
    return {
        "visits": decided, "within": found.within, "share": found.within / decided if decided else None, "median": found.median,
        "left": found.left, "waiting": found.waiting,
    }  # fmt: skip


def _last(shop: Shop, visit: DayVisit | None) -> Row | None:
    if visit is None:
        return None
    return {
        "t0": text(visit.t0), "zone_name": shop.zones.get(visit.zone, visit.zone), "greet_seconds": visit.greet_seconds,
        "by_name": name_of(shop, visit.acknowledged_by), "camera": visit.source == Source.CAMERA,
    }  # fmt: skip


def _shown(visit: DayVisit) -> Row:
    return {"t0": text(visit.t0), "greet_seconds": visit.greet_seconds, "left": visit.state is State.LEFT}


def pause_rows(shop: Shop) -> list[Row]:
    """Return the zones that are paused now, why and until when."""
    return [_pause_row(shop, pause) for pause in pauses.running(shop.db)]


def _pause_row(shop: Shop, pause: Pause) -> Row:
    return {
        "zone": pause.zone, "zone_name": shop.zones.get(pause.zone, pause.zone), "began": text(pause.began),
        "until": text(pause.until), "by": pause.by, "by_name": name_of(shop, pause.by), "reason": pause.reason,
    }  # fmt: skip


def _lead(shop: Shop) -> str | None:
    """Return the name of a lead who is signed in, or of any lead there is."""
    leads = [person for person in people.everybody(shop.db) if person.role == "lead"]
    here = {session.person for session in people.sessions(shop.db)}
    return next((person.name for person in leads if person.id in here), leads[0].name if leads else None)
