"""One holder at a time: a lock file that the kernel lets go of however its holder ends."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

_LOOK_S: Final = 0.05


class Held(Exception):
    """Somebody else holds the lock. `holder` is the number of that process, empty when it has not said."""

    def __init__(self, holder: str) -> None:
        super().__init__(f"held by process {holder}" if holder else "held")
        self.holder = holder

    @property
    def who(self) -> str:
        """The holder as it stands in a sentence: " (process 17)" or nothing."""
        return f" (process {self.holder})" if self.holder else ""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold the lock file at *path* while the block runs. Raises Held, and OSError where it cannot be made or is no file."""
    with os.fdopen(_opened(path), "r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Held(file.read(20).strip()) from None
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def _opened(path: Path) -> int:
    """Return the lock file at *path*, open. Raises OSError, also for a link and for what is no file.

    It is emptied by whoever holds it. Where others may write beside it, a link would have root empty any file.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
    except OSError as wrong:
        if wrong.errno != errno.ELOOP:
            raise
        raise OSError(errno.ELOOP, "is a link, where a lock file must be", str(path)) from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "is no file, where a lock file must be", str(path))
    return handle


@contextmanager
def waited_for(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock file at *path* while the block runs; wait *seconds* for whoever holds it. Raises what `held` raises."""
    until = time.monotonic() + seconds
    with ExitStack() as holding:
        while True:
            try:
                holding.enter_context(held(path))
                break
            except Held:
                if time.monotonic() >= until:
                    raise
                time.sleep(_LOOK_S)
        yield
