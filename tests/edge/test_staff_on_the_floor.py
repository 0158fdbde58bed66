"""Staff on the shop floor: in no queue, in no party, and seen beside a customer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache

import numpy as np
import pytest

from broker.contract.plan import Area, Line, Plan, StaffSigns, ZoneKind
from broker.settings import CameraSettings
from edge.meetings import Meetings
from edge.pipeline import Pipeline
from edge.sightings import Beside, Box, Counted, Detection, Event, Frame, Picture, Stayed
from edge.staff import uniform_of
from tests.edge import builders
from tests.edge.builders import START

TURQUOISE = (170, 150, 20)
"""The uniform: blue, green, red."""
Way = dict[int, tuple[float, float]]
"""Where somebody is in each picture in which they are."""


class Script:
    """A detector that says who is where: for what the stages behind it do with staff and customers."""

    def __init__(self, *ways: Way) -> None:
        self.ways = ways
        self.turn = -1

    def find(self, picture: Picture, small: Picture) -> list[Detection]:
        self.turn += 1
        return [Detection(builders.box(way[self.turn], 60)) for way in self.ways if self.turn in way]


def standing(place: tuple[float, float], begin: int = 0, end: int = 200) -> Way:
    return dict.fromkeys(range(begin, end), place)


def walking(begin: tuple[float, float], end: tuple[float, float], frm: int, to: int) -> Way:
    return {
        step: (
            begin[0] + (end[0] - begin[0]) * (step - frm) / (to - frm),
            begin[1] + (end[1] - begin[1]) * (step - frm) / (to - frm),
        )
        for step in range(frm, to)
    }


WHOLE_FLOOR = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))


def area(kind: ZoneKind, points: tuple[tuple[float, float], ...] = WHOLE_FLOOR) -> Area:
    return Area(id=kind.value, zone="entrance", kind=kind, points=points)


@lru_cache
def noise() -> tuple[Picture, ...]:
    chance = np.random.default_rng(1)
    return tuple(chance.integers(0, 9, (480, 640, 3), np.uint8) for _ in range(5))


def floor(uniformed: Iterable[tuple[float, float]], index: int = 0) -> Picture:
    """A floor, a white wall on which a shadow moves, and a turquoise back at each place in *uniformed*."""
    picture = np.full((480, 640, 3), (120, 135, 150), np.uint8)
    picture[:60] = 230
    picture[:60, (index * 97) % 500 : (index * 97) % 500 + 140] = 90
    folds = np.linspace(0.75, 1.15, 52)[None, :, None]
    for x, y in uniformed:
        if 30 < x < 610 and 30 < y < 450:
            picture[round(y) - 26 : round(y) + 26, round(x) - 26 : round(x) + 26] = np.array(TURQUOISE) * folds
    return np.asarray(picture + noise()[index % 5], np.uint8)


def play(plan: Plan, *ways: Way, staff: Iterable[int] = (), seconds: float = 6.0) -> list[Event]:
    """Look for *seconds* at 10 pictures a second; those of the *staff*-th ways wear the uniform."""
    pipeline = Pipeline(CameraSettings(id="door", source="0"), Script(*ways), party_seconds=2.0, plan=plan)
    events: list[Event] = []
    for index in range(round(seconds * 10)):
        picture = floor([ways[number][index] for number in staff if index in ways[number]], index)
        events += pipeline.look(Frame(index, START + timedelta(seconds=index / 10), picture))
    return events


SIGNS = StaffSigns(uniform=uniform_of(floor([(300, 250)]), Box(280, 230, 320, 270)))
GREETS = SIGNS.model_copy(update={"greets": True})
LINE = Line(zone="entrance", points=((0.1, 0.6), (0.9, 0.6)), inside="up")


def test_the_cashier_behind_the_till_is_counted_nowhere() -> None:
    till = area(ZoneKind.STAFF_ONLY, ((0.5, 0.0), (1.0, 0.0), (1.0, 0.5), (0.5, 0.5)))
    plan = Plan(lines=(LINE,), areas=(area(ZoneKind.QUEUE), till))
    cashier, customer = standing((480, 150)), standing((150, 150))
    people = [event.people for event in play(plan, cashier, customer) if isinstance(event, Counted)]
    assert set(people) == {1}
    alone = [event.people for event in play(plan, cashier) if isinstance(event, Counted)]
    assert max(alone, default=0) == 0


@pytest.mark.parametrize("kind", [ZoneKind.QUEUE, ZoneKind.SERVICE, ZoneKind.GREET])
def test_staff_stand_in_no_queue_and_have_no_stay(kind: ZoneKind) -> None:
    plan = Plan(areas=(area(kind),), staff=SIGNS)
    events = play(plan, standing((480, 250), end=40), standing((150, 250), end=40), staff=[0], seconds=18)
    settled = [e.people for e in events if isinstance(e, Counted) and e.at >= START + timedelta(seconds=1)]
    assert max(settled) == 1
    assert len([event for event in events if isinstance(event, Stayed)]) == 1


def test_staff_who_are_recognised_late_leave_no_stay_behind() -> None:
    plan = Plan(areas=(area(ZoneKind.GREET),), staff=SIGNS)
    pipeline = Pipeline(CameraSettings(id="door", source="0"), Script(standing((300, 250))), party_seconds=2.0, plan=plan)
    events: list[Event] = []
    for index in range(120):
        picture = floor([(300, 250)] if index >= 6 else [], index)
        events += pipeline.look(Frame(index, START + timedelta(seconds=index / 10), picture))
    assert max(event.people for event in events if isinstance(event, Counted)) == 1, "nobody knew yet"
    assert not [event for event in events if isinstance(event, Stayed)]
    assert [event.people for event in events if isinstance(event, Counted)][-1] == 0


def test_a_customer_who_walks_in_with_a_colleague_is_a_party_of_one() -> None:
    pair = walking((260, 460), (260, 60), 0, 40), walking((350, 460), (350, 60), 0, 40)
    together = builders.crossings(play(Plan(lines=(LINE,)), *pair))
    assert len({crossed.party for crossed in together}) == 1, "two customers are one party"
    apart = builders.crossings(play(Plan(lines=(LINE,), staff=SIGNS), *pair, staff=[0]))
    assert sorted(crossed.staff for crossed in apart) == [False, True]
    assert all(crossed.party == crossed.number for crossed in apart)


def test_a_greeting_is_seen_after_two_seconds_beside_each_other_and_once() -> None:
    plan = Plan(lines=(LINE,), areas=(area(ZoneKind.GREET),), staff=GREETS)
    comes = walking((320, 460), (320, 200), 0, 20) | standing((320, 200), 20, 120)
    events = play(plan, comes, standing((380, 200)), staff=[1], seconds=11)
    (crossed,) = builders.crossings(events)
    (seen,) = [event for event in events if isinstance(event, Beside)]
    assert (seen.zone, seen.party) == ("entrance", crossed.number)
    assert 3.0 <= (seen.at - START).total_seconds() <= 5.0


@pytest.mark.parametrize(
    ("other", "why"),
    [
        pytest.param(standing((560, 200)), "too far apart", id="far"),
        pytest.param(walking((60, 200), (600, 200), 30, 60), "walks past", id="walks past"),
        pytest.param(walking((60, 200), (600, 200), 0, 80), "strolls past", id="strolls past"),
    ],
)
def test_staff_who_are_far_or_walk_past_greet_nobody(other: Way, why: str) -> None:
    plan = Plan(areas=(area(ZoneKind.GREET),), staff=GREETS)
    events = play(plan, standing((300, 260)), other, staff=[1], seconds=8)
    assert not [event for event in events if isinstance(event, Beside)], why


def test_greetings_are_seen_only_where_the_plan_asks_and_only_in_a_greet_area() -> None:
    ways = standing((300, 200)), standing((360, 200))
    for plan in (
        Plan(areas=(area(ZoneKind.GREET),), staff=SIGNS),
        Plan(areas=(area(ZoneKind.QUEUE),), staff=GREETS),
        Plan(areas=(area(ZoneKind.GREET, ((0.0, 0.6), (1.0, 0.6), (1.0, 1.0), (0.0, 1.0))),), staff=GREETS),
    ):
        assert not [event for event in play(plan, *ways, staff=[1]) if isinstance(event, Beside)]


def test_two_customers_and_two_colleagues_greet_nobody() -> None:
    plan = Plan(areas=(area(ZoneKind.GREET),), staff=GREETS)
    for staff in ([], [0, 1]):
        events = play(plan, standing((300, 200)), standing((360, 200)), staff=staff)
        assert not [event for event in events if isinstance(event, Beside)]


def test_a_customer_whom_this_camera_did_not_see_come_in_has_no_party() -> None:
    plan = Plan(areas=(area(ZoneKind.GREET),), staff=GREETS)
    events = play(plan, standing((300, 200)), standing((360, 200)), staff=[1])
    assert [event.party for event in events if isinstance(event, Beside)] == [None]


def test_a_customer_who_is_lost_and_found_as_somebody_new_is_greeted_once_and_keeps_the_party() -> None:
    corners = ((0.0, 0.0), (1000.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0))
    areas = [(area(ZoneKind.GREET), corners)]
    meetings, met = Meetings("overhead"), []
    for step in range(120):
        customer = {0: 2, 1: 2, 2: None, 3: 9}.get(step // 5, 9)
        tracks = [builders.track(1, (500, 500))] + ([builders.track(customer, (580, 500))] if customer else [])
        if step == 1:
            meetings.came_in(tracks[1], 41)
        met += meetings.update(areas, tracks, {1}, step / 10)
    assert [party for _, party in met] == [41]


def test_somebody_who_was_greeted_and_is_found_as_somebody_new_is_not_greeted_again() -> None:
    corners = ((0.0, 0.0), (1000.0, 0.0), (1000.0, 1000.0), (0.0, 1000.0))
    meetings, met = Meetings("overhead"), []
    for step in range(120):
        customer = 2 if step < 40 else None if step < 50 else 9
        tracks = [builders.track(1, (500, 500))] + ([builders.track(customer, (580, 500))] if customer else [])
        met += meetings.update([(area(ZoneKind.GREET), corners)], tracks, {1}, step / 10)
    assert len(met) == 1
