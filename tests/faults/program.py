"""A program of the shop's own that takes numbers and calls them over HTTP, and remembers what it was answered."""

from __future__ import annotations

import http.client
import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any

PATIENCE_S = 20.0


@dataclass
class Ledger:
    """What was acknowledged to whom: the ticket each request was answered with."""

    taken: dict[str, tuple[str, int]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    again: int = 0
    """Requests that had to be sent more than once."""
    refused: list[str] = field(default_factory=list)
    slowest: float = 0.0
    """Seconds until a request was answered, with all its tries."""


class Program:
    """A program with a key of the shop that asks until it is answered, each request with one Idempotency-Key."""

    def __init__(self, name: str, port: int, secret: str, ledger: Ledger, stop: threading.Event) -> None:
        self.name, self.port, self.ledger, self.stop = name, port, ledger, stop
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._asked = 0

    def post(self, path: str, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Return the key of the request and its answer, {} for no content."""
        self._asked += 1
        key, began = f"{self.name}-{self._asked:06}", time.monotonic()
        while True:
            try:
                status, said = self._once(path, body, key)
            except (OSError, http.client.HTTPException):
                status, said = 503, b""
            self.ledger.slowest = max(self.ledger.slowest, time.monotonic() - began)
            if status < 300:
                return key, json.loads(said) if said else {}
            if status < 500:
                self.ledger.refused.append(f"{path} {status} {said[:200]!r}")
                return key, {}
            assert time.monotonic() < began + PATIENCE_S, f"{path} was not answered: {status} {said[:200]!r}"
            self.ledger.again += 1
            time.sleep(0.05)

    def _once(self, path: str, body: dict[str, Any], key: str) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            line.request("POST", f"/api/v1{path}", json.dumps(body), self._headers | {"Idempotency-Key": key})
            answer = line.getresponse()
            return answer.status, answer.read()
        finally:
            line.close()

    def take(self) -> None:
        while not self.stop.is_set():
            key, ticket = self.post("/tickets", {"service": "collect"})
            self.ledger.taken[key] = (ticket["id"], int(ticket["shown"][2:]))
            time.sleep(0.02)

    def serve(self, desk: str) -> None:
        while not self.stop.is_set():
            _, ticket = self.post("/tickets/next", {"counter": desk})
            if not ticket:
                time.sleep(0.02)
                continue
            self.ledger.calls.append(ticket["id"])
            self.post(f"/tickets/{ticket['id']}/start", {})
            self.post(f"/tickets/{ticket['id']}/finish", {"outcome": "solved"})
