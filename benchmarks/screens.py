"""How soon two hundred live tablets see what was committed, and what the web process costs meanwhile.

The screens are served by `python -m dashboard`; this process holds the tablets, each a socket of its own on `/events`; a
third one opens and greets visits at an even pace. The time is from when the commit returned there to when the bytes of the
`visit` event had arrived here, for every event on every tablet, on the one monotonic clock of the machine.

    python -m benchmarks.screens [--tablets N] [--rate N] [--seconds N] [--json]
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import json
import multiprocessing
import os
import re
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil
import tomlkit

from broker.desk import pairing, people, visits
from broker.desk.keys import digest, new_token
from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from broker.store import people as stored
from broker.store.database import change
from deploy import premises

GOAL_P99_MS = 100.0
GOAL_RSS_MB = 100.0
WITHIN_S = 30.0
SETTLE_S = 2.0
"""After the last tablet is live: what its connecting cost is not what is measured."""
LAST_WORDS_S = 2.0
VISIT = re.compile(rb"event: visit\ndata: (\{.*\})\n\n")

Moment = float
Change = tuple[str, int]
"""A visit and its version: what one commit made, and what one event says."""
Made = dict[Change, Moment]


def main() -> int:
    """Measure, print, and return 0 when both goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tablets", type=int, default=200)
    parser.add_argument("--rate", type=float, default=10, help="commits a second")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = measure(Path(folder), asked.tablets, asked.rate, asked.seconds)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0 if all(goals(found)) else 1


def measure(folder: Path, tablets: int, rate: float, seconds: float) -> dict[str, Any]:
    """Serve a shop in *folder* to *tablets* and return what was measured."""
    path = folder / "greetline.toml"
    path.write_text(tomlkit.dumps({"dashboard": {"port": premises.free_port(), "max_streams": tablets + 20}}))
    settings = read(Settings, path, environment={})
    with_shop = open_shop(settings)
    cookies = [signed_in(with_shop, n) for n in range(tablets)]
    with_shop.db.conn.close()
    web = subprocess.Popen([sys.executable, "-m", "dashboard", "--settings", str(path)], stderr=subprocess.DEVNULL)
    try:
        _until(lambda: premises.answers(settings))
        return asyncio.run(_follow(settings, psutil.Process(web.pid), cookies, rate, seconds))
    finally:
        web.terminate()
        web.wait(10)


def signed_in(shop: Shop, n: int) -> str:
    """Return the cookies of a new tablet on which somebody is signed in. Without a PIN: hashing 200 takes its time."""
    kari = people.named(shop, "Kari") or people.add(shop, "Kari", role="manager", pin="2580", by="benchmark")
    link = pairing.make_entrance(shop, reusable=True, name=f"Tablet {n}", role="staff")
    screen, device = pairing.enter(shop, link)
    shift, now = new_token(), shop.clock()
    with change(shop.db):
        stored.save(
            shop.db,
            stored.Session(
                id=secrets.token_hex(8), token=digest(shift), person=kari.id, screen=screen.id, began=now, seen_at=now
            ),
        )  # fmt: skip
    return f"device={device}; shift={shift}"


class Tablet(asyncio.Protocol):
    """One socket on `/events`. It only notes what comes when; reading it waits until all is over."""

    def __init__(self, cookie: str) -> None:
        self._cookie = cookie
        self._pieces: list[bytes] = []
        self._moments: list[Moment] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the stream."""
        request = f"GET /events HTTP/1.1\r\nHost: shop\r\nAccept: text/event-stream\r\nCookie: {self._cookie}\r\n\r\n"
        transport.write(request.encode())  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        """Note it."""
        self._moments.append(time.monotonic())
        self._pieces.append(data)

    @property
    def live(self) -> bool:
        """Whether the floor has come."""
        return any(b"event: hb" in piece for piece in self._pieces)

    def heard(self) -> Made:
        """Return when each change of a visit had arrived whole.

        Two commits within one look of the tail come as one event with the later version: it tells of both.
        """
        ends, whole = [], b""
        for piece in self._pieces:
            whole += piece
            ends.append(len(whole))
        first: Made = {}
        for found in VISIT.finditer(whole):
            row, at = json.loads(found[1]), self._moments[bisect.bisect_left(ends, found.end())]
            for version in range(1, row["version"] + 1):
                first.setdefault((row["id"], version), at)
        return first


async def _follow(settings: Settings, web: psutil.Process, cookies: list[str], rate: float, seconds: float) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    host, port = settings.dashboard.host, settings.dashboard.port
    tablets = [Tablet(cookie) for cookie in cookies]
    lines = [(await loop.create_connection(lambda tablet=tablet: tablet, host, port))[0] for tablet in tablets]
    deadline = loop.time() + WITHIN_S
    while not all(tablet.live for tablet in tablets):
        if loop.time() > deadline:
            raise SystemExit(f"{sum(not tablet.live for tablet in tablets)} of {len(tablets)} tablets did not become live")
        await asyncio.sleep(0.1)
    await asyncio.sleep(SETTLE_S)
    load, used, began = os.getloadavg()[0], sum(web.cpu_times()[:2]), time.monotonic()
    made, rss = await _while_writing(settings, web, rate, seconds)
    cpu = (sum(web.cpu_times()[:2]) - used) / (time.monotonic() - began)
    for line in lines:
        line.close()
    return _found(made, [tablet.heard() for tablet in tablets], rss) | {
        "web_cpu_share_of_one_core": round(cpu, 3), "load_before": round(load, 2), "commits": len(made), "tablets": len(tablets)
    }  # fmt: skip


async def _while_writing(settings: Settings, web: psutil.Process, rate: float, seconds: float) -> tuple[Made, float]:
    """Let the other process write, and return what it made when, and the most memory of the web process in MB."""
    ours, theirs = multiprocessing.Pipe()
    writer = multiprocessing.get_context("spawn").Process(target=write, args=(settings, rate, seconds, theirs))
    writer.start()
    rss = 0.0
    while not ours.poll() and writer.is_alive():
        rss = max(rss, web.memory_info().rss / 1e6)
        await asyncio.sleep(0.25)
    made: Made = ours.recv()
    writer.join(WITHIN_S)
    await asyncio.sleep(LAST_WORDS_S)
    return made, max(rss, web.memory_info().rss / 1e6)


def write(settings: Settings, rate: float, seconds: float, tell: Connection) -> None:
    """Open and greet visits, *rate* commits a second, and tell when each commit had returned."""
    shop = open_shop(settings, create=False)
    kari = people.everybody(shop)[0].id
    made: Made = {}
    zone, began, waiting = next(iter(shop.zones)), time.monotonic(), ""
    for n in range(int(rate * seconds)):
        time.sleep(max(0.0, began + n / rate - time.monotonic()))
        visit = visits.greet(shop, waiting, by=kari) if waiting else visits.add(shop, zone=zone, by="door")
        assert visit is not None
        made[visit.id, visit.version] = time.monotonic()
        waiting = "" if waiting else visit.id
    tell.send(made)


def _found(made: Made, heard: list[Made], rss: float) -> dict[str, Any]:
    times = [(each[change] - at) * 1e3 for each in heard for change, at in made.items() if change in each]
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {
        "commit_to_tablet_ms": {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "max": round(max(times), 1)},
        "samples": len(times),
        "missed": len(made) * len(heard) - len(times),
        "web_rss_mb": round(rss, 1),
    }


def goals(found: dict[str, Any]) -> list[bool]:
    """Return whether each goal is met."""
    return [found["commit_to_tablet_ms"]["p99"] <= GOAL_P99_MS, found["web_rss_mb"] <= GOAL_RSS_MB, found["missed"] == 0]


def in_words(found: dict[str, Any]) -> str:
    """Return it as a person reads it, each figure beside its goal."""
    took = found["commit_to_tablet_ms"]
    return (
        f"commit to tablet p50 {took['p50']} ms, p99 {took['p99']} ms (goal {GOAL_P99_MS:g}), at most {took['max']} ms\n"
        f"{found['tablets']} tablets, {found['commits']} commits, {found['samples']:,} events seen, "
        f"{found['missed']} missed (goal 0)\n"
        f"web process {found['web_rss_mb']} MB (goal {GOAL_RSS_MB:g}), {found['web_cpu_share_of_one_core']:.0%} of one core; "
        f"load of the machine before {found['load_before']}"
    )


def _until(true: Any) -> None:
    end = time.monotonic() + WITHIN_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit("the screens do not answer")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
