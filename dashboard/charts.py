"""The charts of the greeting report as values: where every mark stands, reckoned from the figures.

The kinds of charts are in shapes.py; the template `plots.html` only writes them down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from broker.desk.reports import Bin, HourRow, ZoneRow
from broker.domain.kpi import FEW
from dashboard.drawing import NARROW as NARROW
from dashboard.drawing import WIDE, Group, Mark, Plot, Rect, Scale, Text, line, r
from dashboard.shapes import LABEL_ROOM as LABEL_ROOM
from dashboard.shapes import Rail, Spread, rails, spread
from dashboard.shapes import shortened as shortened
from dashboard.wording import Words

ZONES: Final = ("report.zones_chart", "report.whole_shop")


def by_hour(rows: Sequence[HourRow], promise: float, words: Words, *, width: int = WIDE) -> Plot:
    """Return greet time by hour: the dot is the median, the bar reaches P90."""
    points = [
        Spread(
            row.hour, row.figures.median, row.figures.p90, row.figures.greeted, row.figures.visits, hour_title(row, words),
            row.unwatched / max(row.opened, 1) if row.unwatched >= 1 else 0.0,
        )
        for row in rows
    ]  # fmt: skip
    return spread(points, promise, words, title=words("report.hours_chart"), width=width)


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


def by_zone(
    rows: Sequence[ZoneRow], whole: float | None, words: Words, *, width: int = 470, of: tuple[str, str] = ZONES
) -> Plot:  # fmt: skip
    """Return the share greeted within the promise by zone, against the whole shop, on a rail from 0 to 100 %.

    *of* are the keys of the texts for the title and for the whole.
    """
    drawn = [
        Rail(row.name, row.figures.strict_service_level, row.figures.visits, _zone_title(row, words)) for row in rows
    ]  # fmt: skip
    title, of_whole = of
    said = "" if whole is None else words(of_whole, share=words.share_text(whole))
    return rails(drawn, whole, said, words, title=words(title), width=width)


def _zone_title(row: ZoneRow, words: Words) -> str:
    share = row.figures.strict_service_level
    value = "–" if share is None else words.share_text(share)
    return words.many("report.zone_said", row.figures.visits, zone=row.name, share=value)
