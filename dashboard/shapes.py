"""Kinds of charts for any figures: a spread by hour, rails with an aim, plain columns. charts.py and the reports fill them.

Time runs from left to right, axes begin at zero, an aim is a labelled line, fewer than FEW are a dashed outline, and time
in which nobody was counted is hatched. Looks are classes of charts.css; nothing here has a colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.domain.kpi import FEW
from dashboard.drawing import NARROW, WIDE, Dot, Group, Mark, Path, Plot, Rect, Scale, Text, line, r, step_of
from dashboard.figures import DASH
from dashboard.wording import Words

LABEL_ROOM: Final = 22
"""A number above a bar needs so many units; narrower bars leave numbers out and keep them in their titles."""
SCALE_BEYOND: Final = 1.6
"""A bar of few may reach so much higher than the others; above it is cut, with its number and an arrow."""
LEAST_GAP: Final = 6.0
"""The hatch of an hour is as wide as the part of it in which nobody was counted, and at least this."""
POINTS_WORSE: Final = 0.05
"""A share this much below the line is marked."""
RAIL: Final = 32
COUNT_STEPS: Final = (1, 2, 5)
"""Lines of an axis of counts stand at these, and at ten, a hundred, ... times them."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One hour: the median and P90 in seconds of `timed` out of `n`, and how much of it nobody was counted (0 to 1)."""

    hour: int
    median: float | None
    p90: float | None
    timed: int
    n: int
    title: str
    unwatched: float = 0.0


@dataclass(frozen=True, slots=True)
class Rail:
    """One name and its share of 0 to 1, reckoned from `n`."""

    name: str
    share: float | None
    n: int
    title: str


@dataclass(frozen=True, slots=True)
class Column:
    """One bar of a plain count. `few` is a dashed outline."""

    label: str
    value: float
    title: str
    few: bool = False


def spread(
    points: Sequence[Spread], aim: float | None, words: Words, *, title: str, label: str = "report.promise", width: int = WIDE
) -> Plot:
    """Return seconds by hour: the dot is the median, the bar reaches P90. *aim* is a line with the words of *label*."""
    left, right, height = 52, width - 64, 286
    top = _top(points, aim)
    scale = Scale(top, 22, 232)
    column = (right - left) / max(1, len(points))
    scenery: list[Mark] = []
    for n in range(int(top // step_of(top)) + 1):
        y = scale.at(n * step_of(top))
        scenery += [line(left, y, right, y, "grid"), Text(left - 10, r(y + 4), words.seconds_text(n * step_of(top)), "e")]
    scenery += [Text(left - 10, 256, words("report.hour_axis"), "e"), Text(left - 10, 274, words("report.n"), "e")]
    if aim is not None:
        scenery += _aim_across(left, right, scale.at(aim), aim, words(label), words)
    every = max(1, math.ceil(LABEL_ROOM / column))
    groups = [_hour(point, left + (n + 0.5) * column, column, scale, words, n % every == 0) for n, point in enumerate(points)]
    described = " ".join(group.title for group in groups)
    # The numbers go on top of the aim, or its dots would strike them out.
    bars = [Group(group.title, tuple(mark for mark in group.marks if not isinstance(mark, Text))) for group in groups]
    numbers = tuple(mark for group in groups for mark in group.marks if isinstance(mark, Text))
    layers = (*bars, Group("", tuple(scenery)), Group("", numbers))
    return Plot(width, height, title, described, layers)


def _top(points: Sequence[Spread], aim: float | None) -> float:
    """Return the top of the scale: it fits every hour of enough, and an hour of few does not squash the others."""
    enough = [point.p90 for point in points if point.p90 is not None and point.timed >= FEW]
    few = [point.p90 for point in points if point.p90 is not None and point.timed < FEW]
    base = max([*(enough or few), (aim or 20.0) * 1.5])
    return max(base, min(max(few, default=0.0), base * SCALE_BEYOND)) if enough else base


def _aim_across(left: float, right: float, y: float, aim: float, label: str, words: Words) -> list[Mark]:
    said = [Text(right + 6, r(y - 3), label, "s goalt"), Text(right + 6, r(y + 13), words.seconds_text(aim), "s goalt")]
    return [line(left, y, right, y, "goal"), *said]


def _hour(point: Spread, x: float, column: float, scale: Scale, words: Words, labelled: bool) -> Group:
    few = point.timed < FEW
    marks: list[Mark] = []
    if point.unwatched > 0:
        wide = max(LEAST_GAP, column * min(1.0, point.unwatched))
        marks.append(Rect(r(x - wide / 2), scale.bottom - 4, r(wide), 8, 2, "gap"))
    if point.median is not None and point.p90 is not None:
        bar = min(26.0, column * 0.55)
        high, middle = scale.at(point.p90), scale.at(point.median)
        low = min(scale.bottom, middle + bar * 0.35)
        cut = point.p90 > scale.top
        marks.append(Rect(r(x - bar / 2), r(high), r(bar), r(max(low - high, 2)), r(min(9.0, bar / 2)), "few" if few else "bar1"))
        marks.append(Dot(r(x), r(middle), r(min(7.0, bar * 0.4)), "dot dim" if few else "dot"))
        if column >= LABEL_ROOM:
            marks.append(Text(r(x), r(high - 8), ("↑ " if cut else "") + words.seconds_number(point.p90)))
            marks.append(Text(r(x), r(min(middle + 24, scale.bottom - 7)), words.seconds_number(point.median), "big"))
    if labelled:
        marks += [Text(r(x), 256, str(point.hour), "big"), Text(r(x), 274, words.number(point.n))]
    return Group(point.title, tuple(marks))


def rails(
    rows: Sequence[Rail],
    aim: float | None,
    aim_said: str,
    words: Words,
    *,
    title: str,
    width: int = 470,
    least: float = POINTS_WORSE,
) -> Plot:
    """Return shares on rails from 0 to 100 %, against *aim*; a triangle is *least* or more below it."""
    left, right, height = 150 if width > NARROW else 96, width - 100, len(rows) * RAIL + 54

    def at(share: float) -> float:
        return left + share * (right - left)

    groups = [_rail(row, 36 + n * RAIL, left, right, at(row.share or 0), aim, words, least) for n, row in enumerate(rows)]
    bottom = height - 28
    scenery: list[Mark] = [
        Text(left, height - 8, "0 %", "s"), Text(right, height - 8, "100 %", "e"), Text(width, 10, words("report.n"), "e"),
    ]  # fmt: skip
    if aim is not None:
        x = at(aim)
        scenery += [line(x, 18, x, bottom, "goal"), Text(r(min(x, right - 20)), 10, aim_said, "goalt")]
    described = " ".join(group.title for group in groups)
    return Plot(width, height, title, described, (*groups, Group("", tuple(scenery))))


def _rail(row: Rail, y: float, left: float, right: float, x: float, aim: float | None, words: Words, least: float) -> Group:
    few = row.n < FEW
    marks: list[Mark] = [Text(0, y + 5, shortened(row.name, int(left / 8)), "s big"), line(left, y, right, y, "rail")]
    if row.share is not None and aim is not None and not few:
        start = left + aim * (right - left)
        worse = row.share < aim - least
        marks.append(line(start, y, x, y, "fill low" if worse else "fill"))
        marks.append(Path(f"M{r(x):g} {y - 10:g}l11 19h-22z", "late") if worse else Dot(r(x), y, 7, "dot"))
    elif row.share is not None:
        marks.append(Dot(r(x), y, 6, "dot dim" if few else "dot"))
    marks.append(Text(right + 54, y + 5, words.share_text(row.share) if row.share is not None and not few else DASH, "big e"))
    marks.append(Text(right + 100, y + 5, words.number(row.n), "e"))
    return Group(row.title, tuple(marks))


def columns(bars: Sequence[Column], words: Words, *, title: str, width: int = WIDE, digits: int = 0) -> Plot:
    """Return plain counts as columns, with the count above each and its name below."""
    left, bottom, height = 44, 232, 272
    step = (width - left) / max(1, len(bars))
    scale = Scale(max([bar.value for bar in bars] + [1.0]) * 1.02, 26, bottom)
    lines = _count_step(scale.top)
    scenery: list[Mark] = []
    for n in range(int(scale.top // lines) + 1):
        y = scale.at(n * lines)
        scenery += [line(left, y, width, y, "grid"), Text(left - 8, r(y + 4), words.number(n * lines), "e")]
    letters, every = max(2, int(step / 7)), max(1, math.ceil(LABEL_ROOM / step))
    groups = [
        _column(bar, left + (n + 0.5) * step, step, scale, words, digits, letters if n % every == 0 else 0)
        for n, bar in enumerate(bars)
    ]
    described = " ".join(group.title for group in groups)
    return Plot(width, height, title, described, (Group("", tuple(scenery)), *groups))


def _column(bar: Column, x: float, step: float, scale: Scale, words: Words, digits: int, letters: int) -> Group:
    wide = min(44.0, step * 0.66)
    y = scale.at(bar.value)
    marks: list[Mark] = []
    if bar.value:
        marks.append(Rect(r(x - wide / 2), r(y), r(wide), r(scale.bottom - y), r(min(4.0, wide / 4)), "few" if bar.few else "bar2"))
    if step >= LABEL_ROOM:
        marks.append(Text(r(x), r(y - 7), words.number(bar.value, digits)))
    if letters:
        marks.append(Text(r(x), scale.bottom + 24, shortened(bar.label, max(letters, 3)), "big"))
    return Group(bar.title, tuple(marks))


def _count_step(top: float, lines: int = 4) -> int:
    tens = 1
    while True:
        for step in COUNT_STEPS:
            if top / (step * tens) <= lines:
                return step * tens
        tens *= 10


def shortened(name: str, room: int) -> str:
    """Return *name* so that it fits into *room* letters."""
    return name if len(name) <= room else name[: room - 1].rstrip() + "…"
