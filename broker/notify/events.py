"""From a fact of the journal to what the outside is told of it: never who, no address of a customer's page, no free words."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from broker.desk.webhooks import TEST as TEST
from broker.domain.alerts import AlertMove, AlertState
from broker.domain.facts import Fact, FactKind
from broker.domain.ticket import Move as TicketMove
from broker.domain.ticket import State as TicketState
from broker.domain.visit import Move as VisitMove
from broker.domain.visit import State as VisitState
from broker.store.database import text


@dataclass(frozen=True, slots=True)
class Event:
    """What the outside is told: the event's name and its plain values."""

    name: str
    values: Mapping[str, Any]


def event_of(fact: Fact) -> Event | None:
    """Return what the outside is told of *fact*, or None when it is nobody's business out there."""
    read = _READERS.get(fact.kind)
    return read(fact) if read else None


def body_of(event: Event, *, store: str, at: datetime) -> str:
    """Return the body of a webhook: JSON with type, timestamp and data, as Standard Webhooks has it."""
    said = {"type": event.name, "timestamp": text(at), "data": {"store": store, **event.values}}
    return json.dumps(said, separators=(",", ":"), ensure_ascii=False)


def _opened(fact: Fact) -> Event:
    said = fact.body
    return Event(
        "visit.started",
        {"visit": fact.subject, "zone": fact.zone, "size": said.get("size"), "came_in": said.get("t0"), "late": said.get("late")},
    )


def _moved(fact: Fact) -> Event | None:
    about = {"visit": fact.subject, "zone": fact.zone}
    if fact.body.get("move") == VisitMove.ACKNOWLEDGE:
        return Event("visit.greeted", about)
    if fact.body.get("to") == VisitState.LEFT:
        return Event("visit.left_ungreeted", about)
    return None


def _alert(fact: Fact) -> Event | None:
    move, said = fact.body.get("move"), fact.body
    about = {
        "alert": fact.subject, "kind": said.get("kind"), "about": said.get("about"), "zone": fact.zone, "level": said.get("level"),
    }  # fmt: skip
    # Raised is said when people are told: not while a fault has yet to last, and again when nobody took care after all.
    if move in _TELLS and said.get("state") == AlertState.RAISED:
        return Event("alert.raised", about | {"again": move != AlertMove.RAISE})
    name = _ALERTS.get(str(move))
    return Event(name, about) if name else None


_TELLS: Final = frozenset({AlertMove.RAISE, AlertMove.RAISE_AGAIN, AlertMove.RETURN})
_ALERTS: Final[dict[str, str]] = {
    AlertMove.ACKNOWLEDGE: "alert.acknowledged",
    AlertMove.CLIMB: "alert.escalated",
    AlertMove.RESOLVE: "alert.cleared",
}


def _issued(fact: Fact) -> Event:
    return Event("ticket.issued", _ticket(fact))


def _ticket_moved(fact: Fact) -> Event | None:
    move, was = fact.body.get("move"), fact.body.get("from")
    if move in (TicketMove.CALL, TicketMove.RECALL):
        return Event("ticket.called", _ticket(fact) | {"again": move == TicketMove.RECALL})
    if move == TicketMove.FINISH:
        return Event("ticket.served", _ticket(fact))
    if move == TicketMove.MISS or (move == TicketMove.EXPIRE and was == TicketState.AWAY):
        return Event("ticket.no_show", _ticket(fact) | {"final": fact.body.get("to") == TicketState.EXPIRED})
    return None


def _ticket(fact: Fact) -> dict[str, Any]:
    said = fact.body
    return {"ticket": fact.subject, **{name: said.get(name) for name in ("service", "number", "counter")}}


_READERS: Final[dict[FactKind, Callable[[Fact], Event | None]]] = {
    FactKind.VISIT_OPENED: _opened,
    FactKind.VISIT_MOVED: _moved,
    FactKind.ALERT: _alert,
    FactKind.TICKET_ISSUED: _issued,
    FactKind.TICKET_MOVED: _ticket_moved,
}
