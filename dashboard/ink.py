"""Drawings on paper: the marks of dashboard/drawing.py with a pen, in the colours of charts.css in the light scheme."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fpdf import FPDF
from fpdf.enums import RenderStyle

from dashboard.drawing import Dot, Mark, Path, Plot, Rect, Text

Colour = tuple[int, int, int]
INK: Final[Colour] = (20, 24, 31)
QUIET: Final[Colour] = (74, 83, 97)
WARN: Final[Colour] = (179, 18, 29)
HAIR: Final[Colour] = (214, 219, 226)
EDGE: Final[Colour] = (107, 118, 132)
BRAND: Final[Colour] = (11, 92, 173)
MID: Final[Colour] = (127, 178, 226)
PALE: Final[Colour] = (188, 215, 241)
GOOD: Final[Colour] = (19, 111, 58)
WHITE: Final[Colour] = (255, 255, 255)

FILLS: Final[dict[str, Colour]] = {"bar1": PALE, "bar2": BRAND, "bar3": MID, "late": WARN, "dot": WHITE, "okm": GOOD}
STROKES: Final[dict[str, tuple[Colour, float]]] = {
    "grid": (HAIR, 1), "rail": (HAIR, 2), "goal": (INK, 1.5), "fill": (BRAND, 6), "low": (WARN, 6), "okl": (GOOD, 6),
    "few": (EDGE, 1), "gap": (EDGE, 1), "lost": (WARN, 1.5), "dot": (BRAND, 3), "axis": (INK, 3), "stem": (HAIR, 2),
    "in": (BRAND, 3), "out": (EDGE, 3),
}  # fmt: skip
"""Colour and width, in units of the drawing, of what is a line or has an edge."""
HATCHED: Final = {"gap": EDGE, "lost": WARN}
DASHED: Final = {"goal", "few"}
HATCH_EVERY: Final = 6.0
POINTS_A_MILLIMETRE: Final = 72 / 25.4
_STEP: Final = re.compile(r"([MLHVlhvz])([^MLHVlhvz]*)")


@dataclass(frozen=True)
class Pen:
    """Draws on *paper* from (x, y) millimetres on; *scale* is millimetres for one unit of a drawing."""

    paper: FPDF
    x: float
    y: float
    scale: float

    def draw(self, plot: Plot) -> None:
        """Draw every mark of *plot*, in its order."""
        for group in plot.groups:
            for mark in group.marks:
                self._mark(mark)
        self.paper.set_dash_pattern()
        self.paper.set_line_width(0.2)
        self.paper.set_text_color(*INK)
        self.paper.set_draw_color(*INK)

    def _mark(self, mark: Mark) -> None:
        if isinstance(mark, Text):
            self._text(mark)
        elif isinstance(mark, Rect):
            self._rect(mark)
        elif isinstance(mark, Dot):
            style = self._colours(mark.look)
            self.paper.circle(self.x + mark.x * self.scale, self.y + mark.y * self.scale, mark.r * self.scale, style=style)
        else:
            self._path(mark)

    def _colours(self, look: str) -> RenderStyle:
        """Take the colours of *look*, and say whether its shape is filled, has an edge, or both."""
        names = look.split()
        fill = next((FILLS[name] for name in names if name in FILLS), None)
        stroke = next((STROKES[name] for name in reversed(names) if name in STROKES), None)
        if fill:
            self.paper.set_fill_color(*fill)
        if stroke:
            self.paper.set_draw_color(*(EDGE if "dim" in names else stroke[0]))
            self.paper.set_line_width(stroke[1] * self.scale)
        dashed = DASHED.intersection(names)
        self.paper.set_dash_pattern(dash=3 * self.scale if dashed else 0, gap=3 * self.scale if dashed else 0)
        return RenderStyle.DF if fill and stroke else RenderStyle.F if fill else RenderStyle.D

    def _rect(self, mark: Rect) -> None:
        style = self._colours(mark.look)
        left, top = self.x + mark.x * self.scale, self.y + mark.y * self.scale
        wide, high = mark.width * self.scale, mark.height * self.scale
        hatch = next((HATCHED[name] for name in mark.look.split() if name in HATCHED), None)
        if hatch:
            self._hatch(left, top, wide, high, hatch)
        radius = min(mark.rx * self.scale, wide / 2, high / 2)
        self.paper.rect(left, top, wide, high, style=style, round_corners=radius > 0.05, corner_radius=radius)

    def _hatch(self, left: float, top: float, wide: float, high: float, colour: Colour) -> None:
        """Fill a box with slanting lines, none of which leaves it."""
        self.paper.set_draw_color(*colour)
        self.paper.set_line_width(self.scale)
        step, at = HATCH_EVERY * self.scale, HATCH_EVERY * self.scale
        while at < wide + high:
            begin = (left + min(at, wide), top + max(0.0, at - wide))
            end = (left + max(0.0, at - high), top + min(at, high))
            self.paper.line(*begin, *end)
            at += step

    def _path(self, mark: Path) -> None:
        style = self._colours(mark.look)
        for points, closed in _lines(mark.d):
            placed = [(self.x + x * self.scale, self.y + y * self.scale) for x, y in points]
            if closed and style is not RenderStyle.D:
                self.paper.polygon(placed, style=style)
            elif len(placed) > 1:
                self.paper.polyline(placed)

    def _text(self, mark: Text) -> None:
        names = mark.look.split()
        size = (13 if "big" in names else 12) * self.scale * POINTS_A_MILLIMETRE
        said = mark.text.replace("↑", ">")  # Roboto has no arrows.
        self.paper.set_font("Roboto", "B" if {"big", "goalt"} & set(names) else "", size)
        self.paper.set_text_color(*(INK if {"big", "goalt"} & set(names) else QUIET))
        wide = self.paper.get_string_width(said)
        back = 0.0 if "s" in names else wide if "e" in names else wide / 2
        self.paper.text(self.x + mark.x * self.scale - back, self.y + mark.y * self.scale, said)


def _lines(d: str) -> Iterator[tuple[list[tuple[float, float]], bool]]:
    """Yield the points of each line of an SVG path of straight steps, and whether it is closed."""
    points: list[tuple[float, float]] = []
    for step, rest in _STEP.findall(d):
        values = [float(value) for value in re.findall(r"-?\d*\.?\d+(?:e-?\d+)?", rest)]
        if step == "M" and points:
            yield points, False
            points = []
        if step == "z":
            yield points, True
            points = []
            continue
        points += _points(step, values, points[-1] if points else (0.0, 0.0))
    if points:
        yield points, False


def _points(step: str, values: list[float], last: tuple[float, float]) -> list[tuple[float, float]]:
    found: list[tuple[float, float]] = []
    if step in "HV" or step in "hv":
        for value in values:
            x, y = last
            along = step in "Hh"
            base = 0.0 if step in "HV" else (x if along else y)
            last = (base + value, y) if along else (x, base + value)
            found.append(last)
        return found
    for x, y in zip(values[::2], values[1::2], strict=True):
        last = (x, y) if step in "ML" else (last[0] + x, last[1] + y)
        found.append(last)
    return found
