"""What was lost, doubled and falsely alarmed, by the store, the spools and what everybody was told."""

from __future__ import annotations

import json
import random
import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from benchmarks.soak import rewound
from benchmarks.soak.crowd import Crowd
from benchmarks.soak.premises import CAMERAS, GREET_WITHIN, HOOK_EVENTS, Premises
from benchmarks.soak.troubles import Found
from broker.desk import audit, screens
from broker.desk.board import display as board
from broker.domain.standards import Standards
from broker.notify.events import event_of
from broker.notify.webhook import webhook_id
from broker.shop import Shop
from broker.store import journal, upkeep, visits
from tests.notify.sink import Heard

ALARM_MAY_FOLLOW_S = 10.0
"""A camera may be called gone so long after it was heard again, since that is known when it is; later it is a wrong alarm."""
SILENT_S = 35.0
"""So long after its own end a camera may be called silent: it is waited for, and then the alarm's delay."""
BEAT_S = 5.0
"""A delivery may have been made twice so shortly around the end of the service."""
BACK_S = 1.0
"""The service looks at every deadline so soon, once it is there again."""
SIGNED = 20
"""So many of the last deliveries have their signatures looked at: older ones are too old to be taken."""
SEEN_S = 2.0
"""Whoever is greeted or gone so soon after they were due may have been red on no screen."""
NUMBERS = 9_999
"""What a service has on a day."""
HOOK_ROWS = ("tickets", "ticket_moves WHERE move = 'call'", "visits WHERE acknowledged_at IS NOT NULL")
"""What each of HOOK_EVENTS is told of."""
NEVER_NONE = ("events", "visits", "alarms", "greetings", "tickets", "calls", "pauses", "told by webhook", "seen red")
GOALS = {
    "next commit": 2.0, "network": 10.0, "screens": 3.0, "disk alarm": 5.0, "disk over": 5.0, "archive": 15.0,
    "webhook": 6.0, "red": 1.0, "memory": 1.0,
}  # fmt: skip
"""Seconds, of red visits of 99 in 100; of the memory megabytes an hour and process."""


@dataclass
class Verdict:
    """Counts of what must not be, each with a few names of what it was."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong_alarms: list[str] = field(default_factory=list)
    odd: list[str] = field(default_factory=list)
    """Whatever else is not as it must be."""
    figures: dict[str, int] = field(default_factory=dict)
    red: list[float] = field(default_factory=list)
    """Seconds from the moment somebody should have been greeted until a tablet showed them red, where nothing was wrong."""

    @property
    def good(self) -> bool:
        """Whether nothing is lost, doubled, falsely alarmed or odd."""
        return not (self.lost or self.doubled or self.wrong_alarms or self.odd)


def judge(here: Premises, shop: Shop, crowd: Crowd, found: Found) -> Verdict:
    """Look at everything once, after the last event was taken and nobody asks any more."""
    verdict = Verdict()
    _events(here, verdict)
    _tickets(here, crowd, verdict)
    _greetings(here, crowd, verdict)
    _pauses(here, shop, crowd, verdict)
    _told(here, shop, found, verdict)
    _archived(here, crowd, found, verdict)
    _visits(here, verdict)
    _deadlines(here, found, verdict)
    _shown(here, crowd, found, verdict)
    _alarms(here, found, verdict)
    sound = upkeep.check(shop.db, deep=True)
    if not sound.sound:
        verdict.odd.append(f"greetline check --deep: {sound.broken or sound.damage or sound.odd}")
    verdict.odd += (
        crowd.trouble + crowd.told.refused[:5] + [f"not one of {name}" for name in NEVER_NONE if not verdict.figures[name]]
    )
    verdict.figures["resyncs"] = sum(screen.resyncs for screen in crowd.slow)
    if rejected := here.ask("SELECT reason FROM rejected LIMIT 3"):
        verdict.odd.append(f"rejected: {rejected}")
    return verdict


def _events(here: Premises, verdict: Verdict) -> None:
    kept = 0
    for camera in CAMERAS:
        with closing(sqlite3.connect(here.spool(camera))) as spool:
            last = spool.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()[0]
            epoch = spool.execute("SELECT epoch FROM spool").fetchone()[0]
        produced = {f"{epoch}-{number}" for number in range(1, last + 1)}
        taken = {event for (event,) in here.ask("SELECT event FROM seen WHERE device = ?", camera)}
        verdict.lost += [f"{camera} {event}" for event in sorted(produced - taken)]
        verdict.odd += [f"{camera} never said {event}" for event in sorted(taken - produced)][:5]
        kept += last
    rows = here.ask("SELECT device, event, count(*) FROM crossings GROUP BY 1, 2 HAVING count(*) > 1")
    verdict.doubled += [f"{device} {event}" for device, event, _ in rows]
    crossings, stays = (here.ask(f"SELECT count(*) FROM {table}")[0][0] for table in ("crossings", "area_stays"))
    if crossings + stays != kept:
        (verdict.doubled if crossings + stays > kept else verdict.lost).append(f"{crossings} + {stays} rows for {kept} events")
    ins, outs = here.ask("SELECT sum(ins), sum(outs) FROM presence")[0]
    if ins + outs != crossings:
        verdict.odd.append(f"the counters of the day say {ins} + {outs} of {crossings} crossings")
    verdict.figures["events"] = kept


def _tickets(here: Premises, crowd: Crowd, verdict: Verdict) -> None:
    told, kept = crowd.told, dict(here.ask("SELECT id, number FROM tickets"))
    verdict.lost += [f"ticket {number}" for ticket, number in told.taken if kept.get(ticket) != number]
    verdict.doubled += [f"ticket {ticket} answered twice" for ticket, n in Counter(t for t, _ in told.taken).items() if n > 1]
    verdict.doubled += [f"number {number}" for number, n in Counter(kept.values()).items() if n > 1]
    if len(kept) != len(told.taken):
        verdict.odd.append(f"{len(kept)} tickets are kept and {len(told.taken)} were told of")
    calls = Counter(row[0] for row in here.ask("SELECT ticket FROM ticket_moves WHERE move = 'call'"))
    verdict.doubled += [f"ticket {ticket} was called {n} times" for ticket, n in calls.items() if n > 1]
    verdict.lost += [f"the call of {ticket}" for ticket in told.called if ticket not in calls]
    verdict.odd += [f"ticket {ticket} was called and no counter was told" for ticket in calls - Counter(told.called)][:5]
    if told.none_left and len(kept) < NUMBERS:
        verdict.odd.append(f"{told.none_left} were told that no number is left, after {len(kept)}")
    verdict.figures |= {"tickets": len(kept), "calls": len(calls), "requests made again": told.again}


def _greetings(here: Premises, crowd: Crowd, verdict: Verdict) -> None:
    greeted = {row[0] for row in here.ask("SELECT id FROM visits WHERE acknowledged_at IS NOT NULL")}
    verdict.lost += [f"the greeting of {visit}" for visit in crowd.told.greeted - greeted]
    verdict.figures["greetings"] = len(crowd.told.greeted)


def _pauses(here: Premises, shop: Shop, crowd: Crowd, verdict: Verdict) -> None:
    """Each pause and each end of one is one row of the audit log, whose chain holds."""
    rows = dict(here.ask("SELECT what, count(*) FROM audit_log GROUP BY what"))
    for what in ("pauses.zone-paused", "pauses.zone-resumed"):
        if (more := rows.get(what, 0) - crowd.told.paused) != 0:
            (verdict.doubled if more > 0 else verdict.lost).append(f"{abs(more)} rows {what} of the audit log")
    chain = audit.verify(shop)
    if not chain.whole:
        verdict.odd.append(f"the audit log: {chain}")
    verdict.figures["pauses"] = crowd.told.paused


def told_others(here: Premises, shop: Shop) -> bool:
    """Whether the other side of the webhook has taken everything that it is to be told."""
    return len({heard.id for heard in here.sink.taken()}) >= len(_for_others(shop))


def _for_others(shop: Shop) -> list[str]:
    wanted, last = list[str](), 0
    while facts := journal.after(shop.db, last):
        last = facts[-1].id
        events = [(fact.id, event_of(fact)) for fact in facts]
        wanted += [webhook_id(shop.settings.store.id, number) for number, event in events if event and event.name in HOOK_EVENTS]
    return wanted


def _told(here: Premises, shop: Shop, found: Found, verdict: Verdict) -> None:
    """The other side has taken every event, in order, and again only what a service told that ended before it could note so."""
    wanted, taken = _for_others(shop), here.sink.taken()
    once = list(dict.fromkeys(heard.id for heard in taken))
    there = set(once)
    verdict.lost += [f"webhook {event}" for event in wanted if event not in there][:20]
    _all_kinds(here, taken, verdict)
    if [event for event in once if event in set(wanted)] != [event for event in wanted if event in there]:
        verdict.odd.append("the webhook was told out of order")
    verdict.odd += [f"webhook {event} never was" for event in set(once) - set(wanted)][:5]
    away, before = _times(found, "service", BEAT_S), set[str]()
    for heard in taken:
        told = int(heard.headers["webhook-timestamp"])
        if heard.id in before and not any(began - 1 <= told <= ended for began, ended in away):
            verdict.doubled.append(f"webhook {heard.id} again at {told}, when nothing was wrong")
        before.add(heard.id)
    for heard in taken[-SIGNED:]:
        heard.read()
    verdict.figures["told by webhook"] = len(once)


def _all_kinds(here: Premises, taken: list[Heard], verdict: Verdict) -> None:
    """As many of each kind were told as the tables have: what tells them might know of fewer than there are."""
    told = Counter(json.loads(body)["type"] for body in {heard.id: heard.body for heard in taken}.values())
    for name, asked in zip(HOOK_EVENTS, HOOK_ROWS, strict=True):
        if (rows := here.ask(f"SELECT count(*) FROM {asked}")[0][0]) > told[name]:
            verdict.lost.append(f"{rows - told[name]} of {rows} {name} were never told by webhook")


def _archived(here: Premises, crowd: Crowd, found: Found, verdict: Verdict) -> None:
    away = sum(ended - began for began, ended in _times(found, "archive", 0))
    lost, odd, figures = rewound.look(here, crowd, away, random.Random(len(crowd.told.taken)))
    verdict.lost += lost
    verdict.odd += odd
    verdict.figures |= figures


def _visits(here: Premises, verdict: Verdict) -> None:
    """Whoever came in is a visit, whoever was overdue is an alert, and only what was said late is late."""
    came = here.ask("SELECT count(*) FROM crossings WHERE inward AND (visit IS NULL OR visit NOT IN (SELECT id FROM visits))")
    verdict.lost += [f"{came[0][0]} who came in are no visit"] if came[0][0] else []
    unsaid = "id NOT IN (SELECT subject FROM alerts WHERE kind = 'waiting')"
    rows = here.ask(f"SELECT id FROM visits WHERE NOT late AND overdue_at IS NOT NULL AND {unsaid}")
    verdict.lost += [f"the alert of visit {visit}" for (visit,) in rows]
    opened = "SELECT v.id, v.t0, j.at FROM visits v JOIN journal j ON j.subject = v.id AND j.kind = 'visit.opened' WHERE v.late"
    for visit, t0, at in here.ask(opened):
        behind = (datetime.fromisoformat(at) - datetime.fromisoformat(t0)).total_seconds()
        if behind < Standards().late_news:
            verdict.odd.append(f"visit {visit} is called late and was said after {behind:.1f} s")


def _deadlines(here: Premises, found: Found, verdict: Verdict) -> None:
    """A visit is overdue from the moment it was due, whenever that could be written; one that was greeted in time never is.

    Who is greeted while the service is down, or before it looked again, was never overdue: nobody was told.
    """
    away = _times(found, "service", BACK_S)
    rows = here.ask("SELECT id, t0, overdue_at, acknowledged_at, ended_at FROM visits WHERE NOT late")
    for visit, t0, overdue_at, acknowledged_at, ended_at in rows:
        due = datetime.fromisoformat(t0) + timedelta(seconds=GREET_WITHIN)
        over = min((datetime.fromisoformat(at) for at in (acknowledged_at, ended_at) if at), default=None)
        down = over and any(began <= due.timestamp() and over.timestamp() <= ended for began, ended in away)
        if overdue_at is None and (over is None or (over > due + timedelta(seconds=1) and not down)):
            verdict.odd.append(f"visit {visit} was never overdue: a missed alarm")
        if overdue_at is not None and abs((datetime.fromisoformat(overdue_at) - due).total_seconds()) > 0.002:
            verdict.odd.append(f"visit {visit} was overdue at {overdue_at}, due {due}")
    verdict.figures["visits"] = len(rows)


def _times(found: Found, part: str, around: float) -> list[tuple[float, float]]:
    """Return when *part* could not do its work, with the seconds *around* it."""
    return [(span.began - around, span.ended + around) for span in found.spans if part in span.parts]


def _shown(here: Premises, crowd: Crowd, found: Found, verdict: Verdict) -> None:
    """How late a visit turned red on the first tablet, of those that came due while service and dashboard did their work.

    Whoever was greeted or gone at that moment may have been red nowhere.
    """
    spoilt = [*_times(found, "service", SEEN_S), *_times(found, "dashboard", SEEN_S)]
    stood = unseen = 0
    question = "SELECT id, t0, coalesce(acknowledged_at, ended_at) FROM visits WHERE NOT late AND overdue_at IS NOT NULL"
    for visit, t0, over in here.ask(question):
        due = datetime.fromisoformat(t0).timestamp() + GREET_WITHIN
        if any(began <= due <= ended for began, ended in spoilt):
            continue
        seen = [screen.red[visit] for screen in crowd.screens if visit in screen.red]
        verdict.red += [min(seen) - due] if seen else []
        stays = over is None or datetime.fromisoformat(over).timestamp() > due + SEEN_S
        stood, unseen = stood + (bool(seen) or stays), unseen + (stays and not seen)
    verdict.figures |= {"seen red": len(verdict.red), "stood red": stood}
    if unseen:
        verdict.lost.append(f"{unseen} visits stood red for {SEEN_S:g} s and no tablet showed them so")


def _alarms(here: Premises, found: Found, verdict: Verdict) -> None:
    raised = here.ask(
        "SELECT a.id, a.raised_at, v.t0, v.late, v.acknowledged_at FROM alerts a JOIN visits v ON v.id = a.subject"
        " WHERE a.kind = 'waiting' AND a.raised_at IS NOT NULL"
    )
    of_nothing = "SELECT kind, subject FROM alerts WHERE kind NOT IN ('waiting', 'device') OR kind = 'waiting' AND {} LIMIT 5"
    for kind, subject in here.ask(of_nothing.format("subject NOT IN (SELECT id FROM visits)")):
        verdict.wrong_alarms.append(f"{kind} about {subject}: nothing here is a reason for it")
    for alert, at, t0, late, acknowledged_at in raised:
        due = datetime.fromisoformat(t0) + timedelta(seconds=GREET_WITHIN)
        greeted = acknowledged_at is not None and datetime.fromisoformat(acknowledged_at) <= due
        if late or greeted or datetime.fromisoformat(at) < due - timedelta(seconds=0.002):
            verdict.wrong_alarms.append(f"{alert} at {at}: late {late}, greeted {acknowledged_at}, due {due}")
    told = here.ask(
        "SELECT CASE json_extract(body, '$.kind') WHEN 'waiting' THEN json_extract(body, '$.about') ELSE subject END,"
        " json_extract(body, '$.move'), json_extract(body, '$.level') FROM journal"
        " WHERE kind = 'alert.moved' AND json_extract(body, '$.state') = 'raised'"
    )
    again = [row for row, n in Counter(row for row in told if row[1] in ("raise", "climb")).items() if n > 1]
    verdict.wrong_alarms += [f"{whom} was told of twice: {move} {level}" for whom, move, level in again]
    for subject, at in here.ask("SELECT subject, raised_at FROM alerts WHERE kind = 'device' AND raised_at IS NOT NULL"):
        when = datetime.fromisoformat(at).timestamp()
        own = _times(found, subject, 0)
        causes = [(began, ended, SILENT_S) for began, ended in own] + [
            (began, ended, ALARM_MAY_FOLLOW_S) for part in ("mosquitto", "service") for began, ended in _times(found, part, 0)
        ]
        if not any(began <= when <= ended + after for began, ended, after in causes):
            verdict.wrong_alarms.append(f"device {subject} at {at}, when nothing was wrong")
    verdict.figures["alarms"] = len(raised)


def unlike(shop: Shop, crowd: Crowd) -> list[str]:
    """Return which fast screens do not show who waits, now that nobody comes any more: all whom the floor names and nobody else."""
    named = {row["id"]: row["state"] for row in screens.floor(shop)["visits"]}
    waiting = {visit.id: str(visit.state) for visit in visits.waiting(shop.db)}
    wrong = []
    for number, screen in enumerate(crowd.screens):
        there = {row["id"]: row["state"] for row in list(screen.rows.values())}
        other = {id_ for id_, state in named.items() if there.get(id_) != state}
        other |= {id_ for id_, state in there.items() if waiting.get(id_) != state}
        wrong += [f"screen {number} shows {len(other)} of {len(waiting)} otherwise"] if other else []
    called = {row["id"] for row in board(shop)["calls"]}
    shown = [{row["id"] for row in wall.board["calls"]} for wall in crowd.walls]
    return wrong + [f"wall {number} lacks {len(called - there)} calls" for number, there in enumerate(shown) if called - there]
