"""kill -9 while tickets are taken and called: no acknowledged ticket is lost, no number given twice, nobody called twice."""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.desk import apikeys, counters
from broker.desk.apikeys import MOST_A_MINUTE
from broker.settings import Settings, read
from broker.shop import open_shop
from tests.faults.program import PATIENCE_S, Ledger, Program
from tests.faults.rows import Row
from tests.service.parts import Process, listens, read_store, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

SECONDS = 20
LEAST_KILLS, LONGEST_SECONDS = 5, 120
"""A slow machine takes longer to start the screens again: then it is killed for longer."""
TAKERS, DESKS = 4, 3
SEED = 20261122


def test_kills_under_load_lose_no_acknowledged_ticket_and_repeat_no_call(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], found: Callable[..., Row]
) -> None:
    port = _quiet_port()
    file = _settings(tmp_path, port)
    secret = _open_the_desks(file)
    ledger, stop, dice = Ledger(), threading.Event(), random.Random(SEED)
    command = (sys.executable, "-m", "dashboard", "--settings", str(file))
    web, kills, slowest = Process(*command), 0, 0.0
    try:
        wait_until(lambda: listens(port), "the screens are served")
        people = _everybody(port, secret, ledger, stop)
        started = time.monotonic()
        while (lasted := time.monotonic() - started) < SECONDS or (kills < LEAST_KILLS and lasted < LONGEST_SECONDS):
            time.sleep(dice.uniform(0.5, 2.5))
            web.kill()
            kills += 1
            web, began = Process(*command), time.monotonic()
            wait_until(lambda: listens(port), "the screens are served again")
            slowest = max(slowest, time.monotonic() - began)
        stop.set()
        for person in people:
            person.join(PATIENCE_S)
            assert not person.is_alive()
    finally:
        stop.set()
        web.kill()
    found("kill-queue", recovery=slowest, **_judge(tmp_path, ledger, kills, slowest, capsys))


def _quiet_port() -> int:
    """Return a free port below those that the system lends to clients.

    A client that asks again and again for a port of its own kind, while nobody listens, is at last connected to itself and
    holds the port that the screens want back.
    """
    return next(port for port in range(21_000, 31_000, 7) if not listens(port))


def _settings(folder: Path, port: int) -> Path:
    desks = "".join(f'[[counters]]\nid = "desk-{n}"\nname = "Desk {n}"\n' for n in range(DESKS))
    file = folder / "greetline.toml"
    service = '[[services]]\nid = "collect"\nletter = "C"\nname = "Collect"\n'
    file.write_text(f'[store]\ndata = "{folder}"\n[dashboard]\nport = {port}\n{service}{desks}')
    return file


def _open_the_desks(file: Path) -> str:
    shop = open_shop(read(Settings, file, environment={}))
    secret = apikeys.add(shop, "load", apikeys.SCOPES, a_minute=MOST_A_MINUTE, by="test")[1]
    for desk in range(DESKS):
        counters.open_(shop, f"desk-{desk}", by="kari")
    shop.db.conn.close()
    return secret


def _everybody(port: int, secret: str, ledger: Ledger, stop: threading.Event) -> list[threading.Thread]:
    takers = [threading.Thread(target=Program(f"taker{n}", port, secret, ledger, stop).take) for n in range(TAKERS)]
    desks = [
        threading.Thread(target=Program(f"desk{n}", port, secret, ledger, stop).serve, args=(f"desk-{n}",)) for n in range(DESKS)
    ]
    for person in (*takers, *desks):
        person.start()
    return [*takers, *desks]


def _judge(folder: Path, ledger: Ledger, kills: int, slowest: float, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    kept = dict(read_store(folder, "SELECT id, number FROM tickets"))
    numbers = Counter(kept.values())
    called = Counter(row[0] for row in read_store(folder, "SELECT ticket FROM ticket_moves WHERE move = 'call'"))
    told = [ticket for ticket, _ in ledger.taken.values()]
    lost = [ticket for ticket in told if ticket not in kept]
    answered_twice = [ticket for ticket, often in Counter(told).items() if often > 1]
    with capsys.disabled():
        print(
            f"\n{kills} kills: {len(ledger.taken)} tickets and {len(ledger.calls)} calls acknowledged, "
            f"{ledger.again} requests sent again; lost {len(lost)}, doubled numbers {sum(n > 1 for n in numbers.values())}, "
            f"called twice {sum(n > 1 for n in called.values())}; served again within {slowest:.2f} s"
        )
    assert kills >= LEAST_KILLS
    assert ledger.again, "a kill that nobody noticed proves nothing"
    assert not ledger.refused
    assert (lost, answered_twice) == ([], [])
    assert len(kept) == len(ledger.taken), "a ticket that nobody was told of is a number that nobody comes for"
    assert all(kept[ticket] == number for ticket, number in ledger.taken.values())
    assert sorted(numbers) == list(range(1, len(kept) + 1))
    assert set(called.values()) == {1}
    assert Counter(ledger.calls) == called, "each call that was made was answered once"
    return {"lost": len(lost), "doubled": sum(n > 1 for n in (*numbers.values(), *called.values()))}
