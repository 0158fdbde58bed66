"""A number on paper: what becomes of the wish to print it, and what may be wrong with the printer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from broker.domain.moves import IllegalMove


class Trouble(StrEnum):
    """What is wrong with a printer. Each has its remedy, in the words of whoever reads it."""

    UNREACHABLE = "unreachable"
    NO_PAPER = "no_paper"
    PAPER_LOW = "paper_low"
    COVER_OPEN = "cover_open"
    FAULT = "fault"
    STALLED = "stalled"
    SET_UP = "set_up"
    NOT_THERE = "not_there"


PRINTS_STILL: Final = frozenset({Trouble.PAPER_LOW})
SURE: Final = frozenset(
    {Trouble.UNREACHABLE, Trouble.NO_PAPER, Trouble.COVER_OPEN, Trouble.FAULT, Trouble.SET_UP, Trouble.NOT_THERE}
)
"""Troubles that a look at the printer finds and sees go away: until then no paper is offered. A printer that stopped in the
middle of a ticket may only have been slow, so the next customer may try."""

SEEN_BY_CONNECTING: Final = frozenset({Trouble.UNREACHABLE, Trouble.NOT_THERE, Trouble.SET_UP})
"""Troubles that are over as soon as the printer can be reached, also one that says nothing of itself."""


class State(StrEnum):
    """How a job stands."""

    QUEUED = "queued"
    PRINTING = "printing"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


ENDED: Final = frozenset({State.DONE, State.FAILED, State.DROPPED})


class Move(StrEnum):
    """What can happen to a job. LOSE: whoever printed it was never heard of again."""

    CLAIM = "claim"
    FINISH = "finish"
    FAIL = "fail"
    LOSE = "lose"
    DROP = "drop"


MOVES: Final[dict[tuple[State, Move], State]] = {
    (State.QUEUED, Move.CLAIM): State.PRINTING,
    (State.QUEUED, Move.DROP): State.DROPPED,
    (State.PRINTING, Move.FINISH): State.DONE,
    (State.PRINTING, Move.FAIL): State.QUEUED,
    (State.PRINTING, Move.LOSE): State.QUEUED,
}
"""A failed or lost try leads back into the queue while there are tries left, else to FAILED."""

MOST_TRIES: Final = 3
MOST_LOST: Final = 1
"""A job whose printing was cut off may be on paper already: it is tried once more, not for ever."""
BACK_OFF_SECONDS: Final = (2.0, 5.0)
"""Between the first and the second try, and the second and the third."""
LEASE: Final = timedelta(seconds=20)
"""How long somebody may have the printer without a word. Longer than the longest try; a program that was killed is out by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """The wish to have one ticket on paper. `ahead` is the people ahead when it was asked for; `due_at` the next try."""

    id: str
    ticket: str
    language: str
    ahead: int
    queued_at: datetime
    state: State = State.QUEUED
    tries: int = 0
    lost: int = 0
    error: str = ""
    due_at: datetime | None = None
    claimed_by: str = ""
    ended_at: datetime | None = None

    def after(self, move: Move, at: datetime, *, by: str = "", error: str = "") -> Job:
        """Return the job as it stands once *move* has happened. Raises IllegalMove for a pair not in the table."""
        to = MOVES.get((self.state, move))
        if to is None:
            raise IllegalMove("print job", self.state, move)
        tries, lost = self.tries + (move is Move.CLAIM), self.lost + (move is Move.LOSE)
        job = replace(self, error=error or self.error, tries=tries, lost=lost)
        if to is State.QUEUED and (job.tries >= MOST_TRIES or job.lost > MOST_LOST):
            to = State.FAILED
        wait = BACK_OFF_SECONDS[min(job.tries, len(BACK_OFF_SECONDS)) - 1] if move is Move.FAIL else 0
        return replace(
            job, state=to, claimed_by=by if to is State.PRINTING else "", ended_at=at if to in ENDED else None,
            due_at=at + timedelta(seconds=wait) if to is State.QUEUED else None,
        )  # fmt: skip
