"""What the screens of the queue are told: facts above guesses, and nothing that is nobody's business."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.desk import board, cases, counters, own_page, prospects, tickets
from broker.desk.tickets import Wish
from broker.domain.estimate import Told, Untold
from broker.domain.moves import IllegalMove
from broker.domain.ticket import Channel, Move, Outcome, Said, State, Ticket
from broker.shop import Shop
from broker.store import journal, learnt
from broker.store import tickets as rows
from broker.store.database import change
from tests.builders import NOON, TurnableClock, later, make_shop

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "icon": "returns", "zone": "entrance", "names": {"nb": "Retur"}},
    {"id": "collect", "letter": "C", "name": "Collect", "icon": "bag"},
)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"}, {"id": "desk-2", "name": "Desk 2", "services": ("collect",)})


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)
    counters.open_(shop, "desk-1", by="kari")
    return shop


def a_ticket(shop: Shop, service: str = "collect", **wish: object) -> Ticket:
    return tickets.issue(shop, Wish(service=service, channel=Channel.PHONE, **wish))  # type: ignore[arg-type]


def served(shop: Shop, counter: str = "desk-1") -> Ticket:
    ticket = tickets.call_next(shop, counter, by="kari")
    assert ticket is not None
    return tickets.move(shop, ticket.id, Move.START, Said(by="kari"))


def a_month(shop: Shop, clock: TurnableClock, days: int = 12) -> None:
    """Days on which each ticket waits a minute more than there are people ahead of it."""
    for _ in range(days):
        for _ in range(12):
            for _ in range(2):
                a_ticket(shop)
                clock.turn(seconds=5)
            for _ in range(2):
                ticket = served(shop)
                clock.turn(seconds=120)
                tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
            clock.turn(seconds=40)
        clock.turn(seconds=86400 - 12 * 290)


def test_the_kiosk_shows_each_service_in_the_chosen_language_with_the_people_ahead(shop: Shop) -> None:
    a_ticket(shop)
    shown = board.kiosk(shop, "nb")
    assert [(s["name"], s["letter"], s["ahead"], s["open"]) for s in shown["services"]] == [
        ("Retur", "R", 0, True), ("Collect", "C", 1, True),
    ]  # fmt: skip
    assert shown["services"][0]["from"] is None, "a shop that has learnt nothing tells no wait"


def test_a_wait_is_told_once_it_is_earned_and_what_was_told_stays_on_the_ticket(shop: Shop, clock: TurnableClock) -> None:
    assert prospects.prospect(shop, "collect").range == Untold("learning")
    a_month(shop, clock)
    assert prospects.learn(shop)
    assert not prospects.learn(shop), "once a day is enough"
    known = learnt.newest(shop.db, prospects.WAITS)
    assert known is not None
    assert known[1]["judged"] >= 100
    with change(shop.db):
        # The days above are all alike, so the median of the hour is as good as the estimate; here only the telling is tried.
        learnt.keep(shop.db, prospects.WAITS, known[0], known[1] | {"earned": True})
    first = a_ticket(shop)
    second = prospects.prospect(shop, "collect")
    assert isinstance(second.range, Told)
    assert second.range.low <= 120 <= second.range.high
    told = tickets.issue(shop, Wish(service="collect", told=(second.range.low, second.range.high)))
    clock.turn(seconds=3600)
    assert (rows.get(shop.db, told.id).told_from, rows.get(shop.db, told.id).told_to) == (second.range.low, second.range.high)
    assert prospects.prospect(shop, "collect").range == Untold("nobody_called"), "an hour of silence is not believed"
    assert rows.get(shop.db, first.id).state is State.WAITING
    counters.rest(shop, "desk-1", by="kari")
    assert prospects.prospect(shop, "collect").range == Untold("no_counter")


def test_a_wait_that_is_not_earned_is_not_told_and_the_reason_is(shop: Shop, clock: TurnableClock) -> None:
    a_month(shop, clock)
    prospects.learn(shop)
    known = learnt.newest(shop.db, prospects.WAITS)
    assert known is not None
    with change(shop.db):
        learnt.keep(shop.db, prospects.WAITS, known[0], known[1] | {"earned": False})
    assert prospects.prospect(shop, "collect").range == Untold("not_earned")


def test_the_history_of_a_shop_is_a_log_that_begins_and_ends_for_everybody(shop: Shop, clock: TurnableClock) -> None:
    a_ticket(shop)
    missed = tickets.call_next(shop, "desk-1", by="kari")
    assert missed
    clock.turn(seconds=90)
    tickets.run_due(shop)
    held = served(shop)
    tickets.move(shop, held.id, Move.HOLD, Said(by="kari", until=later(600), reason="r"))
    tickets.move(shop, held.id, Move.CANCEL, Said(by="kari"))
    made = [(event.what.value, event.counter) for event in prospects.log(shop, NOON, later(10**5))]
    assert made == [
        ("open", "desk-1"), ("issue", ""), ("call", "desk-1"), ("free", "desk-1"), ("back", "desk-1"), ("call", "desk-1"),
        ("free", "desk-1"),
    ]  # fmt: skip


def test_a_paused_service_says_until_when_and_a_closed_shop_when_it_opens(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(
        tmp_path, clock, services=SERVICES, counters=COUNTERS, opening={"sat": ("10:00-18:00",), "mon": ("09:00-18:00",)}
    )  # fmt: skip
    counters.pause(shop, "collect", minutes=15, reason="the lift is stuck", by="kari")
    collect = board.kiosk(shop, "en")["services"][1]
    assert (collect["open"], collect["why"], collect["until"]) == (False, "paused", "2026-11-21T11:15:00.000Z")
    clock.turn(seconds=15 * 60)
    assert counters.run_pauses(shop) == 1
    assert board.kiosk(shop, "en")["services"][1]["open"]
    clock.at = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    closed = board.kiosk(shop, "en")
    assert (closed["open"], closed["opens_at"]) == (False, "2026-11-23T08:00:00.000Z")
    assert {s["why"] for s in closed["services"]} == {"closed"}


def test_the_wall_shows_the_newest_call_first_and_knows_when_it_was_repeated(shop: Shop, clock: TurnableClock) -> None:
    for _ in range(3):
        a_ticket(shop)
    first = served(shop)
    tickets.finish(shop, first.id, Outcome.SOLVED, by="kari")
    clock.turn(seconds=10)
    second = tickets.call_next(shop, "desk-1", by="kari")
    assert second
    wall = board.display(shop)
    assert [(c["shown"], c["counter_name"], c["again"]) for c in wall["calls"]] == [
        ("C\u00a0002", "Desk 1", False), ("C\u00a0001", "Desk 1", False),
    ]  # fmt: skip
    assert (wall["waiting"], wall["by_service"]) == (1, {"returns": 0, "collect": 1})
    tickets.move(shop, second.id, Move.RECALL)
    again = board.display(shop)["calls"][0]
    assert again["again"]
    assert again["id"] > wall["calls"][0]["id"]
    clock.turn(seconds=3600)
    assert board.display(shop)["calls"] == []


def test_no_screen_but_the_customers_own_knows_the_address_of_their_page(shop: Shop) -> None:
    ticket = a_ticket(shop)
    served(shop)
    everything = json.dumps(
        [board.kiosk(shop, "en"), board.display(shop), board.counter(shop, "desk-1"), own_page.page(shop, ticket)]
    )
    assert ticket.token not in everything


def test_the_phone_shows_the_place_and_only_what_may_be_done_now(shop: Shop, clock: TurnableClock) -> None:
    a_ticket(shop)
    clock.turn(seconds=1)
    ticket = a_ticket(shop, language="nb")
    page = own_page.page(shop, ticket)
    assert (page["shown"], page["ahead"], page["service"], page["counters"]) == ("C\u00a0002", 1, "Collect", ["Desk 1", "Desk 2"])
    assert page["can"] == ["step_away", "cancel"], "nobody is behind them, and no wait is known that a call-back would shorten"
    clock.turn(seconds=1)
    a_ticket(shop)
    clock.at = NOON
    assert own_page.page(shop, ticket)["can"] == ["step_away", "let_pass", "cancel"]
    away = tickets.move(shop, ticket.id, Move.STEP_AWAY, Said(until=later(600)))
    assert own_page.page(shop, away)["can"] == ["come_back", "cancel"]
    back = tickets.move(shop, ticket.id, Move.COME_BACK)
    assert "step_away" not in own_page.page(shop, back)["can"]
    called = tickets.call(shop, ticket.id, "desk-1", by="kari", reason="they asked")
    page = own_page.page(shop, called)
    assert (page["state"], page["counter_name"], page["answer_by"]) == ("called", "Desk 1", "2026-11-21T11:01:30.000Z")
    tickets.move(shop, ticket.id, Move.START, Said(by="kari"))
    done = tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    assert own_page.page(shop, done)["goodbye"] == ["thanks", "welcome_back"]


def test_who_missed_the_call_twice_may_come_back_for_a_while(shop: Shop, clock: TurnableClock) -> None:
    ticket = a_ticket(shop)
    for _ in range(2):
        tickets.call_next(shop, "desk-1", by="kari")
        clock.turn(seconds=90)
        tickets.run_due(shop)
    assert own_page.page(shop, rows.get(shop.db, ticket.id))["can"] == ["come_back"]
    clock.turn(seconds=1801)
    assert own_page.page(shop, rows.get(shop.db, ticket.id))["can"] == []


def test_a_hold_that_lasted_longer_than_was_said_is_apologised_for(shop: Shop, clock: TurnableClock) -> None:
    a_ticket(shop)
    ticket = served(shop)
    tickets.move(shop, ticket.id, Move.HOLD, Said(by="kari", until=later(120), reason="the stockroom"))
    clock.turn(seconds=121)
    tickets.move(shop, ticket.id, Move.RESUME, Said(by="kari"))
    done = tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    assert own_page.page(shop, done)["goodbye"] == ["sorry_hold", "thanks_patience", "welcome_back"]


def test_the_counter_shows_who_is_here_who_is_next_and_everybody_by_age(shop: Shop, clock: TurnableClock) -> None:
    for service in ("returns", "collect", "returns"):
        a_ticket(shop, service)
        clock.turn(seconds=60)
    here = served(shop)
    clock.turn(seconds=30)
    desk = board.counter(shop, "desk-1")
    assert (desk["here"]["shown"], desk["here"]["serving"], desk["here"]["waited"]) == ("R\u00a0001", 30, 180)
    assert [row["shown"] for row in desk["line"]] == ["C\u00a0001", "R\u00a0002"]
    assert (desk["next"], desk["shift"]["kind"], desk["counter_name"]) == (desk["line"][0]["id"], "open", "Desk 1")
    tickets.transfer(shop, here.id, service="collect", note="wants the money back", by="kari")
    tickets.call(shop, here.id, "desk-2", by="jonas")
    assert board.counter(shop, "desk-2")["here"]["notes"][0]["note"] == "wants the money back"


def test_a_counter_with_a_customer_neither_rests_nor_closes_nor_changes_hands(shop: Shop) -> None:
    a_ticket(shop)
    served(shop)
    for what in (counters.rest, counters.close):
        with pytest.raises(IllegalMove, match="finish the customer"):
            what(shop, "desk-1", by="kari")
    with pytest.raises(IllegalMove, match="kari serves a customer"):
        counters.open_(shop, "desk-1", by="jonas")


def test_counters_that_nobody_closed_are_closed_with_the_shop(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS, opening={"sat": ("10:00-18:00",)})
    counters.open_(shop, "desk-1", by="kari")
    assert counters.run_closing(shop) == 0
    clock.at = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    assert counters.run_closing(shop) == 1
    assert board.counter(shop, "desk-1")["shift"] is None


def test_a_recap_is_confirmed_or_skipped_and_one_that_changes_is_asked_for_anew(shop: Shop) -> None:
    ticket = a_ticket(shop)
    with pytest.raises(IllegalMove, match="in the customer's words"):
        cases.write_recap(shop, ticket.id, heard=" \u200b ", by="kari")
    cases.write_recap(shop, ticket.id, heard="The zip\u202e broke.\x00", by="kari")
    assert cases.confirm_recap(shop, ticket.id, said_yes=True, by="kari").confirmed == "yes"
    assert cases.write_recap(shop, ticket.id, heard="The zip broke twice.", by="kari").confirmed is None
    assert cases.plain("a\u00a0b\u202e\n\n c " + "x" * 10_000) == "a b\nc " + "x" * (cases.MOST_CHARACTERS - 6)


def test_a_lead_is_called_with_a_briefing_or_not_at_all(shop: Shop, clock: TurnableClock) -> None:
    ticket = a_ticket(shop)
    with pytest.raises(IllegalMove, match="what happened, what was tried"):
        cases.call_lead(shop, ticket.id, happened="late", tried="", wanted="money", by="kari")
    with pytest.raises(IllegalMove, match="after a briefing"):
        cases.answer_lead(shop, ticket.id, by="maria")
    cases.call_lead(shop, ticket.id, happened="late", tried="looked", wanted="money", by="kari")
    clock.turn(seconds=60)
    answered = cases.answer_lead(shop, ticket.id, by="maria")
    assert ((answered.answered_at or NOON) - answered.at).total_seconds() == 60


def test_no_problem_is_closed_without_an_outcome_and_a_customer_who_was_told(shop: Shop) -> None:
    ticket = a_ticket(shop)
    problem = cases.open_problem(shop, kind="product", heard="the zip broke", owner="kari", by="kari", ticket=ticket.id)
    assert problem.service == "collect"
    with pytest.raises(IllegalMove, match="tell the customer first"):
        cases.close_problem(shop, problem.id, outcome="solved", by="kari")
    cases.tell_customer(shop, problem.id, by="kari")
    with pytest.raises(IllegalMove, match="ends with an outcome"):
        cases.close_problem(shop, problem.id, outcome="", by="kari")
    assert cases.close_problem(shop, problem.id, outcome="solved", by="kari").closed_by == "kari"
    with pytest.raises(cases.NoSuchProblem):
        cases.tell_customer(shop, "nothing", by="kari")
    with pytest.raises(IllegalMove, match="an owner"):
        cases.open_problem(shop, kind="product", heard="x", owner="", by="kari")


def test_feedback_is_one_tap_once_it_is_over(shop: Shop) -> None:
    a_ticket(shop)
    ticket = served(shop)
    with pytest.raises(IllegalMove, match="once it is over"):
        cases.give_feedback(shop, ticket.id, "good")
    done = tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    cases.give_feedback(shop, ticket.id, "good")
    assert own_page.page(shop, done)["feedback"] == "good"


def test_what_was_heard_is_a_hint_to_counters_and_no_news_for_the_wall(shop: Shop) -> None:
    ticket = a_ticket(shop)
    before = journal.last_id(shop.db)
    cases.write_recap(shop, ticket.id, heard="The zip broke.", by="kari")
    assert board.changes(shop, journal.after(shop.db, before)) == [("case", {})]
    before = journal.last_id(shop.db)
    tickets.call_next(shop, "desk-1", by="kari")
    assert [name for name, _ in board.changes(shop, journal.after(shop.db, before))] == ["board"]
