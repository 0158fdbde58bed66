"""How far the figures of any report can be trusted: the strip of the cameras, what was left out, and each gap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from broker.desk.trust import Trust
from broker.domain.period import Period
from dashboard import sentences, strip
from dashboard.drawing import NARROW
from dashboard.figures import Figure
from dashboard.sheets import Panel, Table, cells
from dashboard.wording import Words

GAP_ROWS: Final = 60
"""The table of gaps shows at most so many, the longest; a camera that flickers must not fill the page."""


def panel(trust: Trust, period: Period, figures: Sequence[Figure], words: Words) -> Panel:
    """Return what to know before the figures of *period* are believed; *figures* are counts of what was left out."""
    plots = (
        tuple(strip.cameras(trust, period, words, width=width) for width in (strip.STRIP_WIDTH, NARROW)) if trust.cameras else ()
    )
    rows = tuple(cells((figure.label, figure.number, figure.shown_unit)) for figure in figures)
    heads = (words("report.column_figure"), words("report.column_number"), words("report.column_unit"))
    tables = [Table("trust", words("report.trust_head"), heads, rows, facts=True)]
    gap_rows, more = gaps(trust, words)
    if gap_rows:
        names = ("camera", "day", "span", "length")
        columns = tuple(words(f"report.column_{name}") for name in names)
        tables.append(Table("gaps", words("report.column_span"), columns, tuple(cells(row) for row in gap_rows), opened=False))
    notes = [words.many("report.gaps_more", more)] if more else []
    notes += [f"{words('report.measured')}, {name}: {said}" for name, said in sentences.accuracies(trust, words)]
    if trust.rejected_full:
        # The store keeps the newest messages only: their number is then the least it can have been.
        number = f"{words.number(trust.rejected)} {words('report.rejected_full')}"
        notes.append(f"{words('report.figure_rejected')}: {number}")
    return Panel(
        "trust", words("report.trust_head"), sentences.watched(trust, words), plots, tuple(tables), tuple(notes), wide=True
    )


def gaps(trust: Trust, words: Words) -> tuple[list[tuple[str, str, str, str]], int]:
    """Return the longest gaps in the order of time: camera, day, from and to, how long; and how many more there are."""
    every = [(begin, end, camera.name) for camera in trust.cameras for begin, end in camera.gaps]
    shown = sorted(sorted(every, key=lambda gap: gap[0] - gap[1])[:GAP_ROWS])
    rows = [
        (name, words.day_short(begin.astimezone(words.zone).date(), weekday=False), f"{words.clock(begin)}–{words.clock(end)}",
         words.duration((end - begin).total_seconds()))
        for begin, end, name in shown
    ]  # fmt: skip
    return rows, len(every) - len(rows)
