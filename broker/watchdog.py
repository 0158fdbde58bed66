"""Tells systemd that this program stands and that its loop turns: one datagram each, and no library.

systemd starts a program again whose loop has stood still for WatchdogSec. Without systemd nothing is sent.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

SOCKET: Final = "NOTIFY_SOCKET"
ALLOWED: Final = "WATCHDOG_USEC"
"""Microseconds that systemd lets pass in silence."""
OF: Final = "WATCHDOG_PID"
SHARE: Final = 4
"""So many times in what is allowed something is said: one that comes late is no reason to be killed."""
NEVER: Final = float("inf")


class Watchdog:
    """Belongs to one loop, which says of every turn that it has `turned`; nobody else may say it for the loop."""

    def __init__(self, environment: Mapping[str, str] | None = None, ticks: Callable[[], float] = monotonic) -> None:
        """Speak to the systemd that *environment* names, if any. Raises ValueError when it names no number."""
        told = os.environ if environment is None else environment
        # A leading @ is how the environment writes an address outside of the file system.
        self._address = re.sub("^@", "\0", told.get(SOCKET, ""))
        ours = told.get(OF, str(os.getpid())) == str(os.getpid())
        allowed = int(told.get(ALLOWED, 0)) / 1_000_000 if ours else 0.0
        self._pause = allowed / SHARE if allowed else NEVER
        self._ticks = ticks
        self._ready = False
        self._next = 0.0

    @property
    def due(self) -> bool:
        """Whether systemd waits to hear something."""
        return bool(self._address) and (not self._ready or self._ticks() >= self._next)

    def turned(self) -> None:
        """Say that the loop has turned; the first time, that the program is ready."""
        if not self.due:
            return
        self._say(b"WATCHDOG=1" if self._ready else b"READY=1\nWATCHDOG=1")
        self._ready, self._next = True, self._ticks() + self._pause

    def _say(self, what: bytes) -> None:
        # systemd that is being started anew does not listen for a moment; the next word comes in time.
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line:
            line.setblocking(False)
            line.sendto(what, self._address)
