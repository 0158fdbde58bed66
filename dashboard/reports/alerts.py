"""Alerts: how many an hour and person, of which kind, and how soon somebody answered."""

from __future__ import annotations

from typing import Final

from broker.desk import trust as desk_trust
from broker.desk.alert_report import FINE, FORMULAS, MOST, AlertReport, Load, alert_report
from broker.domain.kpi import FEW
from broker.shop import Shop
from dashboard import sentences
from dashboard.drawing import NARROW, WIDE
from dashboard.figures import DASH, Figure
from dashboard.reports import asked as asking
from dashboard.reports import trusted
from dashboard.reports.asked import Asked
from dashboard.reports.greeting import HALF
from dashboard.sentences import Change
from dashboard.shapes import Column, Spread, columns, spread
from dashboard.sheets import Card, Cell, Drawn, Panel, Sheet, Table, share_cell, time_cell
from dashboard.wording import Words

WHAT: Final = "alerts"


def sheet(shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return the report of alerts."""
    days = asking.days_of(shop, asked)
    report = alert_report(shop, period=asked.period, span=days.span, compared=days.compared, compared_span=days.compared_span)
    trust = desk_trust.trust(shop, asked.period, days.span, None)
    shown = {figure.key: figure for figure in _figures(report.figures, words)}
    store = shop.settings.store.name
    compared = sentences.compared_days(days.compared, asked.period, days.running, shop.clock(), words)
    counts = [
        ("not_watching", trust.camera_seconds / 60),
        ("unwatched", trust.unwatched_seconds / 60),
        ("paused", trust.paused_seconds / 60),
    ]
    left_out = [Figure(key, words(f"report.figure_{key}"), words.number(value), "min") for key, value in counts]
    some = report.figures.raised > 0
    panels = (_hours(report, words), _answers(report, words), _kinds(report, words)) if some else ()
    return Sheet(
        what=WHAT, title=words("report.title_alerts"), store=store, headline=_head(report.figures, words),
        sub=f"{store}, {words.days(asked.period)}. {compared}",
        warning=sentences.missing(trust, words), empty="" if some else words("report.empty_alerts"),
        cards=tuple(_cards(report, shown, words)) if some else (),
        panels=(*panels, trusted.panel(trust, asked.period, left_out, words)),
        figures=tuple(shown.values()) if some else (),
        formulas={f"alerts_{key}": words(f"report.formula_alerts_{key}") for key in FORMULAS},
    )  # fmt: skip


def _figures(found: Load, words: Words) -> list[Figure]:
    def label(key: str) -> str:
        return words(f"report.figure_alerts_{key}")

    rate, answered = found.per_person, words.number(found.answered)
    share = found.climbed / found.raised if found.raised else None

    def time(key: str, value: float | None) -> Figure:
        number = DASH if value is None else words.seconds_number(value)
        return Figure(f"alerts_{key}", label(key), number, "s", answered, found.answered < FEW)

    return [
        Figure("alerts_raised", label("raised"), words.number(found.raised)),
        Figure(
            "alerts_per_person", label("per_person"), DASH if rate is None else words.number(rate, 1), words("report.per_hour"),
            words("report.n_hours", h=words.number(found.hours)), rate is None,
        ),
        Figure("alerts_signed_in", label("signed_in"), words.number(found.hours), "h"),
        time("answer_median", found.median), time("answer_p90", found.p90),
        Figure(
            "alerts_climbed", label("climbed"), DASH if share is None else words.share_number(share), "%",
            words.number(found.raised), found.raised < FEW,
        ),
    ]  # fmt: skip


def _head(found: Load, words: Words) -> str:
    rate = found.per_person
    if not found.raised:
        return words("report.head_alerts_none")
    if rate is None:
        return words.many("report.head_alerts", found.raised)
    level = "fine" if rate <= FINE else "most" if rate <= MOST else "flood"
    return words(f"report.head_alerts_{level}", n=words.number(rate, 1))


def _cards(report: AlertReport, shown: dict[str, Figure], words: Words) -> list[Card]:
    now, before = report.figures, report.before
    per_person = _fewer(now.per_person, before.per_person, 1, words)
    answers = _sooner(now, before, words)
    share = (
        _fewer(now.climbed / now.raised * 100, before.climbed / before.raised * 100, 0, words)
        if before.raised >= FEW <= now.raised
        else _none(words)
    )
    n = words("report.card_n", n=words.number(now.answered))
    return [
        Card(shown["alerts_per_person"], per_person, words("report.card_alerts")),
        Card(
            shown["alerts_raised"],
            _fewer(now.raised, before.raised, 0, words),
            words("report.card_signed_in", h=words.number(now.hours)),
        ),
        Card(shown["alerts_answer_median"], answers, n),
        Card(shown["alerts_answer_p90"], Change("", "dim"), n),
        Card(shown["alerts_climbed"], share, words("report.card_n", n=words.number(now.raised))),
    ]


def _none(words: Words) -> Change:
    return Change(words("report.no_comparison"), "dim")


def _fewer(now: float | None, before: float | None, digits: int, words: Words) -> Change:
    if now is None or before is None:
        return _none(words)
    by = round(now, digits) - round(before, digits)
    if not round(by, digits):
        return Change(words("report.same"), "dim")
    return Change(words("report.more" if by > 0 else "report.fewer", n=words.number(abs(by), digits)), "crit" if by > 0 else "ok")


def _sooner(now: Load, before: Load, words: Words) -> Change:
    if now.median is None or before.median is None or min(now.answered, before.answered) < FEW:
        return _none(words)
    by = round(now.median) - round(before.median)
    if not by:
        return Change(words("report.same"), "dim")
    return Change(words("report.slower" if by > 0 else "report.faster", t=words.seconds_text(abs(by))), "crit" if by > 0 else "ok")


def _hours(report: AlertReport, words: Words) -> Panel:
    """Return alerts by hour, and for each person signed in then."""
    title = words("report.alerts_hours")
    bars, rows = [], []
    for hour, found in report.hours:
        rate = found.per_person
        said = DASH if rate is None else words.number(rate, 1)
        bars.append(Column(str(hour), found.raised, words.many("report.alerts_said", found.raised, hour=hour, rate=said)))
        look = "dim" if rate is None else ""
        rows.append((Cell(str(hour)), Cell(words.number(found.raised)), Cell(said, look), Cell(words.number(found.hours, 1))))
    heads = tuple(words(f"report.column_{name}") for name in ("hour", "alerts", "per_person", "signed_in"))
    table = Table("hours", title, heads, tuple(rows), drawn=Drawn("column", (1, 2)), turned=True)
    busiest = max(report.hours, key=lambda each: each[1].raised)
    head = words("report.alerts_most", hour=busiest[0]) if busiest[1].raised >= FEW else title
    plots = tuple(columns(bars, words, title=title, width=width) for width in (WIDE, NARROW))
    return Panel("hours", head, words("report.alerts_hours_sub", fine=f"{FINE:g}", most=f"{MOST:g}"), plots, (table,))


def _answers(report: AlertReport, words: Words) -> Panel:
    """Return how soon somebody answered, by hour."""
    title, points, rows = words("report.answers_hours"), [], []
    for hour, found in report.hours:
        if found.median is None or found.p90 is None:
            said = words("report.hour_said_none", hour=hour, n=words.number(found.raised))
        else:
            said = words(
                "report.hour_said_spread", hour=hour, median=words.seconds_text(found.median), p90=words.seconds_text(found.p90),
                n=words.number(found.answered),
            )  # fmt: skip
        points.append(Spread(hour, found.median, found.p90, found.answered, found.answered, said))
        times = [time_cell(value, found.answered, words) for value in (found.median, found.p90)]
        rows.append((Cell(str(hour)), Cell(words.number(found.answered)), *times))
    heads = tuple(words(f"report.column_{name}") for name in ("hour", "answered", "median", "p90"))
    table = Table("answers", title, heads, tuple(rows), drawn=Drawn("column", (2, 3)), turned=True)
    plots = tuple(spread(points, None, words, title=title, width=width) for width in (HALF, NARROW))
    return Panel("answers", title, words("report.spread_sub"), plots, (table,))


def _kinds(report: AlertReport, words: Words) -> Panel:
    """Return alerts by kind."""
    rows = [
        (
            Cell(words(f"report.alert_{kind}")), Cell(words.number(found.raised)), time_cell(found.median, found.answered, words),
            time_cell(found.p90, found.answered, words),
            share_cell(found.climbed / found.raised if found.raised else None, found.raised, words),
        )
        for kind, found in report.kinds
    ]  # fmt: skip
    title = words("report.alerts_kinds")
    heads = tuple(words(f"report.column_{name}") for name in ("kind", "alerts", "median", "p90", "climbed"))
    return Panel(
        "kinds",
        title,
        words("report.alerts_kinds_sub"),
        (),
        (Table("kinds", title, heads, tuple(rows), drawn=Drawn("bar", (1,))),),
        wide=True,
    )
