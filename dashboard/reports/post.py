"""The weekly report by mail, and its summary to phones and chats: once for each week, however often the shop is started again.

A row of the store says for which week it was sent. It is taken before the mail goes out and given back when the mail server
did not take it; a process that dies in between leaves it taken: rather no mail than two.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from email.message import EmailMessage
from typing import Final

from broker.desk import chats
from broker.domain.period import Period
from broker.shop import Shop
from broker.store import learnt
from broker.store.database import change
from dashboard import mail
from dashboard.mail import NotSent, Sender
from dashboard.reports import asked as asking
from dashboard.reports import kinds
from dashboard.reports.asked import Asked
from dashboard.reports.files import in_terminal
from dashboard.sheets import Sheet
from dashboard.wording import Words

ROW: Final = "weekly report"
LATE_HOURS: Final = 36
"""A shop that was off when the hour came still sends it so much later; after that the week has passed."""
AGAIN_AFTER: Final = timedelta(minutes=15)
"""When a mail server did not take it."""
LOOK_EVERY_SECONDS: Final = 60.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sent:
    """Whether a mail went out now, and what to tell whoever asked."""

    now: bool
    said: str


def last_week(shop: Shop) -> Period:
    """Return the last whole week, Monday to Sunday."""
    today = shop.hours.business_day(shop.clock())
    monday = today - timedelta(days=today.weekday() + 7)
    return Period(monday, monday + timedelta(days=6))


def due(shop: Shop) -> bool:
    """Return whether the mail of the last week should go out now."""
    wanted = shop.settings.reports
    if wanted.weekday is None or not (shop.settings.mail.host or _by_chat(shop)):
        return False
    now = shop.clock()
    local = now.astimezone(shop.hours.zone)
    day = local.date() - timedelta(days=(local.weekday() - wanted.weekday) % 7)
    begins = datetime.combine(day, time(wanted.weekly_hour), tzinfo=shop.hours.zone)
    if not timedelta(0) <= now - begins < timedelta(hours=LATE_HOURS):
        return False
    known = learnt.newest(shop.db, ROW)
    return known is None or _open(known[1], known[0], last_week(shop), now)


def _by_chat(shop: Shop) -> bool:
    return any(target.weekly_report for target in shop.settings.notify)


def _open(row: dict[str, str], at: datetime, week: Period, now: datetime) -> bool:
    """Return whether the mail of *week* may still go out: it was not, or not taken a while ago."""
    return row["week"] != week.first.isoformat() or (row["state"] == "not taken" and now - at >= AGAIN_AFTER)


def send_weekly(shop: Shop, send: Sender | None, *, again: bool = False) -> Sent:
    """Send the report of the last week unless it was sent; *again* sends it in any case. Raises NotSent.

    *send* mails it, None where there is no mail server. Phones and chats that want it are told by the service.
    """
    week = last_week(shop)
    if not _taken(shop, week, again):
        return Sent(False, f"The report of {week.first} to {week.last} was sent already; --again sends it once more.")
    summary = _summary(shop, week)
    with change(shop.db):
        told = chats.tell_report(shop, title=summary.subject, text=summary.text, week=week.first, again=again)
    try:
        if send is not None:
            send(_letter(shop, week, summary))
    except NotSent as no:
        # Of what can never go out no second try is made until somebody asks for it.
        _write(shop, week, "refused" if no.permanent else "not taken")
        raise
    _write(shop, week, "sent")
    to = ", ".join([*(shop.settings.mail.to if send else ()), *told])
    return Sent(True, f"The report of {week.first} to {week.last} was sent to {to}.")


def way(shop: Shop) -> Sender | None:
    """Return what mails the report, or None when only phones and chats get it. Raises NotSent when nobody does."""
    return None if not shop.settings.mail.host and _by_chat(shop) else mail.sender(shop.settings.mail)


def _taken(shop: Shop, week: Period, again: bool) -> bool:
    """Take the row of *week* for this mail; return whether it was free."""
    with change(shop.db):
        known = learnt.newest(shop.db, ROW)
        mine = again or known is None or known[1]["week"] != week.first.isoformat() or known[1]["state"] in ("not taken", "refused")
        if mine:
            learnt.keep(shop.db, ROW, shop.clock(), {"week": week.first.isoformat(), "state": "sending"})
    return mine


def _write(shop: Shop, week: Period, state: str) -> None:
    with change(shop.db):
        learnt.keep(shop.db, ROW, shop.clock(), {"week": week.first.isoformat(), "state": state})


@dataclass(frozen=True, slots=True)
class Summary:
    """What is said of one week: the headline of each report, under a subject, and the reports themselves."""

    subject: str
    text: str
    sheets: list[Sheet]
    words: Words


def _summary(shop: Shop, week: Period) -> Summary:
    words = Words.of(shop.settings.store.language, shop.hours.zone)
    sheets = [kinds.made(what, shop, Asked(week), words) for what in kinds.MADE if what != kinds.PEOPLE]
    first = sheets[0]
    lines = [f"{sheet.title}: {sheet.headline}." for sheet in sheets if not sheet.empty]
    text = "\n".join([first.store, words.days(week), "", *lines, "", *([first.warning, ""] if first.warning else [])])
    return Summary(words("report.mail_subject", store=first.store, days=words.days(week)), text, sheets, words)


def _letter(shop: Shop, week: Period, summary: Summary) -> EmailMessage:
    """Return the mail: the headline of each report as text, and the pages as one PDF."""
    words, sheets = summary.words, summary.sheets
    text = summary.text + "\n" + in_terminal(sheets[0], words).split("\n\n")[0] + "\n"
    name = asking.file_name(shop, "weekly", Asked(week), "pdf")
    from dashboard import paper  # late: its letters are a quarter of what a start of this program takes

    body = paper.pdf(sheets, words, made=shop.clock())
    return mail.message(shop.settings.mail, subject=summary.subject, text=text, attached=(name, body), at=shop.clock())


class Postman:
    """Looks once a minute, in a thread of its own, whether the mail is due. One is enough; two would still send one mail."""

    def __init__(self, opened: Callable[[], Shop]) -> None:
        """Look at the shop that *opened* opens, on a connection of its own."""
        self._opened = opened
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="postman", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Stop; a mail that is on its way is finished."""
        self._stop.set()
        self._thread.join(timeout=60)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                look(self._opened)
            except Exception:
                # One bad minute must not end the weekly mail for good.
                log.exception("the weekly report could not be looked at")
            self._stop.wait(LOOK_EVERY_SECONDS)


def look(opened: Callable[[], Shop]) -> bool:
    """Send the mail if it is due; return whether one went out. Raises StoreError."""
    shop = opened()
    with closing(shop.db.conn):
        if not due(shop):
            return False
        try:
            sent = send_weekly(shop, way(shop))
        except NotSent as no:
            log.warning("the weekly report was not sent: %s", no)
            return False
        log.info("%s", sent.said)
        return sent.now
