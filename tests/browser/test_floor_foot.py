"""The foot of the floor is one line in every language: words that do not fit give way, and are still read aloud."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from docs.pictures import Day, busy, numbers
from docs.screenshots import on_floor, opened
from tests.pseudo import write

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SIZES = ((1024, 768), (1180, 820), (1280, 800), (1366, 900), (1560, 1000), (1920, 1080))
ONE_ROW = 96
LANGUAGES = ("en", "nb", "nl", "ms", "lv")

ROWS = """() => {
  const strip = document.querySelector(".strip"), box = strip.getBoundingClientRect();
  const shown = [...strip.querySelectorAll("b, small, button")].filter((part) => part.checkVisibility());
  const beyond = (at) => at.left < -1 || at.right > innerWidth + 1;
  const out = shown.filter((part) => beyond(part.getBoundingClientRect()));
  const short = [...strip.querySelectorAll(".q [data-part=count]")].filter((count) => {
    const at = count.getBoundingClientRect(), own = count.closest("li").getBoundingClientRect();
    return count.checkVisibility() && (at.width < 1 || at.right > own.right + 1);
  });
  return { height: box.height, wide: strip.scrollWidth - strip.clientWidth, out: out.length, short: short.length };
}"""
BROKEN_WORDS = """() => [...document.querySelectorAll(".visit:not(.wide) .btns .grow")].filter((button) => {
  const words = document.createRange();
  words.selectNodeContents(button);
  const pieces = [...words.getClientRects()].filter((each) => each.width > 2 && each.height < 30);
  const lines = pieces.map((each) => Math.round(each.top / 12));
  return Math.max(...lines) - Math.min(...lines) > 1;
}).map((button) => button.textContent.trim())"""
LAID_OUT = "new Promise((done) => requestAnimationFrame(() => setTimeout(done, 350)))"
"""A redraw comes four times a second."""


def foot_is_one_line(page: Page) -> None:
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        for _ in range(20):
            page.evaluate(LAID_OUT)
            seen = page.evaluate(ROWS)
            right = seen["height"] <= ONE_ROW and (seen["wide"], seen["out"], seen["short"]) == (0, 0, 0)
            if right:
                break
        assert right, f"{width}: {seen}"
        for do in ("add", "pause"):
            button = page.locator(f".strip [data-do={do}]")
            said = button.inner_text().strip()
            assert said, width
            if button.bounding_box()["width"] < 60:  # type: ignore[index]
                expect(button).to_have_attribute("title", said)
    assert page.evaluate("document.querySelector('.strip').scrollWidth <= innerWidth")


def a_busy_day(folder: Path, language: str) -> Day:
    day = busy(folder, language)
    numbers(day)
    return day


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_foot_of_the_floor_is_one_line_in_every_language(chromium: Browser, tmp_path: Path, language: str) -> None:
    with opened(chromium, a_busy_day(tmp_path, language), "staff", "Kari") as page:
        on_floor(page)
        foot_is_one_line(page)


def test_the_foot_of_the_floor_is_one_line_in_a_language_longer_than_any(
    chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GREETLINE_TRANSLATIONS", str(write(tmp_path / "en-XA")))
    with opened(chromium, a_busy_day(tmp_path / "shop", "lv"), "staff", "Kari") as page:
        on_floor(page)
        foot_is_one_line(page)


def test_at_a_counter_the_foot_is_one_line_with_its_call_next(chromium: Browser, tmp_path: Path) -> None:
    with opened(chromium, a_busy_day(tmp_path, "lv"), "staff", "Kari") as page:
        page.add_init_script("localStorage.setItem('greetline.counter', 'desk-3')")
        on_floor(page)
        expect(page.locator(".strip [data-do=call]").first).to_be_visible()
        foot_is_one_line(page)


@pytest.mark.parametrize("language", ["lv", "ms"])
def test_on_a_small_tablet_no_card_is_cut_in_its_buttons(chromium: Browser, tmp_path: Path, language: str) -> None:
    with opened(chromium, a_busy_day(tmp_path, language), "staff", "Kari", viewport={"width": 1280, "height": 800}) as page:
        on_floor(page)
        expect(page.locator(".bars > *")).to_have_count(2, timeout=15_000)  # The service is silent, and a door is not watched.
        page.evaluate(LAID_OUT)
        edge = page.locator(".cards").evaluate("(cards) => cards.getBoundingClientRect().bottom")
        ends = page.locator(".visit").evaluate_all("(cards) => cards.map((card) => card.getBoundingClientRect().bottom)")
        assert len(ends) == 5
        assert page.evaluate(BROKEN_WORDS) == []
        rows = page.locator(".visit:not(.wide) .btns")
        assert rows.evaluate_all("(rows) => rows.filter((row) => row.scrollWidth > row.clientWidth + 1).length") == 0
        assert max(ends) <= edge + 1
