"""What is said, as a voice must be told it: a call, a number sign by sign, and what stands on a page.

What is read and what is said differ: "R 047" is said as R, zero, four, seven, and "5–10 min" as five to ten minutes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from broker.settings import CounterSettings, Settings
from broker.web.languages import say

NUMBER: Final = re.compile(r"\b([A-Z])\u00a0(\d{2,5})\b")
"""A ticket's number as every page shows it: the space does not break, which tells it from other text."""
_RANGE: Final = re.compile(r"(\d+)\s*–\s*(\d+)")
_MINUTES: Final = re.compile(r"\bmin\b\.?")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text of the server's own, in a language; `pieces` names the recordings that say the same, if it is a call."""

    language: str
    text: str
    pieces: tuple[str, ...] = ()


def signs(shown: str) -> str:
    """Return a number so that a voice says each sign of it: "R 047" as "R, 0, 4, 7"."""
    return ", ".join(sign for sign in shown if not sign.isspace())


def call(settings: Settings, shown: str, counter: str | None, language: str) -> Phrase:
    """Return the call of the ticket *shown* to *counter*. The page's language must be *language*."""
    found = next((each for each in settings.counters if each.id == counter), None)
    return Phrase(language, _sentence(found, counter, shown), pieces_of_call(shown, counter))


def _sentence(found: CounterSettings | None, counter: str | None, shown: str) -> str:
    if found is not None and found.number:
        return say("audio.call", num=signs(shown), desk=say("audio.desk", n=found.number))
    return say("audio.call_named", num=signs(shown), desk=found.name if found else counter or "")


BEFORE: Final = "number"
BETWEEN: Final = "come-to"
AFTER: Final = "end"
"""Recordings around the number and the counter; the last is for languages whose sentence goes on, and may be absent."""


def pieces_of_call(shown: str, counter: str | None) -> tuple[str, ...]:
    """Return the names of the recordings that make up a call, in order."""
    return (BEFORE, *(sign for sign in shown if not sign.isspace()), BETWEEN, counter or "", AFTER)


def of_page(text: str, language: str) -> Phrase:
    """Return what is said for *text* of a page. The page's language must be *language*."""
    said = NUMBER.sub(lambda found: signs(found[1] + found[2]), text)
    said = _RANGE.sub(lambda found: f"{found[1]} {say('audio.to')} {found[2]}", said)
    return Phrase(language, _MINUTES.sub(say("audio.minutes"), said))
