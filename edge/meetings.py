"""A greeting that a camera sees: somebody who works here stays beside a customer inside a greet area for a while."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from broker.contract.plan import Area
from edge.geometry import within
from edge.queues import People
from edge.sightings import Place, Track

BESIDE_S: Final = 2.0
"""Two who stay beside each other for so long have met."""
NEAR: Final = {"overhead": 1.5, "angled": 0.75}
"""Two are beside each other up to so many diagonals of the smaller one: a box at an angle is as high as the person is."""
DRIFT: Final = 0.8
"""Whoever moves further than this against the other, in diagonals, is passing by, and the time begins again."""
FLICKER_S: Final = 0.5
"""A box that leaps away for so short a time does not end it."""

GreetArea = tuple[Area, tuple[Place, ...]]
"""An area and its corners in pixels."""


@dataclass(slots=True)
class _Pair:
    began: float
    last: float
    apart: Place


class Meetings:
    """Follows every pair of staff and customer in the greet areas of one camera."""

    def __init__(self, view: str) -> None:
        self.view = view
        self._people = People()
        self._pairs: dict[tuple[str, int, int], _Pair] = {}
        self._met: set[int] = set()
        self._parties: dict[int, int] = {}

    def came_in(self, track: Track, party: int) -> None:
        """Take note that somebody came in with *party*."""
        self._parties[self._people.person(track.number)] = party

    def update(
        self, areas: Sequence[GreetArea], tracks: Sequence[Track], staff: Collection[int], at: float
    ) -> list[tuple[Area, int | None]]:
        """Take everybody at second *at*. Return (area, party) of the customers who have met staff now, each once.

        The party is None for a customer whom this camera did not see come in.
        """
        self._forget([track for track in tracks if track.number not in staff], at)
        here = [track for track in tracks if track.hits > 1]
        met: list[tuple[Area, int | None]] = []
        for area, corners in areas:
            inside = [track for track in here if within(corners, self._place(track))]
            workers = [track for track in inside if track.number in staff]
            customers = [track for track in inside if track.number not in staff]
            for worker, customer in product(workers, customers):
                person = self._people.person(customer.number)
                if person not in self._met and self._follow(area, worker, customer, at):
                    self._met.add(person)
                    met.append((area, self._parties.get(person)))
        self._pairs = {who: pair for who, pair in self._pairs.items() if at - pair.last <= FLICKER_S}
        return met

    def _forget(self, customers: Sequence[Track], at: float) -> None:
        """Go on with those who are there or were a moment ago: whoever is lost and found again is greeted once."""
        self._people.update(customers, at)
        known = self._people.known()
        self._met &= known
        self._parties = {person: party for person, party in self._parties.items() if person in known}

    def _place(self, track: Track) -> Place:
        return track.box.feet if self.view == "angled" else track.box.centre

    def _follow(self, area: Area, worker: Track, customer: Track, at: float) -> bool:
        """Return whether these two have been beside each other long enough."""
        (x1, y1), (x2, y2) = self._place(worker), self._place(customer)
        apart = x2 - x1, y2 - y1
        size = min(worker.box.diagonal, customer.box.diagonal)
        if math.hypot(*apart) > NEAR[self.view] * size:
            return False
        who = area.id, worker.number, customer.number
        pair = self._pairs.get(who)
        if pair is None or math.dist(pair.apart, apart) > DRIFT * size:
            pair = self._pairs[who] = _Pair(at, at, apart)
        pair.last = at
        return at - pair.began >= BESIDE_S
