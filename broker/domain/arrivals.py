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


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed(News):
    """The greeting button of a zone was pressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted(News):
    """So many people stand in an area of the picture now."""

    area: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stayed(News):
    """Somebody has left an area after so many seconds."""

    area: str
    seconds: float
