"""What is not of the contract, what is our own mistake and what is the disk's: nothing blocks and nothing is lost."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from broker.contract.codec import encode, topic_of
from broker.contract.messages import MAX_BYTES, Message, Status, Watch, message
from broker.desk import arrivals
from broker.link import Incoming, Link
from broker.service.inbox import BATCH_MESSAGES, MAX_DEVICES, Inbox, subscriptions
from broker.service.seldom import Seldom
from broker.service.trouble import is_trouble
from broker.settings import MqttSettings
from broker.shop import Shop, open_shop
from broker.store import devices, rejected
from tests.service.parts import STORE, Device, count, service, settings_file, shop_settings, wait_until

EVENT = f"greetline/1/{STORE}/cam-door/event"

JUNK = [
    pytest.param(EVENT, b"", "payload", id="nothing"),
    pytest.param(EVENT, b"\x00\xff\xfe not json", "payload", id="not JSON"),
    pytest.param(EVENT, b"[" * 5000, "payload", id="nested without end"),
    pytest.param(EVENT, b'{"id": "x"}', "Field required", id="half a message"),
    pytest.param(EVENT, b"x" * (MAX_BYTES + 1), f"{MAX_BYTES + 1} bytes", id="too large"),
    pytest.param(f"greetline/1/{STORE}/CAM DOOR/event", b"{}", "not a device name", id="a device with a bad name"),
]


@pytest.mark.parametrize("retain", [False, True], ids=["live", "retained"])
def test_junk_is_kept_with_its_reason_and_blocks_nothing(any_mqtt: MqttSettings, tmp_path: Path, retain: bool) -> None:
    with service(settings_file(tmp_path, any_mqtt)) as process, Device(any_mqtt) as camera:
        for topic, payload, _ in (case.values for case in JUNK):
            if not (retain and payload == b""):
                camera.say_raw(topic, payload, retain=retain)
        camera.say(camera.crossing("ab-1"))
        camera.wait_acknowledged("ab-1")
        kept = _rejected(tmp_path)
    for topic, payload, reason in (case.values for case in JUNK):
        if not (retain and payload == b""):
            assert any(one.topic == topic and reason in one.reason for one in kept), (topic, reason, kept)
    assert count(tmp_path, "visits") == 1
    assert sum("was not taken" in line for line in process.lines) == 2, "once a minute for each device"
    assert "Traceback" not in process.said


def test_a_message_of_a_type_we_do_not_know_is_given_back_to_the_spool_as_done(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with service(settings_file(tmp_path, any_mqtt)), Device(any_mqtt) as camera:
        said = json.loads(camera.crossing("ab-1").model_dump_json()) | {"type": "greetline.later"}
        camera.say_raw(EVENT, json.dumps(said).encode())
        camera.wait_acknowledged("ab-1")
    [kept] = _rejected(tmp_path)
    assert json.loads(kept.payload) == said, "the whole of it is kept"


def test_a_device_cannot_speak_for_another(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with service(settings_file(tmp_path, any_mqtt)), Device(any_mqtt) as camera, Device(any_mqtt, "other") as other:
        camera.say_raw(EVENT, other.crossing("ab-1").model_dump_json().encode())
        camera.say(camera.crossing("ab-2"))
        camera.wait_acknowledged("ab-2")
    assert ["was said on" in one.reason for one in _rejected(tmp_path)] == [True]
    assert count(tmp_path, "visits") == 1


def test_duplicates_and_a_wrong_order_change_nothing(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with service(settings_file(tmp_path, any_mqtt)), Device(any_mqtt) as camera:
        party = [camera.crossing(f"ab-{n}", party="ab-0") for n in (2, 0, 1, 2, 0, 0)]
        camera.say(*party)
        camera.wait_acknowledged("ab-0", "ab-1", "ab-2")
    assert (count(tmp_path, "visits"), count(tmp_path, "crossings"), count(tmp_path, "seen")) == (1, 3, 3)


def _rejected(folder: Path) -> list[rejected.Rejected]:
    shop = open_shop(shop_settings(folder), create=False)
    try:
        return rejected.newest(shop.db)
    finally:
        shop.db.close()


class StillLink(Link):
    """A Link that is never started: what is put into its inbox has "arrived", and it remembers what was acknowledged."""

    def __init__(self) -> None:
        super().__init__(MqttSettings(host="127.0.0.1"), client_id="still")
        self.done: list[int] = []

    def arrive(self, *payloads: str) -> None:
        for payload in payloads:
            mid = self.inbox.qsize() + len(self.done) + 1
            self.inbox.put(Incoming(EVENT, payload.encode(), retain=False, mid=mid, connection=1, qos=1))

    def acknowledge(self, incoming: Incoming) -> None:
        self.done.append(incoming.mid)


@pytest.fixture
def still() -> StillLink:
    return StillLink()


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Shop]:
    shop = open_shop(shop_settings(tmp_path))
    yield shop
    shop.db.close()


def _crossing(event: str) -> str:
    return Device(MqttSettings(host="127.0.0.1")).crossing(event, at=datetime.now(UTC)).model_dump_json()


def _visits(shop: Shop) -> int:
    return int(shop.db.execute("SELECT count(*) FROM visits").fetchone()[0])


def test_a_batch_is_one_transaction_of_at_most_500(here: Shop, still: StillLink) -> None:
    still.arrive(*(_crossing(f"ab-{n}") for n in range(BATCH_MESSAGES + 10)))
    inbox = Inbox(here, still)
    assert inbox.turn(0.1) == BATCH_MESSAGES
    assert still.done == list(range(1, BATCH_MESSAGES + 1)), "in the order of arrival"
    moments = here.db.execute("SELECT count(DISTINCT at) FROM seen").fetchone()[0]
    assert moments == 1, "one transaction"
    assert inbox.turn(0.1) == 10


def test_nothing_is_acknowledged_before_another_process_can_read_it(here: Shop, tmp_path: Path) -> None:
    reader = open_shop(shop_settings(tmp_path))
    seen: list[tuple[str, int]] = []

    class Witness(StillLink):
        def acknowledge(self, incoming: Incoming) -> None:
            seen.append(("MQTT", _visits(reader)))

        def publish(self, message: Message, *, retain: bool = False) -> bool:
            seen.append((message.type, _visits(reader)))
            return True

    link = Witness()
    link.arrive(_crossing("ab-1"), _crossing("ab-2"))
    Inbox(here, link).turn(0.1)
    reader.db.close()
    assert seen == [("MQTT", 2), ("MQTT", 2), ("greetline.ack", 2)]


def test_one_message_that_trips_us_up_is_set_aside_and_the_others_are_taken(
    here: Shop, still: StillLink, caplog: pytest.LogCaptureFixture
) -> None:
    # A store that refuses one party, as a mistake of ours would: everything else in the batch is in order.
    here.db.execute("CREATE TRIGGER trip BEFORE INSERT ON visits WHEN NEW.party = 'ab-2' BEGIN SELECT raise(ABORT, 'tripped'); END")
    still.arrive(*(_crossing(f"ab-{n}") for n in (1, 2, 3)))
    with caplog.at_level(logging.ERROR):
        Inbox(here, still).turn(0.1)
    assert _visits(here) == 2
    assert [one.reason for one in rejected.newest(here.db)] == ["a mistake of ours: IntegrityError: tripped"]
    assert still.done == [1, 2, 3], "it will not get better, and unacknowledged it would come back for ever"
    assert "ab-2" in caplog.text


def test_a_full_disk_acknowledges_nothing_and_is_got_over(here: Shop, still: StillLink) -> None:
    inbox = Inbox(here, still)
    still.arrive(_crossing("ab-0"))
    inbox.turn(0.1)
    pages = here.db.execute("PRAGMA page_count").fetchone()[0]
    here.db.execute(f"PRAGMA max_page_count = {pages}").fetchone()
    still.arrive(*(_crossing(f"ab-{n}") for n in range(1, 400)))
    with pytest.raises(sqlite3.OperationalError) as full:
        inbox.turn(0.1)
    assert is_trouble(full.value)
    assert (_visits(here), still.done) == (1, [1])
    here.db.execute("PRAGMA max_page_count = 1000000").fetchone()
    assert inbox.turn(0.0) == 399, "the same batch again"
    assert (_visits(here), len(still.done)) == (400, 400)
    assert not rejected.newest(here.db)


def test_a_store_that_another_process_holds_is_waited_for(here: Shop, still: StillLink, tmp_path: Path) -> None:
    here.db.execute("PRAGMA busy_timeout = 50").fetchone()
    other = open_shop(shop_settings(tmp_path))
    other.db.execute("BEGIN IMMEDIATE")
    inbox = Inbox(here, still)
    still.arrive(_crossing("ab-1"))
    with pytest.raises(sqlite3.OperationalError) as locked:
        inbox.turn(0.1)
    assert is_trouble(locked.value)
    other.db.execute("ROLLBACK")
    other.db.close()
    assert inbox.turn(0.0) == 1
    assert _visits(here) == 1


def test_our_own_mistakes_are_not_taken_for_trouble(here: Shop) -> None:
    with pytest.raises(sqlite3.OperationalError) as wrong:
        here.db.execute("SELECT * FROM no_such_table")
    assert not is_trouble(wrong.value)
    assert not is_trouble(ValueError("x"))


def test_a_repeated_event_is_acknowledged_again_without_a_change(here: Shop, still: StillLink) -> None:
    inbox = Inbox(here, still)
    for _ in range(2):
        still.arrive(_crossing("ab-1"))
        inbox.turn(0.1)
    assert (_visits(here), len(still.done)) == (1, 2)
    assert arrivals.take(here, []) == 0


def test_the_same_is_said_seldom_and_counted() -> None:
    ticks = [0.0]
    seldom = Seldom(60, clock=lambda: ticks[0])
    assert [seldom.due("cam") for _ in range(4)] == [1, 0, 0, 0]
    assert seldom.due("other") == 1
    ticks[0] = 61
    assert seldom.due("cam") == 4


def test_made_up_devices_do_not_fill_the_store(here: Shop, still: StillLink) -> None:
    now = datetime.now(UTC)
    for n in range(MAX_DEVICES + 20):
        status = message(Status(watch=Watch.WATCHING, since=now), id=f"s-{n}", store=STORE, device=f"cam-{n}", time=now)
        still.inbox.put(Incoming(str(topic_of(status)), encode(status), retain=False, mid=n + 1, connection=1, qos=1))
    Inbox(here, still).turn(0.1)
    assert here.db.execute("SELECT count(*) FROM devices").fetchone() == (MAX_DEVICES,)
    assert len(rejected.newest(here.db)) == 20
    assert len(still.done) == MAX_DEVICES + 20


def test_a_time_that_no_clock_can_have_ends_no_service(here: Shop, still: StillLink) -> None:
    """Whoever stole a device could otherwise stop the shop: what is not acknowledged comes again."""
    early, late = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
    before_any = datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14)))
    speaker = Device(MqttSettings(host="127.0.0.1"))
    said = [
        *(
            message(Status(watch=Watch.WATCHING, since=early), id=f"s-{n}", store=STORE, device="cam-door", time=early)
            for n in "ab"
        ),
        speaker.crossing("ab-1", at=late),
        message(Status(watch=Watch.WATCHING, since=before_any), id="s-c", store=STORE, device="cam-door", time=early),
        message(Status(watch=Watch.WATCHING, since=early), id="s-d", store=STORE, device="other", time=before_any),
    ]
    for mid, each in enumerate(said, start=1):
        still.inbox.put(Incoming(str(topic_of(each)), encode(each), retain=False, mid=mid, connection=1, qos=1))
    assert Inbox(here, still).turn(0.1) == len(said)
    assert still.done == [1, 2, 3, 4, 5]
    assert ["no clock" in one.reason for one in rejected.newest(here.db)] == [True] * 3


def test_the_service_listens_to_what_devices_say_and_to_nothing_else() -> None:
    assert subscriptions("shop") == ("greetline/1/shop/+/event", "greetline/1/shop/+/status")


def test_a_status_that_floods_costs_one_commit_a_batch(here: Shop, still: StillLink) -> None:
    now, begun, inbox, turns = datetime.now(UTC), list[str](), Inbox(here, still), 0
    for n in range(300):
        said = message(Status(watch=Watch.WATCHING, since=now, dropped=n), id=f"s-{n}", store=STORE, device="cam-door", time=now)
        still.inbox.put(Incoming(str(topic_of(said)), encode(said), retain=False, mid=n + 1, connection=1, qos=1))
    here.db.conn.set_trace_callback(lambda asked: begun.append(asked) if asked.startswith("BEGIN") else None)
    while still.inbox.qsize():
        inbox.turn(0.1)
        turns += 1
    here.db.conn.set_trace_callback(None)
    assert still.done == list(range(1, 301))
    assert turns <= 300 / BATCH_MESSAGES + 1
    assert len(begun) <= turns


def test_a_status_that_floods_is_taken_to_its_last(here: Shop, any_mqtt: MqttSettings, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with service(settings_file(tmp_path, any_mqtt)), Device(any_mqtt) as camera:
        for n in range(300):
            camera.say(
                message(Status(watch=Watch.WATCHING, since=now, dropped=n), id=f"s-{n}", store=STORE, device="cam-door", time=now)
            )
        figures = "SELECT figures FROM devices WHERE id = 'cam-door'"
        wait_until(lambda: [json.loads(row[0])["dropped"] for row in here.db.execute(figures).fetchall()] == [299])


def test_since_when_a_camera_is_blind_is_told_by_our_clock_when_its_own_is_wrong(here: Shop, still: StillLink) -> None:
    behind = datetime.now(UTC) - timedelta(hours=1)
    said = [
        message(Status(watch=watch, since=behind), id=f"s-{n}", store=STORE, device="cam-door", time=behind)
        for n, watch in enumerate((Watch.WATCHING, Watch.WATCHING, Watch.BLIND))
    ]
    inbox = Inbox(here, still)
    for mid, each in enumerate(said, start=1):
        still.inbox.put(Incoming(str(topic_of(each)), encode(each), retain=False, mid=mid, connection=1, qos=1))
        inbox.turn(0.1)
    door = devices.find(here.db, "cam-door")
    assert door is not None
    assert abs(datetime.now(UTC) - door.since) < timedelta(seconds=20)
