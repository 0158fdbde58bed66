"""Waiting at counters without tickets, as cameras see it: a panel of the report of waiting."""

from __future__ import annotations

from broker.desk.reports import open_hours
from broker.desk.trust import Trust
from broker.desk.waits import counters
from broker.domain.period import Span
from broker.shop import Shop
from dashboard import waits
from dashboard.reports.asked import Asked
from dashboard.sheets import Cell, Drawn, Panel, Table, cells
from dashboard.wording import Words


def panel(shop: Shop, asked: Asked, span: Span, trusted: Trust, words: Words) -> Panel | None:
    """Return the waits at counters that cameras look at, None where no camera does."""
    rows = counters(shop, period=asked.period, span=span, zone=asked.zone, trusted=trusted, opened=open_hours(shop, asked.period))
    if not rows:
        return None
    shown = waits.section(rows, words)
    heat = tuple((Cell(name), *(Cell(text, look, said) for look, text, said in of)) for name, of in shown.heat)
    shares = tuple(cells((name, *each)) for name, each in shown.bins)
    zone = words("waits.column_zone")
    tables = (
        Table("queues", words("waits.chart_head"), shown.columns, tuple(map(cells, shown.cells)), drawn=Drawn("bar", (4, 5))),
        Table("queue_hours", words("waits.heat_head"), (zone, *map(str, shown.hours)), heat, heat=True, legend=shown.key),
        Table("queue_bins", words("waits.bins_head"), (zone, *shown.bounds), shares, opened=False),
        Table(
            "queue_formulas", words("report.formulas_head"), (words("report.column_figure"), words("report.column_formula")),
            tuple(cells(row) for row in shown.formulas), opened=False,
        ),
    )  # fmt: skip
    sub = " ".join([words("waits.sub"), *shown.unwatched])
    return Panel("queues", waits.head(rows, words), sub, shown.plots, tables, wide=True)
