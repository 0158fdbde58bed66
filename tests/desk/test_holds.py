"""Nobody is forgotten on hold: the holder's zone hears of it when it lasts longer than was said, the lead when much longer."""

from __future__ import annotations

from pathlib import Path

import pytest

from broker.desk import alerts as desk_alerts
from broker.desk import holds, screens, tickets
from broker.desk.tickets import Wish
from broker.domain.alerts import Alert, AlertKind, AlertState, Level
from broker.domain.ticket import Channel, Move, Outcome, Said, Ticket
from broker.service.deadlines import SLOW_LOOK_SECONDS, Deadlines
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import alerts
from tests.builders import TurnableClock, later, make_shop

SERVICES = ({"id": "returns", "letter": "R", "name": "Returns", "zone": "shoes"},)
COUNTERS = ({"id": "desk-1", "name": "Desk 1"},)


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock, services=SERVICES, counters=COUNTERS)


@pytest.fixture
def held(shop: Shop) -> Ticket:
    """Somebody who was told that somebody is back in two minutes."""
    ticket = tickets.issue(shop, Wish(service="returns", channel=Channel.PHONE))
    tickets.call_next(shop, "desk-1", by="kari")
    tickets.move(shop, ticket.id, Move.START, Said(by="kari"))
    return tickets.move(shop, ticket.id, Move.HOLD, Said(by="kari", until=later(120), reason="stockroom"))


def live(shop: Shop) -> list[Alert]:
    return alerts.live(shop.db, kind=AlertKind.HOLD_OVERDUE)


def test_the_zone_hears_at_once_and_the_lead_at_one_and_a_half_times_what_was_said(
    shop: Shop, clock: TurnableClock, held: Ticket
) -> None:
    clock.turn(seconds=119)
    assert (holds.run_due(shop), live(shop)) == (0, [])
    clock.turn(seconds=1)
    assert holds.run_due(shop) == 1
    [alert] = live(shop)
    assert (alert.zone, alert.level, alert.since, alert.by, alert.detail) == ("shoes", Level.ZONE, later(120), "kari", "R\u00a0001")
    clock.turn(seconds=59)
    assert holds.run_due(shop) == 0
    clock.turn(seconds=1)
    assert holds.run_due(shop) == 1
    assert [alert.level for alert in live(shop)] == [Level.LEAD]
    assert holds.run_due(shop) == 0, "each level once"


def test_whom_somebody_takes_care_of_is_not_taken_to_the_lead(shop: Shop, clock: TurnableClock, held: Ticket) -> None:
    clock.turn(seconds=120)
    holds.run_due(shop)
    desk_alerts.acknowledge(shop, live(shop)[0].id, by="jonas")
    clock.turn(seconds=600)
    assert holds.run_due(shop) == 0
    assert [(alert.state, alert.level) for alert in live(shop)] == [(AlertState.ACKNOWLEDGED, Level.ZONE)]


@pytest.mark.parametrize("what", ["resume", "longer", "release", "finish"])
def test_it_is_over_when_somebody_came_back_or_said_how_much_longer(
    shop: Shop, clock: TurnableClock, held: Ticket, what: str
) -> None:
    clock.turn(seconds=125)
    holds.run_due(shop)
    if what == "finish":
        tickets.finish(shop, held.id, Outcome.SOLVED, by="kari")
    elif what == "longer":
        tickets.move(shop, held.id, Move.HOLD, Said(by="kari", until=later(425), reason="stockroom"))
    else:
        tickets.move(shop, held.id, Move(what), Said(by="kari"))
    holds.run_due(shop)
    assert live(shop) == []
    if what == "longer":
        clock.turn(seconds=300)
        holds.run_due(shop)
        clock.turn(seconds=149)
        holds.run_due(shop)
        assert [alert.level for alert in live(shop)] == [Level.ZONE], "a hold that was made longer begins anew"
        clock.turn(seconds=1)
        holds.run_due(shop)
        assert [alert.level for alert in live(shop)] == [Level.LEAD]


def test_the_floor_is_told_and_the_service_looks_by_itself(shop: Shop, clock: TurnableClock, held: Ticket) -> None:
    ticks = [0.0]
    deadlines = Deadlines(shop, ticks=lambda: ticks[0])
    clock.turn(seconds=121)
    ticks[0] += SLOW_LOOK_SECONDS
    deadlines.turn()
    [row] = screens.floor(shop)["alerts"]
    assert (row["kind"], row["detail"], row["zone"], row["sounding"]) == ("hold_overdue", "R\u00a0001", "shoes", True)


@pytest.fixture
def booked(shop: Shop) -> Ticket:
    """Somebody who was told that they are called back within the window of half an hour."""
    ticket = tickets.issue(shop, Wish(service="returns", channel=Channel.PHONE))
    return tickets.move(shop, ticket.id, Move.BOOK, Said(by="customer", until=later(1800)))


def test_a_call_back_nobody_makes_is_said_to_the_zone_and_then_to_the_lead_before_its_window_ends(
    shop: Shop, clock: TurnableClock, booked: Ticket
) -> None:
    clock.turn(seconds=1199)
    assert (holds.run_due(shop), live(shop)) == (0, [])
    clock.turn(seconds=1)
    assert holds.run_due(shop) == 1
    [alert] = live(shop)
    assert (alert.zone, alert.level, alert.since, alert.detail) == ("shoes", Level.ZONE, later(1200), "R\u00a0001")
    clock.turn(seconds=299)
    assert holds.run_due(shop) == 0
    clock.turn(seconds=1)
    assert holds.run_due(shop) == 1
    assert [each.level for each in live(shop)] == [Level.LEAD]
    tickets.call(shop, booked.id, "desk-1", by="kari")
    assert (holds.run_due(shop), live(shop)) == (1, [])


def test_a_call_back_that_is_made_is_never_alarmed(shop: Shop, clock: TurnableClock, booked: Ticket) -> None:
    clock.turn(seconds=600)
    tickets.call(shop, booked.id, "desk-1", by="kari")
    clock.turn(seconds=1100)
    assert (holds.run_due(shop), live(shop)) == (0, [])


def test_a_short_promise_of_a_call_is_alarmed_within_its_own_window(shop: Shop, clock: TurnableClock) -> None:
    ticket = tickets.issue(shop, Wish(service="returns", channel=Channel.PHONE))
    tickets.move(shop, ticket.id, Move.BOOK, Said(by="kari", until=later(300)))
    assert [holds.zone_due(shop, tickets.find(shop, ticket.id)), holds.lead_due(shop, tickets.find(shop, ticket.id))] == [
        later(200), later(250),
    ]  # fmt: skip


def test_after_closing_nobody_is_alarmed_about_a_hold_or_a_call_back(
    tmp_path: Path, clock: TurnableClock, held: Ticket, shop: Shop
) -> None:
    clock.turn(seconds=121)
    holds.run_due(shop)
    hours = Shop(shop.db, clock, shop.settings.model_copy(update={"opening": OpeningSettings(sat=("09:00-12:03",))}))
    assert holds.run_due(hours) == 0
    clock.turn(seconds=60)
    holds.run_due(hours)
    assert not [each for each in live(shop) if each.state is not AlertState.CLEARING]
    assert holds.run_due(hours) == 0
