"""Queues that cameras count: what the floor shows of them, and the alert when one is too long for too long."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broker.desk import alerts as desk_alerts
from broker.desk import arrivals, devices, queues, screens, visits, zones
from broker.domain.alerts import Alert, AlertKind, AlertState, Level
from broker.domain.arrivals import Counted, Stayed
from broker.domain.facts import FactKind
from broker.service.deadlines import Deadlines
from broker.settings import AreaSettings, CameraSettings, OpeningSettings, ZoneSettings
from broker.shop import Shop
from broker.store import alerts, journal
from broker.store import devices as watches
from tests.builders import NOON, TurnableClock, later, make_shop

TILL = ZoneSettings(id="till", name="Till", queue_people=3, queue_seconds=30)
EVENTS = count(1)
SQUARE = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.9))


@pytest.fixture
def till(tmp_path: Path, clock: TurnableClock) -> Shop:
    """A shop whose till calls for three people after half a minute, with a camera that watches it."""
    shop = make_shop(tmp_path, clock, zones=(TILL, ZoneSettings(id="shoes", name="Shoes")))
    sees(shop)
    return shop


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


def sees(shop: Shop, watch: str = "watching", *, device: str = "cam", since: datetime | None = None) -> None:
    devices.heard(shop, device, watch=watch, since=since or shop.clock(), zones=("till",), said_at=shop.clock())


def says(
    shop: Shop, people: int, *, area: str = "line", ago: float = 0, longest: float | None = None, device: str = "cam",
    zone: str = "till", kind: str = "queue",
) -> None:  # fmt: skip
    at = later(-ago, since=shop.clock())
    one = Counted(event=f"c-{next(EVENTS)}", device=device, at=at, zone=zone, area=area, people=people, kind=kind, longest=longest)
    arrivals.take(shop, [one])


def passes(shop: Shop, clock: TurnableClock, seconds: float) -> None:
    """Let time pass with the clock's part of the service running; cameras say how they are, and nobody says anything else."""
    ticks = [0.0]
    deadlines = Deadlines(shop, ticks=lambda: ticks[0])
    for _ in range(round(seconds)):
        clock.turn(seconds=1)
        ticks[0] += 1
        if clock().second % 10 == 0:
            for camera in watches.everyone(shop.db):
                devices.heard(shop, camera.id, watch=camera.watch, since=camera.since, zones=camera.zones, said_at=clock())
        deadlines.turn()


def live(shop: Shop) -> list[Alert]:
    return alerts.live(shop.db, kind=AlertKind.QUEUE_OVER)


def shown(shop: Shop) -> dict[str, object]:
    (row,) = queues.rows(shop)
    return row


# --- the alert


def test_too_many_for_too_long_call_the_zone_by_the_clock_when_nothing_more_is_said(till: Shop, clock: TurnableClock) -> None:
    says(till, 3)
    passes(till, clock, 29)
    assert live(till) == []
    passes(till, clock, 1)
    (alert,) = live(till)
    assert (alert.state, alert.zone, alert.subject, alert.since) == (AlertState.RAISED, "till", "till", NOON)
    assert alert.raised_at == later(30)


def test_areas_of_a_zone_are_summed_and_other_kinds_are_not(till: Shop, clock: TurnableClock) -> None:
    sees(till, device="cam-2")
    says(till, 2)
    says(till, 9, area="desk", kind="service")
    passes(till, clock, 60)
    assert live(till) == []
    says(till, 1, device="cam-2", area="other-line")
    passes(till, clock, 30)
    assert len(live(till)) == 1
    assert shown(till)["people"] == 3


def test_a_short_dip_does_not_end_the_alert_and_a_long_one_does(till: Shop, clock: TurnableClock) -> None:
    says(till, 4)
    passes(till, clock, 40)
    (alert,) = live(till)
    says(till, 2)
    passes(till, clock, 4)
    says(till, 4)
    passes(till, clock, 20)
    assert [each.id for each in live(till)] == [alert.id]
    says(till, 2)
    passes(till, clock, 7)
    assert live(till) == []


def test_a_number_that_flaps_around_the_limit_raises_one_alert(till: Shop, clock: TurnableClock) -> None:
    for step in range(120):
        says(till, 3 if step % 2 else 2)
        passes(till, clock, 1)
    assert len(raised(till)) == 1


def raised(shop: Shop) -> list[str]:
    facts = journal.after(shop.db, 0, limit=5000)
    return [
        fact.subject
        for fact in facts
        if fact.kind is FactKind.ALERT and fact.body["move"] == "raise" and fact.body["kind"] == "queue_over"
    ]


def test_the_alert_climbs_from_the_zone_to_everybody_and_the_lead_until_somebody_goes(till: Shop, clock: TurnableClock) -> None:
    says(till, 5)
    passes(till, clock, 31)
    assert live(till)[0].level is Level.ZONE
    passes(till, clock, 30)
    assert live(till)[0].level is Level.EVERYBODY
    desk_alerts.acknowledge(till, live(till)[0].id, by="kari")
    passes(till, clock, 55)
    (alert,) = live(till)
    assert (alert.state, alert.level, alert.acknowledged_by) == (AlertState.ACKNOWLEDGED, Level.EVERYBODY, "kari")


def test_who_said_i_am_going_and_did_not_is_called_back_once(till: Shop, clock: TurnableClock) -> None:
    says(till, 5)
    passes(till, clock, 31)
    desk_alerts.acknowledge(till, live(till)[0].id, by="kari")
    passes(till, clock, 61)
    (alert,) = live(till)
    assert (alert.state, alert.again) == (AlertState.RAISED, True)
    desk_alerts.acknowledge(till, alert.id, by="kari")
    passes(till, clock, 200)
    assert live(till)[0].state is AlertState.ACKNOWLEDGED, "once"


def test_late_news_raises_nothing(till: Shop, clock: TurnableClock) -> None:
    clock.turn(seconds=3600)
    sees(till, since=NOON)
    says(till, 9, ago=till.standards.late_news + 1)
    passes(till, clock, 120)
    assert live(till) == []
    assert shown(till)["people"] is None, "what was so an hour ago is not what is so"


def test_news_that_is_not_late_counts_from_the_cameras_time(till: Shop, clock: TurnableClock) -> None:
    clock.turn(seconds=100)
    says(till, 9, ago=40)
    assert [alert.since for alert in live(till)] == [later(60)]


def test_what_was_queued_in_the_box_is_told_in_order_and_rings_no_more_than_the_last_of_it(
    till: Shop, clock: TurnableClock
) -> None:
    """An outage of a minute and a half: it had been too long, and is not any more."""
    clock.turn(seconds=100)
    sees(till, since=NOON)
    names = [(90, 5), (20, 1)]
    arrivals.take(till, [
        Counted(event=f"o-{ago}", device="cam", at=later(-ago, since=clock()), zone="till", area="line", people=people)
        for ago, people in reversed(names)
    ])  # fmt: skip
    passes(till, clock, 60)
    assert live(till) == []
    assert shown(till)["people"] == 1


def test_a_paused_zone_is_silent_and_begins_anew_afterwards(till: Shop, clock: TurnableClock) -> None:
    says(till, 9)
    passes(till, clock, 40)
    assert len(live(till)) == 1
    zones.pause(till, "till", minutes=5, reason="delivery", by="kari")
    passes(till, clock, 2)
    assert live(till) == []
    assert shown(till)["people"] == 9, "it is still shown"
    passes(till, clock, 299)
    assert live(till) == []
    passes(till, clock, 31)
    assert len(live(till)) == 1


def test_nothing_survives_closing_time(tmp_path: Path, clock: TurnableClock) -> None:
    hours = OpeningSettings.model_validate({"sat": ["10:00-12:01"]})
    till = make_shop(tmp_path, clock, zones=(TILL,), opening=hours)
    sees(till)
    says(till, 9)
    passes(till, clock, 40)
    assert len(live(till)) == 1
    passes(till, clock, 25)
    assert live(till) == []
    says(till, 8)
    passes(till, clock, 120)
    assert (live(till), len(raised(till))) == ([], 1)


def test_a_camera_that_stops_watching_ends_the_alert_and_its_count_is_not_shown(till: Shop, clock: TurnableClock) -> None:
    says(till, 9)
    passes(till, clock, 40)
    sees(till, "blind")
    assert (shown(till)["people"], shown(till)["watched"]) == (None, False)
    passes(till, clock, 8)
    assert live(till) == []
    sees(till)
    assert shown(till)["people"] is None, "the old number is not how things stand"
    says(till, 2)
    assert (shown(till)["people"], shown(till)["watched"]) == (2, True)


def test_a_camera_that_hides_for_a_moment_changes_nothing(till: Shop, clock: TurnableClock) -> None:
    says(till, 9)
    passes(till, clock, 20)
    sees(till, "frozen")
    passes(till, clock, 2)
    sees(till)
    says(till, 9)
    passes(till, clock, 9)
    assert [alert.since for alert in live(till)] == [NOON]


def test_the_line_to_a_camera_may_break_without_making_its_count_old(till: Shop, clock: TurnableClock) -> None:
    """The camera watched all the time, and says so: what it said last is how things stand."""
    says(till, 2)
    clock.turn(seconds=20)
    devices.heard(till, "cam", watch="offline", since=clock(), zones=("till",))
    assert shown(till)["people"] is None
    clock.turn(seconds=20)
    sees(till, since=NOON)
    assert shown(till)["people"] == 2


def test_a_restart_of_the_service_forgets_no_queue(till: Shop, tmp_path: Path, clock: TurnableClock) -> None:
    says(till, 3)
    clock.turn(seconds=20)
    sees(till, since=NOON)
    again = make_shop(tmp_path, clock, zones=(TILL,))
    passes(again, clock, 10)
    assert [alert.since for alert in live(again)] == [NOON]


def test_a_zone_the_shop_does_not_have_has_no_queue(till: Shop, clock: TurnableClock) -> None:
    says(till, 9, zone="attic")
    passes(till, clock, 60)
    assert (live(till), queues.rows(till)) == ([], [])


class Rule:
    """The rule as a person would read it, told the number once a second: over for half a minute, dips of 5 s aside."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        self.below: datetime | None = None
        self.stands = False

    def tell(self, people: int, now: datetime) -> None:
        if people >= 3:
            self.since, self.below = self.since or now, None
        else:
            self.below = self.below or now
        if self.below and (now - self.below).total_seconds() > 5:
            self.since, self.stands = None, False
        if self.since and not self.below and (now - self.since).total_seconds() >= 30:
            self.stands = True


@given(st.lists(st.tuples(st.integers(1, 45), st.sampled_from([0, 2, 3, 4])), min_size=1, max_size=8))
@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_there_is_never_more_than_one_live_alert_and_it_stands_exactly_while_the_rule_says_so(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    clock, rule = TurnableClock(), Rule()
    shop = make_shop(tmp_path_factory.mktemp("till"), clock, zones=(TILL,))
    sees(shop)
    for seconds, people in changes:
        says(shop, people)
        rule.tell(people, clock())
        for _ in range(seconds):
            passes(shop, clock, 1)
            rule.tell(people, clock())
            assert len(live(shop)) == rule.stands, (clock(), rule.since, rule.below)
    shop.db.conn.close()


# --- what the floor shows


def test_the_floor_shows_how_many_wait_since_when_and_how_the_day_went(till: Shop, clock: TurnableClock) -> None:
    clock.turn(seconds=600)
    says(till, 4, longest=190)
    for n, outcome in enumerate(("served", "served", "left", "")):
        one = Stayed(event=f"s-{n}", device="cam", at=clock(), zone="till", area="line", seconds=60, outcome=outcome)
        arrivals.take(till, [one])
    row = shown(till)
    assert (row["zone"], row["zone_name"], row["people"], row["watched"], row["served"], row["left"]) == (
        "till",
        "Till",
        4,
        True,
        2,
        1,
    )
    assert row["longest_since"] == "2026-11-21T11:06:50.000Z"
    assert screens.floor(till)["queues"] == [row]


def test_a_queue_drawn_in_the_settings_is_shown_as_not_watched_before_it_was_ever_heard_of(
    tmp_path: Path, clock: TurnableClock
) -> None:
    camera = CameraSettings(id="cam", source="0", areas=(AreaSettings(id="till", kind="queue", points=SQUARE),))
    shop = make_shop(tmp_path, clock, zones=(TILL,), cameras=(camera,))
    assert (shown(shop)["people"], shown(shop)["watched"]) == (None, False)


def test_an_area_that_is_not_in_the_plan_any_more_is_forgotten(till: Shop, clock: TurnableClock) -> None:
    says(till, 3, area="old-line")
    clock.turn(seconds=100)
    sees(till, "starting")
    sees(till)
    says(till, 1)
    assert (shown(till)["people"], shown(till)["watched"]) == (1, False)
    passes(till, clock, 95)
    sees(till)
    assert (shown(till)["people"], shown(till)["watched"]) == (1, True)


def test_screens_are_told_of_a_queue_at_most_once_a_second_and_of_its_last_number_in_the_end(
    till: Shop, clock: TurnableClock
) -> None:
    def told() -> list[object]:
        return [fact.body["people"] for fact in journal.after(till.db, 0) if fact.kind is FactKind.ZONE_QUEUE]

    for n in range(1, 40):
        says(till, n % 2 + 1)
        clock.turn(seconds=0.1)
    assert len(told()) <= 4
    says(till, 0)
    passes(till, clock, 2)
    assert told()[-1] == 0
    assert ("queues", {"queues": queues.rows(till)}) in screens.changes(till, journal.after(till.db, 0))


def test_the_same_number_again_is_no_news(till: Shop, clock: TurnableClock) -> None:
    says(till, 2, longest=10)
    last = journal.last_id(till.db)
    clock.turn(seconds=30)
    says(till, 2, longest=40)
    assert journal.last_id(till.db) == last
    assert till.db.execute("SELECT count(*) FROM area_counts").fetchone()[0] == 1


def test_closing_the_shop_with_an_alert_is_told_to_the_screens(till: Shop, clock: TurnableClock) -> None:
    says(till, 9)
    passes(till, clock, 31)
    (alert,) = live(till)
    rows = dict(screens.changes(till, journal.after(till.db, 0)))["alerts"]["alerts"]
    assert [(row["id"], row["kind"], row["since"]) for row in rows] == [(alert.id, "queue_over", "2026-11-21T11:00:00.000Z")]
    assert [row["id"] for row in screens.floor(till)["alerts"]] == [alert.id]
    assert visits.run_closing(till) == 0
