"""The report as files: CSV that a spreadsheet opens at once and that does nothing there but show what it holds.

UTF-8 with a byte order mark; `;` between cells where numbers have a decimal comma. No name of anybody is in it.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from babel.numbers import get_group_symbol

from broker.desk.reports import Report
from broker.domain.kpi import FEW
from broker.shop import Shop
from broker.store import history
from broker.store.history import Past
from dashboard.figures import DASH
from dashboard.sheets import Table
from dashboard.wording import Words

RAW: Final = ("visits", "cameras")
"""Tables of the greeting report that only files have: each visit, and each camera with what was counted along with it."""
CHUNK_ROWS: Final = 200
"""Rows sent at a time: a year of visits is never in memory at once."""
BYTE_ORDER_MARK: Final = "\ufeff"
FORMULA_BEGINS: Final = ("=", "+", "-", "@", "\t", "\r")
"""A spreadsheet takes a cell that begins so for something to reckon (OWASP, CSV injection)."""

Row = Sequence[str]


def rows(table: Table, words: Words) -> Iterator[Row]:
    """Yield the heads and rows of *table* as a file wants them: the numbers of the page, without marks between thousands."""
    yield table.columns
    for row in table.rows:
        yield [row[0].text, *(plain(cell.text, words) for cell in row[1:])]


def raw(name: str, shop: Shop, report: Report, words: Words) -> Iterator[Row]:
    """Return the rows of one of RAW, the heads first."""
    return _visits(shop, report, words) if name == "visits" else _cameras(report, words)


def csv_text(rows: Iterable[Row], words: Words, *, mark: bool = True) -> Iterator[str]:
    """Yield *rows* as CSV, some rows at a time; *mark* puts a byte order mark before them."""
    out = io.StringIO()
    out.write(BYTE_ORDER_MARK if mark else "")
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


def plain(text: str, words: Words) -> str:
    """Return a number of the page as a file wants it: nothing for a dash, 252 for 4:12, no marks between thousands."""
    if ":" in text:
        minutes, _, seconds = text.partition(":")
        return str(int(minutes) * 60 + int(seconds)) if minutes.isdecimal() and seconds.isdecimal() else text
    if text == DASH:
        return ""
    between_digits = rf"(?<=\d){re.escape(get_group_symbol(words.locale))}(?=\d{{3}})"
    return re.sub(between_digits, "", text).replace("\u00a0", " ") if text[:1].isdecimal() else text


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
