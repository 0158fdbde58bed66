"""One camera as the box sees it: the newest frame of its reader process, and whether frames come.

A read can hang for ever, whatever time-out was asked for. So the reader is a process of its own (edge/reader.py); a
watchdog kills one that hangs and begins another, and a reader that crashes is the trouble of its camera alone.
"""

from __future__ import annotations

import contextlib
import logging
import os
import random
import select
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from broker.contract.messages import Watch
from edge import reader
from edge.nursery import Nursery
from edge.reader import NEWEST_S, Order
from edge.shelf import Shelf
from edge.sightings import Frame
from edge.source import Condition, is_live, monotonic

log = logging.getLogger(__name__)

OPENING_S: Final = reader.OPEN_S + 2.0
"""A reader that shows no picture so long after it was begun hangs."""
SILENT_S: Final = reader.READ_S + 1.0
"""A reader from which nothing was heard for so long hangs."""
LOST_S: Final = 3.0
"""Without a sign of a picture for so long the camera is lost."""
FIRST_RETRY_S: Final = 0.5
LAST_RETRY_S: Final = 4.0
"""Back-off between attempts, with jitter: with the time-out for opening a stream it stays below ten seconds."""
HOPELESS_RETRY_S: Final = 15.0
"""What can never work is tried again after so long: somebody may be copying the right file there."""
MAX_SAID_BYTES: Final = 1024

_PICTURES_COME: Final = frozenset((reader.PUT, reader.ALIVE))


@dataclass(frozen=True, slots=True)
class _Put:
    """A picture on the shelf, as the reader told of it."""

    number: int
    index: int
    at: float
    moment: float


class Live:
    """The pictures of one camera, from a reader that *nursery* begins and that is begun again when it ends."""

    def __init__(
        self, source: str, frames_per_second: float, nursery: Nursery, *, name: str = "camera", starts_at: datetime | None = None
    ) -> None:
        """Begin to open *source*, which takes its time; a camera that is down is lost, and tried again."""
        begins = starts_at.timestamp() if starts_at else None
        self._order = Order(source, frames_per_second, not is_live(source), begins, reader.OPEN_S, reader.READ_S)
        self._nursery = nursery
        self._name = name
        self._number = 0
        self._line: socket.socket | None = None
        self._shelf: Shelf | None = None
        self._put: _Put | None = None
        self._pause = FIRST_RETRY_S
        self._condition = Condition(Watch.STARTING)
        self._left_out = self._left_out_before = 0
        self._index = 0
        self._superseded = 0
        self._shown = False
        self.hopeless = ""
        """Why this source can never work, once its reader has said so."""
        self._again_at = self._begun = self._heard_at = self._picture_at = monotonic()
        self._begin(self._again_at)

    @property
    def line(self) -> socket.socket | None:
        """What becomes readable when there is news; another one after every new beginning."""
        return self._line

    @property
    def reader(self) -> int | None:
        """The number of the present reader in its nursery."""
        return self._number if self._line is not None else None

    @property
    def waiting(self) -> bool:
        """Whether a picture waits to be taken."""
        return self._put is not None

    @property
    def dropped(self) -> int:
        """Frames that a newer one replaced, or that had become too old, since the start."""
        return self._superseded + self._left_out_before + self._left_out

    @property
    def condition(self) -> Condition:
        """Watching while pictures come; lost when they do not; ended when a film is over and all of it was taken."""
        if self._condition.watch is Watch.ENDED and self._put is not None:
            return Condition(Watch.WATCHING)
        return self._condition

    def look_after(self) -> None:
        """Hear the reader; kill one that hangs; begin another when its time has come."""
        moment = monotonic()
        self._hear(moment)
        if self._line is None:
            if self._condition.watch is not Watch.ENDED and moment >= self._again_at:
                self._begin(moment)
            return
        hung = moment - self._heard_at > SILENT_S if self._shelf else moment - self._begun > OPENING_S
        if hung and not (self._order.film and self._shelf is None):
            self._end(moment, "the camera hangs: it answers and sends no picture", kill=True)
        elif self._condition.watch is Watch.WATCHING and not self._order.film and moment - self._picture_at > LOST_S:
            self._lose("the camera stopped sending")

    def take(self) -> Frame | None:
        """Return the newest frame that was not taken yet, unless it has become too old."""
        put, self._put = self._put, None
        if put is None or self._shelf is None:
            return None
        picture = self._shelf.take(put.number) if monotonic() - put.moment <= NEWEST_S else None
        if self._order.film and self._line is not None:
            with contextlib.suppress(OSError):
                self._line.send(reader.TAKEN + put.number.to_bytes(8, "little"))
        if picture is None:
            self._superseded += 1
            return None
        frame = Frame(self._index, datetime.fromtimestamp(put.at, UTC), picture, put.moment)
        self._index += 1
        return frame

    def read(self, timeout: float) -> Frame | None:
        """Return the next frame, or None when there was none within *timeout* seconds: for one who has one camera."""
        until = monotonic() + timeout
        while True:
            self.look_after()
            if (frame := self.take()) is not None:
                return frame
            left = until - monotonic()
            if left <= 0:
                return None
            wait_for_news([self], min(left, 0.1))

    def close(self) -> None:
        """End the reader."""
        if self._line is not None:
            self._hang_up(kill=True)

    def _begin(self, moment: float) -> None:
        self._begun = self._heard_at = moment
        self._shelf = None
        try:
            self._number, self._line = self._nursery.begin(self._order)
        except OSError as wrong:
            self._again_at = moment + LAST_RETRY_S
            self._lose(f"no reader can be begun: {wrong.strerror}")

    def _hear(self, moment: float) -> None:
        while self._line is not None:
            try:
                said, files, _, _ = socket.recv_fds(self._line, MAX_SAID_BYTES, 1)
            except BlockingIOError:
                return
            except OSError:
                said, files = b"", []
            if not said:
                self._end(moment, "the reading of the camera broke off by itself", kill=True)
                return
            self._heard_at = moment
            self._heed(said[:1], said[1:], files, moment)

    def _heed(self, kind: bytes, rest: bytes, files: list[int], moment: float) -> None:
        if kind in _PICTURES_COME:
            self._picture_at = moment
            self._recover()
        match kind:
            case reader.SHELF:
                self._shelf = _opened(files, *reader.SIZE.unpack(rest))
                self._put = None
            case reader.PUT:
                self._superseded += self._put is not None
                number, index, at, taken, self._left_out = reader.FRAME.unpack(rest)
                self._put = _Put(number, index, at, taken)
            case reader.OVER:
                self._hang_up(kill=False)
                self._condition = Condition(Watch.ENDED, "the film is over")
            case reader.LOST:
                self._end(moment, rest.decode(errors="replace"), kill=False)
            case reader.NEVER:
                self.hopeless = rest.decode(errors="replace")
                self._end(moment, self.hopeless, kill=False)
                self._again_at = moment + HOPELESS_RETRY_S

    def _recover(self) -> None:
        if self._condition.watch is not Watch.WATCHING:
            if self._shown:
                log.info("camera %s: pictures come again", self._name)
            self._shown, self.hopeless = True, ""
            self._condition = Condition(Watch.WATCHING)
        self._pause = FIRST_RETRY_S

    def _end(self, moment: float, reason: str, *, kill: bool) -> None:
        """The reader is of no use any more; another is begun after a pause."""
        self._hang_up(kill=kill)
        # Jitter: twenty cameras behind one switch must not all come back in one instant.
        self._again_at = moment + self._pause * random.uniform(0.5, 1.0)  # noqa: S311
        self._pause = min(self._pause * 2, LAST_RETRY_S)
        self._lose(reason)

    def _lose(self, reason: str) -> None:
        # The address may carry a password: it is in no reason.
        if self._condition != Condition(Watch.LOST, reason):
            log.warning("camera %s: %s; it is tried again", self._name, reason)
        self._condition = Condition(Watch.LOST, reason)

    def _hang_up(self, *, kill: bool) -> None:
        assert self._line is not None
        if kill:
            self._nursery.kill(self._number)
        self._line.close()
        self._line = None
        self._left_out_before, self._left_out = self._left_out_before + self._left_out, 0


def wait_for_news(cameras: Sequence[Live], seconds: float) -> list[Live]:
    """Wait until the reader of one of *cameras* has said something, *seconds* at most; return those that have."""
    lines = {camera.line.fileno(): camera for camera in cameras if camera.line is not None}
    poll = select.poll()
    for line in lines:
        poll.register(line, select.POLLIN)
    return [lines[line] for line, _ in poll.poll(seconds * 1000)]


def _opened(files: list[int], width: int, height: int) -> Shelf:
    try:
        return Shelf(files[0], width, height)
    finally:
        for file in files:
            os.close(file)
