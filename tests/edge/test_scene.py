"""The rendered door: what it shows is known exactly, and the eyes count it exactly."""

from __future__ import annotations

from collections import Counter, defaultdict

import numpy as np
import pytest

from broker.contract.messages import Direction
from edge.scene import BadScene, Scene, crossings
from tests.edge import builders

SEEDS = range(10)


def parties(sightings: list[tuple[Direction, int]]) -> Counter[tuple[str, int]]:
    """Count the parties by direction and size."""
    members: dict[int, list[str]] = defaultdict(list)
    for direction, party in sightings:
        members[party].append(direction.value)
    return Counter((who[0], len(who)) for who in members.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_the_eyes_count_what_was_rendered(seed: int) -> None:
    scene = Scene(seed=seed, seconds=60)
    truth, counted = crossings(scene), builders.crossings(builders.watch(scene))
    assert Counter(event.direction for event in counted) == Counter(true.direction for true in truth)
    assert parties([(e.direction, e.party) for e in counted]) == parties([(t.direction, t.party) for t in truth])
    for true, event in zip(truth, sorted(counted, key=lambda event: event.at), strict=True):
        assert abs((event.at - builders.START).total_seconds() - true.seconds) < 0.2
        assert (event.decided_at - event.at).total_seconds() < 0.8


@pytest.mark.parametrize("seed", [4, 8])
def test_a_busy_door_is_counted_too(seed: int) -> None:
    scene = Scene(seed=seed, seconds=60, busy=3)
    truth, counted = crossings(scene), builders.crossings(builders.watch(scene))
    assert len(truth) >= 15
    assert parties([(e.direction, e.party) for e in counted]) == parties([(t.direction, t.party) for t in truth])


def test_the_same_name_is_the_same_scene() -> None:
    one, other = (Scene.parse("scene:door?seed=5&seconds=30&busy=2&fps=12") for _ in range(2))
    assert one == other == Scene(seed=5, seconds=30, busy=2, fps=12)
    assert one.crossings() == other.crossings()
    for seconds in (0.0, 7.31, 7.3, 21.0):
        assert np.array_equal(one.picture(seconds), other.picture(seconds))


def test_nobody_is_near_the_line_in_the_last_two_seconds() -> None:
    for seed in range(40):
        for seconds in (20, 60, 75):
            times = [true.seconds for true in Scene(seed=seed, seconds=seconds, busy=3).crossings()]
            assert all(2 <= at <= seconds - 2 for at in times)


def test_people_come_alone_in_parties_and_go() -> None:
    kinds: Counter[tuple[str, int]] = Counter()
    for seed in SEEDS:
        kinds += parties([(true.direction, true.party) for true in Scene(seed=seed, seconds=60, busy=2).crossings()])
    assert set(kinds) == {(way, size) for way in ("in", "out") for size in (1, 2, 3)}


def test_a_scene_without_an_end_goes_on_for_ever_and_is_asked_until_when() -> None:
    scene = Scene(seed=2)
    with pytest.raises(ValueError, match="until when"):
        scene.crossings()
    day = 86_400.0
    assert len(scene.crossings(until=600)) > len(scene.crossings(until=60)) > 3
    assert scene.picture(day + 30).shape == (360, 640, 3)


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("scene:window", "no scene 'window'. There is: scene:door"),
        ("scene:door?speed=3", "no option 'speed'. Allowed: seed, seconds, busy, fps"),
        ("scene:door?seed=three", "three"),
        ("scene:door?fps=0", "fps must be 1 to 60"),
        ("scene:door?seconds=nan", "seconds must be 5 to 86400"),
    ],
)
def test_a_scene_that_is_not_there_is_refused_with_what_is(source: str, says: str) -> None:
    with pytest.raises(BadScene, match=says.replace("?", r"\?")):
        Scene.parse(source)
