"""What a person is told: raised, acknowledged, resolved; each level of the ladder once; a flood grouped.

The shape follows alarm management (ANSI/ISA-18.2): only what needs an action alarms, acknowledging is not resolving,
delays on both edges stop chatter, and a flood is told once a zone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum
from typing import Final

from broker.domain.moves import IllegalMove
from broker.domain.standards import after


class AlertKind(StrEnum):
    """The only five things that alarm."""

    WAITING = "waiting"
    QUEUE_OVER = "queue_over"
    HOLD_OVERDUE = "hold_overdue"
    HELP = "help"
    DEVICE = "device"


class AlertState(StrEnum):
    """How an alert stands. PENDING has not lasted long enough yet; CLEARING has not been gone long enough."""

    PENDING = "pending"
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARING = "clearing"
    RESOLVED = "resolved"


class AlertMove(StrEnum):
    """What can happen to an alert."""

    RAISE = "raise"
    ACKNOWLEDGE = "acknowledge"
    CLIMB = "climb"
    RAISE_AGAIN = "raise_again"
    CLEAR = "clear"
    RETURN = "return"
    RESOLVE = "resolve"


class Level(IntEnum):
    """Who is told: each level once, and nobody further once somebody has acknowledged."""

    ZONE = 0
    EVERYBODY = 1
    LEAD = 2


ALERT_MOVES: Final[dict[tuple[AlertState, AlertMove], AlertState]] = {
    (AlertState.PENDING, AlertMove.RAISE): AlertState.RAISED,
    (AlertState.PENDING, AlertMove.CLEAR): AlertState.RESOLVED,
    (AlertState.RAISED, AlertMove.CLIMB): AlertState.RAISED,
    (AlertState.RAISED, AlertMove.ACKNOWLEDGE): AlertState.ACKNOWLEDGED,
    (AlertState.ACKNOWLEDGED, AlertMove.RAISE_AGAIN): AlertState.RAISED,
    (AlertState.RAISED, AlertMove.CLEAR): AlertState.CLEARING,
    (AlertState.ACKNOWLEDGED, AlertMove.CLEAR): AlertState.CLEARING,
    (AlertState.CLEARING, AlertMove.RETURN): AlertState.RAISED,
    (AlertState.CLEARING, AlertMove.RESOLVE): AlertState.RESOLVED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The seconds of one kind of alert: delays on both edges and the steps up, counted from when it was raised."""

    on_delay: float = 0
    off_delay: float = 0
    everybody: float | None = None
    lead: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert. `subject` is what it is about, such as a visit's or a device's id; `since` when that began.

    Of a device `since` is when it became known that it does not watch: its last word may be older.
    """

    id: str
    kind: AlertKind
    subject: str
    zone: str
    since: datetime
    state: AlertState = AlertState.PENDING
    level: Level = Level.ZONE
    by: str = ""
    detail: str = ""
    raised_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    again: bool = False
    cleared_at: datetime | None = None
    resolved_at: datetime | None = None
    version: int = 1
    due_at: datetime | None = None

    def after(self, move: AlertMove, at: datetime, ladder: Ladder, *, by: str = "") -> Alert:
        """Return the alert as it stands once *move* has happened. Raises IllegalMove for a pair not in the table."""
        to = ALERT_MOVES.get((self.state, move))
        if to is None:
            raise IllegalMove("alert", self.state, move)
        changed = self._changed(move, at, by)
        changed = replace(changed, state=to, version=self.version + 1)
        coming = changed.next_move(ladder)
        return replace(changed, due_at=coming[1] if coming else None)

    def _changed(self, move: AlertMove, at: datetime, by: str) -> Alert:
        match move:
            case AlertMove.RAISE:
                return replace(self, raised_at=at)
            case AlertMove.ACKNOWLEDGE:
                return replace(self, acknowledged_at=at, acknowledged_by=by)
            case AlertMove.RAISE_AGAIN:
                return replace(self, again=True, acknowledged_at=None, acknowledged_by=None)
            case AlertMove.CLIMB:
                return replace(self, level=Level(self.level + 1))
            case AlertMove.CLEAR:
                # What ended it may be told late by a camera that was cut off; nothing is over before it was told.
                cleared = max(at, self.raised_at or at)
                return replace(self, cleared_at=cleared, resolved_at=cleared if self.state is AlertState.PENDING else None)
            case AlertMove.RETURN:
                return replace(self, cleared_at=None)
            case AlertMove.RESOLVE:
                return replace(self, resolved_at=max(at, self.cleared_at or at))

    def next_move(self, ladder: Ladder) -> tuple[AlertMove, datetime] | None:
        """Return what the clock will do next with this alert and when."""
        if self.state is AlertState.PENDING:
            return AlertMove.RAISE, after(self.since, ladder.on_delay)
        if self.state is AlertState.CLEARING and self.cleared_at:
            return AlertMove.RESOLVE, after(self.cleared_at, ladder.off_delay)
        if self.state is AlertState.RAISED and self.raised_at:
            step = {Level.ZONE: ladder.everybody, Level.EVERYBODY: ladder.lead}.get(self.level)
            return (AlertMove.CLIMB, after(self.raised_at, step)) if step is not None else None
        return None


def raised(
    *, id: str, kind: AlertKind, subject: str, zone: str, since: datetime, at: datetime, ladder: Ladder,
    by: str = "", detail: str = "",
) -> Alert:  # fmt: skip
    """Return a new alert about *subject*; without an on-delay it is raised at *at* at once."""
    alert = Alert(id=id, kind=kind, subject=subject, zone=zone, since=since, by=by, detail=detail)
    if ladder.on_delay <= 0:
        return replace(alert.after(AlertMove.RAISE, at, ladder), version=1)
    return replace(alert, due_at=after(since, ladder.on_delay))


def run_alert(alert: Alert, now: datetime, ladder: Ladder) -> list[tuple[Alert, AlertMove]]:
    """Return every move the clock owes *alert* until *now*, oldest first."""
    made: list[tuple[Alert, AlertMove]] = []
    while (coming := alert.next_move(ladder)) and coming[1] <= now:
        alert = alert.after(coming[0], coming[1], ladder)
        made.append((alert, coming[0]))
    return made


BANDS: Final = ((30, "flood"), (12, "heavy"), (6, "busy"))
"""Alerts per hour and person: up to 6 are fine, up to 12 can be managed, 30 are a flood (ANSI/ISA-18.2's rates for operators)."""


def load(per_hour: float) -> str:
    """Return how *per_hour* alerts for one person are: "fine", "busy", "heavy" or "flood"."""
    if per_hour >= BANDS[0][0]:
        return BANDS[0][1]
    return next((name for most, name in BANDS[1:] if per_hour > most), "fine")


def flooded(raised_at: Iterable[datetime], now: datetime, *, people: int, limit: int, window: timedelta) -> bool:
    """Return whether the alerts of the last *window* are at least *limit* for each of *people* on shift (at least one)."""
    recent = sum(1 for moment in raised_at if now - window < moment <= now)
    return recent >= limit * max(1, people)
