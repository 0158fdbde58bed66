"""The figures of waiting at counters without tickets, each with its formula. Nobody is known: a wait is a time and an end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from broker.domain.kpi import quantile

FORMULAS: Final[dict[str, str]] = {
    "waits": "stays in a queue area that began in opening hours: served, gone away, or of an end that no camera sees",
    "wait_time": "wait w = left the queue area - entered it, of all waits but those that ended in going away; median and P90",
    "walk_away": "gone away / (served + gone away)",
    "left_after": "left the queue area - entered it, of those who went away; median",
    "service_time": "left the service area - entered it; median",
    "longest_queue": "the most people counted at one moment in all queue areas of a zone, while its cameras watched",
}

BOUNDS: Final = (60, 120, 180, 300, 600)
"""Upper ends of the bars of the distribution, in seconds; the last bar has none."""

SERVED: Final = "served"
LEFT: Final = "left"


@dataclass(slots=True)
class Waits:
    """What is gathered of one zone: seconds of each wait by how it ended, and of each service."""

    served: list[float] = field(default_factory=list)
    left: list[float] = field(default_factory=list)
    unknown: list[float] = field(default_factory=list)
    services: list[float] = field(default_factory=list)

    def add(self, outcome: str, seconds: float) -> None:
        """Take one wait."""
        {SERVED: self.served, LEFT: self.left}.get(outcome, self.unknown).append(seconds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """The figures of one zone. Times are seconds, shares 0 to 1, None where nothing can be said.

    `waits` is how many `median`, `p90` and `bins` are reckoned from; `bins` counts them by BOUNDS.
    """

    waits: int
    served: int
    left: int
    median: float | None
    p90: float | None
    walk_away: float | None
    left_after: float | None
    services: int
    service_median: float | None
    bins: tuple[int, ...]


def waiting(found: Waits) -> Waiting:
    """Return the figures of one zone."""
    times, left, services = sorted([*found.served, *found.unknown]), sorted(found.left), sorted(found.services)
    ended = len(found.served) + len(left)
    return Waiting(
        waits=len(times), served=len(found.served), left=len(left), median=_quantile(times, 0.5), p90=_quantile(times, 0.9),
        walk_away=len(left) / ended if ended else None, left_after=_quantile(left, 0.5), services=len(services),
        service_median=_quantile(services, 0.5), bins=_bins(times),
    )  # fmt: skip


def _quantile(ordered: Sequence[float], share: float) -> float | None:
    return quantile(ordered, share) if ordered else None


def _bins(times: Iterable[float]) -> tuple[int, ...]:
    counts = [0] * (len(BOUNDS) + 1)
    for seconds in times:
        counts[sum(seconds > bound for bound in BOUNDS)] += 1
    return tuple(counts)
