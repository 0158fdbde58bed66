"""Tickets when the clocks do what clocks do: an hour comes twice, a day ends in the middle of a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.desk import own_page, prospects, tickets
from broker.desk.tickets import Wish
from broker.domain.ticket import Move, Outcome, Said, State
from broker.shop import Shop
from broker.store import tickets as rows
from tests.builders import TurnableClock, make_shop

SERVICES = ({"id": "collect", "letter": "C", "name": "Collect"},)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"},)
NIGHT = {"sat": ["18:00-24:00"], "sun": ["00:00-04:00"]}
TWO_O_CLOCK_TWICE = datetime(2026, 10, 25, 0, 50, tzinfo=UTC)
"""02:50 in Oslo, ten minutes before the clocks go back to 02:00."""


def a_shop(folder: Path, clock: TurnableClock, **more: Any) -> Shop:
    return make_shop(folder, clock, services=SERVICES, counters=COUNTERS, opening=NIGHT, **more)


def called(shop: Shop) -> str:
    tickets.issue(shop, Wish(service="collect"))
    ticket = tickets.call_next(shop, "desk-1", by="kari")
    assert ticket is not None
    return ticket.id


def test_an_hour_that_comes_twice_makes_no_wait_shorter_and_repeats_no_number(tmp_path: Path, clock: TurnableClock) -> None:
    clock.at = TWO_O_CLOCK_TWICE
    shop = a_shop(tmp_path, clock)
    first, second = (tickets.issue(shop, Wish(service="collect")) for _ in range(2))
    clock.turn(seconds=1800)  # 02:20 once more: the wall clock is half an hour back.
    third = tickets.issue(shop, Wish(service="collect"))
    assert [t.number for t in (first, second, third)] == [1, 2, 3]
    for expected in (first, second, third):
        ticket = tickets.call_next(shop, "desk-1", by="kari")
        assert ticket is not None
        assert ticket.id == expected.id
        tickets.move(shop, ticket.id, Move.START, Said(by="kari"))
        tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    assert [own_page.page(shop, rows.get(shop.db, t.id))["waited"] for t in (first, second, third)] == [1800, 1800, 0]
    events = prospects.log(shop, TWO_O_CLOCK_TWICE - timedelta(hours=1), clock() + timedelta(hours=1))
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_deadline_in_the_hour_that_comes_twice_falls_due_once_and_when_it_was_said(tmp_path: Path, clock: TurnableClock) -> None:
    clock.at = TWO_O_CLOCK_TWICE
    shop = a_shop(tmp_path, clock)
    ticket = tickets.issue(shop, Wish(service="collect"))
    tickets.move(shop, ticket.id, Move.STEP_AWAY, Said(until=clock() + timedelta(minutes=15)))
    clock.turn(seconds=14 * 60)
    assert tickets.run_due(shop) == 0
    clock.turn(seconds=61)
    assert (tickets.run_due(shop), tickets.run_due(shop)) == (1, 0)
    assert rows.get(shop.db, ticket.id).state is State.WAITING


def test_midnight_in_the_middle_of_a_call_ends_nothing_in_a_shop_that_stays_open(tmp_path: Path, clock: TurnableClock) -> None:
    clock.at = datetime(2026, 11, 21, 22, 59, 30, tzinfo=UTC)  # Half a minute before midnight in Oslo.
    shop = a_shop(tmp_path, clock)
    ticket = called(shop)
    waits = tickets.issue(shop, Wish(service="collect"))
    clock.turn(seconds=45)
    assert (tickets.run_closing(shop), tickets.run_due(shop)) == (0, 0)
    assert rows.get(shop.db, ticket).state is State.CALLED
    tickets.move(shop, ticket, Move.START, Said(by="kari"))
    after_midnight = tickets.issue(shop, Wish(service="collect"))
    assert after_midnight.day > waits.day
    assert after_midnight.number not in (1, 2), "numbers begin anew, but not with one that somebody still holds"
    tickets.finish(shop, ticket, Outcome.SOLVED, by="kari")
    following = tickets.call_next(shop, "desk-1", by="kari")
    assert following is not None
    assert following.id == waits.id, "whoever came before midnight is before whoever came after"


def test_a_call_that_nobody_answers_over_midnight_is_missed_in_its_own_time(tmp_path: Path, clock: TurnableClock) -> None:
    clock.at = datetime(2026, 11, 21, 22, 59, 30, tzinfo=UTC)
    shop = a_shop(tmp_path, clock)
    ticket = called(shop)
    clock.turn(seconds=91)
    assert tickets.run_due(shop) == 1
    assert rows.get(shop.db, ticket).state is State.WAITING


@pytest.mark.parametrize("hour", [2, 3])
def test_what_waits_ends_when_the_night_is_over(tmp_path: Path, clock: TurnableClock, hour: int) -> None:
    clock.at = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
    shop = a_shop(tmp_path, clock)
    ticket = tickets.issue(shop, Wish(service="collect"))
    clock.at = datetime(2026, 11, 22, hour, 0, tzinfo=UTC)  # 03:00 and 04:00 in Oslo; the shop closes at 04:00.
    assert tickets.run_closing(shop) == (hour == 3)
    assert rows.get(shop.db, ticket.id).state is (State.EXPIRED if hour == 3 else State.WAITING)


def test_yesterdays_tickets_end_though_nobody_was_there_at_closing_time(tmp_path: Path, clock: TurnableClock) -> None:
    clock.at = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
    shop = a_shop(tmp_path, clock)
    tickets.issue(shop, Wish(service="collect"))
    clock.at += timedelta(days=7)  # The machine was off for a week, and the shop is open again.
    assert tickets.run_closing(shop) == 1


def test_a_shop_that_never_closes_keeps_a_ticket_for_a_day_and_a_night(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)
    tickets.issue(shop, Wish(service="collect"))
    clock.turn(seconds=86_000)
    assert tickets.run_closing(shop) == 0
    clock.turn(seconds=401)
    assert tickets.run_closing(shop) == 1
