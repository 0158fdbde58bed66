"""A shop's queues that never were: arrivals by hour, services that share counters, priorities, breaks, people who give up.

Made from one seed, so that the same seed is the same month. It knows the rules of the line (`broker.domain.order`)
and nothing of the estimate that is judged on it.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from broker.domain.promises import Promises
from broker.domain.queue_log import Event, What

DAY: Final = 86400.0
MONDAY: Final = 1_767_571_200.0
"""5 January 2026, 00:00 UTC: the first simulated day."""
OPENS, CLOSES = 10.0, 20.0
"""Hours of the day."""


@dataclass(frozen=True, slots=True)
class Service:
    """What people come for: how many an hour at a usual time, and how long it takes, in seconds (log-normal)."""

    id: str
    per_hour: float
    mean: float
    spread: float
    """Standard deviation of the logarithm."""
    priority_share: float = 0.0
    patience: float = 2400.0
    """Mean of the time after which somebody gives up (exponential, but nobody does in the first five minutes)."""


@dataclass(frozen=True, slots=True)
class Desk:
    """A counter: what it serves, from when to when it is open (hours), and its breaks."""

    id: str
    skills: frozenset[str]
    opens: float = OPENS
    closes: float = CLOSES
    breaks: tuple[tuple[float, float], ...] = ()


SERVICES: Final = (
    Service("returns", per_hour=15.0, mean=260.0, spread=0.55, priority_share=0.04),
    Service("collect", per_hour=24.0, mean=110.0, spread=0.45, priority_share=0.03),
    Service("advice", per_hour=6.5, mean=600.0, spread=0.7, patience=3600.0),
)
DESKS: Final = (
    Desk("desk-1", frozenset({"returns", "collect"}), breaks=((12.5, 13.0),)),
    Desk("desk-2", frozenset({"returns", "collect", "advice"}), breaks=((13.0, 13.5), (16.0, 16.25))),
    Desk("desk-3", frozenset({"advice"}), opens=11.0, closes=19.0, breaks=((14.0, 14.5),)),
    Desk("desk-4", frozenset({"collect", "returns"}), opens=12.0, closes=18.0),
)
BY_HOUR: Final = (0.5, 0.7, 1.1, 1.2, 1.0, 0.9, 1.2, 1.3, 0.9, 0.5)
"""Share of the usual rate in each hour from OPENS on."""
BY_WEEKDAY: Final = (0.85, 0.85, 0.9, 0.95, 1.1, 1.3, 0.6)
HANDOVER: Final = (5.0, 25.0)
"""Between two customers a counter takes so many seconds, from and to."""
NO_SHOW: Final = 0.03
NO_SHOW_SECONDS: Final = 90.0
_FIRST_PATIENT: Final = 300.0


@dataclass(order=True, slots=True)
class _Coming:
    at: float
    order: int
    kind: str = field(compare=False)
    subject: str = field(compare=False, default="")


@dataclass(slots=True)
class _Person:
    id: str
    service: Service
    place: float
    came: float


class Day:
    """One simulated business day. `events` yields what happened, in order of time."""

    def __init__(self, number: int, seed: int, services: Sequence[Service], desks: Sequence[Desk], promises: Promises) -> None:
        # Text seeds are hashed with SHA-512 by `random`: the same on every machine and in every process.
        self._random = random.Random(f"{seed}-{number}")  # noqa: S311 - a simulation, not a secret.
        self._number, self._begin = number, MONDAY + number * DAY
        self._services, self._desks, self._promises = services, {desk.id: desk for desk in desks}, promises
        self._mood = self._random.lognormvariate(0.0, 0.12)
        self._coming: list[_Coming] = []
        self._order = 0
        self._line: list[_Person] = []
        self._people: dict[str, _Person] = {}
        self._at_desk: dict[str, _Person | None] = {}
        self._open: set[str] = set()
        self._resting: set[str] = set()

    def events(self) -> Iterator[Event]:
        """Yield the day."""
        self._plan_desks()
        for service in self._services:
            self._plan_arrivals(service)
        while self._coming:
            coming = heapq.heappop(self._coming)
            yield from getattr(self, f"_{coming.kind}")(coming.at, coming.subject)

    def _later(self, at: float, kind: str, subject: str = "") -> None:
        self._order += 1
        heapq.heappush(self._coming, _Coming(at, self._order, kind, subject))

    def _plan_desks(self) -> None:
        for desk in self._desks.values():
            late = self._random.uniform(0, 240)
            self._later(self._begin + desk.opens * 3600 + late, "opens", desk.id)
            for begin, end in desk.breaks:
                shift = self._random.uniform(-600, 600)
                self._later(self._begin + begin * 3600 + shift, "closes", desk.id)
                self._later(self._begin + end * 3600 + shift, "opens", desk.id)
            self._later(self._begin + desk.closes * 3600, "closes", desk.id)
        self._later(self._begin + CLOSES * 3600 + 1, "day_over")

    def _plan_arrivals(self, service: Service) -> None:
        """Thin a Poisson process of the highest rate down to the rate of each hour (Lewis & Shedler 1979)."""
        busiest = service.per_hour * max(BY_HOUR) * max(BY_WEEKDAY) * self._mood
        hour = OPENS
        while (hour := hour + self._random.expovariate(busiest)) < CLOSES - 0.25:
            rate = service.per_hour * BY_HOUR[int(hour - OPENS)] * BY_WEEKDAY[self._number % 7] * self._mood
            if self._random.random() < rate / busiest:
                self._later(self._begin + hour * 3600, "comes", service.id)

    def _comes(self, at: float, service_id: str) -> Iterator[Event]:
        service = next(known for known in self._services if known.id == service_id)
        first = self._random.random() < service.priority_share
        place = at - (self._promises.priority_credit if first else 0.0)
        person = _Person(f"{self._number}-{len(self._people)}", service, place, at)
        self._people[person.id] = person
        yield Event(at, What.ISSUE, person.id, service.id, place=place)
        self._stand(person)
        self._later(at + _FIRST_PATIENT + self._random.expovariate(1 / service.patience), "gives_up", person.id)
        yield from self._call_all(at)

    def _stand(self, person: _Person) -> None:
        self._line.append(person)
        self._line.sort(key=lambda one: (one.place, one.came, one.id))

    def _gives_up(self, at: float, person_id: str) -> Iterator[Event]:
        person = self._people[person_id]
        if person in self._line:
            self._line.remove(person)
            yield Event(at, What.GONE, person.id, person.service.id)

    def _opens(self, at: float, desk_id: str) -> Iterator[Event]:
        self._open.add(desk_id)
        self._at_desk.setdefault(desk_id, None)
        yield Event(at, What.OPEN, counter=desk_id, skills=self._desks[desk_id].skills)
        yield from self._call_all(at)

    def _closes(self, at: float, desk_id: str) -> Iterator[Event]:
        self._open.discard(desk_id)
        yield Event(at, What.CLOSED, counter=desk_id)

    def _day_over(self, at: float, _: str) -> Iterator[Event]:
        for person in self._line:
            yield Event(at, What.GONE, person.id, person.service.id)
        self._line.clear()

    def _call_all(self, at: float) -> Iterator[Event]:
        for desk_id in sorted(self._open):
            if self._at_desk[desk_id] is None and desk_id not in self._resting:
                yield from self._call(at, desk_id)

    def _call(self, at: float, desk_id: str) -> Iterator[Event]:
        skills = self._desks[desk_id].skills
        person = next((one for one in self._line if one.service.id in skills), None)
        if person is None:
            return
        self._line.remove(person)
        self._at_desk[desk_id] = person
        yield Event(at, What.CALL, person.id, person.service.id, counter=desk_id, place=person.place)
        if self._random.random() < NO_SHOW:
            self._later(at + NO_SHOW_SECONDS, "is_free", desk_id)
            return
        service = person.service
        # The mean of a log-normal is exp(mu + sigma^2 / 2).
        seconds = service.mean * self._random.lognormvariate(-(service.spread**2) / 2, service.spread)
        self._later(at + self._random.uniform(5, 20) + seconds, "is_free", desk_id)

    def _is_free(self, at: float, desk_id: str) -> Iterator[Event]:
        person = self._at_desk[desk_id]
        self._at_desk[desk_id] = None
        if person:
            yield Event(at, What.FREE, person.id, person.service.id, counter=desk_id)
        self._resting.add(desk_id)
        self._later(at + self._random.uniform(*HANDOVER), "is_ready", desk_id)

    def _is_ready(self, at: float, desk_id: str) -> Iterator[Event]:
        self._resting.discard(desk_id)
        if desk_id in self._open and self._at_desk[desk_id] is None:
            yield from self._call(at, desk_id)


def days(
    count: int, seed: int, services: Sequence[Service] = SERVICES, desks: Sequence[Desk] = DESKS, promises: Promises | None = None
) -> Iterator[list[Event]]:
    """Yield *count* simulated days, each as its events in order of time."""
    for number in range(count):
        yield list(Day(number, seed, services, desks, promises or Promises()).events())


def hour_of_week(at: float) -> int:
    """Return 0 to 167 for a moment of the simulation, Monday midnight being 0."""
    return int((at - MONDAY) // 3600) % 168
