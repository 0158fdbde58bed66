"""How soon a tap on one tablet is on all the others, what a crowded shop costs, and how much the floor page weighs.

Fifty tablets are live on `/events`; one of them says "I'm going" and "Greeted" by POST, again and again. The time is from
when its answer had arrived to when the `visit` event had arrived on every other tablet, on one monotonic clock. Then the same
shop gets ten thousand open visits and three hundred numbers: how long the page and the snapshot take, and how large they are.

    python -m benchmarks.floor [--tablets N] [--taps N] [--visits N] [--tickets N] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import tomlkit

from benchmarks.screens import Tablet, signed_in
from broker.desk import tickets, visits
from broker.desk.tickets import Wish
from broker.domain import visit as rules
from broker.domain.kpi import quantile
from broker.domain.ticket import Channel
from broker.domain.visit import How, Move
from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from broker.store import visits as stored
from broker.store.database import change
from deploy import premises

GOAL_P99_MS = 150.0
GOAL_PAGE_KB = 80.0
GOAL_SNAPSHOT_MS = 500.0
"""Of a shop with ten thousand open visits; it serves every tablet for a second."""
WITHIN_S = 30.0
SETTLE_S = 2.0
PAUSE_S = 0.1
VISIT = re.compile(rb'event: visit\ndata: \{"id":"([0-9a-f]+)","version":(\d+)')


def main() -> int:
    """Measure, print, and return 0 when every goal is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tablets", type=int, default=50)
    parser.add_argument("--taps", type=int, default=60)
    parser.add_argument("--visits", type=int, default=10_000)
    parser.add_argument("--tickets", type=int, default=300)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), asked)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0 if all(goals(found)) else 1


def measure(folder: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Serve a shop in *folder* and return what was measured."""
    path = folder / "greetline.toml"
    service = {"id": "returns", "letter": "A", "name": "Returns"}
    told = {"dashboard": {"port": premises.free_port(), "max_streams": asked.tablets + 10}, "services": [service]}
    path.write_text(tomlkit.dumps(told))
    settings = read(Settings, path, environment={})
    shop = open_shop(settings)
    cookies = [signed_in(shop, n) for n in range(asked.tablets)]
    web = subprocess.Popen([sys.executable, "-m", "dashboard", "--settings", str(path)], stderr=subprocess.DEVNULL)
    try:
        _until(lambda: premises.answers(settings))
        found = {"tablets": asked.tablets, "load": os.getloadavg()[0]}
        found |= asyncio.run(_taps(settings, cookies, asked.taps))
        found |= weight(settings, cookies[0])
        fill(shop, asked.visits, asked.tickets)
        return found | crowded(settings, cookies[0]) | {"visits": asked.visits, "tickets": asked.tickets}
    finally:
        web.terminate()
        web.wait(10)
        shop.db.conn.close()


async def _taps(settings: Settings, cookies: list[str], taps: int) -> dict[str, Any]:
    loop, others = asyncio.get_running_loop(), [Tablet(cookie) for cookie in cookies[1:]]
    for other in others:
        await loop.create_connection(lambda other=other: other, "127.0.0.1", settings.dashboard.port)  # type: ignore[misc]
    ends = time.monotonic() + WITHIN_S
    while not all(other.live for other in others):
        assert time.monotonic() < ends, "not every tablet came to life"
        await asyncio.sleep(0.05)
    await asyncio.sleep(SETTLE_S)
    made = await asyncio.to_thread(_tap, settings, cookies[0], taps)
    await asyncio.sleep(SETTLE_S)
    late = [(_shown(heard, *what) - at) * 1000 for heard in map(_heard, others) for what, at in made.items()]
    # An event that came before the answer did was there at once.
    ordered = sorted(max(0.0, each) for each in late)
    return {
        "taps": taps, "p50_ms": round(quantile(ordered, 0.5), 1), "p99_ms": round(quantile(ordered, 0.99), 1),
        "longest_ms": round(ordered[-1], 1),
    }  # fmt: skip


class Browser:
    """One connection of one tablet that is kept, and its cookies."""

    def __init__(self, settings: Settings, cookie: str) -> None:
        self._line = http.client.HTTPConnection("127.0.0.1", settings.dashboard.port, timeout=WITHIN_S)
        self._cookie = cookie

    def ask(self, path: str, headers: dict[str, str] | None = None, *, post: bool = False) -> bytes:
        """Return the body of the answer. Raises AssertionError for one that is not 200."""
        self._line.request("POST" if post else "GET", path, b"{}" if post else None, {"Cookie": self._cookie} | (headers or {}))
        answer = self._line.getresponse()
        body = answer.read()
        for name, value in answer.getheaders():
            if name == "Set-Cookie" and value.startswith("form="):
                self._cookie += "; " + value.partition(";")[0]
        assert answer.status == 200, f"{path}: {answer.status}"
        return body


def _tap(settings: Settings, cookie: str, taps: int) -> dict[tuple[str, int], float]:
    """Claim and greet visits by POST; return when each answer had arrived, by (visit, version)."""
    shop, zone, made = open_shop(settings), settings.zones[0].id, {}
    tablet = Browser(settings, cookie)
    csrf = re.search(rb'name="csrf" content="([^"]+)"', tablet.ask("/floor"))
    assert csrf
    for n in range(taps):
        visit = visits.add(shop, zone=zone, by="door")
        assert visit
        for move in ("claim", "greet"):
            headers = {"X-CSRFToken": csrf[1].decode(), "Idempotency-Key": f"tap-{n:05}-{move}", "Content-Type": "application/json"}
            said = json.loads(tablet.ask(f"/api/v1/visits/{visit.id}/{move}", headers, post=True))
            made[visit.id, said["visit"]["version"]] = time.monotonic()
            time.sleep(PAUSE_S)
    shop.db.conn.close()
    return made


def _heard(tablet: Tablet) -> dict[tuple[str, int], float]:
    """Return when each visit event had arrived on *tablet*: the moment of the piece that brought its end."""
    whole, ends, end = b"".join(tablet._pieces), [], 0
    for piece in tablet._pieces:
        end += len(piece)
        ends.append(end)
    found: dict[tuple[str, int], float] = {}
    for match in VISIT.finditer(whole):
        place = next(n for n, each in enumerate(ends) if each >= match.end())
        found[match[1].decode(), int(match[2])] = tablet._moments[place]
    return found


def _shown(heard: dict[tuple[str, int], float], visit: str, version: int) -> float:
    """Return when a tablet showed *visit* as it stood at *version* or later: what happens at once is told at once."""
    return min((at for (each, n), at in heard.items() if each == visit and n >= version), default=float("inf"))


def weight(settings: Settings, cookie: str) -> dict[str, Any]:
    """Return what the floor page weighs on its first load: the page, its styles, every module, compressed as a proxy would."""
    tablet = Browser(settings, cookie)
    page = tablet.ask("/floor")
    wanted = {name.decode() for name in re.findall(rb'(?:src|href)="(/(?:static|dashboard-static)/[^"]+)"', page)}
    sizes, seen = {"/floor": page}, set[str]()
    while wanted - seen:
        address = (wanted - seen).pop()
        seen.add(address)
        path = address.partition("?")[0]
        sizes[path] = tablet.ask(address)
        if path.endswith(".js"):
            found = re.findall(r'from "([^"]+)"', sizes[path].decode())
            wanted |= {urljoin(path, name) for name in found} - set(sizes)
    return {
        "page_kb": round(sum(len(gzip.compress(body)) for body in sizes.values()) / 1000, 1),
        "page_plain_kb": round(sum(map(len, sizes.values())) / 1000, 1), "page_files": len(sizes),
    }  # fmt: skip


def fill(shop: Shop, many: int, numbers: int) -> None:
    """Open *many* visits over the last hour, of which every tenth nobody has greeted, and give *numbers*."""
    now, zone = shop.clock(), shop.settings.zones[0].id
    made = []
    for n in range(many):
        t0 = now - timedelta(seconds=500 * n / many)
        visit = rules.opened(id=visits.new_id(), zone=zone, t0=t0, heard_at=t0, standards=shop.standards)
        if n % 10:
            visit = visit.after(Move.ACKNOWLEDGE, t0 + timedelta(seconds=5), shop.standards, by="kari", detail=How.TAP)
        made.append(visit)
    with change(shop.db):
        stored.save(shop.db, *made)
    for _ in range(numbers):
        tickets.issue(shop, Wish(service="returns", channel=Channel.PHONE))


def crowded(settings: Settings, cookie: str) -> dict[str, Any]:
    """Return how long the page and the whole floor take in the shop that *fill* has filled, and how large the floor is."""
    tablet = Browser(settings, cookie)
    pages = [_timed(tablet, "/floor")[0] for _ in range(5)]
    floors = [_timed(tablet, "/api/v1/floor") for _ in range(5)]
    return {
        "crowded_page_ms": round(quantile(sorted(pages), 0.5), 1),
        "snapshot_ms": round(quantile(sorted(ms for ms, _ in floors), 0.5), 1), "snapshot_kb": round(floors[0][1] / 1000, 1),
    }  # fmt: skip


def _timed(tablet: Browser, path: str) -> tuple[float, int]:
    began = time.perf_counter()
    body = tablet.ask(path)
    return (time.perf_counter() - began) * 1000, len(body)


def goals(found: dict[str, Any]) -> list[bool]:
    """Return whether each goal is met."""
    return [found["p99_ms"] <= GOAL_P99_MS, found["page_kb"] <= GOAL_PAGE_KB, found["snapshot_ms"] <= GOAL_SNAPSHOT_MS]


def in_words(found: dict[str, Any]) -> str:
    """Return what was measured, for people."""
    return (
        f"{found['taps']} visits claimed and greeted, {found['tablets']} tablets, load {found['load']:.1f}: from the answer to all "
        f"others p50 {found['p50_ms']} ms, p99 {found['p99_ms']} ms, longest {found['longest_ms']} ms (goal p99 {GOAL_P99_MS:g})\n"
        f"floor page: {found['page_kb']} kB compressed, {found['page_plain_kb']} kB plain, {found['page_files']} files "
        f"(goal {GOAL_PAGE_KB:g} kB)\n"
        f"{found['visits']} open visits, {found['tickets']} numbers: page {found['crowded_page_ms']} ms, whole floor "
        f"{found['snapshot_ms']} ms and {found['snapshot_kb']} kB (goal {GOAL_SNAPSHOT_MS:g} ms)"
    )


def _until(said: Any) -> None:
    ends = time.monotonic() + WITHIN_S
    while not said():
        assert time.monotonic() < ends, "the screens did not start"
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
