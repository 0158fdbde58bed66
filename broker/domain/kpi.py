"""The greeting figures, each with its formula, so that every report can print how it was reckoned.

E is the set of visits that were not dismissed, merged or heard of too late for anybody to be told, and that were opened
in opening hours (a visit is only ever opened then).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.domain.cells import Cell
from broker.domain.times import milliseconds
from broker.domain.visit import State, Visit

FEW: Final = 10
"""Below this many visits a figure is shown grey or as a dash: chance would be read as a finding."""

FORMULAS: Final[dict[str, str]] = {
    "greet_time": "greet time g = greeted - came in (T0, the camera's time); median, P90, P95 and the longest",
    "visits": "E = visits not dismissed, not merged and not heard of late, opened in opening hours",
    "acknowledged_rate": "acknowledged / E",
    "service_level": "greeted with g <= T / (greeted + left without a greeting after >= T)",
    "strict_service_level": "greeted with g <= T / E",
    "never_greeted": "left without a greeting / E",
    "left_early": "left without a greeting before T",
    "response": "greeted - the moment the card turned red, median over visits that were greeted after it did",
    "dismissal_rate": "dismissed / (E + dismissed)",
    "alerts_per_person": "alerts raised / hours people were signed in, both in opening hours",
}


def quantile(ordered: Sequence[float], share: float) -> float:
    """Return the quantile of *ordered* values at *share* (0 to 1), interpolating between neighbours.

    Definition 7 of Hyndman & Fan, Sample Quantiles in Statistical Packages (1996). Raises ValueError for no values.
    """
    if not ordered:
        raise ValueError("no values, so no quantile")
    place = (len(ordered) - 1) * share
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the figures need of one visit; `greeted` and `left` are seconds after T0, `response` after it turned red."""

    t0: datetime
    zone: str
    size: int = 1
    greeted: float | None = None
    left: float | None = None
    response: float | None = None
    dismissed: bool = False
    merged: bool = False
    late: bool = False
    untrusted: bool = False

    @classmethod
    def of(cls, visit: Visit) -> Seen:
        """Return what the figures need of *visit*."""
        left = visit.state is State.LEFT and visit.ended_at is not None
        response = None
        if visit.acknowledged_at and visit.overdue_at and visit.acknowledged_at >= visit.overdue_at:
            response = (visit.acknowledged_at - visit.overdue_at).total_seconds()
        return cls(
            t0=visit.t0, zone=visit.zone, size=visit.size, greeted=visit.greet_seconds,
            left=(visit.ended_at - visit.t0).total_seconds() if left and visit.ended_at else None, response=response,
            dismissed=visit.state is State.DISMISSED, merged=visit.state is State.MERGED,
            late=visit.late, untrusted=visit.untrusted,
        )  # fmt: skip

    @property
    def counts(self) -> bool:
        """Whether this visit is in E."""
        return not (self.dismissed or self.merged or self.late)


@dataclass(frozen=True, slots=True, kw_only=True)
class Greeting:
    """The figures of one set of visits. Times are seconds, shares are 0 to 1, None where nothing can be said."""

    visits: int
    people: int
    greeted: int
    within: int
    left: int
    left_early: int
    waiting: int
    median: float | None
    p90: float | None
    p95: float | None
    longest: float | None
    acknowledged_rate: float | None
    service_level: float | None
    strict_service_level: float | None
    never_greeted: float | None
    response: float | None
    responses: int
    dismissed: int
    dismissal_rate: float | None
    late: int
    untrusted: int


def include(cell: Cell, visit: Seen) -> None:
    """Add *visit* to the counts and times of *cell*, in whole milliseconds."""
    counts = cell.counts
    counts["late"] += visit.late
    counts["untrusted"] += visit.untrusted
    counts["dismissed"] += visit.dismissed
    if not visit.counts:
        return
    counts["visits"] += 1
    counts["people"] += visit.size
    if visit.greeted is not None:
        cell.times["greeted"].add(milliseconds(visit.greeted))
    if visit.left is not None:
        cell.times["left"].add(milliseconds(visit.left))
    if visit.response is not None:
        cell.times["response"].add(milliseconds(visit.response))


def greeting(seen: Iterable[Seen], *, within: float) -> Greeting:
    """Return the greeting figures of *seen* against a promise of *within* seconds (T in FORMULAS)."""
    cell = Cell()
    for visit in seen:
        include(cell, visit)
    return greeting_of(cell, within=within)


def greeting_of(cell: Cell, *, within: float) -> Greeting:
    """Return the greeting figures of the visits in *cell* against a promise of *within* seconds (T in FORMULAS)."""
    counts, times, left, answers = cell.counts, cell.times["greeted"], cell.times["left"], cell.times["response"]
    visits, dismissed, greeted, gone = counts["visits"], counts["dismissed"], len(times), len(left)
    kept, early = times.upto(within), left.below(within)
    median, p90, p95 = times.quantiles(0.5, 0.9, 0.95) or (None, None, None)
    return Greeting(
        visits=visits, people=counts["people"], greeted=greeted, within=kept, left=gone, left_early=early,
        waiting=visits - greeted - gone, median=median, p90=p90, p95=p95, longest=times.longest(),
        acknowledged_rate=_share(greeted, visits), service_level=_share(kept, greeted + gone - early),
        strict_service_level=_share(kept, visits), never_greeted=_share(gone, visits), response=answers.quantile(0.5),
        responses=len(answers), dismissed=dismissed, dismissal_rate=_share(dismissed, visits + dismissed), late=counts["late"],
        untrusted=counts["untrusted"],
    )  # fmt: skip


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
