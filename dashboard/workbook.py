"""A report as a workbook: a sheet for each table, its numbers as numbers, and charts that the spreadsheet draws itself."""

from __future__ import annotations

import io
import unicodedata
from typing import Any, Final

import xlsxwriter

from dashboard.sheets import HEAT, Sheet, Table, every_table, number_of
from dashboard.wording import Words

NAME_LETTERS: Final = 31
"""A spreadsheet takes no longer name for a sheet."""
FORBIDDEN: Final = str.maketrans("", "", "[]:*?/\\'\"<>")
WIDEST_COLUMN: Final = 60
HEAT_COLOURS: Final = {"a": "#e6f0fa", "b": "#bcd7f1", "c": "#7fb2e2", "d": "#0b5cad", "f": "#08325f"}
"""The colours of charts.css in the light scheme."""
SERIES: Final = ("#0b5cad", "#7fb2e2", "#6b7684", "#bcd7f1")
QUIET: Final = "#4a5361"


def xlsx(sheet: Sheet, words: Words) -> bytes:
    """Return *sheet* as the bytes of an XLSX file. Nothing in it is a formula, whatever a name looks like."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(out, options)
    book.set_properties({"title": _plain(f"{sheet.title}, {sheet.store}"), "author": "Greetline", "subject": _plain(sheet.sub)})
    looks = _looks(book)
    _front(book, sheet, looks)
    taken = {"greetline"}
    for table in every_table(sheet, words):
        _table(book, table, words, looks, _name(table.head, taken))
    book.close()
    return out.getvalue()


def _looks(book: Any) -> dict[str, Any]:
    wrap = {"text_wrap": True, "valign": "top"}
    found = {
        "title": book.add_format({"bold": True, "font_size": 18}), "head": book.add_format({"bold": True, "bottom": 1, **wrap}),
        "label": book.add_format({"bold": True}), "wrap": book.add_format(wrap), "text": book.add_format({"valign": "top"}),
        "dim": book.add_format({"font_color": QUIET, "italic": True}), "warning": book.add_format({"bold": True, **wrap}),
    }  # fmt: skip
    for look, colour in HEAT_COLOURS.items():
        dark = look in HEAT[3:]
        found[look] = book.add_format({"bg_color": colour, "align": "center", "font_color": "#ffffff" if dark else "#14181f"})
    return found


def _front(book: Any, sheet: Sheet, looks: dict[str, Any]) -> None:
    """Write what stands at the top of the page."""
    front = book.add_worksheet("Greetline")
    front.set_column(0, 0, 34)
    front.set_column(1, 3, 26)
    front.write_string(0, 0, _plain(sheet.headline), looks["title"])
    for row, text in enumerate([f"{sheet.title}: {sheet.store}", sheet.sub, sheet.warning or sheet.empty], start=1):
        front.write_string(row, 0, _plain(text), looks["warning" if row == 3 else "text"])
    for row, card in enumerate(sheet.cards, start=5):
        look = looks["dim" if card.figure.few else "label"]
        for column, text in enumerate((card.figure.label, card.figure.text, card.change.text, card.note)):
            front.write_string(row, column, _plain(text), look if column == 1 else looks["text"])
    front.set_landscape()
    front.fit_to_pages(1, 0)
    front.set_paper(9)


def _table(book: Any, table: Table, words: Words, looks: dict[str, Any], name: str) -> None:
    page = book.add_worksheet(name)
    page.freeze_panes(1, 1)
    page.set_paper(9)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    for column, head in enumerate(table.columns):
        page.write_string(0, column, _plain(head), looks["head"])
        longest = max([len(head), *(len(row[column].text) for row in table.rows if column < len(row))])
        page.set_column(column, column, min(WIDEST_COLUMN, longest + 3))
    numbers = _numbers(book)
    for at, row in enumerate(table.rows, start=1):
        for column, cell in enumerate(row):
            value = number_of(cell.text, words) if column or table.heat is False else None
            look = looks.get(cell.look)
            if value is None or (column == 0 and not cell.text.isdecimal()):
                page.write_string(at, column, _plain(cell.text), look or looks["text"])
            else:
                page.write_number(at, column, value, look if cell.look in HEAT_COLOURS else numbers(value, cell.look == "dim"))
    if table.drawn and table.rows:
        _chart(book, page, table, name)


def _numbers(book: Any) -> Any:
    """Return a maker of number formats: as many decimals as are shown, grey where few were counted."""
    made: dict[tuple[bool, bool], Any] = {}

    def look(value: float, dim: bool) -> Any:
        whole = value == int(value)
        if (whole, dim) not in made:
            grey = {"font_color": QUIET, "italic": True} if dim else {}
            made[whole, dim] = book.add_format({"num_format": "0" if whole else "0.###", **grey})
        return made[whole, dim]

    return look


def _chart(book: Any, page: Any, table: Table, name: str) -> None:
    assert table.drawn is not None
    chart = book.add_chart({"type": table.drawn.kind})
    last = len(table.rows)
    for n, column in enumerate(table.drawn.columns):
        colour = SERIES[n % len(SERIES)]
        chart.add_series({
            "name": [name, 0, column], "categories": [name, 1, 0, last, 0], "values": [name, 1, column, last, column],
            "fill": {"color": colour}, "border": {"color": QUIET}, "line": {"color": colour, "width": 2.5},
        })  # fmt: skip
    chart.set_title({"name": _plain(table.head), "name_font": {"size": 12}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 760, "height": 380})
    page.insert_chart(1, len(table.columns) + 1, chart, {"description": _plain(table.head)})


def _name(head: str, taken: set[str]) -> str:
    """Return a name for a sheet that a spreadsheet takes and that no other sheet has."""
    base = _plain(head).translate(FORBIDDEN).strip()[:NAME_LETTERS].strip() or "Table"
    name, n = base, 2
    while name.casefold() in taken:
        name, n = f"{base[: NAME_LETTERS - 3].strip()} {n}", n + 1
    taken.add(name.casefold())
    return name


def _plain(text: str) -> str:
    """Return *text* without control characters, which no spreadsheet can hold."""
    return "".join(letter for letter in text if letter in "\n\t" or unicodedata.category(letter) != "Cc")
