"""What the figures say, in a sentence chosen by rule: the headline, the heads of the charts, better or worse than before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from broker.desk.queue_reports import QueueReport
from broker.desk.reports import Cell, HourRow, Report
from broker.desk.tallies import Tally
from broker.desk.trust import Trust
from broker.domain.accuracy import UNWATCHED_SECONDS
from broker.domain.kpi import FEW, Greeting
from broker.domain.period import Period
from dashboard.wording import Words

ALIKE: Final = 1.25
"""Hours are alike when the slowest median is at most this many times the quickest."""
NEAR: Final = 0.95
"""Named with the slowest hour are those whose median is at least this share of its."""
KNOWN_HOURS: Final = 3
"""Below this many hours of enough visits nothing is said of the hours."""
SPREAD: Final = 0.05
"""Zones are alike when their shares lie within so much of each other."""
NAMED_HOURS: Final = 3
"""A head names at most so many hours."""
MISSING_SHARE: Final = 0.05
"""From this share of the opening time on, that nobody was counted is said at the top of the page."""

Tone = Literal["ok", "crit", "dim"]


@dataclass(frozen=True, slots=True)
class Change:
    """How a figure stands against the days before, in words."""

    text: str
    tone: Tone


def headline(report: Report, words: Words) -> str:
    """Return the sentence at the top: how often of a hundred the promise was kept, or that nothing can be said yet."""
    return greeted_head(report.figures, report.within, words, today=report.period.name == "today")


def greeted_head(found: Greeting, within: float, words: Words, *, today: bool) -> str:
    """Return the same of the figures of several shops."""
    promise = words.seconds_text(within)
    if not found.visits:
        return words("report.head_none_today" if today else "report.head_none")
    if found.visits < FEW:
        return words.many("report.head_few", found.visits)
    if found.within == found.visits:
        return words("report.head_all", t=promise)
    times = 0 if not found.within else min(99, max(1, round(100 * found.within / found.visits)))
    return words.many("report.head", times, t=promise)


def missing(trust: Trust, words: Words) -> str:
    """Return what is missing from the figures because nobody was counted, or nothing when it is little."""
    if trust.unwatched_seconds < max(60.0, MISSING_SHARE * trust.open_seconds):
        return ""
    where = words.listed(list(dict.fromkeys(gap.name for gap in trust.unwatched)))
    return words(
        "report.missing", time=words.duration(trust.unwatched_seconds), opened=words.duration(trust.open_seconds), zones=where
    )


def watched(trust: Trust, words: Words) -> str:
    """Return how well the cameras watched."""
    if not trust.cameras:
        return words("report.watched_none")
    if trust.unwatched_seconds >= 1:
        where = words.listed(list(dict.fromkeys(gap.name for gap in trust.unwatched)))
        return words("report.watched_missing", time=words.duration(trust.unwatched_seconds), zones=where)
    return words("report.watched_covered" if trust.camera_seconds >= 1 else "report.watched_all")


def measured(tally: Tally, words: Words) -> str:
    """Return what somebody who counted along at a line found: the counts, and the share that was right where it may be said."""
    counts = tally.counts
    said = "tally.found" if counts.accuracy is None else "tally.found_share"
    share = "" if counts.accuracy is None else words.share_text(counts.accuracy)
    day = words.day_short(tally.began.astimezone(words.zone).date(), weekday=False)
    text = words(
        said, hand_in=counts.hand_in, hand_out=counts.hand_out, camera_in=counts.camera_in, camera_out=counts.camera_out,
        share=share, when=day,
    )  # fmt: skip
    if counts.unwatched > UNWATCHED_SECONDS:
        return f"{text}. {words('tally.unwatched', time=words.duration(counts.unwatched))}"
    return text


def accuracies(trust: Trust, words: Words) -> list[tuple[str, str]]:
    """Return each camera that was measured, with its line if it has several, and what was found."""
    return [
        (camera.name if len(camera.measured) == 1 else f"{camera.name}, {tally.line}", measured(tally, words))
        for camera in trust.cameras
        for tally in camera.measured
    ]


def changes(report: Report, words: Words) -> dict[str, Change]:
    """Return how the main figures changed, by the key of the figure. Reckoned from the rounded numbers that are shown."""
    found = greeting_changes(report.figures, report.before, words)
    here, earlier = report.alerts, report.alerts_before
    if here and earlier and here.per_person is not None and earlier.per_person is not None:
        found["alerts"] = _more(round(here.per_person, 1) - round(earlier.per_person, 1), words, 1)
    else:
        found["alerts"] = Change(words("report.no_comparison"), "dim")
    return found


def greeting_changes(now: Greeting, before: Greeting, words: Words) -> dict[str, Change]:
    """Return how the figures of greetings changed, by key."""
    nothing = Change(words("report.no_comparison"), "dim")
    comparable = now.visits >= FEW and before.visits >= FEW
    timed = now.greeted >= FEW and before.greeted >= FEW
    answered = now.responses >= FEW and before.responses >= FEW
    return {
        "median": _seconds(now.median, before.median, words) if timed else nothing,
        "within": _points(now.strict_service_level, before.strict_service_level, words) if comparable else nothing,
        "left": _more(now.left - before.left, words, 0) if comparable else nothing,
        "response": _seconds(now.response, before.response, words) if answered else nothing,
    }


def _seconds(now: float | None, before: float | None, words: Words) -> Change:
    by = round(now or 0) - round(before or 0)
    if not by:
        return Change(words("report.same"), "dim")
    text = words("report.faster" if by < 0 else "report.slower", t=words.seconds_text(abs(by)))
    return Change(text, "ok" if by < 0 else "crit")


def _points(now: float | None, before: float | None, words: Words) -> Change:
    by = round(100 * (now or 0)) - round(100 * (before or 0))
    if not by:
        return Change(words("report.same"), "dim")
    return Change(words.many("report.better" if by > 0 else "report.worse", abs(by)), "ok" if by > 0 else "crit")


def _more(by: float, words: Words, digits: int) -> Change:
    """Return a change of a count of which fewer is better."""
    if not round(by, digits):
        return Change(words("report.same"), "dim")
    key = "report.more" if by > 0 else "report.fewer"
    return Change(words(key, n=words.number(abs(by), digits)), "crit" if by > 0 else "ok")


def hours_head(rows: Sequence[HourRow], promise: float, words: Words) -> str:
    """Return which hours are past the promise or slowest, or that they are much alike."""
    known = {row.hour: row.figures.median for row in rows if row.figures.greeted >= FEW and row.figures.median is not None}
    if len(known) < KNOWN_HOURS:
        return words("report.hours_few")
    past = [hour for hour, median in known.items() if round(median) > promise]
    if past:
        return words("report.hours_past", hours=words.hours(past), t=words.seconds_text(promise))
    slowest = max(known.values())
    if round(slowest) <= ALIKE * round(min(known.values())):
        return words("report.hours_alike")
    slow = sorted((hour for hour in known if known[hour] >= NEAR * slowest), key=lambda hour: -known[hour])[:NAMED_HOURS]
    return words("report.hours_slowest", hours=words.hours(slow))


def week_head(cells: Sequence[Cell], promise: float, words: Words) -> str:
    """Return the hours of the week that are past the promise, the weekday with most of them first."""
    known = [cell for cell in cells if cell.median is not None]
    if not known:
        return words("report.week_few")
    past = [cell for cell in known if cell.median is not None and round(cell.median) > promise]
    if not past:
        return words("report.week_kept", t=words.seconds_text(promise))
    worst = max(range(7), key=lambda weekday: sum(cell.weekday == weekday for cell in past))
    hours = words.hours([cell.hour for cell in past if cell.weekday == worst])
    return words("report.week_past", day=words.weekday(worst), hours=hours)


def zones_head(report: Report, words: Words) -> str:
    """Return which zone keeps the promise least often, or that they are alike."""
    known = {
        row.name: row.figures.strict_service_level
        for row in report.zones
        if row.figures.visits >= FEW and row.figures.strict_service_level is not None
    }
    if len(known) < 2:
        return words("report.zones_few")
    least = min(known, key=lambda name: known[name])
    if max(known.values()) - known[least] < SPREAD:
        return words("report.zones_alike")
    return words("report.zones_least", zone=least, share=words.share_text(known[least]))


def compared(report: Report | QueueReport, words: Words) -> str:
    """Return what the figures are compared with."""
    return compared_days(report.compared, report.period, report.running, report.now, words)


def compared_days(compared: Period, period: Period, running: bool, now: datetime, words: Words) -> str:
    """Return what the figures of *period* are compared with; while it is *running*, up to the same time of day."""
    key = "report.compared"
    if running:
        key = "report.compared_until" if period.days == 1 else "report.compared_so_far"
    return words(key, days=words.days(compared), time=words.clock(now))
