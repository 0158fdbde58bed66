"""A camera that stutters, stalls or is gone: a real HTTP stream of JPEGs on loopback, read by the real FFmpeg."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2
import psutil
import pytest

from broker.contract.messages import Watch
from edge import live, reader
from edge.live import Live
from edge.nursery import Nursery
from edge.reader import Backlog
from edge.shelf import Shelf
from edge.sightings import Frame
from edge.source import monotonic, now
from tests.deploy.running import outlived
from tests.edge.builders import clip, plain
from tests.service.parts import in_quiet, wait_until


class Camera:
    """An MJPEG camera on a port of its own; `behave` is "send", "stall" or "hang up"."""

    def __init__(self, port: int = 0) -> None:
        self.behave = "send"
        self.size = (160, 96)
        self.stopping = threading.Event()
        self.sent = 0
        camera = self

        class Stream(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=part")
                self.end_headers()
                camera.stream(self)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Stream)
        self.server.daemon_threads = True
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/door.mjpg"

    def stream(self, request: BaseHTTPRequestHandler) -> None:
        while not self.stopping.wait(0.04):
            if self.behave == "hang up":
                return
            if self.behave == "stall":
                continue
            self.sent += 1
            _, jpeg = cv2.imencode(".jpg", plain(self.sent % 200, size=self.size))
            body = jpeg.tobytes()
            request.wfile.write(b"--part\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(body))
            request.wfile.write(body + b"\r\n")

    def stop(self) -> None:
        self.stopping.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def camera() -> Iterator[Camera]:
    camera = Camera()
    yield camera
    camera.stop()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name, seconds in (
        (reader, "OPEN_S", 2.0), (reader, "READ_S", 1.0), (live, "OPENING_S", 4.0), (live, "SILENT_S", 1.5), (live, "LOST_S", 1.0),
        (live, "LAST_RETRY_S", 0.5), (live, "HOPELESS_RETRY_S", 0.5),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, seconds)


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@pytest.fixture
def watch(camera: Camera, nursery: Nursery) -> Iterator[Live]:
    source = Live(camera.address, 10, nursery)
    yield source
    source.close()


def until(source: Live, wanted: Callable[[Frame | None], bool], limit: float = 30.0) -> Frame | None:
    begin = monotonic()
    while monotonic() - begin < limit:
        frame = source.read(0.1)
        if wanted(frame):
            return frame
    pytest.fail(f"not within {limit} s: {source.condition}")


def readers(nursery: Nursery) -> list[psutil.Process]:
    assert nursery.pid is not None
    return psutil.Process(nursery.pid).children()


def some(frame: Frame | None) -> bool:
    return frame is not None


def test_frames_come_stamped_with_the_moment_at_the_pace_asked_for(watch: Live) -> None:
    until(watch, some)

    def come_in_time() -> None:
        begin, frames, ages = monotonic(), [], []
        while monotonic() - begin < 2.0:
            frame = watch.read(0.2)
            if frame:
                ages.append((now() - frame.at).total_seconds())
                frames.append(frame)
        assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})
        assert 14 <= len(frames) <= 23
        assert max(ages) < 0.5

    in_quiet(come_in_time)
    assert watch.condition.watch is Watch.WATCHING


def test_a_slow_reader_gets_the_newest_frame_and_the_others_are_counted(camera: Camera, watch: Live) -> None:
    until(watch, some)

    def is_the_newest() -> None:
        dropped = watch.dropped
        threading.Event().wait(1.0)
        frame = until(watch, some)
        assert frame is not None
        assert (now() - frame.at).total_seconds() < 0.5
        assert watch.dropped >= dropped + 5

    in_quiet(is_the_newest)


def test_a_camera_that_hangs_up_is_lost_and_comes_back(camera: Camera, watch: Live) -> None:
    until(watch, some)
    camera.behave = "hang up"
    until(watch, lambda _: watch.condition.watch is Watch.LOST)
    assert watch.condition.reason
    camera.behave = "send"
    begin = monotonic()
    until(watch, some)
    assert monotonic() - begin < 10
    assert watch.condition.watch is Watch.WATCHING


def test_a_camera_that_stalls_is_lost_and_comes_back(camera: Camera, watch: Live) -> None:
    until(watch, some)
    camera.behave = "stall"
    until(watch, lambda _: watch.condition.watch is Watch.LOST)
    camera.behave = "send"
    until(watch, some)


def test_a_camera_that_is_not_there_at_the_start_is_waited_for(nursery: Nursery) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = Live(f"http://127.0.0.1:{port}/door.mjpg", 10, nursery)
    until(source, lambda _: source.condition.watch is Watch.LOST)
    assert source.condition.reason.startswith("nothing listens at the camera's address and port")
    camera = Camera(port)
    try:
        until(source, some)
    finally:
        source.close()
        camera.stop()


def test_a_server_that_accepts_and_never_answers_is_a_camera_that_does_not_answer(nursery: Nursery) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = Live(f"rtsp://viewer:secret@127.0.0.1:{silent.getsockname()[1]}/door", 10, nursery)
        until(source, lambda _: source.condition.watch is Watch.LOST)
        assert source.condition.reason == "the camera does not answer"
        source.close()


def test_a_reader_that_hangs_is_killed_and_another_takes_its_place(watch: Live, nursery: Nursery) -> None:
    until(watch, some)
    (hanging,) = readers(nursery)
    hanging.suspend()
    until(watch, lambda _: watch.condition.watch is Watch.LOST)
    until(watch, some)
    assert not hanging.is_running() or hanging.status() == psutil.STATUS_ZOMBIE
    assert watch.condition.watch is Watch.WATCHING


def test_a_reader_that_crashes_is_the_trouble_of_its_camera_alone(camera: Camera, watch: Live, nursery: Nursery) -> None:
    until(watch, some)
    (crashing,) = readers(nursery)
    other = Live("scene:door", 10, nursery)
    until(other, some)
    crashing.send_signal(signal.SIGSEGV)
    until(watch, lambda _: watch.condition.watch is Watch.LOST)
    assert watch.condition.reason == "the reading of the camera broke off by itself"
    until(other, some)
    until(watch, some)
    assert other.condition.watch is Watch.WATCHING
    other.close()


def test_when_the_parent_of_the_readers_dies_all_of_them_end_and_come_back(watch: Live, nursery: Nursery) -> None:
    until(watch, some)
    (orphan,) = readers(nursery)
    psutil.Process(nursery.pid).kill()
    assert not outlived([orphan])
    until(watch, lambda _: watch.condition.watch is Watch.LOST)
    until(watch, some)


BOX = "from edge.live import Live; from edge.nursery import Nursery; s = Live('scene:door', 10, Nursery())\nwhile True: s.read(0.1)"


def test_nobody_is_left_when_the_box_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", BOX]) as box:
        family = wait_until(lambda: (found := psutil.Process(box.pid).children(recursive=True)) and len(found) == 2 and found)
        box.kill()
        assert not outlived(family)


def test_a_stream_that_changes_its_resolution_goes_on(camera: Camera, watch: Live) -> None:
    """Within one connection OpenCV scales to the size at the beginning; on the next one the new size is there."""
    frame = until(watch, some)
    assert frame is not None
    assert (frame.width, frame.height) == (160, 96)
    camera.size, sent = (96, 64), camera.sent
    until(watch, lambda frame: frame is not None and camera.sent > sent + 10)
    assert watch.condition.watch is Watch.WATCHING
    camera.behave = "hang up"
    until(watch, lambda _: watch.condition.watch is Watch.LOST)
    camera.behave = "send"
    until(watch, lambda frame: frame is not None and (frame.width, frame.height) == (96, 64))


def test_no_picture_is_ever_half_of_one_and_half_of_another() -> None:
    file = Shelf.make(320, 240)
    put, taken = Shelf(file, 320, 240), Shelf(file, 320, 240)
    newest, stop = [0], threading.Event()

    def paint() -> None:
        for number in itertools.count(1):
            if stop.is_set():
                return
            put.begin(number)[:] = number % 251
            put.finish(number)
            newest[0] = number

    painter = threading.Thread(target=paint)
    painter.start()
    whole = 0
    begin = monotonic()
    while whole < 200 and monotonic() - begin < 20:
        number = newest[0]
        picture = taken.take(number) if number else None
        if picture is not None:
            assert (picture == number % 251).all()
            whole += 1
    stop.set()
    painter.join()
    assert whole == 200
    assert taken.take(newest[0] - 2) is None


def test_what_waits_between_the_camera_and_us_is_told_from_a_clock_that_drifts() -> None:
    backlog = Backlog()
    assert [backlog.late(100 + step * 0.04, step * 0.04) for step in range(100)] == pytest.approx([0.0] * 100)
    assert backlog.late(106.0, 4.0) == pytest.approx(2.0, abs=0.01)
    assert backlog.late(106.01, 5.0) == pytest.approx(1.01, abs=0.01)
    assert backlog.late(106.02, 6.02) == pytest.approx(0.0, abs=0.01)
    # An hour with a clock that loses 200 millionths; then the stream begins anew.
    late = [backlog.late(106.02 + step, 6.02 + step * 0.9998) for step in range(1, 3600)]
    assert max(late) < 0.01
    assert backlog.late(3706.1, 0.0) == 0.0


def film_of(source: Live, limit: float = 20.0, pause: float = 0.0) -> list[Frame]:
    frames: list[Frame] = []
    begin = monotonic()
    while source.condition.watch is not Watch.ENDED and monotonic() - begin < limit:
        frame = source.read(0.05)
        if frame:
            frames.append(frame)
            threading.Event().wait(pause)
    return frames


def test_a_film_runs_at_its_real_pace_with_its_own_time_and_ends_once(tmp_path: Path, nursery: Nursery) -> None:
    in_quiet(lambda: _runs_at_its_pace(tmp_path, nursery))


def _runs_at_its_pace(tmp_path: Path, nursery: Nursery) -> None:
    starts_at = datetime(2026, 5, 2, 10, tzinfo=UTC)
    path = clip(tmp_path / "door.avi", [plain(level) for level in range(15)], fps=10)
    source = Live(str(path), 10, nursery, starts_at=starts_at)
    assert source.condition.watch is Watch.STARTING
    until(source, some)
    begin = monotonic()
    frames = film_of(source)
    assert 1.1 < monotonic() - begin < 3.0
    assert [round((frame.at - starts_at).total_seconds(), 3) for frame in frames] == [index / 10 for index in range(1, 15)]
    assert source.read(0.01) is None
    assert source.condition.watch is Watch.ENDED
    assert source.dropped == 0


def test_a_box_that_stops_for_a_moment_loses_nothing_of_a_film(tmp_path: Path, nursery: Nursery) -> None:
    path = clip(tmp_path / "door.avi", [plain(level) for level in range(20)], fps=10)

    def loses_nothing() -> None:
        source = Live(str(path), 10, nursery)
        until(source, some)
        threading.Event().wait(0.6)
        assert len(film_of(source)) == 19
        assert source.dropped == 0

    in_quiet(loses_nothing)


def test_a_box_that_is_always_too_slow_gets_the_newest_of_a_film_and_the_rest_is_counted(tmp_path: Path, nursery: Nursery) -> None:
    path = clip(tmp_path / "door.avi", [plain(level) for level in range(60)], fps=10)

    def gets_the_newest() -> None:
        source = Live(str(path), 10, nursery)
        frames = film_of(source, pause=0.25)
        assert source.dropped == 60 - len(frames)
        assert 15 <= len(frames) <= 35

    in_quiet(gets_the_newest)


@pytest.mark.parametrize("content", [b"", b"this is no video" * 50], ids=["zero bytes", "no video"])
def test_a_file_that_can_never_work_is_said_to_be_hopeless_and_tried_again_later(
    tmp_path: Path, nursery: Nursery, content: bytes
) -> None:
    path = tmp_path / "door.avi"
    path.write_bytes(content)
    source = Live(str(path), 10, nursery)
    until(source, lambda _: source.condition.watch is Watch.LOST)
    assert "door.avi is not a video that can be read" in source.hopeless
    clip(path, [plain(level) for level in range(5)])
    until(source, some)
    assert source.hopeless == ""


def test_a_clip_that_ends_in_the_middle_of_a_frame_is_shown_so_far(tmp_path: Path, nursery: Nursery) -> None:
    whole = clip(tmp_path / "door.avi", [plain(level) for level in range(30)])
    broken = tmp_path / "broken.avi"
    broken.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    source = Live(str(broken), 10, nursery)
    assert 1 <= len(film_of(source)) < 30
    assert source.condition.watch is Watch.ENDED
