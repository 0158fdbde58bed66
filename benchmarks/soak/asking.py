"""Whoever asks the shop for something until it is answered: staff and programs by the API, a customer at the touch screen."""

from __future__ import annotations

import http.client
import json
import random
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from benchmarks.soak.crowd import Screen

PATIENCE_S = 90.0
NONE_LEFT = (b"No number left", b"No numbers are given right now")
"""What programs and customers are told once the day's numbers are used up: an answer, and no trouble."""
TOUCH_S = 5.0
"""Somebody comes to the touch screen so often; it gives twenty numbers a minute at most."""
PAUSE_S = 1.5
"""Somebody pauses a zone so often, which the audit log tells."""


@dataclass
class Told:
    """What was acknowledged to whom."""

    taken: list[tuple[str, int]] = field(default_factory=list)
    taken_at: dict[str, int] = field(default_factory=dict)
    """When each ticket was acknowledged, in milliseconds since 1970."""
    called: list[str] = field(default_factory=list)
    greeted: set[str] = field(default_factory=set)
    none_left: int = 0
    """Requests that were told that the day's numbers are used up."""
    paused: int = 0
    """Pauses of a zone, each ended again."""
    again: int = 0
    """Requests that had to be made once more."""
    refused: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds until the slowest ticket was given, in quiet times and in others."""

    def takes(self, ticket: str, shown: str, began: float) -> None:
        """Hear of a *ticket* that is *shown* so and was asked for at *began* of `time.monotonic`."""
        self.taken.append((ticket, number_of(shown)))
        self.taken_at[ticket] = time.time_ns() // 1_000_000
        self.slowest = max(self.slowest, time.monotonic() - began)


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
                if status != 409 or not path.endswith("/greet"):
                    self.told.refused.append(f"{path} {status} {said[:160]!r}")
                return None
            if any(words in said for words in NONE_LEFT):
                self.told.none_left += 1
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
                self.told.takes(ticket["id"], ticket["shown"], began)

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

    def pause(self, zone: str) -> None:
        """Pause a zone and end that again, now and then."""
        while not self.stop.wait(PAUSE_S):
            if self.post(f"/zones/{zone}/pause", {"minutes": 15, "reason": "delivery"}) is not None:
                self.told.paused += 1
                self.post(f"/zones/{zone}/resume", {})


class Customer:
    """Touches the screen at the door until it shows a number: the same tap, sent again, gives the same one."""

    def __init__(self, port: int, cookies: str, told: Told, stop: threading.Event) -> None:
        """Come in; nothing is touched."""
        self.told, self.stop = told, stop
        self._port, self._cookies = port, cookies

    def take(self) -> None:
        """Take a number now and then."""
        while not self.stop.wait(TOUCH_S):
            tap, began = urlencode({"service": "collect", "key": secrets.token_hex(16)}), time.monotonic()
            while (status := self._touch(tap, began)) >= 500:
                if time.monotonic() - began > PATIENCE_S:
                    raise TimeoutError(f"the touch screen gave no number: {status}")
                self.told.again += 1
                time.sleep(0.5)

    def _touch(self, tap: str, began: float) -> int:
        line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            form = form_of(line, "/kiosk", self._cookies)
            line.request(
                "POST", "/kiosk/tickets", tap,
                {**form, "Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
            )  # fmt: skip
            answer = line.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException, LookupError):
            return 503
        finally:
            line.close()
        if answer.status == 200:
            given = json.loads(said)
            self.told.takes(given["go"].rpartition("/")[2].partition("?")[0], given["shown"], began)
        elif any(words in said for words in NONE_LEFT):
            self.told.none_left += 1
            return 409
        elif answer.status < 500:
            self.told.refused.append(f"the touch screen {answer.status} {said[:160]!r}")
        return answer.status


def number_of(shown: str) -> int:
    """Return the number of a ticket as it is *shown*, such as 7 of C 007."""
    return int(re.sub(r"\D", "", shown))


def form_of(line: http.client.HTTPConnection, path: str, cookies: str) -> dict[str, str]:
    """Return the cookies and the token with which the page at *path* sends a form. Raises LookupError where it has none."""
    line.request("GET", path, headers={"Cookie": cookies})
    answer = line.getresponse()
    page = answer.read().decode()
    token = re.search(r'<meta name="csrf" content="([^"]+)">', page)
    if not token:
        raise LookupError(f"{path} was not shown: {answer.status} {page[:200]}")
    kept = [value.split(";")[0] for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return {"Cookie": "; ".join([cookies, *kept]), "X-CSRFToken": token[1]}
