"""What a ticket and a call cost over HTTP, and four processes that take and call at once through the desk.

The screens are served by `python -m dashboard` on loopback; eight clients with a key each keep one connection open. First
all take tickets, then all call, start and finish, each at a counter of its own, until nobody waits. The processor time is
the server's, over every request of the phase. Then four processes without any server take and call on one fresh store.

    python -m benchmarks.queue [--tickets 300] [--clients 8] [--json]
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import tomlkit

from broker.desk import apikeys, counters, tickets
from broker.desk.apikeys import MOST_A_MINUTE
from broker.domain.ticket import Move, Outcome, Said
from broker.settings import Settings, read
from broker.shop import Shop, open_shop
from deploy import premises

GOAL_CPU_MS = 10.0
GOAL_P99_MS = 100.0
PROCESSES = 4
WITHIN_S = 60.0
SERVICE = "collect"


def main() -> int:
    """Measure, print, and return 0 when the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tickets", type=int, default=300)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = {"load_before": round(os.getloadavg()[0], 2)} | over_http(Path(folder), asked.tickets, asked.clients)
    with tempfile.TemporaryDirectory() as folder:
        found |= through_the_desk(Path(folder), asked.tickets)
    print(json.dumps(found) if asked.json else in_words(found))
    return 0 if all(goals(found)) else 1


def settled(folder: Path, desks: int) -> Settings:
    """Return the settings of a shop in *folder* with one service and so many counters."""
    path = folder / "greetline.toml"
    path.write_text(
        tomlkit.dumps(
            {
                "dashboard": {"port": premises.free_port()},
                "services": [{"id": SERVICE, "letter": "C", "name": "Collect"}],
                "counters": [{"id": f"desk-{n}", "name": f"Desk {n}"} for n in range(desks)],
            }
        )
    )
    return read(Settings, path, environment={})


def over_http(folder: Path, many: int, clients: int) -> dict[str, Any]:
    """Return times and processor time of both phases."""
    settings = settled(folder, clients)
    shop = open_shop(settings)
    secrets = [apikeys.add(shop, f"client-{n}", apikeys.SCOPES, a_minute=MOST_A_MINUTE, by="benchmark")[1] for n in range(clients)]
    shop.db.conn.close()
    command = [sys.executable, "-m", "dashboard", "--settings", str(folder / "greetline.toml")]
    web = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        _until(lambda: premises.answers(settings))
        everybody = [Client(settings, n, secret) for n, secret in enumerate(secrets)]
        found = _phase("take", everybody, lambda client: client.take(many // clients), web.pid)
        return found | _phase("call", everybody, Client.serve, web.pid)
    finally:
        web.terminate()
        web.wait(10)


class Client:
    """A program with a key, a counter and one connection."""

    def __init__(self, settings: Settings, number: int, secret: str) -> None:
        self._line = http.client.HTTPConnection(premises.address(settings).removeprefix("http://"), timeout=WITHIN_S)
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
        self._desk, self._number, self._asked = f"desk-{number}", number, 0
        self.times: list[float] = []
        self.requests = 0
        self.post(f"/counters/{self._desk}/shift", {"kind": "open"})

    def post(self, path: str, body: dict[str, Any]) -> tuple[dict[str, Any], float]:
        """Return what was answered ({} for no content) and the milliseconds it took. Ends the benchmark for a refusal."""
        self._asked += 1
        headers = self._headers | {"Idempotency-Key": f"request-{self._number}-{self._asked}"}
        began = time.perf_counter()
        self._line.request("POST", f"/api/v1{path}", json.dumps(body), headers)
        answer = self._line.getresponse()
        said = answer.read()
        took = (time.perf_counter() - began) * 1e3
        if answer.status >= 300:
            raise SystemExit(f"{path}: {answer.status} {said[:300]!r}")
        self.requests += 1
        return json.loads(said) if said else {}, took

    def take(self, many: int) -> None:
        """Take so many tickets, one after the other."""
        for _ in range(many):
            self.times.append(self.post("/tickets", {"service": SERVICE})[1])

    def serve(self) -> None:
        """Call, start and finish until nobody waits."""
        while True:
            called, took = self.post("/tickets/next", {"counter": self._desk})
            if not called:
                return
            self.times.append(took)
            self.post(f"/tickets/{called['id']}/start", {})
            self.post(f"/tickets/{called['id']}/finish", {"outcome": "solved"})


def _phase(name: str, clients: list[Client], do: Callable[[Client], None], pid: int) -> dict[str, Any]:
    for client in clients:
        client.times, client.requests = [], 0
    server = psutil.Process(pid)
    used, began = sum(server.cpu_times()[:2]), time.perf_counter()
    threads = [threading.Thread(target=do, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WITHIN_S)
    times, requests = [t for client in clients for t in client.times], sum(client.requests for client in clients)
    cpu = (sum(server.cpu_times()[:2]) - used) * 1e3 / requests
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return {
        f"{name}_times": len(times),
        f"{name}_ms": {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1), "max": round(max(times), 1)},
        f"{name}_cpu_ms": round(cpu, 2),
        f"{name}_requests_a_second": round(requests / (time.perf_counter() - began)),
    }


def through_the_desk(folder: Path, many: int) -> dict[str, Any]:
    """Let PROCESSES take *many* tickets and call them all; return how many numbers, calls and errors there were."""
    settings = settled(folder, PROCESSES)
    shop = open_shop(settings)
    for n in range(PROCESSES):
        counters.open_(shop, f"desk-{n}", by="benchmark")
    shop.db.conn.close()
    spawn = multiprocessing.get_context("spawn")
    said: Any = spawn.Queue()
    workers = [spawn.Process(target=_work, args=(settings, n, many // PROCESSES, said)) for n in range(PROCESSES)]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    told = [said.get(timeout=WITHIN_S) for _ in workers]
    for worker in workers:
        worker.join(WITHIN_S)
    return {
        "tickets": many // PROCESSES * PROCESSES,
        "numbers": len({number for numbers, _, _ in told for number in numbers}),
        "called": len([ticket for _, called, _ in told for ticket in called]),
        "called_once": len({ticket for _, called, _ in told for ticket in called}),
        "errors": [wrong for _, _, errors in told for wrong in errors],
        "seconds": round(time.perf_counter() - began, 1),
    }


def _work(settings: Settings, number: int, many: int, tell: Any) -> None:
    shop = open_shop(settings, create=False)
    numbers: list[int] = []
    called: list[str] = []
    errors: list[str] = []
    try:
        numbers = [tickets.issue(shop, tickets.Wish(service=SERVICE), by="benchmark").number for _ in range(many)]
        while ticket := tickets.call_next(shop, f"desk-{number}", by="benchmark"):
            called.append(ticket.id)
            _serve(shop, ticket.id)
    except Exception as wrong:  # noqa: BLE001 - whatever goes wrong is the finding.
        errors.append(repr(wrong))
    tell.put((numbers, called, errors))


def _serve(shop: Shop, ticket: str) -> None:
    tickets.move(shop, ticket, Move.START, Said(by="benchmark"))
    tickets.finish(shop, ticket, Outcome.SOLVED, by="benchmark")


def goals(found: dict[str, Any]) -> list[bool]:
    """Return whether each goal is met."""
    costs = [found[f"{name}_cpu_ms"] < GOAL_CPU_MS and found[f"{name}_ms"]["p99"] < GOAL_P99_MS for name in ("take", "call")]
    whole = found["numbers"] == found["called"] == found["called_once"] == found["tickets"] and not found["errors"]
    return [*costs, whole]


def in_words(found: dict[str, Any]) -> str:
    """Return it as a person reads it, each figure beside its goal."""
    lines = [
        f"{name:<5} p50 {found[f'{name}_ms']['p50']} ms, p99 {found[f'{name}_ms']['p99']} ms (goal < {GOAL_P99_MS:g}), at most "
        f"{found[f'{name}_ms']['max']} ms; {found[f'{name}_cpu_ms']} ms CPU a request (goal < {GOAL_CPU_MS:g}); "
        f"{found[f'{name}_requests_a_second']} requests a second"
        for name in ("take", "call")
    ]
    lines.append(
        f"{PROCESSES} processes at once: {found['numbers']} numbers for {found['tickets']} tickets (goal {found['tickets']}), "
        f"{found['called']} calls of {found['called_once']} tickets (goal {found['tickets']}), "
        f"{len(found['errors'])} errors (goal 0), in {found['seconds']} s; load of the machine before {found['load_before']}"
    )
    return "\n".join([*lines, *found["errors"]])


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + WITHIN_S
    while not true():
        if time.monotonic() > end:
            raise SystemExit("the screens do not answer")
        time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
