"""The pages for the staff say the words that stand on the screens, the same ones in every language."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from broker.desk.people import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
LONGEST_WORDS = 1000
"""Somebody reads it in five minutes."""


@cache
def texts(language: str) -> dict[str, set[str]]:
    """Text of a screen -> the keys that say it."""
    with (ROOT / f"broker/web/translations/{language}/LC_MESSAGES/messages.po").open("rb") as file:
        found: dict[str, set[str]] = {}
        for message in read_po(file):
            if isinstance(message.string, str):
                found.setdefault(message.string, set()).add(str(message.id))
        return found


def page(language: str) -> str:
    return (ROOT / f"docs/staff/{language}.md").read_text(encoding="utf-8")


def quoted(language: str) -> list[str]:
    return re.findall(r"\*\*(.+?)\*\*", page(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_in_bold_stands_on_the_screens_in_that_language(language: str) -> None:
    assert [words for words in quoted(language) if words not in texts(language)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_name_the_same_buttons_in_the_same_order(language: str) -> None:
    pairs = zip(quoted("en"), quoted(language), strict=True)
    assert [(ours, theirs) for ours, theirs in pairs if not texts("en")[ours] & texts(language)[theirs]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_have_the_same_parts_and_are_short(language: str) -> None:
    shape = re.findall(r"^(#+ |\| |\d\. |- |!)", page("en"), re.MULTILINE)
    assert re.findall(r"^(#+ |\| |\d\. |- |!)", page(language), re.MULTILINE) == shape
    assert len(page(language).split()) < LONGEST_WORDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_calm_card_is_quoted_as_it_stands(language: str) -> None:
    said = {text for text, keys in texts(language).items() if any(key.startswith("process.calm_") for key in keys)}
    steps = re.findall(r"^\d\. \*\*.+?\*\*\. (.+)$", page(language), re.MULTILINE)
    assert len(steps) == 4
    assert [step for step in steps if step not in said] == []
