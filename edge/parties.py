"""Who came together: people who cross a line the same way within a short time, near each other at that moment."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.contract.messages import Direction
from edge.lines import Passage
from edge.sightings import Box, Track

NEAR: Final = 1.4
"""Two people are near when their centres are at most so far apart, in the diagonals of the smaller one."""

ABREAST_S: Final = 0.5
"""Two who cross within this time may be one party through somebody who walks between them."""


@dataclass(slots=True)
class _Member:
    line: str
    party: int
    direction: Direction
    at: float
    track: int
    box: Box
    size: float
    """Their smallest diagonal since they crossed: light and company make boxes larger, never smaller."""


class Parties:
    """Numbers the crossings of one camera, and says of each which crossing its party began with."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._recent: list[_Member] = []
        self._boxes: dict[int, Box] = {}
        self._number = 0

    def update(self, tracks: Sequence[Track]) -> None:
        """Take where everybody is now, so that nearness is judged at the moment of a crossing."""
        self._boxes = {track.number: track.box for track in tracks if track.hits > 1}
        for member in self._recent:
            member.box = self._boxes.get(member.track, member.box)
            member.size = min(member.size, member.box.diagonal)

    def join(self, passage: Passage, line: str, at: float) -> tuple[int, int]:
        """Return the crossing's own number and the number of the first crossing of its party; *at* is now."""
        self._recent = [member for member in self._recent if at - member.at <= 2 * self._seconds]
        self._number += 1
        company = self._company(passage, line)
        party = company.party if company else self._number
        box = passage.track.box
        self._recent.append(_Member(line, party, passage.direction, passage.at, passage.track.number, box, box.diagonal))
        return self._number, party

    def alone(self) -> int:
        """Return the number of a crossing by somebody who belongs to no party: they work here."""
        self._number += 1
        return self._number

    def _company(self, passage: Passage, line: str) -> _Member | None:
        here = passage.track.box
        near = [
            (_distance(member.box, here), member)
            for member in self._recent
            if member.line == line
            and member.direction is passage.direction
            and member.track != passage.track.number
            and abs(passage.at - member.at) <= self._seconds
            and self._together(member, passage)
        ]
        return min(near, key=lambda pair: pair[0])[1] if near else None

    def _together(self, member: _Member, passage: Passage) -> bool:
        """Whether two are near, or somebody between them is near both: three abreast, the middle one a step behind."""
        one, other = member.box, passage.track.box
        reach = NEAR * min(member.size, other.diagonal)
        if _distance(one, other) <= reach:
            return True
        if abs(passage.at - member.at) > ABREAST_S:
            return False
        return any(max(_distance(one, mid), _distance(mid, other)) <= reach for mid in self._boxes.values())


def _distance(one: Box, other: Box) -> float:
    (x1, y1), (x2, y2) = one.centre, other.centre
    return math.hypot(x1 - x2, y1 - y2)
