"""Every point of the write path is where the process ends, one after the other: nothing lost, nothing doubled, no alarm twice."""

from __future__ import annotations

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from broker.desk import audit
from broker.failpoints import POINTS, VARIABLE
from broker.settings import MqttSettings
from broker.store import upkeep
from tests.faults import stand
from tests.faults.counter import TICKETS, shop_in
from tests.faults.rows import Row
from tests.faults.test_archive import ARCHIVER
from tests.notify.sink import SECRET, a_sink
from tests.service.parts import Device, Process, own_broker, read_store, service, settings_file, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

RATE = 100
"""Events a second of the camera that is ended."""

SERVICE = {
    "inbox.gathered": (1,), "arrivals.seen": (1,), "arrivals.visits": (1,), "arrivals.written": (1,), "inbox.taken": (1,),
    "inbox.heard": (1,), "inbox.acknowledging": (4,), "inbox.acknowledged": (1,), "inbox.told": (1,), "visits.late": (2,),
    "alerts.climbed": (2,), "outbox.beat": (2,), "outbox.hello": (1,), "webhook.kept": (1,), "webhook.sent": (2,),
    "webhook.told": (2,), "change.begun": (3,), "change.written": (3, 6), "change.committed": (2, 5), "journal.appended": (2, 5),
}  # fmt: skip
"""Where the service ends, and at which times that it stands there."""
CAMERA = {
    "spool.begun": (20,), "spool.written": (20,), "spool.kept": (20,), "publisher.sent": (30,), "spool.forgetting": (3,),
    "spool.forgot": (3,),
}  # fmt: skip
COUNTER = {
    "ticket.saved": (1, 6), "ticket.moved": (2, 5), "ticket.keyed": (3, 8), "audit.added": (1,), "change.written": (2, 11),
    "change.committed": (2, 11), "journal.appended": (3, 9),
}  # fmt: skip


def cases(points: dict[str, tuple[int, ...]]) -> list[str]:
    return [f"{point}:{times}" for point, all_times in points.items() for times in all_times]


def test_each_point_is_where_something_ends() -> None:
    assert SERVICE.keys() | CAMERA.keys() | COUNTER.keys() | ARCHIVER.keys() == set(POINTS)


@pytest.fixture
def mqtt(tmp_path: Path):
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    with own_broker(folder) as settings:
        yield settings


def ended_at(process: Process, armed: str) -> None:
    assert process.ends() == -signal.SIGKILL, process.said
    assert f"ended at the failpoint {armed.partition(':')[0]}" in process.said


@pytest.mark.parametrize("armed", cases(SERVICE))
def test_the_service_ends_there_and_goes_on(mqtt: MqttSettings, tmp_path: Path, armed: str, found: Callable[..., Row]) -> None:
    with a_sink() as sink, Device(mqtt) as camera:
        settings = settings_file(tmp_path, mqtt, standards=stand.STANDARDS, **{"[webhooks]": a_hook(sink.port, tmp_path)})
        process = Process(sys.executable, "-m", "broker", "run", "--settings", str(settings), environment={VARIABLE: armed})
        said = stand.a_morning(camera)
        try:
            wait_until(lambda: "connected to the MQTT broker" in process.said or not process.alive)
            camera.say_raw(f"greetline/1/{stand.STORE}/cam-door/event", b"junk")
            stand.say_until(camera, said, lambda: not process.alive)
            ended_at(process, armed)
        finally:
            process.kill()
        began = time.monotonic()
        with service(settings) as again:
            camera.say_raw(f"greetline/1/{stand.STORE}/cam-door/event", b"more junk")
            stand.say_until(camera, said, lambda: stand.all_acknowledged(camera, said))
            recovery = time.monotonic() - began
            stand.wait_for_the_lead(tmp_path, said.waiting)
            for_others = wait_until(lambda: told_in_order(tmp_path, sink.ids()), "the webhook is told everything, in order")
            assert again.stop() == 0
    lost, doubled = stand.losses(tmp_path, said)
    found("failpoints", lost=lost, doubled=doubled, recovery=recovery)
    assert (lost, doubled) == (0, 0)
    stand.judge(tmp_path, said)
    assert for_others
    # What was answered and not written down is sent again under its own name; nothing else is.
    assert len(sink.ids()) - len(set(sink.ids())) <= (armed.startswith(("webhook.sent", "change.", "journal.")))
    assert read_store(tmp_path, "SELECT count(*) FROM rejected")[0][0] >= 1


def a_hook(port: int, folder: Path) -> str:
    secret = folder / "hook.secret"
    secret.write_text(SECRET + "\n")
    return f'id = "crm"\nurl = "http://127.0.0.1:{port}/hook"\nsecret_file = "{secret}"\nallow = ["127.0.0.1"]'


def told_in_order(folder: Path, heard: list[str]) -> list[str]:
    """Return the names of all events for others once each was heard, in the order of the journal; [] before."""
    wanted = [f"{stand.STORE}.{fact}" for fact in stand.events_for_others(folder)]
    return wanted if list(dict.fromkeys(heard)) == wanted else []


@pytest.mark.parametrize("armed", cases(CAMERA))
def test_a_camera_ends_there_and_goes_on(mqtt: MqttSettings, tmp_path: Path, armed: str, found: Callable[..., Row]) -> None:
    settings = settings_file(tmp_path, mqtt)
    spool, ledger = tmp_path / "spool.db", tmp_path / "ledger"
    edge = [sys.executable, "-m", "tests.faults.feeder", str(settings), str(spool), str(ledger)]
    with service(settings):
        camera = Process(*edge, str(RATE), environment={VARIABLE: armed})
        try:
            ended_at(camera, armed)
        finally:
            camera.kill()
        began = time.monotonic()
        last = Process(*edge, "0")
        try:
            assert last.ends(30) == 0, last.said
        finally:
            last.kill()
        recovery = time.monotonic() - began
    lost, doubled = stand.spool_losses(tmp_path, spool, ledger)
    found("failpoints", lost=lost, doubled=doubled, recovery=recovery)
    assert (lost, doubled) == (0, 0)


@pytest.mark.parametrize("armed", cases(COUNTER))
def test_a_counter_ends_there_and_goes_on(tmp_path: Path, armed: str, found: Callable[..., Row]) -> None:
    ledger = tmp_path / "ledger"
    command = [sys.executable, "-m", "tests.faults.counter", str(tmp_path), str(ledger)]
    first = Process(*command, environment={VARIABLE: armed})
    ended_at(first, armed)
    began = time.monotonic()
    second = Process(*command)
    assert second.ends() == 0, second.said
    recovery = time.monotonic() - began
    shop = shop_in(tmp_path)
    try:
        assert upkeep.check(shop.db, deep=True).sound
        assert audit.verify(shop).whole
        kept = dict(shop.db.execute("SELECT id, number FROM tickets").fetchall())
        moves = Counter(shop.db.execute("SELECT ticket, move FROM ticket_moves").fetchall())
        facts = [row[0] for row in shop.db.execute("SELECT id FROM journal ORDER BY id").fetchall()]
    finally:
        shop.db.close()
    told = {(words[1], int(words[2])) for words in map(str.split, ledger.read_text().splitlines())}
    lost = len(told - set(kept.items())) + max(0, TICKETS - len(kept))
    doubled = len(kept) - len(set(kept.values())) + sum(n - 1 for n in moves.values())
    found("failpoints", lost=lost, doubled=doubled, recovery=recovery)
    assert (lost, doubled) == (0, 0)
    assert sorted(kept.values()) == list(range(1, TICKETS + 1)), "no number is left out and none is given to nobody"
    assert facts == list(range(1, len(facts) + 1))
