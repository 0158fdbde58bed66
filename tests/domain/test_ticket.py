"""The ticket machine: every pair in the table, every pair that is not, and what no order of moves may break."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain import numbering, order
from broker.domain.moves import IllegalMove
from broker.domain.promises import Promises
from broker.domain.ticket import AT_COUNTER, CLOCK, ENDED, MOVES, OPEN, Channel, Move, Outcome, Said, State, Ticket
from tests.builders import NOON, later

PROMISES = Promises()
WHOLE = Said(
    by="kari", counter="3", until=later(400), reason="a spare part is looked for", service="collect", outcome=Outcome.SOLVED,
    ahead=later(-1),
)  # fmt: skip
PAIRS = [(state, move) for state in State for move in Move]


def a_ticket(number: int = 47, *, seconds: float = 0, service: str = "returns", **changes: object) -> Ticket:
    t0 = later(seconds)
    ticket = Ticket(
        id=f"t{number}",
        token=f"k{number}",
        service=service,
        issued_for=service,
        number=number,
        day=date(2026, 11, 21),
        t0=t0,
        place=t0,
        language="nb",
        channel=Channel.KIOSK,
    )
    return replace(ticket, **changes)  # type: ignore[arg-type]


def standing(state: State) -> Ticket:
    """A ticket that stands in *state*, with what that state needs, decided a second ago."""
    there = replace(a_ticket(), state=state, decided_at=later(299), undo_to=State.WAITING)
    if state in AT_COUNTER:
        there = replace(there, counter="3", staff="kari", called_at=later(290), calls=1)
    if state in ENDED:
        there = replace(there, ended_at=later(299))
    return replace(there, until=later(500)) if state in (State.HELD, State.AWAY, State.BOOKED) else there


@pytest.mark.parametrize(("state", "move"), [pair for pair in PAIRS if pair in MOVES])
def test_every_pair_in_the_table_moves_and_counts_a_version(state: State, move: Move) -> None:
    ticket = standing(state)
    moved = ticket.after(move, later(300), PROMISES, WHOLE)
    if MOVES[state, move] in set(State):
        assert moved.state == MOVES[state, move]
    assert moved.version == ticket.version + 1
    assert (moved.t0, moved.number, moved.told_from, moved.told_to) == (ticket.t0, ticket.number, None, None)
    assert (moved.ended_at is not None) == (moved.state in ENDED)


@pytest.mark.parametrize(("state", "move"), [pair for pair in PAIRS if pair not in MOVES])
def test_every_pair_that_is_not_in_the_table_is_refused_by_name(state: State, move: Move) -> None:
    with pytest.raises(IllegalMove) as refused:
        standing(state).after(move, later(300), PROMISES, WHOLE)
    assert (refused.value.what, refused.value.state, refused.value.move) == ("ticket", state, move)


def test_a_colleague_who_calls_the_same_ticket_reads_who_has_it() -> None:
    called = a_ticket().after(Move.CALL, later(10), PROMISES, WHOLE)
    with pytest.raises(IllegalMove, match="kari has already called it to 3"):
        called.after(Move.CALL, later(11), PROMISES, Said(by="jonas", counter="4"))


@pytest.mark.parametrize(
    ("state", "move", "said", "why"),
    [
        pytest.param(State.SERVING, Move.HOLD, replace(WHOLE, until=None), "needs a time", id="hold without a time"),
        pytest.param(State.SERVING, Move.HOLD, replace(WHOLE, until=later(299)), "needs a time", id="hold until the past"),
        pytest.param(State.SERVING, Move.HOLD, replace(WHOLE, reason=" "), "needs a reason", id="hold without a reason"),
        pytest.param(State.SERVING, Move.TRANSFER, replace(WHOLE, reason=""), "needs a note", id="transfer without a note"),
        pytest.param(
            State.SERVING, Move.TRANSFER, replace(WHOLE, service="returns"), "another service", id="transfer to where it is"
        ),
        pytest.param(State.SERVING, Move.FINISH, replace(WHOLE, outcome=None), "an outcome", id="finish without an outcome"),
        pytest.param(State.WAITING, Move.STEP_AWAY, replace(WHOLE, until=later(300 + 901)), "15 minutes", id="away for too long"),
        pytest.param(State.WAITING, Move.BOOK, replace(WHOLE, until=None), "needs a time", id="a call-back at no time"),
        pytest.param(State.WAITING, Move.CALL, Said(by="kari"), "to which counter", id="a call to no counter"),
        pytest.param(
            State.SERVING, Move.FINISH, replace(WHOLE, outcome=Outcome.REFERRED, reason=""), "where to", id="referred to nowhere"
        ),
    ],
)
def test_a_move_that_lacks_what_it_needs_is_refused_in_words(state: State, move: Move, said: Said, why: str) -> None:
    with pytest.raises(IllegalMove, match=why):
        standing(state).after(move, later(300), PROMISES, said)


def test_the_first_missed_call_keeps_the_place_behind_the_next_two_and_the_second_ends_it() -> None:
    line = [a_ticket(n, seconds=n) for n in (1, 2, 3, 4)]
    called = line[0].after(Move.CALL, later(60), PROMISES, WHOLE)
    move, at = called.next_move(PROMISES) or (None, None)
    assert (move, at) == (Move.MISS, later(150))
    back = called.after(Move.MISS, later(150), PROMISES, Said(by=CLOCK, behind=order.behind(called, line, 2)))
    assert (back.state, back.missed, back.counter) == (State.WAITING, 1, None)
    assert [t.number for t in order.ordered([back, *line[1:]])] == [2, 3, 1, 4]
    again = back.after(Move.CALL, later(200), PROMISES, WHOLE).after(Move.MISS, later(290), PROMISES, Said(by=CLOCK))
    assert (again.state, again.untrusted) == (State.EXPIRED, True)


def test_who_lost_their_place_may_say_that_they_are_back_for_half_an_hour() -> None:
    gone = replace(standing(State.EXPIRED), missed=2, ended_at=later(0))
    assert gone.after(Move.COME_BACK, later(1800), PROMISES).state is State.WAITING
    with pytest.raises(IllegalMove, match="30 minutes"):
        gone.after(Move.COME_BACK, later(1801), PROMISES)


def test_somebody_steps_away_once_and_keeps_the_place() -> None:
    away = a_ticket().after(Move.STEP_AWAY, later(5), PROMISES, Said(until=later(605)))
    assert away.next_move(PROMISES) == (Move.COME_BACK, later(605))
    back = away.after(Move.COME_BACK, later(605), PROMISES, Said(by=CLOCK))
    assert (back.state, back.place) == (State.WAITING, NOON)
    with pytest.raises(IllegalMove, match="once already"):
        back.after(Move.STEP_AWAY, later(700), PROMISES, Said(until=later(705)))


def test_a_call_is_repeated_three_times_and_the_clock_of_the_answer_runs_from_the_first() -> None:
    called = a_ticket().after(Move.CALL, later(0), PROMISES, WHOLE)
    for second in (20, 40, 60):
        called = called.after(Move.RECALL, later(second), PROMISES)
    assert called.called_at == later(0)
    with pytest.raises(IllegalMove, match="3 times"):
        called.after(Move.RECALL, later(80), PROMISES)


def test_a_transfer_keeps_number_and_t0_and_leaves_the_counter() -> None:
    sent = standing(State.SERVING).after(Move.TRANSFER, later(300), PROMISES, WHOLE)
    assert (sent.state, sent.service, sent.number, sent.t0, sent.counter) == (State.WAITING, "collect", 47, NOON, None)
    assert sent.reason == "a spare part is looked for"


@pytest.mark.parametrize(
    ("state", "move", "before"),
    [(State.WAITING, Move.CALL, State.WAITING), (State.BOOKED, Move.CALL, State.BOOKED), (State.CALLED, Move.START, State.CALLED),
     (State.SERVING, Move.FINISH, State.SERVING), (State.WAITING, Move.CANCEL, State.WAITING),
     (State.HELD, Move.CANCEL, State.HELD)],
)  # fmt: skip
def test_what_was_done_by_a_slip_is_taken_back_for_ten_seconds(state: State, move: Move, before: State) -> None:
    was = standing(state)
    done = was.after(move, later(300), PROMISES, WHOLE)
    undone = done.after(Move.UNDO, later(310), PROMISES)
    assert (undone.state, undone.ended_at, undone.outcome) == (before, None, None)
    assert (undone.counter, undone.until, undone.place) == (was.counter, was.until, was.place)
    with pytest.raises(IllegalMove, match="more than 10 s ago"):
        done.after(Move.UNDO, later(310.1), PROMISES)
    with pytest.raises(IllegalMove):
        undone.after(Move.UNDO, later(311), PROMISES)


def test_an_ended_ticket_opens_again_for_ten_minutes() -> None:
    done = replace(standing(State.FINISHED), ended_at=later(0))
    assert done.after(Move.REOPEN, later(600), PROMISES).state is State.WAITING
    with pytest.raises(IllegalMove, match="10 minutes"):
        done.after(Move.REOPEN, later(601), PROMISES)


def test_priority_goes_before_those_who_came_a_little_earlier_and_never_before_those_who_came_long_ago() -> None:
    early, late = a_ticket(1, seconds=0), a_ticket(2, seconds=650)
    wheelchair = replace(a_ticket(3, seconds=660), priority=1, place=order.place(later(660), 1, PROMISES))
    assert [t.number for t in order.ordered([late, wheelchair, early])] == [1, 3, 2]
    with pytest.raises(ValueError, match="nobody is passed"):
        Promises(priority_credit=2000, max_wait=1800)


arrivals = st.lists(st.tuples(st.integers(0, 7200), st.booleans()), min_size=1, max_size=40)


@given(arrivals)
def test_nobody_is_passed_by_somebody_who_came_longer_after_them_than_max_wait(people: list[tuple[int, bool]]) -> None:
    line = [
        replace(a_ticket(n, seconds=second, priority=int(first)), place=order.place(later(second), int(first), PROMISES))
        for n, (second, first) in enumerate(people)
    ]
    called = []
    while following := order.following((t for t in line if t not in called), {"returns"}):
        assert not order.passed_unfairly([t for t in line if t not in called], following, PROMISES)
        called.append(following)
    assert len(called) == len(line)


@given(st.lists(st.sampled_from(list(Move)), max_size=30), st.integers(0, 40))
def test_no_order_of_moves_makes_a_ticket_that_is_two_things(moves: list[Move], pace: int) -> None:
    ticket, second = a_ticket(), 0
    for move in moves:
        second += pace
        said = replace(WHOLE, until=later(second + 300), service="collect" if ticket.service == "returns" else "returns")
        try:
            ticket = ticket.after(move, later(second), PROMISES, said)
        except IllegalMove:
            continue
        assert (ticket.counter is not None) == (ticket.staff is not None)
        assert ticket.state not in AT_COUNTER or (ticket.counter and ticket.called_at)
        assert (ticket.ended_at is None) == (ticket.state in OPEN)
        assert ticket.t0 == NOON
        assert ticket.place >= NOON - timedelta(seconds=PROMISES.max_wait)
        assert ticket.number == 47


def test_a_counter_calls_only_what_it_serves() -> None:
    line = [a_ticket(1, service="collect"), a_ticket(2, seconds=5)]
    assert (order.following(line, {"returns"}) or line[0]).number == 2
    assert order.following(line, {"fitting"}) is None


def test_people_ahead_are_those_of_the_same_service_and_who_stepped_away_still_is_one() -> None:
    away = replace(a_ticket(1), state=State.AWAY)
    line = [away, a_ticket(2, seconds=1, service="collect"), a_ticket(3, seconds=2), a_ticket(4, seconds=3)]
    assert [order.ahead(ticket, line) for ticket in line] == [0, 0, 1, 2]


@given(st.frozensets(st.integers(1, 999), max_size=60), st.integers(0, 999))
def test_a_number_comes_after_the_newest_and_is_none_that_was_kept_overnight(kept: frozenset[int], newest: int) -> None:
    number = numbering.following(newest, kept)
    assert number > newest
    assert number not in kept
    assert all(between in kept for between in range(newest + 1, number))


def test_when_all_numbers_are_used_up_it_is_said() -> None:
    with pytest.raises(numbering.NoNumber, match="9999"):
        numbering.following(9999)


def test_a_number_reads_as_a_letter_and_three_digits_that_stay_together() -> None:
    assert numbering.shown("R", 47) == "R\u00a0047"


def test_letting_one_pass_moves_one_place_back() -> None:
    line = [a_ticket(n, seconds=n) for n in (1, 2, 3)]
    behind = order.behind(line[0], line, 1)
    moved = line[0].after(Move.LET_PASS, later(9), PROMISES, Said(behind=behind))
    assert [t.number for t in order.ordered([moved, *line[1:]])] == [2, 1, 3]
    assert moved.place - line[1].place == timedelta(milliseconds=1)
