"""A small shop to try faults on: a camera that says everything until it is acknowledged, and what must be true afterwards."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.contract.messages import Message, Seen, ZoneCount, ZoneKind, ZoneStay, message
from broker.desk import audit
from broker.settings import Settings, StoreSettings
from broker.shop import Shop, open_shop
from broker.store import upkeep
from tests.service.parts import STORE, Device, read_store, wait_until

GREET_WITHIN = 2
STANDARDS = f"warn_seconds = 1\ngreet_within_seconds = {GREET_WITHIN}\nescalate_seconds = 3\ncall_lead_seconds = 4"
AGO_SECONDS = 2.2
"""How long before it was said everything happened: what is due comes soon."""
AGAIN_SECONDS = 0.5
LEAD = 2


@dataclass
class Said:
    """What the camera has to say, and how many of it are what."""

    messages: list[Message]
    ins: int
    outs: int
    waiting: int
    """Visits that nobody greets."""

    @property
    def ids(self) -> set[str]:
        return {one.id for one in self.messages}

    @property
    def crossings(self) -> int:
        return self.ins + self.outs


def a_morning(camera: Device, name: str = "m") -> Said:
    """Six come in, two of them together; one of them is greeted before a camera; two go out; two stand in an area."""
    at = datetime.now(UTC) - timedelta(seconds=AGO_SECONDS)

    def when(n: int) -> datetime:
        return at + timedelta(milliseconds=10 * n)

    def body(n: int, what: Seen | ZoneCount | ZoneStay) -> Message:
        return message(what, id=f"{name}-{n}", store=STORE, device=camera.name, time=when(n))

    ins = [camera.crossing(f"{name}-{n}", at=when(n), party=f"{name}-0" if n < 2 else "") for n in range(6)]
    outs = [camera.crossing(f"{name}-{n}", at=when(n), direction="out") for n in (6, 7)]
    others = [
        body(8, Seen(zone="entrance", party=f"{name}-5")),
        body(9, ZoneStay(zone="entrance", area="mat", kind=ZoneKind.GREET, seconds=1.5)),
        body(10, ZoneCount(zone="entrance", area="mat", kind=ZoneKind.GREET, people=2)),
    ]
    return Said([*ins, *outs, *others], ins=6, outs=2, waiting=4)


def say_until(camera: Device, said: Said, done: Callable[[], object], within: float = 20.0) -> None:
    """Say whatever is not acknowledged, again and again, until *done*."""
    again = 0.0

    def tend() -> object:
        nonlocal again
        camera.listen()
        if time.monotonic() >= again:
            again = time.monotonic() + AGAIN_SECONDS
            for one in said.messages:
                if one.id not in camera.acknowledged:
                    camera.link.publish(one)
        return done()

    wait_until(tend, "what the camera says is taken", within)


def all_acknowledged(camera: Device, said: Said) -> bool:
    return said.ids <= set(camera.acknowledged)


def wait_for_the_lead(folder: Path, waiting: int) -> None:
    """Wait until everybody who was called to a customer was."""
    question = "SELECT count(*) FROM alerts WHERE kind = 'waiting' AND level = ?"
    wait_until(lambda: read_store(folder, question, LEAD)[0][0] >= waiting, "the alerts have climbed")


def a_shop(folder: Path) -> Shop:
    """The store in *folder*, as a program reads it."""
    return open_shop(Settings.model_validate({"store": StoreSettings(id=STORE, name="Oslo City", data=folder)}), create=False)


def losses(folder: Path, said: Said) -> tuple[int, int]:
    """Return how many events are lost and how many are counted twice."""
    taken = Counter(event for (event,) in read_store(folder, "SELECT event FROM seen"))
    rows = Counter(event for (event,) in read_store(folder, "SELECT event FROM crossings"))
    stays, counts = (read_store(folder, f"SELECT count(*) FROM {table}")[0][0] for table in ("area_stays", "area_counts"))
    lost = len(said.ids - taken.keys())
    doubled = sum(n - 1 for n in (*taken.values(), *rows.values()))
    doubled += max(0, stays - 1) + max(0, counts - 1)
    lost += max(0, said.crossings - len(rows)) + (stays < 1) + (counts < 1)
    return lost, doubled


def judge(folder: Path, said: Said) -> None:
    """Raise AssertionError for any figure, deadline, alert, row of the journal or of the audit log that is not as it must be."""
    ins, outs = read_store(folder, "SELECT sum(ins), sum(outs) FROM presence")[0]
    assert (ins, outs) == (said.ins, said.outs), "the counters of the day are exact"
    _judge_deadlines(folder)
    _judge_alerts(folder, said)
    shop = a_shop(folder)
    try:
        soundness = upkeep.check(shop.db, deep=True)
        assert soundness.sound, soundness
        assert audit.verify(shop).whole
    finally:
        shop.db.close()
    ids = [row[0] for row in read_store(folder, "SELECT id FROM journal ORDER BY id")]
    assert ids == list(range(1, len(ids) + 1)), "the journal has no gap"
    opened = Counter(read_store(folder, "SELECT subject FROM journal WHERE kind = 'visit.opened'"))
    assert set(opened.values()) == {1}
    assert len(opened) == said.waiting + 1


def _judge_deadlines(folder: Path) -> None:
    for t0, overdue_at, acknowledged in read_store(folder, "SELECT t0, overdue_at, acknowledged_at FROM visits"):
        if acknowledged is None:
            due = datetime.fromisoformat(t0) + timedelta(seconds=GREET_WITHIN)
            assert overdue_at, "a deadline was forgotten"
            assert abs((datetime.fromisoformat(overdue_at) - due).total_seconds()) < 0.002, "it was due when it was due"


def _judge_alerts(folder: Path, said: Said) -> None:
    levels = read_store(folder, "SELECT level FROM alerts WHERE kind = 'waiting'")
    assert levels == [(LEAD,)] * said.waiting, "each of them once, up to the lead"
    told = "SELECT subject, json_extract(body, '$.move'), json_extract(body, '$.level') FROM journal WHERE kind = 'alert.moved'"
    moves = Counter(row for row in read_store(folder, told) if row[1] in ("raise", "climb"))
    assert set(moves.values()) == {1}, "nobody was told twice"


def events_for_others(folder: Path) -> list[int]:
    """Return the facts that a webhook is told of, in order: written out, not asked of what tells it."""
    asked = """SELECT id FROM (
        SELECT id, kind, json_extract(body, '$.move') AS move, json_extract(body, '$.to') AS state,
        json_extract(body, '$.from') AS was, json_extract(body, '$.state') AS stands FROM journal
    ) WHERE kind IN ('visit.opened', 'ticket.issued')
        OR kind = 'visit.moved' AND (move = 'acknowledge' OR state = 'left_unacknowledged')
        OR kind = 'alert.moved' AND (
            move IN ('acknowledge', 'climb', 'resolve') OR move IN ('raise', 'raise_again', 'return') AND stands = 'raised')
        OR kind = 'ticket.moved' AND (
            move IN ('call', 'recall', 'finish', 'miss') OR move = 'expire' AND was = 'away')
        ORDER BY id"""
    return [fact for (fact,) in read_store(folder, asked)]


def spool_losses(folder: Path, spool: Path, ledger: Path) -> tuple[int, int]:
    """Return how many events of a feeder's spool are lost and how many counted twice."""
    with closing(sqlite3.connect(spool)) as db:
        kept = db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()[0]
        epoch = db.execute("SELECT epoch FROM spool").fetchone()[0]
    said = len(ledger.read_text().splitlines())
    assert kept >= said, "the camera kept what it said it kept"
    taken = {event for (event,) in read_store(folder, "SELECT event FROM seen")}
    made = {f"{epoch}-{n}" for n in range(1, kept + 1)}
    assert not taken - made, "nothing was made up"
    crossings, stays = (read_store(folder, f"SELECT count(*) FROM {table}")[0][0] for table in ("crossings", "area_stays"))
    ins, outs = read_store(folder, "SELECT coalesce(sum(ins), 0), coalesce(sum(outs), 0) FROM presence")[0]
    assert ins + outs == crossings
    # What is noted as seen and stands nowhere is as lost as what never came.
    return len(made - taken) + max(0, len(taken) - crossings - stays), max(0, crossings + stays - len(taken))
