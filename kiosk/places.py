"""How many choices fit on one screen: never more than six, fewer where text is larger or everything lies lower."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from broker.settings import KioskSettings
from kiosk.choices import Choices

T = TypeVar("T")

TAP_MILLIMETRES: Final = 22
"""What a finger hits without looking twice (Colle & Hiszem 2004: 20 mm keys are as good as larger ones)."""
TIGHT_SHARE: Final = 0.06
"""Share of the height of the screen above which one row of buttons makes room short."""


@dataclass(frozen=True, slots=True)
class Places:
    """The room for services on one screen."""

    cells: int
    folded: bool
    """Whether the languages stand behind one button, to leave room."""
    tight: bool


def places(screen: KioskSettings, choices: Choices) -> Places:
    """Return the room on *screen* for somebody who made *choices*."""
    tight = TAP_MILLIMETRES * screen.pixels_a_millimetre > TIGHT_SHARE * screen.screen_height_px
    aloud = bool(choices.aloud)  # The buttons of the voice are a row of their own.
    if choices.big:
        return Places(2 if choices.low or aloud else 3, True, tight)
    if choices.low and tight:
        return Places(2 if aloud else 4, True, tight)
    return Places(6, aloud, tight)


def pages(things: Sequence[T], cells: int) -> list[Sequence[T]]:
    """Return *things* page by page; where they do not fit on one, a cell of each page is kept for the way to the next."""
    if len(things) <= cells:
        return [things]
    each = cells - 1
    return [things[first : first + each] for first in range(0, len(things), each)]
