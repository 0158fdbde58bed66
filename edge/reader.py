"""What runs in the reader process of one camera: grab all the time, decode what is due, share only the newest picture.

It loads OpenCV and numpy and little else: there is one such process a camera (edge/nursery.py starts it). It tries
once; when the camera breaks off it says why and ends, and the box decides when to try again (edge/live.py).
"""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import time
from dataclasses import dataclass
from typing import Final

import cv2

from edge.shelf import Pixels, Shelf

OPEN_S: Final = 4.0
"""Time-out for opening a stream."""
READ_S: Final = 3.0
"""Time-out for one frame of a stream."""
STALLED: Final = 0.9
"""Share of the time-out for a frame after which what comes is not a new one."""
ALIVE_EVERY_S: Final = 0.5
"""So often a reader that decodes nothing says that pictures come."""
NEWEST_S: Final = 1.0
"""A frame older than this is never used."""
STAMPED: Final = ("rtsp://", "rtsps://")
"""Streams whose pictures carry the camera's own time."""
HOPELESSLY_LATE_S: Final = 6.0
"""A stream that is so far behind is opened anew: that empties whatever it waits in."""
JUMP_S: Final = 10.0
"""A stream whose own time jumps back, or so far ahead, has begun anew."""
CLOCK_DRIFT: Final = 0.001
"""A camera's clock runs so much faster or slower than ours at most."""
LATE_S: Final = 0.15
"""A film that is so far behind, and has no patience left, leaves frames out."""
PATIENCE_S: Final = 1.0
"""So long in all a film waits for a box that is busy, so that a machine which stops for a moment loses no frame."""
PATIENCE_BACK: Final = 0.05
"""And so much of a second it regains each second: a box that is always too slow gets the newest, not the oldest."""
MAX_COMPLAINT_BYTES: Final = 64 * 1024

FRAME: Final = struct.Struct("<QQddQ")
"""Number, index, time (seconds since 1970), moment (monotonic seconds), frames left out so far."""
SIZE: Final = struct.Struct("<II")

SHELF, PUT, ALIVE, OVER, LOST, NEVER = b"S", b"F", b"A", b"E", b"L", b"N"
"""First byte of what a reader says: a new shelf, a picture on it, pictures come, the film is over, it broke, it cannot be."""
TAKEN: Final = b"t"
"""What the box says to the reader of a film: the newest picture was taken."""


class Broken(Exception):
    """The camera gives no pictures now. The text says why, without the address: that may carry a password."""


class Hopeless(Exception):
    """It never will. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to read. *starts_at* is the time of a film's first frame in seconds since 1970; None: now."""

    source: str
    frames_per_second: float
    film: bool
    starts_at: float | None = None
    open_s: float = OPEN_S
    read_s: float = READ_S


class Line:
    """The reader's end of the line to the box."""

    def __init__(self, line: socket.socket) -> None:
        line.setblocking(False)
        self._line = line
        self._shelf: Shelf | None = None
        self._number = 0
        self._taken = 0
        self._alive_at = 0.0
        self.left_out = 0

    def alive(self, moment: float) -> None:
        """Say that pictures come, though none is due."""
        if moment - self._alive_at >= ALIVE_EVERY_S:
            self._say(ALIVE)
            self._alive_at = moment

    def place(self) -> Pixels | None:
        """Return where the next picture may be written at once, or None before the first."""
        return self._shelf.begin(self._number + 1) if self._shelf else None

    def put(self, picture: Pixels, index: int, at: float, moment: float) -> None:
        """Share *picture*, taken at *at* (seconds since 1970), *moment* by the monotonic clock."""
        height, width = picture.shape[:2]
        if self._shelf is None or (self._shelf.width, self._shelf.height) != (width, height):
            self._shelf = self._new_shelf(width, height)
        self._number += 1
        place = self._shelf.begin(self._number)
        if place.ctypes.data != picture.ctypes.data:
            place[:] = picture
        self._shelf.finish(self._number)
        self._alive_at = moment
        self._say(PUT + FRAME.pack(self._number, index, at, moment, self.left_out))

    def wait_taken(self, seconds: float) -> float:
        """Wait until the box has taken everything that was put, *seconds* at most; return how long it took."""
        began = time.monotonic()
        until = began + max(0.0, seconds)
        while self._taken < self._number:
            self._line.settimeout(max(0.0, until - time.monotonic()))
            try:
                said = self._line.recv(64)
            except (TimeoutError, BlockingIOError):
                break
            finally:
                self._line.setblocking(False)
            if not said:
                raise ConnectionResetError
            self._taken = max(self._taken, int.from_bytes(said[1:], "little"))
        return time.monotonic() - began

    def say(self, kind: bytes, text: str = "") -> None:
        """Say how it ended."""
        self._line.settimeout(1.0)
        with contextlib.suppress(OSError):
            self._line.send(kind + text.encode()[:500])

    def _new_shelf(self, width: int, height: int) -> Shelf:
        file = Shelf.make(width, height)
        try:
            # Nobody may miss this one: what follows would be read with the wrong measures.
            self._line.settimeout(READ_S)
            socket.send_fds(self._line, [SHELF + SIZE.pack(width, height)], [file])
            self._line.setblocking(False)
            return Shelf(file, width, height)
        finally:
            os.close(file)

    def _say(self, said: bytes) -> None:
        # A box that does not listen for a while must not stop us from grabbing; it finds newer ones when it does.
        with contextlib.suppress(BlockingIOError):
            self._line.send(said)


def read(order: Order, socket_to_box: socket.socket) -> None:
    """Read until it breaks or ends, and say so. Returns when the box is gone, too."""
    line = Line(socket_to_box)
    complaints = _hear_complaints()
    try:
        if order.film:
            from edge import showing

            showing.show(order, line)
            line.say(OVER)
        else:
            _grab(order, line)
    except Broken as why:
        line.say(LOST, str(why) or _reason(complaints))
    except Hopeless as why:
        line.say(NEVER, str(why))
    except (BrokenPipeError, ConnectionResetError, TimeoutError):
        return


def _grab(order: Order, line: Line) -> None:
    capture = _open(order)
    if not capture.isOpened():
        raise Broken
    backlog = Backlog() if order.source.startswith(STAMPED) else None
    every, index = 1.0 / order.frames_per_second, 0
    due = before = time.monotonic()
    while capture.grab():
        moment = time.monotonic()
        if moment - before > STALLED * order.read_s:
            # What came of a read that timed out is the last picture the decoder still had, as old as the silence.
            break
        before = moment
        late = backlog.late(moment, capture.get(cv2.CAP_PROP_POS_MSEC) / 1000) if backlog else 0.0
        if late > HOPELESSLY_LATE_S:
            raise Broken("the camera's pictures come too late: this machine or the line to the camera is too slow")
        if moment < due or late > NEWEST_S:
            line.alive(moment)
            continue
        due = max(due + every, moment - every)
        whole, picture = capture.retrieve(line.place())
        if whole and picture.ndim == 3:
            line.put(picture, index, time.time() - late, moment - late)  # type: ignore[arg-type]
            index += 1
    raise Broken("the camera stopped sending")


class Backlog:
    """How much of a stream waits between the camera and us, by the stream's own clock.

    While nothing waits, our clock and the stream's differ by the least they ever do.
    """

    def __init__(self) -> None:
        self._least: float | None = None
        self._moment = self._shown = 0.0

    def late(self, moment: float, shown: float) -> float:
        """Return how many seconds late the picture is that the stream dates *shown*, and that came at *moment*."""
        if self._least is None or not 0 <= shown - self._shown < JUMP_S:
            self._least = moment - shown
        else:
            # The camera's clock may be slower than ours: what it gains by that is no backlog.
            self._least = min(moment - shown, self._least + CLOCK_DRIFT * (moment - self._moment))
        self._moment, self._shown = moment, shown
        return moment - shown - self._least


def _open(order: Order) -> cv2.VideoCapture:
    source = order.source
    if source.isdigit():
        return cv2.VideoCapture(int(source))
    if source.startswith("/dev/"):
        return cv2.VideoCapture(source, cv2.CAP_V4L2)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(order.open_s * 1000), cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(order.read_s * 1000)]
    return cv2.VideoCapture(source, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])


def _hear_complaints() -> int:
    """Let what FFmpeg writes flow into a pipe of our own, for it may hold a password; what does not fit is lost."""
    heard, written = os.pipe()
    os.set_blocking(heard, False)
    os.set_blocking(written, False)
    for output in (1, 2):
        os.dup2(written, output)
    os.close(written)
    return heard


_REASONS: Final = (
    ("401", "the camera refuses the name or the password: set the right ones in `source`"),
    ("403", "the camera refuses the name or the password: set the right ones in `source`"),
    ("404", "the camera has no such stream: set the right path in `source`"),
    ("Connection refused", "nothing listens at the camera's address and port: is it on, and is `source` right?"),
    ("No route to host", "the camera's address cannot be reached: look at its cable, and at `source`"),
    ("resolve", "the name of the camera's address is not known: look at `source`"),
    ("Protocol not found", "streams of this kind cannot be read: `source` begins with rtsp:// or http://"),
)
"""What FFmpeg says, and what it means to the person standing there."""


def _reason(complaints: int) -> str:
    said = b""
    with contextlib.suppress(BlockingIOError):
        said = os.read(complaints, MAX_COMPLAINT_BYTES)
    text = said.decode(errors="replace")
    return next((reason for sign, reason in _REASONS if sign in text), "the camera does not answer")
