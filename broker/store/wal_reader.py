"""Reads what was committed out of the store's log, from one place to the next, and says when something may have been missed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from broker.store import wal
from broker.store.wal import Frame, Log, Position

PART_FRAMES: Final = 256
"""Frames handed out at a time."""


class Broken(Exception):
    """Something of the log may have been missed."""


class Short(Exception):
    """What seems to be committed is not whole yet."""


class LogReader:
    """Reads the log of the store at *store*. `at` is behind what was read, None as long as there was no log.

    Whoever uses it keeps the log from being written over (`LogHold`).
    """

    def __init__(self, store: Path) -> None:
        self._wal = store.with_name(f"{store.name}-wal")
        self.at: Position | None = None
        self._ends_here = True

    def take_up(self, position: Position) -> None:
        """Go to *position*. What is behind it was committed with nobody looking: until it was read no other log follows it."""
        self.at, self._ends_here = position, False

    def to_begin(self) -> None:
        """Go to the begin of the log that is there."""
        with self._opened() as handle:
            found = wal.read_log(handle) if handle else None
            self.at = found.begin if found else None

    def has(self, position: Position) -> bool:
        """Return whether the log that is there was once read up to *position*."""
        with self._opened() as handle:
            found = wal.read_log(handle) if handle else None
            return found is not None and found.begin.salts == position.salts and wal.stands(handle, found, position)

    def unread(self) -> int:
        """Return how many frames seem to be committed behind `at`. Raises Broken."""
        with self._opened() as handle:
            found = self._found(handle) if handle else None
            if found is None or self.at is None:
                return 0
            return max(0, wal.last_commit(handle, found, self.at) - self.at.frame)

    def parts(self) -> Iterator[tuple[list[Frame], bool]]:
        """Yield the frames that were committed since `at`, a part at a time and whether a transaction ends with it.

        Does not move `at`. Raises Short, when the last part was not the end, and Broken.
        """
        with self._opened() as handle:
            found = self._found(handle) if handle else None
            if found is None or self.at is None:
                return
            until, part = wal.last_commit(handle, found, self.at), list[Frame]()
            for frame in wal.frames(handle, found, self.at) if until else ():
                part.append(frame)
                ends = frame.after.frame == until
                if ends or len(part) == PART_FRAMES:
                    yield part, ends
                    part = []
                if ends:
                    self._ends_here = True
                    return
            if until:
                raise Short
            self._ends_here = True

    def _found(self, handle: int) -> Log | None:
        """Return the log, and see that it goes on where we are. Raises Broken."""
        found = wal.read_log(handle)
        if found is None:
            return None
        if self.at is None or (found.begin.salts != self.at.salts and self._follows(found, self.at)):
            self.at = found.begin
        elif found.begin.salts != self.at.salts:
            raise Broken("the log was begun anew, and maybe not all of it had been read")
        elif not wal.stands(handle, found, self.at):
            if wal.read_log(handle) == found:
                raise Broken("the log is not what it was when it was read")
            return self._found(handle)  # It was begun anew while we looked.
        return found

    def _follows(self, found: Log, at: Position) -> bool:
        # A log of which nothing is committed may get its salts once more, by whoever is the first to commit.
        return not at.frame or (self._ends_here and found.follows(at))

    @contextmanager
    def _opened(self) -> Iterator[int]:
        """Open the log; nought when there is none. Closing it loses no lock: those of SQLite lie on its other two files."""
        try:
            handle = os.open(self._wal, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            yield 0
            return
        try:
            yield handle
        finally:
            os.close(handle)
