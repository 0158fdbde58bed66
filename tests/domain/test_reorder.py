"""A lead may change the order, with a reason, and never so that somebody is passed by those who came much later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broker.domain import order
from broker.domain.moves import IllegalMove
from broker.domain.promises import Promises
from broker.domain.ticket import Move, Said, State, Ticket
from tests.builders import later
from tests.domain.test_ticket import a_ticket

PROMISES = Promises()
LIMIT = timedelta(seconds=PROMISES.max_wait)


def put_before(ticket: Ticket, other: Ticket, *, reason: str = "a child that is not well") -> Ticket:
    return ticket.after(Move.REORDER, later(3600), PROMISES, Said(by="maria", reason=reason, ahead=order.before(other)))


def test_somebody_is_put_before_another_and_keeps_when_they_came() -> None:
    first, second, third = (a_ticket(n, seconds=60 * n) for n in (1, 2, 3))
    moved = put_before(third, first)
    assert [t.number for t in order.ordered([first, second, moved])] == [3, 1, 2]
    assert (moved.t0, moved.number, moved.state) == (third.t0, 3, State.WAITING)


def test_a_change_of_the_order_needs_a_reason() -> None:
    with pytest.raises(IllegalMove, match="needs a reason"):
        put_before(a_ticket(2, seconds=60), a_ticket(1), reason="  ")


def test_nobody_is_passed_by_somebody_who_came_much_later() -> None:
    first, late = a_ticket(1), a_ticket(2, seconds=PROMISES.max_wait + 1)
    assert not order.may_pass(late, first, PROMISES)
    with pytest.raises(IllegalMove, match="more than 30 minutes later"):
        put_before(late, first)
    just = a_ticket(2, seconds=PROMISES.max_wait - 1)
    assert order.may_pass(just, first, PROMISES)
    assert put_before(just, first).place < first.place


def test_who_stands_before_them_already_is_not_moved() -> None:
    with pytest.raises(IllegalMove, match="already"):
        put_before(a_ticket(1), a_ticket(2, seconds=60))


def test_only_who_waits_for_the_same_is_passed() -> None:
    assert not order.may_pass(a_ticket(2, seconds=60), a_ticket(1, service="collect"), PROMISES)


@given(
    came=st.lists(st.integers(0, 7200), min_size=2, max_size=12, unique=True),
    wishes=st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=30),
    priority=st.sets(st.integers(0, 11)),
)
def test_however_often_the_order_is_changed_nobody_is_passed_beyond_the_longest_wait(
    came: list[int], wishes: list[tuple[int, int]], priority: set[int]
) -> None:
    line = []
    for n, seconds in enumerate(sorted(came)):
        ticket = a_ticket(n, seconds=seconds)
        line.append(replace(ticket, place=order.place(ticket.t0, int(n in priority), PROMISES)))
    for who, whom in wishes:
        a, b = who % len(line), whom % len(line)
        if order.may_pass(line[a], line[b], PROMISES):
            line[a] = put_before(line[a], line[b])
        elif a != b and order.before(line[b]) < line[a].place:
            with pytest.raises(IllegalMove):
                put_before(line[a], line[b])
    left = list(line)
    while left:
        called = order.following(left, {"returns"})
        assert called is not None
        assert order.passed_unfairly([t for t in left if t.id != called.id], called, PROMISES) == []
        left.remove(called)
