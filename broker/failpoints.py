"""Named points of the write path: where a sudden end would matter, a test ends the process, one point after the other.

    GREETLINE_FAILPOINT=inbox.taken        ends the process when it first stands at that point, as `kill -9` does
    GREETLINE_FAILPOINT=inbox.taken:3      when it stands there for the third time

Without the variable a point costs one look at a name that is None. Nothing but tests and the soak sets it.
"""

from __future__ import annotations

import os
import signal
import threading
from dataclasses import dataclass, field
from typing import Final

VARIABLE: Final = "GREETLINE_FAILPOINT"

POINTS: Final[dict[str, str]] = {
    "spool.begun": "the camera holds its spool's write lock; nothing of the event is written",
    "spool.written": "the event is written and not committed",
    "spool.kept": "the event is committed; nobody was told",
    "publisher.sent": "an event was handed to the connection; the camera does not know yet that it was",
    "spool.forgetting": "acknowledged events are deleted and that is not committed",
    "spool.forgot": "acknowledged events are gone from the spool",
    "inbox.gathered": "a batch is in memory; nothing of it is written",
    "change.begun": "a transaction holds the write lock; nothing of it is written",
    "change.written": "every statement of a transaction is done and none is committed",
    "change.committed": "a transaction is committed; whoever made it does not know",
    "arrivals.seen": "events are remembered as taken; nothing was made of them",
    "arrivals.visits": "visits of a batch are written; the journal does not know of them",
    "arrivals.written": "crossings and queues of a batch are written; the day's counters are as before",
    "inbox.taken": "the news of a batch is committed; statuses and bad messages are not",
    "inbox.heard": "statuses are committed too; bad messages are not kept yet",
    "inbox.acknowledging": "a part of a batch is acknowledged to the MQTT broker",
    "inbox.acknowledged": "the MQTT broker may forget the batch; the cameras may not yet",
    "inbox.told": "the cameras may forget the batch",
    "journal.appended": "facts are in the journal; what they tell of is not committed",
    "visits.late": "the clock has moved a visit; others that are due are as before",
    "alerts.climbed": "the clock has moved an alert; others that are due are as before",
    "outbox.beat": "the service has written that it runs",
    "outbox.hello": "the service has asked its cameras how they are",
    "ticket.saved": "a ticket is written without its history",
    "ticket.moved": "a ticket's history is written; the request's key and the journal do not know of it",
    "ticket.keyed": "the request's key is written; the journal does not know of the ticket",
    "audit.added": "a row of the audit log is written; the seal is still on the one before",
    "webhook.kept": "what a webhook is to be told is committed; nothing was sent",
    "webhook.sent": "a webhook has answered; that it did is written nowhere",
    "webhook.told": "what a webhook answered is committed",
    "archive.half": "half of a record is in the archive",
    "archive.written": "a record is in the archive, and maybe not on its disk",
    "archive.kept": "what the log had is on the archive's disk; the log is still held",
    "archive.rotated": "a new segment of the archive has begun; nothing is in it",
    "archive.copied": "a copy of the store lies in the archive without its name",
    "archive.named": "a copy of the store has its name",
    "archive.settled": "the log may be begun anew; what was read of it last is not in the archive",
}
"""Every point by name, and how things stand there. A test hits each; one that no test hits fails the tests."""


@dataclass(eq=False)
class _Fuse:
    """The point that is armed and how often it is still passed."""

    point: str
    left: int
    lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, point: str) -> None:
        if point != self.point:
            return
        with self.lock:
            self.left -= 1
            if self.left == 0:
                os.write(2, f"ended at the failpoint {point}\n".encode())
                os.kill(os.getpid(), signal.SIGKILL)
                signal.pause()


def _read(said: str) -> _Fuse | None:
    """Return what *said*, `point` or `point:times`, arms; None for nothing. Raises ValueError."""
    point, _, times = said.partition(":")
    if not point:
        return None
    if point not in POINTS:
        raise ValueError(f"{VARIABLE}={said}: there is no point {point!r}; there are {', '.join(POINTS)}")
    if times and (not times.isdecimal() or int(times) == 0):
        raise ValueError(f"{VARIABLE}={said}: {times!r} is not a number from 1")
    return _Fuse(point, int(times or 1))


_fuse: Final = _read(os.environ.get(VARIABLE, ""))


def passing(point: str) -> None:
    """Say that the write path stands at *point*, one of POINTS."""
    if _fuse is not None:
        _fuse.at(point)
