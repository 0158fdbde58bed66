"""Made-up staff for a demonstration: most are quick, some are late, some forget. They use the same desk as the screens."""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from broker.desk import people, visits
from broker.desk.people import Person
from broker.desk.roles import Role
from broker.domain.moves import IllegalMove
from broker.domain.visit import Visit
from broker.shop import Shop
from broker.store import visits as stored

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 0.2
"""How often somebody looks up from the shelf."""
MAX_PLANS: Final = 1_000
"""Visits that are remembered as thought about; far more than wait at a time."""

CREW: Final = (
    ("Ingrid", Role.LEAD, "2580"),
    ("Amir", Role.STAFF, "1470"),
    ("Sofia", Role.STAFF, "3691"),
    ("Jonas", Role.STAFF, "7412"),
    ("Kari", Role.MANAGER, "9630"),
)
"""Name, role and PIN of everybody who works in the demonstration."""


class Habit(StrEnum):
    """What somebody does about a visit."""

    GREET = "greet"
    GO_THEN_GREET = "go then greet"
    LATE = "late"
    FORGET = "forget"
    NOT_A_CUSTOMER = "not a customer"


HABITS: Final = {Habit.GREET: 30, Habit.GO_THEN_GREET: 30, Habit.LATE: 20, Habit.FORGET: 13, Habit.NOT_A_CUSTOMER: 7}
"""How often, in a hundred."""
WORKING: Final = 4
"""The first of CREW are on the floor; the manager is in the office."""


@dataclass(frozen=True, slots=True)
class _Step:
    """Something to do about a visit when its time has come."""

    at: datetime
    do: Callable[[], object]


@dataclass(slots=True)
class Staff:
    """The crew of *shop*, working from `turn` to `turn`. With the same *chance* and visits, they do the same."""

    shop: Shop
    crew: Sequence[Person]
    chance: random.Random
    done: dict[Habit, int] = field(default_factory=dict)
    _seen: dict[str, None] = field(default_factory=dict)
    _steps: list[_Step] = field(default_factory=list)

    def turn(self) -> None:
        """Look who waits, decide what to do about the new ones, and do what is due."""
        for visit in stored.waiting(self.shop.db):
            if visit.id not in self._seen:
                self._seen[visit.id] = None
                self._think_about(visit)
        while len(self._seen) > MAX_PLANS:
            del self._seen[next(iter(self._seen))]
        now = self.shop.clock()
        due = sorted((step for step in self._steps if step.at <= now), key=lambda step: step.at)
        self._steps = [step for step in self._steps if step.at > now]
        for step in due:
            _try(step)

    def _think_about(self, visit: Visit) -> None:
        habit = self.chance.choices(list(HABITS), list(HABITS.values()))[0]
        by, promise = self.chance.choice(self.crew).id, self.shop.standards
        in_time = self.chance.uniform(0.25, 0.85) * promise.greet_within
        too_late = self.chance.uniform(promise.greet_within + 1, promise.escalate + 3)
        greet, claim = (lambda: visits.greet(self.shop, visit.id, by=by)), (lambda: visits.claim(self.shop, visit.id, by=by))
        match habit:
            case Habit.GREET:
                self._plan(visit, in_time, greet)
            case Habit.GO_THEN_GREET:
                self._plan(visit, in_time * 0.6, claim)
                self._plan(visit, in_time * 0.6 + min(4.0, promise.claim * 0.6), greet)
            case Habit.LATE:
                self._plan(visit, too_late - 1.5, claim)
                self._plan(visit, too_late, greet)
            case Habit.NOT_A_CUSTOMER:
                reason = self.chance.choice(("staff", "courier"))
                self._plan(visit, in_time, lambda: visits.dismiss(self.shop, visit.id, by=by, reason=reason))
        self.done[habit] = self.done.get(habit, 0) + 1

    def _plan(self, visit: Visit, seconds: float, do: Callable[[], object]) -> None:
        self._steps.append(_Step(visit.t0 + timedelta(seconds=seconds), do))


def _try(step: _Step) -> None:
    try:
        step.do()
    except (IllegalMove, stored.NoSuchVisit) as refused:
        # The customer has left, or somebody at a real screen was quicker.
        log.debug("%s", refused)


def hire(shop: Shop) -> list[Person]:
    """Return the people of CREW, with their PINs; whoever works here already stays."""
    return [people.named(shop, name) or people.add(shop, name, role=role, pin=pin, by="demonstration") for name, role, pin in CREW]


def work(shop: Shop, crew: Sequence[Person], stop: threading.Event, *, seed: int = 1) -> None:
    """Work until *stop*."""
    staff = Staff(shop, crew[:WORKING], random.Random(seed))  # noqa: S311 - a play, not a secret.
    while not stop.wait(LOOK_SECONDS):
        try:
            staff.turn()
        except sqlite3.OperationalError as trouble:
            log.warning("the staff look again later: %s", trouble)
