"""Tickets as the figures see them: each one's whole way, who was passed, and how long counters served and were open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from broker.desk.tickets import NoSuchCounter, skills_of
from broker.domain.journeys import Journey, Passage, gave_up, holds, lasted, steps
from broker.domain.period import Span, common, joined
from broker.domain.spans import Span as TicketSpan
from broker.domain.spans import spans
from broker.domain.ticket import Move, State
from broker.shop import Shop
from broker.store import counters, journeys
from broker.store.counters import OPEN
from broker.store.journeys import OPEN_BEFORE, Taken

_MS: Final = timedelta(milliseconds=1)
_KINDS: Final = frozenset({"waiting", "serving", "held"})


@dataclass(frozen=True, slots=True)
class Ways:
    """The journeys of the tickets taken in a span, how often each was called, and how often past somebody without a reason."""

    journeys: tuple[Journey, ...]
    calls: Mapping[str, int]
    out_of_order: Mapping[str, int]
    serving: Mapping[str, Sequence[Span]]
    """By counter: when it served somebody within the span, in order."""


def ways(shop: Shop, begin: datetime, end: datetime) -> Ways:
    """Return the ways of the tickets with begin <= T0 < end, and who was served within that time."""
    taken = {one.id: one for one in journeys.taken(shop.db, begin, end)}
    histories: dict[str, list[Passage]] = {}
    order = list(journeys.passages(shop.db, begin, end))
    for each in order:
        histories.setdefault(each.ticket, []).append(each)
    called_until = max((each.at for each in order if each.move == Move.CALL and taken[each.ticket].t0 >= begin), default=end)
    if called_until > end:
        # Who came later and stood before them all the same was passed too.
        later = journeys.taken(shop.db, end, called_until)
        known = taken | {one.id: one for one in later if one.id not in taken}
        order = sorted({*order, *journeys.passages(shop.db, end, called_until)}, key=lambda each: each.number)
    else:
        known = taken
    briefed = max((one.briefed_at for one in taken.values() if one.t0 >= begin and one.briefed_at), default=begin)
    called = journeys.lead_calls(shop.db, begin, briefed)
    spans_of = {ticket: spans(steps(some)) for ticket, some in histories.items()}
    made = [
        _journey(one, histories[one.id], spans_of[one.id], called.get(one.id))
        for one in taken.values() if one.t0 >= begin and one.id in histories
    ]  # fmt: skip
    mine = {one.ticket for one in made}
    return Ways(tuple(made), _calls(order, mine), passed(shop, order, known, mine), _serving(spans_of, taken, (begin, end)))


def _journey(one: Taken, passages: Sequence[Passage], some: Sequence[TicketSpan], lead: datetime | None) -> Journey:
    left = gave_up(passages)
    trusted = {kind: all(span.trusted and span.ended for span in some if span.kind == kind) for kind in _KINDS}
    by_clock = one.untrusted or not all(span.trusted for span in some if span.kind in _KINDS)
    serving = [span for span in some if span.kind == "serving"]
    moves = {each.move for each in passages}
    asked = lead or one.briefed_at
    return Journey(
        ticket=one.id, t0=one.t0, service=one.issued_for, counter=(serving[-1].counter or "") if serving else "", state=one.state,
        outcome=one.outcome, wait=lasted(some, "waiting"), wait_trusted=trusted["waiting"],
        serving=lasted(some, "serving"), serving_trusted=trusted["serving"], served=bool(serving) and not left,
        held=lasted(some, "held"), holds=holds(passages), untrusted=by_clock,
        called=Move.CALL in moves, missed=Move.MISS in moves, transferred=Move.TRANSFER in moves, reopened=Move.REOPEN in moves,
        gave_up=left, walked_in=one.visit is not None, told_from=one.told_from, told_to=one.told_to, verdict=one.verdict,
        recap=one.recap, escalated=asked is not None,
        briefed=one.briefed_at is not None and (one.answered_at is None or one.briefed_at <= one.answered_at),
        answer=max(0, (one.answered_at - asked) // _MS) if asked and one.answered_at else None,
    )  # fmt: skip


def _calls(order: Iterable[Passage], mine: Collection[str]) -> Mapping[str, int]:
    return Counter(each.ticket for each in order if each.move == Move.CALL and each.ticket in mine)


def passed(shop: Shop, order: Iterable[Passage], known: Mapping[str, Taken], mine: Collection[str]) -> Mapping[str, int]:
    """Return how often each of *mine* was called, without a reason, while somebody the counter serves stood before them."""
    line: dict[str, tuple[tuple[str, datetime, int, str], str]] = {}
    skills: dict[str, Collection[str]] = {}
    found: Counter[str] = Counter()
    for each in order:
        before = line.pop(each.ticket, None)
        one = known.get(each.ticket)
        if each.became is State.WAITING and one is not None:
            line[each.ticket] = (each.place, one.t0, one.number, one.id), each.service
        if each.move == Move.CALL and before is not None and each.ticket in mine and not each.reason.strip():
            served = skills.setdefault(each.counter or "", _skills(shop, each.counter or ""))
            oldest = before[0][1] - OPEN_BEFORE
            found[each.ticket] += any(
                place < before[0] and service in served and place[1] >= oldest for place, service in line.values()
            )
    return found


def _skills(shop: Shop, counter: str) -> Collection[str]:
    try:
        return frozenset(skills_of(shop, counter))
    except NoSuchCounter:
        return ()


def _serving(some: Mapping[str, Sequence[TicketSpan]], taken: Mapping[str, Taken], span: Span) -> Mapping[str, Sequence[Span]]:
    found: dict[str, list[Span]] = {}
    for ticket, each in ((ticket, each) for ticket, every in some.items() for each in every):
        if each.kind == "serving" and each.counter:
            # Whoever is served for days was forgotten there; an hour looks no further back for its tickets either.
            until = min(span[1], taken[ticket].t0 + OPEN_BEFORE)
            begin, end = max(each.began, span[0]), min(each.ended or until, until)
            if begin < end:
                found.setdefault(each.counter, []).append((begin, end))
    return {counter: joined(times) for counter, times in found.items()}


def shifts(shop: Shop, span: Span) -> tuple[dict[str, list[Span]], dict[str, list[Span]]]:
    """Return (open, on a break): by counter, the spans of its shifts within *span*."""
    opened: dict[str, list[Span]] = {}
    resting: dict[str, list[Span]] = {}
    for shift in counters.between(shop.db, *span):
        kind = opened if shift.kind == OPEN else resting
        kind.setdefault(shift.counter, []).append((shift.began, shift.ended or span[1]))
    return tuple({name: common(joined(times), [span]) for name, times in kind.items()} for kind in (opened, resting))  # type: ignore[return-value]
