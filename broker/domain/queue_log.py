"""A queue as it went: events in order of time, from which the shop learns how its waits turn out.

The same log is made from the history of a shop and by the simulation, and both are judged by the same code.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from broker.domain.estimate import Counter, Pace, Sample, middle

LONGEST_SERVICE: Final = 4 * 3600.0
"""A longer one was forgotten, not served: it teaches nothing."""


class What(StrEnum):
    """What can happen in a queue, as far as waits go."""

    ISSUE = "issue"
    CALL = "call"
    FREE = "free"
    """The counter is done with somebody: finished, sent on, held or missed."""
    BACK = "back"
    """Somebody stands in the line again, at `place`."""
    GONE = "gone"
    """Somebody left the line without being called: cancelled, stepped aside, or the day was over."""
    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, at `at` seconds since 1970. `place` orders the line; `skills` come with OPEN."""

    at: float
    what: What
    ticket: str = ""
    service: str = ""
    counter: str = ""
    place: float = 0.0
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reckoned:
    """What could be reckoned when a ticket was taken."""

    at: float
    ticket: str
    service: str
    ahead: int
    """People who are called before, for whatever service."""
    middle: float | None
    scale: float
    head_waits: float
    """How long the first of the line has waited, while nobody was called."""
    silent_for: float | None
    """How long nobody was called while somebody waited; None when the line was empty or somebody was called lately."""
    same: int
    """People of the same service before them: what the plain rule reckons with."""
    open_counters: int
    mean: float


@dataclass(slots=True)
class _Busy:
    service: str
    since: float


@dataclass(slots=True)
class Queue:
    """The line and the counters at a moment, kept up to date event by event; `pace` is learnt on the way."""

    pace: Pace = field(default_factory=Pace)
    _line: list[tuple[float, float, str]] = field(default_factory=list)
    """(place, came, ticket), in order."""
    _waiting: dict[str, tuple[tuple[float, float, str], str]] = field(default_factory=dict)
    _counters: dict[str, frozenset[str]] = field(default_factory=dict)
    _busy: dict[str, _Busy] = field(default_factory=dict)
    _called_at: float = 0.0

    def feed(self, event: Event) -> None:
        """Take *event*, the next in time."""
        match event.what:
            case What.ISSUE | What.BACK:
                key = (event.place, event.at, event.ticket)
                if not self._line:
                    self._called_at = max(self._called_at, event.at)
                bisect.insort(self._line, key)
                self._waiting[event.ticket] = (key, event.service)
            case What.CALL:
                self._leave(event.ticket)
                self._called_at = event.at
                self._busy[event.counter] = _Busy(event.service, event.at)
            case What.GONE:
                self._leave(event.ticket)
            case What.FREE:
                self._freed(event)
            case What.OPEN:
                self._counters[event.counter] = event.skills
            case What.CLOSED:
                self._counters.pop(event.counter, None)

    def _freed(self, event: Event) -> None:
        busy = self._busy.pop(event.counter, None)
        if busy and event.at - busy.since <= LONGEST_SERVICE:
            self.pace.add(busy.service, event.at - busy.since)

    def _leave(self, ticket: str) -> None:
        known = self._waiting.pop(ticket, None)
        if known:
            del self._line[bisect.bisect_left(self._line, known[0])]

    def reckon(self, at: float, ticket: str, service: str, place: float) -> Reckoned:
        """Return what can be told to somebody who takes *ticket* for *service* at *at*, before it is in the line."""
        cut = bisect.bisect_right(self._line, (place, at, ticket))
        before = [self._waiting[key[2]][1] for key in self._line[:cut]]
        counters = [self._counter(name, skills, at) for name, skills in self._counters.items()]
        able = sum(service in counter.skills for counter in counters)
        expected = middle(service, before, counters, self.pace)
        mean = self.pace.mean(service)
        head = min((came for _, came, _ in self._line), default=at)
        silent = at - max(self._called_at, head) if self._line else None
        return Reckoned(
            at=at, ticket=ticket, service=service, ahead=len(before), middle=expected,
            scale=mean / max(1, able) + (expected or 0.0), head_waits=silent or 0.0, silent_for=silent,
            same=before.count(service), open_counters=able, mean=mean,
        )  # fmt: skip

    def _counter(self, name: str, skills: frozenset[str], at: float) -> Counter:
        busy = self._busy.get(name)
        return Counter(skills, busy.service, at - busy.since) if busy else Counter(skills)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A ticket that was taken: what could be reckoned then, and how long they waited until the call.

    `waited` is None for somebody who left first, after `left_after` seconds.
    """

    reckoned: Reckoned
    waited: float | None
    left_after: float | None = None

    def sample(self) -> Sample | None:
        """Return it as something to learn from, or None when nothing was reckoned or nobody was called."""
        made = self.reckoned
        if made.middle is None or self.waited is None:
            return None
        return Sample(made.service, made.ahead, made.middle, made.scale, self.waited)


def outcomes(events: Iterable[Event]) -> Iterator[Outcome]:
    """Go through *events* in order of time; yield each ticket when it is first called, or has left before that."""
    queue, open_ones = Queue(), dict[str, Reckoned]()
    for event in events:
        if event.what is What.ISSUE:
            open_ones[event.ticket] = queue.reckon(event.at, event.ticket, event.service, event.place)
        elif event.what in (What.CALL, What.GONE) and event.ticket in open_ones:
            made = open_ones.pop(event.ticket)
            gone = event.at - made.at
            yield Outcome(made, gone) if event.what is What.CALL else Outcome(made, None, gone)
        queue.feed(event)
