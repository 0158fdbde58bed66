"""What may be done with a ticket, on a real store: no number twice, nobody called twice, nobody forgotten."""

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from broker.desk import tickets
from broker.desk.tickets import Wish
from broker.domain import order, spans
from broker.domain.facts import FactKind
from broker.domain.moves import IllegalMove, QueueClosed
from broker.domain.ticket import AT_COUNTER, OPEN, Channel, Move, Outcome, Said, State, Ticket
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import counters, journal, visits
from broker.store import tickets as rows
from broker.store.database import change
from tests.builders import NOON, TurnableClock, later, make_shop

SERVICES = (
    {"id": "returns", "letter": "R", "name": "Returns", "zone": "entrance"},
    {"id": "collect", "letter": "C", "name": "Collect"},
)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"}, {"id": "desk-2", "name": "Desk 2", "services": ("collect",)})


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


def a_ticket(shop: Shop, service: str = "collect", **wish: object) -> Ticket:
    return tickets.issue(shop, Wish(service=service, **wish))  # type: ignore[arg-type]


def called(shop: Shop, counter: str = "desk-1") -> Ticket:
    ticket = tickets.call_next(shop, counter, by="kari")
    assert ticket is not None
    return ticket


def served(shop: Shop, counter: str = "desk-1") -> Ticket:
    return tickets.move(shop, called(shop, counter).id, Move.START, Said(by="kari"))


def test_those_who_came_in_the_same_moment_stand_in_the_order_of_their_numbers(shop: Shop) -> None:
    for _ in range(12):
        a_ticket(shop)
    halves = [rows.in_states(shop.db, (State.WAITING,), limit=6, offset=begin) for begin in (0, 6)]
    assert [ticket.number for half in halves for ticket in half] == [*range(1, 13)]


def test_each_service_counts_for_itself_and_begins_anew_each_business_day_of_the_shop(shop: Shop, clock: TurnableClock) -> None:
    numbers = [a_ticket(shop, "returns").number, a_ticket(shop, "returns").number, a_ticket(shop, "collect").number]
    assert numbers == [1, 2, 1]
    for ticket in rows.open_ones(shop.db):
        tickets.move(shop, ticket.id, Move.CANCEL)
    clock.at = datetime(2026, 11, 21, 23, 5, tzinfo=UTC)  # Five past midnight in Oslo: UTC is still yesterday.
    assert (a_ticket(shop, "returns").number, a_ticket(shop, "collect").number) == (1, 1)


def test_a_number_that_was_kept_overnight_is_not_given_again(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS, queues={"keep_overnight": True})
    kept = a_ticket(shop)
    clock.turn(seconds=86400)
    assert tickets.run_closing(shop) == 0
    assert rows.get(shop.db, kept.id).state is State.WAITING
    assert a_ticket(shop).number == 2


def test_a_retried_request_is_the_same_ticket(shop: Shop) -> None:
    first = tickets.issue(shop, Wish(service="collect"), key="tap-1")
    assert tickets.issue(shop, Wish(service="collect"), key="tap-1").id == first.id
    assert len(rows.open_ones(shop.db)) == 1
    one, again = (tickets.call_next(shop, "desk-1", by="kari", key="call-1") for _ in range(2))
    assert one == again
    assert [m.move for m in rows.moves_of(shop.db, first.id)] == ["issue", "call"]


def test_a_counter_has_one_customer_at_a_time(shop: Shop) -> None:
    for _ in range(2):
        a_ticket(shop)
    first = served(shop)
    with pytest.raises(IllegalMove, match="still has collect 1"):
        tickets.call_next(shop, "desk-1", by="kari")
    assert called(shop, "desk-2").number == 2
    tickets.finish(shop, first.id, Outcome.SOLVED, by="kari")
    assert tickets.call_next(shop, "desk-1", by="kari") is None


def test_somebody_on_hold_leaves_the_counter_free_and_is_not_taken_back_to_one_that_is_not(
    shop: Shop, clock: TurnableClock
) -> None:
    for _ in range(2):
        a_ticket(shop)
    held = tickets.move(shop, served(shop).id, Move.HOLD, Said(by="kari", until=later(120), reason="asks the workshop"))
    other = served(shop)
    with pytest.raises(IllegalMove, match="still has collect 2"):
        tickets.move(shop, held.id, Move.RESUME, Said(by="kari"))
    tickets.finish(shop, other.id, Outcome.SOLVED, by="kari")
    assert tickets.move(shop, held.id, Move.RESUME, Said(by="kari")).state is State.SERVING


def test_a_call_out_of_order_needs_a_reason_that_is_kept(shop: Shop) -> None:
    a_ticket(shop)
    second = a_ticket(shop)
    with pytest.raises(IllegalMove, match="somebody else is next"):
        tickets.call(shop, second.id, "desk-1", by="kari")
    tickets.call(shop, second.id, "desk-1", by="kari", reason="a baby cries")
    assert rows.moves_of(shop.db, second.id)[-1].reason == "a baby cries"


def test_a_counter_calls_only_what_it_serves(shop: Shop) -> None:
    ticket = a_ticket(shop, "returns")
    assert tickets.call_next(shop, "desk-2", by="kari") is None
    with pytest.raises(IllegalMove, match="desk-2 does not serve returns"):
        tickets.call(shop, ticket.id, "desk-2", by="kari")


def test_what_is_unknown_is_named(shop: Shop) -> None:
    with pytest.raises(tickets.NoSuchService, match="bakery"):
        a_ticket(shop, "bakery")
    with pytest.raises(tickets.NoSuchCounter, match="desk-9"):
        tickets.call_next(shop, "desk-9", by="kari")
    with pytest.raises(tickets.NoSuchTicket):
        tickets.move(shop, "nobody", Move.START)


def test_a_closed_shop_gives_no_ticket_and_sends_home_whom_it_cannot_serve(tmp_path: Path, clock: TurnableClock) -> None:
    hours = OpeningSettings(sat=("10:00-18:00",))
    shop = make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS, opening=hours.model_dump())
    waits, held = a_ticket(shop, "returns"), a_ticket(shop)
    tickets.call(shop, held.id, "desk-2", by="kari")
    tickets.move(shop, held.id, Move.START, Said(by="kari"))
    clock.at = datetime(2026, 11, 21, 17, 0, tzinfo=UTC)
    assert tickets.run_closing(shop) == 1
    ended = rows.get(shop.db, waits.id)
    assert (ended.state, ended.untrusted) == (State.EXPIRED, True)
    assert rows.get(shop.db, held.id).state is State.SERVING
    with pytest.raises(QueueClosed, match="closed"):
        a_ticket(shop)


def test_a_paused_service_says_until_when_and_why(shop: Shop) -> None:
    pause = counters.ServicePause(id="p", service="collect", began=NOON, until=later(600), by="kari", reason="the lift is stuck")
    with change(shop.db):
        counters.pause(shop.db, pause)
    with pytest.raises(QueueClosed, match=r"11:10.*the lift is stuck") as refused:
        a_ticket(shop)
    assert refused.value.state == "paused"
    assert a_ticket(shop, "returns").number == 1


def test_a_missed_call_comes_again_behind_the_next_two_and_then_ends_by_the_clock(shop: Shop, clock: TurnableClock) -> None:
    first = a_ticket(shop)
    for _ in range(3):
        clock.turn(seconds=1)
        a_ticket(shop)
    called(shop)
    clock.turn(seconds=90)
    assert tickets.run_due(shop) == 1
    assert [t.number for t in order.ordered(rows.open_ones(shop.db))] == [2, 3, 1, 4]
    tickets.call(shop, first.id, "desk-1", by="kari", reason="they are here")
    clock.turn(seconds=90)
    tickets.run_due(shop)
    assert rows.get(shop.db, first.id).state is State.EXPIRED


def test_a_service_that_slept_makes_the_moves_at_their_own_time(shop: Shop, clock: TurnableClock) -> None:
    ticket = a_ticket(shop)
    called(shop)
    clock.turn(seconds=3600)
    tickets.run_due(shop)
    assert rows.moves_of(shop.db, ticket.id)[-1].at == later(90)


def test_a_transfer_takes_note_number_and_t0_along(shop: Shop) -> None:
    a_ticket(shop)
    sent = tickets.transfer(shop, served(shop).id, service="returns", note="wants the money back", by="kari")
    assert (sent.service, sent.issued_for, sent.number, sent.t0) == ("returns", "collect", 1, NOON)
    assert rows.moves_of(shop.db, sent.id)[-1].reason == "wants the money back"
    assert a_ticket(shop, "returns").number == 1


def test_one_clock_from_the_door_to_the_goodbye(shop: Shop, clock: TurnableClock) -> None:
    ticket = a_ticket(shop, "returns", greeted=True)
    visit = visits.get(shop.db, str(ticket.visit))
    assert (visit.state.value, visit.zone, visit.greet_seconds) == ("queued", "entrance", 0)
    tickets.move(shop, called(shop).id, Move.START, Said(by="kari"))
    assert visits.get(shop.db, visit.id).state.value == "assisted"
    tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    assert visits.get(shop.db, visit.id).state.value == "closed"


def test_who_was_not_greeted_at_the_kiosk_is_greeted_when_served(shop: Shop, clock: TurnableClock) -> None:
    ticket = a_ticket(shop, "returns")
    assert visits.get(shop.db, str(ticket.visit)).waiting
    clock.turn(seconds=20)
    served(shop)
    assert visits.get(shop.db, str(ticket.visit)).greet_seconds == 20


def test_every_move_is_one_fact_and_one_row_and_no_fact_carries_the_address_of_the_customers_page(shop: Shop) -> None:
    ticket = a_ticket(shop)
    tickets.finish(shop, served(shop).id, Outcome.SOLVED, by="kari")
    facts = journal.about(shop.db, ticket.id)
    assert [fact.kind for fact in facts] == [FactKind.TICKET_ISSUED, *[FactKind.TICKET_MOVED] * 3]
    assert [row.move for row in rows.moves_of(shop.db, ticket.id)] == ["issue", "call", "start", "finish"]
    assert not any(ticket.token in str(fact) for fact in journal.after(shop.db, 0))


def test_nothing_is_written_when_the_rules_refuse(shop: Shop) -> None:
    ticket = a_ticket(shop)
    before = (rows.get(shop.db, ticket.id), journal.last_id(shop.db))
    for what in (Move.START, Move.RESUME, Move.FINISH, Move.RECALL):
        with pytest.raises(IllegalMove):
            tickets.move(shop, ticket.id, what, Said(by="kari", outcome=Outcome.SOLVED))
    assert (rows.get(shop.db, ticket.id), journal.last_id(shop.db)) == before


def test_a_hold_is_never_mistaken_for_service(shop: Shop, clock: TurnableClock) -> None:
    a_ticket(shop)
    clock.turn(seconds=60)
    ticket = called(shop)
    clock.turn(seconds=10)
    tickets.move(shop, ticket.id, Move.START, Said(by="kari"))
    clock.turn(seconds=30)
    tickets.move(shop, ticket.id, Move.HOLD, Said(by="kari", until=later(400), reason="asks the workshop"))
    clock.turn(seconds=200)
    tickets.move(shop, ticket.id, Move.RESUME, Said(by="kari"))
    clock.turn(seconds=5)
    tickets.finish(shop, ticket.id, Outcome.SOLVED, by="kari")
    made = spans.spans([spans.Step(m.at, m.became, m.by, m.counter, m.service) for m in rows.moves_of(shop.db, ticket.id)])
    assert [(s.kind, s.seconds(clock())) for s in made] == [
        ("waiting", 60), ("called", 10), ("serving", 30), ("held", 200), ("serving", 5),
    ]  # fmt: skip


def _take_and_call(folder: str, counter: str, times: int) -> list[tuple[int, int]]:
    """One process of a shop: takes *times* tickets and calls whatever it can; returns (number taken, number called)."""
    shop = make_shop(Path(folder), TurnableClock(), services=SERVICES, counters=_many_counters())
    done = []
    for _ in range(times):
        taken = tickets.issue(shop, Wish(service="collect", channel=Channel.API))
        ticket = tickets.call_next(shop, counter, by=counter)
        assert ticket is not None, "there is always one: this process has just taken it"
        tickets.move(shop, ticket.id, Move.START, Said(by=counter))
        tickets.finish(shop, ticket.id, Outcome.SOLVED, by=counter)
        done.append((taken.number, ticket.number))
    return done


def _many_counters() -> tuple[dict[str, str], ...]:
    return tuple({"id": f"desk-{n}", "name": f"Desk {n}"} for n in range(4))


def test_four_processes_give_each_number_once_and_call_each_ticket_once(tmp_path: Path) -> None:
    make_shop(tmp_path, TurnableClock(), services=SERVICES, counters=_many_counters())
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        rounds = pool.starmap(_take_and_call, [(str(tmp_path), f"desk-{n}", 75) for n in range(4)])
    pairs = [pair for one in rounds for pair in one]
    assert sorted(taken for taken, _ in pairs) == list(range(1, 301))
    assert sorted(number for _, number in pairs) == list(range(1, 301))


class AQueue(RuleBasedStateMachine):
    """Any order of what people at kiosks, phones and counters may do, beside a model that only counts."""

    known = Bundle("known")

    @initialize()
    def open(self) -> None:
        import tempfile

        self.folder = tempfile.TemporaryDirectory()
        self.clock = TurnableClock()
        self.shop = make_shop(Path(self.folder.name), self.clock, services=SERVICES, counters=COUNTERS)
        self.calls: dict[str, int] = {}
        self.made = 0

    @rule(target=known, service=st.sampled_from(["returns", "collect"]), priority=st.integers(0, 1))
    def somebody_takes_a_ticket(self, service: str, priority: int) -> str:
        self.made += 1
        return a_ticket(self.shop, service, priority=priority, channel=Channel.PHONE).id

    @rule(counter=st.sampled_from(["desk-1", "desk-2"]))
    def a_counter_calls_next(self, counter: str) -> None:
        line = rows.open_ones(self.shop.db)
        first = order.following(line, tickets.skills_of(self.shop, counter))
        try:
            ticket = tickets.call_next(self.shop, counter, by=counter)
        except IllegalMove:
            assert rows.at_counter(self.shop.db, counter)
            return
        assert (ticket and ticket.id) == (first and first.id), "whoever is next is called"
        if ticket:
            assert not order.passed_unfairly(line, ticket, self.shop.promises)
            self.calls[ticket.id] = self.calls.get(ticket.id, 0) + 1

    @rule(
        ticket=known, what=st.sampled_from([m for m in Move if m not in (Move.CALL, Move.TRANSFER, Move.MISS, Move.EXPIRE)]),
        reason=st.sampled_from(["", "why"]), outcome=st.sampled_from([None, *Outcome]),
    )  # fmt: skip
    def somebody_does_something(self, ticket: str, what: Move, reason: str, outcome: Outcome | None) -> None:
        was = rows.get(self.shop.db, ticket)
        said = Said(by="kari", reason=reason, outcome=outcome, until=self.clock() + timedelta(seconds=300))
        try:
            tickets.move(self.shop, ticket, what, said)
        except IllegalMove:
            assert rows.get(self.shop.db, ticket) == was

    @rule(ticket=known, service=st.sampled_from(["returns", "collect"]))
    def a_counter_sends_somebody_on(self, ticket: str, service: str) -> None:
        was = rows.get(self.shop.db, ticket)
        try:
            sent = tickets.transfer(self.shop, ticket, service=service, note="n", by="kari")
        except IllegalMove:
            return
        assert (sent.number, sent.t0, sent.issued_for) == (was.number, was.t0, was.issued_for)

    @rule(seconds=st.integers(1, 400))
    def time_passes(self, seconds: int) -> None:
        self.clock.turn(seconds=seconds)
        tickets.run_due(self.shop)

    @invariant()
    def nobody_is_lost_and_nothing_is_double(self) -> None:
        if not hasattr(self, "shop"):
            return
        everybody = rows.between(self.shop.db, NOON, later(10**6))
        assert len(everybody) == self.made
        assert len({(t.issued_for, t.day, t.number) for t in everybody}) == self.made
        busy = [t.counter for t in everybody if t.state in AT_COUNTER]
        assert len(busy) == len(set(busy)), "a counter has one customer"
        now = self.clock()
        for ticket in everybody:
            steps = [spans.Step(m.at, m.became, m.by, m.counter, m.service) for m in rows.moves_of(self.shop.db, ticket.id)]
            made = spans.spans(steps)
            whole = sum(span.seconds(now) for span in made)
            gone = sum(
                (later_.at - step.at).total_seconds()
                for step, later_ in zip(steps, [*steps[1:], replace(steps[-1], at=now)], strict=True)
                if step.state not in OPEN
            )
            assert whole + gone == pytest.approx((now - ticket.t0).total_seconds()), "the intervals add up"
            assert ticket.due_at is None or ticket.due_at > now, "what the clock owes is done"

    def teardown(self) -> None:
        if hasattr(self, "shop"):
            self.shop.db.close()
            self.folder.cleanup()


TestAQueue = AQueue.TestCase
TestAQueue.settings = settings(
    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # fmt: skip
