"""The honest wait: how long somebody who takes a ticket now will wait, as a range, or nothing but the people ahead.

The middle is reckoned by going through the line as the counters will: each counter is free when whom it serves is
expected to be done, takes the next it can serve, and so on until it is our turn. (People ahead x mean service time /
counters, the queue-length estimator of Ibrahim & Whitt 2009, doi 10.1287/msom.1080.0223, is the same where every
counter serves everything; where counters share services it is not.) The range is split-conformal: the ceil((n+1)q)-th
of the misses of the last weeks, in proportion to the size of the estimate, so that no shape of their distribution is
assumed. The ends are rounded outwards before they are calibrated: what is judged is what is told.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

LATE: Final = 0.10
"""Share of the people who may wait longer than told."""
EARLY: Final = 0.10
"""Share of the people who may be called before the lower end."""
LEAST_SAMPLES: Final = 30
"""With fewer, no wait is told; with fewer in one bin, all bins are judged together."""
NEWEST_SERVICES: Final = 30
"""Service times that make the mean of now; it is shrunk to the mean of so many more of the service's history."""
KEPT_SERVICES: Final = 400
"""Service times that are remembered of each service."""
SILENT_SHARE: Final = 2.0
"""When nobody was called for so many times the estimate, the estimate is not believed."""
BINS: Final = (1, 3, 6, 12)
"""Borders between the bins of people ahead: none, 1 to 2, 3 to 5, 6 to 11, 12 and more."""
FIRST_GUESS: Final = 180.0
"""Seconds of a service of which nothing is known yet. It is never told: it only fills gaps between counters."""

_ANY: Final = -1
"""Any number of people ahead."""
_HAIR: Final = 1e-9
"""An end on the very edge of a minute belongs to the next one."""
_MINUTE: Final = 60.0
_FINE_BELOW: Final = 10 * _MINUTE
_COARSE: Final = 5 * _MINUTE


@dataclass(frozen=True, slots=True)
class Counter:
    """A counter that is open now. `busy_for` is how long it has served its customer, None when it is free."""

    skills: frozenset[str]
    serving: str | None = None
    busy_for: float | None = None


@dataclass(slots=True)
class Pace:
    """How long services take: from the call to the moment the counter is free again, in seconds."""

    _times: dict[str, deque[float]] = field(default_factory=dict)
    _sorted: dict[str, list[float]] = field(default_factory=dict)

    def add(self, service: str, seconds: float) -> None:
        """Take note of one service that took *seconds*."""
        self._times.setdefault(service, deque(maxlen=KEPT_SERVICES)).append(seconds)
        self._sorted.pop(service, None)

    def mean(self, service: str) -> float:
        """Return the mean of the newest services, shrunk to the mean of all that are remembered."""
        times = self._times.get(service)
        if not times:
            known = [time for others in self._times.values() for time in others]
            return sum(known) / len(known) if known else FIRST_GUESS
        newest = [times[-1 - n] for n in range(min(NEWEST_SERVICES, len(times)))]
        history = sum(times) / len(times)
        return (sum(newest) + NEWEST_SERVICES * history) / (len(newest) + NEWEST_SERVICES)

    def left(self, service: str, busy_for: float) -> float:
        """Return how long somebody who has been served for *busy_for* seconds is expected to be served still.

        The mean residual of the remembered times that were longer; half a mean when hardly any was.
        """
        times = self._ordered(service)
        first = bisect_right(times, busy_for)
        longer = times[first:]
        if len(longer) < 5:
            return self.mean(service) / 2
        return sum(longer) / len(longer) - busy_for

    def _ordered(self, service: str) -> list[float]:
        if service not in self._sorted:
            self._sorted[service] = sorted(self._times.get(service, ()))
        return self._sorted[service]


def middle(service: str, ahead: Sequence[str], counters: Collection[Counter], pace: Pace) -> float | None:
    """Return the expected seconds until somebody for *service* is called, or None when no open counter serves it.

    *ahead* are the services of everybody who is called before, in that order. People whom no open counter serves hold
    up nobody.
    """
    if not any(service in counter.skills for counter in counters):
        return None
    means = {wanted: pace.mean(wanted) for wanted in {*ahead, service}}
    free = [_free_in(counter, pace) for counter in counters]
    skills = [counter.skills for counter in counters]
    for wanted in ahead:
        able = [number for number, known in enumerate(skills) if wanted in known]
        if able:
            first = min(able, key=free.__getitem__)
            free[first] += means[wanted]
    return min(at for at, known in zip(free, skills, strict=True) if service in known)


def _free_in(counter: Counter, pace: Pace) -> float:
    if counter.serving is None or counter.busy_for is None:
        return 0.0
    return pace.left(counter.serving, counter.busy_for)


@dataclass(frozen=True, slots=True)
class Sample:
    """One wait that is over, beside what was reckoned for it when the ticket was taken. All in seconds."""

    service: str
    ahead: int
    middle: float
    scale: float
    """How long one service takes at this place: what a miss is measured against."""
    actual: float


@dataclass(frozen=True, slots=True)
class Told:
    """A range in seconds, both ends rounded outwards, and the `middle` that it was made from."""

    low: float
    high: float
    middle: float


@dataclass(frozen=True, slots=True)
class Untold:
    """Why no wait is told: "learning", "not_earned", "no_counter" or "nobody_called". The people ahead are told all the same."""

    why: str


@dataclass(frozen=True, slots=True)
class _Ends:
    """How many scales below and above the estimate the ends of the range lie, and how far off its middle is."""

    below: float
    above: float
    shift: float


class Ranges:
    """What a shop has learnt of its misses: ends for each service and bin of people ahead, each service, and all."""

    def __init__(self, samples: Sequence[Sample], *, late: float = LATE, early: float = EARLY) -> None:
        """Calibrate on *samples*, those of the last weeks."""
        self._late, self._early = late, early
        self.samples = len(samples)
        groups: dict[tuple[str, int], list[Sample]] = {("", _ANY): list(samples)}
        for sample in samples:
            for key in ((sample.service, bin_of(sample.ahead)), (sample.service, _ANY)):
                groups.setdefault(key, []).append(sample)
        self._known = {key: self._ends(group) for key, group in groups.items() if len(group) >= LEAST_SAMPLES}

    @classmethod
    def of_rows(cls, rows: Iterable[Sequence[Any]], samples: int) -> Ranges:
        """Return what `as_rows` gave."""
        made = cls(())
        made.samples = samples
        made._known = {(str(row[0]), int(row[1])): _Ends(*map(float, row[2:5])) for row in rows}
        return made

    def as_rows(self) -> list[list[str | float]]:
        """Return what was learnt as plain values: service, bin, end below, end above, shift, in scales."""
        return [[*key, ends.below, ends.above, ends.shift] for key, ends in sorted(self._known.items())]

    def told(self, service: str, ahead: int, middle: float, scale: float, *, head_waits: float = 0.0) -> Told | Untold:
        """Return the range for somebody with *ahead* people before them.

        *head_waits* is how long the head of the line has waited while nobody was called: nobody behind is told less.
        """
        nearest = ((service, bin_of(ahead)), (service, _ANY), ("", _ANY))
        ends = next((self._known[key] for key in nearest if key in self._known), None)
        if ends is None:
            return Untold("learning")
        low = max(0.0, middle + ends.below * scale)
        high = max(middle + ends.above * scale, head_waits, low)
        return Told(rounded_down(low), rounded_up(high), max(0.0, middle + ends.shift * scale))

    def _ends(self, samples: Sequence[Sample]) -> _Ends:
        misses = sorted((sample.actual - sample.middle) / max(sample.scale, 1.0) for sample in samples)
        shift = misses[len(misses) // 2]
        above = _calibrated(samples, self._late, upper=True)
        below = _calibrated(samples, self._early, upper=False)
        return _Ends(min(below, shift), max(above, shift), shift)


def _calibrated(samples: Sequence[Sample], share: float, *, upper: bool) -> float:
    """Return the innermost end (in scales) that at most *share* of *samples* miss once it is rounded outwards.

    Of n samples floor(share (n + 1)) - 1 may lie beyond: the conformal count, which holds for the next wait as for these.
    """
    allowed = max(0, math.floor(share * (len(samples) + 1)) - 1)
    needed = sorted(_needed(sample, upper=upper) for sample in samples)
    return needed[len(needed) - 1 - allowed] + _HAIR if upper else needed[allowed] - _HAIR


def _needed(sample: Sample, *, upper: bool) -> float:
    """Return the end (in scales) just inside which the rounded range would miss this wait."""
    step = _MINUTE if sample.actual < _FINE_BELOW or (upper and sample.actual == _FINE_BELOW) else _COARSE
    if upper:
        edge = max(math.ceil(sample.actual / step) - 1, 0) * step
        edge = max(edge, _FINE_BELOW) if step == _COARSE else edge
    else:
        edge = (math.floor(sample.actual / step) + 1) * step
    return (edge - sample.middle) / max(sample.scale, 1.0)


def bin_of(ahead: int) -> int:
    """Return the bin of *ahead* people ahead."""
    return bisect_right(BINS, ahead)


def rounded_up(seconds: float) -> float:
    """Return *seconds* rounded up to whole minutes, from ten minutes on to five; at least one minute."""
    step = _MINUTE if seconds <= _FINE_BELOW else _COARSE
    return max(_MINUTE, math.ceil(seconds / step) * step)


def rounded_down(seconds: float) -> float:
    """Return *seconds* rounded down to whole minutes, from ten minutes on to five."""
    step = _MINUTE if seconds < _FINE_BELOW else _COARSE
    return math.floor(seconds / step) * step


def believed(middle: float, silent_for: float | None) -> bool:
    """Whether an estimate may be told when nobody was called for *silent_for* seconds while somebody waited (None: not so)."""
    return silent_for is None or silent_for <= SILENT_SHARE * max(middle, _MINUTE)
