"""A copy of the store for the archive, made in a thread of its own while the log is read on."""

from __future__ import annotations

import gzip
import os
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from sqlite_utils import Database

from broker.disk import to_disk
from broker.failpoints import passing
from broker.store import archive, upkeep
from broker.store.archive import HALF, Place
from broker.store.database import StoreError

PACK_LEVEL: Final = 1
BLOCK_BYTES: Final = 4 * 1024 * 1024
"""So much of the store is packed before it goes to the disk: all of it at the end would keep what follows the log waiting, on a
slow disk until the log is let go of."""
STOOD_SECONDS: Final = 600.0
"""So long the copy waits to be told from which moment on it stands."""


class CopyFailed(OSError):
    """The copy could not be made; it says why."""


class BaseCopy:
    """Copies the store at *store* into the archive *folder*, for the segments from *place* on.

    `stands` is set when it is settled which moment the copy shows. The log is to be read on after that, and the copy to be told
    with `name` from when on it was. `done` is set at the end; `wrong` says what went wrong, if anything did.
    """

    def __init__(self, store: Path, folder: Path, place: Place) -> None:
        self._store, self._folder, self.place = store, folder, place
        self.stands, self._named, self.done = threading.Event(), threading.Event(), threading.Event()
        self.wrong: Exception | None = None
        self.seen = 0
        self._stopped = False
        self._connection: sqlite3.Connection | None = None

    def begin(self) -> None:
        """Begin to copy."""
        threading.Thread(target=self._run, name="copy", daemon=True).start()

    def name(self, seen: int) -> None:
        """Say that every moment from *seen* on can be had with this copy."""
        if not self._named.is_set():
            self.seen = seen
            self._named.set()

    def stop(self) -> None:
        """Go no further: nobody follows the log any more. What is half made goes."""
        self._stopped = True
        self._named.set()

    def let_go(self) -> None:
        """Stop, and keep no page of the log any more though the disk of the archive hangs. Any thread may call it."""
        self.stop()
        with suppress(sqlite3.Error):
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _copied(self, *_: int) -> None:
        self.stands.set()
        if self._stopped:
            raise CopyFailed("nobody follows the log any more")

    def _run(self) -> None:
        half = f"{HALF}-{archive.written(self.place.run)}-{self.place.number}"
        raw, packed = (self._folder / f"{half}.{kind}" for kind in ("store", "gz"))
        try:
            with closing(sqlite3.connect(self._store, isolation_level=None, check_same_thread=False)) as connection:
                self._connection = connection
                upkeep.backup(Database(connection), raw, told=self._copied)
            self._pack(raw, packed)
            passing("archive.copied")
            if not self._named.wait(STOOD_SECONDS) or self._stopped:
                raise CopyFailed("nobody follows the log any more")
            packed.replace(archive.copy_at(self._folder, self.place, self.seen))
            to_disk(self._folder)
            passing("archive.named")
        except (StoreError, OSError, sqlite3.Error) as wrong:
            self.wrong = wrong
        finally:
            with suppress(OSError):
                for left in (raw, packed):
                    left.unlink(missing_ok=True)
            self.done.set()

    def _pack(self, raw: Path, packed: Path) -> None:
        with os.fdopen(os.open(packed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as out:
            with raw.open("rb") as file, gzip.GzipFile("", "wb", PACK_LEVEL, out) as into:
                while block := file.read(BLOCK_BYTES):
                    self._copied()
                    into.write(block)
                    os.fsync(out.fileno())
            out.flush()
            os.fsync(out.fileno())
