"""One simulated day at the door: who comes in, who is greeted when, who is forgotten; and the rows the desk would write."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from broker.domain.standards import Standards
from broker.domain.visit import How, Source, State
from deploy.shop_plan import Day, seconds_later

DISMISSED, FORGOTTEN, GOODBYE, SIZES = 0.03, 0.02, 0.55, ((1, 2, 3, 4), (0.66, 0.25, 0.06, 0.03))
"""Shares; FORGOTTEN at a usual hour, and in proportion at a busy one."""
HEARD_AFTER: Final = 0.4
"""Share of the visits a camera's spool still brings when the line was down; the others nobody counted."""
BLIND: Final = 0.06
"""Share of the days on which the camera does not watch for a while."""
ZONES: Final = (5, 3, 2, 1)
DOOR: Final = "door"


class Coming(NamedTuple):
    """One party. `after` is when they were greeted or dismissed, in milliseconds after `t0`; `heard` is when they were heard of."""

    id: str
    zone: str
    t0: datetime
    size: int
    fate: str
    after: int
    by: str
    heard: datetime
    goodbye: datetime | None = None
    queued: bool = False
    assisted: datetime | None = None


class Blind(NamedTuple):
    """The camera did not watch."""

    began: datetime
    ended: datetime


def blind_spell(day: Day, chance: random.Random) -> Blind | None:
    """Return when the camera of the door does not watch on this day, or None."""
    if chance.random() >= BLIND:
        return None
    began = day.opens + (day.closes - day.opens) * chance.uniform(0.05, 0.8)
    began = began.replace(microsecond=began.microsecond // 1000 * 1000)
    return Blind(began, min(seconds_later(began, chance.lognormvariate(6.8, 0.8)), day.closes - timedelta(minutes=5)))


def visits(
    day: Day, expected: float, zones: Sequence[str], staff: Sequence[str], chance: random.Random, standards: Standards,
    blind: Blind | None,
) -> Iterator[Coming]:  # fmt: skip
    """Yield everybody who comes in without a ticket, in order."""
    arrivals = day.arrivals(chance, expected)
    places = chance.choices(zones, ZONES[: len(zones)], k=len(arrivals))
    sizes = chance.choices(*SIZES[:1], SIZES[1], k=len(arrivals))
    most = min(standards.abandon - 5, 590.0)
    for number, t0 in enumerate(arrivals):
        id_, busy = day.visit_id(number, "v"), day.busy_at(t0)
        if blind and blind.began <= t0 < blind.ended:
            heard = seconds_later(blind.ended, chance.uniform(1, 5))
            if chance.random() < HEARD_AFTER and (heard - t0).total_seconds() > standards.late_news + 1:
                yield Coming(id_, places[number], t0, 1, "late", 0, "", heard)
            continue
        slow = standards.greet_within * (0.3 + 0.16 * busy)
        after = round(min(most, chance.lognormvariate(0.0, 0.62) * slow) * 1000)
        fate, chosen = "greeted", chance.random()
        if chosen < DISMISSED:
            fate = "dismissed"
        elif chosen < DISMISSED + FORGOTTEN * busy:
            fate = "left"
        met = t0 + timedelta(milliseconds=after)
        goodbye = seconds_later(met, chance.uniform(60, 1800)) if fate == "greeted" and chance.random() < GOODBYE else None
        yield Coming(id_, places[number], t0, sizes[number], fate, after, chance.choice(staff), t0, goodbye)


class Ending(NamedTuple):
    """How a visit ended."""

    state: State
    at: datetime
    by_clock: bool


def ending(one: Coming, shuts: datetime | None, standards: Standards) -> Ending:
    """Return how *one* ended; *shuts* is when the shop closes, None for one that never does."""
    if one.fate == "dismissed":
        return Ending(State.DISMISSED, one.t0 + timedelta(milliseconds=one.after), by_clock=False)
    if one.fate in ("left", "late"):
        gone = seconds_later(one.t0, standards.abandon)
        return Ending(State.LEFT, min(gone, shuts or gone), by_clock=True)
    natural = seconds_later(one.t0 + timedelta(milliseconds=one.after), standards.browse)
    last = min(natural, shuts or natural)
    if one.goodbye and one.goodbye < last:
        return Ending(State.CLOSED, one.goodbye, by_clock=False)
    return Ending(State.CLOSED, last, by_clock=True)


def row(one: Coming, end: Ending, standards: Standards) -> tuple[Any, ...]:
    """Return the row of a visit that is over, in the order of the columns of the table."""
    met = one.t0 + timedelta(milliseconds=one.after) if one.fate in ("greeted", "ticket") else None
    waited = ((met or end.at) - one.t0).total_seconds()
    steps = () if one.fate == "late" else (standards.warn, standards.greet_within, standards.escalate)
    passed = sum(waited >= step for step in steps)
    version = one.size + passed + 1 + (met is not None)
    if one.queued:
        version += 1 + (one.assisted is not None and one.assisted < end.at)
    t0, ended, acknowledged = text(one.t0), text(end.at), text(met) if met else None
    decided = acknowledged or (ended if one.fate == "dismissed" else None)
    return (
        one.id, one.zone, t0, t0, one.size, one.size, end.state, version, Source.CAMERA, DOOR, one.id.partition(".")[2],
        int(one.fate == "late"), None, None, text(seconds_later(one.t0, standards.greet_within)) if passed > 1 else None,
        text(seconds_later(one.t0, standards.escalate)) if passed > 2 else None, acknowledged,
        one.by if met else None, (How.KIOSK if one.queued else How.TAP) if met else None, decided, ended,
        "courier" if one.fate == "dismissed" else None, None, int(end.by_clock), 0, None, None, None, None, None,
    )  # fmt: skip


def alert_row(one: Coming, end: Ending, standards: Standards) -> tuple[Any, ...] | None:
    """Return the row of the alert about somebody who waited beyond the promise, or None for nobody."""
    met = one.t0 + timedelta(milliseconds=one.after) if one.fate in ("greeted", "ticket") else end.at
    waited = (met - one.t0).total_seconds()
    if one.fate == "late" or waited < standards.greet_within:
        return None
    beyond = waited - standards.greet_within
    climbs = (standards.escalate - standards.greet_within, standards.call_lead - standards.greet_within)
    level = sum(beyond >= step for step in climbs)
    red, over = text(seconds_later(one.t0, standards.greet_within)), text(met)
    return (
        f"a-{one.id}", "waiting", one.id, one.zone, red, "resolved", level, "", "", red, None, None, 0, over, over, 3 + level, None,
    )  # fmt: skip


def text(at: datetime) -> str:
    """Return a UTC moment as the store writes it; without a memory, since none of them comes twice."""
    return at.isoformat(timespec="milliseconds")[:23] + "Z"
