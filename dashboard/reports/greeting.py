"""The greeting report as a sheet: its figures, drawings and tables in words, once for the page and for every file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from broker.desk.reports import Cell as Slot
from broker.desk.reports import Report
from broker.domain.kpi import FEW, Greeting
from dashboard import charts, exports, sentences
from dashboard.drawing import NARROW, WIDE, Plot
from dashboard.figures import DASH, Figure, figures
from dashboard.reports import trusted
from dashboard.sentences import Change
from dashboard.sheets import Card, Cell, Drawn, Panel, Sheet, Table, cells
from dashboard.wording import Words

WHAT: Final = "greeting"
SHORT_BINS: Final = (2, 5, 11)
"""The bars whose upper ends are told in the short table: a quarter, half and all of the picture."""
HALF: Final = 470
"""Width in units of a drawing that takes the smaller half of the page."""


def sheet(report: Report, words: Words) -> Sheet:
    """Return *report* as a sheet."""
    shown, visits = figures(report, words), words.many("report.visits", report.figures.visits)
    sub = f"{report.zone_name or report.store}, {words.days(report.period)}, {visits}. {sentences.compared(report, words)}"
    panels = [hours(report, words), bins(report, words), week(report, words), zones(report, words)]
    return Sheet(
        what=WHAT, title=words("report.title"), store=report.store, headline=sentences.headline(report, words), sub=sub,
        warning=sentences.missing(report.trust, words), cards=tuple(cards(report, shown, words)),
        panels=tuple(panel for panel in [*panels, trust(report, shown, words)] if panel is not None),
        figures=tuple(shown.values()),
        formulas={key: words(f"report.formula_{figure.formula}") for key, figure in shown.items() if figure.formula},
        formulas_sub=words("report.formulas_sub", t=words.seconds_text(report.within)),
    )  # fmt: skip


def cards(report: Report, shown: dict[str, Figure], words: Words) -> list[Card]:
    """Return the figures at the top."""
    changed = sentences.changes(report, words)
    made = greeted(report.figures, report.within, shown, changed, words)
    if "alerts" in shown:
        note = words("report.note_alerts_none" if shown["alerts"].number == DASH else "report.note_alerts", n=shown["alerts"].n)
        return [*made, Card(shown["alerts"], changed["alerts"], note)]
    return [*made, level(shown, words)]


def level(shown: dict[str, Figure], words: Words) -> Card:
    """Return the card of the service level, where there is none of alerts."""
    return Card(shown["service_level"], Change("", "dim"), words("report.note_level", n=shown["service_level"].n))


def greeted(found: Greeting, within: float, shown: dict[str, Figure], changed: dict[str, Change], words: Words) -> list[Card]:
    """Return the cards of greetings, of one shop or of several."""
    promise = words.seconds_text(within)
    notes = {
        "median": words("report.note_median", n=shown["median"].n, p90=shown["p90"].text, longest=shown["longest"].text),
        "within": words("report.note_within", k=words.number(found.within), n=words.number(found.visits)),
        "left": words(
            "report.note_left", share=shown["never"].text, n=words.number(found.visits), early=found.left_early, t=promise
        ),
        "response": words("report.note_response", n=shown["response"].n),
    }
    return [Card(shown[key], changed[key], note, "never" if key == "left" else "") for key, note in notes.items()]


def hours(report: Report, words: Words) -> Panel:
    """Return greet time by hour of the clock."""
    columns = tuple(exports.hour_columns(report, words))
    unwatched = any(row.unwatched >= 1 for row in report.hours)
    rows = tuple(
        cells(texts, ("", "", *(("dim", "dim") if row.figures.greeted < FEW else ())))
        for row, texts in zip(report.hours, exports.hour_cells(report, words), strict=True)
    )
    sub = words("report.hours_sub") + (f" {words('report.hatched_sub')}" if unwatched else "")
    return Panel(
        "hours", sentences.hours_head(report.hours, report.within, words), sub,
        _both(lambda width: charts.by_hour(report.hours, report.within, words, width=width), WIDE),
        (Table("hours", words("report.hours_chart"), columns, rows, drawn=Drawn("column", (2, 3)), turned=True),),
    )  # fmt: skip


def bins(report: Report, words: Words) -> Panel:
    """Return the distribution of greet times: each bar, how many, and the share up to there."""
    found, rows, short, upto = report.figures, [], [], 0
    for n, part in enumerate(report.bins):
        upto += part.visits
        label = words("report.bin_row" if part.upto else "report.bin_row_last", above=f"{part.above:g}", upto=f"{part.upto or 0:g}")
        rows.append(cells((label, words.number(part.visits), _share(upto, found.visits, words))))
        if n in SHORT_BINS:
            within = words("report.within_row", t=words.seconds_text(part.upto or 0))
            short.append(cells((within, words.number(upto), _share(upto, found.visits, words))))
    rest = [cells((words("report.left_row"), words.number(found.left), _share(found.left, found.visits, words)))]
    if found.waiting:
        rest.append(cells((words("report.waiting_row"), words.number(found.waiting), _share(found.waiting, found.visits, words))))
    greeted, visits = words("report.column_greeted"), words("report.column_visits")
    of, each = words("report.column_of", n=words.number(found.visits)), words("report.table_every")
    brief = Table("bins_short", words("report.bins_head"), (greeted, visits, of), tuple(short + rest))
    full = Table(
        "bins", each, (greeted, visits, words("report.column_upto")), tuple(rows + rest), drawn=Drawn("column", (1,)), opened=False
    )
    return Panel(
        "bins", words("report.bins_head"), words("report.bins_sub", s=f"{report.bins[0].upto:g}"),
        _both(lambda width: charts.distribution(report.bins, found.left, found.visits, report.within, words, width=width), HALF),
        (brief, full),
    )  # fmt: skip


def _share(part: int, whole: int, words: Words) -> str:
    return words.share_text(part / whole) if whole >= FEW else DASH


def week(report: Report, words: Words) -> Panel:
    """Return the hours of the week as a heat map with its numbers."""
    hours_of = sorted({cell.hour for cell in report.week})
    steps, rows = heat_steps(report.within), []
    for weekday in sorted({cell.weekday for cell in report.week if cell.visits}):
        found = {cell.hour: cell for cell in report.week if cell.weekday == weekday}
        rows.append((Cell(words.weekday(weekday, short=True)), *(_heat(found.get(hour), steps, words) for hour in hours_of)))
    columns = (words("report.column_weekday"), *(str(hour) for hour in hours_of))
    sub = words("report.week_sub", days=words.days(report.week_period), few=FEW)
    table = Table("week", words("report.week_table"), columns, tuple(rows), heat=True, legend=tuple(_heat_key(steps, words)))
    return Panel("week", sentences.week_head(report.week, report.within, words), sub, (), (table,), wide=len(report.zones) < 2)


def heat_steps(promise: float) -> tuple[int, int, int, int]:
    """Return the seconds from which a cell takes the next colour: half the promise, near it, past it, far past it."""
    return round(promise / 2), round(promise * 0.72), int(promise) + 1, round(promise * 4 / 3) + 1


def _heat(slot: Slot | None, steps: Sequence[int], words: Words) -> Cell:
    if slot is None or not slot.visits:
        return Cell("", "n0")
    n = words.many("report.n_greeted", slot.visits)
    if slot.median is None:
        return Cell(DASH, "n", n)
    return Cell(words.seconds_number(slot.median), "abcdf"[sum(round(slot.median) >= step for step in steps)], n)


def _heat_key(steps: Sequence[int], words: Words) -> list[tuple[str, str]]:
    one, two, three, four = steps
    past, over = words("report.heat_past", range=f"{three}–{four - 1}"), words("report.heat_over", t=four - 1)
    parts = [
        ("a", one > 0, words("report.heat_under", t=one)), ("b", one < two, f"{one}–{two - 1}"),
        ("c", two < three, f"{two}–{three - 1}"), ("d", three < four, past), ("f", True, over),
    ]  # fmt: skip
    return [(look, text) for look, some, text in parts if some]


def zones(report: Report, words: Words) -> Panel | None:
    """Return the promise by zone, None where there is only one."""
    if len(report.zones) < 2:
        return None
    whole = report.figures.strict_service_level if report.figures.visits >= FEW else None
    promise = words.seconds_text(report.within)
    names = [words(f"report.column_{name}") for name in ("zone", "visits", "median")]
    rows = []
    for row in report.zones:
        found = row.figures
        median = DASH if found.median is None else words.seconds_number(found.median)
        share = found.strict_service_level
        within = DASH if share is None or found.visits < FEW else words.share_number(share)
        rows.append(cells((row.name, words.number(found.visits), median, within), ("", "", "dim" if found.greeted < FEW else "")))
    columns = (*names, words("report.column_within", t=promise))
    return Panel(
        "zones", sentences.zones_head(report, words), words("report.zones_sub", t=promise),
        _both(lambda width: charts.by_zone(report.zones, whole, words, width=width), HALF),
        (Table("zones", words("report.zones_chart"), columns, tuple(rows), drawn=Drawn("bar", (3,))),),
    )  # fmt: skip


def trust(report: Report, shown: dict[str, Figure], words: Words) -> Panel:
    """Return how far the figures can be trusted."""
    keys = ("not_watching", "unwatched", "paused", "late", "dismissed", "dismissal", "untrusted", "rejected")
    return trusted.panel(report.trust, report.period, [shown[key] for key in keys], words)


def _both(draw: object, wide: int) -> tuple[Plot, ...]:
    """Draw once for a desk and once for a telephone."""
    assert callable(draw)
    return draw(width=wide), draw(width=NARROW)
