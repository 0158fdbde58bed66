"""Several shops side by side: how each kept its promise, and how far its numbers can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from broker.desk import chain
from broker.desk.chain import Missing
from broker.desk.chain_reports import ChainGreetings, GreetingOf, chain_greetings
from broker.desk.reports import HourRow, ZoneRow, bounds
from broker.desk.trust import Trust, trust
from broker.domain.kpi import FEW, Greeting
from broker.shop import Shop
from dashboard import charts, sentences
from dashboard.drawing import NARROW, WIDE
from dashboard.figures import greeting_figures
from dashboard.reports import greeting
from dashboard.reports.asked import Asked
from dashboard.sheets import Cell, Drawn, Panel, Sheet, Table, cells, share_cell, time_cell
from dashboard.wording import Words

WHAT: Final = "stores"
CHART: Final = ("chain.chart", "chain.all_of")
HALF: Final = 470
COLUMNS: Final = ("store", "visits", "median", "p90", "in_time", "promise", "left")
HEALTH: Final = ("store", "counted", "uncounted", "blind", "late", "dismissed", "rejected")


def sheet(shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return the report of every store of the chain of *shop* that can be read."""
    with chain.whole(shop) as found:
        greetings = chain_greetings(found.shops, period=asked.period, name=words("chain.all"))
        seen = [trust(one, asked.period, bounds(one, asked.period), None) for one in found.shops]
    every, within = greetings.together, greetings.together.within
    shown = greeting_figures(every.figures, within, words)
    panels = [_stores(greetings, words), _hours(greetings, words)]
    return Sheet(
        what=WHAT, title=words("report.title_stores"), store=shop.settings.store.name, sub=_sub(shop, asked, greetings, words),
        headline=sentences.greeted_head(every.figures, within, words, today=asked.period.name == "today"),
        warning=left_out(found.missing, words), figures=tuple(shown.values()),
        cards=(*greeting.greeted(every.figures, within, shown, _changes(every, words), words), greeting.level(shown, words)),
        panels=(*(panel for panel in panels if panel is not None), _health(greetings, seen, found.missing, words)),
        formulas={key: words(f"report.formula_{figure.formula}") for key, figure in shown.items() if figure.formula},
        formulas_sub=words("report.formulas_sub", t=words.seconds_text(within)),
    )  # fmt: skip


def _changes(every: GreetingOf, words: Words) -> dict[str, sentences.Change]:
    return sentences.greeting_changes(every.figures, every.before, words)


def _sub(shop: Shop, asked: Asked, greetings: ChainGreetings, words: Words) -> str:
    now = shop.clock()
    compared = sentences.compared_days(greetings.compared, asked.period, now < bounds(shop, asked.period)[1], now, words)
    stores = words.many("chain.stores", len(greetings.stores))
    visits = words.many("report.visits", greetings.together.figures.visits)
    said = f"{stores}, {words.days(asked.period)}, {visits}. {compared}"
    promises = {each.within for each in greetings.stores}
    return said if len(promises) == 1 else f"{said} {words('chain.longest', t=words.seconds_text(greetings.together.within))}"


def left_out(missing: Sequence[Missing], words: Words) -> str:
    """Return which stores are not in the figures."""
    return words("chain.missing", stores=words.listed([each.name for each in missing])) if missing else ""


def _head(rows: Sequence[GreetingOf], words: Words) -> str:
    """Return which store keeps its promise least often, or that they are alike."""
    shares = [(_share(each.figures), each.store) for each in rows if each.figures.visits >= FEW]
    if len(shares) < 2:
        return words("chain.chart")
    share, store = min(shares)
    if max(shares)[0] - share < sentences.SPREAD:
        return words("chain.alike")
    return words("report.zones_least", zone=store, share=words.share_text(share))


def _share(found: Greeting) -> float:
    return found.strict_service_level or 0.0


def _stores(greetings: ChainGreetings, words: Words) -> Panel:
    rows = [ZoneRow(str(n), each.store, each.figures) for n, each in enumerate(greetings.stores)]
    every = greetings.together
    whole = every.figures.strict_service_level if every.figures.visits >= FEW else None
    plots = tuple(charts.by_zone(rows, whole, words, width=width, of=CHART) for width in (HALF, NARROW))
    table = Table(
        "stores", words("chain.chart"), columns(COLUMNS, words),
        tuple(_greeted(each, words) for each in (*greetings.stores, every)), drawn=Drawn("bar", (4,)),
    )  # fmt: skip
    return Panel("stores", _head(greetings.stores, words), words("chain.stores_sub"), plots, (table,), wide=True)


def columns(names: Sequence[str], words: Words) -> tuple[str, ...]:
    """Return the heads of a table of stores."""
    return tuple(words(f"chain.column_{name}") for name in names)


def _greeted(each: GreetingOf, words: Words) -> tuple[Cell, ...]:
    found = each.figures
    return (
        Cell(each.store), Cell(words.number(found.visits)), time_cell(found.median, found.greeted, words),
        time_cell(found.p90, found.greeted, words), share_cell(found.strict_service_level, found.visits, words),
        Cell(words.seconds_number(each.within)), share_cell(found.never_greeted, found.visits, words),
    )  # fmt: skip


def _hours(greetings: ChainGreetings, words: Words) -> Panel | None:
    rows = [HourRow(hour, found, 0.0, 0.0) for hour, found in greetings.hours]
    if not rows:
        return None
    within = greetings.together.within
    plots = tuple(charts.by_hour(rows, within, words, width=width) for width in (WIDE, NARROW))
    heads = (*(words(f"report.column_{name}") for name in ("hour", "visits", "median", "p90")), words("chain.column_in_time"))
    table = Table("hours", words("report.hours_chart"), heads, tuple(_hour(row, words) for row in rows), turned=True)
    table = replace(table, drawn=Drawn("column", (2, 3)))
    return Panel("hours", sentences.hours_head(rows, within, words), words("chain.hours_sub"), plots, (table,), wide=True)


def _hour(row: HourRow, words: Words) -> tuple[Cell, ...]:
    found = row.figures
    return (
        Cell(str(row.hour)), Cell(words.number(found.visits)), time_cell(found.median, found.greeted, words),
        time_cell(found.p90, found.greeted, words), share_cell(found.strict_service_level, found.visits, words),
    )  # fmt: skip


def _health(greetings: ChainGreetings, trusted: Sequence[Trust], missing: Sequence[Missing], words: Words) -> Panel:
    """Return for each store how much of its opening time somebody was counted, and what was left out."""
    rows = []
    for each, seen in zip(greetings.stores, trusted, strict=True):
        counted = 1 - seen.unwatched_seconds / seen.open_seconds if seen.open_seconds else None
        minutes = [words.number(seconds / 60) for seconds in (seen.unwatched_seconds, seen.camera_seconds)]
        counts = [words.number(n) for n in (each.figures.late, each.figures.dismissed, seen.rejected)]
        rows.append(cells((each.store, "–" if counted is None else words.share_number(counted), *minutes, *counts)))
    return health(columns(HEALTH, words), rows, missing, words("chain.health_sub"), words)


def health(heads: tuple[str, ...], rows: list[tuple[Cell, ...]], missing: Sequence[Missing], sub: str, words: Words) -> Panel:
    """Return how far the numbers of each store can be trusted, with those that could not be read and why."""
    nothing = ["–"] * (len(heads) - 1)
    rows = rows + [cells((each.name, *nothing), ("", *["dim"] * len(nothing))) for each in missing]
    notes = tuple(words("chain.missing_why", store=each.name, why=each.why) for each in missing)
    table = Table("trust", words("chain.health"), heads, tuple(rows))
    return Panel("trust", words("chain.health"), sub, (), (table,), notes, wide=True)
