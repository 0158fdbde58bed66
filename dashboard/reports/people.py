"""Greetings by person: there only in a shop that turned it on, with a note that says what it is for."""

from __future__ import annotations

from typing import Final

from broker.desk import trust as desk_trust
from broker.desk.person_report import PersonRow, person_report
from broker.shop import Shop
from dashboard import sentences
from dashboard.figures import Figure
from dashboard.reports import asked as asking
from dashboard.reports import trusted
from dashboard.reports.asked import Asked
from dashboard.sheets import Cell, Panel, Sheet, Table, time_cell
from dashboard.wording import Words

WHAT: Final = "people"


def sheet(shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return who greeted where. Raises broker.desk.person_report.TurnedOff in a shop that did not turn it on."""
    days = asking.days_of(shop, asked)
    rows = person_report(shop, asked.period, zone=asked.zone)
    trust = desk_trust.trust(shop, asked.period, days.span, asked.zone)
    counts = [("not_watching", trust.camera_seconds / 60), ("unwatched", trust.unwatched_seconds / 60)]
    left_out = [Figure(key, words(f"report.figure_{key}"), words.number(value), "min") for key, value in counts]
    people = len({row.person for row in rows})
    panels = ([_rows(rows, words)] if rows else []) + [trusted.panel(trust, asked.period, left_out, words)]
    return Sheet(
        what=WHAT, title=words("report.title_people"), store=shop.settings.store.name,
        headline=words.many("report.head_people", people) if people else words("report.head_people_none"),
        sub=f"{asking.where(shop, asked, words)}, {words.days(asked.period)}. {words('report.people_note')}",
        warning=sentences.missing(trust, words), empty="" if rows else words("report.empty_people"), panels=tuple(panels),
        formulas={},
    )  # fmt: skip


def _rows(rows: tuple[PersonRow, ...], words: Words) -> Panel:
    heads = (*(words(f"report.column_{name}") for name in ("person", "zone")), words("report.n"), words("report.column_median"))
    lines = [
        (Cell(row.name), Cell(row.zone_name), Cell(words.number(row.greeted)), time_cell(row.median, row.greeted, words))
        for row in rows
    ]
    head = words("report.people_head")
    return Panel("people", head, words("report.people_sub"), (), (Table("people", head, heads, tuple(lines)),), wide=True)
