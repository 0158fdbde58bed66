"""News from the door: each event counts once, in any order, and what is old is history."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.desk import alerts as desk_alerts
from broker.desk import arrivals, devices, visits
from broker.domain.arrivals import Counted, Pressed, Stayed
from broker.domain.facts import FactKind
from broker.domain.visit import How, State
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import alerts, journal
from broker.store import arrivals as counts
from broker.store import devices as watches
from broker.store import visits as rows
from tests.builders import NOON, TurnableClock, crossed, later, make_shop


def test_an_event_that_comes_twice_counts_once(shop: Shop) -> None:
    assert arrivals.take(shop, [crossed(1), crossed(1)]) == 1
    before = journal.last_id(shop.db)
    assert arrivals.take(shop, [crossed(1)]) == 0
    assert (len(rows.open_ones(shop.db)), journal.last_id(shop.db)) == (1, before)


def test_the_same_number_from_another_camera_is_another_event(shop: Shop) -> None:
    assert arrivals.take(shop, [crossed(1), crossed(1, device="back-door")]) == 2


def test_t0_is_the_cameras_time_and_not_the_messages_arrival(shop: Shop, clock: TurnableClock) -> None:
    clock.turn(seconds=9)
    arrivals.take(shop, [crossed(1)])
    assert rows.open_ones(shop.db)[0].t0 == NOON


def test_a_party_is_one_visit_with_a_size(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, party=1, at=later(0.4))])
    arrivals.take(shop, [crossed(3, party=1, at=later(1.5))])
    (visit,) = rows.open_ones(shop.db)
    assert (visit.size, visit.t0) == (3, NOON)


def test_somebody_whose_party_was_merged_makes_the_keeper_larger(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1), crossed(2)])
    a, b = rows.open_ones(shop.db)
    visits.merge(shop, a.id, into=b.id, by="kari")
    arrivals.take(shop, [crossed(3, party=int(a.party.removeprefix("ab-")), at=later(1))])
    assert rows.get(shop.db, b.id).size == 3


def test_late_news_becomes_history_and_never_sounds(shop: Shop, clock: TurnableClock) -> None:
    clock.turn(seconds=300)
    arrivals.take(shop, [crossed(1)])
    (visit,) = rows.open_ones(shop.db)
    assert visit.late
    clock.turn(seconds=400)
    visits.run_due(shop)
    assert alerts.live(shop.db) == []
    assert rows.get(shop.db, visit.id).state is State.LEFT
    assert counts.totals(shop.db, NOON, later(1)) == (1, 0, 1)


def test_the_last_one_out_ends_every_visit(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2)])
    first = rows.open_ones(shop.db)[0]
    visits.greet(shop, first.id, by="kari")
    clock.turn(seconds=20)
    arrivals.take(shop, [crossed(3, inward=False, at=clock())])
    assert len(rows.open_ones(shop.db)) == 2, "two were in: one exit is not matched to a person"
    arrivals.take(shop, [crossed(4, inward=False, at=clock())])
    states = sorted(v.state for v in rows.between(shop.db, NOON, later(60)))
    assert states == [State.CLOSED, State.LEFT]


def test_midnight_does_not_empty_a_shop_that_stays_open(tmp_path: Path) -> None:
    midnight = NOON.replace(hour=23)
    shop = make_shop(tmp_path, TurnableClock(later(30, since=midnight)))
    arrivals.take(shop, [crossed(n, at=later(-20, since=midnight)) for n in range(1, 6)])
    arrivals.take(shop, [crossed(9, inward=False, at=later(5, since=midnight))])
    assert len(rows.open_ones(shop.db)) == 5


def test_an_exit_nobody_came_in_for_is_a_miscount_and_not_an_empty_shop(shop: Shop) -> None:
    visits.add(shop, zone="kids", by="kari")
    visits.add(shop, zone="shoes", by="kari")
    arrivals.take(shop, [crossed(1, inward=False, at=later(1))])
    assert len(rows.open_ones(shop.db)) == 2


def test_the_last_one_counted_out_does_not_end_the_visit_of_one_no_camera_saw(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1)])
    added = visits.add(shop, zone="kids", by="kari")
    arrivals.take(shop, [crossed(2, inward=False, at=later(1))])
    assert [visit.id for visit in rows.open_ones(shop.db)] == [added and added.id]


def test_with_one_party_in_the_shop_it_has_left_when_all_its_people_have(shop: Shop) -> None:
    arrivals.take(shop, [crossed(9, at=later(-60)), crossed(1), crossed(2, party=1)])
    visits.dismiss(shop, rows.open_ones(shop.db)[0].id, by="kari", reason="courier")
    arrivals.take(shop, [crossed(3, inward=False, at=later(5))])
    assert len(rows.open_ones(shop.db)) == 1
    arrivals.take(shop, [crossed(4, inward=False, at=later(6))])
    assert rows.open_ones(shop.db) == []


def test_an_exit_from_before_somebody_came_in_does_not_end_their_visit(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, inward=False, at=later(-3))])
    assert len(rows.open_ones(shop.db)) == 1


def test_a_button_on_the_wall_greets_the_longest_waiting_of_its_zone(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(-5)), crossed(3, zone="shoes", at=later(-9))])
    clock.turn(seconds=10)
    arrivals.take(shop, [Pressed(event="b-1", device="button", at=clock(), zone="entrance")])
    greeted = [v for v in rows.open_ones(shop.db) if v.state is State.ACKNOWLEDGED]
    assert [(v.t0, v.how, v.acknowledged_by, v.greet_seconds) for v in greeted] == [(later(-5), How.BUTTON, "button", 15)]


def test_a_crossing_into_a_zone_the_shop_does_not_have_is_counted_and_says_why(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1, zone="attic")])
    (fact,) = journal.after(shop.db, 0)
    assert (fact.kind, fact.body["no_visit"]) == (FactKind.CROSSED, "unknown zone")
    assert counts.totals(shop.db, NOON, later(1))[0] == 1


def test_what_areas_of_the_picture_say_is_kept(shop: Shop) -> None:
    arrivals.take(shop, [
        Counted(event="z-1", device="till", at=NOON, zone="shoes", area="queue", people=4),
        Stayed(event="z-2", device="till", at=NOON, zone="shoes", area="queue", seconds=61.5),
    ])  # fmt: skip
    assert {fact.kind for fact in journal.after(shop.db, 0)} == {FactKind.AREA, FactKind.STAYED, FactKind.ZONE_QUEUE}


events = st.lists(
    st.tuples(st.integers(1, 12), st.booleans(), st.sampled_from([None, 1, 2, 3]), st.floats(0, 50)),
    min_size=1, max_size=20, unique_by=lambda e: e[0],
)  # fmt: skip


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_duplicates_and_order_change_neither_visits_nor_people(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    told = [crossed(n, at=later(round(t, 3)), party=p if p and p < n else None) for n, _, p, t in data.draw(events)]
    shuffled = data.draw(st.permutations(told + data.draw(st.lists(st.sampled_from(told), max_size=10))))
    pictures = []
    for order in (told, shuffled):
        shop = make_shop(tmp_path_factory.mktemp("shop"), TurnableClock(later(60)))
        cut = data.draw(st.integers(0, len(order)))
        arrivals.take(shop, order[:cut])
        arrivals.take(shop, order[cut:])
        pictures.append(sorted((v.party, v.t0, v.size, v.state) for v in rows.open_ones(shop.db)))
        shop.db.close()
    assert pictures[0] == pictures[1]


def test_a_camera_that_says_nothing_is_not_watching_and_somebody_is_told(shop: Shop, clock: TurnableClock) -> None:
    devices.heard(shop, "door", watch="watching", since=NOON, zones=("entrance",), said_at=NOON)
    clock.turn(seconds=26)
    assert devices.run_silent(shop) == 1
    door = watches.find(shop.db, "door")
    assert door is not None
    assert (door.watch, door.since) == ("offline", NOON)
    (gap,) = watches.gaps(shop.db, NOON, clock())
    assert (gap.began, gap.ended) == (NOON, None)
    clock.turn(seconds=4)
    devices.heard(shop, "door", watch="watching", since=clock(), zones=("entrance",), said_at=clock())
    assert watches.gaps(shop.db, NOON, clock())[0].ended == later(30)


def test_a_word_that_comes_late_does_not_replace_a_newer_one(shop: Shop) -> None:
    devices.heard(shop, "door", watch="blind", since=NOON, said_at=later(10), zones=("entrance",))
    devices.heard(shop, "door", watch="watching", since=NOON, said_at=later(5), zones=("entrance",), live=False)
    door = watches.find(shop.db, "door")
    assert door is not None
    assert door.watch == "blind"


def test_a_camera_whose_clock_is_wrong_is_seen_to_be(shop: Shop) -> None:
    door = devices.heard(shop, "door", watch="watching", since=NOON, said_at=NOON - timedelta(seconds=7), zones=("entrance",))
    assert door.skew == 7
    kept = devices.heard(shop, "door", watch="watching", since=NOON, said_at=NOON - timedelta(seconds=9), live=False)
    assert kept.skew == 7, "what was kept for us says nothing of a clock"


def test_a_camera_whose_clock_was_set_back_is_still_heard(shop: Shop, clock: TurnableClock) -> None:
    devices.heard(shop, "door", watch="watching", since=NOON, said_at=NOON, zones=("entrance",))
    clock.turn(seconds=20)
    devices.heard(shop, "door", watch="watching", since=NOON, said_at=NOON - timedelta(hours=1), zones=("entrance",))
    clock.turn(seconds=10)
    assert devices.run_silent(shop) == 0


def test_a_camera_that_is_dark_at_night_alarms_nobody_until_the_shop_opens(tmp_path: Path) -> None:
    evening = NOON.replace(hour=17)
    clock = TurnableClock(later(60, since=evening))
    shop = make_shop(tmp_path, clock, opening=OpeningSettings(sat=("10:00-18:00",), sun=("10:00-18:00",)))
    devices.heard(shop, "door", watch="blind", since=clock(), zones=("entrance",), said_at=clock())
    assert alerts.live(shop.db) == []
    clock.turn(seconds=16 * 3600)
    devices.run_silent(shop)
    assert [alert.subject for alert in alerts.live(shop.db)] == ["door"]
    clock.turn(seconds=8 * 3600)
    visits.run_closing(shop)
    clock.turn(seconds=6)
    desk_alerts.run_due(shop)
    assert alerts.live(shop.db) == []
