"""Everybody in the shop: customers who take numbers, staff who call and greet, and the screens that look on."""

from __future__ import annotations

import http.client
import json
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from broker.desk import apikeys, counters, people
from broker.desk.apikeys import MOST_A_MINUTE
from broker.shop import Shop
from deploy.witness import Tablet

PIN = "258036"
PATIENCE_S = 90.0
RETRY_S = 2.0
"""What the server tells a browser to wait before it connects again."""
HEARTBEAT_S = 15.0
NONE_LEFT = b"No number left"
"""What is said once the day's numbers are used up: an answer, and no trouble."""


@dataclass
class Told:
    """What was acknowledged to whom."""

    taken: list[tuple[str, int]] = field(default_factory=list)
    called: list[str] = field(default_factory=list)
    greeted: set[str] = field(default_factory=set)
    again: int = 0
    """Requests that had to be made once more."""
    refused: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds until the slowest ticket was given, in quiet times and in others."""


class Asker:
    """Somebody who asks until they are answered, each time with one Idempotency-Key."""

    def __init__(self, name: str, port: int, headers: dict[str, str], told: Told, stop: threading.Event) -> None:
        """Get ready; nothing is asked."""
        self.name, self.told, self.stop = name, told, stop
        self._port, self._headers, self._asked = port, {"Content-Type": "application/json", **headers}, 0

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any] | None:
        """Return the answer, {} for no content and None for a refusal. Raises TimeoutError after PATIENCE_S."""
        self._asked += 1
        key, began = f"{self.name}-{self._asked:07}", time.monotonic()
        while True:
            status, said = self._once(path, body, key)
            if status < 300:
                return json.loads(said) if said else {}
            if status < 500:
                if status != 409:
                    self.told.refused.append(f"{path} {status} {said[:160]!r}")
                return None
            if NONE_LEFT in said:
                return None
            if time.monotonic() - began > PATIENCE_S:
                raise TimeoutError(f"{path} was not answered: {status} {said[:160]!r}")
            self.told.again += 1
            time.sleep(0.1)

    def _once(self, path: str, body: dict[str, Any], key: str) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            line.request("POST", f"/api/v1{path}", json.dumps(body), {**self._headers, "Idempotency-Key": key})
            answer = line.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 503, b""
        finally:
            line.close()

    def take(self) -> None:
        """Take a number every second, as long as the day has any: a service has 9,999."""
        while not self.stop.wait(1.0):
            began = time.monotonic()
            if ticket := self.post("/tickets", {"service": "collect"}):
                self.told.taken.append((ticket["id"], int(re.sub(r"\D", "", ticket["shown"]))))
                self.told.slowest = max(self.told.slowest, time.monotonic() - began)

    def serve(self, desk: str) -> None:
        """Call the next one, begin and finish."""
        while not self.stop.wait(0.1):
            if ticket := self.post("/tickets/next", {"counter": desk}):
                self.told.called.append(ticket["id"])
                self.post(f"/tickets/{ticket['id']}/start", {})
                self.post(f"/tickets/{ticket['id']}/finish", {"outcome": "solved"})

    def greet(self, screen: Screen, dice: random.Random) -> None:
        """Greet somebody on the screen, about every third of them and mostly in time."""
        while not self.stop.wait(dice.uniform(0.3, 1.2)):
            waiting = [row["id"] for row in list(screen.rows.values()) if row["state"] in ("entered", "due", "overdue")]
            if waiting and self.post(f"/visits/{(chosen := dice.choice(waiting))}/greet", {}) is not None:
                self.told.greeted.add(chosen)


class Screen:
    """A screen that connects again by itself as a browser does; *slow* ones read a little now and then."""

    def __init__(self, port: int, cookies: str, stop: threading.Event, *, path: str = "/events", slow: bool = False) -> None:
        """Get ready to look."""
        self.rows: dict[str, dict[str, Any]] = {}
        self.snapshot_at = self.heard_at = 0.0
        self.events: Counter[str] = Counter()
        self._port, self._path, self._stop, self._slow = port, path, stop, slow
        self._headers = {"Cookie": cookies, "Accept": "text/event-stream"}

    def look(self) -> None:
        """Look until the end."""
        while not self._stop.is_set():
            line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=HEARTBEAT_S)
            try:
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
        while not self._stop.wait(1.0) and answer.read1(64):
            pass

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
        self.events[event] += 1
        self.heard_at = time.monotonic()
        if event == "snapshot" or (event == "board" and self._path != "/events"):
            self.rows = {visit["id"]: visit for visit in row.get("visits", [])}
            self.snapshot_at = time.monotonic()
        elif event == "visit":
            if row["waiting"]:
                self.rows[row["id"]] = row
            else:
                self.rows.pop(row["id"], None)


class Crowd:
    """All of them, each a thread."""

    def __init__(self, shop: Shop, web_port: int, seed: int) -> None:
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
        for screen in (*self.screens, *self.slow):
            self._run(screen.look, self._threads)
        greeter = Asker("greeter", self._port, self._form(), self.told, self.done)
        self._run(partial(greeter.greet, self.screens[0], self._dice), self._asking)

    def leave_staff(self) -> None:
        """Let whoever asks finish and go; the screens look on."""
        self.done.set()
        for thread in self._asking:
            thread.join(PATIENCE_S)

    def leave(self) -> None:
        """Switch the screens off."""
        self.stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

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
        line.request("GET", "/floor", headers={"Cookie": self._greeter})
        answer = line.getresponse()
        page = answer.read().decode()
        token = re.search(r'<meta name="csrf" content="([^"]+)">', page)
        kept = "; ".join(value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie")
        line.close()
        if not token:
            raise SystemExit(f"the floor was not shown: {answer.status} {page[:200]}")
        return {"Cookie": f"{self._greeter}; {kept}", "X-CSRFToken": token[1]}
