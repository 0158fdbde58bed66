"""Panels of the reports of tickets: by hour, by hour of the week, how waits spread, by service and by counter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from broker.desk.queue_reports import QueueCell, QueueReport, QueueRow
from broker.domain.kpi import FEW
from broker.domain.queue_kpi import Figures, Value
from dashboard.drawing import NARROW, WIDE, Plot
from dashboard.figures import DASH, Figure
from dashboard.reports import trusted
from dashboard.reports.ticket_words import Teller, enough
from dashboard.shapes import POINTS_WORSE, Column, Rail, Spread, columns, rails, spread
from dashboard.sheets import HEAT, Cell, Drawn, Panel, Table
from dashboard.wording import Words

HALF: Final = 470
"""Width in units of a drawing that takes the smaller half of the page."""


def by_hour(
    report: QueueReport, tell: Teller, *, median: str, p90: str, aim: float | None, keys: Sequence[str], name: str
) -> Panel:
    """Return seconds by hour of the clock: dot and bar, with *keys* in the table; *name* says of what."""
    words = tell.words
    title = words(f"report.{name}_hours")
    points = [_point(row.hour, row.figures, median, p90, title, words) for row in report.hours]
    table = Table(
        "hours", title, (words("report.column_hour"), *tell.heads(keys)),
        tuple((Cell(str(row.hour)), *tell.cells(row.figures, keys)) for row in report.hours),
        drawn=Drawn("column", tuple(n for n, key in enumerate(keys, start=1) if key in (median, p90))), turned=True,
    )  # fmt: skip
    plots = tuple(
        spread(points, aim, words, title=title, label="report.aim", width=width) for width in (WIDE, NARROW) if report.hours
    )
    return Panel("hours", _slowest(report, median, title, words), words("report.spread_sub"), plots, (table,))


def _point(hour: int, found: Figures, median: str, p90: str, title: str, words: Words) -> Spread:
    middle, high = found[median], found[p90]
    if middle.value is None or high.value is None:
        said = words("report.hour_said_none", hour=hour, n=words.number(found["issued"].n))
    else:
        said = words(
            "report.hour_said_spread", hour=hour, median=words.seconds_text(middle.value), p90=words.seconds_text(high.value),
            n=words.number(middle.n),
        )  # fmt: skip
    return Spread(hour, middle.value, high.value, middle.n, middle.n, said)


def _slowest(report: QueueReport, key: str, title: str, words: Words) -> str:
    """Return which hour is slowest, or only what this is about."""
    known = {row.hour: row.figures[key].value or 0.0 for row in report.hours if enough(row.figures[key])}
    if len(known) < 3:
        return title
    slowest = max(known, key=lambda hour: known[hour])
    return words("report.slowest_of", what=title, hour=slowest, time=words.seconds_text(known[slowest]))


def bins(report: QueueReport, words: Words) -> Panel:
    """Return how many tickets waited how long."""
    total, rows, bars, upto = sum(part.tickets for part in report.bins), [], [], 0
    for part in report.bins:
        upto += part.tickets
        label = _bin(part.above, part.upto, words)
        said = words.many("report.bin_tickets", part.tickets, bin=label)
        bars.append(Column(_minutes(part.upto or part.above) + ("" if part.upto else "+"), part.tickets, said, total < FEW))
        share = words.share_number(upto / total) if total >= FEW else DASH
        rows.append((Cell(label), Cell(words.number(part.tickets)), Cell(share, "dim" if total < FEW else "")))
    heads = (words("report.column_waited"), words("report.column_tickets"), words("report.column_upto_share"))
    title = words("report.waits_spread")
    plots = tuple(columns(bars, words, title=title, width=width) for width in (HALF, NARROW) if total)
    table = Table("bins", title, heads, tuple(rows), drawn=Drawn("column", (1,)))
    return Panel("bins", title, words("report.waits_spread_sub"), plots, (table,))


def _bin(above: float, upto: float | None, words: Words) -> str:
    if upto is None:
        return words("report.bin_over", above=_minutes(above))
    return words("report.bin_between", above=_minutes(above), upto=_minutes(upto))


def _minutes(seconds: float) -> str:
    """Return minutes as 2, or as 1:40 where they are not whole."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}" if rest else str(minutes)


def week(report: QueueReport, words: Words) -> Panel:
    """Return the median wait by hour of the week, with its numbers."""
    values = [cell.median for cell in report.week if cell.median is not None]
    steps = quarters(values)
    table = heat(report.week, words, words("report.wait_week"), steps, lambda cell: cell.median, words.seconds_number)
    sub = words("report.wait_week_sub", days=words.days(report.week_period), few=FEW)
    return Panel("week", _worst(report.week, words), sub, (), (table,), wide=True)


def _worst(cells: Sequence[QueueCell], words: Words) -> str:
    known = [cell for cell in cells if cell.median is not None]
    if not known:
        return words("report.wait_week_few")
    worst = max(known, key=lambda cell: cell.median or 0.0)
    return words(
        "report.wait_week_worst", day=words.weekday(worst.weekday), hour=worst.hour, time=words.seconds_text(worst.median or 0.0)
    )


def quarters(values: Sequence[float]) -> tuple[float, float, float, float]:
    """Return from which values a cell takes the next colour: at a quarter, a half, three quarters and nine tenths of the most."""
    top = max(values, default=0.0)
    return top * 0.25, top * 0.5, top * 0.75, top * 0.9


def heat(cells: Sequence[QueueCell], words: Words, head: str, steps: Sequence[float], value: object, write: object) -> Table:
    """Return the hours of the week as a table: *value* of each cell, written by *write*; darker is more."""
    assert callable(value)
    assert callable(write)
    hours = sorted({cell.hour for cell in cells})
    rows = []
    for weekday in sorted({cell.weekday for cell in cells if cell.issued}):
        found = {cell.hour: cell for cell in cells if cell.weekday == weekday}
        row = [_heat(found.get(hour), steps, words, value, write) for hour in hours]
        rows.append((Cell(words.weekday(weekday, short=True)), *row))
    ends = [write(step) for step in steps]
    legend = [("a", words("report.heat_below", t=ends[0]))]
    legend += [(HEAT[n], f"{ends[n - 1]}–{ends[n]}") for n in (1, 2, 3)]
    legend.append(("f", words("report.heat_from", t=ends[3])))
    columns_ = (words("report.column_weekday"), *(str(hour) for hour in hours))
    return Table("week", head, columns_, tuple(rows), heat=True, legend=tuple(legend))


def _heat(cell: QueueCell | None, steps: Sequence[float], words: Words, value: object, write: object) -> Cell:
    assert callable(value)
    assert callable(write)
    if cell is None or not cell.issued:
        return Cell("", "n0")
    n, found = words.many("report.n_tickets", cell.issued), value(cell)
    if found is None:
        return Cell(DASH, "n", n)
    return Cell(write(found), HEAT[sum(found >= step for step in steps)], n)


def rows_of(
    rows: Sequence[QueueRow], tell: Teller, *, key: str, share: str, aim: float | None, aim_said: str, keys: Sequence[str],
    heads: tuple[str, str, str], least: float = POINTS_WORSE,
) -> Panel:  # fmt: skip
    """Return services or counters: *share* of each on a rail against *aim*, with *keys* in the table.

    *heads* are what it is about, the line below, and the head of the first column.
    """
    words, (head, sub, first) = tell.words, heads
    drawn = [Rail(row.name, row.figures[share].value, row.figures[share].n, _rail_said(row, share, tell)) for row in rows]
    title = tell.label(share)
    plots: tuple[Plot, ...] = ()
    if any(rail.share is not None for rail in drawn):
        plots = tuple(rails(drawn, aim, aim_said, words, title=title, width=width, least=least) for width in (HALF, NARROW))
    table = Table(
        key, f"{first}: {title}", (first, *tell.heads(keys)),
        tuple((Cell(row.name), *tell.cells(row.figures, keys)) for row in rows), drawn=Drawn("bar", (1 + list(keys).index(share),)),
    )  # fmt: skip
    return Panel(key, head, sub, plots, (table,), wide=True)


def _rail_said(row: QueueRow, share: str, tell: Teller) -> str:
    value = tell.cell(row.figures[share]).text
    said = value if value == DASH else f"{value} %"
    return tell.words("report.rail_said", name=row.name, share=said, n=tell.words.number(row.figures[share].n))


def facts(key: str, head: str, sub: str, found: Sequence[Figure], words: Words, *, wide: bool = False) -> Panel:
    """Return figures in a line, each with its n."""
    rows = tuple(
        (Cell(figure.label), Cell(figure.number, "dim" if figure.few else ""), Cell(figure.shown_unit), Cell(figure.n))
        for figure in found
    )
    names = ("figure", "number", "unit", "n")
    heads = tuple(words(f"report.column_{name}") for name in names)
    return Panel(key, head, sub, (), (Table(key, head, heads, rows, facts=True),), wide=wide)


def lowest(rows: Sequence[QueueRow], share: str) -> tuple[str, Value] | None:
    """Return the name and value of the row with the least *share* of those with enough, None for fewer than two."""
    known = [(row.name, row.figures[share]) for row in rows if enough(row.figures[share])]
    return min(known, key=lambda each: each[1].value or 0.0) if len(known) >= 2 else None


def trust(report: QueueReport, tell: Teller) -> Panel:
    """Return how far the figures can be trusted."""
    words, health = tell.words, report.health
    counts = [
        ("not_watching", report.trust.camera_seconds / 60, "min"), ("unwatched", health.unwatched / 60, "min"),
        ("paused", report.trust.paused_seconds / 60, "min"), ("late", health.late, ""), ("dismissed", health.dismissed, ""),
        ("untrusted", health.untrusted_visits, ""), ("untrusted_tickets", health.untrusted_tickets, ""),
        ("rejected", report.trust.rejected, ""),
    ]  # fmt: skip
    shown = [Figure(key, words(f"report.figure_{key}"), words.number(value), unit) for key, value, unit in counts]
    return trusted.panel(report.trust, report.period, shown, words)
