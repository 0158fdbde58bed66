"""Whether the shop has earned its estimate of the wait: what the service learnt and judged, on days the ranges had not seen."""

from __future__ import annotations

from typing import Any

from broker.desk.prospects import WAITS
from broker.desk.queue_reports import QueueReport
from broker.domain.wait_audit import EARNED_FROM
from broker.shop import Shop
from broker.store import learnt
from dashboard.figures import DASH
from dashboard.reports.asked import places
from dashboard.reports.ticket_words import Teller
from dashboard.sheets import Cell, Panel, Table, share_cell, time_cell
from dashboard.wording import Words


def panel(shop: Shop, report: QueueReport, tell: Teller) -> Panel:
    """Return how the estimate stands, by service: told, judged, true often enough, better than the plain median."""
    words, known = tell.words, learnt.newest(shop.db, WAITS)
    if known is None:
        return Panel("estimate", words("report.estimate_head"), words("report.estimate_none"), wide=True)
    at, body = known
    found: dict[str, Any] = body.get("audit", {})
    rows = [_row(words("report.estimate_whole"), found, words)]
    names = places(shop, "service", words.locale.language)
    rows += [_row(names.get(name, name), score, words) for name, score in found.get("by_service", {}).items()]
    columns = tuple(
        words(f"report.column_{name}") for name in ("service", "told", "judged", "coverage", "late_share", "mae", "baseline")
    )
    table = Table("estimate", words("report.estimate_head"), columns, tuple(rows))
    sub = words("report.estimate_sub", day=words.day(at.astimezone(words.zone).date()))
    return Panel("estimate", _state(body, words), sub, (), (table,), wide=True)


def _state(body: dict[str, Any], words: Words) -> str:
    if body.get("earned"):
        return words("report.estimate_told")
    missing = EARNED_FROM - int(body.get("judged", 0))
    if missing > 0:
        return words.many("report.estimate_learning", missing)
    return words("report.estimate_paused")


def _row(name: str, score: dict[str, Any], words: Words) -> tuple[Cell, ...]:
    judged = int(score.get("judged") or 0)
    return (
        Cell(name), Cell(words.number(score.get("told") or 0)), Cell(words.number(judged) if judged else DASH),
        share_cell(score.get("coverage"), judged, words), share_cell(score.get("late_share"), judged, words),
        time_cell(score.get("mae_s"), judged, words), time_cell(score.get("baseline_mae_s"), judged, words),
    )  # fmt: skip
