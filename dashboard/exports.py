"""The report as files: CSV that a spreadsheet opens at once and that does nothing there but show what it holds.

UTF-8 with a byte order mark; `;` between cells where numbers have a decimal comma. No name of anybody is in it.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from babel.numbers import get_group_symbol

from broker.desk.reports import Report
from broker.domain.kpi import FEW
from broker.shop import Shop
from broker.store import history
from broker.store.history import Past
from dashboard import waits
from dashboard.figures import DASH, figures
from dashboard.wording import Words

QUEUES: Final = "queues"
TABLES: Final = ("summary", "hours", "visits", QUEUES, "cameras")
CHUNK_ROWS: Final = 200
"""Rows sent at a time: a year of visits is never in memory at once."""
BYTE_ORDER_MARK: Final = "\ufeff"
FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for something to reckon (OWASP, CSV injection)."""

Row = Sequence[str]


def table(name: str, shop: Shop, report: Report, words: Words) -> Iterator[Row]:
    """Return the rows of one of TABLES, the heads first. Raises KeyError for another name."""
    if name not in TABLES:
        raise KeyError(name)
    if name == "visits":
        return _visits(shop, report, words)
    if name == QUEUES:
        return _queues(report, words)
    if name == "cameras":
        return _cameras(report, words)
    return _summary(report, words) if name == "summary" else _hours(report, words)


def csv_text(rows: Iterable[Row], words: Words) -> Iterator[str]:
    """Yield *rows* as CSV, some rows at a time."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK)
    writer = csv.writer(out, delimiter=";" if words.decimal_comma else ",", lineterminator="\r\n")
    for n, row in enumerate(rows, start=1):
        writer.writerow([harmless(cell) for cell in row])
        if n % CHUNK_ROWS == 0:
            yield out.getvalue()
            out.seek(0)
            out.truncate()
    yield out.getvalue()


def harmless(cell: str) -> str:
    """Return *cell* so that a spreadsheet shows it as text and reckons nothing."""
    # Some programs drop spaces first or take a wide sign for a narrow one.
    begins = unicodedata.normalize("NFKC", cell).lstrip(" ")
    return f"'{cell}" if begins.startswith(FORMULA_BEGINS) else cell


def file_name(name: str, report: Report) -> str:
    """Return what the file should be called."""
    zone = f"-{report.zone}" if report.zone else ""
    return f"greeting-{name}{zone}-{report.period.first.isoformat()}-{report.period.last.isoformat()}.csv"


def plain(text: str, words: Words) -> str:
    """Return a number of the page as a file wants it: nothing for a dash, 252 for 4:12, no marks between thousands."""
    if ":" in text:
        minutes, seconds = text.split(":")
        return str(int(minutes) * 60 + int(seconds))
    return "" if text == DASH else text.replace(get_group_symbol(words.locale), "").replace("\u00a0", " ")


def _summary(report: Report, words: Words) -> Iterator[Row]:
    yield [words(f"report.column_{name}") for name in ("figure", "number", "unit", "n", "few", "formula")]
    for figure in figures(report, words).values():
        formula = words(f"report.formula_{figure.formula}") if figure.formula else ""
        few = words("report.yes") if figure.few else ""
        yield [figure.label, plain(figure.number, words), figure.unit, plain(figure.n, words), few, formula]


def _hours(report: Report, words: Words) -> Iterator[Row]:
    yield hour_columns(report, words)
    for row in hour_cells(report, words):
        yield [plain(cell, words) for cell in row]


def _queues(report: Report, words: Words) -> Iterator[Row]:
    yield waits.file_columns(report.counters, words)
    for row in report.counters:
        yield [plain(cell, words) for cell in waits.file_cells(row, words)]


def hour_columns(report: Report, words: Words) -> Row:
    """Return the heads of the table of hours."""
    within = words("report.column_within", t=words.seconds_text(report.within))
    return [words(f"report.column_{name}") for name in ("hour", "visits", "median", "p90")] + [
        within,
        words("report.column_unwatched"),
    ]


def hour_cells(report: Report, words: Words) -> list[list[str]]:
    """Return a row for each hour, as the page shows it. A share of few visits is a dash."""
    found = []
    for row in report.hours:
        here, share = row.figures, row.figures.strict_service_level
        median = DASH if here.median is None else words.seconds_number(here.median)
        p90 = DASH if here.p90 is None else words.seconds_number(here.p90)
        within = DASH if share is None or here.visits < FEW else words.share_number(share)
        found.append([str(row.hour), words.number(here.visits), median, p90, within, words.number(row.unwatched / 60)])
    return found


def _cameras(report: Report, words: Words) -> Iterator[Row]:
    """Yield how long each camera did not watch, and the newest count by hand at each of its lines; nobody's name."""
    names = ("camera", "line", "unwatched", "measured_at", "hand_in", "hand_out", "camera_in", "camera_out", "accuracy")
    yield [words(f"report.column_{name}") for name in names]
    for camera in report.trust.cameras:
        blind = plain(words.number(camera.seconds / 60), words)
        for tally in camera.measured:
            counts, right = tally.counts, tally.counts.accuracy
            numbers = [str(each) for each in (counts.hand_in, counts.hand_out, counts.camera_in, counts.camera_out)]
            share = "" if right is None else plain(words.share_number(right), words)
            yield [camera.name, tally.line, blind, f"{tally.began.astimezone(words.zone):%Y-%m-%d %H:%M:%S}", *numbers, share]
        if not camera.measured:
            yield [camera.name, "", blind, "", "", "", "", "", ""]


def _visits(shop: Shop, report: Report, words: Words) -> Iterator[Row]:
    names = ("came_in", "zone", "people", "greet_seconds", "how", "left_seconds", "response_seconds", "counts", "why_not", "clock")
    yield [words(f"report.column_{name}") for name in names]
    for past in history.visits(shop.db, *report.span, zone=report.zone):
        if shop.hours.open_at(past.seen.t0):
            yield _visit(past, shop, words)


def _visit(past: Past, shop: Shop, words: Words) -> Row:
    seen = past.seen
    return [
        f"{seen.t0.astimezone(words.zone):%Y-%m-%d %H:%M:%S}", shop.zones.get(seen.zone, seen.zone), str(seen.size),
        _seconds(seen.greeted, words), words(f"report.how_{past.how}") if past.how else "", _seconds(seen.left, words),
        _seconds(seen.response, words), words("report.yes" if seen.counts else "report.no"), _why_not(past, words),
        words("report.yes") if seen.untrusted else "",
    ]  # fmt: skip


def _why_not(past: Past, words: Words) -> str:
    seen = past.seen
    reason = "dismissed" if seen.dismissed else "merged" if seen.merged else "late" if seen.late else ""
    return words(f"report.why_{reason}") if reason else ""


def _seconds(value: float | None, words: Words) -> str:
    return "" if value is None else plain(words.number(value, 3), words)
