"""What the stages of the eyes hand to each other. Places are in pixels of the picture, from its upper left corner."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from broker.contract.messages import Direction, Outcome, ZoneKind

Picture = NDArray[np.uint8]
"""Height x width x 3, blue-green-red; or height x width, gray."""

Place = tuple[float, float]
"""x and y in pixels."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a camera. It never leaves the box: its reader hands it over in memory."""

    index: int
    at: datetime
    picture: Picture
    moment: float | None = None
    """When it was taken, by the monotonic clock; None for a clip that is counted faster than life."""

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self.picture.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self.picture.shape[0])


@dataclass(frozen=True, slots=True)
class Box:
    """An upright rectangle around somebody."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.bottom - self.top

    @property
    def centre(self) -> Place:
        """The middle."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def feet(self) -> Place:
        """The middle of the lower edge."""
        return (self.left + self.right) / 2, self.bottom

    @property
    def diagonal(self) -> float:
        """Length of the diagonal in pixels: the size of somebody, whichever way they walk."""
        return math.hypot(self.width, self.height)

    def holds(self, place: Place) -> bool:
        """Whether *place* lies in it."""
        return self.left <= place[0] <= self.right and self.top <= place[1] <= self.bottom


@dataclass(frozen=True, slots=True)
class Detection:
    """Somebody in one picture. `score` is 0 to 1; blobs are certain of themselves."""

    box: Box
    score: float = 1.0


@dataclass(frozen=True, slots=True)
class Track:
    """Somebody over many pictures. `number` is for this process only and goes into no message."""

    number: int
    box: Box
    hits: int
    """How often they were seen, apart from anybody larger whose arm or bag they might be."""
    seen: bool
    """Whether the newest picture shows them, or this is where they should be."""
    age: float
    """Seconds since the first sighting."""
    share: float = 1.0
    """In how many of the pictures looked at since then they were seen, 0 to 1."""
    apart: bool = True
    """Whether the box is their own beyond doubt: not within that of somebody larger, of whom it may be a part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed:
    """Somebody crossed a line: what the pipeline says of it. `number` counts the crossings of this process."""

    number: int
    party: int
    """The number of the first crossing of this party; its own for the first or a lone one."""
    line: str
    zone: str
    direction: Direction
    at: datetime
    """When the centre was on the line, between two pictures."""
    decided_at: datetime
    """The time of the picture on which it was decided."""
    staff: bool = False
    """Somebody who works here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """So many people now stand in an area of the zone. `longest` is how long, in seconds, the one has who came first."""

    zone: str
    area: str
    kind: ZoneKind
    people: int
    at: datetime
    longest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stayed:
    """Somebody left an area of the zone after so many seconds. `outcome` is how the wait in a queue ended."""

    zone: str
    area: str
    kind: ZoneKind
    seconds: float
    at: datetime
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Somebody who works here has stood beside a customer in a greet area.

    `party` is the number of the first crossing of the customer's party, where this camera saw it come in.
    """

    zone: str
    party: int | None
    at: datetime


Event = Crossed | Counted | Stayed | Beside
