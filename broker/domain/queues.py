"""A queue before a counter without tickets, as a camera sees it: when it has been too long for too long.

A shop says both numbers of a zone: so many people, for so many seconds. A count below the limit that does not last
longer than the off-delay changes nothing, so that a number that flaps around the limit does not chatter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

LIVE_AGAIN: Final = timedelta(seconds=2)
"""A count taken so shortly before a camera said that it watches belongs to this time of watching."""
_INSTANT: Final = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """From so many `people`, for so many `seconds`, a queue is too long; a dip of up to `off_delay` seconds is no end."""

    people: int
    seconds: float
    off_delay: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """The newest word on one area of a camera's picture. `oldest` is since when the longest of them stands there.

    `late` is news that was too old when it was heard: it is history, and says nothing of now.
    """

    device: str
    area: str
    zone: str
    kind: str
    people: int
    at: datetime
    oldest: datetime | None = None
    late: bool = False

    def is_live(self, watching_since: datetime | None) -> bool:
        """Return whether this is how things stand, for a camera that has watched *since* then.

        What was said before a camera stopped watching says nothing of now, however soon it watches again.
        """
        return not self.late and (watching_since is None or self.at >= watching_since - LIVE_AGAIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The queue of one zone, over all its areas. `people` is None while nobody counts.

    `over_since` is since when it has been at its limit, dips aside; `under_since` is when the present dip began.
    """

    zone: str
    people: int | None = None
    over_since: datetime | None = None
    under_since: datetime | None = None
    at: datetime | None = None

    def counted(self, people: int | None, at: datetime, limit: Limit) -> Queue:
        """Return the queue as it stands once *people* were counted at *at*, None for nobody counting any more."""
        at = max(at, self.at or at)
        queue = replace(self.settled(at, limit), people=people, at=at)
        if people is not None and people >= limit.people:
            return replace(queue, over_since=queue.over_since or at, under_since=None)
        return replace(queue, under_since=queue.under_since or at) if queue.over_since else queue

    def settled(self, now: datetime, limit: Limit) -> Queue:
        """Return the queue at *now*, when nothing was said: a dip that has lasted ends what was before it."""
        if self.under_since and (now - self.under_since).total_seconds() > limit.off_delay:
            return replace(self, over_since=None, under_since=None)
        return self

    def reset(self) -> Queue:
        """Return the queue of a zone for which nobody is called: paused, or the shop is closed."""
        return replace(self, over_since=None, under_since=None)

    def is_over(self, now: datetime, limit: Limit) -> bool:
        """Return whether it has been too long for too long, and is too long now."""
        return self.over_since is not None and self.under_since is None and now >= self._due(self.over_since, limit.seconds)

    def next_look(self, limit: Limit) -> datetime | None:
        """Return when the clock changes something, if nothing is said until then."""
        if self.under_since:
            return self._due(self.under_since, limit.off_delay) + _INSTANT
        return self._due(self.over_since, limit.seconds) if self.over_since else None

    @staticmethod
    def _due(since: datetime, seconds: float) -> datetime:
        return since + timedelta(seconds=seconds)
