"""What a plan that somebody draws would count: over the paths of the last hour, or from now on for a minute.

The lines and zones are those that count in earnest (edge/lines.py, edge/zones.py), made anew for the drawn plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from broker.contract.messages import MAX_MOMENTS, AreaCount, Counting, Direction, LineCount, LineTrial
from broker.contract.plan import Area, Line, Plan
from edge import geometry
from edge.geometry import Segment
from edge.lines import BAND, DoorLine, Passage
from edge.paths import Points, Recent
from edge.pipeline import NOT_PEOPLE, door
from edge.sightings import Box, Place, Track
from edge.zones import Zone, by_feet

WATCHED_S: Final = 60.0
"""So long a plan is watched."""
WORD_S: Final = 1.0
"""A word about it is said so often."""
AT_A_TIME_S: Final = 0.001
"""A trial works so long at a time, and lets whoever looks at pictures go first."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A plan in pixels of one size of picture, with lines and zones that have seen nobody yet."""

    lines: tuple[tuple[Line, Segment, DoorLine], ...]
    areas: tuple[tuple[Area, tuple[Place, ...], Zone | None], ...]
    """An area in which nobody is counted has corners and no zone."""

    @property
    def excluded(self) -> list[tuple[Place, ...]]:
        """The areas in which nobody is counted."""
        return [corners for _, corners, zone in self.areas if zone is None]

    def people(self, tracks: Sequence[Track]) -> list[Track]:
        """Return those of *tracks* who are in none of them."""
        excluded = self.excluded
        return [track for track in tracks if not any(geometry.within(corners, track.box.centre) for corners in excluded)]


def drawing(plan: Plan, size: tuple[int, int]) -> Drawing:
    """Return *plan* in a picture of *size* (width, height). Raises BadGeometry when a line or area cannot be used."""
    areas = []
    for area in plan.areas:
        corners = geometry.polygon(area.points, size, name=area.id)
        passed_over = area.kind in NOT_PEOPLE
        areas.append(
            (area, corners, None if passed_over else Zone(corners, feet=by_feet(area, usual=plan.view == "angled"), size=size))
        )
    lines = []
    for line in plan.lines:
        segment = geometry.segment(line.points, line.inside, size, name=line.id)
        lines.append((line, segment, door(line, plan, size)))
    return Drawing(tuple(lines), tuple(areas))


class Breath:
    """Lets other threads go first after each millisecond of work."""

    def __init__(self) -> None:
        self._since = time.perf_counter()

    def __call__(self) -> None:
        """Rest if it is time."""
        if time.perf_counter() - self._since >= AT_A_TIME_S:
            time.sleep(AT_A_TIME_S)
            self._since = time.perf_counter()


def tried(recent: Recent, plan: Plan, rest: Callable[[], None] = lambda: None) -> tuple[LineTrial, ...]:
    """Return what each line of *plan* would have counted over *recent*. *rest* is called now and then.

    Raises BadGeometry when a line or area cannot be used.
    """
    drawn = drawing(plan, recent.size)
    points = recent.points[~_within_any(drawn.excluded, recent.points)]
    # One person after the other: what a line remembers of one has nothing to do with another.
    points = points[np.argsort(points["number"], kind="stable")]
    return tuple(_tried(points, line, segment, counts, recent.now, rest) for line, segment, counts in drawn.lines)


def _tried(points: Points, line: Line, segment: Segment, counts: DoorLine, now: float, rest: Callable[[], None]) -> LineTrial:
    moments: dict[Direction, list[int]] = {Direction.IN: [], Direction.OUT: []}
    turned = 0
    depth, along, size = _against(points, segment, feet=line.anchor == "feet")
    telling = _telling(points, depth, size)
    points, depth, along, size = points[telling], depth[telling], along[telling], size[telling]
    rest()
    for begin, end in _near(points, depth, size):
        found, staff = _passages(points[begin:end], counts)
        for passage in found:
            moments[passage.direction].append(min(3600, max(0, round(now - passage.at))))
        turned += not found and not staff and _turned(depth[begin:end], along[begin:end], size[begin:end])
        rest()
    ins, outs = (sorted(moments[way]) for way in (Direction.IN, Direction.OUT))
    return LineTrial(
        line=line.id, ins=len(ins), outs=len(outs), turned=turned,
        ins_ago=tuple(ins[:MAX_MOMENTS]), outs_ago=tuple(outs[:MAX_MOMENTS]),
    )  # fmt: skip


def _against(points: Points, segment: Segment, *, feet: bool) -> tuple[Numbers, Numbers, Numbers]:
    """Return depth (pixels), place along the line (0 to 1) and size (diagonal in pixels) of every point."""
    left, top, right, bottom = (points[side].astype(np.float64) for side in ("left", "top", "right", "bottom"))
    place = (left + right) / 2, bottom if feet else (top + bottom) / 2
    # A segment reckons with columns of places as it does with one.
    depth: Any = segment.depth(place)  # type: ignore[arg-type]
    along: Any = segment.along(place)  # type: ignore[arg-type]
    return depth, along, np.hypot(right - left, bottom - top)


def _telling(points: Points, depth: Numbers, size: Numbers) -> NDArray[np.bool_]:
    """Return which points matter: of a way clear of the line on one side only its begin, its end and its farthest."""
    if not len(points):
        return np.zeros(0, np.bool_)
    side = np.where(np.abs(depth) >= BAND * size, np.sign(depth), 0)
    begins = np.flatnonzero(np.append(True, (np.diff(points["number"]) != 0) | (np.diff(side) != 0)))
    lengths = np.diff(np.append(begins, len(points)))
    telling: NDArray[np.bool_] = (side == 0) | (np.abs(depth) == np.repeat(np.maximum.reduceat(np.abs(depth), begins), lengths))
    telling[begins] = telling[begins + lengths - 1] = True
    return telling


def _near(points: Points, depth: Numbers, size: Numbers) -> list[tuple[int, int]]:
    """Return (begin, end) of each person who changed sides or came near the line: nobody else can count."""
    if not len(points):
        return []
    begins = np.flatnonzero(np.diff(points["number"], prepend=points["number"][0] - 1))
    ends = np.append(begins[1:], len(points))
    sides = np.minimum.reduceat(depth, begins) * np.maximum.reduceat(depth, begins)
    close = np.minimum.reduceat(np.abs(depth) - BAND * size, begins)
    wanted = (sides <= 0) | (close < 0)
    return list(zip(begins[wanted].tolist(), ends[wanted].tolist(), strict=True))


def _passages(points: Points, line: DoorLine) -> tuple[list[Passage], bool]:
    """Return how one person crossed *line* as a customer, and whether they turned out to work here."""
    found: list[Passage] = []
    staff = False
    for at, number, left, top, right, bottom, hits, share, staff in points.tolist():
        track = Track(number, Box(left, top, right, bottom), hits=hits, seen=True, age=0.0, share=share)
        passed = line.update([track], at)
        found += passed if not staff else []
    return found, staff


def _turned(depth: Numbers, along: Numbers, size: Numbers) -> bool:
    """Whether somebody came clear of the line, then near it or over it between its ends, and then back."""
    side = np.where(np.abs(depth) >= BAND * size, np.sign(depth), 0)
    clear = np.flatnonzero(side)
    if len(clear) < 2 or side[clear[0]] != side[clear[-1]]:
        return False
    between = slice(clear[0], clear[-1])
    return bool(np.any((side[between] != side[clear[0]]) & (along[between] >= 0) & (along[between] <= 1)))


def _within_any(polygons: Sequence[Sequence[Place]], points: Points) -> NDArray[np.bool_]:
    """Return which points have their centre in one of *polygons* (even-odd rule)."""
    x, y = (points["left"] + points["right"]) / 2, (points["top"] + points["bottom"]) / 2
    inside_any = np.zeros(len(points), np.bool_)
    for corners in polygons:
        inside = np.zeros(len(points), np.bool_)
        for (x1, y1), (x2, y2) in zip(corners, (*corners[1:], corners[0]), strict=True):
            if y1 != y2:
                inside ^= ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
        inside_any |= inside
    return inside_any


class Watching:
    """A plan that is tried for a minute beside the one in force. Seconds of frames and of the clock are told apart."""

    def __init__(self, request: str, plan: Plan, size: tuple[int, int], clock: float) -> None:
        """Begin at second *clock*. Raises BadGeometry when a line or area cannot be used."""
        self.size = size
        self._request, self._began, self._said = request, clock, 0.0
        self._drawn = drawing(plan, size)
        self._counts = {line.id: {Direction.IN: 0, Direction.OUT: 0} for line, _, _ in self._drawn.lines}
        self._people = {area.id: 0 for area, _, _ in self._drawn.areas}

    def look(self, tracks: Sequence[Track], at: float, staff: Container[int] = ()) -> None:
        """Take everybody who is remembered at second *at* of the frames; *staff* are the numbers of who works here."""
        people = self._drawn.people(tracks)
        for line, _, counts in self._drawn.lines:
            for passage in counts.update(people, at):
                self._counts[line.id][passage.direction] += passage.track.number not in staff
        people = [track for track in people if track.number not in staff]
        for area, corners, zone in self._drawn.areas:
            if zone is None:
                self._people[area.id] = sum(geometry.within(corners, track.box.centre) for track in tracks)
            else:
                zone.update(people, at)
                self._people[area.id] = zone.people

    def word(self, clock: float) -> Counting | None:
        """Return what is to be said at second *clock*: every second, for a minute, and then the last."""
        passed = clock - self._began
        if passed - self._said < WORD_S:
            return None
        self._said = passed
        return self.said(clock, last=passed >= WATCHED_S)

    def said(self, clock: float, *, last: bool) -> Counting:
        """Return the count so far."""
        lines = tuple(LineCount(line=name, ins=by[Direction.IN], outs=by[Direction.OUT]) for name, by in self._counts.items())
        areas = tuple(AreaCount(area=name, people=people) for name, people in self._people.items())
        return Counting(request=self._request, seconds=round(clock - self._began, 1), last=last, lines=lines, areas=areas)
