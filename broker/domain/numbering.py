"""The numbers on tickets: a letter for the service, and a count that begins anew every business day."""

from __future__ import annotations

from typing import Final

LAST_NUMBER: Final = 999
"""After it the count goes on with 1, where that number is free: three digits can be read at ten metres."""
_NO_BREAK_SPACE: Final = "\u00a0"


class NoNumber(Exception):
    """All numbers of the service are in use today."""


def following(newest: int, taken: frozenset[int]) -> int:
    """Return the number after *newest* (0 before the first of the day) that is not among the open ones in *taken*.

    Raises NoNumber when every number is taken.
    """
    for step in range(1, LAST_NUMBER + 1):
        number = (newest + step - 1) % LAST_NUMBER + 1
        if number not in taken:
            return number
    raise NoNumber(f"all {LAST_NUMBER} numbers of this service are in use")


def shown(letter: str, number: int) -> str:
    """Return the number as people read it, such as "R 047"; the space does not break."""
    return f"{letter}{_NO_BREAK_SPACE}{number:03d}"
