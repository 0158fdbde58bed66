"""A ticket: one customer's place in the queue of a service, from the kiosk to the goodbye.

The rules stand in one table, MOVES. A customer, a counter or the clock makes a move; a pair that is not in the table is
an IllegalMove and changes nothing. T0 is the moment of issue: a hold, a transfer or a missed call never moves it.

Two destinations depend on more than the pair: BY_MISSES is WAITING after the first missed call and EXPIRED after the
next, and AS_BEFORE is the state that the move to be taken back began from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from operator import attrgetter
from typing import Any, Final, Literal

from broker.domain.moves import IllegalMove
from broker.domain.promises import Promises
from broker.domain.standards import after


class State(StrEnum):
    """How a ticket stands."""

    WAITING = "waiting"
    CALLED = "called"
    SERVING = "serving"
    HELD = "held"
    AWAY = "stepped_away"
    BOOKED = "callback_booked"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Move(StrEnum):
    """What can happen to a ticket."""

    CALL = "call"
    RECALL = "recall"
    START = "start"
    MISS = "miss"
    HOLD = "hold"
    UPDATE = "update"
    RESUME = "resume"
    RELEASE = "release"
    TRANSFER = "transfer"
    STEP_AWAY = "step_away"
    COME_BACK = "come_back"
    LET_PASS = "let_pass"  # noqa: S105 - the next one may pass.
    BOOK = "book"
    REORDER = "reorder"
    FINISH = "finish"
    CANCEL = "cancel"
    EXPIRE = "expire"
    REOPEN = "reopen"
    UNDO = "undo"


class Outcome(StrEnum):
    """How a service ended; it chooses the goodbye."""

    SOLVED = "solved"
    PARTLY = "partly"
    NOT_SOLVED = "not_solved"
    REFERRED = "referred"


class Channel(StrEnum):
    """Where a ticket was taken."""

    KIOSK = "kiosk"
    PHONE = "phone"
    STAFF = "staff"
    API = "api"


BY_MISSES: Final = "by misses"
AS_BEFORE: Final = "as before"
Destination = State | Literal["by misses", "as before"]

OPEN: Final = frozenset({State.WAITING, State.CALLED, State.SERVING, State.HELD, State.AWAY, State.BOOKED})
ENDED: Final = frozenset(State) - OPEN
AT_COUNTER: Final = frozenset({State.CALLED, State.SERVING})
"""A counter has at most one of these."""
IN_LINE: Final = frozenset({State.WAITING, State.AWAY, State.BOOKED})
"""They keep their place in the order; only WAITING is called by "call next"."""


def _each(states: Iterable[State], move: Move, to: Destination) -> dict[tuple[State, Move], Destination]:
    return {(state, move): to for state in states}


MOVES: Final[Mapping[tuple[State, Move], Destination]] = {
    (State.WAITING, Move.CALL): State.CALLED,
    (State.BOOKED, Move.CALL): State.CALLED,
    (State.CALLED, Move.RECALL): State.CALLED,
    (State.CALLED, Move.START): State.SERVING,
    (State.CALLED, Move.MISS): BY_MISSES,
    (State.SERVING, Move.HOLD): State.HELD,
    (State.HELD, Move.HOLD): State.HELD,
    (State.HELD, Move.UPDATE): State.HELD,
    (State.HELD, Move.RESUME): State.SERVING,
    (State.HELD, Move.RELEASE): State.WAITING,
    **_each((State.WAITING, State.CALLED, State.SERVING, State.HELD), Move.TRANSFER, State.WAITING),
    (State.WAITING, Move.STEP_AWAY): State.AWAY,
    **_each((State.AWAY, State.BOOKED, State.EXPIRED), Move.COME_BACK, State.WAITING),
    (State.WAITING, Move.LET_PASS): State.WAITING,
    (State.WAITING, Move.BOOK): State.BOOKED,
    (State.WAITING, Move.REORDER): State.WAITING,
    **_each((State.SERVING, State.HELD), Move.FINISH, State.FINISHED),
    **_each(OPEN - {State.SERVING}, Move.CANCEL, State.CANCELLED),
    **_each(OPEN, Move.EXPIRE, State.EXPIRED),
    **_each((State.FINISHED, State.EXPIRED), Move.REOPEN, State.WAITING),
    **_each((State.CALLED, State.SERVING, State.FINISHED, State.CANCELLED), Move.UNDO, AS_BEFORE),
}
"""The whole machine. docs/architecture.md draws it from here."""

UNDOABLE: Final = frozenset({Move.CALL, Move.START, Move.FINISH, Move.CANCEL})
"""What can be taken back, for a few seconds. A missed ticket is called again, a held one resumed, a sent one sent back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What goes with a move: each move needs its own part of it and passes over the rest."""

    by: str = ""
    counter: str = ""
    until: datetime | None = None
    reason: str = ""
    service: str = ""
    outcome: Outcome | None = None
    behind: datetime | None = None
    """The place of the one behind whom the ticket now stands."""
    ahead: datetime | None = None
    """The place just before the one whom a lead lets the ticket pass."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One place in one queue. Times are aware UTC; `due_at` is the moment of the next decision of the clock.

    `place` orders those who wait: T0 less the priority's credit. `told_from` and `told_to` are the seconds of wait that
    were told at the beginning; they are never edited.
    """

    id: str
    token: str
    """The unguessable part of the address of the customer's own page; it is in no message and on no other screen."""
    service: str
    """What they wait for now."""
    issued_for: str
    """What they took the number for; its letter stays on it through every transfer."""
    number: int
    day: date
    t0: datetime
    place: datetime
    language: str
    channel: Channel
    state: State = State.WAITING
    version: int = 1
    visit: str | None = None
    priority: int = 0
    counter: str | None = None
    staff: str | None = None
    called_at: datetime | None = None
    calls: int = 0
    started_at: datetime | None = None
    missed: int = 0
    away_used: bool = False
    until: datetime | None = None
    """Until when they are held, away, or will be called back at the latest."""
    reason: str = ""
    """Why they are held, where they were sent and with which note, or why they were finished."""
    updated_at: datetime | None = None
    """When somebody on hold was last told how it stands."""
    outcome: Outcome | None = None
    ended_at: datetime | None = None
    untrusted: bool = False
    told_from: float | None = None
    told_to: float | None = None
    undo_to: State | None = None
    decided_at: datetime | None = None
    due_at: datetime | None = None

    def after(self, move: Move, at: datetime, promises: Promises, said: Said | None = None) -> Ticket:
        """Return the ticket as it stands once *move* has happened.

        Raises IllegalMove for a pair that is not in MOVES, for a move that lacks what it needs (a hold without a time, a
        transfer without a note), and for a decision that is too old to take back.
        """
        said = said or Said()
        to = MOVES.get((self.state, move))
        if to is None:
            raise IllegalMove("ticket", self.state, move, self._why_not(move))
        self._check(move, at, promises, said)
        changed = self._changed(move, at, promises, said)
        state = self._destination(to, promises)
        undo_to = self.state if move in UNDOABLE else None
        moved = replace(changed, state=state, version=self.version + 1, undo_to=undo_to, decided_at=at)
        moved = moved._ended(at, said) if state in ENDED else replace(moved, ended_at=None)
        return moved._scheduled(promises)

    def _why_not(self, move: Move) -> str:
        if move is Move.CALL and self.state in AT_COUNTER:
            return f"{self.staff or 'a colleague'} has already called it to {self.counter}"
        if self.state in ENDED:
            return f"the ticket is {self.state}; open it again first"
        return ""

    def _check(self, move: Move, at: datetime, promises: Promises, said: Said) -> None:
        needs = _NEEDS.get(move)
        refused = needs(self, at, promises, said) if needs else ""
        if refused:
            raise IllegalMove("ticket", self.state, move, refused)

    def _destination(self, to: Destination, promises: Promises) -> State:
        if to == BY_MISSES:
            return State.WAITING if self.missed < promises.calls_missed else State.EXPIRED
        if to == AS_BEFORE:
            return self.undo_to or self.state
        return State(to)

    def _changed(self, move: Move, at: datetime, promises: Promises, said: Said) -> Ticket:
        """Return the ticket with the fields that *move* itself sets; state, end and deadline not yet."""
        match move:
            case Move.CALL:
                return replace(self, counter=said.counter, staff=said.by, called_at=at, calls=1)
            case Move.RECALL:
                return replace(self, calls=self.calls + 1)
            case Move.START | Move.RESUME:
                return replace(self, started_at=self.started_at or at, until=None, updated_at=None, staff=said.by or self.staff)
            case Move.HOLD | Move.UPDATE:
                return replace(self, until=said.until or self.until, reason=said.reason or self.reason, updated_at=at)
            case Move.FINISH:
                return replace(self, outcome=said.outcome, reason=said.reason, until=None)
            case Move.UNDO:
                return self._taken_back()
        return self._moved_in_line(move, said)

    def _moved_in_line(self, move: Move, said: Said) -> Ticket:
        """Return the ticket as *move* changes its place, or puts it back into the line."""
        free = replace(self, counter=None, staff=None, called_at=None, calls=0, started_at=None, until=None, updated_at=None)
        match move:
            case Move.MISS:
                return replace(free, missed=self.missed + 1, place=max(self.place, said.behind or self.place))
            case Move.LET_PASS:
                return replace(self, place=max(self.place, said.behind or self.place))
            case Move.REORDER:
                return replace(self, place=min(self.place, said.ahead or self.place))
            case Move.TRANSFER:
                return replace(free, service=said.service, reason=said.reason)
            case Move.STEP_AWAY:
                return replace(self, away_used=True, until=said.until)
            case Move.BOOK:
                return replace(self, until=said.until)
            case Move.COME_BACK | Move.RELEASE | Move.REOPEN:
                return replace(free, outcome=None, untrusted=False)
        return self

    def _taken_back(self) -> Ticket:
        """Return the ticket without what the move that is taken back had set."""
        if self.undo_to in (State.WAITING, State.BOOKED):
            return replace(self, counter=None, staff=None, called_at=None, calls=0, outcome=None)
        started = None if self.undo_to is State.CALLED else self.started_at
        return replace(self, started_at=started, outcome=None, untrusted=False)

    def _ended(self, at: datetime, said: Said) -> Ticket:
        # `until` stays: a cancelled hold that is taken back is held until then again.
        return replace(self, ended_at=at, untrusted=said.by == CLOCK)

    def _scheduled(self, promises: Promises) -> Ticket:
        coming = self.next_move(promises)
        return replace(self, due_at=coming[1] if coming else None)

    def next_move(self, promises: Promises) -> tuple[Move, datetime] | None:
        """Return what the clock will do next and when, or None when it has nothing to do with this ticket.

        The end of the business day and the alerts of a hold are the desk's: they need the shop's hours and its staff.
        """
        if self.state is State.CALLED and self.called_at:
            return Move.MISS, after(self.called_at, promises.answer_call)
        if self.state is State.AWAY and self.until:
            return Move.COME_BACK, self.until
        if self.state is State.BOOKED and self.until:
            return Move.EXPIRE, self.until
        return None


_FIELDS: Final = tuple(field.name for field in fields(Ticket))
_values: Final = attrgetter(*_FIELDS)


def replace(ticket: Ticket, **changes: Any) -> Ticket:
    """Return *ticket* with *changes*: what `dataclasses.replace` does, in half its time. Every move makes some copies."""
    return Ticket(**(dict(zip(_FIELDS, _values(ticket), strict=True)) | changes))


CLOCK: Final = "clock"
"""Who did what nobody did: such times are marked untrusted and kept out of averages."""


def _time_and_reason(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if said.until is None or said.until <= at:
        return "a hold needs a time by which somebody comes back to them"
    return "" if said.reason.strip() else "a hold needs a reason"


def _note_and_service(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if not said.service or said.service == ticket.service:
        return "a transfer goes to another service"
    return "" if said.reason.strip() else "a transfer needs a note for the next counter"


def _once_away(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if ticket.away_used:
        return "they have stepped away once already"
    longest = timedelta(seconds=promises.step_away)
    fits = said.until is not None and at < said.until <= at + longest
    return "" if fits else f"somebody can step away for at most {promises.step_away / 60:g} minutes"


def _window(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    return "" if said.until is not None and said.until > at else "a call-back needs a time by which it is made"


def _fair_and_said(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if not said.reason.strip():
        return "a change of the order needs a reason"
    if said.ahead is None or said.ahead >= ticket.place:
        return "they stand before them already"
    # Whoever came more than max_wait earlier has a place before this bound, and keeps it, however often the order is changed.
    if said.ahead < ticket.t0 - timedelta(seconds=promises.max_wait):
        return f"nobody is passed by somebody who came more than {promises.max_wait / 60:g} minutes later"
    return ""


def _counter(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    return "" if said.counter and said.by else "a call says to which counter and by whom"


def _few_recalls(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if ticket.calls > promises.recalls:
        return f"they were called again {promises.recalls} times already"
    return ""


def _outcome(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if said.outcome is None:
        return "a service ends with an outcome: solved, partly, not_solved or referred"
    if said.outcome is Outcome.REFERRED and not said.reason.strip():
        return "referred needs where to, and what was done already"
    return ""


def _not_too_late_to_return(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if ticket.state is not State.EXPIRED or ticket.ended_at is None:
        return ""
    late = at - ticket.ended_at > timedelta(seconds=promises.return_within)
    return f"the place was kept for {promises.return_within / 60:g} minutes" if late else ""


def _not_too_late_to_reopen(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    late = ticket.ended_at is None or at - ticket.ended_at > timedelta(seconds=promises.reopen)
    return f"it ended more than {promises.reopen / 60:g} minutes ago" if late else ""


def _can_be_taken_back(ticket: Ticket, at: datetime, promises: Promises, said: Said) -> str:
    if ticket.undo_to is None or ticket.decided_at is None:
        return "there is nothing to take back"
    late = at - ticket.decided_at > timedelta(seconds=promises.undo)
    return f"this was decided more than {promises.undo:g} s ago" if late else ""


_NEEDS: Final[dict[Move, Callable[[Ticket, datetime, Promises, Said], str]]] = {
    Move.HOLD: _time_and_reason,
    Move.TRANSFER: _note_and_service,
    Move.STEP_AWAY: _once_away,
    Move.BOOK: _window,
    Move.REORDER: _fair_and_said,
    Move.CALL: _counter,
    Move.RECALL: _few_recalls,
    Move.FINISH: _outcome,
    Move.COME_BACK: _not_too_late_to_return,
    Move.REOPEN: _not_too_late_to_reopen,
    Move.UNDO: _can_be_taken_back,
}
"""What each move needs besides its pair in the table: an empty answer, or a sentence that says what is missing."""
