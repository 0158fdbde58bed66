"""A camera that may hang, stutter or be gone: a thread reads it all the time and keeps only the newest frame.

A read can hang for ever, whatever time-out was asked for. A watchdog then leaves the thread to its fate and begins a new
one; when too many threads are left behind, the process must end and be started afresh.
"""

from __future__ import annotations

import logging
import os
import random
import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import cv2

from broker.contract.messages import Watch
from edge.sightings import Frame
from edge.source import Condition, Stuck, monotonic, now

log = logging.getLogger(__name__)

OPEN_S: Final = 5.0
"""Time-out for opening a stream."""
READ_S: Final = 3.0
"""Time-out for one frame of a stream."""
HUNG_S: Final = OPEN_S + READ_S + 2.0
"""A reader that shows no sign of life for so long is left behind."""
MAX_LEFT_BEHIND: Final = 3
"""Readers that hang; with one more the process ends."""
NEWEST_S: Final = 1.0
"""A frame older than this is never used."""
LOST_S: Final = 3.0
"""Without a frame for so long the camera is lost."""
FIRST_RETRY_S: Final = 0.5
LAST_RETRY_S: Final = 5.0
"""Back-off between attempts, with jitter."""

_FFMPEG_OPTIONS: Final = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


def is_live(source: str) -> bool:
    """Whether *source* is a camera or a stream: a device number, a device file or an address."""
    return source.isdigit() or source.startswith("/dev/") or "://" in source


@dataclass(slots=True)
class _Shelf:
    """Where a reader puts its newest frame."""

    changed: threading.Condition = field(default_factory=threading.Condition)
    frame: Frame | None = None
    index: int = 0
    dropped: int = 0
    reason: str = ""


class Live:
    """A USB camera or a network stream."""

    def __init__(self, source: str, frames_per_second: float) -> None:
        """Begin to open *source*, which may take its time; a camera that is down is lost, and tried again."""
        # One cable that loses packets makes pictures of mud over UDP.
        os.environ.setdefault(_FFMPEG_OPTIONS, "rtsp_transport;tcp")
        self._source = source
        self._fps = frames_per_second
        self._shelf = _Shelf()
        self._left_behind: list[_Reader] = []
        self._began = monotonic()
        self._newest: datetime | None = None
        self._reader = self._begin()

    def read(self, timeout: float) -> Frame | None:
        """Return the newest frame. Raises Stuck when too many readers hang."""
        self._watch()
        shelf = self._shelf
        with shelf.changed:
            shelf.changed.wait_for(lambda: shelf.frame is not None, timeout)
            frame, shelf.frame = shelf.frame, None
            if frame and now() - frame.at > timedelta(seconds=NEWEST_S):
                shelf.dropped += 1
                frame = None
        if frame:
            self._newest = frame.at
        return frame

    @property
    def condition(self) -> Condition:
        """Watching while frames come; lost when they do not."""
        if self._newest and now() - self._newest < timedelta(seconds=LOST_S):
            return Condition(Watch.WATCHING)
        if self._newest is None and not self._shelf.reason and monotonic() - self._began < HUNG_S:
            return Condition(Watch.STARTING)
        return Condition(Watch.LOST, self._shelf.reason or "the camera sends no pictures")

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced, or that had become too old."""
        return self._shelf.dropped

    def close(self) -> None:
        """Tell the reader to end; nobody waits for one that hangs."""
        self._reader.stop()
        self._reader.join(1.0)

    def _begin(self) -> _Reader:
        reader = _Reader(self._source, self._fps, self._shelf)
        reader.start()
        return reader

    def _watch(self) -> None:
        if monotonic() - self._reader.alive_at < HUNG_S:
            return
        log.error("reading the camera hangs; it is opened anew")
        self._shelf.reason = "reading the camera hangs"
        self._reader.stop()
        self._left_behind = [reader for reader in (*self._left_behind, self._reader) if reader.is_alive()]
        if len(self._left_behind) > MAX_LEFT_BEHIND:
            raise Stuck(f"{len(self._left_behind)} readings of the camera hang; only a new process helps")
        self._reader = self._begin()


class _Reader(threading.Thread):
    """Grabs continuously, so that nothing old waits in a buffer; decodes to colour only what is due."""

    def __init__(self, source: str, frames_per_second: float, shelf: _Shelf) -> None:
        super().__init__(name="camera", daemon=True)
        self.alive_at = monotonic()
        self._source = source
        self._every = 1.0 / frames_per_second
        self._shelf = shelf
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Ask it to end, and to put nothing on the shelf any more."""
        self._stopped.set()

    def run(self) -> None:
        """Open, read until it breaks, and again."""
        pause = FIRST_RETRY_S
        while not self._stopped.is_set():
            if self._read_until_broken():
                pause = FIRST_RETRY_S
            # Jitter: twenty cameras behind one switch must not all come back in one instant.
            self._rest(pause * random.uniform(0.5, 1.0))  # noqa: S311
            pause = min(pause * 2, LAST_RETRY_S)

    def _rest(self, seconds: float) -> None:
        self.alive_at = monotonic()
        self._stopped.wait(seconds)
        self.alive_at = monotonic()

    def _read_until_broken(self) -> bool:
        """Return whether there was any picture."""
        capture = _open(self._source)
        self.alive_at = monotonic()
        any_picture = False
        try:
            if not capture.isOpened():
                self._lose("the camera does not answer")
                return False
            due = monotonic()
            while not self._stopped.is_set() and capture.grab():
                self.alive_at = moment = monotonic()
                if moment < due:
                    continue
                due = max(due + self._every, moment - self._every)
                any_picture |= self._put(capture, now())
        finally:
            capture.release()
        if not self._stopped.is_set():
            self._lose("the camera stopped sending")
        return any_picture

    def _put(self, capture: cv2.VideoCapture, at: datetime) -> bool:
        whole, picture = capture.retrieve()
        shelf = self._shelf
        if not whole or self._stopped.is_set():
            return False
        with shelf.changed:
            shelf.dropped += shelf.frame is not None
            shelf.frame = Frame(shelf.index, at, picture)  # type: ignore[arg-type]
            shelf.index += 1
            shelf.reason = ""
            shelf.changed.notify()
        return True

    def _lose(self, reason: str) -> None:
        # The address may carry a password: it is not in the reason.
        if self._shelf.reason != reason and not self._stopped.is_set():
            log.warning("%s; trying again", reason)
            self._shelf.reason = reason


def _open(source: str) -> cv2.VideoCapture:
    if source.isdigit():
        return cv2.VideoCapture(int(source))
    if source.startswith("/dev/"):
        return cv2.VideoCapture(source, cv2.CAP_V4L2)
    limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, int(OPEN_S * 1000), cv2.CAP_PROP_READ_TIMEOUT_MSEC, int(READ_S * 1000)]
    return cv2.VideoCapture(source, cv2.CAP_FFMPEG, [*limits, cv2.CAP_PROP_N_THREADS, 1])
