"""How long a customer's own page lives, and that its address is gone from the store when its day is over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.desk import own_page, tickets
from broker.desk.tickets import NoSuchTicket, Wish
from broker.domain.moves import IllegalMove
from broker.domain.ticket import Move, Said, State, Ticket
from broker.service.deadlines import Deadlines
from broker.shop import Shop
from broker.store import tickets as rows
from tests.builders import TurnableClock, make_shop

SERVICES = ({"id": "returns", "letter": "R", "name": "Returns"},)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"},)
MIDNIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
"""The end of the builders' Saturday in Oslo."""


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


def ticket(shop: Shop, state: State = State.CANCELLED) -> Ticket:
    made = tickets.issue(shop, Wish(service="returns"))
    if state is State.CANCELLED:
        tickets.move(shop, made.id, Move.CANCEL)
    if state in (State.SERVING, State.CALLED):
        tickets.call(shop, made.id, "desk-1", by="kari", reason="agreed")
    if state is State.SERVING:
        tickets.move(shop, made.id, Move.START, Said(by="kari"))
    return rows.get(shop.db, made.id)


def opens(shop: Shop, token: str) -> bool:
    try:
        return bool(own_page.of_token(shop, token))
    except NoSuchTicket:
        return False


@pytest.mark.parametrize(
    ("state", "after", "works", "kept"),
    [
        pytest.param(State.CANCELLED, timedelta(hours=-11), True, True, id="the day it was taken"),
        pytest.param(State.CANCELLED, timedelta(minutes=29), True, True, id="while a lost place may come back"),
        pytest.param(State.CANCELLED, timedelta(minutes=30), False, False, id="its day is over"),
        pytest.param(State.CANCELLED, timedelta(days=1), False, False, id="the day after"),
        pytest.param(State.WAITING, timedelta(days=1), True, True, id="kept over night"),
        pytest.param(State.SERVING, timedelta(hours=2), True, True, id="still being served"),
    ],
)
def test_a_page_lives_as_long_as_its_day(
    shop: Shop, clock: TurnableClock, state: State, after: timedelta, works: bool, kept: bool
) -> None:
    made = ticket(shop, state)
    clock.at = MIDNIGHT + after
    assert opens(shop, made.token) is works
    assert own_page.forget_pages(shop) == (0 if kept else 1)
    assert opens(shop, made.token) is works
    assert (made.token in "".join(row[0] for row in shop.db.execute("SELECT token FROM tickets"))) is kept


def test_the_number_and_its_times_stay_when_the_address_is_gone(shop: Shop, clock: TurnableClock) -> None:
    made = [ticket(shop) for _ in range(3)]
    before = [rows.get(shop.db, each.id) for each in made]
    clock.at = MIDNIGHT + timedelta(hours=1)
    assert own_page.forget_pages(shop) == 3
    assert own_page.forget_pages(shop) == 0
    for was, now in zip(before, (rows.get(shop.db, each.id) for each in made), strict=True):
        assert now.token == f"gone, ticket {was.id}"
        assert (now.number, now.t0, now.ended_at, now.state) == (was.number, was.t0, was.ended_at, was.state)
        assert not opens(shop, now.token)


def test_the_service_puts_them_out_in_its_own_time(shop: Shop, clock: TurnableClock) -> None:
    made = ticket(shop)
    clock.at = MIDNIGHT + timedelta(minutes=31)
    Deadlines(shop).turn()
    assert rows.get(shop.db, made.id).token != made.token


def test_pages_of_ended_days_are_found_without_reading_every_ticket(shop: Shop) -> None:
    asked = "SELECT 1 FROM tickets WHERE length(token) = 22 AND day < ? AND ended_at IS NOT NULL LIMIT 1"
    plan = shop.db.execute(f"EXPLAIN QUERY PLAN {asked}", ["2026-11-22"]).fetchall()
    assert "USING INDEX tickets_pages" in str(plan)


def test_nobody_guesses_a_page(shop: Shop) -> None:
    made = [ticket(shop).token for _ in range(50)]
    assert len(set(made)) == 50
    assert {len(token) for token in made} == {22}
    for guess in ("", " ", "%", "_" * 22, made[0][:-1], made[0] + "x", made[0].swapcase()):
        assert not opens(shop, guess)


def test_a_customer_does_only_what_is_theirs(shop: Shop) -> None:
    made = ticket(shop, State.WAITING)
    for what in (Move.CALL, Move.FINISH, Move.HOLD, Move.REOPEN, Move.EXPIRE, Move.UNDO, Move.TRANSFER):
        with pytest.raises(IllegalMove):
            own_page.act(shop, made, what, version=made.version)
    assert rows.get(shop.db, made.id).version == made.version


def test_when_a_called_customer_says_that_they_are_here_the_counter_keeps_who_called(shop: Shop) -> None:
    called = ticket(shop, State.CALLED)
    here = own_page.act(shop, called, Move.START, version=called.version)
    assert (here.state, here.staff, here.counter) == (State.SERVING, "kari", "desk-1")
