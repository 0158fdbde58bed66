"""How soon a customer sees the number and the wall the call, in a real Chromium, and what the first page of the kiosk weighs.

The customers' screens are served by `python -m kiosk` on loopback, the API by `python -m dashboard`. A touch screen taps a
service: the time is from the tap to the frame after the number stood on the screen. A program calls next over the HTTP
API: the time is from before its request to the frame after the number stood on the wall. First page: from starting the
program to its first answer.

    python -m benchmarks.kiosk [--tickets 100] [--json]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tomlkit
from playwright.sync_api import BrowserContext, Page, sync_playwright

from broker.desk import apikeys, counters, pairing, people
from broker.desk.apikeys import MOST_A_MINUTE
from broker.settings import Settings, read
from broker.shop import open_shop
from deploy import premises

GOALS = {"number_p99_ms": 150.0, "wall_p99_ms": 300.0, "first_load_kb": 60.0, "first_load_requests": 5, "first_page_s": 2.0}
WITHIN_S = 20.0
SETTLE_MS = 1000
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
SERVICES = tuple({"id": f"s{n}", "letter": letter, "name": f"Service {letter}"} for n, letter in enumerate("ABCDEF"))
UPRIGHT, WALL = {"width": 1080, "height": 1920}, {"width": 1920, "height": 1080}

WATCH_TAP = """() => {
  const seen = () => document.querySelector('[data-part="number"]')?.textContent.trim();
  const now = () => performance.timeOrigin + performance.now();
  const tell = () => requestAnimationFrame(() => { localStorage.seen ??= now(); });
  if (seen()) return tell();
  addEventListener("click", () => { localStorage.tapped = now(); delete localStorage.seen; }, { capture: true });
  new MutationObserver((_, watch) => { if (seen()) { watch.disconnect(); tell(); } })
    .observe(document, { childList: true, subtree: true });
}"""
"""The page of the tap and the page of the number share a clock: the origin of a page's time is told on the machine's."""
SEEN = """async () => {
  for (let n = 0; n < 500 && !localStorage.seen; n += 1) await new Promise((again) => setTimeout(again, 10));
  return localStorage.seen - localStorage.tapped;
}"""
WATCH_WALL = """(shown) => new Promise((done) => {
  const there = () => document.body.innerText.replaceAll("\\u00a0", " ").includes(shown);
  const tell = () => requestAnimationFrame(() => done(performance.timeOrigin + performance.now()));
  if (there()) return tell();
  new MutationObserver((_, watch) => { if (there()) { watch.disconnect(); tell(); } })
    .observe(document.body, { childList: true, subtree: true, characterData: true });
})"""
WEIGHT = """() => [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")]
  .filter((entry) => !entry.name.includes("/events/")).map((entry) => entry.transferSize)"""


def main() -> int:
    """Measure, print, and return 0 when the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if not _chromium():
        print("There is no Chromium here: set GREETLINE_CHROMIUM to one.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        found = {"load_before": round(os.getloadavg()[0], 2)} | measure(Path(folder), asked.tickets)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0 if all(found[name] <= goal for name, goal in GOALS.items()) else 1


def measure(folder: Path, many: int) -> dict[str, Any]:
    """Serve a shop in *folder*, take and call *many* tickets, and return what was measured."""
    settings, file = _settled(folder)
    shop = open_shop(settings)
    secret = apikeys.add(shop, "calls", apikeys.SCOPES, a_minute=MOST_A_MINUTE, by="benchmark")[1]
    people.add(shop, "Kari", role="manager", pin="2580", by="benchmark")
    entrances = (pairing.make_entrance(shop, reusable=True, name=role, role=role) for role in ("kiosk", "display"))
    tokens = [pairing.enter(shop, entrance)[1] for entrance in entrances]
    counters.open_(shop, "desk-1", by="kari")
    shop.db.conn.close()
    programs = [_serve("dashboard", file)]
    try:
        _until(lambda: premises.answers(settings))
        began = time.perf_counter()
        programs.append(_serve("kiosk", file))
        _until(lambda: _answers(settings.kiosk.port))
        first = time.perf_counter() - began
        return {"first_page_s": round(first, 2)} | _in_the_browser(settings, secret, tokens, many)
    finally:
        for program in programs:
            program.terminate()
            program.wait(10)


def _settled(folder: Path) -> tuple[Settings, Path]:
    path = folder / "greetline.toml"
    tables = {
        "dashboard": {"port": premises.free_port()},
        "kiosk": {"port": premises.free_port(), "tickets_a_minute": 600},
        "services": list(SERVICES),
        "counters": [{"id": "desk-1", "name": "Desk 1", "number": 1}],
    }
    path.write_text(tomlkit.dumps(tables))
    return read(Settings, path, environment={}), path


def _serve(package: str, file: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", package, "--settings", str(file)], stderr=subprocess.DEVNULL)


def _answers(port: int) -> bool:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        line.request("GET", "/kiosk")
        return line.getresponse().status < 500
    except OSError:
        return False
    finally:
        line.close()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit("The screens were not served in time.")
        time.sleep(0.01)


def _in_the_browser(settings: Settings, secret: str, tokens: list[str], many: int) -> dict[str, Any]:
    base = f"http://127.0.0.1:{settings.kiosk.port}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=list(FLAGS))
        touch, wall = (browser.new_context(base_url=base, viewport=size) for size in (UPRIGHT, WALL))  # type: ignore[arg-type]
        for context, token in zip((touch, wall), tokens, strict=True):
            context.set_default_timeout(WITHIN_S * 1000)
            context.add_cookies([{"name": "kiosk-device", "value": token, "url": base, "httpOnly": True, "sameSite": "Strict"}])
        page = touch.new_page()
        page.add_init_script(f"addEventListener('DOMContentLoaded', {WATCH_TAP})")
        weight = _first_load(page)
        numbers = [_tap(page) for _ in range(many)]
        calls = _calls(wall, settings, secret, many)
        browser.close()
    return weight | _cut("number", numbers) | _cut("wall", calls)


def _first_load(page: Page) -> dict[str, Any]:
    page.goto("/kiosk")
    page.wait_for_timeout(SETTLE_MS)
    asked = page.evaluate(WEIGHT)
    return {"first_load_kb": round(sum(asked) / 1000, 1), "first_load_requests": len(asked)}


def _tap(page: Page) -> float:
    """Return the milliseconds from a tap to the frame that shows the number."""
    page.goto("/kiosk")
    page.locator(".svc").first.click()
    page.wait_for_url("**/kiosk/tickets/*")
    return float(page.evaluate(SEEN))


def _calls(wall: BrowserContext, settings: Settings, secret: str, many: int) -> list[float]:
    """Return the milliseconds from each call to the frame in which the wall shows it."""
    page, program, times = wall.new_page(), _Program(settings, secret), []
    page.goto("/display")
    page.wait_for_timeout(SETTLE_MS)
    for number in range(1, many + 1):
        page.evaluate(f"() => {{ window.there = ({WATCH_WALL})('A {number:03}'); }}")
        began = time.time() * 1000
        called = program.post("/tickets/next", {"counter": "desk-1"})
        times.append(float(page.evaluate("window.there")) - began)
        program.post(f"/tickets/{called['id']}/start", {})
        program.post(f"/tickets/{called['id']}/finish", {"outcome": "solved"})
    return times


class _Program:
    """A program with a key that calls over the API."""

    def __init__(self, settings: Settings, secret: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", settings.dashboard.port, timeout=WITHIN_S)
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._asked = 0

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self._asked += 1
        self._line.request(
            "POST", f"/api/v1{path}", json.dumps(body), self._headers | {"Idempotency-Key": f"call-{self._asked:05}"}
        )
        answer = self._line.getresponse()
        said = answer.read()
        if answer.status >= 300:
            raise SystemExit(f"{path}: {answer.status} {said[:300]!r}")
        return dict(json.loads(said)) if said else {}


def _cut(name: str, times: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {f"{name}_p50_ms": round(cuts[49], 1), f"{name}_p99_ms": round(cuts[98], 1)}


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("GREETLINE_CHROMIUM") or next((found for name in names if (found := shutil.which(name))), None)


def in_words(found: dict[str, Any]) -> str:
    """Return what was measured beside the goals, each as a ratio too."""
    lines = [f"load before: {found['load_before']}"]
    lines += [f"{name:22} {found[name]:>8}   goal {goal:g}   ratio {found[name] / goal:.2f}" for name, goal in GOALS.items()]
    return "\n".join([*lines, f"medians: number {found['number_p50_ms']} ms, wall {found['wall_p50_ms']} ms"])


if __name__ == "__main__":
    sys.exit(main())
