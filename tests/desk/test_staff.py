"""Staff at the door and beside a customer: what the shop makes of what a camera says of them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from broker.desk import arrivals, devices, screens, visits
from broker.domain.arrivals import Beside, Pressed
from broker.domain.facts import FactKind
from broker.domain.visit import How, State
from broker.settings import OpeningSettings
from broker.shop import Shop
from broker.store import alerts, journal
from broker.store import arrivals as counts
from broker.store import devices as watches
from broker.store import visits as rows
from tests.builders import NOON, TurnableClock, crossed, later, make_shop

TEN_SECONDS_LATER = later(10)


def test_staff_open_no_visit_and_are_not_among_those_inside(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(1), staff=True), crossed(3, at=later(2), inward=False, staff=True)])
    (visit,) = rows.open_ones(shop.db)
    assert (visit.party, visit.size) == ("ab-1", 1)
    assert counts.totals(shop.db, NOON, later(10)) == (1, 0, 0), "no report counts them"
    assert counts.presence(shop.db, NOON.date()).inside == 1
    assert counts.ins_by_device(shop.db, NOON, later(10)) == {"door": 1}
    facts = [fact.body.get("no_visit") for fact in journal.after(shop.db, 0) if fact.kind is FactKind.CROSSED]
    assert facts == ["staff", "staff"]
    clock.turn(seconds=20)
    visits.greet(shop, visit.id, by="kari")
    assert len(screens.floor(shop)["hour"]) == 1, "the last hour knows customers only"


def test_a_colleague_who_goes_home_does_not_end_the_visit_of_the_last_customer(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(5), inward=False, staff=True)])
    assert [visit.exits for visit in rows.open_ones(shop.db)] == [0]


def beside(n: int = 90, *, at: datetime = TEN_SECONDS_LATER, party: int | None = None, zone: str = "entrance") -> Beside:
    """The camera has seen staff beside a customer; *party* is the number of the party's first crossing."""
    return Beside(event=f"ab-{n}", device="door", at=at, zone=zone, party=None if party is None else f"ab-{party}")


def test_a_greeting_the_camera_sees_is_of_the_party_that_it_saw_come_in(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1, at=later(-5)), crossed(2), crossed(3, party=2, at=later(0.5))])
    clock.turn(seconds=12)
    arrivals.take(shop, [beside(party=2)])
    by_party = {visit.party: visit for visit in rows.open_ones(shop.db)}
    greeted = by_party["ab-2"]
    assert (greeted.state, greeted.how, greeted.acknowledged_by) == (State.ACKNOWLEDGED, How.SEEN, "door")
    assert greeted.greet_seconds == 10
    assert by_party["ab-1"].waiting, "who waits longer still waits"


def test_a_greeting_in_another_zone_than_the_door_is_still_the_partys(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1)])
    clock.turn(seconds=12)
    arrivals.take(shop, [beside(party=1, zone="shoes")])
    assert [visit.state for visit in rows.open_ones(shop.db)] == [State.ACKNOWLEDGED]


def test_a_greeting_of_somebody_the_camera_did_not_see_come_in_is_of_the_longest_waiting(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(-5)), crossed(3, at=later(-9), zone="shoes"), crossed(4, at=later(11))])
    clock.turn(seconds=12)
    arrivals.take(shop, [beside()])
    assert [v.party for v in rows.open_ones(shop.db) if v.how is How.SEEN] == ["ab-2"]


def test_a_greeting_from_before_anybody_came_in_is_nobodys(shop: Shop) -> None:
    arrivals.take(shop, [crossed(1), beside(at=later(-1)), beside(91, at=later(-1), party=1)])
    assert all(visit.waiting for visit in rows.open_ones(shop.db))


def test_a_greeting_seen_again_changes_nothing(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2)])
    clock.turn(seconds=12)
    assert arrivals.take(shop, [beside(), beside()]) == 1
    before = journal.last_id(shop.db)
    assert arrivals.take(shop, [beside()]) == 0
    assert (journal.last_id(shop.db), len(rows.waiting(shop.db))) == (before, 1)


def test_a_late_greeting_counts_from_when_it_was(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1)])
    clock.turn(seconds=300)
    arrivals.take(shop, [beside(party=1)])
    assert [visit.greet_seconds for visit in rows.open_ones(shop.db)] == [10]


@pytest.mark.parametrize("party", [None, 1], ids=["whoever waits", "the party"])
def test_a_greeting_from_a_clock_that_is_ahead_is_a_greeting_now(shop: Shop, clock: TurnableClock, party: int | None) -> None:
    arrivals.take(shop, [crossed(1)])
    clock.turn(seconds=20)
    arrivals.take(shop, [beside(at=later(3600), party=party)])
    assert [visit.greet_seconds for visit in rows.open_ones(shop.db)] == [20]


def test_a_party_that_was_greeted_keeps_its_greeting_and_nobody_elses_is_taken(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(1))])
    clock.turn(seconds=5)
    visits.greet(shop, rows.open_ones(shop.db)[0].id, by="kari")
    arrivals.take(shop, [beside(party=1)])
    one, other = rows.open_ones(shop.db)
    assert (one.how, one.acknowledged_by) == (How.TAP, "kari")
    assert other.waiting


def test_a_greeting_of_a_party_that_was_merged_is_its_keepers(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(1))])
    one, other = rows.open_ones(shop.db)
    visits.merge(shop, other.id, into=one.id, by="kari")
    clock.turn(seconds=12)
    arrivals.take(shop, [beside(party=2)])
    assert (rows.get(shop.db, one.id).how, rows.get(shop.db, other.id).state) == (How.SEEN, State.MERGED)


def test_a_greeting_ends_a_claim(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1)])
    visits.claim(shop, rows.open_ones(shop.db)[0].id, by="kari")
    clock.turn(seconds=12)
    arrivals.take(shop, [beside(party=1)])
    (visit,) = rows.open_ones(shop.db)
    assert (visit.state, visit.claimed_by, visit.how) == (State.ACKNOWLEDGED, None, How.SEEN)


def test_a_greeting_of_a_party_that_was_dismissed_or_never_had_a_visit_is_nobodys(shop: Shop, clock: TurnableClock) -> None:
    arrivals.take(shop, [crossed(1), crossed(2, at=later(1)), crossed(3, zone="attic")])
    visits.dismiss(shop, rows.open_ones(shop.db)[0].id, by="kari", reason="courier")
    clock.turn(seconds=12)
    arrivals.take(shop, [beside(party=1), beside(91, party=3), beside(92, party=77)])
    assert [visit.party for visit in rows.waiting(shop.db)] == ["ab-2"]


def test_in_a_closed_shop_a_greeting_is_nobodys(tmp_path: Path) -> None:
    night = NOON.replace(hour=1)
    opening = OpeningSettings(sat=("10:00-18:00",))
    shop = make_shop(tmp_path, TurnableClock(later(20, since=night)), opening=opening)
    taken = arrivals.take(
        shop, [crossed(1, at=night), beside(at=later(9, since=night), party=1), beside(91, at=later(9, since=night))]
    )
    assert (taken, rows.open_ones(shop.db)) == (3, [])


def test_a_button_that_says_how_it_is_is_no_camera(shop: Shop, clock: TurnableClock) -> None:
    devices.heard(shop, "button-1", kind="button", watch="watching", since=NOON, said_at=NOON, zones=("entrance",))
    clock.turn(seconds=60)
    assert devices.run_silent(shop) == 1
    devices.heard(shop, "button-1", watch="offline", since=clock(), said_at=clock())
    button = watches.find(shop.db, "button-1")
    assert button is not None
    assert (button.kind, button.watch) == ("button", "offline"), "a last will does not know what it is the will of"
    assert alerts.live(shop.db) == []
    assert screens.cameras(shop, clock()) == []
    assert watches.gaps(shop.db, NOON, clock()) == []


def test_a_press_that_knows_whole_seconds_only_is_not_before_the_one_who_came_in_that_second(
    shop: Shop, clock: TurnableClock
) -> None:
    arrivals.take(shop, [crossed(1, at=later(0.8))])
    clock.turn(seconds=2)
    arrivals.take(shop, [Pressed(event="b-1", device="button-1", at=NOON, zone="entrance")])
    (visit,) = rows.open_ones(shop.db)
    assert (visit.how, visit.greet_seconds) == (How.BUTTON, 0)
