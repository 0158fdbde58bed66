"""A ticket's whole way through the shop, as the figures need it, and what it adds to the counts of an hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from broker.domain.cells import Cell
from broker.domain.queue_kpi import SHORT_SECONDS
from broker.domain.spans import Span, Step
from broker.domain.ticket import CLOCK, IN_LINE, OPEN, Move, Outcome, State
from broker.domain.times import MILLISECONDS, milliseconds

_MS: Final = timedelta(milliseconds=1)


class Passage(NamedTuple):
    """One row of a ticket's history. `move` is a Move, or "issue"; `until` is the time that was said for a hold.

    `number` rises in the order in which the rows were made; `place` orders the line, as the store's fixed-width text.
    """

    number: int
    ticket: str
    at: datetime
    by: str
    move: str
    was: str
    became: State
    service: str
    counter: str | None
    place: str
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The holds of one ticket: how many, how long together, the longest silence of each, and the times that were said."""

    holds: int = 0
    gaps: tuple[int, ...] = ()
    returns: int = 0
    returns_kept: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """One ticket as it stands. Times are whole milliseconds; `counter` served it last, "" if none did.

    `lead_called` and `lead_came` belong to an escalation; `briefed` says that the briefing was there when the lead was called.
    """

    ticket: str
    t0: datetime
    service: str
    counter: str
    state: State
    outcome: Outcome | None
    wait: int
    wait_trusted: bool
    serving: int
    serving_trusted: bool
    served: bool
    held: int
    holds: Held
    untrusted: bool
    called: bool
    missed: bool
    transferred: bool
    reopened: bool
    gave_up: bool
    walked_in: bool
    told_from: float | None = None
    told_to: float | None = None
    verdict: str = ""
    recap: str = ""
    """"": none written; "yes", "skipped", or "open" for one that nobody confirmed."""
    escalated: bool = False
    briefed: bool = False
    answer: int | None = None

    @property
    def waited(self) -> int | None:
        """The wait of somebody who was served, where it can be trusted."""
        return self.wait if self.served and self.wait_trusted else None

    @property
    def told_middle(self) -> int | None:
        """The middle of the wait that was told, in milliseconds."""
        if self.told_from is None or self.told_to is None:
            return None
        return milliseconds((self.told_from + self.told_to) / 2)


def lasted(some: Sequence[Span], kind: str) -> int:
    """Return how many milliseconds the spans of *kind* lasted together, those that are over."""
    return sum(max(0, (span.ended - span.began) // _MS) for span in some if span.kind == kind and span.ended)


def steps(passages: Sequence[Passage]) -> list[Step]:
    """Return the steps of a ticket's history, for `spans`."""
    return [Step(each.at, each.became, each.by, each.counter, each.service) for each in passages]


def gave_up(passages: Sequence[Passage]) -> bool:
    """Whether the ticket stands as cancelled while waiting, or expired."""
    last = passages[-1]
    return last.became is State.EXPIRED or (last.became is State.CANCELLED and last.was in IN_LINE)


def holds(passages: Sequence[Passage]) -> Held:
    """Return the holds in a ticket's history. What the clock ended, or what goes on, is no time that somebody kept or broke."""
    count, gaps, returns, kept = 0, list[int](), 0, 0
    told: datetime | None = None
    said: datetime | None = None
    longest = 0
    for each in passages:
        here = each.became is State.HELD
        if told is not None and each.by != CLOCK:
            longest = max(longest, (each.at - told) // _MS)
            if said is not None and (not here or each.move == Move.HOLD):
                returns, kept, said = returns + 1, kept + (each.at <= said), None
        if here:
            count += each.move == Move.HOLD and each.was != State.HELD
            said = each.until if each.move == Move.HOLD else said
            told = each.at
        elif told is not None:
            gaps.append(longest)
            told, said, longest = None, None, 0
    return Held(holds=count, gaps=tuple(gaps), returns=returns, returns_kept=kept)


def add(cell: Cell, one: Journey, *, baseline: int | None, out_of_order: int = 0, calls: int = 0) -> None:
    """Add *one* to the counts and times of *cell*.

    *baseline* is the median wait of this hour of the week in milliseconds, None where there was none; *calls* were made of
    this ticket, *out_of_order* of them past somebody without a reason.
    """
    counts = cell.counts
    counts["issued"] += 1
    for name, there in _flags(one):
        if there:
            counts[name] += 1
    counts["calls"] += calls
    counts["out_of_order"] += out_of_order
    _add_wait(cell, one)
    if one.served and one.serving_trusted:
        cell.times["service"].add(one.serving)
    _add_holds(cell, one)
    _add_told(cell, one, baseline)
    if one.answer is not None:
        cell.times["answer"].add(one.answer)


def _flags(one: Journey) -> tuple[tuple[str, bool], ...]:
    first_right = one.state is State.FINISHED and one.outcome is Outcome.SOLVED and not (one.transferred or one.reopened)
    return (
        ("open", one.state in OPEN), ("served", one.served), ("finished", one.state is State.FINISHED),
        ("first_right", first_right), ("called", one.called), ("missed", one.missed), ("recovered", one.missed and one.served),
        ("transferred", one.transferred and one.served), ("untrusted", one.untrusted), ("walk_ins", one.walked_in),
        ("escalated", one.escalated), ("briefed", one.briefed), ("recaps", bool(one.recap)), ("confirmed", one.recap == "yes"),
        ("skipped", one.recap == "skipped"), (one.verdict, bool(one.verdict)),
    )  # fmt: skip


def _add_wait(cell: Cell, one: Journey) -> None:
    counts = cell.counts
    if one.gave_up:
        if one.wait < SHORT_SECONDS * MILLISECONDS:
            counts["short"] += 1
        else:
            counts["abandoned"] += 1
            cell.times["gone"].add(one.wait)
    if one.waited is not None:
        cell.times["wait"].add(one.waited)
        counts["wait_ms"] += one.waited
    if (one.served or one.gave_up) and one.wait_trusted:
        counts["all_wait_ms"] += one.wait
        counts["waited"] += 1


def _add_holds(cell: Cell, one: Journey) -> None:
    counts, held = cell.counts, one.holds
    counts["holds"] += held.holds
    counts["held_ms"] += one.held
    counts["returns"] += held.returns
    counts["returns_kept"] += held.returns_kept
    for gap in held.gaps:
        cell.times["gap"].add(gap)


def _add_told(cell: Cell, one: Journey, baseline: int | None) -> None:
    """Judge what was told. Who left before the upper bound had passed proves nothing; who left after it waited too long."""
    middle = one.told_middle
    if middle is None or one.told_to is None or one.told_from is None:
        return
    counts, upper = cell.counts, milliseconds(one.told_to)
    if one.gave_up:
        counts["told"] += one.wait > upper
        return
    if one.waited is None:
        return
    counts["told"] += 1
    counts["kept"] += one.waited <= upper
    counts["covered"] += milliseconds(one.told_from) <= one.waited <= upper
    if baseline is not None:
        counts["judged"] += 1
        counts["miss_ms"] += abs(one.waited - middle)
        counts["base_ms"] += abs(one.waited - baseline)
