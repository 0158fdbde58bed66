"""The reports made of tickets: waiting, service, promises. Each chooses its figures; the panels are all made alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from broker.desk.queue_reports import QueueReport, queue_report
from broker.domain.queue_kpi import KPIS
from broker.shop import Shop
from dashboard import sentences
from dashboard.reports import asked as asking
from dashboard.reports import cases, estimate
from dashboard.reports import ticket_panels as panels
from dashboard.reports.asked import Asked
from dashboard.reports.ticket_words import Teller, enough
from dashboard.shapes import POINTS_WORSE
from dashboard.sheets import Panel, Sheet
from dashboard.wording import Words

WAITING, SERVICE, PROMISES = "waiting", "service", "promises"
BY_SERVICE: Final = {
    WAITING: ("served", "wait_median", "wait_p90", "queue_service_level", "abandonment", "no_show_rate"),
    SERVICE: ("served", "service_median", "service_p90", "service_within", "transfer_rate", "first_time_right", "return_kept"),
    PROMISES: ("served", "promise_kept", "coverage", "mae", "mae_baseline"),
}  # fmt: skip
"""What stands in the table of services of each report."""
BY_COUNTER: Final = ("served", "service_median", "service_p90", "open_time", "break_time", "utilisation")
BY_HOUR: Final = {
    WAITING: ("issued", "served", "wait_median", "wait_p90", "queue_service_level", "abandonment"),
    SERVICE: ("served", "service_median", "service_p90", "service_within", "transfer_rate"),
}


@dataclass(frozen=True, slots=True)
class About:
    """What a report of tickets is made of: groups of figures, the ones at the top, and its headline."""

    groups: tuple[str, ...]
    cards: tuple[str, ...]
    head: str
    panels: Callable[[Shop, Asked, QueueReport, Teller], Sequence[Panel | None]]


def report_of(shop: Shop, asked: Asked) -> QueueReport:
    """Return the figures of tickets for what is asked; a counter is looked at alone, whatever the service."""
    return queue_report(shop, period=asked.period, service=None if asked.counter else asked.service, counter=asked.counter)


def sheet(what: str, shop: Shop, asked: Asked, words: Words) -> Sheet:
    """Return a report of tickets as a sheet. With no ticket at all it says when there will be something to see."""
    about, report = ABOUT[what], report_of(shop, asked)
    tell = Teller(report, words)
    found = tell.figures(report.figures, about.groups)
    some = bool(report.figures["issued"].value)
    made = [*about.panels(shop, asked, report, tell), panels.trust(report, tell)]
    tickets = words.many("report.tickets", report.figures["issued"].n)
    sub = f"{asking.where(shop, asked, words)}, {words.days(report.period)}, {tickets}. {sentences.compared(report, words)}"
    return Sheet(
        what=what, title=words(f"report.title_{what}"), store=report.store, sub=sub,
        headline=headline(report, about.head, tell) if some else words("report.head_no_tickets"),
        warning=sentences.missing(report.trust, words), empty="" if some else nothing_yet(shop, words),
        cards=tuple(tell.card(report, key) for key in about.cards) if some else (),
        panels=tuple(panel for panel in made if panel is not None), figures=tuple(found) if some else (),
        formulas=tell.formulas(found), formulas_sub=words("report.formulas_sub_tickets", t=words.seconds_text(report.wait_within)),
    )  # fmt: skip


def nothing_yet(shop: Shop, words: Words) -> str:
    """Return when there will be something to see."""
    return words("report.empty_tickets" if shop.settings.services else "report.empty_no_services")


def headline(report: QueueReport, key: str, tell: Teller) -> str:
    """Return the sentence at the top, or that there are too few to say."""
    value, words = report.figures[key], tell.words
    if KPIS[key].unit == "count":
        return words.many(f"report.head_{key}", int(value.value or 0))
    if not enough(value) or value.value is None:
        return words.many("report.head_few_tickets", report.figures["issued"].n)
    if KPIS[key].unit == "share":
        return words(f"report.head_{key}", k=min(99, round(100 * value.value)) if value.value < 1 else 100)
    return words(f"report.head_{key}", time=words.seconds_text(value.value))


def by_service(what: str, share: str, report: QueueReport, tell: Teller, *, aim: float | None = None) -> Panel | None:
    """Return the services of a report, against *aim* or against the whole shop."""
    rows = [row for row in report.services if row.figures["issued"].value]
    if not rows:
        return None
    words, whole = tell.words, report.figures[share]
    line = aim if aim is not None else whole.value if enough(whole) else None
    key = "report.aim_of" if aim is not None else "report.whole_shop"
    below = "report.rails_sub" if aim is not None else "report.rails_sub_points"
    said = "" if line is None else words(key, share=words.share_text(line))
    lowest = panels.lowest(rows, share)
    head = words("report.by_service") if lowest is None or lowest[1].value is None else words(
        "report.by_service_least", service=lowest[0], share=words.share_text(lowest[1].value)
    )  # fmt: skip
    heads = (f"{head}", f"{tell.label(share)}. {words(below)}", words("report.column_service"))
    least = 0.0 if aim is not None else POINTS_WORSE
    return panels.rows_of(
        rows, tell, key="services", share=share, aim=line, aim_said=said, keys=BY_SERVICE[what], heads=heads, least=least
    )


def waiting(shop: Shop, asked: Asked, report: QueueReport, tell: Teller) -> Sequence[Panel | None]:
    """Return how long people waited."""
    if not report.figures["issued"].value:
        return []
    hours = panels.by_hour(
        report, tell, median="wait_median", p90="wait_p90", aim=report.wait_within, keys=BY_HOUR[WAITING], name="wait"
    )
    words = tell.words
    fair = panels.facts(
        "fairness", words("report.fairness_head"), words("report.fairness_sub"), tell.figures(report.figures, ["fairness"]), words,
        wide=True,
    )  # fmt: skip
    return [
        hours,
        panels.bins(report, words),
        panels.week(report, words),
        by_service(WAITING, "queue_service_level", report, tell),
        fair,
    ]


def service(shop: Shop, asked: Asked, report: QueueReport, tell: Teller) -> Sequence[Panel | None]:
    """Return how people were served, on hold and sent on, and how the counters were used."""
    if not report.figures["issued"].value:
        return []
    hours = panels.by_hour(
        report, tell, median="service_median", p90="service_p90", aim=report.serve_within, keys=BY_HOUR[SERVICE], name="service"
    )
    words = tell.words
    holds = panels.facts(
        "holds", words("report.holds_head"), words("report.holds_sub"), tell.figures(report.figures, ["holds"]), words
    )
    return [hours, holds, by_service(SERVICE, "service_within", report, tell), counters(report, tell)]


def counters(report: QueueReport, tell: Teller) -> Panel | None:
    """Return how the counters were used: more than the aim is a shortage of staff, not a merit."""
    if not report.counters:
        return None
    words, aim = tell.words, KPIS["utilisation"].target or 0.85
    heads = (words("report.counters_head"), words("report.counters_sub", aim=words.share_text(aim)), words("report.column_counter"))
    return panels.rows_of(
        report.counters, tell, key="counters", share="utilisation", aim=None, aim_said="", keys=BY_COUNTER, heads=heads
    )


def promises(shop: Shop, asked: Asked, report: QueueReport, tell: Teller) -> Sequence[Panel | None]:
    """Return how true the told waits were."""
    if not report.figures["issued"].value:
        return []
    aim = KPIS["promise_kept"].target
    return [by_service(PROMISES, "promise_kept", report, tell, aim=aim), estimate.panel(shop, report, tell)]


ABOUT: Final = {
    WAITING: About(
        ("waiting", "fairness", "health"), ("wait_median", "wait_p90", "queue_service_level", "abandonment", "no_show_rate"),
        "wait_median", waiting,
    ),
    SERVICE: About(
        ("service", "holds", "counters"), ("service_median", "service_within", "transfer_rate", "return_kept", "utilisation"),
        "service_median", service,
    ),
    cases.WHAT: About(cases.GROUPS, cases.CARDS, "escalations", cases.made),
    PROMISES: About(("promise",), ("promise_kept", "coverage", "mae", "mae_baseline"), "promise_kept", promises),
}  # fmt: skip
