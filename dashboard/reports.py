"""The report page: read the address, one call of the desk, words and drawings for it. Works without a script.

What is shown is in the address (period, zone), so that it can be sent on and kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask import Blueprint, Response, abort, render_template, request, url_for

from broker.desk.reports import Cell, Report, greeting_report
from broker.domain.kpi import FEW
from broker.domain.period import LONGEST_DAYS, NAMED, BadPeriod, Period, period
from broker.shop import Shop
from broker.web.access import needs
from broker.web.stores import current_shop, stores
from dashboard import charts, exports, sentences, strip, waits
from dashboard.drawing import NARROW, WIDE
from dashboard.figures import DASH, Figure, figures
from dashboard.sentences import Change
from dashboard.wording import Words, words_here

bp = Blueprint("reports", __name__, template_folder="templates")

FIRST_SHOWN: Final = "7d"
SHORT_BINS: Final = (2, 5, 11)
"""The bars whose upper ends are told in the short table: a quarter, half and all of the picture."""
GAP_ROWS: Final = 60
"""The table of gaps shows at most so many, the longest; a camera that flickers must not fill the page."""


@dataclass(frozen=True, slots=True)
class Link:
    """One choice: words, where it leads, and whether it is what is shown."""

    text: str
    to: str
    here: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One of the figures at the top, with how it changed and a note of what it was reckoned from."""

    figure: Figure
    change: Change
    note: str


@bp.get("/reports")
@needs("report.see")
def page() -> str:
    """Show the greeting report of a period and a zone."""
    shop, words = current_shop(), _words()
    report = _asked(shop)
    shown = figures(report, words)
    return render_template(
        "report.html", report=report, words=words, figures=shown, cards=_cards(report, shown, words), sentences=sentences,
        periods=_periods(report, words), zones=_zones(shop, report, words), exports=_exports(report, words),
        hours=_hours(report, words), bins=_bins(report, words), week=_week(report, words), zone_plots=_zone_plots(report, words),
        gaps=_gaps(report, words), strips=_strips(shop, report, words), longest_days=LONGEST_DAYS, dash=DASH, few=FEW,
        today=shop.hours.business_day(report.now), waits=waits.section(report, words),
    )  # fmt: skip


@bp.get("/reports/greeting.csv")
@needs("report.see")
def greeting_csv() -> Response:
    """Send one of the tables as a file, some rows at a time."""
    name, words = request.args.get("table", "hours"), _words()
    if name not in exports.TABLES:
        abort(404)
    # The file is read while it is sent, after the connection of this request has gone back.
    shop = stores().open()
    try:
        report = _asked(shop)
        body = exports.csv_text(exports.table(name, shop, report, words), words)
    except BaseException:
        shop.db.conn.close()
        raise
    answer = Response(body, content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="{exports.file_name(name, report)}"'
    answer.call_on_close(shop.db.conn.close)
    return answer


def _words() -> Words:
    return words_here(current_shop().hours.zone)


def _asked(shop: Shop) -> Report:
    """Return the report that the address asks for; 400 for what is no period, 404 for no such zone."""
    asked, zone = request.args.get("period", FIRST_SHOWN), request.args.get("zone") or None
    if request.args.get("from"):
        asked = f"{request.args['from']}..{request.args.get('to') or request.args['from']}"
    try:
        return greeting_report(shop, period=period(asked, shop.hours.business_day(shop.clock())), zone=zone)
    except BadPeriod:
        abort(400)
    except KeyError:
        abort(404)


def _address(endpoint: str, report: Report, *, days: Period | str | None = None, zone: str | None = "", **more: str) -> str:
    """Return the address of the same report with other days or another zone."""
    chosen = days or report.period
    name = chosen if isinstance(chosen, str) else chosen.name
    values: dict[str, str] = {"period": name}
    if isinstance(chosen, Period) and name not in NAMED:
        values = {"from": chosen.first.isoformat(), "to": chosen.last.isoformat()}
    place = report.zone if zone == "" else zone
    return url_for(endpoint, **(values | ({"zone": place} if place else {}) | more))  # type: ignore[arg-type]


def _periods(report: Report, words: Words) -> list[Link]:
    return [
        Link(words(f"report.period_{name}"), _address("reports.page", report, days=name), report.period.name == name)
        for name in NAMED
    ]


def _zones(shop: Shop, report: Report, words: Words) -> list[Link]:
    every = Link(words("report.all_zones"), _address("reports.page", report, zone=None), report.zone is None)
    return [
        every,
        *(Link(name, _address("reports.page", report, zone=zone), zone == report.zone) for zone, name in shop.zones.items()),
    ]


def _exports(report: Report, words: Words) -> list[Link]:
    return [
        Link(words(f"report.table_{name}"), _address("reports.greeting_csv", report, table=name))
        for name in exports.TABLES
        if name != exports.QUEUES or report.counters
    ]


def _cards(report: Report, shown: dict[str, Figure], words: Words) -> list[Card]:
    found, changed, promise = report.figures, sentences.changes(report, words), words.seconds_text(report.within)
    notes = {
        "median": words("report.note_median", n=shown["median"].n, p90=shown["p90"].text, longest=shown["longest"].text),
        "within": words("report.note_within", k=words.number(found.within), n=words.number(found.visits)),
        "left": words(
            "report.note_left", share=shown["never"].text, n=words.number(found.visits), early=found.left_early, t=promise
        ),
        "response": words("report.note_response", n=shown["response"].n),
    }
    cards = [Card(shown[key], changed[key], note) for key, note in notes.items()]
    if "alerts" in shown:
        note = words("report.note_alerts_none" if shown["alerts"].number == DASH else "report.note_alerts", n=shown["alerts"].n)
        return [*cards, Card(shown["alerts"], changed["alerts"], note)]
    note = words("report.note_level", n=shown["service_level"].n)
    return [*cards, Card(shown["service_level"], Change("", "dim"), note)]


def _hours(report: Report, words: Words) -> dict[str, object]:
    """Return the drawings of the hours, wide and narrow, and their table."""
    return {
        "head": sentences.hours_head(report.hours, report.within, words),
        "plots": [charts.by_hour(report.hours, report.within, words, width=width) for width in (WIDE, NARROW)],
        "columns": exports.hour_columns(report, words),
        "rows": [(row, cells) for row, cells in zip(report.hours, exports.hour_cells(report, words), strict=True)],
        "unwatched": any(row.unwatched >= 1 for row in report.hours),
    }


def _bins(report: Report, words: Words) -> dict[str, object]:
    """Return the drawings of the distribution and its table: each bar, how many, and the share up to there."""
    found, rows, short, upto = report.figures, [], [], 0
    for n, part in enumerate(report.bins):
        upto += part.visits
        label = words("report.bin_row" if part.upto else "report.bin_row_last", above=f"{part.above:g}", upto=f"{part.upto or 0:g}")
        rows.append((label, words.number(part.visits), _share(upto, found.visits, words)))
        if n in SHORT_BINS:
            within = words("report.within_row", t=words.seconds_text(part.upto or 0))
            short.append((within, words.number(upto), _share(upto, found.visits, words)))
    rest = [(words("report.left_row"), words.number(found.left), _share(found.left, found.visits, words))]
    if found.waiting:
        rest.append((words("report.waiting_row"), words.number(found.waiting), _share(found.waiting, found.visits, words)))
    plots = [
        charts.distribution(report.bins, found.left, found.visits, report.within, words, width=width) for width in (470, NARROW)
    ]
    return {"plots": plots, "rows": rows + rest, "short": short + rest}


def _share(part: int, whole: int, words: Words) -> str:
    return words.share_text(part / whole) if whole >= FEW else DASH


def _zone_plots(report: Report, words: Words) -> list[object]:
    if len(report.zones) < 2:
        return []
    whole = report.figures.strict_service_level if report.figures.visits >= FEW else None
    return [charts.by_zone(report.zones, whole, words, width=width) for width in (470, NARROW)]


def _strips(shop: Shop, report: Report, words: Words) -> list[object]:
    zone = shop.hours.zone
    return [strip.cameras(report, zone, words, width=width) for width in (strip.STRIP_WIDTH, NARROW)]


def _gaps(report: Report, words: Words) -> dict[str, object]:
    """Return the longest gaps in the order of time: camera, from and to, how long; and how many more there are."""
    every = [(begin, end, camera.name) for camera in report.trust.cameras for begin, end in camera.gaps]
    shown = sorted(sorted(every, key=lambda gap: gap[0] - gap[1])[:GAP_ROWS])
    rows = [
        (name, words.day_short(begin.astimezone(words.zone).date(), weekday=False), f"{words.clock(begin)}–{words.clock(end)}",
         words.duration((end - begin).total_seconds()))
        for begin, end, name in shown
    ]  # fmt: skip
    return {"rows": rows, "more": len(every) - len(rows)}


def _week(report: Report, words: Words) -> dict[str, object]:
    """Return the hours of the week as a table: weekday, then for each hour the class, the number and n."""
    used = [cell for cell in report.week if cell.visits]
    hours = sorted({cell.hour for cell in report.week})
    steps = heat_steps(report.within)
    rows = []
    for weekday in sorted({cell.weekday for cell in used}):
        cells = {cell.hour: cell for cell in report.week if cell.weekday == weekday}
        rows.append((words.weekday(weekday, short=True), [_heat(cells.get(hour), steps, words) for hour in hours]))
    head = sentences.week_head(report.week, report.within, words)
    return {"head": head, "hours": hours, "rows": rows, "key": _heat_key(steps, words), "days": words.days(report.week_period)}


def heat_steps(promise: float) -> tuple[int, int, int, int]:
    """Return the seconds from which a cell takes the next colour: half the promise, near it, past it, far past it."""
    return round(promise / 2), round(promise * 0.72), int(promise) + 1, round(promise * 4 / 3) + 1


def _heat(cell: Cell | None, steps: Sequence[int], words: Words) -> tuple[str, str, str]:
    if cell is None or not cell.visits:
        return "n0", "", ""
    n = words.many("report.n_greeted", cell.visits)
    if cell.median is None:
        return "n", DASH, n
    return "abcdf"[sum(round(cell.median) >= step for step in steps)], words.seconds_number(cell.median), n


def _heat_key(steps: Sequence[int], words: Words) -> list[tuple[str, str]]:
    one, two, three, four = steps
    past, over = words("report.heat_past", range=f"{three}–{four - 1}"), words("report.heat_over", t=four - 1)
    parts = [
        ("a", one > 0, words("report.heat_under", t=one)), ("b", one < two, f"{one}–{two - 1}"),
        ("c", two < three, f"{two}–{three - 1}"), ("d", three < four, past), ("f", True, over),
    ]  # fmt: skip
    return [(look, text) for look, some, text in parts if some]
