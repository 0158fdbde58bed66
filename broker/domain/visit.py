"""A visit: one party in the shop, from the door to the goodbye, and whether anybody greeted it.

The rules stand in one table, MOVES. A camera, a person or the clock makes a move; a pair that is not in the table is
an IllegalMove and changes nothing. Ages count from T0, the camera's time of coming in.

Two destinations depend on more than the pair: BY_AGE is the waiting state that the age of the visit implies, and
AS_BEFORE is ACKNOWLEDGED for a visit that had been greeted and BY_AGE for one that had not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, Literal

from broker.domain.moves import IllegalMove
from broker.domain.standards import Standards, after, age


class State(StrEnum):
    """How a visit stands."""

    ENTERED = "entered"
    DUE = "due"
    OVERDUE = "overdue"
    ESCALATED = "escalated"
    CLAIMED = "claimed"
    ACKNOWLEDGED = "acknowledged"
    QUEUED = "queued"
    ASSISTED = "assisted"
    CLOSED = "closed"
    LEFT = "left_unacknowledged"
    DISMISSED = "dismissed"
    MERGED = "merged"


class Move(StrEnum):
    """What can happen to a visit."""

    WARN = "warn"
    RUN_LATE = "run_late"
    ESCALATE = "escalate"
    CLAIM = "claim"
    RELEASE = "release"
    EXPIRE = "expire"
    ACKNOWLEDGE = "acknowledge"
    QUEUE = "queue"
    ASSIST = "assist"
    CLOSE = "close"
    LEAVE = "leave"
    ABANDON = "abandon"
    DISMISS = "dismiss"
    MERGE = "merge"
    UNDO = "undo"
    REOPEN = "reopen"


class How(StrEnum):
    """The way a visit was greeted."""

    TAP = "tap"
    BUTTON = "button"
    SEEN = "seen"
    KIOSK = "kiosk"


class Source(StrEnum):
    """Who opened a visit."""

    CAMERA = "camera"
    STAFF = "staff"
    KIOSK = "kiosk"


CLOCK_AHEAD: Final = timedelta(seconds=10)
"""A camera whose clock is further ahead is not believed: it would put off the promise."""

BY_AGE: Final = "by age"
AS_BEFORE: Final = "as before"
Destination = State | Literal["by age", "as before"]

UNCLAIMED: Final = frozenset({State.ENTERED, State.DUE, State.OVERDUE, State.ESCALATED})
WAITING: Final = UNCLAIMED | {State.CLAIMED}
"""Nobody has greeted them yet: these visits are on a lit tablet."""
MET: Final = frozenset({State.ACKNOWLEDGED, State.QUEUED, State.ASSISTED})
OPEN: Final = WAITING | MET
ENDED: Final = frozenset(State) - OPEN


def _each(states: Iterable[State], move: Move, to: Destination) -> dict[tuple[State, Move], Destination]:
    return {(state, move): to for state in states}


MOVES: Final[dict[tuple[State, Move], Destination]] = {
    (State.ENTERED, Move.WARN): State.DUE,
    (State.DUE, Move.RUN_LATE): State.OVERDUE,
    (State.OVERDUE, Move.ESCALATE): State.ESCALATED,
    **_each(UNCLAIMED, Move.CLAIM, State.CLAIMED),
    (State.CLAIMED, Move.RELEASE): BY_AGE,
    (State.CLAIMED, Move.EXPIRE): BY_AGE,
    **_each(WAITING, Move.ACKNOWLEDGE, State.ACKNOWLEDGED),
    (State.ACKNOWLEDGED, Move.QUEUE): State.QUEUED,
    (State.ACKNOWLEDGED, Move.ASSIST): State.ASSISTED,
    (State.QUEUED, Move.ASSIST): State.ASSISTED,
    **_each(MET, Move.CLOSE, State.CLOSED),
    **_each(MET, Move.LEAVE, State.CLOSED),
    **_each(WAITING, Move.LEAVE, State.LEFT),
    **_each(WAITING, Move.ABANDON, State.LEFT),
    **_each(OPEN, Move.DISMISS, State.DISMISSED),
    **_each(OPEN, Move.MERGE, State.MERGED),
    (State.ACKNOWLEDGED, Move.UNDO): BY_AGE,
    (State.DISMISSED, Move.UNDO): AS_BEFORE,
    (State.MERGED, Move.UNDO): AS_BEFORE,
    (State.CLOSED, Move.REOPEN): AS_BEFORE,
    (State.LEFT, Move.REOPEN): BY_AGE,
}
"""The whole machine. docs/architecture.md draws it from here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One party in the shop. Times are aware UTC; `size` is people; `due_at` is the moment of the next decision."""

    id: str
    zone: str
    t0: datetime
    own_t0: datetime
    size: int = 1
    own_size: int = 1
    state: State = State.ENTERED
    version: int = 1
    source: Source = Source.CAMERA
    device: str = ""
    party: str = ""
    late: bool = False
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    overdue_at: datetime | None = None
    escalated_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    how: How | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    dismissed_as: str | None = None
    merged_into: str | None = None
    untrusted: bool = False
    exits: int = 0
    resumed_at: datetime | None = None
    upset_at: datetime | None = None
    briefing: str | None = None
    taken_over_by: str | None = None
    due_at: datetime | None = None

    @property
    def waiting(self) -> bool:
        """Nobody has greeted this party yet."""
        return self.state in WAITING

    @property
    def greet_seconds(self) -> float | None:
        """Greet time g = acknowledged - T0 in seconds, None while nobody has."""
        return None if self.acknowledged_at is None else age(self.t0, self.acknowledged_at)

    def after(self, move: Move, at: datetime, standards: Standards, *, by: str = "", detail: str = "") -> Visit:
        """Return the visit as it stands once *move* has happened.

        *by* is who did it; *detail* is the way of greeting, the reason of a dismissal or the visit merged into.
        Raises IllegalMove for a pair that is not in MOVES and for a decision that is too old to take back.
        """
        to = MOVES.get((self.state, move))
        if to is None:
            raise IllegalMove("visit", self.state, move, self._why_not(move))
        self._check_time(move, at, standards)
        changed = self._changed(move, at, standards, by, detail)
        state = changed._destination(to, at, standards)
        return replace(changed, state=state, version=self.version + 1)._aged(at, standards)._scheduled(standards)

    def _why_not(self, move: Move) -> str:
        if self.state is State.CLAIMED and move is Move.CLAIM:
            return f"{self.claimed_by} is already on the way"
        if self.state in MET and move in (Move.CLAIM, Move.ACKNOWLEDGE):
            return f"{self.acknowledged_by or 'Somebody'} has already greeted them"
        return ""

    def _check_time(self, move: Move, at: datetime, standards: Standards) -> None:
        since, limit = self.decided_at, standards.undo
        if move is Move.REOPEN:
            since, limit = self.ended_at, standards.reopen
        elif move is not Move.UNDO:
            return
        if since is None or (at - since).total_seconds() > limit:
            raise IllegalMove("visit", self.state, move, f"this was decided more than {limit:g} s ago")

    def _changed(self, move: Move, at: datetime, standards: Standards, by: str, detail: str) -> Visit:
        """Return the visit with the fields that *move* itself sets, state and deadline not yet."""
        unclaimed = replace(self, claimed_by=None, claimed_until=None)
        match move:
            case Move.CLAIM:
                return replace(self, claimed_by=by, claimed_until=after(at, standards.claim))
            case Move.ACKNOWLEDGE:
                met = max(at, self.t0)
                return replace(unclaimed, acknowledged_at=met, acknowledged_by=by, how=How(detail or How.TAP), decided_at=at)
            case Move.DISMISS:
                return replace(unclaimed, dismissed_as=detail or "false", decided_at=at, ended_at=at)
            case Move.MERGE:
                return replace(unclaimed, merged_into=detail, decided_at=at, ended_at=at)
            case Move.LEAVE | Move.CLOSE | Move.ABANDON:
                # A camera that was cut off tells late of an exit: whoever was greeted meanwhile had not ended before.
                ended = max(at, self.acknowledged_at or self.t0)
                return replace(unclaimed, ended_at=ended, untrusted=move is Move.ABANDON or by == "clock")
            case Move.UNDO if self.state is State.ACKNOWLEDGED:
                return replace(self, acknowledged_at=None, acknowledged_by=None, how=None, decided_at=None)
            case Move.UNDO | Move.REOPEN:
                return replace(
                    self,
                    dismissed_as=None,
                    merged_into=None,
                    decided_at=None,
                    ended_at=None,
                    untrusted=False,
                    exits=0,
                    resumed_at=at,
                )
            case Move.RELEASE | Move.EXPIRE:
                return unclaimed
        return self

    def _destination(self, to: Destination, at: datetime, standards: Standards) -> State:
        if to == AS_BEFORE:
            return State.ACKNOWLEDGED if self.acknowledged_at else state_by_age(self.t0, at, standards)
        if to == BY_AGE:
            return state_by_age(self.t0, at, standards)
        return State(to)

    def _aged(self, at: datetime, standards: Standards) -> Visit:
        """Keep the moments at which the promise was broken; they are facts even if somebody comes a second later."""
        if self.state not in WAITING:
            return self
        old = age(self.t0, at)
        overdue = self.overdue_at or (after(self.t0, standards.greet_within) if old >= standards.greet_within else None)
        called = self.state is State.ESCALATED and self.escalated_at is None
        return replace(self, overdue_at=overdue, escalated_at=at if called else self.escalated_at)

    def _scheduled(self, standards: Standards) -> Visit:
        coming = self.next_move(standards)
        return replace(self, due_at=coming[1] if coming else None)

    def next_move(self, standards: Standards) -> tuple[Move, datetime] | None:
        """Return what the clock will do next and when, or None when it has nothing to do with this visit."""
        # A visit that was taken up again gets the whole time anew, or the clock would end it in the same breath.
        abandon = (Move.ABANDON, after(max(self.t0, self.resumed_at or self.t0), standards.abandon))
        if self.state in MET:
            met = self.acknowledged_at or self.t0
            return Move.CLOSE, after(max(met, self.resumed_at or met), standards.browse)
        if self.state is State.CLAIMED:
            return Move.EXPIRE, self.claimed_until or self.t0
        if self.state in ENDED:
            return None
        if self.late:
            return abandon
        step = {
            State.ENTERED: (Move.WARN, standards.warn),
            State.DUE: (Move.RUN_LATE, standards.greet_within),
            State.OVERDUE: (Move.ESCALATE, standards.escalate),
        }.get(self.state)
        return (step[0], after(self.t0, step[1])) if step else abandon

    def joined_by(self, t0: datetime, standards: Standards) -> Visit:
        """Return the visit with one more person of the same party, who came in at *t0*. News may arrive in any order."""
        own = min(self.own_t0, t0)
        joined = replace(self, own_t0=own, t0=min(self.t0, own), own_size=self.own_size + 1, size=self.size + 1)
        return replace(joined, version=self.version + 1)._scheduled(standards)

    def absorbing(self, merged: Iterable[Visit], standards: Standards) -> Visit:
        """Return the visit with the parties that are merged into it now: earliest T0, all the people."""
        parts = list(merged)
        t0 = min([self.own_t0, *(part.own_t0 for part in parts)])
        size = self.own_size + sum(part.own_size for part in parts)
        return replace(self, t0=t0, size=size, version=self.version + 1)._scheduled(standards)


_FIELDS: Final = tuple(field.name for field in fields(Visit))
_values: Final = attrgetter(*_FIELDS)


def replace(visit: Visit, **changes: Any) -> Visit:
    """Return *visit* with *changes*: what `dataclasses.replace` does, in half its time. Every move makes some copies."""
    return Visit(**(dict(zip(_FIELDS, _values(visit), strict=True)) | changes))


def state_by_age(t0: datetime, at: datetime, standards: Standards) -> State:
    """Return the waiting state that an age implies."""
    old = age(t0, at)
    if old >= standards.escalate:
        return State.ESCALATED
    if old >= standards.greet_within:
        return State.OVERDUE
    return State.DUE if old >= standards.warn else State.ENTERED


def opened(
    *, id: str, zone: str, t0: datetime, heard_at: datetime, standards: Standards, source: Source = Source.CAMERA,
    device: str = "", party: str = "", size: int = 1,
) -> Visit:  # fmt: skip
    """Return a new visit of a party that came in at *t0* and was heard of at *heard_at*.

    News older than the standard's `late_news` opens a visit marked late: it becomes history and never sounds.
    """
    if t0 - heard_at > CLOCK_AHEAD:
        t0 = heard_at
    late = heard_at - t0 > timedelta(seconds=standards.late_news)
    # The deadline is reckoned here and not by `_scheduled`: a copy would double what the busiest path costs.
    return Visit(
        id=id, zone=zone, t0=t0, own_t0=t0, size=size, own_size=size, source=source, device=device, party=party, late=late,
        state=state_by_age(t0, heard_at, standards) if late else State.ENTERED,
        due_at=after(t0, standards.abandon if late else standards.warn),
    )  # fmt: skip


def run(visit: Visit, now: datetime, standards: Standards) -> list[tuple[Visit, Move]]:
    """Return every move the clock owes *visit* until *now*, each made at its own moment, oldest first.

    A service that was down for a minute makes the moves it slept through, so nothing depends on when it woke.
    """
    made: list[tuple[Visit, Move]] = []
    last = visit.t0
    while (coming := visit.next_move(standards)) and coming[1] <= now:
        last = max(last, coming[1])
        visit = visit.after(coming[0], last, standards, by="clock")
        made.append((visit, coming[0]))
    return made
