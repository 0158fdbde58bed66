"""Straight down: what moves is somebody, and light, shadows and knocks are nobody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

import cv2
import numpy as np
import pytest

from broker.settings import AreaSettings, CameraSettings, LineSettings
from edge.detectors.blobs import Blobs
from edge.pipeline import Pipeline
from edge.sightings import Counted, Detection, Event, Frame, Picture
from edge.tracker import SURE_SCORE
from tests.edge import builders

FLOOR = np.random.default_rng(3).integers(100, 140, (180, 320, 3), np.uint8)
NOISE = np.random.default_rng(4).normal(0, 2, (16, 180, 320, 3)).round().astype(np.int16)


def noisy(picture: Picture, seed: int) -> Picture:
    noise = NOISE[seed % len(NOISE)]
    return np.clip(picture[:180, :320] + noise[: picture.shape[0], : picture.shape[1]], 0, 255).astype(np.uint8)


def somebody(x: int, y: int = 90, picture: Picture = FLOOR) -> Picture:
    painted = picture.copy()
    cv2.ellipse(painted, (x, y), (16, 10), 0, 0, 360, (30, 40, 60), -1)
    cv2.ellipse(painted, (x, y), (6, 6), 0, 0, 360, (15, 15, 20), -1)
    return painted


@pytest.fixture
def blobs() -> Blobs:
    """One that knows the floor."""
    fresh = Blobs()
    for step in range(30):
        fresh.find(FLOOR, noisy(FLOOR, step))
    return fresh


def sure(found: list[Detection] | None) -> list[Detection]:
    assert found is not None
    return [person for person in found if person.score >= SURE_SCORE]


def look(blobs: Blobs, small: Picture, seed: int) -> list[Detection] | None:
    return blobs.find(cv2.resize(small, (1280, 720)), noisy(small, seed))


def test_somebody_who_walks_is_found_in_pixels_of_the_whole_picture(blobs: Blobs) -> None:
    for step in range(5):
        found = look(blobs, somebody(60 + 6 * step), 100 + step)
    (person,) = sure(found)
    assert person.box.centre == pytest.approx((84 * 4, 90 * 4), abs=16)
    assert person.box.width == pytest.approx(33 * 4, abs=24)


def test_an_empty_floor_is_nobody(blobs: Blobs) -> None:
    assert [look(blobs, FLOOR, 200 + step) for step in range(20)] == [[]] * 20


def test_two_side_by_side_are_two(blobs: Blobs) -> None:
    for step in range(4):
        found = look(blobs, somebody(100 + 5 * step, 110, somebody(100 + 5 * step, 70)), 300 + step)
    assert len(sure(found)) == 2


def test_who_halts_is_unsure_not_gone(blobs: Blobs) -> None:
    for step in range(4):
        look(blobs, somebody(60 + 6 * step), 400 + step)
    for step in range(8):
        found = look(blobs, somebody(84), 410 + step)
    assert found is not None
    assert sure(found) == []
    assert len(found) == 1


def test_a_soft_shadow_is_nobody(blobs: Blobs) -> None:
    for step in range(6):
        shaded = FLOOR.copy()
        shaded[60:120, 60 + 6 * step : 120 + 6 * step] = FLOOR[60:120, 60 + 6 * step : 120 + 6 * step] * 0.75
        assert sure(look(blobs, shaded, 500 + step)) == []


def test_a_light_switched_on_is_recognised_and_not_counted(blobs: Blobs) -> None:
    bright = cv2.add(FLOOR, (70, 70, 70, 0))
    told = [look(blobs, bright, 600 + step) for step in range(20)]
    assert told[0] is None
    assert all(found is None or sure(found) == [] for found in told)
    assert told[-1] == []


def test_after_a_knock_the_camera_sees_again(blobs: Blobs) -> None:
    moved = np.random.default_rng(9).integers(20, 235, FLOOR.shape, np.uint8)
    for step in range(40):
        look(blobs, moved, 700 + step)
    for step in range(5):
        found = look(blobs, somebody(60 + 6 * step, picture=moved), 750 + step)
    assert found is not None


def test_a_door_s_edge_is_too_long_for_a_person(blobs: Blobs) -> None:
    for step in range(5):
        opened = FLOOR.copy()
        cv2.line(opened, (100 + 6 * step, 20), (100 + 6 * step, 160), (20, 20, 20), 8)
        assert look(blobs, opened, 800 + step) == []


def test_a_stream_that_changes_its_size_does_no_harm(blobs: Blobs) -> None:
    half = cv2.resize(FLOOR, (240, 180))
    assert blobs.find(half, half) is None
    assert blobs.find(half, half) == []


def counted(pictures: Iterable[Picture], *areas: AreaSettings) -> list[Event]:
    """What the whole pipeline says of *pictures*, ten a second, after five seconds of empty floor."""
    line = LineSettings(id="door", zone="entrance", points=((0.0, 0.5), (1.0, 0.5)), inside="up")
    pipeline = Pipeline(CameraSettings(id="door", source="0", lines=(line,), areas=areas), Blobs(), party_seconds=2.0)
    said: list[Event] = []
    for index, picture in enumerate([*([FLOOR] * 50), *pictures]):
        at = builders.START + timedelta(seconds=index / 10)
        said += pipeline.look(Frame(index, at, noisy(picture, index)))
    return said


def walk(steps: int = 30) -> Iterator[Picture]:
    """Somebody comes up across the line."""
    return (somebody(160, 170 - 6 * step) for step in range(steps))


def test_somebody_who_walks_across_the_line_is_counted_so_the_tests_below_can_fail() -> None:
    assert [crossed.direction for crossed in builders.crossings(counted(walk()))] == ["in"]


def test_a_sliding_door_that_opens_and_shuts_across_the_line_is_not_counted() -> None:
    def leaves() -> Iterator[Picture]:
        for shut in [*range(0, 80, 8), *([80] * 15), *range(80, 0, -8), *([0] * 15)] * 2:
            picture = FLOOR.copy()
            for left, right in ((0, 80 - shut), (240 + shut, 320)):
                cv2.rectangle(picture, (left, 84), (right, 96), (60, 70, 70), -1)
            yield picture

    assert builders.crossings(counted(leaves())) == []


def test_a_light_switched_on_and_off_crosses_no_line() -> None:
    lights = (cv2.add(FLOOR, (70, 70, 70, 0)) if 20 <= step < 50 else FLOOR for step in range(80))
    assert builders.crossings(counted(lights)) == []


def test_an_exposure_that_drifts_crosses_no_line() -> None:
    drift = (cv2.convertScaleAbs(FLOOR, alpha=1 + 0.15 * np.sin(step / 8)) for step in range(100))
    assert builders.crossings(counted(drift)) == []


def test_a_camera_that_is_shaken_counts_nobody() -> None:
    sway = (np.roll(FLOOR, (round(9 * np.sin(step / 2)), round(6 * np.cos(step / 3))), (0, 1)) for step in range(60))
    assert builders.crossings(counted(sway)) == []


def test_a_shadow_that_falls_across_the_line_is_not_counted() -> None:
    def shades() -> Iterator[Picture]:
        for step in range(30):
            picture, top = FLOOR.copy(), max(0, 150 - 5 * step)
            picture[top : top + 40, 120:180] = picture[top : top + 40, 120:180] * 0.72
            yield picture

    assert builders.crossings(counted(shades())) == []


def test_the_cashier_behind_the_till_is_neither_counted_nor_in_the_queue() -> None:
    till = AreaSettings(id="till", kind="staff-only", points=((0.3, 0.0), (0.7, 0.0), (0.7, 1.0), (0.3, 1.0)))
    queue = AreaSettings(id="queue", kind="queue", points=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))
    said = counted(walk(), till, queue)
    assert builders.crossings(said) == []
    assert all(event.people == 0 for event in said if isinstance(event, Counted))
    assert any(event.people for event in counted(walk(), queue) if isinstance(event, Counted))


def test_a_patch_that_is_seen_only_now_and_then_is_no_person() -> None:
    flicker = (somebody(160, 170 - 3 * step) if step % 4 == 0 else FLOOR for step in range(60))
    assert builders.crossings(counted(flicker)) == []
