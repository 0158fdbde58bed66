"""The gate: open for what moves, shut for noise, and never shut for good."""

from __future__ import annotations

import cv2
import numpy as np

from edge.motion import HOLD_S, SMALL_WIDTH_PX, Gate, shrink
from tests.edge.builders import plain

EMPTY = plain()[:, :, 0]


def noisy(seed: int) -> np.ndarray:
    return np.clip(EMPTY + np.random.default_rng(seed).normal(0, 3, EMPTY.shape), 0, 255).astype(np.uint8)


def with_hand(seed: int) -> np.ndarray:
    picture = noisy(seed)
    cv2.circle(picture, (160, 90), 8, 30, -1)
    return picture


def test_noise_leaves_the_gate_shut_but_for_a_look_a_second() -> None:
    gate = Gate()
    looked = [gate.open(noisy(step), step / 10) for step in range(200)]
    assert sum(looked[10:]) <= 20
    assert gate.share < 0.2


def test_a_hand_opens_it_and_it_stays_open_a_moment_longer() -> None:
    gate = Gate()
    for step in range(40):
        gate.open(noisy(step), step / 10)
    assert gate.open(with_hand(50), 4.0)
    after = [gate.open(noisy(60 + step), 4.1 + step / 10) for step in range(int(HOLD_S * 10))]
    assert all(after)


def test_a_changed_size_is_looked_at() -> None:
    gate = Gate()
    gate.open(noisy(1), 0.0)
    assert gate.open(np.zeros((100, 100), np.uint8), 5.0)


def test_a_picture_is_shrunk_in_its_own_proportions_and_never_enlarged() -> None:
    assert shrink(plain(size=(1280, 720))).shape == (180, SMALL_WIDTH_PX, 3)
    small = plain(size=(200, 100))
    assert shrink(small) is small
