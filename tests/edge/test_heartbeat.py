"""How the camera is, since when, and why not."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from broker.contract.messages import Watch
from edge.heartbeat import Counters, Heartbeat
from edge.source import Condition
from tests.edge.builders import START

WATCHING = Condition(Watch.WATCHING)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def seen(seed: int, level: int = 120, spread: int = 40) -> np.ndarray:
    noise = np.random.default_rng(seed).normal(level, spread, (18, 32))
    return np.clip(noise, 0, 255).astype(np.uint8)


def show(heartbeat: Heartbeat, pictures: list[np.ndarray], begin: float = 0.0) -> list[tuple[float, Watch]]:
    """Show ten pictures a second; return when a status was due and what it said."""
    told = []
    for step, picture in enumerate(pictures):
        now = at(begin + step / 10)
        heartbeat.frame(picture, now)
        if heartbeat.due(WATCHING, now):
            told.append((begin + step / 10, heartbeat.status(Counters(), now).watch))
    return told


def test_a_status_is_due_at_once_and_every_ten_seconds() -> None:
    told = show(Heartbeat(("entrance",), START), [seen(step) for step in range(250)])
    assert told == [(0.0, Watch.WATCHING), (10.0, Watch.WATCHING), (20.0, Watch.WATCHING)]


def test_a_clock_that_was_set_back_does_not_make_a_camera_silent() -> None:
    heartbeat = Heartbeat(("entrance",), START)
    show(heartbeat, [seen(1)])
    heartbeat.frame(seen(2), at(-3600))
    assert heartbeat.due(WATCHING, at(-3600))


def test_after_the_clock_was_set_back_frames_are_counted_and_a_covered_lens_is_seen() -> None:
    heartbeat = Heartbeat((), START)
    show(heartbeat, [seen(step) for step in range(120)])
    show(heartbeat, [seen(n, level=3, spread=2) for n in range(10)], begin=12)
    for n in range(60):
        heartbeat.frame(seen(n, level=3, spread=2), at(-3600 + n / 5))
    assert heartbeat.due(WATCHING, at(-3600 + 12))
    status = heartbeat.status(Counters(), at(-3600 + 12))
    assert (status.watch, status.frames_per_second) == (Watch.BLIND, pytest.approx(5, abs=0.2))


@pytest.mark.parametrize(
    ("picture", "watch", "reason"),
    [
        pytest.param(lambda n: seen(n, level=3, spread=2), Watch.BLIND, "dark", id="dark"),
        pytest.param(lambda n: seen(n, level=90, spread=2), Watch.BLIND, "covers the lens", id="covered"),
        pytest.param(lambda n: seen(1), Watch.FROZEN, "stands still", id="frozen"),
    ],
)
def test_a_camera_that_does_not_see_says_so_with_its_reason(picture: object, watch: Watch, reason: str) -> None:
    heartbeat = Heartbeat((), START)
    assert callable(picture)
    told = show(heartbeat, [picture(step) for step in range(90)])
    assert told[-1][1] is watch
    status = heartbeat.status(Counters(), at(9))
    assert reason in status.reason
    assert at(1.9) <= status.since <= at(5.2)


def test_a_dark_moment_is_no_blindness() -> None:
    pictures = [seen(step, 3, 2) if 20 <= step < 35 else seen(step) for step in range(60)]
    assert show(Heartbeat((), START), pictures) == [(0.0, Watch.WATCHING)]


def test_it_says_when_the_camera_sees_again() -> None:
    heartbeat = Heartbeat((), START)
    show(heartbeat, [seen(step, 3, 2) for step in range(40)])
    assert show(heartbeat, [seen(step) for step in range(20)], begin=4.0) == [(4.0, Watch.WATCHING)]


def test_a_lost_camera_keeps_the_moment_it_was_lost() -> None:
    heartbeat = Heartbeat((), START)
    show(heartbeat, [seen(step) for step in range(20)])
    lost = Condition(Watch.LOST, "the camera does not answer")
    assert heartbeat.due(lost, at(5))
    heartbeat.status(Counters(), at(5))
    assert not heartbeat.due(lost, at(6))
    heartbeat.due(lost, at(16))
    status = heartbeat.status(Counters(), at(16))
    assert (status.since, status.reason) == (at(5), "the camera does not answer")
    assert status.newest_frame_age == pytest.approx(14.1)
    assert status.frames_per_second == 0


def test_the_figures_are_those_of_the_stages() -> None:
    heartbeat = Heartbeat(("entrance", "till"), START)
    show(heartbeat, [seen(step) for step in range(121)])
    status = heartbeat.status(Counters(dropped=3, gate_share=0.4567, spooled=12, trouble="the disk is full"), at(12))
    assert status.frames_per_second == pytest.approx(10, abs=0.2)
    assert (status.dropped, status.gate_share, status.spooled) == (3, 0.457, 12)
    assert status.zones == ("entrance", "till")
    assert status.reason == "the disk is full"
