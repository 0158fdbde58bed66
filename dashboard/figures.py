"""The figures of a report, each once: label, number as it is written, what it was reckoned from, and its formula.

The page, the table of formulas, the summary file and the terminal all show these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from broker.desk.reports import Report
from broker.domain.kpi import FEW, Greeting
from dashboard.wording import NBSP, Words

DASH: Final = "–"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure in words. `n` is what it was reckoned from; `few` says that this is too little to judge by.

    `number` is DASH where nothing can be said. `formula` is a key of broker.domain.kpi.FORMULAS, or empty for a plain count.
    """

    key: str
    label: str
    number: str
    unit: str = ""
    n: str = ""
    few: bool = False
    formula: str = ""

    @property
    def text(self) -> str:
        """The number with its unit."""
        return f"{self.number}{NBSP}{self.shown_unit}".rstrip(NBSP) if self.number != DASH else DASH

    @property
    def shown_unit(self) -> str:
        """The unit as people read it: none behind 4:12, and none behind a dash."""
        return "" if ":" in self.number or self.number == DASH else self.unit


def figures(report: Report, words: Words) -> dict[str, Figure]:
    """Return the figures of *report* by key, in the order in which they are listed."""
    maker = _Maker(words, words.seconds_text(report.within))
    return {figure.key: figure for figure in (*_greeting(report.figures, maker), *_around(report, maker))}


def greeting_figures(found: Greeting, within: float, words: Words) -> dict[str, Figure]:
    """Return the figures of greetings alone, of one shop or of several, against a promise of *within* seconds."""
    return {figure.key: figure for figure in _greeting(found, _Maker(words, words.seconds_text(within)))}


@dataclass(frozen=True, slots=True)
class _Maker:
    words: Words
    promise: str

    def count(self, key: str, value: int, formula: str = "") -> Figure:
        return Figure(key, self._label(key), self.words.number(value), formula=formula)

    def time(self, key: str, value: float | None, n: int, formula: str) -> Figure:
        if value is None:
            return Figure(key, self._label(key), DASH, n=self.words.number(n), few=True, formula=formula)
        return Figure(key, self._label(key), self.words.seconds_number(value), "s", self.words.number(n), n < FEW, formula)

    def share(self, key: str, value: float | None, n: int, formula: str) -> Figure:
        number = DASH if value is None else self.words.share_number(value)
        return Figure(key, self._label(key), number, "%", self.words.number(n), n < FEW, formula)

    def lasting(self, key: str, seconds: float) -> Figure:
        return Figure(key, self._label(key), self.words.number(seconds / 60), "min")

    def _label(self, key: str) -> str:
        return self.words(f"report.figure_{key}", t=self.promise)


def _greeting(found: Greeting, make: _Maker) -> list[Figure]:
    left_late = found.left - found.left_early
    return [
        make.count("visits", found.visits, "visits"),
        make.time("median", found.median, found.greeted, "greet_time"),
        make.time("p90", found.p90, found.greeted, "greet_time"),
        make.time("p95", found.p95, found.greeted, "greet_time"),
        make.time("longest", found.longest, found.greeted, "greet_time"),
        make.share("within", found.strict_service_level, found.visits, "strict_service_level"),
        make.share("service_level", found.service_level, found.greeted + left_late, "service_level"),
        make.share("acknowledged", found.acknowledged_rate, found.visits, "acknowledged_rate"),
        make.count("left", found.left),
        make.share("never", found.never_greeted, found.visits, "never_greeted"),
        make.count("left_early", found.left_early, "left_early"),
        make.time("response", found.response, found.responses, "response"),
        make.share("dismissal", found.dismissal_rate, found.visits + found.dismissed, "dismissal_rate"),
    ]


def _around(report: Report, make: _Maker) -> list[Figure]:
    found, trust = report.figures, report.trust
    around = [
        make.count("waiting", found.waiting),
        make.count("late", found.late),
        make.count("dismissed", found.dismissed),
        make.count("untrusted", found.untrusted),
        make.count("rejected", trust.rejected),
        make.lasting("not_watching", trust.camera_seconds),
        make.lasting("unwatched", trust.unwatched_seconds),
        make.lasting("paused", trust.paused_seconds),
    ]
    if report.alerts is not None:
        around.insert(0, _load(report, make))
    return around


def _load(report: Report, make: _Maker) -> Figure:
    assert report.alerts is not None
    rate, words = report.alerts.per_person, make.words
    number = DASH if rate is None else words.number(rate, 1)
    n = words("report.n_hours", h=words.number(report.alerts.hours))
    return Figure("alerts", words("report.figure_alerts"), number, words("report.per_hour"), n, rate is None, "alerts_per_person")
