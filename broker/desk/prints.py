"""Numbers on paper: asking for one, printing it once, and telling staff when the printer needs a hand.

Whoever prints holds the printer meanwhile, for LEASE at most: one ticket at a time, whatever the number of programs. A
ticket is given before anybody thinks of paper, and nothing here can take it back.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.domain import order
from broker.domain.alerts import AlertKind
from broker.domain.printing import ENDED, LEASE, SURE, Job, Move, State, Trouble
from broker.domain.ticket import Ticket
from broker.shop import Shop
from broker.store import alerts, prints, tickets
from broker.store.database import change
from broker.store.prints import Printer

PRINTER: Final = "printer:tickets"
"""What an alert about the printer is about. No camera's name has a colon."""
MOST_ASKED: Final = 3
"""Jobs one ticket may have: somebody who plays with the button must not use up the roll."""
KEPT: Final = timedelta(minutes=15)
"""An ended job is deleted so long after it ended; until then the screen can say how it ended."""
LOOK_EVERY: Final = timedelta(seconds=30)
LOOK_AGAIN: Final = timedelta(seconds=5)
"""How often the printer is asked how it is: while all is well, and while something is wrong."""

log = logging.getLogger(__name__)


class TooMany(Exception):
    """This ticket was printed, or tried to be, often enough."""


def ask(shop: Shop, ticket: Ticket, language: str) -> Job:
    """Wish *ticket* on paper in *language*; a wish that is on its way, or came true, is not doubled. Raises TooMany."""
    with change(shop.db):
        now, known = shop.clock(), prints.of_ticket(shop.db, ticket.id)
        if known and known[0].state in (State.QUEUED, State.PRINTING, State.DONE):
            return known[0]
        if len(known) >= MOST_ASKED:
            raise TooMany(ticket.id)
        job = Job(
            id=secrets.token_hex(8), ticket=ticket.id, language=language, ahead=ahead(shop, ticket), queued_at=now, due_at=now
        )  # fmt: skip
        prints.save(shop.db, job)
        prints.sweep(shop.db, now - KEPT)
    return job


def ahead(shop: Shop, ticket: Ticket) -> int:
    """Return how many people are ahead of *ticket* now, as its paper is to say."""
    return order.ahead(ticket, tickets.open_ones(shop.db))


def newest(shop: Shop, ticket_id: str) -> Job | None:
    """Return the newest job of a ticket, or None when it was never asked for."""
    return next(iter(prints.of_ticket(shop.db, ticket_id)), None)


def offered(shop: Shop) -> bool:
    """Whether paper is offered: there is a printer of ours, and nothing is known to stand in its way."""
    if not shop.settings.printer.spooled:
        return False
    found = prints.printer(shop.db, PRINTER)
    return found is None or found.trouble not in SURE


def next_due(shop: Shop) -> datetime | None:
    """Return when something is to be printed next, or None when nothing is."""
    return min((job.due_at for job in prints.open_ones(shop.db) if job.due_at), default=None)


def claim(shop: Shop, *, by: str) -> Job | None:
    """Take the printer and the oldest job that is due. None when there is none, or somebody else has the printer."""
    if not prints.open_ones(shop.db):
        return None
    with change(shop.db):
        now, held = shop.clock(), _printer(shop)
        if _is_held(held, now):
            return None
        _take_back(shop, now)
        _drop_old(shop, now)
        due = next((job for job in prints.open_ones(shop.db) if job.due_at is not None and job.due_at <= now), None)
        if due is None:
            return None
        job = due.after(Move.CLAIM, now, by=by)
        prints.save(shop.db, job)
        prints.save_printer(shop.db, replace(held, held_by=by, held_until=now + LEASE))
    return job


def claim_look(shop: Shop, *, by: str) -> bool:
    """Take the printer to ask it how it is. False while somebody has it, and when it was asked a moment ago."""
    if not _look_due(_printer(shop), shop.clock()):
        return False
    with change(shop.db):
        now, held = shop.clock(), _printer(shop)
        if not _look_due(held, now):
            return False
        prints.save_printer(shop.db, replace(held, held_by=by, held_until=now + LEASE))
        prints.sweep(shop.db, now - KEPT)
    return True


def take(shop: Shop, *, by: str) -> bool:
    """Take the printer for something that is no ticket, until `looked` or `give_back`. False while somebody has it."""
    with change(shop.db):
        now, held = shop.clock(), _printer(shop)
        if _is_held(held, now):
            return False
        prints.save_printer(shop.db, replace(held, held_by=by, held_until=now + LEASE))
    return True


def _look_due(found: Printer, now: datetime) -> bool:
    return not _is_held(found, now) and abs(now - found.looked_at) >= (LOOK_AGAIN if found.trouble else LOOK_EVERY)


def _is_held(found: Printer, now: datetime) -> bool:
    # Nobody has it for longer than the lease: then the clock was set back, and who had it may be gone.
    return found.held_until is not None and now < found.held_until <= now + LEASE


def finish(shop: Shop, job: Job, trouble: Trouble | None = None) -> None:
    """*job* is on paper; *trouble* is what the printer said with it, such as little paper."""
    _end(shop, job, Move.FINISH, trouble)


def fail(shop: Shop, job: Job, trouble: Trouble, why: str) -> None:
    """*job* did not get onto paper: it is tried again, if it may be."""
    _end(shop, job, Move.FAIL, trouble, why)


def _end(shop: Shop, job: Job, what: Move, trouble: Trouble | None, why: str = "") -> None:
    with change(shop.db):
        now, known = shop.clock(), prints.find(shop.db, job.id)
        if known is None or known.state is not State.PRINTING or known.claimed_by != job.claimed_by:
            # It took longer than the lease and somebody else has the job now: what they say counts.
            log.warning("job %s came back after its lease", job.id)
            return
        prints.save(shop.db, known.after(what, now, error=why))
        _say(shop, trouble, now, by=job.claimed_by)


def looked(shop: Shop, trouble: Trouble | None, *, by: str) -> None:
    """Whoever took the printer for a look says what was seen; None is all well. Staff are told, or told no longer."""
    with change(shop.db):
        _say(shop, trouble, shop.clock(), by=by)


def give_back(shop: Shop, *, by: str) -> None:
    """Give the printer back without a word about it."""
    with change(shop.db):
        held = _printer(shop)
        if held.held_by == by:
            prints.save_printer(shop.db, replace(held, held_by="", held_until=None, looked_at=shop.clock()))


def state(shop: Shop) -> Printer | None:
    """Return the printer as it was found last."""
    return prints.printer(shop.db, PRINTER)


def retire(shop: Shop) -> None:
    """This shop has no printer of ours any more: nobody is called to it, and nothing waits for it."""
    with change(shop.db):
        now = shop.clock()
        for job in prints.open_ones(shop.db):
            gone = job.after(Move.LOSE, now) if job.state is State.PRINTING else job
            prints.save(shop.db, gone if gone.state in ENDED else gone.after(Move.DROP, now))
        prints.sweep(shop.db, now - KEPT)
        prints.forget_printer(shop.db, PRINTER)
        for alert in alerts.live(shop.db, kind=AlertKind.DEVICE, subject=PRINTER):
            desk_alerts.clear(shop, alert, now)


def _take_back(shop: Shop, now: datetime) -> None:
    """Whoever held the printer is gone, so what they were printing is anybody's again."""
    for job in prints.open_ones(shop.db):
        if job.state is State.PRINTING:
            lost = job.after(Move.LOSE, now, error=f"whoever printed it ({job.claimed_by}) was never heard of again")
            log.warning("print job %s was cut off; it is %s", job.id, lost.state)
            prints.save(shop.db, lost)


def _drop_old(shop: Shop, now: datetime) -> None:
    oldest = now - timedelta(seconds=shop.settings.printer.drop_after_seconds)
    for job in prints.open_ones(shop.db):
        if job.state is State.QUEUED and job.queued_at < oldest:
            log.warning("print job %s of %s is too old to help anybody; dropped", job.id, job.queued_at)
            prints.save(shop.db, job.after(Move.DROP, now))


def _printer(shop: Shop) -> Printer:
    long_ago = shop.clock() - LOOK_EVERY
    return prints.printer(shop.db, PRINTER) or Printer(id=PRINTER, trouble=None, since=shop.clock(), looked_at=long_ago)


def _say(shop: Shop, trouble: Trouble | None, now: datetime, *, by: str) -> None:
    if trouble is Trouble.PAPER_LOW and not shop.settings.printer.paper_near_end:
        trouble = None
    was = _printer(shop)
    since = was.since if was.trouble is trouble else now
    free = was.held_by in ("", by)
    prints.save_printer(
        shop.db,
        Printer(
            id=PRINTER, trouble=trouble, since=since, looked_at=now, held_by="" if free else was.held_by,
            held_until=None if free else was.held_until,
        ),
    )  # fmt: skip
    live = alerts.live(shop.db, kind=AlertKind.DEVICE, subject=PRINTER)
    if trouble is None:
        for alert in live:
            desk_alerts.clear(shop, alert, now)
    elif live or shop.hours.open_at(now):
        # A printer that fails at night is told when the shop opens: the next look is after that.
        alert = desk_alerts.raise_(shop, AlertKind.DEVICE, PRINTER, "", since=since, at=now, detail=str(trouble))
        desk_alerts.reword(shop, alert, str(trouble), now)
