"""Long texts become lines that fit. Nothing is ever cut off: a word that is too long by itself goes on in the next line."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

Width = Callable[[str], float]
BREAKS: Final = " \t\r\n"
SPACES: Final = re.compile(f"[{BREAKS}]+")
"""Where a line may end; not at a space that keeps two words together."""


def lines(text: str, room: float, width: Width) -> list[str]:
    """Return *text* in lines no wider than *room* where that is possible at all; *width* measures, in the same unit.

    Lines are as even as the fewest lines allow, so that no word stands alone at the end. A single letter wider than
    *room* keeps a line of its own.
    """
    pieces = [piece for word in SPACES.split(text.strip(BREAKS)) for piece in _pieces(word, room, width)]
    if not pieces:
        return []
    tightest = _filled(pieces, room, width)
    low, high = 0.0, room
    while high - low > 1:
        middle = (low + high) / 2
        narrow = _filled(pieces, middle, width)
        if len(narrow) == len(tightest) and all(width(line) <= middle for line in narrow):
            high = middle
        else:
            low = middle
    return _filled(pieces, high, width) if high < room else tightest


def _filled(pieces: list[tuple[str, str]], room: float, width: Width) -> list[str]:
    found: list[str] = []
    for gap, piece in pieces:
        longer = f"{found[-1]}{gap}{piece}" if found else piece
        if found and width(longer) <= room:
            found[-1] = longer
        else:
            found.append(piece)
    return found


def _pieces(word: str, room: float, width: Width) -> list[tuple[str, str]]:
    """Return *word* in pieces that fit, each with what stands before it on the same line."""
    found: list[tuple[str, str]] = []
    rest, gap = word, " "
    while rest:
        size = len(rest)
        while size > 1 and width(rest[:size]) > room:
            size -= 1
        found.append((gap, rest[:size]))
        rest, gap = rest[size:], ""
    return found
