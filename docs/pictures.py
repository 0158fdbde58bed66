"""The pictures of the README, taken from the real screens: `python -m docs.pictures`.

A shop is opened in a temporary folder, a Saturday with made-up people is lived through with the same functions that the
service calls, and a Chromium looks at the pages. Needs the `dev` extra and a Chromium on the PATH.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from broker.desk import alerts, arrivals, devices, pairing, people, shifts, visits
from broker.domain.arrivals import Crossed
from broker.domain.visit import Visit
from broker.settings import CameraSettings, LineSettings, Settings
from broker.shop import Shop, open_shop
from broker.store import visits as stored
from broker.web.server import Server
from dashboard.app import create
from hatch_build import compile_translations

ROOT: Final = Path(__file__).parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"
LARGEST_BYTES: Final = 300_000
TABLET: Final = {"width": 1280, "height": 800}
BUSY: Final = datetime(2026, 11, 21, 13, 5, 12, tzinfo=UTC)
"""Five past two on a Saturday in Oslo."""
QUIET: Final = datetime(2026, 11, 21, 10, 42, 31, tzinfo=UTC)
OPENS: Final = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
PIN: Final = "2580"
STAFF: Final = (
    ("Kari", "staff"), ("Jonas", "staff"), ("Maria", "lead"), ("Ahmed", "staff"), ("Ingrid", "staff"), ("Sofie", "manager"),
)  # fmt: skip
DOORS: Final = {"entrance": ("Entrance", "entrance"), "fitting": ("Fitting rooms", "fitting"), "back": ("Back door", "shoes")}
"""Camera -> its name and the zone its door opens into."""
ZONES: Final = {"entrance": "Entrance", "shoes": "Shoes", "fitting": "Fitting rooms", "kids": "Kids"}
FLAGS: Final = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


class Day:
    """One shop on one day. Its clock runs on from *now*; what is in the past is lived at its own moment."""

    def __init__(self, folder: Path, now: datetime) -> None:
        """Open the shop in *folder*, with everybody who works there."""
        self.now = now
        began = time.monotonic()
        self.settings = Settings.model_validate(
            {
                "store": {"id": "oslo-city", "name": "Oslo City", "data": folder},
                "zones": [{"id": zone, "name": name} for zone, name in ZONES.items()],
                "cameras": [_camera(camera, name, zone) for camera, (name, zone) in DOORS.items()],
            }
        )
        self.shop = open_shop(self.settings, clock=lambda: now + timedelta(seconds=time.monotonic() - began))
        self.people = [people.add(self.shop, name, role=role, pin=PIN, by="pictures") for name, role in STAFF]
        self._n = 0

    def at(self, moment: datetime) -> Shop:
        """Return the shop as it was at *moment*."""
        return replace(self.shop, clock=lambda: moment)

    def comes_in(self, camera: str, moment: datetime, *, size: int = 1, zone: str | None = None) -> Visit:
        """Let a party of *size* walk past *camera*, and on into *zone* if given."""
        party = f"p-{self._n + 1}"
        news = []
        for _ in range(size):
            self._n += 1
            news.append(
                Crossed(
                    event=f"e-{self._n}", device=camera, at=moment, zone=DOORS[camera][1], line="door", inward=True,
                    party=party, decided_at=moment,
                )
            )  # fmt: skip
        arrivals.take(self.at(moment), news)
        visit = next(found for found in _waiting(self.shop) if found.party == party)
        return visits.send(self.at(moment), visit.id, zone=zone, by=self.people[0].id) if zone else visit

    def is_greeted(self, visit: Visit, *, after: float, by: int) -> None:
        """Let somebody say hello *after* so many seconds."""
        visits.greet(self.at(visit.t0 + timedelta(seconds=after)), visit.id, by=self.people[by].id)

    def passes(self, begin: datetime) -> None:
        """Let the clock make its moves, second by second, from *begin* until now."""
        while begin <= self.now:
            shop = self.at(begin)
            visits.run_due(shop)
            alerts.run_due(shop)
            begin += timedelta(seconds=1)

    def morning(self, count: int, until: datetime) -> None:
        """Live through *count* greetings from opening until *until*; about one in twenty-five came late."""
        chance = random.Random(7)  # noqa: S311 - the same picture every time, not a secret
        for moment in sorted(OPENS + (until - OPENS) * chance.random() for _ in range(count)):
            visit = self.comes_in(chance.choices(list(DOORS), (6, 3, 1))[0], moment, size=chance.choices((1, 2, 3), (6, 3, 1))[0])
            late = chance.random() < 1 / 25
            self.is_greeted(visit, after=chance.uniform(33, 52) if late else chance.triangular(5, 30, 16), by=chance.randrange(5))

    def watch(self, *, blind: str = "") -> None:
        """Let the service and every camera say that they are well; all but the *blind* one."""
        shop = self.shop
        devices.heard(shop, devices.SERVICE, kind="service", watch="watching", since=OPENS)
        for camera, (_, zone) in DOORS.items():
            since = self.now - timedelta(minutes=7)
            watch = "offline" if camera == blind else "watching"
            devices.heard(shop, camera, watch=watch, since=since, zones=(zone,), reason="the line was lost" if blind else "")


def _camera(camera: str, name: str, zone: str) -> CameraSettings:
    line = LineSettings(id="door", zone=zone, points=((0.1, 0.5), (0.9, 0.5)), inside="down")
    return CameraSettings(id=camera, name=name, source="scene:calm", lines=(line,))


def _waiting(shop: Shop) -> list[Visit]:
    return stored.open_ones(shop.db)


def busy(folder: Path) -> Day:
    """Five past two: four wait in Shoes and the lead was called, one door is not watched."""
    day = Day(folder, BUSY)
    day.morning(206, BUSY - timedelta(seconds=150))
    ago = lambda seconds: BUSY - timedelta(seconds=seconds)  # noqa: E731 - reads as it is said
    for seconds, size in ((94, 2), (71, 1), (48, 1), (27, 3)):
        day.comes_in("entrance", ago(seconds), size=size, zone="shoes")
    day.comes_in("fitting", ago(41))
    mine = day.comes_in("entrance", ago(35))
    day.comes_in("entrance", ago(22), size=2)
    day.comes_in("entrance", ago(8), zone="kids")
    day.passes(ago(95))
    visits.claim(day.shop, mine.id, by=day.people[0].id)
    day.watch(blind="back")
    return day


def calm(folder: Path) -> Day:
    """A quiet morning: everybody was greeted, every door is watched."""
    day = Day(folder, QUIET)
    day.morning(102, QUIET - timedelta(seconds=90))
    day.watch()
    return day


@contextmanager
def served(day: Day) -> Iterator[str]:
    """Serve the screens of *day* on a free port and give their address."""
    server = Server(create(day.settings, shop=day.shop), host="127.0.0.1", port=0, max_streams=8)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()
        thread.join(10)
        day.shop.db.conn.close()


def tablet(browser: Browser, day: Day, url: str, scheme: str, *, name: str, signed_in: bool = True) -> BrowserContext:
    """Return a paired tablet in light or dark, with Kari on shift if *signed_in*."""
    context = browser.new_context(base_url=url, viewport=TABLET, color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    secret = pairing.make_entrance(day.shop, reusable=True, name=name, role="staff")
    screen, token = pairing.enter(day.shop, secret)
    cookies = {"device": token}
    if signed_in:
        cookies["shift"] = shifts.sign_in(day.shop, screen, day.people[0].id, PIN)[1]
    context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return context


def take_floor(browser: Browser, day: Day, url: str, scheme: str, target: Path) -> None:
    """Take a picture of the floor."""
    context = tablet(browser, day, url, scheme, name="Floor tablet")
    page = context.new_page()
    page.goto("/floor")
    page.locator("#shift [data-part=start]").click()
    page.locator(".visit, .hero .okm").first.wait_for()
    page.locator("#edge").wait_for(state="hidden")
    page.mouse.move(640, 780)
    page.screenshot(path=target)
    context.close()


def take_signin(browser: Browser, day: Day, url: str, target: Path) -> None:
    """Take a picture of the sign-in page with a name chosen."""
    context = tablet(browser, day, url, "light", name="Tablet by the door", signed_in=False)
    page = context.new_page()
    page.goto(f"/signin?person={day.people[0].id}")
    page.wait_for_load_state("networkidle")
    page.screenshot(path=target)
    context.close()


def take_all(browser: Browser, target: Path) -> list[Path]:
    """Take every picture into the folder *target* and return them."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        quiet = calm(Path(folder) / "quiet")
        with served(quiet) as url:
            take_floor(browser, quiet, url, "light", target / "floor-calm.png")
            take_signin(browser, quiet, url, target / "signin.png")
        for name, scheme in (("floor.png", "light"), ("floor-dark.png", "dark")):
            day = busy(Path(folder) / scheme)
            with served(day) as url:
                take_floor(browser, day, url, scheme, target / name)
    return sorted(target.glob("*.png"))


def main() -> int:
    """Take the pictures. Return 0, or 3 when there is no Chromium or a picture is too large."""
    asked = argparse.ArgumentParser(prog="python -m docs.pictures", description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--out", type=Path, default=PICTURES, help="folder for the pictures (default: docs/pictures)")
    target = asked.parse_args().out
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    chromium = os.environ.get("GREETLINE_CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)
    if chromium is None:
        print("There is no Chromium on the PATH. Install one, or set GREETLINE_CHROMIUM to its path.", file=sys.stderr)
        return 3
    compile_translations(ROOT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        taken = take_all(browser, target)
        browser.close()
    for picture in taken:
        print(f"{picture.name}: {picture.stat().st_size / 1000:.0f} kB")
    return 3 if any(picture.stat().st_size > LARGEST_BYTES for picture in taken) else 0


if __name__ == "__main__":
    sys.exit(main())
