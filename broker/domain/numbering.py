"""The numbers on tickets: a letter for the service, and a count that begins anew every business day."""

from __future__ import annotations

from typing import Final

LAST_NUMBER: Final = 9999
"""No service gives more numbers on one day."""
_NO_BREAK_SPACE: Final = "\u00a0"


class NoNumber(Exception):
    """All numbers of the service are used up for today."""


def following(newest: int, kept: frozenset[int] = frozenset()) -> int:
    """Return the number after *newest* (0 before the first of the day).

    Those in *kept* are passed over: tickets of an earlier day that still wait. Raises NoNumber after LAST_NUMBER.
    """
    number = newest + 1
    while number in kept:
        number += 1
    if number > LAST_NUMBER:
        raise NoNumber(f"all {LAST_NUMBER} numbers of this service are used up for today")
    return number


def shown(letter: str, number: int) -> str:
    """Return the number as people read it, such as "R 047"; the space does not break."""
    return f"{letter}{_NO_BREAK_SPACE}{number:03d}"
