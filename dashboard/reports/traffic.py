"""Traffic: how many came in, how many took a ticket, and when."""

from __future__ import annotations

from typing import Final

from broker.desk.queue_reports import QueueReport
from broker.desk.reports import Report, greeting_report
from broker.domain.kpi import FEW
from broker.shop import Shop
from dashboard import sentences
from dashboard.drawing import NARROW, WIDE
from dashboard.figures import DASH, Figure
from dashboard.reports import asked as asking
from dashboard.reports import ticket_panels as panels
from dashboard.reports import tickets
from dashboard.reports.asked import Asked
from dashboard.reports.ticket_words import Teller
from dashboard.sentences import Change
from dashboard.shapes import Column, columns
from dashboard.sheets import Card, Cell, Drawn, Panel, Sheet, Table
from dashboard.wording import Words

WHAT: Final = "traffic"


def sheet(shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return the report of traffic."""
    whole = Asked(asked.period)
    report, came = tickets.report_of(shop, whole), greeting_report(shop, period=asked.period)
    tell, now, before = Teller(report, words), report.traffic, report.traffic_before
    shown = _figures(report, came, words)
    sub = f"{asking.where(shop, whole, words)}, {words.days(report.period)}. {sentences.compared(came, words)}"
    trust = panels.trust(report, tell)
    if not now.visits and not now.tickets:
        return Sheet(
            what=WHAT, title=words("report.title_traffic"), store=report.store, sub=sub, headline=_head(report, words),
            warning=sentences.missing(report.trust, words), empty=words("report.empty_traffic"), panels=(trust,), formulas={},
        )  # fmt: skip
    points = _points(now.conversion, before.conversion, now.visits, before.visits, words)
    cards = (
        Card(shown[0], _change(now.visits, before.visits, words), words.many("report.people", came.figures.people)),
        Card(shown[1], _change(now.tickets, before.tickets, words), words("report.card_tickets")),
        Card(shown[2], points, words("report.card_n", n=shown[2].n)),
    )
    return Sheet(
        what=WHAT, title=words("report.title_traffic"), store=report.store, sub=sub, headline=_head(report, words),
        warning=sentences.missing(report.trust, words), cards=cards,
        panels=(_hours(report, came, words), _week(report, words), trust), figures=tuple(shown),
        formulas={figure.key: words(f"report.formula_{figure.key}") for figure in shown},
    )  # fmt: skip


def _figures(report: QueueReport, came: Report, words: Words) -> list[Figure]:
    now, share = report.traffic, report.traffic.conversion
    said = DASH if share is None else words.share_number(share)
    return [
        Figure("traffic_visits", words("report.figure_visits"), words.number(now.visits)),
        Figure("traffic_tickets", words("report.figure_tickets"), words.number(now.tickets)),
        Figure("conversion", words("report.figure_conversion"), said, "%", words.number(now.visits), now.visits < FEW),
        Figure("traffic_people", words("report.figure_people"), words.number(came.figures.people)),
    ]


def _head(report: QueueReport, words: Words) -> str:
    now = report.traffic
    if now.visits < FEW or now.conversion is None:
        return words("report.head_traffic_few", visits=words.many("report.visits", now.visits))
    return words("report.head_traffic", visits=words.number(now.visits), share=words.share_text(now.conversion))


def _change(now: int, before: int, words: Words) -> Change:
    """Return how a count changed: neither more nor fewer people is the shop's merit."""
    if now == before:
        return Change(words("report.same"), "dim")
    return Change(words("report.more" if now > before else "report.fewer", n=words.number(abs(now - before))), "dim")


def _points(now: float | None, before: float | None, n: int, n_before: int, words: Words) -> Change:
    if now is None or before is None or min(n, n_before) < FEW:
        return Change(words("report.no_comparison"), "dim")
    by = round(100 * now) - round(100 * before)
    if not by:
        return Change(words("report.same"), "dim")
    return Change(words.many("report.points_up" if by > 0 else "report.points_down", abs(by)), "dim")


def _hours(report: QueueReport, came: Report, words: Words) -> Panel:
    """Return visits and tickets by hour."""
    taken = {row.hour: int(row.figures["issued"].value or 0) for row in report.hours}
    seen = {row.hour: row for row in came.hours}
    rows, bars = [], []
    for hour in sorted(taken.keys() | seen.keys()):
        found = seen.get(hour)
        visits, some = (found.figures.visits if found else 0), taken.get(hour, 0)
        unwatched = words.number(found.unwatched / 60) if found else "0"
        rows.append((Cell(str(hour)), Cell(words.number(visits)), Cell(words.number(some)), Cell(unwatched)))
        bars.append(Column(str(hour), visits, words("report.traffic_said", hour=hour, visits=visits, tickets=some)))
    title = words("report.traffic_hours")
    heads = tuple(words(f"report.column_{name}") for name in ("hour", "visits", "tickets", "unwatched"))
    plots = tuple(columns(bars, words, title=title, width=width) for width in (WIDE, NARROW) if bars)
    table = Table("hours", title, heads, tuple(rows), drawn=Drawn("column", (1, 2)), turned=True)
    busiest = max(bars, key=lambda bar: bar.value, default=None)
    head = title if busiest is None or busiest.value < FEW else words("report.busiest", hour=busiest.label)
    return Panel("hours", head, words("report.traffic_hours_sub"), plots, (table,))


def _week(report: QueueReport, words: Words) -> Panel:
    """Return the tickets taken by hour of the week."""
    steps = panels.quarters([cell.issued for cell in report.week])
    table = panels.heat(report.week, words, words("report.tickets_week"), steps, lambda cell: cell.issued, words.number)
    return Panel(
        "week", words("report.tickets_week"), words("report.tickets_week_sub", days=words.days(report.week_period)), (), (table,)
    )
