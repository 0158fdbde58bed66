"""A report as values: figures, panels with their drawings, tables. The page, CSV, XLSX, PDF and the terminal all show these.

What is not in a Sheet is in none of them, so that a file holds exactly what the page shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from babel.numbers import NumberFormatError, parse_decimal

from broker.domain.kpi import FEW
from dashboard.drawing import Plot
from dashboard.figures import DASH, Figure
from dashboard.sentences import Change
from dashboard.wording import NBSP, Words

HEAT: Final = "abcdf"
"""Looks of the cells of a heat map, from light to dark; charts.css and the files have their colours."""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table: its text, its look ("dim", one of HEAT, "n" and "n0" of a heat map) and what a pointer reads."""

    text: str
    look: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """How a spreadsheet draws a table: kind of chart, and the columns it takes beside the first."""

    kind: Literal["column", "bar", "line"]
    columns: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below heads. The first cell of each row names it. `heat`: its cells are coloured, and `legend` explains the colours."""

    key: str
    head: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    heat: bool = False
    drawn: Drawn | None = None
    legend: tuple[tuple[str, str], ...] = ()
    opened: bool = True
    """Whether the page shows it at once; another is one tap away."""
    turned: bool = False
    """Whether the page turns it round, so that the rows stand side by side below a drawing."""
    facts: bool = False
    """Whether the page shows it as figures in a line: label, number, unit."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One question and its answer: head, a line below it, the drawing for a desk and a telephone, and its tables."""

    key: str
    head: str
    sub: str = ""
    plots: tuple[Plot, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One of the figures at the top, with how it changed and a note of what it was reckoned from."""

    figure: Figure
    change: Change
    note: str
    about: str = ""
    """The figure whose formula explains this one, when it is not its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A whole report. `empty` says when there will be something to see; `formulas` is by the key of a figure."""

    what: str
    title: str
    store: str
    headline: str
    sub: str
    warning: str = ""
    empty: str = ""
    cards: tuple[Card, ...] = ()
    panels: tuple[Panel, ...] = ()
    figures: tuple[Figure, ...] = ()
    formulas: dict[str, str]
    formulas_sub: str = ""

    @property
    def reckoned(self) -> list[Figure]:
        """The figures that have a formula."""
        return [figure for figure in self.figures if self.formulas.get(figure.key)]

    def tables(self) -> list[Table]:
        """Return every table, in the order of the page."""
        return [table for panel in self.panels for table in panel.tables]


def summary(sheet: Sheet, words: Words) -> Table:
    """Return every figure of *sheet* with what it was reckoned from and its formula."""
    columns = [words(f"report.column_{name}") for name in ("figure", "number", "unit", "n", "few", "formula")]
    rows = []
    for figure in sheet.figures:
        few = words("report.yes") if figure.few else ""
        texts = (figure.label, figure.number, figure.unit, figure.n, few, sheet.formulas.get(figure.key, ""))
        rows.append(tuple(Cell(text, "dim" if figure.few else "") for text in texts))
    return Table("summary", words("report.formulas_head"), tuple(columns), tuple(rows))


def every_table(sheet: Sheet, words: Words) -> list[Table]:
    """Return the summary and every table of the page: what the files hold."""
    return [summary(sheet, words), *sheet.tables()]


def cells(texts: Sequence[str], looks: Sequence[str] = ()) -> tuple[Cell, ...]:
    """Return a row of *texts*; *looks* may be shorter."""
    return tuple(Cell(text, looks[n] if n < len(looks) else "") for n, text in enumerate(texts))


def count_cell(value: int | None, words: Words) -> Cell:
    """Return a plain count; nothing known is a dash."""
    return Cell(DASH, "dim") if value is None else Cell(words.number(value))


def time_cell(seconds: float | None, n: int, words: Words) -> Cell:
    """Return seconds reckoned from *n*; few are grey."""
    if seconds is None:
        return Cell(DASH, "dim")
    return Cell(words.seconds_number(seconds), "dim" if n < FEW else "")


def share_cell(share: float | None, n: int, words: Words) -> Cell:
    """Return a share reckoned from *n*; of few nothing is said."""
    return Cell(DASH, "dim") if share is None or n < FEW else Cell(words.share_number(share))


def number_of(text: str, words: Words) -> float | None:
    """Return the number that stands in *text* as the page writes it (4:12 is 252), or None where there is none."""
    if ":" in text:
        minutes, _, seconds = text.partition(":")
        return float(int(minutes) * 60 + int(seconds)) if minutes.isdecimal() and seconds.isdecimal() else None
    bare = text.removesuffix("%").strip(f" {NBSP}")
    if not bare or not (bare[0].isdecimal() or bare[0] == "-"):
        return None
    try:
        return float(parse_decimal(bare, locale=words.locale, strict=True))
    except NumberFormatError:
        return None
