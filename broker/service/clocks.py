"""How far the clock of each device is from ours, by what it said last, so that a wrong one neither calls nor silences anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from broker.desk.cameras import SKEW_SECONDS
from broker.domain.arrivals import Crossed, News

AGREE_SECONDS: Final = 2.0
"""Two words in a row that differ by more were late on the way: a clock that is wrong is equally wrong each time."""
NONE: Final = timedelta(0)


class Clocks:
    """The skew of each device, in seconds by which it is behind us."""

    def __init__(self, known: dict[str, float | None]) -> None:
        """Begin with what the store knows."""
        self._last = {device: skew for device, skew in known.items() if skew is not None}
        self._wrong: dict[str, timedelta] = {}

    def heard(self, device: str, skew: float) -> bool:
        """Take the skew of a status that has just come from *device*; return whether another word is needed to be sure."""
        last, self._last[device] = self._last.get(device), skew
        agree = last is not None and abs(last - skew) <= AGREE_SECONDS
        if agree and abs(skew) > SKEW_SECONDS:
            self._wrong[device] = timedelta(seconds=skew)
        else:
            self._wrong.pop(device, None)
        return abs(skew) > SKEW_SECONDS and not agree

    def behind(self, device: str) -> timedelta:
        """Return by how much the clock of *device* is known to be behind ours; NONE where it is right or not known."""
        return self._wrong.get(device, NONE)

    def ours(self, news: News) -> News:
        """Return *news* with its times by our clock, where that of its device is known to be wrong."""
        wrong = self.behind(news.device)
        if not wrong:
            return news
        if isinstance(news, Crossed):
            return replace(news, at=news.at + wrong, decided_at=news.decided_at + wrong)
        return replace(news, at=news.at + wrong)
