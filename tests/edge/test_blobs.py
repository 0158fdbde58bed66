"""Straight down: what moves is somebody, and light, shadows and knocks are nobody."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from edge.detectors.blobs import Blobs
from edge.sightings import Detection, Picture
from edge.tracker import SURE_SCORE

FLOOR = np.random.default_rng(3).integers(100, 140, (180, 320, 3), np.uint8)


def noisy(picture: Picture, seed: int) -> Picture:
    noise = np.random.default_rng(seed).normal(0, 2, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


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
