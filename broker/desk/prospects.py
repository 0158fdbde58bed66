"""What somebody who takes a ticket is told of the wait, and what the shop learns from how its waits turned out.

The service learns once a day and writes it down; the screens only read, so that no customer waits for the reckoning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from broker.desk.tickets import NoSuchService, Wish, service_ids, skills_of
from broker.domain import estimate, order
from broker.domain.estimate import Counter, Pace, Ranges, Told, Untold
from broker.domain.moves import QueueClosed
from broker.domain.queue_log import Event, Outcome, What, outcomes
from broker.domain.ticket import AT_COUNTER, ENDED, IN_LINE, Channel, Move, State, Ticket
from broker.domain.wait_audit import WINDOW_DAYS, Audit, audit
from broker.shop import Shop
from broker.store import counters, learnt, tickets
from broker.store.counters import OPEN, Shift
from broker.store.database import change
from broker.store.tickets import ISSUE, Moved

LEARN_EVERY: Final = timedelta(hours=20)
JUDGED_DAYS: Final = 14
"""The newest days, on which a shop's own estimate is judged before it may be told."""
PACE_DAYS: Final = 28
WAITS: Final = "waits"


@dataclass(frozen=True, slots=True)
class Prospect:
    """What can be told for a service now: the people ahead, always, and a range or why there is none."""

    service: str
    ahead: int
    range: Told | Untold
    closes_first: bool
    """Whether even the lower end lies after closing time."""


def prospect(shop: Shop, service: str, *, priority: int = 0) -> Prospect:
    """Return what somebody who takes a ticket for *service* now can be told."""
    now = shop.clock()
    line = tickets.open_ones(shop.db)
    place = order.place(now, priority, shop.promises)
    before = [t for t in order.ordered(line) if t.state is State.WAITING and t.place <= place]
    ahead = sum(t.service == service for t in line if t.state in IN_LINE and t.place <= place)
    told = _range(shop, service, before, line, now)
    late = isinstance(told, Told) and not shop.hours.open_at(now + timedelta(seconds=told.low))
    return Prospect(service, ahead, told, late)


def wish(
    shop: Shop, service: str, *, language: str, channel: Channel, priority: int = 0, visit: str | None = None, greeted: bool = False
) -> Wish:
    """Return what a customer wishes together with what they are told: the range that stands on their screen now.

    Raises NoSuchService, and QueueClosed ("too late") when they would wait until after the shop has closed.
    """
    if service not in service_ids(shop):
        raise NoSuchService(service)
    found = prospect(shop, service, priority=priority)
    if found.closes_first:
        raise QueueClosed("too late", "the expected wait ends after the shop closes")
    told = (found.range.low, found.range.high) if isinstance(found.range, Told) else None
    return Wish(service=service, language=language, channel=channel, priority=priority, visit=visit, told=told, greeted=greeted)


def _range(shop: Shop, service: str, before: Sequence[Ticket], line: Sequence[Ticket], now: datetime) -> Told | Untold:
    known = learnt.newest(shop.db, WAITS)
    if known is None or not known[1]["samples"]:
        return Untold("learning")
    if not known[1]["earned"]:
        return Untold("not_earned" if known[1]["judged"] else "learning")
    pace = _pace(known[1]["pace"])
    open_now = _open_counters(shop, line, now)
    middle = estimate.middle(service, [ticket.service for ticket in before], open_now, pace)
    if middle is None:
        return Untold("no_counter")
    silent = _silent_for(line, now, tickets.last_call(shop.db))
    if not estimate.believed(middle, silent):
        return Untold("nobody_called")
    able = sum(service in counter.skills for counter in open_now)
    scale = pace.mean(service) / max(1, able) + middle
    ranges = Ranges.of_rows(known[1]["ranges"], known[1]["samples"])
    return ranges.told(service, len(before), middle, scale, head_waits=silent or 0.0)


def _open_counters(shop: Shop, line: Sequence[Ticket], now: datetime) -> list[Counter]:
    at_desk = {ticket.counter: ticket for ticket in line if ticket.state in AT_COUNTER}
    found = []
    for name, shift in counters.now(shop.db).items():
        if shift.kind != OPEN or name not in {counter.id for counter in shop.settings.counters}:
            continue
        skills, there = frozenset(skills_of(shop, name)), at_desk.get(name)
        busy = (now - there.called_at).total_seconds() if there and there.called_at else None
        found.append(Counter(skills, there.service if there else None, busy))
    return found


def _silent_for(line: Sequence[Ticket], now: datetime, last_call: datetime | None) -> float | None:
    """Return how long nobody was called while somebody waited, or None for an empty line."""
    waits = [ticket.t0 for ticket in line if ticket.state is State.WAITING]
    if not waits:
        return None
    return (now - max(filter(None, (min(waits), last_call)))).total_seconds()


def learn(shop: Shop) -> bool:
    """Learn from the last weeks and judge the estimate on them; return whether it was done.

    Once a day, when the shop is closed: it takes a second or two. A shop that never closes learns when a day is over.
    """
    now = shop.clock()
    known = learnt.newest(shop.db, WAITS)
    # One that is of a day to come was made while the clock was ahead: it says nothing of when this was done last.
    ago = abs(now - known[0]) if known else 2 * LEARN_EVERY
    if ago < LEARN_EVERY or (ago < 2 * LEARN_EVERY and shop.hours.open_at(now)):
        return False
    days = list(_days(shop, now, WINDOW_DAYS + JUDGED_DAYS))
    judged = audit(days, _hour_of_week(shop), judged_from=max(1, len(days) - JUDGED_DAYS)) if len(days) > 1 else Audit()
    newest = [sample for day in days[-WINDOW_DAYS:] for outcome in day if (sample := outcome.sample())]
    ranges = Ranges(newest)
    body: dict[str, Any] = {
        "samples": len(newest),
        "ranges": ranges.as_rows(),
        "pace": _service_times(shop, now),
        "judged": judged.whole.judged,
        "earned": judged.whole.earned,
        "audit": judged.as_json(),
    }
    with change(shop.db):
        learnt.keep(shop.db, WAITS, now, body)
    return True


def audited(shop: Shop) -> Audit:
    """Judge the told waits of this shop's own history: the newest JUDGED_DAYS by what came before each."""
    days = list(_days(shop, shop.clock(), WINDOW_DAYS + JUDGED_DAYS))
    return audit(days, _hour_of_week(shop), judged_from=max(1, len(days) - JUDGED_DAYS))


def _days(shop: Shop, now: datetime, count: int) -> Iterator[list[Outcome]]:
    """Yield the outcomes of each business day, oldest first, from the first day on which there was a ticket."""
    begin = shop.hours.day_begins(shop.hours.business_day(now) - timedelta(days=count))
    end = shop.hours.day_begins(shop.hours.business_day(now))
    by_day: dict[object, list[Outcome]] = {}
    for outcome in outcomes(log(shop, begin, end)):
        day = shop.hours.business_day(datetime.fromtimestamp(outcome.reckoned.at, tz=now.tzinfo))
        by_day.setdefault(day, []).append(outcome)
    yield from (by_day[day] for day in sorted(by_day, key=str))


def log(shop: Shop, begin: datetime, end: datetime) -> list[Event]:
    """Return what happened in the queues with begin <= at < end, in order of time."""
    events = [event for moved in tickets.moves_between(shop.db, begin, end) for event in _events(moved)]
    for shift in counters.between(shop.db, begin, end):
        events += _shift(shop, shift)
    # In one moment a counter closes, then opens, and then something happens there; moves keep the order they were made in.
    return sorted(events, key=lambda event: (event.at, _FIRST.get(event.what, len(_FIRST))))


_FIRST: Final = {What.CLOSED: 0, What.OPEN: 1}


def _events(moved: Moved) -> list[Event]:
    at, place = moved.at.timestamp(), moved.place.timestamp()
    base = {"at": at, "ticket": moved.ticket, "service": moved.service, "counter": moved.counter or "", "place": place}

    def event(what: What) -> Event:
        return Event(what=what, **base)  # type: ignore[arg-type]

    if moved.move == ISSUE:
        return [event(What.ISSUE)]
    was, became = State(moved.was), moved.became
    made = []
    if was in AT_COUNTER and became not in AT_COUNTER:
        made.append(event(What.FREE))
    if was is State.WAITING and became not in AT_COUNTER and (became is not State.WAITING or moved.move == Move.LET_PASS):
        made.append(event(What.GONE))
    if became is State.WAITING and (was is not State.WAITING or moved.move == Move.LET_PASS):
        made.append(event(What.BACK))
    if became in AT_COUNTER and was not in AT_COUNTER:
        made.append(event(What.CALL))
    if became in ENDED and was is State.CALLED:
        made.append(event(What.GONE))
    return made


def _shift(shop: Shop, shift: Shift) -> list[Event]:
    known = {counter.id for counter in shop.settings.counters}
    if shift.kind != OPEN or shift.counter not in known:
        return []
    skills = frozenset(skills_of(shop, shift.counter))
    made = [Event(shift.began.timestamp(), What.OPEN, counter=shift.counter, skills=skills)]
    return [*made, Event(shift.ended.timestamp(), What.CLOSED, counter=shift.counter)] if shift.ended else made


def _service_times(shop: Shop, now: datetime) -> dict[str, list[float]]:
    """Return for each service how long its newest services took, in seconds from call to free, oldest first."""
    times: dict[str, list[float]] = {}
    called: dict[str, tuple[str, float]] = {}
    for event in log(shop, now - timedelta(days=PACE_DAYS), now):
        if event.what is What.CALL:
            called[event.counter] = (event.service, event.at)
        elif event.what is What.FREE and event.counter in called:
            service, since = called.pop(event.counter)
            times.setdefault(service, []).append(round(event.at - since, 1))
    return {service: newest[-estimate.KEPT_SERVICES :] for service, newest in times.items()}


def _pace(times: dict[str, list[float]]) -> Pace:
    pace = Pace()
    for service, newest in times.items():
        for seconds in newest:
            pace.add(service, seconds)
    return pace


def _hour_of_week(shop: Shop) -> Any:
    def hour(at: float) -> int:
        local = datetime.fromtimestamp(at, tz=shop.settings.store.zone)
        return local.weekday() * 24 + local.hour

    return hour
