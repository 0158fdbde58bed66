"""Every picture of the docs, taken from the real screens: `make screenshots`, or `python -m docs.screenshots`.

Small on purpose: WebP, each below LARGEST_BYTES. Needs the `dev` extra and a Chromium on the PATH.
"""

from __future__ import annotations

import argparse
import io
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from broker.desk import tickets
from broker.desk.people import LANGUAGES
from dashboard.app import create as staff_screens
from deploy.shop_rows import fill
from docs.pictures import Day, busy, calm, numbers, screen, served
from hatch_build import compile_translations
from kiosk.app import create as customer_screens

ROOT: Final = Path(__file__).parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
LARGEST_BYTES: Final = 80_000
QUALITY: Final = 68
"""Of WebP: text stays sharp."""
PAST_DAYS: Final = 28
PAST_VISITS: Final = 160
"""On a usual day of the shop whose reports are shown."""
UPRIGHT: Final = {"width": 720, "height": 1280}
WALL: Final = {"width": 1280, "height": 720}
PHONE: Final = {"width": 390, "height": 844}
OFFICE: Final = {
    "report": "/reports", "admin-standards": "/admin/standards", "admin-people": "/admin/people", "admin-privacy": "/admin/privacy",
    "admin-opening": "/admin/opening", "standards": "/standards",
}  # fmt: skip
"""Picture -> page of the office."""
CHROMIUMS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")

Taken = Iterator[tuple[str, bytes]]
"""Name of a picture and its PNG."""


@contextmanager
def opened(browser: Browser, day: Day, role: str, who: str = "", **wishes: Any) -> Iterator[Page]:
    """Give a page on a paired screen of *day*, which is served meanwhile."""
    if role in ("kiosk", "display"):
        app = customer_screens(day.settings, shop=day.shop)
    else:
        app = staff_screens(day.settings, shop=day.shop, file=day.file)
    with served(day, app) as url:
        context = screen(browser, day, url, role, who=who, **wishes)
        try:
            yield context.new_page()
        finally:
            context.close()


def on_floor(page: Page) -> None:
    """Open the floor and begin the shift."""
    page.goto("/floor")
    page.locator("#shift [data-part=start]").click()
    page.locator(".visit, .hero .okm").first.wait_for()
    page.locator("#edge").wait_for(state="hidden")
    page.mouse.move(640, 780)


def floor(browser: Browser, folder: Path, language: str) -> Taken:
    """Take the floor when it is busy, somebody who is upset, and the floor without a connection."""
    day = busy(folder, language)
    numbers(day)
    with opened(browser, day, "staff", "Kari") as page:
        on_floor(page)
        yield f"floor-{language}", page.screenshot()
        page.locator(".visit:not(.wide) [data-do=more]").first.click()
        page.locator("dialog[open] button:has(use[href='#flag'])").click()
        page.locator("dialog[open] textarea, dialog[open] input").first.wait_for()
        yield f"upset-{language}", page.screenshot()
        page.keyboard.press("Escape")
        day.watch(blind="back")
        page.context.set_offline(True)
        page.locator("body.off").first.wait_for(timeout=30_000)
        yield f"offline-{language}", page.screenshot()


def counter(browser: Browser, folder: Path, language: str) -> Taken:
    """Take the counter with somebody at it."""
    day = calm(folder, language)
    numbers(day)
    with opened(browser, day, "staff", "Kari") as page:
        page.add_init_script("localStorage.setItem('greetline.counter', 'desk-3')")
        page.goto("/counter")
        page.locator("#customer").wait_for()
        yield f"counter-{language}", page.screenshot()


def quiet(browser: Browser, folder: Path) -> Taken:
    """Take a calm floor and the sign-in."""
    with opened(browser, calm(folder / "floor"), "staff", "Kari") as page:
        on_floor(page)
        yield "floor-calm", page.screenshot()
    day = calm(folder / "door")
    with opened(browser, day, "staff") as page:
        page.goto(f"/signin?person={day.people[0].id}")
        page.wait_for_load_state("networkidle")
        yield "signin", page.screenshot()


def dark(browser: Browser, folder: Path) -> Taken:
    """Take the floor after sunset, and the lead's page."""
    day = busy(folder)
    numbers(day)
    with opened(browser, day, "staff", "Maria", color_scheme="dark") as page:
        on_floor(page)
        yield "floor-dark", page.screenshot()
        page.goto("/lead")
        page.wait_for_load_state("load")
        page.locator("[data-part=line] li").first.wait_for()
        yield "lead-dark", page.screenshot()


def office(browser: Browser, folder: Path) -> Taken:
    """Take the reports of a shop with four weeks behind it, and the office."""
    day = calm(folder)
    today = day.shop.hours.business_day(day.now)
    days = [today - timedelta(days=back) for back in range(PAST_DAYS, 0, -1)]
    fill(day.shop, days, seed=7, visits_a_day=PAST_VISITS, crew=[person.id for person in day.people[:5]])
    with opened(browser, day, "manager", "Sofie") as page:
        for name, path in OFFICE.items():
            page.goto(path)
            page.wait_for_load_state("load")
            yield name, page.screenshot()


def customers(browser: Browser, folder: Path) -> Taken:
    """Take what customers see: the choice of the kiosk, a number on a phone, the wall."""
    for name, role, view, path in (("kiosk", "kiosk", UPRIGHT, "/kiosk"), ("wall", "display", WALL, "/display")):
        day = calm(folder / name)
        numbers(day)
        tickets.call_next(day.ago(3), "desk-2", by=day.people[3].id) if name == "wall" else None
        with opened(browser, day, role, viewport=view) as page:
            page.goto(path)
            page.wait_for_load_state("load")
            yield name, page.screenshot()
    day = calm(folder / "phone")
    ticket = numbers(day)
    with opened(browser, day, "kiosk", viewport=PHONE) as page:
        page.goto(f"/t/{ticket.token}")
        page.wait_for_load_state("load")
        yield "phone", page.screenshot()


def groups() -> dict[str, Callable[[Browser, Path], Taken]]:
    """Return what takes each group of pictures."""
    return {
        **{f"floor-{language}": partial(floor, language=language) for language in LANGUAGES},
        **{f"counter-{language}": partial(counter, language=language) for language in LANGUAGES},
        "quiet": quiet, "dark": dark, "office": office, "customers": customers,
    }  # fmt: skip


def small(png: bytes) -> bytes:
    """Return a picture as WebP."""
    out = io.BytesIO()
    Image.open(io.BytesIO(png)).convert("RGB").save(out, "WEBP", quality=QUALITY, method=6)
    return out.getvalue()


def take_all(browser: Browser, target: Path, only: Collection[str] = ()) -> dict[str, int]:
    """Take the pictures of the groups *only*, or of all, into the folder *target*; return each with its bytes."""
    target.mkdir(parents=True, exist_ok=True)
    sizes: dict[str, int] = {}
    for name, take in groups().items():
        if only and name not in only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for picture, png in take(browser, Path(folder)):
                sizes[f"{picture}.webp"] = (target / f"{picture}.webp").write_bytes(small(png))
    return sizes


def main() -> int:
    """Take the pictures. Return 0, or 3 when there is no Chromium or a picture is too large."""
    asked = argparse.ArgumentParser(prog="python -m docs.screenshots", description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures (default: docs/pictures)")
    asked.add_argument("group", nargs="*", help=f"only these: {', '.join(groups())}")
    given = asked.parse_args()
    chromium = os.environ.get("GREETLINE_CHROMIUM") or next((path for name in CHROMIUMS if (path := shutil.which(name))), None)
    if chromium is None:
        print("There is no Chromium on the PATH. Install one, or set GREETLINE_CHROMIUM to its path.", file=sys.stderr)
        return 3
    logging.getLogger("waitress").setLevel(logging.CRITICAL)  # A browser that is cut off hangs up in the middle of an answer.
    compile_translations(ROOT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        sizes = take_all(browser, given.out, given.group)
        browser.close()
    for picture, size in sizes.items():
        print(f"{picture}: {size / 1000:.0f} kB")
    return 3 if any(size > LARGEST_BYTES for size in sizes.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
