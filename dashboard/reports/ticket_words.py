"""The figures of tickets in words: each value of broker.domain.queue_kpi as a Figure, as a cell of a table, and how it changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from broker.desk.chain_reports import QueueOf
from broker.desk.queue_reports import QueueReport
from broker.domain.kpi import FEW
from broker.domain.queue_kpi import KPIS, Figures, Unit, Value
from dashboard.figures import DASH, Figure
from dashboard.sentences import Change
from dashboard.sheets import Card, Cell
from dashboard.wording import Words

LONG: Final = frozenset({"held_total", "open_time", "break_time"})
"""These sums are shown in minutes."""
COUNTED: Final = "report.no_comparison"


class Teller:
    """Says figures of one report in one language."""

    def __init__(self, report: QueueReport | QueueOf, words: Words) -> None:
        """Say the figures of *report* in *words*."""
        self.words = words
        self._said = {"t": words.seconds_text(report.wait_within), "s": words.seconds_text(report.serve_within)}

    def label(self, key: str) -> str:
        """Return what a figure is called."""
        return self.words(f"report.q_{key}", **self._said)

    def formula(self, key: str) -> str:
        """Return how a figure is reckoned."""
        return self.words(f"report.qf_{key}", **self._said)

    def figure(self, value: Value) -> Figure:
        """Return *value* as a figure."""
        number, unit = self._number(value)
        few = value.few and value.kpi.unit is not Unit.COUNT
        n = "" if value.kpi.unit is Unit.COUNT else self.words.number(value.n)
        return Figure(value.key, self.label(value.key), number, unit, n, few or number == DASH, value.key)

    def figures(self, found: Figures, groups: Iterable[str]) -> list[Figure]:
        """Return every figure of some groups of GROUPS."""
        return [self.figure(value) for group in groups for value in found.group(group)]

    def formulas(self, found: Iterable[Figure]) -> dict[str, str]:
        """Return the formula of each figure that has one."""
        return {figure.key: self.formula(figure.key) for figure in found if figure.key in KPIS}

    def cell(self, value: Value) -> Cell:
        """Return *value* in a table: of few a share is a dash, and a time is grey."""
        number, _ = self._number(value)
        if value.kpi.unit is Unit.COUNT:
            return Cell(number, "dim" if number == DASH else "")
        if number == DASH or (value.few and value.kpi.unit is not Unit.SECONDS):
            return Cell(DASH, "dim")
        return Cell(number, "dim" if value.few else "")

    def cells(self, found: Figures, keys: Sequence[str]) -> tuple[Cell, ...]:
        """Return the cells of a row."""
        return tuple(self.cell(found[key]) for key in keys)

    def heads(self, keys: Sequence[str]) -> tuple[str, ...]:
        """Return the heads of columns, each with its unit."""
        return tuple(f"{self.label(key)}{self._unit_said(key)}" for key in keys)

    def card(self, report: QueueReport | QueueOf, key: str) -> Card:
        """Return a figure for the top of the page, against the days before."""
        value = report.figures[key]
        figure = self.figure(value)
        notes = [self.words("report.card_n", n=self.words.number(value.n))] if figure.n else []
        target = value.kpi.target
        if target is not None and value.kpi.unit is Unit.SHARE:
            notes.append(self.words("report.card_aim", aim=self.words.share_text(target)))
        elif target is not None:
            notes.append(self.words("report.card_aim", aim=self.words.number(target)))
        return Card(figure, self.change(value, report.before[key]), ". ".join(notes))

    def change(self, now: Value, before: Value) -> Change:
        """Return how a figure stands against the days before, reckoned from the numbers that are shown."""
        words, kpi = self.words, now.kpi
        counts = kpi.unit is Unit.COUNT
        if now.value is None or before.value is None or (not counts and (now.few or before.few)):
            return Change(words("report.no_comparison"), "dim")
        scale, digits = _shown(now)
        by = round(now.value * scale, digits) - round(before.value * scale, digits)
        if not round(by, digits):
            return Change(words("report.same"), "dim")
        up = by > 0
        good = kpi.more_is_better
        tone = "dim" if good is None else "ok" if up == good else "crit"
        if kpi.unit is Unit.SHARE:
            return Change(words.many("report.points_up" if up else "report.points_down", abs(round(by))), tone)  # type: ignore[arg-type]
        amount = words.number(abs(by), digits)
        if kpi.unit is Unit.SECONDS and now.key not in LONG:
            amount = words.seconds_text(abs(by))
            return Change(words("report.longer" if up else "report.shorter", t=amount), tone)  # type: ignore[arg-type]
        return Change(words("report.more" if up else "report.fewer", n=amount), tone)  # type: ignore[arg-type]

    def _number(self, value: Value) -> tuple[str, str]:
        """Return the number as it is written, and its unit."""
        unit, words = value.kpi.unit, self.words
        if value.value is None:
            return DASH, ""
        if unit is Unit.SECONDS and value.key in LONG:
            return words.number(value.value / 60), "min"
        if unit is Unit.SECONDS:
            return words.seconds_number(value.value), "s"
        if unit is Unit.SHARE:
            return words.share_number(value.value), "%"
        return words.number(value.value, 1 if unit is Unit.RATIO else 0), "×" if unit is Unit.RATIO else ""

    def _unit_said(self, key: str) -> str:
        unit = KPIS[key].unit
        if key in LONG:
            return ", min"
        return {Unit.SECONDS: ", s", Unit.SHARE: ", %"}.get(unit, "")


def _shown(value: Value) -> tuple[float, int]:
    """Return by what a value is multiplied and to how many digits it is rounded when it is shown."""
    if value.kpi.unit is Unit.SHARE:
        return 100.0, 0
    if value.key in LONG:
        return 1 / 60, 0
    return 1.0, 1 if value.kpi.unit is Unit.RATIO else 0


def enough(value: Value) -> bool:
    """Whether something may be said of *value*."""
    return value.value is not None and value.n >= FEW
