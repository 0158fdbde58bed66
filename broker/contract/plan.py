"""How a camera looks at its picture: its lines, its areas, and how it tells staff from customers.

A plan stands in the settings file, or is drawn in the dashboard and sent to the camera's box. Places are fractions of
the picture's width and height, from the upper left corner, so that a stream of another resolution needs no new plan.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from broker.contract.topics import NAME

Name = Annotated[str, Field(pattern=f"^{NAME.pattern}$")]
"""A zone's, line's or device's name: 1 to 32 of a-z, 0-9 and inner hyphens."""

Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Point = tuple[Fraction, Fraction]
"""A place in the picture: fractions of its width and height, from the upper left corner."""

UNIFORM_SHADES: Final = 64
"""Numbers in a calibrated uniform: a histogram of its colours (edge/staff.py gives their order)."""


class ZoneKind(StrEnum):
    """What an area of a camera's picture is for."""

    QUEUE = "queue"
    SERVICE = "service"
    GREET = "greet"
    STAFF_ONLY = "staff-only"
    IGNORE = "ignore"


Seconds = Annotated[float, Field(ge=0, le=7 * 86400, allow_inf_nan=False)]


class Part(BaseModel):
    """A piece of what is said: frozen, and nothing in it that does not belong."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Line(Part):
    """The line across a door."""

    id: Name = Field(default="door", description="Name of the line.")
    zone: Name = Field(description="The zone of the shop the door opens into.")
    points: tuple[Point, Point] = Field(description="Both ends, in fractions of the picture.")
    inside: Literal["up", "down", "left", "right"] = Field(description="The side of the picture on which the shop is.")
    anchor: Literal["centre", "feet"] = Field(default="centre", description="Which point of a person must cross.")


class Area(Part):
    """A polygon in the picture."""

    id: Name = Field(description="Name of the area.")
    zone: Name | None = Field(default=None, description="The zone of the shop it belongs to; absent: its own id.")
    kind: ZoneKind = Field(description="queue, service, greet, staff-only or ignore.")
    points: tuple[Point, ...] = Field(min_length=3, max_length=32, description="Corners, in fractions of the picture.")
    anchor: Literal["auto", "centre", "feet"] = Field(
        default="auto", description="Which point of a person must be inside; auto: the feet at an angle, the centre from above."
    )

    @property
    def place(self) -> str:
        """The zone of the shop it belongs to."""
        return self.zone or self.id


class StaffSigns(Part):
    """How people who work here are told from customers; without any sign everybody is a customer."""

    badges: bool = Field(default=False, description="Whoever wears an ArUco badge (4x4, numbers 0 to 49) is staff.")
    uniform: tuple[Annotated[int, Field(ge=0, le=255)], ...] = Field(
        default=(), max_length=UNIFORM_SHADES, description="The colours of the uniform, as the dashboard calibrated them."
    )
    greets: bool = Field(
        default=False, description="Staff beside a customer in a greet area for 2 s is a greeting that the camera saw."
    )

    @model_validator(mode="after")
    def _whole_uniform(self) -> StaffSigns:
        if self.uniform and len(self.uniform) != UNIFORM_SHADES:
            raise ValueError(f"a uniform has {UNIFORM_SHADES} numbers, not {len(self.uniform)}; calibrate it in the dashboard")
        return self


class Plan(Part):
    """All of it, for one camera. `version` 0 is the settings file's; what is drawn in the dashboard counts from 1."""

    version: int = Field(default=0, ge=0, le=1_000_000, description="0: the settings file's; drawn ones count from 1.")
    view: Literal["overhead", "angled"] = Field(default="overhead", description="Straight down, or at an angle.")
    lines: tuple[Line, ...] = Field(default=(), max_length=8, description="Lines across doors.")
    areas: tuple[Area, ...] = Field(default=(), max_length=16, description="Areas of the picture.")
    staff: StaffSigns = Field(default=StaffSigns(), description="How people who work here are told from customers.")

    @model_validator(mode="after")
    def _each_named_once(self) -> Plan:
        for what, ids in (("lines", [line.id for line in self.lines]), ("areas", [area.id for area in self.areas])):
            doubled = sorted({name for name in ids if ids.count(name) > 1})
            if doubled:
                raise ValueError(f"two {what} are named {', '.join(doubled)}")
        return self
