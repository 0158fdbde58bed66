"""What every test may ask for. There is one Chromium a process, whichever folder a test is in."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from broker.shop import Shop
from hatch_build import compile_translations
from tests.builders import TurnableClock, make_shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser

FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
LOUD_FLAG = "--autoplay-policy=no-user-gesture-required"


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def shop(tmp_path: Path, clock: TurnableClock) -> Shop:
    return make_shop(tmp_path, clock)


@pytest.fixture(scope="session")
def chromiums() -> Iterator[Callable[..., Browser]]:
    """Begins Chromiums: `chromiums("--a-flag")`; one for all tests of this process that want the same.

    With a *home* it trusts what the database of certificates in there does.
    """
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("GREETLINE_CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("no Chromium on the PATH; set GREETLINE_CHROMIUM to one")
    compile_translations(Path(__file__).parents[1])
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        begun: dict[tuple[str, ...], Browser] = {}

        def begin(*flags: str, home: str = "") -> Browser:
            if (home, *flags) not in begun:
                there = {"env": {**os.environ, "HOME": home}} if home else {}
                begun[home, *flags] = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *flags], **there)
            return begun[home, *flags]

        yield begin
        for browser in begun.values():
            browser.close()


@pytest.fixture(scope="session")
def chromium(chromiums: Callable[..., Browser]) -> Browser:
    """One Chromium for all tests of this process."""
    return chromiums()


@pytest.fixture(scope="session")
def loud(chromiums: Callable[..., Browser]) -> Browser:
    """One that may sound without a touch, as a wall is set up."""
    return chromiums(LOUD_FLAG)
