"""The pictures of the docs are taken from the real screens, by a program that works."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from docs.pictures import TABLET
from docs.screenshots import LARGEST_BYTES, PICTURES, groups, take_all


def test_the_pictures_of_a_quiet_shop_can_be_taken_again(chromium: Browser, tmp_path: Path) -> None:
    taken = take_all(chromium, tmp_path, ["quiet"])
    assert list(taken) == ["floor-calm.webp", "signin.webp"]
    for name, size in taken.items():
        assert 5_000 < size < LARGEST_BYTES
        assert Image.open(tmp_path / name).size == (TABLET["width"], TABLET["height"])


@pytest.mark.slow
def test_every_picture_of_the_docs_can_be_taken_again_and_there_is_no_other(chromium: Browser, tmp_path: Path) -> None:
    taken = take_all(chromium, tmp_path)
    assert set(taken) == {path.name for path in PICTURES.iterdir()}
    assert len(taken) > len(groups())
    assert max(taken.values()) < LARGEST_BYTES
