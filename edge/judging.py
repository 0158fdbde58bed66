"""How right a count is beside the truth. Values in, values out; the rules are those of docs/eyes.md, "Audit"."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.assignment import cheapest
from edge.counting import Count
from edge.truth import OPPOSITE, Truth

WITHIN_S: Final = 1.0
"""A crossing is right when the truth has one in the same direction at most so far away."""

_MUST, _MAY, _NEVER = 0.0, 1e5, 2e5
"""What a pair costs beside its distance in time: the events that must be counted are served before the optional ones."""


@dataclass(frozen=True, slots=True)
class LineResult:
    """A line clip. `net_error` is how far in minus out is from the truth, the optional crossings left out of both."""

    right: int
    false: int
    missed: int
    net_error: int
    false_at: tuple[float, ...]
    """Seconds."""
    missed_at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class ZoneResult:
    """A zone clip."""

    visits: int
    visits_truth: int | None
    dwell_errors: tuple[float, ...]
    """Seconds, one for each visit that was found."""
    right_frames: int
    judged_frames: int


@dataclass(frozen=True, slots=True)
class _Moment:
    seconds: float
    towards: str
    must: bool = True


def line(counted: Count, truth: Truth) -> LineResult:
    """Pair what was counted with the truth: as many true events as possible, then as many optional ones, then nearest."""
    fps = counted.frames_per_second
    true = [_Moment(e.frame / fps, e.dir, not truth.ignores(e.frame)) for e in truth.events]
    true += [_Moment(e.frame / fps, e.dir, False) for e in truth.optional]
    ways = {"in": truth.inside, "out": OPPOSITE[truth.inside]}
    said = [_Moment(c["t"], ways[c["direction"]], not truth.ignores(c["t"] * fps)) for c in counted.crossings]
    pairs = _paired(said, true)
    right = [column for _, column in pairs if true[column].must]
    false = [one for row, one in enumerate(said) if one.must and row not in {row for row, _ in pairs}]
    missed = [one for column, one in enumerate(true) if one.must and column not in right]
    net = _net(false, truth.inside) - _net(missed, truth.inside)
    return LineResult(len(right), len(false), len(missed), abs(net), _seconds(false), _seconds(missed))


def _seconds(moments: Iterable[_Moment]) -> tuple[float, ...]:
    return tuple(round(one.seconds, 2) for one in moments)


def _net(moments: Iterable[_Moment], inside: str) -> int:
    return sum(1 if one.towards == inside else -1 for one in moments)


def _paired(said: Sequence[_Moment], true: Sequence[_Moment]) -> list[tuple[int, int]]:
    costs = [[_cost(one, other) for other in true] for one in said]
    return [(row, column) for row, column in cheapest(costs) if costs[row][column] < _NEVER]


def _cost(one: _Moment, other: _Moment) -> float:
    apart = abs(one.seconds - other.seconds)
    if one.towards != other.towards or apart > WITHIN_S + 1e-6:
        return _NEVER
    return (_MUST if other.must else _MAY) + apart


def zone(counted: Count, truth: Truth) -> ZoneResult:
    """Compare stays with visits, and the number of people with the true one at every frame that the truth speaks of."""
    fps = counted.frames_per_second
    visits = [(v.enter / fps, v.leave / fps) for v in truth.visits or () if not _unjudged(truth, v.enter, v.leave)]
    stays = [(s["entered"], s["left"]) for s in counted.stays if not _unjudged(truth, s["entered"] * fps, s["left"] * fps)]
    stays += _cut_off(counted, visits)
    apart = [[_dwell_cost(stay, visit) for visit in visits] for stay in stays]
    pairs = [(row, column) for row, column in cheapest(apart) if apart[row][column] < _NEVER]
    errors = [abs((stays[row][1] - stays[row][0]) - (visits[column][1] - visits[column][0])) for row, column in pairs]
    right, judged = _lengths(counted, truth)
    return ZoneResult(len(stays), None if truth.visits is None else len(visits), tuple(errors), right, judged)


def _cut_off(counted: Count, visits: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return the stays that the clip's end cut off, where the truth has visits that last until then; else none of them."""
    end = counted.frames / counted.frames_per_second
    lasting = sum(left >= end - WITHIN_S for _, left in visits)
    return [(entered, end) for entered in sorted(counted.unfinished)[:lasting]]


def _unjudged(truth: Truth, begin: float, end: float) -> bool:
    """Whether a stay lies wholly within one range that is not judged."""
    return any(low <= begin and end <= high for low, high in truth.ignore_frames)


def _dwell_cost(stay: tuple[float, float], visit: tuple[float, float]) -> float:
    """Return by how many seconds the ends differ; _NEVER for two that were not there at the same time."""
    if min(stay[1], visit[1]) <= max(stay[0], visit[0]):
        return _NEVER
    return abs(stay[0] - visit[0]) + abs(stay[1] - visit[1])


def _lengths(counted: Count, truth: Truth) -> tuple[int, int]:
    """Return how many frames had a right number of people, and how many were judged."""
    changes: list[dict[str, Any]] = sorted(counted.lengths, key=lambda change: float(change["t"]))
    right = judged = people = following = 0
    for frame in range(counted.frames):
        while following < len(changes) and changes[following]["frame"] <= frame:
            people, following = changes[following]["people"], following + 1
        true = [part.right for part in truth.occupancy or () if part.start <= frame <= part.end]
        if not true or truth.ignores(frame):
            continue
        judged += 1
        right += any(people in numbers for numbers in true)
    return right, judged
