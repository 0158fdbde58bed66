"""What must hold on every page: targets for fingers, nothing wider than the screen, nothing cut, no key without words."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

FLOOR_TAP = 56
OFFICE_TAP = 44
SIZES = [(1280, 800), (1024, 768), (800, 1280), (640, 400), (390, 844)]
LANGUAGES = ["en", "nb", "nl", "ms", "lv"]

_SMALL = """(least) => [...document.querySelectorAll("button, a, summary, select, input:not([type=hidden])")]
  .filter((control) => control.checkVisibility({ visibilityProperty: true }))
  .map((control) => [control.textContent.trim() || control.ariaLabel || control.name, control.closest("label") ?? control])
  .map(([name, touched]) => [name, touched.getBoundingClientRect()])
  .filter(([, box]) => box.width < least - 0.5 || box.height < least - 0.5)
  .map(([name, box]) => `${name}: ${box.width.toFixed(0)} x ${box.height.toFixed(0)}`)"""

_CUT = """() => [...document.querySelectorAll("button, a, summary, h1, h2, label, select, input, .pill, .code, .said")]
  .filter((part) => part.checkVisibility({ visibilityProperty: true }) && !part.closest(".vh"))
  .filter((part) => {
    const box = part.getBoundingClientRect();
    const inside = part.scrollWidth <= part.clientWidth + 1 || getComputedStyle(part).display === "inline";
    return !inside || box.left < -0.5 || box.right > document.documentElement.clientWidth + 0.5;
  })
  .map((part) => part.textContent.trim() || part.name)"""


def too_small(page: Page, least: int) -> list[str]:
    """Name what can be touched on *page* and is smaller than *least* px."""
    found: list[str] = page.evaluate(_SMALL, least)
    return found


def too_wide(page: Page) -> bool:
    """Return whether *page* scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def cut_off(page: Page) -> list[str]:
    """Name what sticks out of *page*, or out of itself, to the side."""
    found: list[str] = page.evaluate(_CUT)
    return found


def without_words(page: Page) -> list[str]:
    """Name the keys that *page* shows instead of words, and placeholders nobody filled in."""
    shown = f"{page.title()} {page.locator('body').inner_text()} " + " ".join(
        page.evaluate("[...document.querySelectorAll('[aria-label]')].map((part) => part.ariaLabel)")
    )
    sections = "sign|pair|enter|admin|web|floor|counter|goodbye|report|camera|tally|waits|mobile|join"
    return re.findall(rf"\b(?:{sections})\.[a-z]\w*|%\(\w*", shown)


def looks_right(page: Page, least: int) -> None:
    """Fail for any of these on *page*."""
    assert too_small(page, least) == []
    assert not too_wide(page)
    assert cut_off(page) == []
    assert without_words(page) == []


def at_every_size(page: Page, least: int) -> None:
    """Fail for any of these on *page* at any size of screen; 640 px wide is also a tablet enlarged to 200 %."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        # Two frames: the scripts that lay a drawing over a picture have then heard of the new size.
        page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        looks_right(page, least)


def open_own_menu(page: Page) -> None:
    """Open the menu of whoever is signed in on the floor, and begin the shift if the page asks first."""
    begin = page.locator("#shift [data-part=start]")
    page.add_locator_handler(begin, begin.click)
    expect(page.locator("#link")).to_contain_text(":")
    page.locator(".who").click()
    expect(page.locator("#sheet")).to_be_visible()
