"""Who is next: one order by place, in which priority is a credit with an end, so that nobody is passed for ever."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from broker.domain.promises import Promises
from broker.domain.ticket import IN_LINE, State, Ticket

_STEP = timedelta(milliseconds=1)


def place(t0: datetime, priority: int, promises: Promises) -> datetime:
    """Return where somebody who came at *t0* stands in the order: T0, less the credit for any priority above 0.

    The credit is never longer than `max_wait`, so whoever came longer before than that is never passed.
    """
    return t0 - timedelta(seconds=promises.priority_credit) if priority > 0 else t0


def ordered(tickets: Iterable[Ticket]) -> list[Ticket]:
    """Return *tickets* in the order in which they are called."""
    return sorted(tickets, key=lambda ticket: (ticket.place, ticket.t0, ticket.number, ticket.id))


def following(tickets: Iterable[Ticket], skills: Collection[str]) -> Ticket | None:
    """Return whom a counter with *skills* (the services it serves) calls next, or None."""
    return next((t for t in ordered(tickets) if t.state is State.WAITING and t.service in skills), None)


def ahead(ticket: Ticket, tickets: Iterable[Ticket]) -> int:
    """Return how many of the same service stand before *ticket*; who has stepped away keeps a place too."""
    line = ordered(t for t in tickets if t.service == ticket.service and t.state in IN_LINE)
    return next((number for number, other in enumerate(line) if other.id == ticket.id), 0)


def behind(ticket: Ticket, tickets: Iterable[Ticket], steps: int) -> datetime:
    """Return the place just behind the next *steps* people of the same service who wait; *ticket*'s own when nobody does."""
    rest = [t for t in ordered(tickets) if t.service == ticket.service and t.state is State.WAITING and t.id != ticket.id]
    later: Sequence[Ticket] = [t for t in rest if (t.place, t.t0) >= (ticket.place, ticket.t0)][:steps]
    return max(ticket.place, later[-1].place + _STEP) if later else ticket.place


def before(other: Ticket) -> datetime:
    """Return the place just before *other*."""
    return other.place - _STEP


def may_pass(ticket: Ticket, other: Ticket, promises: Promises) -> bool:
    """Return whether a lead may put *ticket* before *other*, who waits for the same service.

    A place is never earlier than T0 less `max_wait`, as with priority: whoever came longer before than that is never passed.
    """
    fits = ticket.t0 - timedelta(seconds=promises.max_wait) <= before(other) < ticket.place
    return fits and ticket.service == other.service and ticket.id != other.id


def passed_unfairly(tickets: Iterable[Ticket], called: Ticket, promises: Promises) -> list[Ticket]:
    """Return those who wait for the same service, came more than `max_wait` before *called*, and were passed by the call."""
    limit = timedelta(seconds=promises.max_wait)
    return [
        t for t in tickets if t.state is State.WAITING and t.service == called.service and called.t0 - t.t0 > limit and not t.missed
    ]
