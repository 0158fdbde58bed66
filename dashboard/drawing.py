"""What a drawing is made of, as values: marks at places. The template `plots.html` only writes them down."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

STEPS: Final = (5, 10, 15, 20, 30, 60, 120, 180, 300, 600, 1200, 1800, 3600)
"""Seconds between lines of a time axis."""
WIDE: Final = 800
NARROW: Final = 380
"""Widths in units of the drawing: a desk and a telephone. Each chart is drawn for both; the style sheet shows one."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words at a place. `look` holds the classes of charts.css; `s` and `e` in it anchor start and end."""

    x: float
    y: float
    text: str
    look: str = ""
    kind: ClassVar[str] = "text"


@dataclass(frozen=True, slots=True)
class Rect:
    """A bar: x, y of its upper left corner, its size and the radius of its corners."""

    x: float
    y: float
    width: float
    height: float
    rx: float
    look: str
    kind: ClassVar[str] = "rect"


@dataclass(frozen=True, slots=True)
class Path:
    """A line, in the language of SVG."""

    d: str
    look: str
    kind: ClassVar[str] = "path"


@dataclass(frozen=True, slots=True)
class Dot:
    """A circle."""

    x: float
    y: float
    r: float
    look: str
    kind: ClassVar[str] = "dot"


Mark = Text | Rect | Path | Dot


@dataclass(frozen=True, slots=True)
class Group:
    """Marks that belong together, with the sentence a pointer or a screen reader gets for them."""

    title: str
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """One drawing. `groups` without a title are scenery."""

    width: float
    height: float
    title: str
    description: str
    groups: tuple[Group, ...]


def r(value: float) -> float:
    """Return a coordinate as it is written: to a tenth."""
    return round(value, 1)


def line(x1: float, y1: float, x2: float, y2: float, look: str) -> Path:
    """Return a straight line."""
    return Path(f"M{r(x1):g} {r(y1):g}L{r(x2):g} {r(y2):g}", look)


def step_of(top: float, lines: int = 4) -> int:
    """Return the seconds between lines of an axis from 0 to at least *top* with about *lines* of them."""
    return next((step for step in STEPS if top / step <= lines), math.ceil(top / lines / 3600) * 3600)


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps 0..top in the figures to bottom..y in the drawing."""

    top: float
    y: float
    bottom: float

    def at(self, value: float) -> float:
        """Return where *value* stands; what is above the top stands at the top."""
        return self.bottom - min(value, self.top) / self.top * (self.bottom - self.y)
