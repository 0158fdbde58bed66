"""Charts as values: where every mark stands, reckoned from the figures. The template `plots.html` only writes them down.

Time runs from left to right, axes begin at zero, the promise is a labelled line, fewer than FEW visits are a dashed
outline, and time in which nobody was counted is hatched. Looks are classes of charts.css; nothing here has a colour.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from broker.desk.reports import Bin, HourRow, ZoneRow
from broker.domain.kpi import FEW
from dashboard.drawing import NARROW, WIDE, Dot, Group, Mark, Path, Plot, Rect, Scale, Text, line, r, step_of
from dashboard.wording import Words

LABEL_ROOM: Final = 22
"""A number above a bar needs so many units; narrower bars leave numbers out and keep them in their titles."""
SCALE_BEYOND: Final = 1.6
"""A bar of few visits may reach so much higher than the others; above it is cut, with its number and an arrow."""
LEAST_GAP: Final = 6.0
"""The hatch of an hour is as wide as the part of it in which nobody was counted, and at least this."""
POINTS_WORSE: Final = 0.05
"""A zone this much below the whole shop is marked."""


def by_hour(rows: Sequence[HourRow], promise: float, words: Words, *, width: int = WIDE) -> Plot:
    """Return greet time by hour: the dot is the median, the bar reaches P90."""
    left, right, height = 52, width - 64, 286
    top = _top(rows, promise)
    scale = Scale(top, 22, 232)
    column = (right - left) / max(1, len(rows))
    scenery: list[Mark] = []
    for n in range(int(top // step_of(top)) + 1):
        y = scale.at(n * step_of(top))
        scenery += [line(left, y, right, y, "grid"), Text(left - 10, r(y + 4), words.seconds_text(n * step_of(top)), "e")]
    scenery += [
        Text(left - 10, 256, words("report.hour_axis"), "e"),
        Text(left - 10, 274, words("report.n"), "e"),
        *_promise_across(left, right, scale.at(promise), promise, words),
    ]
    every = max(1, math.ceil(LABEL_ROOM / column))
    groups = [_hour(row, left + (n + 0.5) * column, column, scale, words, n % every == 0) for n, row in enumerate(rows)]
    described = " ".join(group.title for group in groups)
    # The numbers go on top of the promise, or its dots would strike them out.
    bars = [Group(group.title, tuple(mark for mark in group.marks if not isinstance(mark, Text))) for group in groups]
    numbers = tuple(mark for group in groups for mark in group.marks if isinstance(mark, Text))
    layers = (*bars, Group("", tuple(scenery)), Group("", numbers))
    return Plot(width, height, words("report.hours_chart"), described, layers)


def _top(rows: Sequence[HourRow], promise: float) -> float:
    """Return the top of the scale: it fits every hour of enough visits, and few visits do not squash the others."""
    enough = [row.figures.p90 for row in rows if row.figures.p90 is not None and row.figures.greeted >= FEW]
    few = [row.figures.p90 for row in rows if row.figures.p90 is not None and row.figures.greeted < FEW]
    base = max([*(enough or few), promise * 1.5])
    return max(base, min(max(few, default=0.0), base * SCALE_BEYOND)) if enough else base


def _promise_across(left: float, right: float, y: float, promise: float, words: Words) -> list[Mark]:
    label = [Text(right + 6, r(y - 3), words("report.promise"), "s goalt")]
    return [line(left, y, right, y, "goal"), *label, Text(right + 6, r(y + 13), words.seconds_text(promise), "s goalt")]


def _hour(row: HourRow, x: float, column: float, scale: Scale, words: Words, labelled: bool) -> Group:
    figures, few = row.figures, row.figures.greeted < FEW
    marks: list[Mark] = []
    if row.unwatched >= 1:
        wide = max(LEAST_GAP, column * min(1.0, row.unwatched / max(row.opened, 1)))
        marks.append(Rect(r(x - wide / 2), scale.bottom - 4, r(wide), 8, 2, "gap"))
    if figures.median is not None and figures.p90 is not None:
        bar = min(26.0, column * 0.55)
        high, middle = scale.at(figures.p90), scale.at(figures.median)
        low = min(scale.bottom, middle + bar * 0.35)
        cut = figures.p90 > scale.top
        marks.append(Rect(r(x - bar / 2), r(high), r(bar), r(max(low - high, 2)), r(min(9.0, bar / 2)), "few" if few else "bar1"))
        marks.append(Dot(r(x), r(middle), r(min(7.0, bar * 0.4)), "dot dim" if few else "dot"))
        if column >= LABEL_ROOM:
            marks.append(Text(r(x), r(high - 8), ("↑ " if cut else "") + words.seconds_number(figures.p90)))
            marks.append(Text(r(x), r(min(middle + 24, scale.bottom - 7)), words.seconds_number(figures.median), "big"))
    if labelled:
        marks += [Text(r(x), 256, str(row.hour), "big"), Text(r(x), 274, words.number(figures.visits))]
    return Group(hour_title(row, words), tuple(marks))


def hour_title(row: HourRow, words: Words) -> str:
    """Return the sentence of one hour."""
    figures = row.figures
    if figures.median is None or figures.p90 is None:
        said = words.many("report.hour_none", figures.visits, hour=row.hour)
    else:
        said = words.many(
            "report.hour_said", figures.visits, hour=row.hour,
            median=words.seconds_text(figures.median), p90=words.seconds_text(figures.p90),
        )  # fmt: skip
    missing = " " + words("report.hour_unwatched", time=words.duration(row.unwatched)) if row.unwatched >= 1 else ""
    return said + missing


def distribution(bins: Sequence[Bin], left_count: int, visits: int, promise: float, words: Words, *, width: int = 470) -> Plot:
    """Return how many visits were greeted after how long, with those that left without a greeting apart."""
    bottom, step = 232, (width - 62) / len(bins)
    highest = max([part.visits for part in bins] + [left_count, 1])
    scale, few = Scale(highest, 26, bottom), sum(part.visits for part in bins) < FEW
    seconds = bins[0].upto or 1.0
    groups = [_bin(part, 4 + n * step, step, scale, promise, few, words, n) for n, part in enumerate(bins)]
    at = 4 + promise / seconds * step - 1
    within = sum(part.visits for part in bins if part.upto is not None and part.upto <= promise)
    described = " ".join([*(group.title for group in groups if group.title), words.many("report.left_said", left_count)])
    box = width - 46
    high = scale.at(left_count)
    lost: tuple[Mark, ...] = (
        *((Rect(box, r(high), 38, r(bottom - high), 4, "lost"),) if left_count else ()),
        Text(box + 19, r(high - 6), words.number(left_count), "big"),
        Text(width, 270, words("report.left_axis_1"), "e"), Text(width, 286, words("report.left_axis_2"), "e"),
    )  # fmt: skip
    scenery: tuple[Mark, ...] = (
        line(at, 6, at, bottom, "goal"), line(0, bottom, width, bottom, "grid"), Text(6, 274, words("report.bins_axis"), "s"),
        Text(r(at + 9), 12, words("report.promise_of", t=words.seconds_text(promise)), "s goalt"),
    )  # fmt: skip
    if visits >= FEW and seconds and promise % seconds == 0:
        before, after = within / visits, (sum(part.visits for part in bins) - within) / visits
        said = words("report.before_after", before=words.share_text(before), after=words.share_text(after))
        scenery += (Text(r(at + 9), 29, said, "s"),)
    everything = (*groups, Group(words.many("report.left_said", left_count), lost), Group("", scenery))
    return Plot(width, 300, words("report.bins_chart"), described, everything)


def _bin(part: Bin, x: float, step: float, scale: Scale, promise: float, few: bool, words: Words, n: int) -> Group:
    marks: list[Mark] = []
    kept = part.upto is not None and part.upto <= promise
    if part.visits:
        y = scale.at(part.visits)
        marks.append(Rect(r(x), r(y), r(step - 4), r(scale.bottom - y), 4, "few" if few else "bar2" if kept else "bar3"))
        if step >= LABEL_ROOM and (y > 44 or kept):
            marks.append(Text(r(x + (step - 4) / 2), r(y - 6), words.number(part.visits)))
    if n % 3 == 0:
        marks.append(Text(r(x - 2), 254, f"{part.above:g}" + ("" if part.upto else "+"), "s"))
    key = "report.bin_said" if part.upto else "report.bin_last"
    return Group(words.many(key, part.visits, above=f"{part.above:g}", upto=f"{part.upto or 0:g}"), tuple(marks))


def by_zone(rows: Sequence[ZoneRow], whole: float | None, words: Words, *, width: int = 470) -> Plot:
    """Return the share greeted within the promise by zone, against the whole shop, on a rail from 0 to 100 %."""
    left, right, height = 150 if width > NARROW else 96, width - 100, len(rows) * 32 + 54

    def at(share: float) -> float:
        return left + share * (right - left)

    groups = [
        _zone(row, 36 + n * 32, left, right, at(row.figures.strict_service_level or 0), whole, words) for n, row in enumerate(rows)
    ]
    bottom = height - 28
    scenery: list[Mark] = [
        Text(left, height - 8, "0 %", "s"), Text(right, height - 8, "100 %", "e"), Text(width, 10, words("report.n"), "e"),
    ]  # fmt: skip
    if whole is not None:
        x = at(whole)
        label = words("report.whole_shop", share=words.share_text(whole))
        scenery += [line(x, 18, x, bottom, "goal"), Text(r(min(x, right - 20)), 10, label, "goalt")]
    described = " ".join(group.title for group in groups)
    return Plot(width, height, words("report.zones_chart"), described, (*groups, Group("", tuple(scenery))))


def _zone(row: ZoneRow, y: float, left: float, right: float, x: float, whole: float | None, words: Words) -> Group:
    share, figures = row.figures.strict_service_level, row.figures
    few = figures.visits < FEW
    marks: list[Mark] = [Text(0, y + 5, shortened(row.name, int(left / 8)), "s big"), line(left, y, right, y, "rail")]
    if share is not None and whole is not None and not few:
        start = left + whole * (right - left)
        worse = share < whole - POINTS_WORSE
        marks.append(line(start, y, x, y, "fill low" if worse else "fill"))
        marks.append(Path(f"M{r(x):g} {y - 10:g}l11 19h-22z", "late") if worse else Dot(r(x), y, 7, "dot"))
    elif share is not None:
        marks.append(Dot(r(x), y, 6, "dot dim"))
    marks.append(Text(right + 54, y + 5, words.share_text(share) if share is not None and not few else "–", "big e"))
    marks.append(Text(right + 100, y + 5, words.number(figures.visits), "e"))
    value = "–" if share is None else words.share_text(share)
    return Group(words.many("report.zone_said", figures.visits, zone=row.name, share=value), tuple(marks))


def shortened(name: str, room: int) -> str:
    """Return *name* so that it fits into *room* letters."""
    return name if len(name) <= room else name[: room - 1].rstrip() + "…"
