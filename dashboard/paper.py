"""A report on paper: A4 as PDF, its drawings made of the very marks of the page, with a font that has every letter of the shop."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import font_roboto
from fpdf import FPDF, FontFace
from fpdf.enums import XPos, YPos

from dashboard.ink import INK, QUIET, WARN, Pen
from dashboard.sheets import HEAT, Card, Cell, Panel, Sheet, Table, summary
from dashboard.wording import Words

MARGIN: Final = 14.0
"""Millimetres, on every side."""
BODY: Final = 210 - 2 * MARGIN
CARDS_A_ROW: Final = 3
CARD_HEIGHT: Final = 25.0
MOST_COLUMNS: Final = 12
"""A table of more columns is turned round: its heads become rows."""
MOST_PLOT_HEIGHT: Final = 105.0
HEAT_COLOURS: Final = {
    "a": (230, 240, 250), "b": (188, 215, 241), "c": (127, 178, 226), "d": (11, 92, 173), "f": (8, 50, 95),
}  # fmt: skip
"""The colours of charts.css in the light scheme."""


class Paper(FPDF):
    """Pages of A4 with the name of the report at the foot of each."""

    def __init__(self, foot: str) -> None:
        """Begin a document whose pages say *foot* and their number."""
        super().__init__(format="A4")
        self.foot = foot
        self.set_margin(MARGIN)
        self.set_auto_page_break(True, margin=MARGIN + 6)
        self.add_font("Roboto", "", font_roboto.font_files["Roboto"])
        self.add_font("Roboto", "B", font_roboto.font_files["RobotoBold"])
        self.set_font("Roboto", size=10)

    def footer(self) -> None:
        """Write the foot of a page."""
        self.set_y(-MARGIN - 2)
        self.words(f"{self.foot}  ·  {self.page_no()}/{{nb}}", 8, ink=QUIET)

    def words(self, text: str, size: float, *, bold: bool = False, ink: tuple[int, int, int] = INK, gap: float = 0.0) -> None:
        """Write *text* over the whole width, and leave *gap* millimetres below it."""
        self.set_font("Roboto", "B" if bold else "", size)
        self.set_text_color(*ink)
        self.multi_cell(0, size * 0.47, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")
        self.ln(gap)

    def room(self, needed: float) -> None:
        """Begin a new page when less than *needed* millimetres are left on this one."""
        if self.get_y() + needed > self.h - MARGIN - 8:
            self.add_page()


def pdf(sheets: Sheet | Sequence[Sheet], words: Words, *, made: datetime) -> bytes:
    """Return one or several sheets as the bytes of a PDF file; *made* is written into it as the time it was made."""
    every = [sheets] if isinstance(sheets, Sheet) else list(sheets)
    name = every[0].title if len(every) == 1 else words("report.kinds")
    paper = Paper(f"{name} · {every[0].store}")
    paper.set_title(paper.foot)
    paper.set_lang(str(words.locale).replace("_", "-"))
    paper.set_creator("Greetline")
    paper.set_creation_date(made)
    for sheet in every:
        paper.add_page()
        _front(paper, sheet)
        for panel in sheet.panels:
            _panel(paper, panel)
        _formulas(paper, sheet, words)
    return bytes(paper.output())


def _front(paper: Paper, sheet: Sheet) -> None:
    paper.words(f"{sheet.title} · {sheet.store}", 9, ink=QUIET, gap=2)
    paper.words(sheet.headline, 19, bold=True, gap=1.5)
    paper.words(sheet.sub, 10, ink=QUIET, gap=2)
    for note in (sheet.warning, sheet.empty):
        if note:
            paper.words(note, 10, bold=True, ink=WARN, gap=2)
    for first in range(0, len(sheet.cards), CARDS_A_ROW):
        paper.room(CARD_HEIGHT)
        top = paper.get_y()
        for n, card in enumerate(sheet.cards[first : first + CARDS_A_ROW]):
            _card(paper, card, MARGIN + n * BODY / CARDS_A_ROW, top)
        paper.set_xy(MARGIN, top + CARD_HEIGHT)
    paper.ln(3)


def _card(paper: Paper, card: Card, x: float, y: float) -> None:
    """Write one figure: label, number, change and what it was reckoned from."""
    wide = BODY / CARDS_A_ROW - 4
    lines = (
        (card.figure.label, 9.0, False, QUIET, 4.4), (card.figure.text, 19.0, True, QUIET if card.figure.few else INK, 8.6),
        (card.change.text, 9.0, False, WARN if card.change.tone == "crit" else INK, 4.4), (card.note, 7.5, False, QUIET, 3.4),
    )  # fmt: skip
    paper.set_y(y)
    for text, size, bold, ink, height in lines:
        paper.set_x(x)
        paper.set_font("Roboto", "B" if bold else "", size)
        paper.set_text_color(*ink)
        paper.multi_cell(wide, height, text, new_x=XPos.LMARGIN, new_y=YPos.NEXT, align="L")


def _panel(paper: Paper, panel: Panel) -> None:
    drawing = panel.plots[0] if panel.plots else None
    scale = min(BODY / drawing.width, MOST_PLOT_HEIGHT / drawing.height, 0.3) if drawing else 0.0
    paper.room(24 + (drawing.height * scale if drawing else 20))
    paper.ln(3)
    paper.words(panel.head, 13, bold=True, gap=0.5)
    if panel.sub:
        paper.words(panel.sub, 9, ink=QUIET, gap=2)
    if drawing:
        Pen(paper, MARGIN, paper.get_y() + 2, scale).draw(drawing)
        paper.set_y(paper.get_y() + drawing.height * scale + 5)
    for note in panel.notes:
        paper.words(note, 9, ink=QUIET, gap=1)
    for table in panel.tables:
        if table.rows:
            _table(paper, table)


def _table(paper: Paper, table: Table) -> None:
    """Write one table; a wide one in two halves would tear its rows, so that its heads become rows."""
    heads, rows = _turned(table) if len(table.columns) > MOST_COLUMNS and not table.heat else (table.columns, table.rows)
    paper.room(16)
    paper.words(table.head, 9, bold=True, gap=1)
    size = 8 if len(heads) <= 9 else 6.5
    paper.set_font("Roboto", "", size)
    paper.set_text_color(*INK)
    first = 2.4 if len(heads) <= 9 else 1.6
    share = tuple([first] + [1.0] * (len(heads) - 1))
    align = tuple(["LEFT"] + ["CENTER" if table.heat else "RIGHT"] * (len(heads) - 1))
    head_style = FontFace(emphasis="BOLD", color=QUIET, size_pt=size)
    with paper.table(
        col_widths=share, text_align=align, line_height=size * 0.56, headings_style=head_style, padding=0.6,
        borders_layout="NONE" if table.heat else "HORIZONTAL_LINES",
    ) as drawn:  # fmt: skip
        drawn.row(list(heads))
        for row in rows:
            line = drawn.row()
            for cell in row:
                line.cell(cell.text, style=_face(cell.look))
    paper.ln(2)


def _turned(table: Table) -> tuple[tuple[str, ...], Sequence[tuple[Cell, ...]]]:
    """Return heads and rows of *table* with its rows side by side."""
    heads = (table.columns[0], *(row[0].text for row in table.rows))
    rows = [
        (Cell(head), *(row[n] for row in table.rows)) for n, head in enumerate(table.columns) if n
    ]  # fmt: skip
    return heads, rows


def _face(look: str) -> FontFace | None:
    if look in HEAT_COLOURS:
        return FontFace(fill_color=HEAT_COLOURS[look], color=(255, 255, 255) if look in HEAT[3:] else INK)
    return FontFace(color=QUIET) if look in ("dim", "n", "few") else None


def _formulas(paper: Paper, sheet: Sheet, words: Words) -> None:
    """Write every figure with its value, its n and its formula."""
    known = sheet.reckoned
    if not known:
        return
    paper.room(30)
    paper.ln(3)
    paper.words(words("report.formulas_head"), 13, bold=True, gap=1)
    if sheet.formulas_sub:
        paper.words(sheet.formulas_sub, 9, ink=QUIET, gap=2)
    heads = summary(sheet, words).columns
    paper.set_font("Roboto", "", 8)
    paper.set_text_color(*INK)
    style = FontFace(emphasis="BOLD", color=QUIET, size_pt=8)
    with paper.table(
        col_widths=(3, 1.2, 1, 6), text_align=("LEFT", "RIGHT", "RIGHT", "LEFT"), line_height=4.2, headings_style=style,
        borders_layout="HORIZONTAL_LINES", padding=0.7,
    ) as drawn:  # fmt: skip
        drawn.row([heads[0], words("report.column_value"), heads[3], heads[5]])
        for figure in known:
            line, face = drawn.row(), FontFace(color=QUIET) if figure.few else None
            for text in (figure.label, figure.text, figure.n, sheet.formulas[figure.key]):
                line.cell(text, style=face)
