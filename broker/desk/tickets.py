"""Everything that may be done with a ticket. Each function is one transaction: read, decide in the domain, save, tell.

A request carries an idempotency key; the same key again changes nothing and returns the ticket as it stands.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from broker.desk import alerts as desk_alerts
from broker.desk import one_clock
from broker.domain import numbering, order
from broker.domain.facts import Fact, FactKind
from broker.domain.moves import IllegalMove, QueueClosed
from broker.domain.ticket import CLOCK, ENDED, Channel, Move, Outcome, Said, State, Ticket
from broker.failpoints import passing
from broker.shop import Shop
from broker.store import alerts, counters, journal, tickets
from broker.store.database import change, text
from broker.store.tickets import ISSUE, Moved
from broker.store.tickets import NoSuchTicket as NoSuchTicket

A_DAY: Final = timedelta(days=1)
TAPPED_AGO: Final = timedelta(minutes=10)
"""An answer that waited on a screen without a connection counts from when it was tapped, up to this long ago."""


class NoSuchService(LookupError):
    """There is no service of that id in this shop."""


class NoSuchCounter(LookupError):
    """There is no counter of that id in this shop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants who takes a ticket. `told` is the wait in seconds (from, to) that they were told, if any."""

    service: str
    language: str = "en"
    channel: Channel = Channel.KIOSK
    priority: int = 0
    visit: str | None = None
    told: tuple[float, float] | None = None
    greeted: bool = False
    """Whether taking it was a greeting too: the kiosk said hello in the shop's name."""


def issue(shop: Shop, wish: Wish, *, by: str = "", key: str = "") -> Ticket:
    """Give a ticket. Raises NoSuchService, QueueClosed for a closed shop or a paused service, NoNumber."""
    if wish.service not in service_ids(shop):
        raise NoSuchService(wish.service)
    with change(shop.db):
        if known := _of_key(shop, key):
            return known
        now = shop.clock()
        check_open(shop, wish.service, now)
        ticket = _new(shop, wish, now)
        walks_in = wish.channel is not Channel.PHONE
        visit = one_clock.link(shop, wish.service, wish.visit, now, by, greeted=wish.greeted, walks_in=walks_in)
        ticket = replace(ticket, visit=visit)
        tickets.save(shop.db, ticket)
        passing("ticket.saved")
        _tell(shop, ticket, ISSUE, "", now, by, "", key)
    return ticket


def check_open(shop: Shop, service: str, at: datetime) -> None:
    """Raise QueueClosed when no ticket is given for *service* at *at*."""
    if not shop.hours.open_at(at):
        raise QueueClosed("closed", "the shop is closed; tickets are given again when it opens")
    paused = next((pause for pause in counters.pauses(shop.db) if pause.service == service and at < pause.until), None)
    if paused:
        raise QueueClosed("paused", f"no tickets are given for it until {text(paused.until)}: {paused.reason}")


def call_next(shop: Shop, counter: str, *, by: str, key: str = "") -> Ticket | None:
    """Call whoever is next for *counter*, or return None when nobody waits for what it serves.

    Raises NoSuchCounter, and IllegalMove while the counter still has somebody.
    """
    skills = skills_of(shop, counter)
    with change(shop.db):
        if known := _of_key(shop, key):
            return known
        _check_free(shop, counter)
        following = order.following(tickets.open_ones(shop.db), skills)
        if following is None:
            return None
        return _make(shop, following, Move.CALL, Said(by=by, counter=counter), key)


def call(shop: Shop, ticket_id: str, counter: str, *, by: str, reason: str = "", key: str = "") -> Ticket:
    """Call one chosen ticket. Out of order it needs a *reason*, which is kept.

    Raises NoSuchTicket, NoSuchCounter, and IllegalMove: the counter has somebody, a colleague has called it, no reason.
    """
    skills = skills_of(shop, counter)
    with change(shop.db):
        if known := _of_key(shop, key):
            return known
        ticket = tickets.get(shop.db, ticket_id)
        _check_free(shop, counter)
        if ticket.service not in skills:
            raise IllegalMove("counter", counter, Move.CALL, f"{counter} does not serve {ticket.service}")
        first = order.following(tickets.open_ones(shop.db), skills)
        if first is not None and first.id != ticket.id and ticket.state is State.WAITING and not reason.strip():
            raise IllegalMove("ticket", ticket.state, Move.CALL, "somebody else is next; a call out of order needs a reason")
        return _make(shop, ticket, Move.CALL, Said(by=by, counter=counter, reason=reason), key)


def move(shop: Shop, ticket_id: str, what: Move, said: Said | None = None, *, key: str = "", at: datetime | None = None) -> Ticket:
    """Make one move of a ticket that needs nothing but the ticket: recall, start, hold, step away, cancel and so on.

    A tap that waited for a connection counts from *at*, when it was made, but never from before the move it follows.
    Raises NoSuchTicket, IllegalMove. A call and a transfer have functions of their own.
    """
    if what in (Move.CALL, Move.TRANSFER):
        raise ValueError(f"{what} has a function of its own")
    with change(shop.db):
        if known := _of_key(shop, key):
            return known
        ticket, said = tickets.get(shop.db, ticket_id), said or Said()
        steps = {Move.MISS: shop.promises.missed_behind, Move.LET_PASS: 1}.get(what)
        if steps is not None:
            said = replace(said, behind=order.behind(ticket, tickets.open_ones(shop.db), steps))
        if what in (Move.RESUME, Move.UNDO) and (counter := ticket.counter):
            _check_free(shop, counter, but=ticket.id)
        return _make(shop, ticket, what, said, key, _tapped(shop, ticket, at))


def transfer(shop: Shop, ticket_id: str, *, service: str, note: str, by: str, key: str = "") -> Ticket:
    """Send somebody on to another service: same number, same T0, and the note for the next counter.

    Raises NoSuchTicket, NoSuchService, QueueClosed for a paused service, IllegalMove without a note.
    """
    if service not in service_ids(shop):
        raise NoSuchService(service)
    with change(shop.db):
        if known := _of_key(shop, key):
            return known
        check_open(shop, service, shop.clock())
        said = Said(by=by, service=service, reason=note)
        return _make(shop, tickets.get(shop.db, ticket_id), Move.TRANSFER, said, key)


def finish(
    shop: Shop, ticket_id: str, outcome: Outcome, *, by: str, reason: str = "", key: str = "", at: datetime | None = None
) -> Ticket:
    """The service is over. Raises NoSuchTicket, IllegalMove: `referred` needs where to and what was done already."""
    return move(shop, ticket_id, Move.FINISH, Said(by=by, outcome=outcome, reason=reason), key=key, at=at)


def find(shop: Shop, ticket_id: str) -> Ticket:
    """Return a ticket as it stands. Raises NoSuchTicket."""
    return tickets.get(shop.db, ticket_id)


def run_due(shop: Shop) -> int:
    """Make the moves the clock owes: missed calls, people back from a step away, call-backs not made. Return how many."""
    now, made = shop.clock(), 0
    with change(shop.db):
        for ticket in tickets.due(shop.db, now):
            while (coming := ticket.next_move(shop.promises)) and coming[1] <= now:
                what, at = coming
                said = Said(by=CLOCK)
                if what is Move.MISS:
                    line = tickets.open_ones(shop.db)
                    said = replace(said, behind=order.behind(ticket, line, shop.promises.missed_behind))
                ticket = _make(shop, ticket, what, said, "", at)
                made += 1
    return made


def run_closing(shop: Shop) -> int:
    """End what waits when the shop has closed since it came; in a shop that never closes, after a day and a night.

    Midnight ends nothing in a shop that stays open. Somebody who is being served or on hold is not sent away by the clock.
    Return how many tickets were ended.
    """
    now = shop.clock()
    if shop.settings.queues.keep_overnight:
        return 0
    with change(shop.db):
        over = [t for t in tickets.open_ones(shop.db) if t.state not in (State.SERVING, State.HELD) and _is_over(shop, t, now)]
        for ticket in over:
            _make(shop, ticket, Move.EXPIRE, Said(by=CLOCK, reason="the shop has closed"), "")
    return len(over)


def answered(shop: Shop, key: str) -> Ticket | None:
    """Return the ticket that the request with this idempotency key made or moved, as it stands; None for a new request."""
    return _of_key(shop, key)


def next_due(shop: Shop) -> datetime | None:
    """Return the earliest moment at which a ticket needs a decision of the clock."""
    return tickets.next_due(shop.db)


def service_ids(shop: Shop) -> Collection[str]:
    """Return the services of this shop, in the order of its settings."""
    return [service.id for service in shop.settings.services]


def skills_of(shop: Shop, counter: str) -> Collection[str]:
    """Return the services that *counter* serves. Raises NoSuchCounter."""
    for known in shop.settings.counters:
        if known.id == counter:
            return known.services or service_ids(shop)
    raise NoSuchCounter(counter)


def _is_over(shop: Shop, ticket: Ticket, now: datetime) -> bool:
    """Whether the shop has closed since *ticket* was taken; one that staff gave before opening waits for that day's closing."""
    opened = ticket.t0 if shop.hours.open_at(ticket.t0) else shop.hours.opens_at(ticket.t0)
    closes = shop.hours.closes_at(opened) if opened else None
    return now >= closes if closes else now - ticket.t0 > A_DAY


def _new(shop: Shop, wish: Wish, now: datetime) -> Ticket:
    day = shop.hours.business_day(now)
    newest = tickets.newest_number(shop.db, wish.service, day)
    number = numbering.following(newest, tickets.kept_numbers(shop.db, wish.service, day))
    told = wish.told or (None, None)
    return Ticket(
        id=secrets.token_hex(8),
        token=secrets.token_urlsafe(16),
        service=wish.service,
        issued_for=wish.service,
        number=number,
        day=day,
        t0=now,
        place=order.place(now, wish.priority, shop.promises),
        language=wish.language,
        channel=wish.channel,
        priority=wish.priority,
        told_from=told[0],
        told_to=told[1],
    )


def _tapped(shop: Shop, ticket: Ticket, at: datetime | None) -> datetime | None:
    if at is None:
        return None
    now = shop.clock()
    return min(max(at, now - TAPPED_AGO, ticket.decided_at or ticket.t0), now)


def _check_free(shop: Shop, counter: str, *, but: str = "") -> None:
    there = tickets.at_counter(shop.db, counter)
    if there is not None and there.id != but:
        raise IllegalMove(
            "counter", there.state, Move.CALL, f"{counter} still has {there.issued_for} {there.number}: finish it first"
        )


def _of_key(shop: Shop, key: str) -> Ticket | None:
    known = tickets.of_key(shop.db, key) if key else None
    return tickets.get(shop.db, known) if known else None


def _make(shop: Shop, was: Ticket, what: Move, said: Said, key: str, at: datetime | None = None) -> Ticket:
    """Make one move and write it, with its history and the visit's part in it. Runs inside a transaction."""
    moment = at or shop.clock()
    ticket = was.after(what, moment, shop.promises, said)
    tickets.save(shop.db, ticket)
    passing("ticket.saved")
    # A missed call names the counter that had called, though the ticket is free of it now.
    _tell(shop, ticket, what, was.state, moment, said.by, said.reason, key, was.counter)
    one_clock.follow(shop, ticket, what, moment, said.by)
    for alert in alerts.live(shop.db, subject=ticket.id) if ticket.state in ENDED else ():
        desk_alerts.clear(shop, alert, moment)
    return ticket


def _tell(
    shop: Shop, ticket: Ticket, what: str, was: str, at: datetime, by: str, reason: str, key: str, counter: str | None = None
) -> None:
    tickets.append_moves(
        shop.db,
        Moved(
            ticket=ticket.id, at=at, by=by, move=str(what), was=str(was), became=ticket.state, service=ticket.service,
            counter=ticket.counter or counter, place=ticket.place, until=ticket.until, reason=reason, key=key,
        ),
    )  # fmt: skip
    passing("ticket.moved")
    if key:
        tickets.keep_key(shop.db, key, ticket.id, at)
        passing("ticket.keyed")
    kind = FactKind.TICKET_ISSUED if what == ISSUE else FactKind.TICKET_MOVED
    body: dict[str, object] = {
        "move": str(what), "from": str(was), "to": str(ticket.state), "service": ticket.service, "number": ticket.number,
        "counter": ticket.counter, "version": ticket.version,
    }  # fmt: skip
    journal.append(shop.db, Fact(kind=kind, subject=ticket.id, at=at, by=by, body=body))
