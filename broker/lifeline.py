"""A child that must not outlive its supervisor holds the read end of a pipe; nobody writes to it, ever.

When the supervisor dies, however it dies, the kernel closes the other end and the child reads the end of the pipe.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from typing import Final

FD: Final = "GREETLINE_LIFELINE_FD"
"""Environment variable with the number of the inherited read end. Absent: nobody supervises us."""

SETTINGS_CHANGED: Final = 75
"""Exit status of a program that wants to begin anew with changed settings: whoever supervises it starts it again at once."""

log = logging.getLogger(__name__)


def is_started_again() -> bool:
    """Return whether somebody starts this program again when it ends: `greetline up`, or systemd by our unit."""
    return FD in os.environ or os.environ.get("SYSTEMD_EXEC_PID") == str(os.getpid())


def watch() -> None:
    """Stop this process by SIGTERM when its supervisor is gone. Does nothing without a lifeline.

    Raises ValueError when GREETLINE_LIFELINE_FD is not a number.
    """
    number = os.environ.get(FD)
    if number is None:
        return
    threading.Thread(target=_stop_at_end, args=(int(number),), name="lifeline", daemon=True).start()


def _stop_at_end(fd: int) -> None:
    try:
        while os.read(fd, 4096):
            pass
    except OSError as wrong:
        # A lifeline that cannot be read is no lifeline: without it we could stay for ever, unseen.
        log.warning("the lifeline cannot be read: %s", wrong)
    log.info("the supervisor is gone, stopping")
    os.kill(os.getpid(), signal.SIGTERM)
