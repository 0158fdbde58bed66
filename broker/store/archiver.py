"""Follows the store's log into the archive. What it cannot be sure of it does not write: it ends the run, and a new one begins."""

from __future__ import annotations

import logging
import shutil
import sqlite3
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from broker.disk import to_disk
from broker.failpoints import passing
from broker.store import archive, segments
from broker.store.archive import Piece, Place
from broker.store.base_copy import BaseCopy
from broker.store.segments import Damaged, Segment
from broker.store.wal import Frame
from broker.store.wal_hold import Busy, LogHold
from broker.store.wal_reader import Broken as Broken
from broker.store.wal_reader import LogReader, Short

log = logging.getLogger(__name__)

RENEW_FRAMES: Final = 500
"""From so many frames on the log is brought into the store and may be begun anew. SQLite itself would do it at a thousand,
with somebody waiting for a ticket."""
CATCH_UP_TIMES: Final = 3
"""So often the log is read and brought into the store before anybody has to wait for what is left of it."""
UNREAD_FRAMES: Final = 256
"""While nobody may write no more is read than this."""
SEGMENT_BYTES: Final = 16 * 1024 * 1024
COPY_EVERY_MS: Final = 24 * 3600 * 1000
"""A new copy of the store is made after so long: a restore reads at most a day of the log."""
SHORT_TURNS: Final = 10
"""So often what seems committed may not be readable before it counts as damaged."""
AGED_EVERY_S: Final = 3600.0
"""For its age one copy goes in so many seconds that really passed: a clock that was set a year ahead would take all but the
newest at once, and so somebody has hours to see it."""
AGAIN_MS: Final = 3600 * 1000
"""A copy that could not be made is tried again after so long; and a copy for want of room is made no sooner."""
MOST_TIMES: Final = 2
"""So many times its limit the archive may be while nothing of it can go; then it stands still."""
FREE_AT_ONCE: Final = 2
"""A copy needs so many times the store: itself, and packed."""


class NoRoom(OSError):
    """There is too little room for the archive, or its own limit is reached."""


class Unsound(Exception):
    """The store is damaged, so that no copy of it is good."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large the archive may grow, how old a copy may be, and what must stay free, in bytes and milliseconds."""

    most_bytes: int
    keep_ms: int
    free_bytes: int = 0


class Ages:
    """Says when a copy may go for its age. It outlives the runs, which may begin anew every few seconds."""

    def __init__(self) -> None:
        """Let the first one go at once."""
        self._next = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether one may go now."""
        return time.monotonic() >= self._next

    def may_one_go(self) -> bool:
        """Return whether one may go now; then the next one may in AGED_EVERY_S."""
        due = self.due
        if due:
            self._next = time.monotonic() + AGED_EVERY_S
        return due


class Archiver:
    """One run: follows the log of the store at *store* into *folder* from `begin` until something goes wrong, or `close`.

    Its methods raise Broken, Unsound, OSError (also NoRoom) and sqlite3.Error; then it is of no further use but to be closed.
    Moments are milliseconds since 1970.
    """

    def __init__(self, store: Path, folder: Path, limits: Limits, ages: Ages | None = None) -> None:
        self._store, self._folder, self._limits, self._ages = store, folder, limits, ages or Ages()
        self.hold, self._log = LogHold(store), LogReader(store)
        self._place = Place(0, 0)
        self._segment: Segment | None = None
        self._copy: BaseCopy | None = None
        self._copied = self._tried = self._short = 0

    @property
    def founded(self) -> bool:
        """Whether a copy of this run is there, so that moments of it can be had."""
        return self._copied > 0

    @property
    def copying(self) -> bool:
        """Whether a copy is being made now."""
        return self._copy is not None

    @property
    def lost(self) -> bool:
        """Whether the log is held no longer: what came since may be gone."""
        return self.hold.lost

    def let_go(self) -> None:
        """Let the log be written over, whatever hangs; a copy that is being made is given up. Any thread may call it."""
        self.hold.let_go()
        if copy := self._copy:
            copy.let_go()

    def begin(self, now: int) -> bool:
        """Take the log up where the last run left it, or begin a run at *now*; return whether it was taken up."""
        archive.sweep(self._folder)
        there = archive.pieces(self._folder)
        self.hold.take()
        if self._goes_on(there):
            self._tidy(now)
            return True
        if there:
            archive.discard(self._folder, there[-1].place.run)
            # Before there is need of room: where the old fills the disk, no new copy would ever be made that it could go for.
            self._forget(now)
        # From its begin on, though the copy will have most of it: what is in the log may not be committed for everybody yet, and
        # then the copy would not have it. To write a page twice harms nothing.
        self._log.to_begin()
        run = max(now, there[-1].place.run + 1 if there else 0)
        self._open(Place(run, 1), segments.seal_of(run))
        self._found(now)
        return False

    def turn(self, now: int) -> int:
        """Write what was committed until *now*; return how many frames that were."""
        self._see_held()
        stood = self._copy is not None and self._copy.stands.is_set()
        self.hold.take()
        try:
            read = self._write(self._log.parts(), now)
        except Short as wrong:
            # The log stays held as before: what cannot be read yet must not be written over.
            self.hold.give_back()
            self._short += 1
            if self._short == SHORT_TURNS:
                raise Broken("what is committed in the log cannot be read") from wrong
            return 0
        self._short = 0
        self._see_held()
        self.hold.leave()
        self._look_after(now, stood)
        return read

    def _see_held(self) -> None:
        if self.lost:
            raise Broken("the log had to be let go of, because the archive took nothing for too long")

    def close(self) -> None:
        """Let go of everything; a copy that is being made is given up."""
        self.hold.close()
        if self._copy:
            self._copy.stop()
        if self._segment:
            self._segment.close()

    def _goes_on(self, there: list[Piece]) -> bool:
        """Take up the newest run, if the log still has what that run ends with."""
        run = there[-1].place.run if there else 0
        copies = [piece.seen for piece in there if piece.place.run == run and piece.seen is not None]
        ours = [piece for piece in there if piece.place.run == run and piece.seen is None]
        if not copies or not ours:
            return False
        # Who is killed while it commits leaves in the log what others write over: that can be the last record, and only that one.
        here = segments.whole_ones(ours[-1].path)
        before = segments.whole_ones(ours[-2].path)[-1:] if len(ours) > 1 else []
        stands = next((record for record in [*reversed(here), *before][:2] if self._log.has(record.after)), None)
        if stands is None:
            return False
        last = stands if stands in here else None
        try:
            _, seal = segments.begins(ours[-1].path)
        except Damaged:
            return False
        if last is None and seal != stands.seal:
            return False
        self._segment = Segment.again(ours[-1].path, last, seal)
        self._log.take_up(stands.after)
        self._place, self._copied = ours[-1].place, max(copies)
        self._tried = self._copied
        return True

    def _write(self, parts: Iterable[tuple[list[Frame], bool]], now: int) -> int:
        """Add *parts* to the segment; return how many frames they have. Raises Short, when nothing was added."""
        assert self._segment
        read, after = 0, self._log.at
        try:
            for part, ends in parts:
                # Read after the log was let go of, it may be of a log that follows on one of which not all was read.
                self._see_held()
                if not read:
                    self._need(0)
                self._segment.add(part, now, whole=ends)
                read, after = read + len(part), part[-1].after
        except Short:
            self._segment.take_back()
            raise
        if read:
            self._segment.keep()
            self._log.at = after
        return read

    def _look_after(self, now: int, stood: bool) -> None:
        assert self._segment
        if self._copy is not None:
            if stood:
                self._copy.name(now)
            if self._copy.done.is_set():
                self._take_copy(self._copy, now)
        if self.founded:
            archive.tell_seen(self._folder, self._segment.seal, now)
        if self._log.at and self._log.at.frame >= RENEW_FRAMES:
            self._renew(now)
        if self._segment.bytes >= SEGMENT_BYTES:
            self._rotate()
            self._tidy(now)
        if self._ages.due:
            self._tidy(now)
        if self._copy is None and abs(now - self._tried) >= COPY_EVERY_MS:
            self._found(now)

    def _renew(self, now: int) -> None:
        """Let the log be begun anew: nobody writes for a moment, while the last of it goes into the store and is read."""
        try:
            for _ in range(CATCH_UP_TIMES):
                # While pages went into the store others committed: what is left for the moment in which they wait must be little.
                self.hold.copy_into_store()
                self.hold.take()
                try:
                    self._write(self._log.parts(), now)
                except Short:
                    self.hold.give_back()
                    return
                self.hold.leave()
            with self.hold.alone():
                if self._log.unread() > UNREAD_FRAMES:
                    return
                parts = list(self._log.parts())
                self._let_renew()
                passing("archive.settled")
        except Busy:
            return
        except Short:
            raise Broken("what is committed in the log cannot be read") from None
        self._write(parts, now)

    def _let_renew(self) -> None:
        try:
            self.hold.renew()
        except sqlite3.Error as wrong:
            raise Broken(f"the log was let go of and could not be held again: {wrong}") from None

    def _found(self, now: int) -> None:
        """Begin a copy of the store, and with it a segment. Raises NoRoom."""
        self._need(FREE_AT_ONCE * self._store.stat().st_size)
        if self._copied:
            if self._log.at and self.hold.copy_into_store() < self._log.at.frame:
                return  # What was read last is not committed for everybody yet: the copy might not have it.
            self._rotate()
        self._tried = now
        self._copy = BaseCopy(self._store, self._folder, self._place)
        self._copy.begin()

    def _take_copy(self, copy: BaseCopy, now: int) -> None:
        self._copy = None
        if copy.wrong is None:
            self._copied = copy.seen
            self._tidy(now)
        elif self.founded:
            self._tried = now - COPY_EVERY_MS + AGAIN_MS
            log.warning("the archive goes on with its older copy: %s", copy.wrong)
        elif type(copy.wrong.__cause__) is sqlite3.DatabaseError:  # Want of room and refusals are OperationalErrors.
            raise Unsound(str(copy.wrong.__cause__))
        else:
            raise NoRoom(str(copy.wrong))

    def _rotate(self) -> None:
        assert self._segment
        seal = self._segment.seal
        self._segment.close()
        self._open(Place(self._place.run, self._place.number + 1), seal)

    def _open(self, place: Place, seal: bytes) -> None:
        self._place = place
        self._segment = Segment.begin(archive.segment_at(self._folder, place), self.hold.page_bytes, seal)
        to_disk(self._folder)
        passing("archive.rotated")

    def _tidy(self, now: int) -> None:
        """Let the oldest go. Raises NoRoom when what must stay is far more than is allowed."""
        left = self._forget(now)
        if left <= self._limits.most_bytes or self._copy is not None:
            return
        if abs(now - self._tried) >= AGAIN_MS:
            self._found(now)
        elif left > MOST_TIMES * self._limits.most_bytes:
            raise NoRoom(f"the archive would become larger than its limit allows: {left // 1_000_000} MB are needed")

    def _forget(self, now: int) -> int:
        """Let go what is too old or too much; return the bytes that are left."""
        before, aged = now - self._limits.keep_ms, int(self._ages.may_one_go())
        return archive.forget(self._folder, before, self._limits.most_bytes, most_aged=aged)

    def _need(self, more: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < self._limits.free_bytes + more:
            raise NoRoom(f"{free // 1_000_000} MB are free, {(self._limits.free_bytes + more) // 1_000_000} MB are needed")
