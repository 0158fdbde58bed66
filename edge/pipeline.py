"""From a picture to what happened: gate, detector, tracker, then lines, parties and zones. No clock but the frames'."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import cv2

from broker.contract.messages import Direction
from broker.contract.plan import Area, Line, Plan, ZoneKind
from broker.settings import CameraSettings
from edge import geometry
from edge.detectors import Detector
from edge.lines import OVERHEAD_SHARE, DoorLine, Passage
from edge.meetings import GreetArea, Meetings
from edge.motion import Gate, shrink
from edge.parties import Parties
from edge.queues import KINDS, Counter, Ended, Words
from edge.sightings import Beside, Counted, Crossed, Detection, Event, Frame, Picture, Place, Stayed, Track
from edge.staff import Staff
from edge.tracker import ANGLED_MEMORY_S, ANGLED_PUSH, OVERHEAD_MEMORY_S, OVERHEAD_PUSH, Tracker
from edge.zones import Zone, by_feet

log = logging.getLogger(__name__)

NOT_PEOPLE: Final = frozenset({ZoneKind.IGNORE, ZoneKind.STAFF_ONLY})
"""Whoever is found in such an area is not looked at further: a screen, a mirror, the cashier behind the till."""


@dataclass(frozen=True, slots=True)
class _Places:
    """The geometry of one camera in pixels of one size of picture."""

    size: tuple[int, int]
    lines: tuple[tuple[Line, DoorLine], ...]
    zones: tuple[tuple[Area, Zone], ...]
    counters: tuple[Counter, ...]
    greets: tuple[GreetArea, ...]
    excluded: tuple[tuple[Place, ...], ...]


class Pipeline:
    """The eyes of one camera. `small` is the newest small gray picture, for whoever judges the camera itself.

    `plan` is the plan in force, `tracks` everybody who is remembered; neither leaves the process. `staff_passed` is how
    many people who work here have been seen on a line.
    """

    def __init__(self, camera: CameraSettings, detector: Detector, *, party_seconds: float, plan: Plan | None = None) -> None:
        self._camera = camera
        self.detector = detector
        self.plan = plan or camera.plan
        self.tracks: list[Track] = []
        self._gate = Gate()
        self._tracker = _tracker(self.plan)
        self._parties = Parties(party_seconds)
        self._staff = Staff(self.plan.staff, self.plan.view)
        self._meetings = Meetings(self.plan.view)
        self.staff_passed = 0
        self._words = Words()
        self._dropped: list[Area] = []
        self._places: _Places | None = None
        self._origin: datetime | None = None
        self.small: Picture | None = None

    @property
    def gate_share(self) -> float:
        """Share of the pictures that were looked at."""
        return self._gate.share

    @property
    def staff(self) -> frozenset[int]:
        """The numbers of those tracks who work here."""
        return self._staff.numbers

    def replan(self, plan: Plan) -> None:
        """Look by *plan* from the next frame on. Whoever is remembered stays; lines and areas begin anew.

        Raises BadGeometry, and goes on by the plan so far, when a line or area cannot be used.
        """
        if self._places is not None:
            self._places = _places(plan, self._places.size)
        kept = {area.id for area in plan.areas if area.kind not in NOT_PEOPLE}
        self._dropped += [area for area in self.plan.areas if area.kind not in NOT_PEOPLE and area.id not in kept]
        self._words, self.plan = Words(), plan
        self._staff.replan(plan.staff, plan.view)
        self._meetings.view = plan.view
        self._tracker.memory_s, self._tracker.push = _TRACKING[plan.view]

    def look(self, frame: Frame) -> list[Event]:
        """Return what has happened by *frame*. Raises BadGeometry when a line or area cannot be used."""
        places = self._places_for((frame.width, frame.height))
        self._origin = self._origin or frame.at
        at = (frame.at - self._origin).total_seconds()
        self.tracks = tracks = self._people(frame.picture, places, at)
        customers = [track for track in tracks if track.number not in self._staff.numbers]
        return [
            *self._crossings(places, tracks, at),
            *self._zones(places, customers, at),
            *self._greetings(places, tracks, at),
        ]

    def finish(self) -> list[Event]:
        """Return what is over and was not said yet, when there will be no more pictures."""
        if self._places is None:
            return []
        stays = [Ended(area, stay) for area, zone in self._places.zones for stay in zone.finish()]
        return [self._stayed(ended) for ended in [*stays, *(one for c in self._places.counters for one in c.finish())]]

    def still_inside(self) -> list[tuple[Area, datetime]]:
        """Return who stands in an area now and since when, one entry each: their stays are not over."""
        if self._places is None:
            return []
        zones = [(area, zone) for area, zone in self._places.zones]
        zones += [part for counter in self._places.counters for part in counter.parts()]
        return [(area, self._time(entered)) for area, zone in zones for entered in zone.inside.values()]

    def _people(self, picture: Picture, places: _Places, at: float) -> list[Track]:
        small = shrink(picture)
        self.small = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)  # type: ignore[assignment]
        if not self._gate.open(self.small, at):  # type: ignore[arg-type]
            return self._tracker.rest(at)
        found = self.detector.find(picture, small)
        if found is None:
            return self._tracker.rest(at)
        tracks = self._tracker.update([person for person in found if not _excluded(places, person)], at)
        if new := self._staff.look(picture, tracks, at):
            for _, zone in places.zones:
                zone.forget(new)
            for counter in places.counters:
                counter.forget(new)
        return tracks

    def _crossings(self, places: _Places, tracks: list[Track], at: float) -> list[Event]:
        self._parties.update([track for track in tracks if track.number not in self._staff.numbers])
        return [self._crossed(settings, passage, at) for settings, line in places.lines for passage in line.update(tracks, at)]

    def _crossed(self, line: Line, passage: Passage, at: float) -> Crossed:
        staff = passage.track.number in self._staff.numbers
        if staff:
            number = party = self._parties.alone()
            self.staff_passed += 1
        else:
            number, party = self._parties.join(passage, line.id, at)
            if self.plan.staff.greets and passage.direction is Direction.IN:
                self._meetings.came_in(passage.track, party)
        return Crossed(
            number=number, party=party, line=line.id, zone=line.zone, direction=passage.direction, staff=staff,
            at=self._time(passage.at), decided_at=self._time(at),
        )  # fmt: skip

    def _greetings(self, places: _Places, tracks: list[Track], at: float) -> list[Event]:
        if not self.plan.staff.greets:
            return []
        met = self._meetings.update(places.greets, tracks, self._staff.numbers, at)
        return [Beside(zone=area.place, party=party, at=self._time(at)) for area, party in met]

    def _zones(self, places: _Places, tracks: list[Track], at: float) -> list[Event]:
        said: list[Event] = []
        counts: list[tuple[Area, int, float | None]] = []
        for area, zone in places.zones:
            said += [self._stayed(Ended(area, stay)) for stay in zone.update(tracks, at)]
            counts.append((area, zone.people, min(zone.inside.values(), default=None)))
        for counter in places.counters:
            said += [self._stayed(ended) for ended in counter.update(tracks, at)]
            counts += counter.counts()
        # An area that is in the plan no more holds nobody; nothing else would ever say so.
        dropped, self._dropped = self._dropped, []
        return (
            said
            + [self._counted(area, 0, None, at) for area in dropped]
            + [self._counted(*one, at) for one in self._words.due(counts, at)]
        )

    def _stayed(self, ended: Ended) -> Stayed:
        area, stay = ended.area, ended.stay
        return Stayed(
            zone=area.place, area=area.id, kind=area.kind, seconds=round(stay.left - stay.entered, 3),
            at=self._time(stay.left), outcome=ended.outcome,
        )  # fmt: skip

    def _counted(self, area: Area, people: int, oldest: float | None, at: float) -> Counted:
        longest = round(at - oldest, 3) if people and oldest is not None else None
        return Counted(zone=area.place, area=area.id, kind=area.kind, people=people, at=self._time(at), longest=longest)

    def _time(self, seconds: float) -> datetime:
        assert self._origin is not None
        return self._origin + timedelta(seconds=seconds)

    def _places_for(self, size: tuple[int, int]) -> _Places:
        if self._places is None or self._places.size != size:
            if self._places is not None:
                log.warning("camera %s now gives %dx%d pictures; everybody in them is new", self._camera.id, *size)
                self._tracker, self._meetings = _tracker(self.plan), Meetings(self.plan.view)
                self._staff = Staff(self.plan.staff, self.plan.view)
            self._places = _places(self.plan, size)
        return self._places


def _tracker(plan: Plan) -> Tracker:
    return Tracker(*_TRACKING[plan.view])


_TRACKING: Final = {"overhead": (OVERHEAD_MEMORY_S, OVERHEAD_PUSH), "angled": (ANGLED_MEMORY_S, ANGLED_PUSH)}
"""How long somebody hidden is expected, and how suddenly people move, by view."""


def _places(plan: Plan, size: tuple[int, int]) -> _Places:
    zones, excluded = [], []
    greets: list[GreetArea] = []
    counters: dict[str, list[tuple[Area, tuple[Place, ...]]]] = {}
    for area in plan.areas:
        corners = geometry.polygon(area.points, size, name=area.id)
        if area.kind is ZoneKind.GREET:
            greets.append((area, corners))
        if area.kind in NOT_PEOPLE:
            excluded.append(corners)
        elif area.kind in KINDS:
            counters.setdefault(area.place, []).append((area, corners))
        else:
            # Seen from straight above a person's feet are under their middle, not at the lower edge of their box.
            zones.append((area, Zone(corners, feet=by_feet(area, usual=plan.view == "angled"), size=size)))
    lines = [(line, door(line, plan, size)) for line in plan.lines]
    served = tuple(Counter(areas, feet=plan.view == "angled", size=size) for areas in counters.values())
    return _Places(size, tuple(lines), tuple(zones), served, tuple(greets), tuple(excluded))


def door(line: Line, plan: Plan, size: tuple[int, int]) -> DoorLine:
    """Return *line* of *plan* in a picture of *size*, having seen nobody yet. Raises BadGeometry when it cannot be used."""
    across = geometry.segment(line.points, line.inside, size, name=line.id)
    return DoorLine(across, anchor=line.anchor, least_share=OVERHEAD_SHARE if plan.view == "overhead" else 0.0)


def _excluded(places: _Places, person: Detection) -> bool:
    return any(geometry.within(corners, person.box.centre) for corners in places.excluded)
