"""kill -9 at any moment, of any part, again and again: nothing is lost, nothing is counted twice, no deadline is forgotten."""

from __future__ import annotations

import random
import shutil
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from broker.settings import MqttSettings
from tests.faults.rows import Row
from tests.service.parts import Process, free_port, listens, read_store, settings_file, wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.fault,
    pytest.mark.mosquitto,
    pytest.mark.skipif(not shutil.which("mosquitto"), reason="no mosquitto here"),
]

SECONDS = 45
RATE = 200
"""Events a second."""
SEED = 20261122
GREET_WITHIN = 6
STANDARDS = (
    f"warn_seconds = 3\ngreet_within_seconds = {GREET_WITHIN}\nescalate_seconds = 9\ncall_lead_seconds = 12\nabandon_seconds = 600"
)


class Shop:
    """The three parts under fire. The MQTT broker keeps nothing on disk: what it had acknowledged dies with it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        conf = folder / "mosquitto.conf"
        conf.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 1000\n")
        settings = settings_file(folder, MqttSettings(host="127.0.0.1", port=self.port), standards=STANDARDS)
        self.spool, self.ledger = folder / "spool.db", folder / "ledger"
        self.edge = [sys.executable, "-m", "tests.faults.feeder", str(settings), str(self.spool), str(self.ledger)]
        self.starts: dict[str, Callable[[], Process]] = {
            "broker": lambda: Process("mosquitto", "-c", str(conf)),
            "service": lambda: Process(sys.executable, "-m", "broker", "run", "--settings", str(settings)),
            "edge": lambda: Process(*self.edge, str(RATE)),
        }
        self.parts: dict[str, Process] = {}

    def start(self, name: str) -> None:
        self.parts[name] = self.starts[name]()

    def stop(self) -> None:
        for part in self.parts.values():
            part.kill()


def test_random_kills_for_45_seconds_lose_nothing_and_double_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], found: Callable[..., Row]
) -> None:
    shop, dice, kills = Shop(tmp_path), random.Random(SEED), Counter[str]()
    try:
        for name in ("broker", "service", "edge"):
            shop.start(name)
        end = time.monotonic() + SECONDS
        victims = _victims(dice)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, dice.uniform(0.4, 2.2)))
            victim = next(victims)
            # A part that ended by itself would hide behind the next kill.
            assert shop.parts[victim].alive, shop.parts[victim].said
            shop.parts[victim].kill()
            kills[victim] += 1
            shop.start(victim)
        recovery = _next_commit(shop)
        _empty_the_spool(shop)
        _wait_for_the_clock(shop)
    finally:
        shop.stop()
    found("kill", recovery=recovery, **_judge(shop, kills, capsys))


def _next_commit(shop: Shop) -> float:
    """Return the seconds after the last kill until something new is in the store."""
    began, before = time.monotonic(), read_store(shop.folder, "SELECT count(*) FROM seen")
    wait_until(lambda: read_store(shop.folder, "SELECT count(*) FROM seen") > before, "the store grows again")
    return time.monotonic() - began


def _victims(dice: random.Random) -> Iterator[str]:
    """Each part as often as the others, in no order."""
    while True:
        yield from dice.sample(["broker", "service", "edge"], 3)


def _empty_the_spool(shop: Shop) -> None:
    shop.parts["edge"].kill()
    wait_until(lambda: listens(shop.port))
    last = Process(*shop.edge, "0")
    try:
        assert last.ends(60) == 0, last.said
    finally:
        last.kill()


def _wait_for_the_clock(shop: Shop) -> None:
    """Until every visit that nobody greeted is as old as an escalated one, and then a moment."""
    time.sleep(10)
    overdue = "SELECT 1 FROM visits WHERE due_at < strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 seconds')"
    wait_until(lambda: not read_store(shop.folder, overdue), "the deadlines are kept up with", within=30)


def _judge(shop: Shop, kills: Counter[str], capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    with closing(sqlite3.connect(shop.spool)) as spool:
        kept = spool.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()[0]
        epoch = spool.execute("SELECT epoch FROM spool").fetchone()[0]
    said = len(shop.ledger.read_text().splitlines())
    produced = {f"{epoch}-{number}" for number in range(1, kept + 1)}
    taken = Counter(event for (event,) in read_store(shop.folder, "SELECT event FROM seen"))
    rows = read_store(shop.folder, "SELECT event FROM crossings")
    stays = read_store(shop.folder, "SELECT count(*) FROM area_stays")[0][0]
    ins, outs = read_store(shop.folder, "SELECT sum(ins), sum(outs) FROM presence")[0]
    lost, strange = produced - taken.keys(), taken.keys() - produced
    doubled = len(rows) + stays - kept
    late = _deadlines_wrong(shop.folder)
    with capsys.disabled():
        print(
            f"\n{SECONDS} s at {RATE} events/s, seed {SEED}; kill -9: {dict(sorted(kills.items()))}\n"
            f"events kept by the edge {kept} (said to have been kept {said}), taken {len(taken)}, "
            f"lost {len(lost)}, doubled {doubled}, in {ins}, out {outs}, deadlines wrong {len(late)}"
        )
    assert min(kills.values()) >= 5, "each part was hit"
    # A third on a machine that has nothing else to do; on a busy one each start takes longer.
    assert kept >= said > SECONDS * RATE / 10, "the edge kept what it said it kept, and the test was a test"
    assert not lost, sorted(lost)[:10]
    assert not strange, sorted(strange)[:10]
    assert doubled == 0
    assert (ins + outs, len(set(rows))) == (len(rows), len(rows)), "the counters of the day are exact"
    assert not late, late[:5]
    assert read_store(shop.folder, "SELECT count(*) FROM rejected") == [(0,)]
    return {"lost": len(lost), "doubled": doubled}


def _deadlines_wrong(folder: Path) -> list[tuple]:
    """Return the visits whose deadline was forgotten, or written as when it was noticed instead of when it was due."""
    wrong = []
    for party, t0, state, overdue_at, ended_at in read_store(folder, "SELECT party, t0, state, overdue_at, ended_at FROM visits"):
        due = datetime.fromisoformat(t0) + timedelta(seconds=GREET_WITHIN)
        ended_before = ended_at is not None and datetime.fromisoformat(ended_at) <= due + timedelta(seconds=1)
        if overdue_at is None:
            if not ended_before:
                wrong.append((party, t0, state, "never overdue"))
        elif abs((datetime.fromisoformat(overdue_at) - due).total_seconds()) > 0.002:
            wrong.append((party, t0, state, overdue_at))
    return wrong
