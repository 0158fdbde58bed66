"""A greeting that a camera sees: somebody who works here stays beside a customer inside a greet area for a while."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from broker.contract.plan import Area
from edge.geometry import within
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
    """Follows every pair of staff and customer in the greet areas of one picture."""

    def __init__(self, areas: Sequence[GreetArea], view: str) -> None:
        self._areas = tuple(areas)
        self._feet = view == "angled"
        self._near = NEAR[view]
        self._pairs: dict[tuple[str, int, int], _Pair] = {}
        self._met: set[int] = set()

    def update(self, tracks: Sequence[Track], staff: Collection[int], at: float) -> list[tuple[Area, Track]]:
        """Take everybody at second *at*; return the customers who have met staff now, each once in the life of their track."""
        there = {track.number for track in tracks}
        self._met &= there
        here = [track for track in tracks if track.hits > 1]
        met: list[tuple[Area, Track]] = []
        for area, corners in self._areas:
            inside = [track for track in here if within(corners, self._place(track))]
            workers = [track for track in inside if track.number in staff]
            customers = [track for track in inside if track.number not in staff and track.number not in self._met]
            for worker, customer in product(workers, customers):
                if self._follow(area, worker, customer, at) and customer.number not in self._met:
                    self._met.add(customer.number)
                    met.append((area, customer))
        self._pairs = {who: pair for who, pair in self._pairs.items() if at - pair.last <= FLICKER_S}
        return met

    def _place(self, track: Track) -> Place:
        return track.box.feet if self._feet else track.box.centre

    def _follow(self, area: Area, worker: Track, customer: Track, at: float) -> bool:
        """Return whether these two have been beside each other long enough."""
        (x1, y1), (x2, y2) = self._place(worker), self._place(customer)
        apart = x2 - x1, y2 - y1
        size = min(worker.box.diagonal, customer.box.diagonal)
        if math.hypot(*apart) > self._near * size:
            return False
        who = area.id, worker.number, customer.number
        pair = self._pairs.get(who)
        if pair is None or math.dist(pair.apart, apart) > DRIFT * size:
            pair = self._pairs[who] = _Pair(at, at, apart)
        pair.last = at
        return at - pair.began >= BESIDE_S
