"""Cases: calls of the lead, problems by kind, what customers said, and whether what was heard was confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from broker.desk.queue_reports import ProblemRow, QueueReport
from broker.domain.kpi import FEW
from broker.shop import Shop
from dashboard.drawing import NARROW
from dashboard.figures import DASH
from dashboard.reports import ticket_panels as panels
from dashboard.reports.asked import Asked, places
from dashboard.reports.ticket_words import Teller
from dashboard.shapes import Column, columns
from dashboard.sheets import Cell, Drawn, Panel, Table
from dashboard.wording import Words

WHAT = "cases"
GROUPS = ("escalations", "feedback", "recaps")
CARDS = ("escalations", "answered_within", "briefed_before", "feedback_good", "recap_confirmed")
FEEDBACK = ("served", "feedback_good", "feedback_fair", "feedback_poor", "feedback_share")


def made(shop: Shop, asked: Asked, report: QueueReport, tell: Teller) -> Sequence[Panel | None]:
    """Return the panels of the report of cases."""
    words = tell.words
    found = [_problems(shop, report.problems, words)] if any(row.opened or row.before for row in report.problems) else []
    if not report.figures["issued"].value:
        return found
    calls = panels.facts(
        "calls", words("report.calls_head"), words("report.calls_sub"), tell.figures(report.figures, ["escalations"]), words
    )
    said = panels.facts(
        "recaps", words("report.recaps_head"), words("report.recaps_sub"), tell.figures(report.figures, ["recaps"]), words,
        wide=True,
    )  # fmt: skip
    return [*found, calls, _feedback(report, tell), said]


def _feedback(report: QueueReport, tell: Teller) -> Panel | None:
    rows, words = [row for row in report.services if row.figures["feedback_good"].n], tell.words
    if not rows:
        return None
    heads = (words("report.feedback_head"), words("report.feedback_sub"), words("report.column_service"))
    whole = report.figures["feedback_good"]
    line = whole.value if whole.n >= FEW else None
    said = "" if line is None else words("report.whole_shop", share=words.share_text(line))
    return panels.rows_of(rows, tell, key="feedback", share="feedback_good", aim=line, aim_said=said, keys=FEEDBACK, heads=heads)


def _problems(shop: Shop, rows: Sequence[ProblemRow], words: Words) -> Panel:
    """Return the problems by kind against the days before, and by service."""
    title = words("report.problems_head")
    bars = [
        Column(_kind(row, words), row.opened, words.many("report.problem_said", row.opened, kind=_kind(row, words))) for row in rows
    ]
    names = ("kind", "opened", "before", "closed", "promised", "told_in_time")
    counts = [(row.opened, row.before, row.closed, row.promised, row.told_in_time) for row in rows]
    lines = tuple((Cell(_kind(row, words)), *(Cell(words.number(n)) for n in each)) for row, each in zip(rows, counts, strict=True))
    table = Table("problems", title, tuple(words(f"report.column_{name}") for name in names), lines, drawn=Drawn("column", (1, 2)))
    plots = tuple(columns(bars, words, title=title, width=width) for width in (panels.HALF, NARROW))
    services = _by_service(shop, rows, words)
    return Panel("problems", _most(rows, words), words("report.problems_sub"), plots, (table, *services))


def _most(rows: Sequence[ProblemRow], words: Words) -> str:
    """Return which kind there was most of, where there were enough to say."""
    most = max(rows, key=lambda row: row.opened)
    total = sum(row.opened for row in rows)
    return (
        words("report.problems_most", kind=_kind(most, words), n=most.opened, total=total)
        if total >= FEW
        else words("report.problems_head")
    )


def _by_service(shop: Shop, rows: Sequence[ProblemRow], words: Words) -> list[Table]:
    names = places(shop, "service", words.locale.language)
    services = list(dict.fromkeys(service for row in rows for service, _ in row.by_service))
    if not services:
        return []
    heads = (words("report.column_kind"), *(names.get(service, service) or words("report.no_service") for service in services))
    counts = [dict(row.by_service) for row in rows]
    lines = tuple(
        (Cell(_kind(row, words)), *(Cell(words.number(found[service]) if service in found else DASH) for service in services))
        for row, found in zip(rows, counts, strict=True)
    )
    return [Table("problems_services", words("report.problems_services"), heads, lines, opened=False)]


def _kind(row: ProblemRow, words: Words) -> str:
    return words(f"report.problem_{row.kind}")
