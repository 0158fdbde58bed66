"""One clock from the door to the goodbye: a ticket belongs to a visit, and what happens to it happens to the visit too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from broker.desk import visits as desk_visits
from broker.domain import visit as rules
from broker.domain.ticket import Move, Ticket
from broker.domain.visit import How, Source, State, Visit
from broker.domain.visit import Move as VisitMove
from broker.shop import Shop
from broker.store import visits


def link(shop: Shop, service: str, visit_id: str | None, now: datetime, by: str, *, greeted: bool, walks_in: bool) -> str | None:
    """Return the visit of a new ticket for *service*: the one that was named, now queued; without one, a new visit.

    None for somebody who takes it elsewhere (*walks_in* is False) or for a service that has no zone. *greeted* says that taking
    it was a greeting. Runs inside the transaction that gives the ticket. Raises NoSuchVisit.
    """
    zone = next((known.zone for known in shop.settings.services if known.id == service), None)
    if visit_id is not None:
        visit = visits.get(shop.db, visit_id)
    elif zone is not None and walks_in:
        id_ = desk_visits.new_id()
        visit = rules.opened(id=id_, zone=zone, t0=now, heard_at=now, standards=shop.standards, source=Source.KIOSK)
        desk_visits.open_(shop, visit, now, by=by)
    else:
        return None
    if visit.waiting and greeted:
        visit = desk_visits.make(shop, visit, VisitMove.ACKNOWLEDGE, now, by=by, detail=How.KIOSK)
    if visit.state is State.ACKNOWLEDGED:
        desk_visits.make(shop, visit, VisitMove.QUEUE, now, by=by)
    return visit.id


_FOLLOWS: Final[dict[Move, Callable[[Visit], VisitMove | None]]] = {
    Move.START: lambda v: VisitMove.ASSIST if v.state is State.QUEUED else VisitMove.ACKNOWLEDGE if v.waiting else None,
    Move.FINISH: lambda v: VisitMove.CLOSE if v.state in rules.MET else None,
}
"""Who is served has been met, and who is finished has left the queue."""


def follow(shop: Shop, ticket: Ticket, made: Move, at: datetime, by: str) -> None:
    """Move the visit of *ticket* along with it. Runs inside the transaction that moved the ticket."""
    wanted = _FOLLOWS.get(made)
    if wanted is None or not ticket.visit:
        return
    try:
        visit = visits.get(shop.db, ticket.visit)
    except visits.NoSuchVisit:
        return
    if (what := wanted(visit)) is not None:
        detail = How.TAP if what is VisitMove.ACKNOWLEDGE else ""
        desk_visits.make(shop, visit, what, max(at, visit.t0), by=by, detail=detail)
