"""The truth beside a clip: what was counted by eye, read from one JSON file.

Pixels are of the picture as it is shown, frames count from 0. A line clip has `line`, `events` [{frame, dir}],
`optional` events that may be counted or not, and perhaps `in_dir`. A zone clip has `zone`, and `visits`
[{enter, leave}] or `occupancy` [{start, end, people}], where people may be "1-2". `ignore_frames`: ranges [from, to]
in which nothing is judged.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

Inside = Literal["up", "down", "left", "right"]
OPPOSITE: Final[dict[Inside, Inside]] = {"up": "down", "down": "up", "left": "right", "right": "left"}
MOST_BYTES: Final = 4_000_000
"""A truth file larger than this is some other file."""

_PEOPLE: Final = re.compile(r"[0-9]{1,4}(?:-[0-9]{1,4})?")
_Frame = Annotated[int, Field(ge=0)]


class BadTruth(ValueError):
    """A truth file that cannot be used. The text names the file and what to do."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TrueCrossing(_Part):
    """Somebody's centre was on the line at `frame`, going `dir`."""

    frame: _Frame
    dir: Inside


class TrueVisit(_Part):
    """Somebody was in the zone from frame `enter` to frame `leave`."""

    enter: _Frame
    leave: _Frame

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.leave <= self.enter:
            raise ValueError("a visit ends after it began: `enter` < `leave`")
        return self


class TrueOccupancy(_Part):
    """So many people from frame `start` to frame `end`, both included."""

    start: _Frame
    end: _Frame
    people: int | str

    @property
    def right(self) -> range:
        """The numbers that are right."""
        low, _, high = str(self.people).partition("-")
        return range(int(low), int(high or low) + 1)

    @model_validator(mode="after")
    def _numbers(self) -> Self:
        if self.end < self.start:
            raise ValueError("an occupancy ends after it began: `start` <= `end`")
        if not _PEOPLE.fullmatch(str(self.people)) or not len(self.right):
            raise ValueError('people is a number or a range such as "1-2"')
        return self


class Truth(_Part):
    """One truth file."""

    clip: str = Field(min_length=1)
    fps: float | None = Field(default=None, gt=0)
    frames: int | None = Field(default=None, gt=0)
    line: tuple[float, float, float, float] | None = None
    in_dir: Inside | None = None
    events: tuple[TrueCrossing, ...] = ()
    optional: tuple[TrueCrossing, ...] = ()
    ignore_frames: tuple[tuple[int, int], ...] = ()
    zone: tuple[tuple[float, float], ...] | None = None
    anchor: str = ""
    """Which point of a person counts: "center" or "centre", or one that begins with "bottom" or "feet"; absent: as usual."""
    visits: tuple[TrueVisit, ...] | None = None
    occupancy: tuple[TrueOccupancy, ...] | None = None

    @model_validator(mode="after")
    def _line_or_zone(self) -> Self:
        if (self.line is None) == (self.zone is None):
            raise ValueError("give either `line` with `events`, or `zone` with `visits` or `occupancy`")
        if self.zone is not None and self.visits is None and self.occupancy is None:
            raise ValueError("a `zone` needs `visits` or `occupancy` to be judged by")
        return self

    @property
    def by_feet(self) -> bool:
        """Whether the feet count and not the centre."""
        return self.anchor.startswith(("bottom", "feet"))

    @property
    def inside(self) -> Inside:
        """The direction that is "in": `in_dir`, or up (left across an upright line) where the file does not say."""
        if self.in_dir or self.line is None:
            return self.in_dir or "up"
        x1, y1, x2, y2 = self.line
        named = {event.dir for event in (*self.events, *self.optional)}
        upright = named <= {"left", "right"} if named else abs(x2 - x1) < abs(y2 - y1)
        return "left" if upright else "up"

    def ignores(self, frame: float) -> bool:
        """Whether nothing is judged at *frame*."""
        return any(begin <= frame <= end for begin, end in self.ignore_frames)


def read(file: Path) -> Truth:
    """Return the truth in *file*. Raises BadTruth when it is missing, no JSON, or not of this form."""
    try:
        if file.stat().st_size > MOST_BYTES:
            raise BadTruth(f"{file} is too large for a truth file. Give the JSON file beside the clip.")
        return Truth.model_validate(json.loads(file.read_text(encoding="utf-8")))
    except BadTruth:
        raise
    except FileNotFoundError:
        raise BadTruth(f"there is no truth file {file}. Give the JSON file that lies beside the clip.") from None
    except OSError as wrong:
        raise BadTruth(f"truth file {file} cannot be read: {wrong.strerror}.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as wrong:
        raise BadTruth(f"truth file {file} is not JSON ({wrong}). Give the file that says what was counted by eye.") from None
    except ValidationError as wrong:
        raise BadTruth(f"truth file {file}: {_sentence(wrong)}. docs/eyes.md shows the form.") from None
    except (ValueError, RecursionError) as wrong:
        # A number of thousands of digits, or brackets without end: valid JSON that nobody wrote by hand.
        raise BadTruth(f"truth file {file} is no truth file ({type(wrong).__name__}). Give the one beside the clip.") from None


def _sentence(wrong: ValidationError) -> str:
    first: Any = wrong.errors(include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return (f"{where}: " if where else "") + str(first["msg"]).removeprefix("Value error, ")
