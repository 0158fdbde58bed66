"""How the camera is: whether it sees, since when, and why not."""

from __future__ import annotations

import math
import zlib
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import cv2

from broker.contract.messages import Status, Watch
from edge.mounting import Mounting
from edge.sightings import Picture
from edge.source import Condition

EVERY: Final = timedelta(seconds=10)
"""A status is said at least so often."""
DARK_LEVEL: Final = 10.0
"""A picture whose mean is below (of 255), without a bright spot, is dark."""
PLAIN_LEVELS: Final = 4.0
"""A picture that varies by less (standard deviation of 255) shows nothing: something covers the lens."""
BLIND_AFTER: Final = timedelta(seconds=2)
"""Dark or covered for so long is blind."""
FROZEN_AFTER: Final = timedelta(seconds=5)
"""The very same picture for so long is frozen; a living camera has noise."""
RATE_OVER: Final = timedelta(seconds=10)
"""Frames a second are measured over at least so long."""

MAX_ZONES: Final = 16
"""Zones named in a status."""
AGES_OVER: Final = timedelta(seconds=60)
"""The age of frames when they had been looked at is told over so long."""
MAX_AGES: Final = 3600
"""Ages that are remembered: a minute at sixty frames a second."""


@dataclass(slots=True)
class Counters:
    """What the other stages count, for the status."""

    dropped: int = 0
    gate_share: float = 1.0
    spooled: int = 0
    trouble: str = ""
    plan: int | None = None
    staff_passed: int | None = None


class Heartbeat:
    """Watches the pictures of one camera and makes its status."""

    def __init__(self, zones: tuple[str, ...], at: datetime) -> None:
        self.watches(zones)
        self._condition = Condition(Watch.STARTING)
        self._since = at
        self._said_at: datetime | None = None
        self._newest: datetime | None = None
        self._sum: int | None = None
        self._same_since = at
        self._seeing_at = at
        self._blindness = ""
        self._mounting = Mounting()
        self._window = (at, 0)
        self._rate: float | None = None
        self._ages: deque[tuple[datetime, float]] = deque(maxlen=MAX_AGES)

    def watches(self, zones: tuple[str, ...]) -> None:
        """Take note of the zones of the shop that the plan in force is about."""
        self._zones = zones[:MAX_ZONES]

    def frame(self, small: Picture, at: datetime) -> None:
        """Take note of the small gray picture that arrived at *at*."""
        if self._newest and at < self._newest:
            # The clock was set back: what lasted until then is measured from now on.
            self._window = (at, 0)
            self._same_since, self._seeing_at = min(self._same_since, at), min(self._seeing_at, at)
        self._newest = at
        began, frames = self._window
        self._window = (began, frames + 1)
        if at - began >= RATE_OVER:
            self._rate = frames / (at - began).total_seconds()
            self._window = (at, 1)
        checksum = zlib.adler32(small.tobytes())
        if checksum != self._sum:
            self._sum, self._same_since = checksum, at
        mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(small))
        self._blindness = _blindness(mean, deviation)
        if not self._blindness:
            self._seeing_at = at
            self._mounting.frame(small, at)

    def replanned(self) -> None:
        """What the camera sees now is what its lines were drawn in."""
        self._mounting = Mounting()

    def decided(self, age: float, at: datetime) -> None:
        """Take note that a frame was *age* seconds old when it had been looked at, at *at*."""
        self._ages.append((at, age))

    def due(self, source: Condition, at: datetime) -> bool:
        """Judge the camera at *at*; return whether a status must be said now."""
        condition = self._judge(source, at)
        changed = condition != self._condition
        if condition.watch is not self._condition.watch:
            self._since = at
        self._condition = condition
        # A clock that was set back must not keep us silent until it is as late again.
        return changed or self._said_at is None or not self._said_at <= at < self._said_at + EVERY

    def status(self, counters: Counters, at: datetime) -> Status:
        """Return the status to be said at *at*."""
        self._said_at = at
        age = max(0.0, (at - self._newest).total_seconds()) if self._newest else None
        reason = "; ".join(part for part in (self._condition.reason, counters.trouble) if part)
        return Status(
            watch=self._condition.watch,
            since=self._since,
            reason=reason[:200],
            frames_per_second=self._frames_per_second(at),
            newest_frame_age=None if age is None else round(min(age, 7 * 86400.0), 3),
            dropped=counters.dropped,
            gate_share=round(counters.gate_share, 3),
            spooled=counters.spooled,
            decided_age=self._decided_age(at),
            staff_passed=counters.staff_passed,
            plan=counters.plan,
            zones=self._zones,
        )

    def _decided_age(self, at: datetime) -> float | None:
        while self._ages and at - self._ages[0][0] > AGES_OVER:
            self._ages.popleft()
        if not self._ages:
            return None
        ordered = sorted(age for _, age in self._ages)
        return round(max(0.0, ordered[math.ceil(0.99 * len(ordered)) - 1]), 3)

    def _frames_per_second(self, at: datetime) -> float | None:
        if self._newest is None or at - self._newest > RATE_OVER:
            return 0.0
        began, frames = self._window
        seconds = (at - began).total_seconds()
        # The first seconds have no full window yet; later the last full one is steadier.
        rate = self._rate if self._rate is not None else (frames / seconds if seconds >= 1 else None)
        return None if rate is None else round(rate, 2)

    def _judge(self, source: Condition, at: datetime) -> Condition:
        if source.watch is not Watch.WATCHING or self._newest is None:
            return source
        if self._blindness and at - self._seeing_at >= BLIND_AFTER:
            return Condition(Watch.BLIND, self._blindness)
        if self._mounting.moved:
            return Condition(Watch.BLIND, "the camera was moved: draw its line anew, or turn it back")
        if self._newest - self._same_since >= FROZEN_AFTER:
            return Condition(Watch.FROZEN, "the picture stands still: the camera sends the same one again and again")
        return source


def _blindness(mean: float, deviation: float) -> str:
    if mean < DARK_LEVEL and deviation < DARK_LEVEL:
        return "the picture is dark: no light, or the lens is covered"
    if deviation < PLAIN_LEVELS:
        return "the picture shows nothing: something covers the lens"
    return ""
