"""How each figure of tickets comes from the counts and times of a cell: (value, how many it was made from)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from broker.domain.cells import Cell
from broker.domain.times import MILLISECONDS

Made = tuple[float | None, int]


class Promised(NamedTuple):
    """What a queue promises, in seconds: called within `wait`, served within `service`, a lead there within `answer`."""

    wait: float
    service: float
    answer: float


def _share(part: int, whole: int) -> Made:
    return (part / whole if whole else None), whole


def _mean(milliseconds: int, n: int) -> Made:
    return (milliseconds / n / MILLISECONDS if n else None), n


def _seconds(milliseconds: int, n: int) -> Made:
    return milliseconds / MILLISECONDS, n


Way = Callable[[Cell, Promised], Made]


def _count(name: str, of: str) -> Way:
    return lambda cell, promised: (float(cell.counts[name]), cell.counts[of])


def _of(part: str, whole: str) -> Way:
    return lambda cell, promised: _share(cell.counts[part], cell.counts[whole])


def _quantile(name: str, share: float) -> Way:
    return lambda cell, promised: (cell.times[name].quantile(share), len(cell.times[name]))


def _longest(name: str) -> Way:
    return lambda cell, promised: (cell.times[name].longest(), len(cell.times[name]))


def _service_level(cell: Cell, promised: Promised) -> Made:
    waits, gone = cell.times["wait"], cell.times["gone"]
    left_late = len(gone) - gone.below(promised.wait)
    return _share(waits.upto(promised.wait), len(waits) + left_late)


def _within(name: str, promise: str) -> Way:
    return lambda cell, promised: _share(cell.times[name].upto(getattr(promised, promise)), len(cell.times[name]))


def _fairness(cell: Cell, promised: Promised) -> Made:
    waits = cell.times["wait"]
    middle, longest = waits.quantile(0.5), waits.longest()
    return (longest / middle if middle and longest is not None else None), len(waits)


def _answers(cell: Cell) -> int:
    return cell.counts["good"] + cell.counts["fair"] + cell.counts["poor"]


def _verdict(name: str) -> Way:
    return lambda cell, promised: _share(cell.counts[name], _answers(cell))


def _answered_within(cell: Cell, promised: Promised) -> Made:
    return _share(cell.times["answer"].upto(promised.answer), cell.counts["escalated"])


def _utilisation(cell: Cell, promised: Promised) -> Made:
    opened = cell.counts["open_ms"]
    return (cell.counts["serving_ms"] / opened if opened else None), cell.counts["served"]


WAYS: Final[Mapping[str, Way]] = {
    "issued": _count("issued", "issued"),
    "served": _count("served", "served"),
    "wait_median": _quantile("wait", 0.5),
    "wait_p90": _quantile("wait", 0.9),
    "wait_p95": _quantile("wait", 0.95),
    "wait_longest": _longest("wait"),
    "asa": lambda cell, promised: _mean(cell.counts["wait_ms"], len(cell.times["wait"])),
    "awt": lambda cell, promised: _mean(cell.counts["all_wait_ms"], cell.counts["waited"]),
    "queue_service_level": _service_level,
    "abandonment": _of("abandoned", "issued"),
    "short_abandons": _count("short", "issued"),
    "no_show_rate": _of("missed", "called"),
    "recovered_share": _of("recovered", "missed"),
    "service_median": _quantile("service", 0.5),
    "service_p90": _quantile("service", 0.9),
    "service_p95": _quantile("service", 0.95),
    "service_longest": _longest("service"),
    "service_within": _within("service", "service"),
    "transfer_rate": _of("transferred", "served"),
    "first_time_right": _of("first_right", "finished"),
    "holds": _count("holds", "served"),
    "held_total": lambda cell, promised: _seconds(cell.counts["held_ms"], cell.counts["holds"]),
    "longest_gap": _longest("gap"),
    "return_kept": _of("returns_kept", "returns"),
    "promise_kept": _of("kept", "told"),
    "coverage": _of("covered", "told"),
    "mae": lambda cell, promised: _mean(cell.counts["miss_ms"], cell.counts["judged"]),
    "mae_baseline": lambda cell, promised: _mean(cell.counts["base_ms"], cell.counts["judged"]),
    "escalations": _count("escalated", "served"),
    "answer_median": _quantile("answer", 0.5),
    "answer_p90": _quantile("answer", 0.9),
    "answered_within": _answered_within,
    "briefed_before": _of("briefed", "escalated"),
    "utilisation": _utilisation,
    "open_time": lambda cell, promised: _seconds(cell.counts["open_ms"], cell.counts["served"]),
    "break_time": lambda cell, promised: _seconds(cell.counts["break_ms"], cell.counts["served"]),
    "fairness": _fairness,
    "out_of_order": _count("out_of_order", "calls"),
    "feedback_good": _verdict("good"),
    "feedback_fair": _verdict("fair"),
    "feedback_poor": _verdict("poor"),
    "feedback_share": lambda cell, promised: _share(_answers(cell), cell.counts["finished"]),
    "recap_confirmed": _of("confirmed", "recaps"),
    "recap_skipped": _of("skipped", "recaps"),
    "recap_share": _of("recaps", "served"),
    "untrusted": _count("untrusted", "issued"),
    "still_open": _count("open", "issued"),
}
"""One for each key of queue_kpi.KPIS."""
