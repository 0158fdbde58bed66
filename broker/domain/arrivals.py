"""News from the door, in the words of the shop: what the service makes of messages before the desk takes them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """Something a device saw or felt. `event` names it for ever; `at` is the device's own time, aware UTC."""

    event: str
    device: str
    at: datetime
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossed(News):
    """One person crossed the line of a door. `party` is the event of the party's first crossing."""

    line: str
    inward: bool
    party: str
    decided_at: datetime
    staff: bool = False
    """Somebody who works here: no visit, and not among those inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(News):
    """The greeting button of a zone was pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside(News):
    """A camera saw somebody who works here beside a customer. `party` as in Crossed, or None: the longest waiting."""

    party: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(News):
    """So many people stand in an area of the picture now. `kind` is what the area is for, in the words of the wire.

    `longest` is how long, in seconds, the one has stood there who has been there longest.
    """

    area: str
    people: int
    kind: str = "queue"
    longest: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stayed(News):
    """Somebody has left an area after so many seconds. `outcome` of a wait in a queue: "served", "left" or nothing."""

    area: str
    seconds: float
    kind: str = "queue"
    outcome: str = ""
