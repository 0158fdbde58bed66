"""Everybody in the shop: customers who take numbers, staff who call and greet, and the screens that look on."""

from __future__ import annotations

import http.client
import json
import random
import socket
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import Any

from benchmarks.soak.asking import PATIENCE_S, Asker, Customer, Told, form_of
from benchmarks.soak.premises import PAUSED_ZONE
from broker.desk import apikeys, counters, pairing, people
from broker.desk.apikeys import MOST_A_MINUTE
from broker.shop import Shop
from deploy.witness import Tablet

PIN = "258036"
RETRY_S = 2.0
"""What the server tells a browser to wait before it connects again."""
HEARTBEAT_S = 15.0
CRAWL_BYTES, NARROW_BYTES = 512, 2048
"""What a slow screen reads in a second, and what the kernel keeps for it."""
RESYNC = b"event: resync"
RED = ("overdue", "escalated")


class Screen:
    """A screen that connects again by itself as a browser does; *slow* ones read a little now and then."""

    def __init__(self, port: int, cookies: str, stop: threading.Event, *, path: str = "/events", slow: bool = False) -> None:
        """Get ready to look."""
        self.rows: dict[str, dict[str, Any]] = {}
        self.snapshot_at = 0.0
        self.resyncs = 0
        """How often it was told to begin anew, because it had read too slowly."""
        self.board: dict[str, Any] = {}
        """What a wall shows."""
        self.red: dict[str, float] = {}
        """When each visit was first seen red here, in seconds of the epoch."""
        self._port, self._path, self._stop, self._slow = port, path, stop, slow
        self._headers = {"Cookie": cookies, "Accept": "text/event-stream"}

    def look(self) -> None:
        """Look until the end."""
        while not self._stop.is_set():
            line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HEARTBEAT_S)
            try:
                if self._slow:
                    line.sock = _narrow(self._port)
                line.request("GET", self._path, headers=self._headers)
                answer = line.getresponse()
                if answer.status == 200:
                    self._crawl(answer) if self._slow else self._read(answer)
            except (OSError, http.client.HTTPException, ValueError):
                pass
            finally:
                line.close()
            self._stop.wait(RETRY_S)

    def _crawl(self, answer: http.client.HTTPResponse) -> None:
        tail = b""
        while not self._stop.wait(1.0) and (some := answer.read1(CRAWL_BYTES)):
            self.resyncs += (tail + some).count(RESYNC) - tail.count(RESYNC)
            tail = some[-len(RESYNC) :]

    def _read(self, answer: http.client.HTTPResponse) -> None:
        event, data = "", ""
        while not self._stop.is_set() and (line := answer.readline()):
            key, _, value = line.decode().rstrip("\r\n").partition(":")
            if key == "event":
                event = value.strip()
            elif key == "data":
                data += value.strip()
            elif not key:
                if data:
                    self._note(event, json.loads(data))
                event, data = "", ""

    def _note(self, event: str, row: dict[str, Any]) -> None:
        if self._path != "/events" and event in ("snapshot", "board"):
            self.board, self.snapshot_at = row, time.monotonic()
        elif event == "snapshot":
            self.rows = {visit["id"]: visit for visit in row.get("visits", [])}
            self.snapshot_at = time.monotonic()
            self._see(*self.rows.values())
        elif event == "visit":
            self._see(row)
            if row["waiting"]:
                self.rows[row["id"]] = row
            else:
                self.rows.pop(row["id"], None)

    def _see(self, *rows: dict[str, Any]) -> None:
        for row in rows:
            if row["state"] in RED:
                self.red.setdefault(row["id"], time.time())


class Crowd:
    """All of them, each a thread."""

    def __init__(self, shop: Shop, web_port: int, kiosk_port: int, seed: int) -> None:
        """Open the counters, give keys to programs, pair screens and sign somebody in on each."""
        self.told, self.trouble = Told(), list[str]()
        self.stop, self.done = threading.Event(), threading.Event()
        lead = people.add(shop, "Ingrid", role="admin", pin=PIN, by="soak")
        tablets = [
            Tablet(shop, lead if n == 0 else people.add(shop, f"Kari {n}", role="staff", pin=PIN, by="soak"), PIN) for n in range(5)
        ]
        for desk in range(len(shop.settings.counters)):
            counters.open_(shop, f"desk-{desk}", by="soak")
        self.screens = [Screen(web_port, tablet._cookies, self.stop) for tablet in tablets[:3]]
        self.slow = [Screen(web_port, tablet._cookies, self.stop, slow=True) for tablet in tablets[3:]]
        self.walls = [Screen(kiosk_port, _let_in(shop, "display"), self.stop, path="/events/board") for _ in range(2)]
        self._customer = Customer(kiosk_port, _let_in(shop, "kiosk"), self.told, self.done)
        self._shop, self._port, self._dice = shop, web_port, random.Random(seed)
        self._greeter = tablets[0]._cookies
        self._keys = [
            {"Authorization": f"Bearer {apikeys.add(shop, f'soak-{n}', apikeys.SCOPES, a_minute=MOST_A_MINUTE, by='soak')[1]}"}
            for n in range(2 + len(shop.settings.counters))
        ]
        self._threads: list[threading.Thread] = []
        self._asking: list[threading.Thread] = []

    def start(self) -> None:
        """Let everybody in."""
        for n, headers in enumerate(self._keys):
            asker = Asker(f"soaker{n}", self._port, headers, self.told, self.done)
            self._run(asker.take if n < 2 else partial(asker.serve, f"desk-{n - 2}"), self._asking)
        self._run(self._customer.take, self._asking)
        for screen in (*self.screens, *self.slow, *self.walls):
            self._run(screen.look, self._threads)
        greeter = Asker("greeter", self._port, self._form(), self.told, self.done)
        self._run(partial(greeter.greet, self.screens[0], self._dice), self._asking)
        pauser = Asker("pauser", self._port, self._form(), self.told, self.done)
        self._run(partial(pauser.pause, PAUSED_ZONE), self._asking)

    def floor_is_shown(self) -> bool:
        """Whether the page of the floor is there for whoever asks for it now."""
        try:
            return bool(self._form())
        except (OSError, http.client.HTTPException, LookupError):
            return False

    def leave_staff(self) -> None:
        """Let whoever asks finish and go; the screens look on."""
        self.done.set()
        self._joined(self._asking)

    def leave(self) -> None:
        """Switch the screens off."""
        self.stop.set()
        self._joined(self._threads)

    def _joined(self, threads: list[threading.Thread]) -> None:
        for thread in threads:
            thread.join(PATIENCE_S)
        if left := sum(thread.is_alive() for thread in threads):
            self.trouble.append(f"{left} of {len(threads)} of the crowd do not come to an end")

    def _run(self, does: Callable[[], None], threads: list[threading.Thread]) -> None:
        def run() -> None:
            try:
                does()
            except (RuntimeError, ValueError, LookupError, TypeError, OSError) as wrong:
                self.trouble.append(f"{type(wrong).__name__}: {wrong}")

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        threads.append(thread)

    def _form(self) -> dict[str, str]:
        """Return the cookies and the token with which a tablet sends a tap."""
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        with closing(line):
            return form_of(line, "/floor", self._greeter)


def _narrow(port: int) -> socket.socket:
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, NARROW_BYTES)
    line.settimeout(HEARTBEAT_S)
    line.connect(("127.0.0.1", port))
    return line


def _let_in(shop: Shop, role: str) -> str:
    """Return the cookie of a new screen of customers."""
    _, token = pairing.enter(shop, pairing.make_entrance(shop, reusable=True, name=role, role=role))
    return f"kiosk-device={token}"
