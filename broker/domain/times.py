"""Many times as whole milliseconds in sorted runs: exact quantiles of millions of them, without sorting them together."""

from __future__ import annotations

import math
import sys
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import Final

MILLISECONDS: Final = 1000.0
LONG_RUN: Final = 1_000
"""Runs that are at least so long stay as they are; shorter ones are sorted together, so that there are never many."""
ITEM: Final = "I"
"""Four bytes a time: up to 49 days."""
BYTES_A_TIME: Final = 4
MOST: Final = 2**32 - 1


def milliseconds(seconds: float) -> int:
    """Return *seconds* as whole milliseconds, at least 0 and at most MOST."""
    return min(max(round(seconds * MILLISECONDS), 0), MOST)


class Times:
    """A bag of times in milliseconds. Add to it, then ask; the answers are those of all its times sorted as one list."""

    __slots__ = ("_loose", "_runs", "_sorted")

    def __init__(self, values: Iterable[int] = ()) -> None:
        """Hold *values*, in any order."""
        self._runs: list[Sequence[int]] = []
        self._loose = array(ITEM, values)
        self._sorted = False

    def add(self, value: int) -> None:
        """Add one time."""
        self._loose.append(value)
        self._sorted = False
        if len(self._loose) >= LONG_RUN:
            # Sorted by the thousand: a list of a whole day's would take nine times what is kept, for a moment.
            self._runs.append(self._in_order())
            self._loose = array(ITEM)

    def include(self, other: Times) -> None:
        """Add every time of *other*, which stays as it is."""
        self._runs += other._runs
        if len(other._loose) >= LONG_RUN:
            # Shared from now on: what is added to either of them later goes into a list of its own.
            other._runs, other._loose = [*other._runs, other._in_order()], array(ITEM)
            self._runs.append(other._runs[-1])
        elif other._loose:
            self._loose += other._loose
            self._sorted = False

    def __len__(self) -> int:
        """Return how many times there are."""
        return len(self._loose) + sum(map(len, self._runs))

    def __iter__(self) -> Iterator[int]:
        """Yield every time, in order."""
        yield from sorted(value for run in self._all() for value in run)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same times."""
        return isinstance(other, Times) and list(self) == list(other)

    def __hash__(self) -> int:
        """Bags can be changed, so they have no hash."""
        raise TypeError("unhashable type: 'Times'")

    def __repr__(self) -> str:
        """Return how many there are, from which to which."""
        return f"<{len(self)} times>"

    def longest(self) -> float | None:
        """Return the longest in seconds, or None when there is none."""
        return max((run[-1] for run in self._all()), default=None) / MILLISECONDS if len(self) else None  # type: ignore[operator]

    def upto(self, seconds: float) -> int:
        """Return how many times are at most *seconds*."""
        return _counted(self._all(), math.floor(seconds * MILLISECONDS + _HAIR))

    def below(self, seconds: float) -> int:
        """Return how many times are less than *seconds*."""
        value = math.ceil(seconds * MILLISECONDS - _HAIR)
        return sum(bisect_left(run, value) for run in self._all())

    def quantiles(self, *shares: float) -> list[float] | None:
        """Return the quantiles at *shares* in seconds, None when there are no times.

        Definition 7 of Hyndman & Fan (1996), as `kpi.quantile` and numpy's default.
        """
        count = len(self)
        if not count:
            return None
        runs = self._all()
        found = []
        for share in shares:
            place = (count - 1) * share
            low = math.floor(place)
            first, second = _pair(runs, low, count)
            a, b = first / MILLISECONDS, second / MILLISECONDS
            found.append(a + (b - a) * (place - low))
        return found

    def quantile(self, share: float) -> float | None:
        """Return one quantile in seconds, None when there are no times."""
        found = self.quantiles(share)
        return found[0] if found else None

    def _in_order(self) -> array[int]:
        if not self._sorted:
            self._loose, self._sorted = array(ITEM, sorted(self._loose)), True
        return self._loose

    def _all(self) -> list[Sequence[int]]:
        return [*self._runs, self._in_order()] if self._loose else self._runs

    def packed(self) -> bytes:
        """Return the times in order, four bytes each, the lowest byte first: what the store keeps."""
        values = self._in_order() if not self._runs else array(ITEM, self)
        return (_swapped(values) if sys.byteorder == "big" else values).tobytes()

    def unpack(self, kept: bytes) -> None:
        """Add what `packed` gave. Raises ValueError for anything else."""
        some = array(ITEM, kept) if sys.byteorder == "little" else _swapped(array(ITEM, kept))
        if len(some) >= LONG_RUN:
            self._runs.append(some)
        else:
            self._sorted = not self._loose
            self._loose += some


_HAIR: Final = 1e-6
"""30.3 s are 30,300 ms, whatever the arithmetic of fractions says."""


def _swapped(values: array[int]) -> array[int]:
    values = values[:]
    values.byteswap()
    return values


def _counted(runs: Iterable[Sequence[int]], value: int) -> int:
    return sum(map(bisect_right, runs, repeat(value)))


def _pair(runs: Sequence[Sequence[int]], place: int, count: int) -> tuple[int, int]:
    """Return the values at *place* and the one after it (the same at the end) of all *runs* in one order."""
    if len(runs) == 1:
        return runs[0][place], runs[0][min(place + 1, count - 1)]
    value = _at(runs, place)
    if place + 1 >= count or _counted(runs, value) > place + 1:
        return value, value
    return value, min(run[there] for run in runs if (there := bisect_right(run, value)) < len(run))


def _at(runs: Sequence[Sequence[int]], place: int) -> int:
    """Return the value at *place* of all *runs* in one order: the least that has more than *place* values up to it."""
    low, high = min(run[0] for run in runs), max(run[-1] for run in runs)
    while low < high:
        middle = (low + high) // 2
        if _counted(runs, middle) > place:
            high = middle
        else:
            low = middle + 1
    return low
