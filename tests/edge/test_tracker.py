"""Who is who from picture to picture."""

from __future__ import annotations

import time

import pytest

from edge.sightings import Box, Detection, Track
from edge.tracker import ANGLED_MEMORY_S, DOUBTED_AFTER_S, MOST_TRACKS, OVERHEAD_MEMORY_S, Tracker
from tests.edge.builders import box


def see(*places: tuple[float, float], size: float = 100, score: float = 1.0) -> list[Detection]:
    return [Detection(box(place, size), score) for place in places]


def lead(tracker: Tracker, steps: int, *, speed: float = 30, y: float = 500, begin: float = 0.0) -> list[Track]:
    tracks: list[Track] = []
    for step in range(steps):
        tracks = tracker.update(see((100 + speed * step, y)), begin + step / 10)
    return tracks


def test_one_person_keeps_one_number() -> None:
    tracks = lead(Tracker(), 20)
    assert [(track.number, track.hits) for track in tracks] == [(1, 20)]


@pytest.mark.parametrize("speed", [0, 10, 60, 90])
def test_fast_people_are_followed(speed: float) -> None:
    assert [track.number for track in lead(Tracker(), 8, speed=speed)] == [1]


def test_a_short_loss_is_survived_and_the_way_goes_on() -> None:
    tracker = Tracker()
    lead(tracker, 10)
    for step in range(10, 16):
        lost = tracker.update([], step / 10)
    assert not lost[0].seen
    assert lost[0].box.centre[0] == pytest.approx(100 + 30 * 15, abs=25)
    assert [track.number for track in tracker.update(see((100 + 30 * 16, 500)), 1.6)] == [1]


@pytest.mark.parametrize("memory", [OVERHEAD_MEMORY_S, ANGLED_MEMORY_S])
def test_a_long_loss_is_forgotten(memory: float) -> None:
    tracker = Tracker(memory)
    lead(tracker, 5)
    assert len(tracker.update([], 0.4 + memory - 0.01)) == 1
    assert tracker.update([], 0.4 + memory + 0.01) == []


def test_who_walks_behind_somebody_for_two_seconds_is_the_same_afterwards() -> None:
    tracker = Tracker(ANGLED_MEMORY_S)
    lead(tracker, 10)
    for step in range(10, 30):
        tracker.update(see((900, 900)), step / 10)
    tracks = tracker.update(see((100 + 30 * 30, 500), (900, 900)), 3.0)
    assert [(track.number, track.seen) for track in tracks] == [(1, True), (2, True)]


def test_an_arm_or_a_bag_is_nobody() -> None:
    """A box within that of somebody who is seen begins no track."""
    tracker = Tracker()
    for step in range(10):
        person = Detection(Box(100 + 10 * step, 100, 200 + 10 * step, 400))
        arm = Detection(Box(150 + 10 * step, 150, 205 + 10 * step, 300))
        tracks = tracker.update([person, arm] if step else [person], step / 10)
    assert [track.number for track in tracks] == [1]


def test_a_box_that_was_almost_always_within_anothers_stays_in_doubt() -> None:
    tracker = Tracker()
    whole, arm = Detection(Box(100, 100, 200, 400)), Detection(Box(150, 150, 205, 300))
    for step in range(10):
        tracks = tracker.update([arm, whole], step / 10)
    assert [(track.hits > 1) for track in tracks] == [False, True]


def test_who_was_seen_only_once_is_forgotten_sooner() -> None:
    tracker = Tracker()
    tracker.update(see((500, 500)), 0.0)
    assert tracker.update([], DOUBTED_AFTER_S + 0.01) == []


def test_not_looking_is_not_looking_and_seeing_nobody() -> None:
    tracker = Tracker()
    lead(tracker, 5)
    for step in range(5, 200):
        assert len(tracker.rest(step / 10)) == 1
    assert [track.number for track in tracker.update([], 20.0)] == [1]
    assert [track.number for track in tracker.update(see((230, 500)), 20.1)] == [1]


def test_two_who_pass_each_other_keep_their_numbers() -> None:
    tracker = Tracker()
    for step in range(21):
        tracks = tracker.update(see((100 + 40 * step, 460), (900 - 40 * step, 560)), step / 10)
    assert [(track.number, round(track.box.centre[0], -2)) for track in tracks] == [(1, 900), (2, 100)]


def test_a_far_jump_is_somebody_else() -> None:
    tracker = Tracker()
    lead(tracker, 5)
    numbers = {track.number for track in tracker.update(see((800, 500)), 0.5)}
    assert numbers == {1, 2}


def test_however_long_somebody_was_lost_they_are_not_sought_all_over_the_picture() -> None:
    tracker = Tracker()
    lead(tracker, 3, speed=0)
    for step in range(3, 12):
        tracker.update([], step / 10)
    assert {track.number for track in tracker.update(see((300, 500)), 1.2)} == {1, 2}


def test_the_unsure_continue_a_track_and_never_begin_one() -> None:
    tracker = Tracker()
    assert tracker.update(see((100, 500), score=0.3), 0.0) == []
    lead(tracker, 5, begin=0.1)
    tracks = tracker.update(see((250, 500), score=0.3), 0.6)
    assert [(track.number, track.seen) for track in tracks] == [(1, True)]


def test_a_crowd_has_a_limit() -> None:
    tracker = Tracker()
    crowd = see(*((x * 300.0, y * 300.0) for x in range(12) for y in range(12)))
    assert len(tracker.update(crowd, 0.0)) == MOST_TRACKS


def test_a_picture_without_time_between_does_no_harm() -> None:
    tracker = Tracker()
    for _ in range(5):
        tracks = tracker.update(see((100, 100)), 0.0)
    assert len(tracks) == 1


def test_five_people_cost_less_than_a_millisecond() -> None:
    def cost() -> float:
        tracker, began = Tracker(), time.process_time()
        for step in range(200):
            tracker.update([Detection(Box(x, step, x + 80, step + 90)) for x in (0, 150, 300, 450, 600)], step / 10)
        return (time.process_time() - began) / 200

    assert min(cost() for _ in range(5)) < 0.001
