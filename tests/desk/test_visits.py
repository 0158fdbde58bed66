"""What may be done with a visit, on a real store."""

from __future__ import annotations

import multiprocessing
from datetime import datetime
from pathlib import Path

import pytest

from broker.desk import alerts as desk_alerts
from broker.desk import arrivals, screens, visits, zones
from broker.domain.alerts import AlertKind, AlertState, Level
from broker.domain.facts import FactKind
from broker.domain.moves import IllegalMove
from broker.domain.visit import Move, State, Visit
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import alerts, journal
from broker.store import visits as rows
from broker.store.database import change
from tests.builders import NOON, TurnableClock, crossed, later, make_shop


@pytest.fixture
def visit(shop: Shop) -> Visit:
    arrivals.take(shop, [crossed(1)])
    return rows.open_ones(shop.db)[0]


def state(shop: Shop, visit: Visit) -> State:
    return rows.get(shop.db, visit.id).state


def moved(shop: Shop, visit: Visit) -> list[str]:
    return [str(f.body["move"]) for f in journal.about(shop.db, visit.id) if f.kind is FactKind.VISIT_MOVED]


def test_a_visit_nobody_greets_turns_amber_red_and_calls_everybody(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    seen = []
    for seconds in (14, 1, 14, 1, 29, 1):
        clock.turn(seconds=seconds)
        visits.run_due(shop)
        seen.append(state(shop, visit))
    assert seen == [State.ENTERED, State.DUE, State.DUE, State.OVERDUE, State.OVERDUE, State.ESCALATED]


def test_the_red_card_raises_one_alert_that_climbs_to_everybody_and_the_lead(
    shop: Shop, clock: TurnableClock, visit: Visit
) -> None:
    levels = []
    for seconds in (30, 30, 30, 300):
        clock.turn(seconds=seconds)
        visits.run_due(shop)
        desk_alerts.run_due(shop)
        (alert,) = alerts.live(shop.db)
        levels.append(alert.level)
    assert levels == [Level.ZONE, Level.EVERYBODY, Level.LEAD, Level.LEAD]
    assert alert.raised_at == later(30)


def test_going_there_stops_the_sound_and_a_claim_that_runs_out_sounds_once_more(
    shop: Shop, clock: TurnableClock, visit: Visit
) -> None:
    clock.turn(seconds=31)
    visits.run_due(shop)
    visits.claim(shop, visit.id, by="kari")
    assert alerts.live(shop.db)[0].state is AlertState.ACKNOWLEDGED
    clock.turn(seconds=20)
    visits.run_due(shop)
    (alert,) = alerts.live(shop.db)
    assert (state(shop, visit), alert.state, alert.again) == (State.OVERDUE, AlertState.RAISED, True)


def test_however_many_claims_run_out_the_lead_is_called(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    for who, at in (("ann", 35), ("bob", 62)):
        clock.at = later(at)
        visits.run_due(shop), desk_alerts.run_due(shop)
        visits.claim(shop, visit.id, by=who)
    clock.at = later(95)
    visits.run_due(shop), desk_alerts.run_due(shop)
    (alert,) = alerts.live(shop.db)
    assert (alert.state, alert.level) == (AlertState.RAISED, Level.LEAD)


def test_nobody_silences_a_waiting_customer_by_acknowledging_the_alert(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    clock.turn(seconds=31)
    visits.run_due(shop)
    with pytest.raises(IllegalMove, match="going to the customer"):
        desk_alerts.acknowledge(shop, alerts.live(shop.db)[0].id, by="kari")


def test_a_red_party_that_is_sent_on_sounds_where_it_stands(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    clock.turn(seconds=31)
    visits.run_due(shop)
    visits.send(shop, visit.id, zone="shoes", by="kari")
    assert [alert.zone for alert in alerts.live(shop.db)] == ["shoes"]


def test_a_closed_shop_and_a_paused_zone_open_no_visit_for_staff_either(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=OpeningSettings(sat=("10:00-12:05",)))
    zones.pause(shop, "kids", minutes=5, reason="delivery", by="kari")
    with pytest.raises(IllegalMove, match="paused"):
        visits.add(shop, zone="kids", by="kari")
    clock.turn(seconds=301)
    with pytest.raises(IllegalMove, match="closed"):
        visits.add(shop, zone="entrance", by="kari")


def test_a_greeted_party_is_not_lost_in_one_that_still_waits(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1), crossed(2)])
    a, b = rows.open_ones(shop.db)
    visits.greet(shop, a.id, by="kari")
    with pytest.raises(IllegalMove, match="greeted"):
        visits.merge(shop, a.id, into=b.id, by="kari")
    assert visits.merge(shop, b.id, into=a.id, by="kari").state is State.ACKNOWLEDGED


def test_a_greeting_ends_the_alert_and_undoing_it_raises_another(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    clock.turn(seconds=31)
    visits.run_due(shop)
    visits.greet(shop, visit.id, by="kari")
    assert alerts.live(shop.db) == []
    visits.undo(shop, visit.id, by="kari")
    assert [alert.state for alert in alerts.live(shop.db)] == [AlertState.RAISED]


def test_the_second_who_says_im_going_reads_who_is_and_changes_nothing(shop: Shop, visit: Visit) -> None:
    visits.claim(shop, visit.id, by="Kari")
    before = journal.last_id(shop.db)
    with pytest.raises(IllegalMove, match="Kari is already on the way"):
        visits.claim(shop, visit.id, by="Jonas")
    assert (journal.last_id(shop.db), rows.get(shop.db, visit.id).claimed_by) == (before, "Kari")


def test_an_answer_sent_twice_is_taken_once(shop: Shop, visit: Visit) -> None:
    for _ in range(3):
        visits.greet(shop, visit.id, by="kari", key="tap-1")
    assert moved(shop, visit) == ["acknowledge"]


def test_an_answer_that_waited_on_a_tablet_counts_from_the_tap(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    clock.turn(seconds=100)
    visits.run_due(shop)
    greeted = visits.greet(shop, visit.id, by="kari", at=later(20))
    assert greeted.greet_seconds == 20


def test_an_answer_cannot_be_dated_before_the_party_came_in_nor_into_the_future(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2)])
    first, second = rows.open_ones(shop.db)
    clock.turn(seconds=10)
    assert visits.greet(shop, first.id, by="kari", at=later(-50)).greet_seconds == 0
    assert visits.greet(shop, second.id, by="kari", at=later(99999)).greet_seconds == 10


def test_not_a_customer_can_be_taken_back_for_a_minute(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    visits.dismiss(shop, visit.id, by="kari", reason="courier")
    assert rows.get(shop.db, visit.id).dismissed_as == "courier"
    clock.turn(seconds=59)
    assert visits.undo(shop, visit.id, by="kari").state is State.OVERDUE


def test_two_visits_become_one_party_and_two_again(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(5)), crossed(3, at=later(5), party=2)])
    first, second = rows.open_ones(shop.db)
    keeper = visits.merge(shop, first.id, into=second.id, by="kari")
    assert (keeper.t0, keeper.size, state(shop, first)) == (NOON, 3, State.MERGED)
    visits.undo(shop, first.id, by="kari")
    keeper = rows.get(shop.db, second.id)
    assert (keeper.t0, keeper.size, state(shop, first)) == (later(5), 2, State.ENTERED)


def test_merging_a_visit_that_others_were_merged_into_loses_nobody(shop: Shop) -> None:
    arrivals.take(shop, [crossed(n, at=later(n)) for n in (1, 2, 3)])
    a, b, c = rows.open_ones(shop.db)
    visits.merge(shop, a.id, into=b.id, by="kari")
    keeper = visits.merge(shop, b.id, into=c.id, by="kari")
    assert (keeper.t0, keeper.size) == (later(1), 3)
    with pytest.raises(IllegalMove):
        visits.merge(shop, c.id, into=c.id, by="kari")


def test_a_party_sent_to_another_zone_is_told_there(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    visits.send(shop, visit.id, zone="shoes", by="kari")
    clock.turn(seconds=31)
    visits.run_due(shop)
    assert alerts.live(shop.db)[0].zone == "shoes"
    with pytest.raises(KeyError):
        visits.send(shop, visit.id, zone="moon", by="kari")


def test_staff_add_whom_the_camera_did_not_see(shop: Shop) -> None:
    added = visits.add(shop, zone="kids", by="kari", size=2, key="k1")
    assert added is not None
    assert (added.size, added.t0) == (2, NOON)
    assert visits.add(shop, zone="kids", by="kari", key="k1") is None
    assert len(rows.open_ones(shop.db)) == 1


def test_a_call_for_help_goes_to_everybody_and_ends_when_it_is_answered(shop: Shop, visit: Visit) -> None:
    visits.ask_help(shop, visit.id, by="kari")
    visits.ask_help(shop, visit.id, by="kari")
    desk_alerts.run_due(shop)
    (call,) = alerts.live(shop.db, kind=AlertKind.HELP)
    assert (call.level, call.by) == (Level.EVERYBODY, "kari")
    desk_alerts.acknowledge(shop, call.id, by="jonas")
    desk_alerts.resolve(shop, call.id, by="jonas")
    assert alerts.live(shop.db) == []


def test_a_lead_takes_over_after_a_briefing_and_not_before(shop: Shop, visit: Visit) -> None:
    visits.raise_upset(shop, visit.id, by="kari")
    with pytest.raises(IllegalMove, match="after a briefing"):
        visits.take_over(shop, visit.id, by="maria")
    with pytest.raises(IllegalMove, match="what happened"):
        visits.brief(shop, visit.id, happened="The zip broke", tried="", wanted="A refund", by="kari")
    visits.brief(shop, visit.id, happened="The zip broke", tried="Another size", wanted="A refund", by="kari")
    assert visits.take_over(shop, visit.id, by="maria").taken_over_by == "maria"


def test_a_paused_zone_opens_no_visit_and_comes_back_by_itself(shop: Shop, clock: TurnableClock) -> None:
    zones.pause(shop, "entrance", minutes=5, reason="delivery", by="kari")
    arrivals.take(shop, [crossed(1), crossed(2, zone="shoes")])
    assert [v.zone for v in rows.open_ones(shop.db)] == ["shoes"]
    clock.turn(seconds=300)
    assert zones.run_due(shop) == 1
    arrivals.take(shop, [crossed(3, at=clock())])
    assert {v.zone for v in rows.open_ones(shop.db)} == {"shoes", "entrance"}


def test_who_came_in_while_a_zone_was_paused_is_no_visit_however_late_that_is_heard(shop: Shop, clock: TurnableClock) -> None:
    zones.pause(shop, "entrance", minutes=5, reason="delivery", by="kari")
    clock.turn(seconds=300)
    zones.run_due(shop)
    clock.turn(seconds=3 * 24 * 3600)
    arrivals.take(shop, [crossed(1, at=later(60)), crossed(2, at=later(360))])
    found = shop.db.execute("SELECT t0 FROM visits").fetchall()
    assert [datetime.fromisoformat(t0) for (t0,) in found] == [later(360)]


@pytest.mark.parametrize(("minutes", "reason"), [(7, "delivery"), (5, " ")])
def test_a_pause_has_a_length_that_is_offered_and_a_reason(shop: Shop, minutes: int, reason: str) -> None:
    with pytest.raises(IllegalMove):
        zones.pause(shop, "entrance", minutes=minutes, reason=reason, by="kari")


def test_nothing_survives_closing_time(tmp_path: Path, clock: TurnableClock) -> None:
    shop = make_shop(tmp_path, clock, opening=OpeningSettings(sat=("10:00-12:05",)))
    arrivals.take(shop, [crossed(1)])
    assert visits.run_closing(shop) == 0
    clock.turn(seconds=31)
    visits.run_due(shop)
    clock.turn(seconds=300)
    assert visits.run_closing(shop) == 1
    assert (rows.open_ones(shop.db), alerts.live(shop.db)) == ([], [])
    arrivals.take(shop, [crossed(2, at=clock())])
    assert rows.open_ones(shop.db) == []


def test_nobody_hears_of_what_was_rolled_back(shop: Shop, visit: Visit) -> None:
    before = journal.last_id(shop.db)
    with pytest.raises(RuntimeError), change(shop.db):
        visits.make(shop, visit, Move.CLAIM, later(1), by="kari")
        raise RuntimeError("the power went")
    assert (journal.last_id(shop.db), state(shop, visit)) == (before, State.ENTERED)


def test_running_the_clock_twice_changes_nothing(shop: Shop, clock: TurnableClock, visit: Visit) -> None:
    clock.turn(seconds=61)
    visits.run_due(shop), desk_alerts.run_due(shop)
    before = (journal.last_id(shop.db), rows.get(shop.db, visit.id))
    assert (visits.run_due(shop), desk_alerts.run_due(shop)) == (0, 0)
    assert (journal.last_id(shop.db), rows.get(shop.db, visit.id)) == before


def test_every_waiting_visit_is_on_the_floor_and_no_other(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(n, at=later(-n)) for n in range(6)])
    here = rows.open_ones(shop.db)
    visits.greet(shop, here[0].id, by="kari")
    visits.dismiss(shop, here[1].id, by="kari", reason="staff")
    shown = screens.floor(shop)["visits"]
    assert [row["id"] for row in shown] == [v.id for v in here[2:]]


def _claim_all(folder: str, who: str) -> None:
    shop = make_shop(Path(folder), TurnableClock())
    for visit in rows.open_ones(shop.db):
        try:
            visits.claim(shop, visit.id, by=who)
        except IllegalMove:
            continue


def test_four_tablets_at_once_never_hold_the_same_visit(shop: Shop, tmp_path: Path) -> None:
    arrivals.take(shop, [crossed(n) for n in range(60)])
    context = multiprocessing.get_context("spawn")
    tablets = [context.Process(target=_claim_all, args=(str(tmp_path), f"p{n}")) for n in range(4)]
    for tablet in tablets:
        tablet.start()
    for tablet in tablets:
        tablet.join(60)
    assert [tablet.exitcode for tablet in tablets] == [0, 0, 0, 0]
    claims = [f for f in journal.after(shop.db, 0, limit=5000) if f.body.get("move") == "claim"]
    assert len(claims) == len({f.subject for f in claims}) == 60
