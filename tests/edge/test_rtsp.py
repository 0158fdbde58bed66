"""Cameras on the network: a real RTSP server on loopback that is cut, stalled, begun again, and refuses us."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from broker.contract.messages import Watch
from edge.live import Live
from edge.nursery import Nursery
from edge.source import monotonic, now
from tests.edge.rtsp import RtspCamera
from tests.edge.test_live import readers, some, until
from tests.service.parts import in_quiet

pytestmark = pytest.mark.slow

BACK_S = 10.0
"""So soon a camera watches again once it is back."""


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    camera = RtspCamera()
    yield camera
    camera.cut()


@pytest.fixture
def other() -> Iterator[RtspCamera]:
    camera = RtspCamera()
    yield camera
    camera.cut()


def lost(source: Live, within: float) -> None:
    until(source, lambda _: source.condition.watch is Watch.LOST, limit=within)


def test_frames_arrive_at_the_pace_asked_for_and_none_is_old(camera: RtspCamera, nursery: Nursery) -> None:
    source = Live(camera.address(), 10, nursery)
    until(source, some)

    def arrive_in_time() -> None:
        begin, ages = monotonic(), []
        while monotonic() - begin < 4:
            if frame := source.read(0.5):
                assert (frame.width, frame.height) == (320, 192)
                ages.append((now() - frame.at).total_seconds())
        assert 34 <= len(ages) <= 44
        assert max(ages) < 0.5

    in_quiet(arrive_in_time)
    source.close()


def test_pictures_that_waited_in_a_buffer_are_dated_when_they_were_taken_and_not_used_when_old(
    camera: RtspCamera, nursery: Nursery
) -> None:
    source = Live(camera.address(), 10, nursery)
    until(source, some)

    def are_dated() -> None:
        until(source, some)
        (process,) = readers(nursery)
        process.suspend()
        threading.Event().wait(2.0)
        process.resume()
        begin, dated = monotonic(), []
        while monotonic() - begin < 2:
            if frame := source.read(0.2):
                dated.append((now() - frame.at).total_seconds())
        # Two seconds of pictures waited in the line; nothing of it is older than a second when it is looked at.
        assert len(dated) >= 12
        assert max(dated) <= 1.2
        assert dated[-1] < 0.3

    in_quiet(are_dated)
    source.close()


def test_a_camera_that_is_cut_is_lost_and_watches_again_within_ten_seconds_of_its_return(
    camera: RtspCamera, other: RtspCamera, nursery: Nursery
) -> None:
    source, unharmed = Live(camera.address(), 10, nursery), Live(other.address(), 10, nursery)
    until(source, some)
    until(unharmed, some)
    camera.cut()
    lost(source, 20)
    # Long enough for the pauses between attempts to have become as long as they get.
    begin, frames = monotonic(), 0
    while monotonic() - begin < 12:
        source.read(0.01)
        frames += some(unharmed.read(0.2))
        assert source.condition.watch is Watch.LOST
    # On a quiet machine it is 120.
    assert frames > 60
    assert "nothing listens at the camera's address and port" in source.condition.reason
    camera.begin()
    back = monotonic()
    until(source, some, limit=BACK_S)
    assert monotonic() - back < BACK_S
    assert unharmed.condition.watch is Watch.WATCHING
    source.close()
    unharmed.close()


def test_a_camera_that_stalls_is_lost_and_watches_again_once_it_goes_on(
    camera: RtspCamera, other: RtspCamera, nursery: Nursery
) -> None:
    source, unharmed = Live(camera.address(), 10, nursery), Live(other.address(), 10, nursery)
    until(source, some)
    until(unharmed, some)
    first = {process.pid for process in readers(nursery)}
    camera.stall()
    lost(source, 20)
    begin = monotonic()
    while monotonic() - begin < 8:
        source.read(0.01)
        until(unharmed, some)
        assert source.condition.watch is Watch.LOST
    camera.go_on()
    until(source, some, limit=BACK_S)
    now_reading = {process.pid for process in readers(nursery)}
    assert len(now_reading) == 2
    assert len(first & now_reading) == 1
    source.close()
    unharmed.close()


def test_a_camera_that_returns_with_another_resolution_is_watched_on(camera: RtspCamera, nursery: Nursery) -> None:
    source = Live(camera.address(), 10, nursery)
    until(source, some)
    camera.cut()
    lost(source, 20)
    camera.begin(size=(640, 352))
    frame = until(source, some, limit=BACK_S)
    assert frame is not None
    assert (frame.width, frame.height) == (640, 352)
    source.close()


def test_a_wrong_password_or_path_is_said_and_the_password_is_not(
    nursery: Nursery, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    guarded = RtspCamera(sign_in="viewer:secret")
    try:
        for source, says in (
            (guarded.address(), "refuses the name or the password"),
            (guarded.address("viewer:hunter2"), "refuses the name or the password"),
            (guarded.address("viewer:secret", "window"), "no such stream"),
        ):
            refused = Live(source, 10, nursery)
            lost(refused, 20)
            assert says in refused.condition.reason
            assert "`source`" in refused.condition.reason
            refused.close()
        signed_in = Live(guarded.address("viewer:secret"), 10, nursery)
        until(signed_in, some)
        signed_in.close()
    finally:
        guarded.cut()
    said = caplog.text + "".join(capfd.readouterr())
    assert "hunter2" not in said
    assert "secret" not in said
