"""The program that keeps the archive: follows the store's log, waits out what is in the way, and says how far it is."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from broker.lock import Held, held
from broker.settings import Settings
from broker.shop import STORE_FILE, now
from broker.store import archive, archived
from broker.store.archived import ArchiveState
from broker.store.archiver import Ages, Archiver, Broken, Limits, NoRoom, Unsound
from broker.watchdog import Watchdog

log = logging.getLogger(__name__)

LOCK_FILE: Final = "archive.lock"
"""Beside the store: one program keeps its archive."""
RETRY_SECONDS: Final = 10.0
"""After so long it is tried again with a folder that took nothing, or a store that could not be read."""
UNSOUND_TIMES: Final = 30
"""So many times that for a store that is damaged: each try copies all of it."""
STALL_SECONDS: Final = 20.0
"""A disk that has not answered for so long: then the log is let go of, so that it does not grow for as long as nobody reads it."""
WAITS_IN_STALL: Final = 20
"""Who waits says so many times in that time that nothing hangs."""
MARK_EVERY: Final = timedelta(seconds=4)
MEGABYTE: Final = 1024 * 1024
NICE: Final = 5
"""Behind the screens, and not so far behind that the log grows for want of a reader on a busy machine."""


class NoArchive(Exception):
    """The settings name no archive."""


class Occupied(Exception):
    """Another program keeps the archive of this store."""


@contextmanager
def sole_archiver(data: Path) -> Iterator[None]:
    """Hold the lock of the archive of the store in *data*. Raises Occupied."""
    with ExitStack() as holding:
        try:
            holding.enter_context(held(data / LOCK_FILE))
        except Held as taken:
            raise Occupied(f"{data}: another program already keeps the archive of this store{taken.who}.") from None
        yield


def run(settings: Settings, stop: threading.Event) -> None:
    """Keep the archive that *settings* name until *stop* is set. Raises NoArchive."""
    folder = settings.backup.folder(settings.store.id)
    if folder is None:
        raise NoArchive("There is no archive_to in [backup] of the settings: name a folder there.")
    os.nice(NICE)
    _Keeping(settings, folder, stop).go_on()


class _Keeping:
    """Begins runs, one after the other, and says how the archive is."""

    def __init__(
        self, settings: Settings, folder: Path, stop: threading.Event, clock: Callable[[], datetime] = now,
        *, retry: float = RETRY_SECONDS, stall: float = STALL_SECONDS,
    ) -> None:  # fmt: skip
        self._settings, self._folder, self._stop, self._clock = settings, folder, stop, clock
        self._retry, self._stall = retry, stall
        self._data = settings.store.data
        backup = settings.backup
        self._limits = Limits(
            most_bytes=backup.archive_megabytes * MEGABYTE,
            keep_ms=backup.archive_days * 24 * 3600 * 1000,
            free_bytes=settings.health.free_megabytes * MEGABYTE,
        )
        self._ages = Ages()
        self._watchdog, self._guard = Watchdog(), Guard(stall)
        self._said: ArchiveState | None = None
        self._marked: datetime | None = None
        self._copy_failed = False
        self._pause = 0.0

    def go_on(self) -> None:
        """Follow the log, run after run, until `stop`."""
        while not self._stop.is_set():
            self._one_run()
            self._wait(self._pause)

    def _one_run(self) -> None:
        """Follow the log until `stop`, or until something is in the way."""
        self._pause = self._retry
        try:
            _make(self._folder)
            archiver = Archiver(self._data / STORE_FILE, self._folder, self._limits, self._ages)
            try:
                self._follow(archiver)
            finally:
                self._guard.watch(None)
                archiver.close()
        except Broken as wrong:
            log.warning("the archive begins anew with a copy of the store: %s", wrong)
            self._pause = self._settings.backup.archive_every_seconds
        except NoRoom as wrong:
            self._trouble(ArchiveState.FULL, wrong)
        except Unsound as wrong:
            self._trouble(ArchiveState.UNSOUND, wrong)
            self._pause = UNSOUND_TIMES * self._retry
        except OSError as wrong:
            self._trouble(ArchiveState.REFUSED, wrong)
        except sqlite3.Error as wrong:
            log.warning("the archive waits for the store: %s", wrong)

    def _follow(self, archiver: Archiver) -> None:
        self._guard.watch(archiver)
        goes_on = archiver.begin(archive.milliseconds(self._clock()))
        log.info("the archive %s %s", "goes on in" if goes_on else "begins with a copy of the store in", self._folder)
        every = self._settings.backup.archive_every_seconds
        while True:
            last, at = self._stop.is_set(), self._clock()
            archiver.turn(archive.milliseconds(at))
            self._say(ArchiveState.GOES_ON if archiver.founded else ArchiveState.COPYING, at)
            if last:
                return
            self._wait(every)

    def _wait(self, seconds: float) -> None:
        # Bit by bit: to wait is not to hang, neither for the guard nor for the watchdog.
        until = time.monotonic() + seconds
        while True:
            self._guard.turned()
            self._watchdog.turned()
            left = until - time.monotonic()
            if left <= 0 or self._stop.wait(min(left, self._stall / WAITS_IN_STALL)):
                return

    def _trouble(self, state: ArchiveState, wrong: OSError | Unsound) -> None:
        if state in (ArchiveState.FULL, ArchiveState.UNSOUND) and self._said is ArchiveState.COPYING:
            self._copy_failed = True
        if state is not self._said:
            log.error("THE ARCHIVE STANDS STILL, the shop goes on: %s: %s", self._folder, wrong)
        self._say(state, self._clock())

    def _say(self, state: ArchiveState, at: datetime) -> None:
        """Mark how far the archive is; of any other state, since when."""
        if state is ArchiveState.COPYING and self._copy_failed:
            return  # It is tried again and again: that a copy is being made is no news until one was.
        self._copy_failed = self._copy_failed and state is not ArchiveState.GOES_ON
        same = state is self._said
        if same and (state is not ArchiveState.GOES_ON or (self._marked and timedelta(0) <= at - self._marked < MARK_EVERY)):
            return
        self._said, self._marked = state, at
        archived.mark(self._data, state, at)


class Holds(Protocol):
    """What keeps the log of the store from being written over."""

    @property
    def lost(self) -> bool:
        """Whether it holds nothing any more."""

    def let_go(self) -> None:
        """Hold nothing from now on; any thread may call it."""


class Guard:
    """Lets go of the log when its archive has not answered for STALL_SECONDS: a disk may hang for hours."""

    def __init__(self, stall: float = STALL_SECONDS) -> None:
        self._stall = stall
        self._hold: Holds | None = None
        self._turned = time.monotonic()
        threading.Thread(target=self._look, name="guard", daemon=True).start()

    def watch(self, hold: Holds | None) -> None:
        """Look after *hold* from now on."""
        self._hold = hold
        self.turned()

    def turned(self) -> None:
        """Hear that the archive has answered."""
        self._turned = time.monotonic()

    def _look(self) -> None:
        while True:
            time.sleep(self._stall / 4)
            hold = self._hold
            if hold is None or time.monotonic() - self._turned <= self._stall:
                continue
            with suppress(sqlite3.Error):  # It may be closed this moment.
                if not hold.lost:
                    log.error("the archive has not answered for %g s: the log is let go of", self._stall)
                    hold.let_go()


def _make(folder: Path) -> None:
    """Make the archive's own folder in the one that the settings name, which must be there. Raises OSError."""
    # Not with its parents: where a stick is not plugged in, an archive on the disk of the system would be a surprise.
    folder.mkdir(mode=0o700, exist_ok=True)
