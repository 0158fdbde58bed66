"""The figures of tickets, each with its formula, its unit and how many it was made from.

A ticket belongs to the hour and the service it was taken for, and to the counter that served it last. Its waiting,
serving and held times are intervals (broker.domain.spans): what the clock ended is counted and kept out of averages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from broker.domain.cells import Cell
from broker.domain.kpi import FEW
from broker.domain.queue_reckoning import WAYS
from broker.domain.queue_reckoning import Promised as Promised

SHORT_SECONDS: Final = 30.0
"""Somebody who leaves sooner gave up a number, not a wait: shown beside the abandonment, not in it."""


class Unit(StrEnum):
    """What a figure is counted in."""

    SECONDS = "seconds"
    SHARE = "share"
    """0 to 1."""
    COUNT = "count"
    RATIO = "ratio"


@dataclass(frozen=True, slots=True)
class Kpi:
    """One figure: its unit, how it is reckoned, the value to reach if there is one, and whether more is better (None: neither)."""

    key: str
    unit: Unit
    formula: str
    target: float | None = None
    more_is_better: bool | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """A figure of one set of tickets: `value` is None where nothing can be said; it was made from `n`."""

    key: str
    value: float | None
    n: int

    @property
    def kpi(self) -> Kpi:
        """What this figure is."""
        return KPIS[self.key]

    @property
    def formula(self) -> str:
        """How it was reckoned, in plain symbols."""
        return KPIS[self.key].formula

    @property
    def few(self) -> bool:
        """Whether it is shown grey: made from so few that chance would be read as a finding."""
        return self.n < FEW


_S, _P, _C, _R = Unit.SECONDS, Unit.SHARE, Unit.COUNT, Unit.RATIO
GROUPS: Final[Mapping[str, tuple[Kpi, ...]]] = {
    "waiting": (
        Kpi("issued", _C, "tickets taken"),
        Kpi("served", _C, "tickets that were served"),
        Kpi("wait_median", _S, "median of w over served; w = sum of waiting intervals", None, False),
        Kpi("wait_p90", _S, "P90 of w over served", None, False),
        Kpi("wait_p95", _S, "P95 of w over served", None, False),
        Kpi("wait_longest", _S, "max w over served", None, False),
        Kpi("asa", _S, "ASA = mean w over served", None, False),
        Kpi("awt", _S, "AWT = mean w over served and abandoned", None, False),
        Kpi("queue_service_level", _P, "served with w <= T / (served + abandoned after >= T)", None, True),
        Kpi("abandonment", _P, "(cancelled while waiting + expired, without those in less than 30 s) / issued", None, False),
        Kpi("short_abandons", _C, "cancelled while waiting or expired in less than 30 s", None, None),
        Kpi("no_show_rate", _P, "missed a call at least once / called", None, False),
        Kpi("recovered_share", _P, "missed a call and served after all / missed a call", None, True),
    ),
    "service": (
        Kpi("service_median", _S, "median of s; s = sum of serving intervals", None, False),
        Kpi("service_p90", _S, "P90 of s", None, False),
        Kpi("service_p95", _S, "P95 of s", None, False),
        Kpi("service_longest", _S, "max s", None, False),
        Kpi("service_within", _P, "s <= target / served", None, True),
        Kpi("transfer_rate", _P, "sent on to another service / served", None, False),
        Kpi("first_time_right", _P, "solved, never sent on, never opened again / finished", None, True),
    ),
    "holds": (
        Kpi("holds", _C, "holds", None, None),
        Kpi("held_total", _S, "sum of held intervals", None, False),
        Kpi("longest_gap", _S, "longest time between two updates of a hold", None, False),
        Kpi("return_kept", _P, "came back, or said a new time, by the time that was said / times that were said", None, True),
    ),
    "promise": (
        Kpi("promise_kept", _P, "w <= upper bound told / told", 0.9, True),
        Kpi("coverage", _P, "lower <= w <= upper bound told / told", 0.8, True),
        Kpi("mae", _S, "mean |w - middle of what was told| over served", None, False),
        Kpi("mae_baseline", _S, "mean |w - median w of this hour of the week, 4 weeks before| over the same tickets", None, False),
    ),
    "escalations": (
        Kpi("escalations", _C, "tickets for which the lead was called", None, None),
        Kpi("answer_median", _S, "median of lead came - lead called", None, False),
        Kpi("answer_p90", _S, "P90 of lead came - lead called", None, False),
        Kpi("answered_within", _P, "lead came within the standard / lead called", None, True),
        Kpi("briefed_before", _P, "briefing written before the lead came / lead called", 1.0, True),
    ),
    "counters": (
        Kpi("utilisation", _P, "serving / open counter time", 0.85, None),
        Kpi("open_time", _S, "open counter time, without breaks", None, None),
        Kpi("break_time", _S, "counter time on a break", None, None),
    ),
    "fairness": (
        Kpi("fairness", _R, "max w / median w", None, False),
        Kpi("out_of_order", _C, "called before somebody the counter serves who stood before them, without a reason", 0.0, False),
    ),
    "feedback": (
        Kpi("feedback_good", _P, "good / answers", None, True),
        Kpi("feedback_fair", _P, "fair / answers", None, None),
        Kpi("feedback_poor", _P, "poor / answers", None, False),
        Kpi("feedback_share", _P, "answers / finished", None, True),
    ),
    "recaps": (
        Kpi("recap_confirmed", _P, "confirmed by the customer / recaps written", None, True),
        Kpi("recap_skipped", _P, "skipped / recaps written", None, False),
        Kpi("recap_share", _P, "recaps written / served", None, True),
    ),
    "health": (
        Kpi("untrusted", _C, "tickets with a time that the clock ended: in counts, not in averages", None, False),
        Kpi("still_open", _C, "tickets that have not ended", None, None),
    ),
}  # fmt: skip
"""The figures in the order and the groups in which a page shows them."""

KPIS: Final[Mapping[str, Kpi]] = {kpi.key: kpi for group in GROUPS.values() for kpi in group}


class Figures:
    """Every figure of KPIS of one set of tickets: `figures["asa"]` is a Value."""

    __slots__ = ("cell", "promised")

    def __init__(self, cell: Cell, promised: Promised) -> None:
        """Hold the figures of *cell*; each is reckoned when it is asked for."""
        self.cell, self.promised = cell, promised

    def __getitem__(self, key: str) -> Value:
        """Return one figure. Raises KeyError for no such figure."""
        value, n = WAYS[key](self.cell, self.promised)
        return Value(key, value, n)

    def __iter__(self) -> Iterator[Value]:
        """Yield every figure, in the order of GROUPS."""
        return (self[key] for key in KPIS)

    def group(self, name: str) -> list[Value]:
        """Return the figures of one group of GROUPS."""
        return [self[kpi.key] for kpi in GROUPS[name]]

    def as_json(self) -> dict[str, dict[str, float | int | None]]:
        """Return every figure as plain values."""
        return {value.key: {"value": value.value, "n": value.n} for value in self}
