"""How the page looks on which a camera is set up: in every language, at every size, by eye and by reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser import looks
from tests.browser.camera_page import PAGE, drag, opened, shape
from tests.browser.camera_parts import ENTRANCE, Box, mqtt, says  # noqa: F401 - mqtt is a fixture
from tests.browser.floor_parts import until
from tests.browser.house import House, Watch, accessible

pytestmark = pytest.mark.browser


@pytest.fixture
def house(make_house: Callable[..., House], request: pytest.FixtureRequest) -> House:
    """A shop with a camera over its door."""
    made = make_house(cameras=(ENTRANCE,), mqtt=request.getfixturevalue("mqtt"))
    says(made)
    return made


@pytest.fixture
def box(house: House) -> Iterator[Box]:
    """The box of that camera, on the wire."""
    with Box(house.settings.mqtt) as here:
        yield here


@pytest.mark.parametrize("language", looks.LANGUAGES)
def test_every_language_fits_every_screen_of_the_set_up(house: House, box: Box, watch: Watch, language: str) -> None:
    page = opened(house, watch, language=language)
    shape(page, "till").click()
    looks.at_every_size(page, looks.OFFICE_TAP)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_set_up_is_accessible(house: House, box: Box, watch: Watch, scheme: str) -> None:
    says(house, "old", watch="offline", reason="gone")
    page = opened(house, watch, "/admin/cameras", color_scheme=scheme, reduced_motion="reduce")
    accessible(page)
    looks.at_every_size(page, looks.OFFICE_TAP)
    page.goto(PAGE)
    page.locator("#still.seen").wait_for()
    accessible(page)
    shape(page, "till").click()
    drag(page, (0.3, 0.8), (0.7, 0.8))
    accessible(page)


def test_with_forced_colours_lines_and_choices_are_still_told_apart(
    house: House, box: Box, watch: Watch, chromium: Browser
) -> None:
    page = opened(house, watch, forced_colors="active")
    until(page, "document.querySelectorAll('.handle.corner').length === 2")
    chosen = page.locator("#items [aria-pressed=true]").evaluate("(item) => getComputedStyle(item).borderTopColor")
    other = page.locator("#items [aria-pressed=false]").first.evaluate("(item) => getComputedStyle(item).borderTopColor")
    assert chosen != other
    assert page.locator(".ov .cross").evaluate("(line) => getComputedStyle(line).stroke") == "rgb(255, 193, 77)"
