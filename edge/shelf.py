"""A shelf for two pictures in shared memory: a reader puts its newest there, the box takes it, and neither waits.

The reader writes by turns into one place and the other, and says on its line which number it has put. A place carries
the number of its picture, and none while it is being written, so that nobody takes half a picture for a whole one.
"""

from __future__ import annotations

import mmap
import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

PLACES: Final = 2
"""Whoever is told of a picture has as long to take it as the reader needs for the next two."""
MOST_BYTES: Final = 64 * 1024 * 1024
"""A picture larger than this is no camera's."""

_HEAD_BYTES: Final = 4096
_BUSY: Final = 0

Pixels = NDArray[np.uint8]
"""Height x width x 3, blue-green-red."""


class Shelf:
    """One file of shared memory, seen from either side. Pictures are numbered from 1."""

    def __init__(self, file: int, width: int, height: int) -> None:
        """Look into the shared memory behind the descriptor *file*. Raises ValueError when it does not hold such pictures."""
        self.width, self.height = width, height
        size = width * height * 3
        if min(width, height) < 1 or size > MOST_BYTES or os.fstat(file).st_size != _HEAD_BYTES + PLACES * size:
            raise ValueError(f"no shelf for pictures of {width} x {height}")
        self._memory = mmap.mmap(file, _HEAD_BYTES + PLACES * size)
        self._numbers = np.frombuffer(self._memory, np.uint64, PLACES)
        pixels = np.frombuffer(self._memory, np.uint8, offset=_HEAD_BYTES)
        self._places = pixels.reshape(PLACES, height, width, 3)

    @staticmethod
    def make(width: int, height: int) -> int:
        """Return the descriptor of new shared memory for such pictures. Raises OSError."""
        file = os.memfd_create("greetline-pictures", os.MFD_CLOEXEC)
        os.ftruncate(file, _HEAD_BYTES + PLACES * width * height * 3)
        return file

    def begin(self, number: int) -> Pixels:
        """Return where to write picture *number*; nobody takes what was there any more."""
        self._numbers[number % PLACES] = _BUSY
        place: Pixels = self._places[number % PLACES]
        return place

    def finish(self, number: int) -> None:
        """Picture *number* is whole."""
        self._numbers[number % PLACES] = number

    def take(self, number: int) -> Pixels | None:
        """Return a copy of picture *number*, or None when it has been written over."""
        if self._numbers[number % PLACES] != number:
            return None
        picture: Pixels = self._places[number % PLACES].copy()
        return picture if self._numbers[number % PLACES] == number else None
