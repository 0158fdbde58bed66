"""What people complain about in counters at doors, each complaint a test."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broker.settings import AreaSettings, CameraSettings, LineSettings
from edge.geometry import polygon, segment
from edge.lines import DoorLine, Passage
from edge.pipeline import Pipeline
from edge.sightings import Box, Counted, Crossed, Detection, Event, Frame
from edge.tracker import ANGLED_MEMORY_S, MOST_TRACKS, Tracker
from edge.zones import Zone
from tests.edge.builders import SIZE, START, Place, level, plain

LOOKS_A_SECOND = 10


def person(place: Place, *, width: float = 80, height: float = 200, score: float = 1.0) -> Detection:
    x, y = place
    return Detection(Box(x - width / 2, y - height / 2, x + width / 2, y + height / 2), score)


def count(pictures: Iterable[Sequence[Detection]], line: DoorLine | None = None) -> list[Passage]:
    """Show *pictures*, ten a second, to a tracker and a line; return who crossed."""
    tracker, line = Tracker(ANGLED_MEMORY_S), line or DoorLine(level())
    passages: list[Passage] = []
    for step, found in enumerate(pictures):
        at = step / LOOKS_A_SECOND
        passages += line.update(tracker.update(found, at), at)
    return passages


def directions(passages: Sequence[Passage]) -> list[str]:
    return [passage.direction.value for passage in passages]


def walk(*ys: float, x: float = 500) -> list[list[Detection]]:
    return [[person((x, y))] for y in ys]


def steps(begin: float, end: float, speed: float) -> list[float]:
    """Places from *begin* to *end*, *speed* pixels a picture."""
    number = max(1, round(abs(end - begin) / speed))
    return [begin + (end - begin) * step / number for step in range(number + 1)]


def test_a_box_that_flickers_on_the_line_is_counted_once() -> None:
    chance = random.Random(1)
    flicker = [500 + chance.uniform(-12, 12) for _ in range(300)]
    comes = [*steps(800, 560, 30), *steps(560, 500, 10)]
    assert directions(count(walk(*comes, *flicker, *steps(500, 200, 30)))) == ["in"]
    assert directions(count(walk(*comes, *flicker, *steps(500, 800, 30)))) == []


def test_nobody_is_counted_without_touching_the_line() -> None:
    beside = DoorLine(segment([(0.4, 0.5), (0.6, 0.5)], "up", SIZE))
    assert count(walk(*steps(900, 100, 30), x=750), beside) == []
    assert count([[person((x, 560))] for x in steps(100, 900, 30)]) == []


@pytest.mark.parametrize("side", [0.06, 0.94])
def test_a_line_near_the_edge_of_the_picture_counts(side: float) -> None:
    """Half of the body is out of the picture when it comes in: the box is only what can be seen."""

    def seen(y: float) -> list[Detection]:
        box = Box(460, max(0.0, y - 100), 540, min(1000.0, y + 100))
        return [Detection(box)] if box.height > 25 else []

    edge, inner = (-120.0, 500.0) if side < 0.5 else (1120.0, 500.0)
    inside = "down" if side < 0.5 else "up"
    line = DoorLine(segment([(0.1, side), (0.9, side)], inside, SIZE))
    assert directions(count((seen(y) for y in steps(edge, inner, 20)), line)) == ["in"]
    line = DoorLine(segment([(0.1, side), (0.9, side)], inside, SIZE))
    assert directions(count((seen(y) for y in steps(inner, edge, 20)), line)) == ["out"]


def test_somebody_who_stands_on_the_line_and_changes_numbers_counts_once_at_most() -> None:
    """The detector loses them for four seconds again and again, longer than anybody is remembered."""
    chance = random.Random(2)
    standing: list[list[Detection]] = []
    for _ in range(60):
        standing += [[person((500 + chance.uniform(-8, 8), 500 + chance.uniform(-10, 10)))] for _ in range(20)]
        standing += [[] for _ in range(40)]
    passages = count([*walk(*steps(800, 500, 30)), *standing])
    assert len(passages) <= 1


@pytest.mark.parametrize("speed", [60, 90, 120])
def test_fast_people_are_counted(speed: float) -> None:
    assert directions(count(walk(*steps(950, 50, speed)))) == ["in"]
    assert directions(count(walk(*steps(50, 950, speed)))) == ["out"]


@pytest.mark.parametrize("apart", [70, 90, 150])
def test_two_who_cross_together_are_two(apart: float) -> None:
    pictures = [[person((500 - apart / 2, y)), person((500 + apart / 2, y + 15))] for y in steps(850, 150, 25)]
    assert directions(count(pictures)) == ["in", "in"]


def test_two_who_pass_each_other_on_the_line_are_one_in_and_one_out() -> None:
    way = steps(900, 100, 25)
    pictures = [[person((460, y)), person((560, 1000 - y))] for y in way]
    assert sorted(directions(count(pictures))) == ["in", "out"]


def test_whoever_is_hidden_while_they_cross_is_counted_when_they_are_seen_again() -> None:
    way = steps(850, 150, 20)
    pictures = [[] if 400 < y < 600 else [person((500, y))] for y in way]
    assert directions(count(pictures)) == ["in"]


@pytest.mark.parametrize("turn", [480, 450, 350, 250])
def test_a_u_turn_leaves_as_many_inside_as_before(turn: float) -> None:
    said = directions(count(walk(*steps(850, turn, 25), *steps(turn, 850, 25))))
    assert said.count("in") == said.count("out")


def test_an_arm_is_not_counted_beside_its_owner() -> None:
    pictures = [[person((500, y)), person((530, y - 20), width=45, height=110, score=0.9)] for y in steps(850, 150, 25)]
    assert directions(count(pictures)) == ["in"]


def test_ten_thousand_people_leave_nothing_in_memory() -> None:
    tracker, line = Tracker(ANGLED_MEMORY_S), DoorLine(level())
    zone = Zone(polygon([(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)], SIZE), feet=True, size=SIZE)
    crossed, most, at = 0, 0, 0.0
    for number in range(10_000):
        x = 150.0 + 100 * (number % 8)
        for y in (800.0, 620.0, 440.0, 260.0):
            at += 0.2
            tracks = tracker.update([person((x, y))], at)
            crossed += len(line.update(tracks, at))
            zone.update(tracks, at)
            most = max(most, len(tracks), len(line._ways), len(zone._present), len(zone._taken), len(zone._counts))
    assert crossed == 10_000
    assert most <= MOST_TRACKS
    for _ in range(100):
        at += 0.2
        zone.update(tracker.update([], at), at)
        line.update([], at)
    assert [tracker._people, line._ways, zone._present, zone._taken] == [[], {}, {}, {}]


def test_the_number_in_a_zone_does_not_flap_while_somebody_stands_at_its_edge() -> None:
    zone, tracker, chance = (
        Zone(polygon([(0.3, 0.3), (0.7, 0.3), (0.7, 0.7), (0.3, 0.7)], SIZE), feet=True),
        Tracker(),
        random.Random(3),
    )
    said, stays = [], []
    for step in range(600):
        at = step / LOOKS_A_SECOND
        # The feet are on the border, the box trembles, and one look in five misses them.
        y = 700 - 100 - (20 if step < 20 else 0) + chance.uniform(-6, 6)
        found = [] if chance.random() < 0.2 else [person((500 + chance.uniform(-4, 4), y))]
        stays += zone.update(tracker.update(found, at), at)
        said.append(zone.people)
    assert sum(one != other for one, other in pairwise(said)) <= 1
    assert (said[-1], stays) == (1, [])


def test_somebody_hidden_in_a_queue_is_still_in_it() -> None:
    zone, tracker = Zone(polygon([(0.1, 0.1), (0.9, 0.1), (0.9, 0.9), (0.1, 0.9)], SIZE), feet=True), Tracker(ANGLED_MEMORY_S)
    stays = []
    for step in range(400):
        at = step / LOOKS_A_SECOND
        hidden = 100 <= step < 140
        found = [person((300, 400))] + ([] if hidden else [person((500, 400))])
        stays += zone.update(tracker.update(found, at), at)
        assert step < 10 or zone.people == 2
    assert stays == []


class _Shows:
    """A detector that sees what it is told."""

    def __init__(self, pictures: Sequence[Sequence[Detection]]) -> None:
        self._pictures = iter(pictures)

    def find(self, picture: Any, small: Any) -> list[Detection]:
        return list(next(self._pictures))


def test_the_number_of_a_track_leaves_the_process_in_no_event() -> None:
    """The hundredth person of the day is the first crossing: what leaves counts crossings, not people followed."""
    line = LineSettings(id="door", zone="shop", points=((0.1, 0.5), (0.9, 0.5)), inside="up")
    area = AreaSettings(id="till", kind="queue", points=((0.0, 0.0), (1.0, 0.0), (1.0, 0.4), (0.0, 0.4)))
    camera = CameraSettings(id="door", source="0", view="angled", lines=(line,), areas=(area,))
    strangers = [[person((150 + 200 * (step % 4), 900), width=40, height=90)] for step in range(200)]
    pipeline = Pipeline(camera, _Shows([*strangers, *walk(*steps(800, 100, 25))]), party_seconds=2.0)
    events: list[Event] = []
    for step in range(200 + len(steps(800, 100, 25))):
        picture = plain(level=100 + step % 2 * 60, size=SIZE)
        events += pipeline.look(Frame(step, START + timedelta(seconds=step / LOOKS_A_SECOND), picture))
    crossed = [event for event in events if isinstance(event, Crossed)]
    assert max(track.number for track in pipeline.tracks) > 3
    assert [(one.number, one.party) for one in crossed] == [(1, 1)]
    assert any(isinstance(event, Counted) and event.people == 1 for event in events)


places = st.tuples(st.floats(60, 940), st.floats(60, 940))


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.floats(60, 940), st.floats(520, 900)), min_size=2, max_size=8), st.floats(10, 60))
def test_whoever_walks_about_on_one_side_never_counts(corners: list[Place], speed: float) -> None:
    assert count(_way(corners, speed)) == []


@settings(deadline=None, max_examples=60)
@given(st.lists(places, max_size=6), st.floats(5, 30))
def test_whoever_ends_beyond_the_line_counts_one_however_they_went(corners: list[Place], speed: float) -> None:
    """Through a door as wide as the picture: there is no way around it. Nobody turns on the spot while they run."""
    whole = DoorLine(segment([(0.0, 0.5), (1.0, 0.5)], "up", SIZE))
    said = directions(count(_way([(500.0, 900.0), *corners, (500.0, 100.0)], speed), whole))
    assert said.count("in") - said.count("out") == 1


def _way(corners: Sequence[Place], speed: float) -> list[list[Detection]]:
    """Walk from corner to corner and stand a moment at the end."""
    pictures = []
    for (x1, y1), (x2, y2) in pairwise(corners):
        number = max(1, round(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5 / speed))
        pictures += [[person((x1 + (x2 - x1) * k / number, y1 + (y2 - y1) * k / number))] for k in range(number)]
    return pictures + [[person(corners[-1])]] * 5
