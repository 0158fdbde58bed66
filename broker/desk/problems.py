"""The problems that were promised, as staff and lead see them: whose time has passed stands on top."""

from __future__ import annotations

from typing import Any, Final

from broker.desk import in_line
from broker.desk.people import name_of
from broker.shop import Shop
from broker.store import cases, tickets, visits
from broker.store.cases import Problem
from broker.store.database import text

Row = dict[str, Any]

MOST_SHOWN: Final = 100
"""Open problems that a screen is sent, those promised soonest first."""


def rows(shop: Shop) -> list[Row]:
    """Return the open problems: those promised soonest first, then those without a promise."""
    return [row(shop, problem) for problem in cases.open_problems(shop.db)[:MOST_SHOWN]]


def row(shop: Shop, problem: Problem) -> Row:
    """Return one problem; `overdue` says that the promised time has passed and it is still open."""
    late = problem.promised_by is not None and problem.promised_by <= shop.clock()
    return {
        "id": problem.id, "kind": problem.kind, "heard": problem.heard, "action": problem.action, "owner": problem.owner,
        "owner_name": name_of(shop, problem.owner), "promised_by": text(problem.promised_by), "opened_at": text(problem.opened_at),
        "opened_name": name_of(shop, problem.opened_by), "told_at": text(problem.told_at), "outcome": problem.outcome,
        "closed_at": text(problem.closed_at), "about": _about(shop, problem),
        "overdue": late and problem.closed_at is None,
    }  # fmt: skip


def _about(shop: Shop, problem: Problem) -> str:
    """Return whose problem it is: the number of a ticket, or the zone of a visit."""
    try:
        if problem.ticket:
            return in_line.shown(shop, tickets.get(shop.db, problem.ticket))
        if problem.visit:
            zone = visits.get(shop.db, problem.visit).zone
            return shop.zones.get(zone, zone)
    except (tickets.NoSuchTicket, visits.NoSuchVisit):
        return ""
    return ""
