"""From the queue to the counter: how long somebody waited, and whether they were served or went away.

The queue and service areas of one zone of the shop belong together. Whoever stands in one of them stands in no other:
at a border that they share, somebody stays where they were until they are clearly on the other side. A wait that has
ended is held back until it is known how. Nobody here has a name or a face: a person is the number of a track, or
several when the tracker lost them on the way.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from broker.contract.messages import Outcome
from broker.contract.plan import Area, ZoneKind
from edge.geometry import depth
from edge.sightings import Place, Track
from edge.zones import ENTER_S, Stay, Zone, by_feet

REACH_S: Final = 5.0
"""Who is served has entered a service area so long after leaving the queue, at most; later they have gone away."""
BRIDGE_S: Final = 2.0
"""A new track this soon after another was lost near it is the same person..."""
NEAR: Final = 1.0
"""...and so near: in diagonals of the one who was lost."""
BORDER: Final = 0.15
"""So far beyond the border of two areas, in diagonals, somebody has changed over..."""
SETTLED_S: Final = 2.0
"""...or after standing beyond it for so long."""
MEDIAN_AND_ENTER_S: Final = 3.0
"""So long after the start the number of people in an area is known."""
REPEAT_S: Final = 30.0
"""The number of people is said again at least so often, so that a lost or outdated word does not stand for ever..."""
APART_S: Final = 1.0
"""...and at most so often."""
GAP_S: Final = 2.0
"""After so long without a picture, whatever was counted before says nothing any more."""

KINDS: Final = frozenset({ZoneKind.QUEUE, ZoneKind.SERVICE})
_KEPT_S: Final = 15.0
"""Longer than anybody is waited for who was lost in a queue, and then on the way to be served."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A stay in an area of a counter that is over, with the outcome where it was a wait before a service area."""

    area: Area
    stay: Stay
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Trail:
    """The last place at which one track was seen. `taken_by` is the track that went on with it."""

    person: int
    place: Place
    size: float
    seen_at: float
    taken_by: int | None = None


class People:
    """Who is who when the tracker loses somebody for a moment: several tracks, one person."""

    def __init__(self) -> None:
        self._trails: dict[int, _Trail] = {}

    def update(self, tracks: Sequence[Track], at: float) -> None:
        """Take everybody who is remembered at second *at*."""
        seen = {track.number: track for track in tracks if track.seen}
        for number, track in seen.items():
            trail = self._trails.get(number)
            if trail is None:
                self._begin(track, seen, at)
            else:
                trail.place, trail.size, trail.seen_at = track.box.centre, track.box.diagonal, at
                self._give_back(trail)
        there = {track.number for track in tracks}
        self._trails = {n: trail for n, trail in self._trails.items() if n in there or at - trail.seen_at <= _KEPT_S}

    def named(self, tracks: Sequence[Track]) -> list[Track]:
        """Return *tracks* with one for each person, under the number of the person: the one that is seen."""
        found: dict[int, Track] = {}
        for track in tracks:
            person = self.person(track.number)
            if person not in found or track.seen:
                found[person] = replace(track, number=person)
        return list(found.values())

    def known(self) -> set[int]:
        """Return every person who is, or was a moment ago, in the picture."""
        return {trail.person for trail in self._trails.values()}

    def person(self, number: int) -> int:
        """Return the person that track *number* is a part of."""
        trail = self._trails.get(number)
        return trail.person if trail else number

    def _begin(self, track: Track, seen: Mapping[int, Track], at: float) -> None:
        place, size = track.box.centre, track.box.diagonal
        lost = [
            (apart, trail)
            for number, trail in self._trails.items()
            if number not in seen
            and trail.taken_by is None
            and at - trail.seen_at <= BRIDGE_S
            and (apart := math.dist(trail.place, place)) <= NEAR * trail.size
        ]
        before = min(lost, key=lambda one: one[0])[1] if lost else None
        if before:
            before.taken_by = track.number
        self._trails[track.number] = _Trail(before.person if before else track.number, place, size, at)

    def _give_back(self, trail: _Trail) -> None:
        """Whoever was lost is seen again, so the one who was taken for them is somebody else."""
        other = self._trails.get(trail.taken_by) if trail.taken_by is not None else None
        if other:
            other.person, trail.taken_by = trail.taken_by or other.person, None


class _Part(Zone):
    """One area of a counter. Who stands in it is decided by the counter, which knows the other areas."""

    def __init__(self, area: Area, corners: Sequence[Place], *, feet: bool, size: tuple[int, int] | None) -> None:
        super().__init__(corners, feet=feet, size=size)
        self.area = area
        self.corners = tuple(corners)
        self.here: set[int] = set()

    def holds(self, track: Track) -> bool:
        return track.number in self.here

    def contains(self, track: Track) -> bool:
        """Whether the place of somebody lies in the polygon, whichever area they count for."""
        return super().holds(track)


@dataclass(slots=True)
class _Where:
    """The area that somebody counts for, and since when they have been beyond its border."""

    part: _Part
    beyond_since: float | None = None


@dataclass(slots=True)
class _Wait:
    area: Area
    stay: Stay
    person: int


@dataclass(slots=True)
class _Service:
    """Somebody has been in a service area from `began` to `last`."""

    began: float
    last: float


class Counter:
    """The queue and service areas of one zone of the shop, in one picture."""

    def __init__(self, areas: Iterable[tuple[Area, Sequence[Place]]], *, feet: bool, size: tuple[int, int] | None = None) -> None:
        # A place in two areas belongs to the service area: the wait is over there.
        ordered = sorted(areas, key=lambda one: one[0].kind is not ZoneKind.SERVICE)
        self._parts = tuple(_Part(area, corners, feet=by_feet(area, usual=feet), size=size) for area, corners in ordered)
        self._serves = any(part.area.kind is ZoneKind.SERVICE for part in self._parts)
        self._people = People()
        self._where: dict[int, _Where] = {}
        self._waits: list[_Wait] = []
        self._services: dict[tuple[str, int, float], _Service] = {}
        self._began: dict[int, float] = {}
        """When the wait of somebody began who changed queues, or stepped out for a moment."""

    def update(self, tracks: Sequence[Track], at: float) -> list[Ended]:
        """Take everybody who is remembered at second *at*; return the stays that have ended and how."""
        self._people.update(tracks, at)
        tracks = self._people.named(tracks)
        self._sort(tracks, at)
        ended: list[Ended] = []
        for part in self._parts:
            for stay in part.update(tracks, at):
                if part.area.kind is ZoneKind.QUEUE and self._serves:
                    person = self._people.person(stay.number)
                    entered = self._began.pop(person, stay.entered)
                    self._waits.append(_Wait(part.area, replace(stay, entered=entered), person))
                else:
                    ended.append(Ended(part.area, stay))
        self._note_services(at)
        return [*self._decided(at), *ended]

    def forget(self, numbers: Collection[int]) -> None:
        """Let these tracks never have been here: they are found to be staff."""
        for part in self._parts:
            part.forget({*numbers, *map(self._people.person, numbers)})

    def finish(self) -> list[Ended]:
        """Return what is over and not said yet when the last picture came; how a wait ended, nobody will see."""
        waits = [Ended(wait.area, wait.stay) for wait in self._waits]
        return waits + [Ended(part.area, stay) for part in self._parts for stay in part.finish()]

    def parts(self) -> list[tuple[Area, Zone]]:
        """Return each area with who stands in it."""
        return [(part.area, part) for part in self._parts]

    def counts(self) -> list[tuple[Area, int, float | None]]:
        """Return for each area how many stand in it, and since which second the one who has stood there longest."""
        return [(part.area, part.people, self._oldest(part)) for part in self._parts]

    def _oldest(self, part: _Part) -> float | None:
        since = [self._began.get(self._people.person(number), entered) for number, entered in part.inside.items()]
        return min(since, default=None)

    def _sort(self, tracks: Sequence[Track], at: float) -> None:
        """Decide for which area everybody counts."""
        for part in self._parts:
            part.here.clear()
        for track in tracks:
            person = self._people.person(track.number)
            found = next((part for part in self._parts if part.contains(track)), None)
            if found:
                where = self._where[person] = _settled(self._where.get(person), found, track, at)
                where.part.here.add(track.number)
        known = self._people.known()
        self._where = {person: where for person, where in self._where.items() if person in known}
        self._began = {person: began for person, began in self._began.items() if person in known}

    def _note_services(self, at: float) -> None:
        for part in self._parts:
            if part.area.kind is ZoneKind.SERVICE:
                for number, entered in part.inside.items():
                    key = part.area.id, self._people.person(number), entered
                    self._services.setdefault(key, _Service(entered, at)).last = at
        self._services = {key: one for key, one in self._services.items() if at - one.last <= _KEPT_S}

    def _decided(self, at: float) -> list[Ended]:
        """Return the waits of which it is now known how they ended."""
        ended, open_ = [], []
        for wait in self._waits:
            if self._was_served(wait):
                ended.append(Ended(wait.area, wait.stay, Outcome.SERVED))
            elif self._waits_again(wait):
                self._began[wait.person] = wait.stay.entered
            elif at - wait.stay.left > REACH_S + ENTER_S:
                ended.append(Ended(wait.area, wait.stay, Outcome.LEFT))
            else:
                open_.append(wait)
        self._waits = open_
        return ended

    def _was_served(self, wait: _Wait) -> bool:
        left = wait.stay.left
        return any(
            person == wait.person and service.last >= left and service.began <= left + REACH_S
            for (_, person, _), service in self._services.items()
        )

    def _waits_again(self, wait: _Wait) -> bool:
        return any(
            self._people.person(number) == wait.person and entered > wait.stay.left
            for part in self._parts
            if part.area.kind is ZoneKind.QUEUE
            for number, entered in part.inside.items()
        )


def _settled(where: _Where | None, found: _Part, track: Track, at: float) -> _Where:
    """Return the area that somebody counts for whose place lies in *found*."""
    if where is None or where.part is found:
        return _Where(found)
    place, size = found.place(track), track.box.diagonal
    since = at if where.beyond_since is None else where.beyond_since
    beyond = max(depth(found.corners, place), -depth(where.part.corners, place))
    if beyond > BORDER * size or at - since >= SETTLED_S:
        return _Where(found)
    return _Where(where.part, since)


@dataclass(slots=True)
class _Said:
    people: int
    oldest: float | None
    at: float


class Words:
    """Which numbers of people must be said: soon after the start, when they change, and again now and then."""

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}
        self._began = 0.0
        self._last: float | None = None

    def due(self, counts: Iterable[tuple[Area, int, float | None]], at: float) -> list[tuple[Area, int, float | None]]:
        """Return of *counts* (area, people, since when the oldest) those that must be said at second *at*."""
        if self._last is None or at - self._last > GAP_S:
            self._began = at
            self._said.clear()
        self._last = at
        due = [one for one in map(self._filled, counts) if self._is_due(*one, at)]
        for area, people, oldest in due:
            self._said[area.id] = _Said(people, oldest if people else None, at)
        return due

    def _filled(self, count: tuple[Area, int, float | None]) -> tuple[Area, int, float | None]:
        """The number of people is a median: for a moment somebody may be in it who is nowhere to be seen."""
        area, people, oldest = count
        said = self._said.get(area.id)
        return (area, people, said.oldest) if people and oldest is None and said else count

    def _is_due(self, area: Area, people: int, oldest: float | None, at: float) -> bool:
        said = self._said.get(area.id)
        if said is None:
            return people > 0 or at - self._began >= MEDIAN_AND_ENTER_S
        if people != said.people or (people and _another(oldest, said.oldest)):
            return at - said.at >= APART_S
        return at - said.at >= REPEAT_S


def _another(oldest: float | None, before: float | None) -> bool:
    """Whether somebody else has stood there longest; a stay that is found again a moment later is no news."""
    return oldest is not None and (before is None or abs(oldest - before) > APART_S)
