"""Every picture that a page shows is there and small, and every picture that is there is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from broker.desk.people import LANGUAGES

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
LARGEST_BYTES = 80_000
ALL_BYTES = 3_000_000
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


def shown(page: Path) -> list[Path]:
    """The pictures of *page*, in their order."""
    return [(page.parent / to).resolve() for to in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", page.read_text(encoding="utf-8"))]


def test_every_picture_is_shown_on_a_page_and_every_page_shows_pictures_that_are_there() -> None:
    assert {picture for page in PAGES for picture in shown(page)} == set(PICTURES.iterdir())


def test_every_picture_says_in_words_what_is_on_it() -> None:
    for page in PAGES:
        for words in re.findall(r"!\[([^\]]*)\]", page.read_text(encoding="utf-8")):
            assert len(words) > 20, f"{page.name}: {words!r} says too little to whoever cannot see the picture"


def test_the_pictures_are_small() -> None:
    sizes = {path.name: path.stat().st_size for path in PICTURES.iterdir()}
    assert [name for name, size in sizes.items() if size >= LARGEST_BYTES] == []
    assert sum(sizes.values()) < ALL_BYTES


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_for_the_staff_shows_pictures_in_its_language(language: str) -> None:
    names = [picture.stem for picture in shown(ROOT / f"docs/staff/{language}.md")]
    assert names == [f"{what}-{language}" for what in ("floor", "offline", "upset", "counter")]
