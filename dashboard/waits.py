"""The part of the report about counters without tickets: its head, drawing, tables and formulas, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from broker.desk.waits import CounterRow
from broker.domain.kpi import FEW
from broker.domain.unticketed import BOUNDS, FORMULAS
from dashboard.drawing import NARROW, WIDE, Dot, Group, Mark, Plot, Rect, Scale, Text, line, r, step_of
from dashboard.figures import DASH
from dashboard.shapes import shortened
from dashboard.wording import Words

ROW: Final = 40
"""Height of a zone in the drawing."""
NAME_LETTERS: Final = 18
"""Letters of a zone's name in the drawing; the table has it whole."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What stands on the page of the counters: `heat` has (look, number, words) for each zone and hour."""

    plots: tuple[Plot, ...]
    columns: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    bounds: tuple[str, ...]
    bins: tuple[tuple[str, list[str]], ...]
    hours: tuple[int, ...]
    heat: tuple[tuple[str, list[tuple[str, str, str]]], ...]
    key: tuple[tuple[str, str], ...]
    unwatched: tuple[str, ...]
    formulas: tuple[tuple[str, str], ...]


def section(rows: Sequence[CounterRow], words: Words) -> Shown:
    """Return drawings, tables and formulas of *rows*, of which there is at least one."""
    drawn = any(map(_enough, rows))
    return Shown(
        plots=tuple(by_zone(rows, words, width=width) for width in (WIDE, NARROW)) if drawn else (),
        columns=tuple(columns(words)),
        cells=tuple(tuple(cells(row, words)) for row in rows),
        bounds=(*(words("waits.upto", m=upto // 60) for upto in BOUNDS), words("waits.over", m=BOUNDS[-1] // 60)),
        bins=tuple((row.name, _shares(row, words)) for row in rows),
        hours=tuple(hour for hour, _ in rows[0].longest),
        heat=tuple((row.name, [heat(row, longest, words) for _, longest in row.longest]) for row in rows),
        key=tuple((look, words(f"waits.heat_{name}")) for look, name in (("a", "low"), ("b", "mid"), ("d", "over"), ("f", "far"))),
        unwatched=tuple(_unwatched(row, words) for row in rows if row.unwatched >= 1),
        formulas=tuple((words(f"waits.figure_{name}"), words(f"waits.formula_{name}")) for name in FORMULAS),
    )


def head(rows: Sequence[CounterRow], words: Words) -> str:
    """Return at which counter people wait longest, or only what this is about when there are too few to say."""
    known = {row.name: row.figures.median for row in rows if _enough(row) and row.figures.median is not None}
    if not known:
        return words("waits.head_few")
    zone = max(known, key=lambda name: known[name])
    return words("waits.head", zone=zone, time=words.seconds_text(known[zone]))


def columns(words: Words) -> list[str]:
    """Return the heads of the table of zones."""
    names = ("zone", "served", "left", "walk_away", "median", "p90", "left_after", "service", "services", "unwatched")
    return [words(f"waits.column_{name}") for name in names]


def cells(row: CounterRow, words: Words) -> list[str]:
    """Return a zone's row as the page shows it; what is reckoned from fewer than FEW is a dash."""
    found, n = row.figures, words.number
    ended = found.served + found.left
    return [
        row.name, n(found.served), n(found.left),
        words.share_number(found.walk_away) if found.walk_away is not None and ended >= FEW else DASH,
        _seconds(found.median, found.waits, words), _seconds(found.p90, found.waits, words),
        _seconds(found.left_after, found.left, words), _seconds(found.service_median, found.services, words),
        n(found.services), n(row.unwatched / 60),
    ]  # fmt: skip


def heat(row: CounterRow, longest: int | None, words: Words) -> tuple[str, str, str]:
    """Return look, number and words of one hour: how long the queue was at the most, against what calls a colleague."""
    if longest is None:
        return "n", DASH, words("waits.not_counted")
    look = "f" if longest >= 2 * row.limit else "d" if longest >= row.limit else "b" if 2 * longest >= row.limit else "a"
    return look, words.number(longest), words.many("waits.people", longest)


def by_zone(rows: Sequence[CounterRow], words: Words, *, width: int) -> Plot:
    """Return the waits by zone: the dot is the median, the bar reaches P90; zones of few waits have neither."""
    left, right = (150.0 if width > NARROW else 110.0), width - 56.0
    top = max(60.0, *(row.figures.p90 or 0 for row in rows if _enough(row)))
    scale = Scale(top, right, left)
    bottom = 18 + len(rows) * ROW
    step = step_of(top, 4 if width > NARROW else 3)
    scenery: list[Mark] = [Text(width, 10, words("report.n"), "e")]
    for n in range(int(top // step) + 1):
        x = scale.at(n * step)
        scenery += [line(x, 16, x, bottom, "grid"), Text(r(x), bottom + 18, words.seconds_text(n * step))]
    groups = [_zone(row, 18 + (n + 0.5) * ROW, scale, width, words) for n, row in enumerate(rows)]
    described = " ".join(group.title for group in groups)
    return Plot(width, bottom + 26, words("waits.chart"), described, (Group("", tuple(scenery)), *groups))


def _zone(row: CounterRow, y: float, scale: Scale, width: int, words: Words) -> Group:
    found = row.figures
    marks: list[Mark] = [Text(0, y + 5, shortened(row.name, NAME_LETTERS if width > NARROW else 12), "s big")]
    marks.append(Text(width, y + 5, words.number(found.waits), "e"))
    if not _enough(row) or found.median is None or found.p90 is None:
        marks.append(Text(scale.bottom + 6, y + 5, DASH, "s"))
        return Group(words("waits.said_few", zone=row.name, n=words.number(found.waits)), tuple(marks))
    middle, high = scale.at(found.median), scale.at(found.p90)
    marks += [Rect(r(scale.bottom), y - 9, r(max(2.0, high - scale.bottom)), 18, 9, "bar1"), Dot(r(middle), y, 7, "dot")]
    said = words(
        "waits.said", zone=row.name, median=words.seconds_text(found.median), p90=words.seconds_text(found.p90),
        n=words.number(found.waits),
    )  # fmt: skip
    return Group(said, tuple(marks))


def _enough(row: CounterRow) -> bool:
    return row.figures.waits >= FEW


def _unwatched(row: CounterRow, words: Words) -> str:
    return words("waits.unwatched", zone=row.name, time=words.duration(row.unwatched))


def _shares(row: CounterRow, words: Words) -> list[str]:
    """Return the share of the waits in each bar of the distribution, or dashes for few."""
    total = row.figures.waits
    return [words.share_number(n / total) if _enough(row) else DASH for n in row.figures.bins]


def _seconds(value: float | None, n: int, words: Words) -> str:
    return DASH if value is None or n < FEW else words.seconds_number(value)
