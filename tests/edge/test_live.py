"""A camera that stutters, stalls or is gone: a real HTTP stream of JPEGs on loopback, read by the real FFmpeg."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import pytest

from broker.contract.messages import Watch
from edge import live
from edge.live import Live, is_live
from edge.sightings import Frame
from edge.source import Stuck, monotonic, now
from tests.edge.builders import plain


class Camera:
    """An MJPEG camera on a port of its own; `behave` is "send", "stall" or "hang up"."""

    def __init__(self, port: int = 0) -> None:
        self.behave = "send"
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
            _, jpeg = cv2.imencode(".jpg", plain(self.sent % 200, size=(160, 96)))
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
    for name, seconds in (("OPEN_S", 2.0), ("READ_S", 1.0), ("HUNG_S", 4.0), ("LOST_S", 1.0), ("LAST_RETRY_S", 0.5)):
        monkeypatch.setattr(live, name, seconds)


@pytest.fixture
def watch(camera: Camera) -> Iterator[Live]:
    source = Live(camera.address, 10)
    yield source
    source.close()


def until(source: Live, wanted: Callable[[Frame | None], bool], limit: float = 15.0) -> Frame | None:
    begin = monotonic()
    while monotonic() - begin < limit:
        frame = source.read(0.1)
        if wanted(frame):
            return frame
    pytest.fail(f"not within {limit} s: {source.condition}")


def some(frame: Frame | None) -> bool:
    return frame is not None


def test_frames_come_stamped_with_the_moment_at_the_pace_asked_for(watch: Live) -> None:
    until(watch, some)
    begin, frames = monotonic(), []
    while monotonic() - begin < 2.0:
        frame = watch.read(0.2)
        if frame:
            assert (now() - frame.at).total_seconds() < 0.5
            frames.append(frame)
    assert 14 <= len(frames) <= 23
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})
    assert watch.condition.watch is Watch.WATCHING


def test_a_slow_reader_gets_the_newest_frame_and_the_others_are_counted(camera: Camera, watch: Live) -> None:
    until(watch, some)
    threading.Event().wait(1.0)
    frame = until(watch, some)
    assert frame is not None
    assert (now() - frame.at).total_seconds() < 0.5
    assert watch.dropped >= 5


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


def test_a_camera_that_is_not_there_at_the_start_is_waited_for() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    source = Live(f"http://127.0.0.1:{port}/door.mjpg", 10)
    until(source, lambda _: source.condition.watch is Watch.LOST)
    assert source.condition.reason == "the camera does not answer"
    camera = Camera(port)
    try:
        until(source, some)
    finally:
        source.close()
        camera.stop()


class _Hanging:
    """A capture whose read never returns, as a broken RTSP stream's may, whatever time-out was asked for."""

    def __init__(self, release: threading.Event) -> None:
        self._release = release

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name.
        return True

    def grab(self) -> bool:
        self._release.wait(60)
        return False

    def release(self) -> None:
        pass


def test_a_read_that_hangs_is_left_behind_and_too_many_end_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(live, "HUNG_S", 0.2)
    monkeypatch.setattr(live, "_open", lambda _: _Hanging(released))
    source = Live("rtsp://127.0.0.1/none", 10)
    begin = monotonic()
    try:
        with pytest.raises(Stuck, match="only a new process helps"):
            until(source, lambda _: False)
        assert monotonic() - begin < 5
        assert source.condition.watch is Watch.LOST
    finally:
        released.set()
        source.close()


@pytest.mark.parametrize(
    ("source", "is_camera"),
    [("0", True), ("/dev/video2", True), ("rtsp://10.0.0.7/door", True), ("door.mp4", False), ("scene:door", False)],
)
def test_a_camera_is_told_from_a_film_by_its_name(source: str, is_camera: bool) -> None:
    assert is_live(source) is is_camera
