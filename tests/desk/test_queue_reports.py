"""The report of tickets: cut by service, counter, hour and weekday, beside the days before, and over several shops."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from broker.desk import cases, counters, tickets
from broker.desk.chain_reports import chain_greetings, chain_queues
from broker.desk.finished import finish_all
from broker.desk.queue_reports import queue_report
from broker.desk.reports import greeting_report
from broker.domain.period import Period, period
from broker.domain.ticket import Move, Outcome, Said, Ticket
from broker.shop import Shop
from tests.builders import NOON, TurnableClock, make_shop
from tests.desk.lives import COUNTERS, SERVICES

TODAY = period("today", NOON.date())


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock(NOON)


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


def serve(shop: Shop, clock: TurnableClock, *, service: str = "returns", wait: float = 30, serving: float = 60) -> Ticket:
    counter = "d1" if service == "returns" else "d2"
    taken = tickets.issue(shop, tickets.Wish(service=service, told=(0.0, 60.0)))
    clock.turn(seconds=wait)
    tickets.call_next(shop, counter, by="kari")
    tickets.move(shop, taken.id, Move.START, Said(by="kari"))
    clock.turn(seconds=serving)
    return tickets.finish(shop, taken.id, Outcome.SOLVED, by="kari")


def test_a_ticket_is_counted_where_it_was_taken_and_served(shop: Shop, clock: TurnableClock) -> None:
    for counter in ("d1", "d2"):
        counters.open_(shop, counter, by="kari")
    serve(shop, clock, wait=30)
    serve(shop, clock, wait=90)
    serve(shop, clock, service="collect", wait=10)
    report = queue_report(shop, period=TODAY)
    assert report.running
    assert report.figures["issued"].value == 3
    assert {row.id: row.figures["wait_longest"].value for row in report.services} == {"returns": 90.0, "collect": 10.0}
    assert {row.id: row.figures["served"].value for row in report.counters} == {"d1": 2, "d2": 1}
    assert report.figures["utilisation"].value == pytest.approx(180 / (2 * 310))
    assert {row.id: row.figures["utilisation"].value for row in report.counters} == {
        "d1": pytest.approx(120 / 310), "d2": pytest.approx(60 / 310),
    }  # fmt: skip
    assert [(hour.hour, hour.figures["issued"].value) for hour in report.hours] == [(12, 3)]
    assert [(cell.weekday, cell.hour, cell.issued) for cell in report.week if cell.issued] == [(5, 12, 3)]
    assert sum(found.tickets for found in report.bins) == 3
    assert (report.traffic.visits, report.traffic.tickets, report.traffic.conversion) == (2, 2, 1.0)
    assert report.figures["promise_kept"].value == 2 / 3


def test_one_service_or_one_counter_is_a_report_of_its_own(shop: Shop, clock: TurnableClock) -> None:
    counters.open_(shop, "d2", by="kari")
    serve(shop, clock)
    serve(shop, clock, service="collect", wait=10)
    only = queue_report(shop, period=TODAY, service="collect")
    assert [row.id for row in only.services if row.figures["issued"].value] == ["collect"]
    assert only.figures["wait_median"].value == 10.0
    desk = queue_report(shop, period=TODAY, counter="d2")
    assert (desk.figures["served"].value, desk.figures["utilisation"].value) == (1, pytest.approx(60 / 160))
    with pytest.raises(KeyError):
        queue_report(shop, period=TODAY, service="haircuts")
    with pytest.raises(KeyError):
        queue_report(shop, period=TODAY, counter="d9")
    with pytest.raises(ValueError, match="not both"):
        queue_report(shop, period=TODAY, service="collect", counter="d1")


def test_today_is_compared_with_the_same_time_a_week_ago(shop: Shop, clock: TurnableClock) -> None:
    clock.at = NOON - timedelta(days=7)
    serve(shop, clock)
    clock.turn(seconds=4 * 3600)
    serve(shop, clock)
    clock.at = NOON
    serve(shop, clock)
    clock.turn(seconds=600)
    report = queue_report(shop, period=TODAY)
    assert (report.figures["issued"].value, report.before["issued"].value) == (1, 1)
    finish_all(shop)
    again = queue_report(shop, period=TODAY)
    assert (again.figures["issued"].value, again.before["issued"].value) == (1, 1)


def test_the_forecast_to_beat_is_the_same_hour_of_the_weeks_before(shop: Shop, clock: TurnableClock) -> None:
    for week, wait in ((3, 20), (2, 40), (1, 90)):
        clock.at = NOON - timedelta(weeks=week)
        serve(shop, clock, wait=wait)
    clock.at = NOON
    serve(shop, clock, wait=50)
    for _ in range(2):
        found = queue_report(shop, period=TODAY).figures
        assert (found["mae"].value, found["mae"].n, found["mae_baseline"].value) == (20.0, 1, 10.0)
        clock.turn(seconds=3 * 3600)
        finish_all(shop)


def test_problems_are_counted_by_kind_and_promise(shop: Shop, clock: TurnableClock) -> None:
    for kind, late in (("product", False), ("product", True), ("price", False)):
        until = clock() + timedelta(minutes=10)
        problem = cases.open_problem(
            shop, kind=kind, heard="it broke", owner="kari", by="kari", promised_by=until, service="returns"
        )
        clock.turn(seconds=900 if late else 60)
        cases.tell_customer(shop, problem.id, by="kari")
    cases.close_problem(shop, problem.id, outcome="solved", by="kari")
    rows = {row.kind: row for row in queue_report(shop, period=TODAY).problems}
    assert (rows["product"].opened, rows["product"].promised, rows["product"].told_in_time) == (2, 2, 1)
    assert (rows["price"].closed, rows["wait"].opened) == (1, 0)
    assert rows["product"].by_service == (("returns", 2),)


def test_several_shops_are_one_report_as_exact_as_that_of_one(tmp_path: Path, clock: TurnableClock) -> None:
    shops = []
    for number in range(3):
        (tmp_path / str(number)).mkdir()
        clock.at = NOON - timedelta(days=1)
        one = make_shop(tmp_path / str(number), clock, services=SERVICES, counters=COUNTERS)
        for wait in range(number + 2):
            serve(one, clock, wait=10 * wait + number)
        shops.append(one)
    clock.at = NOON
    finish_all(shops[0])
    days = Period(NOON.date() - timedelta(days=1), NOON.date())
    queues, greetings = chain_queues(shops, period=days, name="all"), chain_greetings(shops, period=days, name="all")
    waits = sorted(10 * wait + number for number in range(3) for wait in range(number + 2))
    assert queues.together.figures["issued"].value == 9
    assert queues.together.figures["wait_median"].value == waits[4]
    assert [each.figures["issued"].value for each in queues.stores] == [2, 3, 4]
    each = sum(greeting_report(one, period=days).figures.visits for one in shops)
    assert greetings.together.figures.visits == each == sum(found.visits for _, found in greetings.hours) == 9
    assert [found.store for found in greetings.stores] == ["Oslo City"] * 3
    for made in (chain_queues, chain_greetings):
        with pytest.raises(ValueError, match="at least one"):
            made([], period=days)
    for one in shops:
        one.db.conn.close()
