"""Any report in any form, as bytes: what `greetline report` writes and the weekly mail carries."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from flask import Flask, render_template
from rich.console import Console
from rich.table import Table as RichTable

import broker.web
import dashboard
from broker.desk.reports import greeting_report
from broker.shop import Shop
from dashboard import exports, workbook
from dashboard.figures import DASH
from dashboard.reports import kinds
from dashboard.reports.asked import Asked
from dashboard.sheets import Sheet, every_table, number_of
from dashboard.wording import Words

STYLES: Final = ("base.css", "ui.css", "charts.css")
TERMINAL_LETTERS: Final = 200


class NoSuchTable(ValueError):
    """The report has no such table. The text names those it has."""


def made(form: str, what: str, shop: Shop, asked: Asked, words: Words, *, table: str = "summary") -> Iterable[bytes]:
    """Return the report *what* in one *form*: text, json, csv (one *table*), xlsx, pdf or html. Raises NoSuchTable."""
    if form == "csv":
        return (part.encode() for part in exports.csv_text(rows(what, table, shop, asked, words), words))
    sheet = kinds.made(what, shop, asked, words)
    if form == "pdf":
        from dashboard import paper  # late: its letters are a quarter of what a start of this program takes

        return [paper.pdf(sheet, words, made=shop.clock())]
    if form == "xlsx":
        return [workbook.xlsx(sheet, words)]
    if form == "html":
        return [html(sheet, words).encode()]
    text = json.dumps(plain(sheet, asked, words), ensure_ascii=False) + "\n" if form == "json" else in_terminal(sheet, words)
    return [text.encode()]


def rows(what: str, name: str, shop: Shop, asked: Asked, words: Words) -> Iterator[exports.Row]:
    """Yield the rows of one table, the heads first. Raises NoSuchTable."""
    if what == kinds.FIRST and name in exports.RAW:
        return exports.raw(name, shop, greeting_report(shop, period=asked.period, zone=asked.zone), words)
    tables = {each.key: each for each in every_table(kinds.made(what, shop, asked, words), words)}
    if name not in tables:
        raw = exports.RAW if what == kinds.FIRST else ()
        raise NoSuchTable(f"the report {what} has no table {name!r}; it has {', '.join([*tables, *raw])}")
    return exports.rows(tables[name], words)


def plain(sheet: Sheet, asked: Asked, words: Words) -> dict[str, Any]:
    """Return *sheet* as plain JSON values: numbers as they are shown, null where nothing can be said."""
    return {
        "what": sheet.what, "store": sheet.store, "headline": sheet.headline, "warning": sheet.warning or None,
        "period": {"first": asked.period.first.isoformat(), "last": asked.period.last.isoformat()},
        "zone": asked.zone, "service": asked.service, "counter": asked.counter,
        "figures": [
            {"key": each.key, "label": each.label, "value": number_of(each.number, words), "unit": each.unit,
             "n": number_of(each.n, words), "few": each.few, "formula": sheet.formulas.get(each.key)}
            for each in sheet.figures
        ],
        "tables": [
            {"key": each.key, "head": each.head, "columns": list(each.columns),
             "rows": [[row[0].text, *(_value(cell.text, words) for cell in row[1:])] for row in each.rows]}
            for each in sheet.tables()
        ],
    }  # fmt: skip


def _value(text: str, words: Words) -> float | str | None:
    number = number_of(text, words)
    return None if text in (DASH, "") else text if number is None else number


def in_terminal(sheet: Sheet, words: Words) -> str:
    """Return *sheet* as text: the headline, every figure, every table that the page shows at once."""
    out = io.StringIO()
    console = Console(file=out, highlight=False, markup=False, soft_wrap=True, width=TERMINAL_LETTERS)
    for line in (sheet.headline, sheet.sub, sheet.warning, sheet.empty):
        if line:
            console.print(line)
    if sheet.figures:
        heads = [words(f"report.column_{name}") for name in ("figure", "value")] + [
            words("report.n"),
            words("report.column_change"),
        ]
        changed = {card.figure.key: card.change.text for card in sheet.cards}
        console.print(_grid(heads, [[each.label, each.text, each.n, changed.get(each.key, "")] for each in sheet.figures], ""))
    for panel in sheet.panels:
        console.print(f"\n{panel.head}")
        for line in (panel.sub, *panel.notes):
            if line:
                console.print(line)
        for table in panel.tables:
            if table.opened and table.rows:
                console.print(_grid(table.columns, [[cell.text for cell in row] for row in table.rows], ""))
    return out.getvalue()


def _grid(heads: Iterable[str], lines: Iterable[Iterable[str]], title: str) -> RichTable:
    grid = RichTable(box=None, pad_edge=False, title=title or None)
    for n, head in enumerate(heads):
        grid.add_column(head, justify="right" if n else "left")
    for line in lines:
        grid.add_row(*line)
    return grid


def html(sheet: Sheet, words: Words) -> str:
    """Return *sheet* as one HTML file that needs nothing else: its styles are in it, and it has no script."""
    shared, own = Path(broker.web.__path__[0]), Path(dashboard.__path__[0])
    css = "\n".join((shared / "static" / name).read_text(encoding="utf-8") for name in STYLES)
    css += (own / "static" / "report.css").read_text(encoding="utf-8")
    # A bare application: the templates know none of the screens, and nothing is served.
    app = Flask("greetline-report", template_folder=str(own / "templates"))
    with app.app_context():
        return render_template("report_file.html", sheet=sheet, words=words, css=css, dash=DASH)
