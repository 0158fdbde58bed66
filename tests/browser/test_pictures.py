"""The README's pictures are taken from the real screens, by a program that works."""

from __future__ import annotations

import struct
from pathlib import Path

from playwright.sync_api import Browser

from docs.pictures import LARGEST_BYTES, TABLET, take_all


def test_the_pictures_of_the_readme_can_be_taken_again(chromium: Browser, tmp_path: Path) -> None:
    taken = take_all(chromium, tmp_path)
    assert [picture.name for picture in taken] == ["floor-calm.png", "floor-dark.png", "floor.png", "signin.png"]
    for picture in taken:
        assert picture.stat().st_size < LARGEST_BYTES
        assert struct.unpack(">II", picture.read_bytes()[16:24]) == (TABLET["width"], TABLET["height"])
