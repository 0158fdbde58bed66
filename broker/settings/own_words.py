"""The tables of greetline.toml with a shop's own words: a named few of what customers read, in each language."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from broker.settings.section import Section, ShownName

_MARK: Final = re.compile(r"[<>]|&(?! )|%\(|\{")


def _plain(text: str) -> str:
    found = _MARK.search(text)
    if found:
        raise ValueError(f"holds {found[0]!r}, which screens would not show as it stands: write plain words, without placeholders")
    return text


OwnWords = Annotated[ShownName, AfterValidator(_plain)]
"""A line in the shop's own words: plain, and as it stands."""


class OwnTextsSettings(Section):
    """`[texts.<language>]`: what this shop says in its own words; absent: ours."""

    welcome: OwnWords | None = Field(default=None, min_length=1, max_length=60, description="The first line of the touch screen.")
    closed: OwnWords | None = Field(default=None, min_length=1, max_length=60, description="While it is closed.")
    thanks: OwnWords | None = Field(default=None, min_length=1, max_length=80, description="Below a number that was just taken.")
    help: OwnWords | None = Field(default=None, min_length=1, max_length=100, description="For who asked for somebody to talk to.")
    feedback: OwnWords | None = Field(default=None, min_length=1, max_length=80, description="For who said how it was.")


class TextsSettings(Section):
    """`[texts]`: the shop's own words by language."""

    en: OwnTextsSettings = Field(default=OwnTextsSettings(), description="In English.")
    nb: OwnTextsSettings = Field(default=OwnTextsSettings(), description="In Norwegian.")
    nl: OwnTextsSettings = Field(default=OwnTextsSettings(), description="In Dutch.")
    ms: OwnTextsSettings = Field(default=OwnTextsSettings(), description="In Malay.")
    lv: OwnTextsSettings = Field(default=OwnTextsSettings(), description="In Latvian.")
