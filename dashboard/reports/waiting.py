"""Waiting, whoever tells of it: tickets, and counters without tickets that a camera looks at."""

from __future__ import annotations

from dataclasses import replace

from broker.desk import trust as desk_trust
from broker.shop import Shop
from dashboard import sentences
from dashboard.reports import asked as asking
from dashboard.reports import cameras, tickets
from dashboard.reports.asked import Asked
from dashboard.reports.tickets import WAITING
from dashboard.sheets import Sheet
from dashboard.wording import Words


def sheet(shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return the report of waiting. A zone is looked at by its cameras alone: a ticket belongs to a service."""
    days = asking.days_of(shop, asked)
    trusted = desk_trust.trust(shop, asked.period, days.span, asked.zone)
    seen = cameras.panel(shop, asked, days.span, trusted, words)
    made = tickets.sheet(WAITING, shop, asked, words)
    if seen is None:
        return made
    if asked.zone or made.empty:
        sub = f"{asking.where(shop, asked, words)}, {words.days(asked.period)}."
        return replace(
            made, headline=seen.head, sub=sub, warning=sentences.missing(trusted, words), empty="", cards=(), figures=(),
            panels=(replace(seen, head=words("waits.chart_head")), made.panels[-1]),
        )  # fmt: skip
    return replace(made, panels=(*made.panels[:-1], seen, made.panels[-1]))
