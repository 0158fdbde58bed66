"""How well a camera counted, measured against somebody who stood at the door and counted along."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from broker.domain.kpi import FEW

FORMULA: Final = "1 - (|in by hand - in by camera| + |out by hand - out by camera|) / (in by hand + out by hand), at least 0"

UNWATCHED_SECONDS: Final = 5.0
"""A camera that did not watch for longer than this while somebody counted along is not judged by that count."""


@dataclass(frozen=True, slots=True)
class Counts:
    """People in and out over the same minutes, by hand and by a camera that did not watch for `unwatched` seconds."""

    hand_in: int
    hand_out: int
    camera_in: int
    camera_out: int
    unwatched: float = 0.0

    @property
    def by_hand(self) -> int:
        """How many crossings were counted by hand."""
        return self.hand_in + self.hand_out

    @property
    def wrong(self) -> int:
        """By how many the camera was off, each way on its own: one too many in does not make up for one too few out."""
        return abs(self.hand_in - self.camera_in) + abs(self.hand_out - self.camera_out)

    @property
    def accuracy(self) -> float | None:
        """FORMULA, 0 to 1; None for fewer than FEW by hand, or when the camera did not watch all the time."""
        if self.by_hand < FEW or self.unwatched > UNWATCHED_SECONDS:
            return None
        return max(0.0, 1 - self.wrong / self.by_hand)
