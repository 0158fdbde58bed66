"""Are the told waits true? Judged on days that the ranges had not seen, beside two plain rules.

A day is judged by ranges that were calibrated on the days before it, at most WINDOW_DAYS of them, as in a shop. The
share that waited longer than told is what customers notice (Sun et al. judge delay announcements so); who left after
the upper end had passed counts as having waited longer, who left before it is left out: nobody knows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from broker.domain.estimate import Ranges, Told, believed
from broker.domain.queue_log import Outcome

WINDOW_DAYS: Final = 28
COVERAGE: Final = (0.75, 0.85)
"""The share of the people who must be called within the range that they were told."""
MOST_LATE: Final = 0.12
EARNED_FROM: Final = 100
"""So many judged waits are needed before a shop's estimate counts as earned."""


@dataclass(slots=True)
class Score:
    """How the told waits of a group turned out."""

    told: int = 0
    within: int = 0
    late: int = 0
    judged: int = 0
    misses: list[float] = field(default_factory=list)
    baseline_misses: list[float] = field(default_factory=list)
    plain_late: int = 0
    plain_judged: int = 0
    plain_misses: list[float] = field(default_factory=list)
    untold: dict[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """Return shares and mean absolute errors (seconds); None where nothing was judged."""
        return {
            "told": self.told,
            "judged": self.judged,
            "coverage": _share(self.within, self.judged),
            "late_share": _share(self.late, self.judged),
            "mae_s": _mean(self.misses),
            "baseline_mae_s": _mean(self.baseline_misses),
            "plain_mae_s": _mean(self.plain_misses),
            "plain_late_share": _share(self.plain_late, self.plain_judged),
            "untold": dict(sorted(self.untold.items())),
        }

    @property
    def earned(self) -> bool:
        """Whether these waits may be told: true often enough, late seldom enough, and better than the plain median."""
        coverage, late, mae, baseline = (self.as_json()[key] for key in ("coverage", "late_share", "mae_s", "baseline_mae_s"))
        if self.judged < EARNED_FROM or None in (coverage, late, mae, baseline):
            return False
        return bool(coverage >= COVERAGE[0] and late <= MOST_LATE and mae < baseline)


@dataclass(slots=True)
class Audit:
    """The whole, by service and by hour of the day."""

    whole: Score = field(default_factory=Score)
    by_service: defaultdict[str, Score] = field(default_factory=lambda: defaultdict(Score))
    by_hour: defaultdict[int, Score] = field(default_factory=lambda: defaultdict(Score))

    def as_json(self) -> dict[str, Any]:
        """Return what `greetline wait audit --json` prints."""
        return self.whole.as_json() | {
            "earned": self.whole.earned,
            "by_service": {name: score.as_json() for name, score in sorted(self.by_service.items())},
            "by_hour": {str(hour): score.as_json() for hour, score in sorted(self.by_hour.items())},
        }


def audit(days: Sequence[Sequence[Outcome]], hour_of_week: Callable[[float], int], *, judged_from: int) -> Audit:
    """Judge the days from number *judged_from* on, each by what was learnt of the days before it.

    *hour_of_week* turns seconds since 1970 into 0 to 167 in the shop's own time.
    """
    made = Audit()
    for number in range(judged_from, len(days)):
        before = [outcome for day in days[max(0, number - WINDOW_DAYS) : number] for outcome in day]
        ranges = Ranges([sample for outcome in before if (sample := outcome.sample())])
        medians = _Medians(before, hour_of_week)
        for outcome in days[number]:
            hour = hour_of_week(outcome.reckoned.at)
            for score in (made.whole, made.by_service[outcome.reckoned.service], made.by_hour[hour % 24]):
                _judge(score, outcome, ranges, medians.of(outcome.reckoned.service, hour))
    return made


def tell(outcome: Outcome, ranges: Ranges) -> Told | str:
    """Return what was told for *outcome*, or why nothing was."""
    made = outcome.reckoned
    if made.middle is None:
        return "no_counter"
    if not believed(made.middle, made.silent_for):
        return "nobody_called"
    told = ranges.told(made.service, made.ahead, made.middle, made.scale, head_waits=made.head_waits)
    return told if isinstance(told, Told) else told.why


def _judge(score: Score, outcome: Outcome, ranges: Ranges, baseline: float | None) -> None:
    told = tell(outcome, ranges)
    if isinstance(told, str):
        score.untold[told] = score.untold.get(told, 0) + 1
        return
    score.told += 1
    made, waited = outcome.reckoned, outcome.waited
    # People ahead times the mean, over the counters that serve it: what many systems print on the ticket.
    plain = (made.same + 1) * made.mean / max(1, made.open_counters)
    if waited is None:
        score.judged += (late := (outcome.left_after or 0.0) > told.high)
        score.late += late
        return
    score.judged += 1
    score.within += told.low <= waited <= told.high
    score.late += waited > told.high
    score.misses.append(abs(waited - told.middle))
    score.plain_misses.append(abs(waited - plain))
    score.plain_judged += 1
    score.plain_late += waited > plain
    if baseline is not None:
        score.baseline_misses.append(abs(waited - baseline))


class _Medians:
    """The median wait of each hour of the week, by service; of the service where an hour is new."""

    def __init__(self, outcomes: Iterable[Outcome], hour_of_week: Callable[[float], int]) -> None:
        waits: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
        whole: defaultdict[str, list[float]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.waited is not None:
                waits[outcome.reckoned.service, hour_of_week(outcome.reckoned.at)].append(outcome.waited)
                whole[outcome.reckoned.service].append(outcome.waited)
        self._hours = {key: median(values) for key, values in waits.items()}
        self._whole = {key: median(values) for key, values in whole.items()}

    def of(self, service: str, hour: int) -> float | None:
        return self._hours.get((service, hour), self._whole.get(service))


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 1) if values else None
