"""A camera that was turned away or knocked says so; light, people and the night do not make it say so."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

import cv2
import numpy as np
import pytest

from broker.contract.messages import Watch
from edge.heartbeat import Counters, Heartbeat
from edge.motion import shrink
from edge.mounting import Mounting
from edge.sightings import Picture
from edge.source import Condition
from tests.edge.builders import START, footage

SIZE = (320, 180)
Change = Callable[[Picture], Picture]


def shop(seed: int = 1) -> Picture:
    """A gray shop larger than the picture: shelves, tiles and goods."""
    chance = np.random.default_rng(seed)
    picture = np.full((260, 420), 110, np.uint8)
    for _ in range(160):
        x, y, width, height = chance.integers((0, 0, 8, 6), (400, 240, 70, 50)).tolist()
        cv2.rectangle(picture, (x, y), (x + width, y + height), int(chance.integers(30, 220)), -1 if chance.random() < 0.7 else 2)
    return cv2.GaussianBlur(picture, (3, 3), 0)


SHOP = shop()


def view(dx: int = 0, dy: int = 0, angle: float = 0.0) -> Picture:
    """What a camera sees of the shop that looks *dx*, *dy* pixels aside and hangs askew by *angle* degrees."""
    turned = cv2.warpAffine(SHOP, cv2.getRotationMatrix2D((210, 130), angle, 1), SHOP.shape[::-1], borderMode=cv2.BORDER_REFLECT)
    x, y = 50 + dx, 40 + dy
    return turned[y : y + SIZE[1], x : x + SIZE[0]].copy()


def noisy(picture: Picture, step: int) -> Picture:
    noise = np.random.default_rng(step).normal(0, 3, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def show(mounting: Mounting, pictures: Iterable[Picture], begin: int = 0) -> list[int]:
    """Show one picture a second; return the seconds at which it changed its mind."""
    changes = []
    for second, picture in enumerate(pictures, begin):
        before = mounting.moved
        mounting.frame(noisy(picture, second), START + timedelta(seconds=second))
        if mounting.moved is not before:
            changes.append(second)
    return changes


def settled() -> Mounting:
    mounting = Mounting()
    assert show(mounting, [view()] * 40) == []
    return mounting


@pytest.mark.parametrize(
    "knocked",
    [
        pytest.param({"dx": 12}, id="a little aside"),
        pytest.param({"dy": -10}, id="a little up"),
        pytest.param({"dx": 40, "dy": 25}, id="far aside"),
        pytest.param({"angle": 7}, id="askew"),
    ],
)
def test_a_knocked_camera_is_moved_within_twenty_seconds_and_moved_back_as_soon(knocked: dict[str, int]) -> None:
    mounting = settled()
    (moved,) = show(mounting, [view(**knocked)] * 40, begin=40)
    assert 48 <= moved <= 62
    (back,) = show(mounting, [view()] * 40, begin=80)
    assert 88 <= back <= 102


def test_a_camera_that_was_turned_to_another_wall_is_moved() -> None:
    mounting = settled()
    elsewhere = shop(seed=9)[: SIZE[1], : SIZE[0]]
    (moved,) = show(mounting, [elsewhere] * 60, begin=40)
    assert moved <= 90


def test_somebody_who_passes_a_knock_on_is_not_believed_at_once() -> None:
    mounting = settled()
    assert show(mounting, [*[view(dx=30)] * 6, *[view()] * 40], begin=40) == []


def crowd(picture: Picture, second: int) -> Picture:
    """Twelve people who stand about and shift their weight, over half of the picture."""
    chance = np.random.default_rng(5)
    full = picture.copy()
    for _ in range(12):
        x, y = chance.integers((20, 50), (300, 160)).tolist()
        sway = (second // 7 + x) % 5
        cv2.ellipse(full, (x + sway, y), (17, 42), 0, 0, 360, int(chance.integers(20, 230)), -1)
    return full


LIGHTS: dict[str, Change] = {
    "evening": lambda picture: (255 * (picture / 255.0) ** 2.0).astype(np.uint8),
    "glare": lambda picture: (255 * (picture / 255.0) ** 0.5).astype(np.uint8),
    "half the lamps": lambda picture: (picture * 0.4).astype(np.uint8),
    "sun from the side": lambda picture: np.clip(picture * np.linspace(0.5, 1.5, picture.shape[1]), 0, 255).astype(np.uint8),
    "infrared": lambda picture: (255 - (picture * 0.6)).astype(np.uint8),
    "lights out": lambda picture: np.full_like(picture, 12),
}


@pytest.mark.parametrize("light", LIGHTS)
def test_another_light_is_not_another_view(light: str) -> None:
    mounting = settled()
    assert show(mounting, [LIGHTS[light](view())] * 60, begin=40) == []
    assert show(mounting, [view()] * 30, begin=100) == []


def test_a_crowd_that_stands_before_half_of_it_is_not_another_view() -> None:
    mounting = settled()
    assert show(mounting, [crowd(view(), second) for second in range(90)], begin=40) == []


def test_what_is_drawn_anew_is_the_new_reference() -> None:
    heartbeat, watching = Heartbeat((), START), Condition(Watch.WATCHING)

    def look(pictures: Iterable[Picture], begin: int) -> str:
        for second, picture in enumerate(pictures, begin):
            at = START + timedelta(seconds=second)
            heartbeat.frame(noisy(picture, second), at)
            heartbeat.due(watching, at)
        return heartbeat.status(Counters(), START + timedelta(seconds=second)).reason

    assert look([view()] * 40, 0) == ""
    assert look([view(dx=30)] * 40, 40) == "the camera was moved: draw its line anew, or turn it back"
    heartbeat.replanned()
    assert look([view(dx=30)] * 60, 80) == ""


FIXED = ("counter_one_by_one.mp4", "garage_night.mp4", "hall_overhead.avi", "officedoor_a.mp4", "shopdoor_overhead.mp4",
         "stairs_up.mp4", "walkway_side.mp4")  # fmt: skip


@pytest.mark.footage
@pytest.mark.slow
@pytest.mark.parametrize("name", FIXED)
def test_no_fixed_camera_is_said_to_have_moved_and_every_knocked_one_is(name: str) -> None:
    """Each clip there and back for two minutes, then the same with the picture a sixteenth aside."""
    there = list(_seconds_of(name))
    there_and_back = (there + there[::-1]) * (1 + 120 // (2 * len(there)))
    mounting = Mounting()
    assert show(mounting, there_and_back[:120]) == []
    knocked = [np.roll(picture, picture.shape[1] // 16, axis=1) for picture in there_and_back[:60]]
    assert len(show(mounting, knocked, begin=120)) == 1


def _seconds_of(name: str) -> Iterable[Picture]:
    capture = cv2.VideoCapture(str(footage(name)), cv2.CAP_FFMPEG)
    every = max(1, round(capture.get(cv2.CAP_PROP_FPS)))
    index = 0
    while capture.grab():
        if index % every == 0:
            yield cv2.cvtColor(shrink(capture.retrieve()[1]), cv2.COLOR_BGR2GRAY)
        index += 1
