"""A device that says more than it may is passed over, and said so; everybody else is heard, and nothing honest is lost."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.messages import Ack, Message
from broker.link import Incoming, Link
from broker.service.floods import REMEMBERED, Floods, device_of
from broker.service.inbox import Inbox
from broker.settings import MqttSettings
from broker.shop import open_shop
from broker.store import rejected
from tests.service.parts import STORE, Device, shop_settings


def topic(device: str) -> str:
    return f"greetline/1/{STORE}/{device}/event"


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class FloodedLink(Link):
    """A link to nowhere: what the test puts in arrives, and what is said is remembered."""

    def __init__(self) -> None:
        super().__init__(MqttSettings(host="127.0.0.1"), client_id="still")
        self.done: list[int] = []
        self.told: list[str] = []

    def arrive(self, device: str, *events: str) -> None:
        speaker = Device(MqttSettings(host="127.0.0.1"), device)
        for event in events:
            payload = speaker.crossing(event, at=datetime.now(UTC)).model_dump_json().encode()
            self.inbox.put(Incoming(topic(device), payload, False, len(self.done) + self.inbox.qsize() + 1, 0, 1))

    def acknowledge(self, incoming: Incoming) -> None:
        self.done.append(incoming.mid)

    def publish(self, message: Message, *, retain: bool = False, qos: int = 1) -> bool:
        if isinstance(message.data, Ack):
            self.told += message.data.ids
        return True


def test_a_bucket_is_full_at_first_and_fills_again_with_time() -> None:
    ticks = Ticks()
    floods = Floods(ticks, burst=3, a_second=2)
    assert [floods.allows(topic("cam-door")) for _ in range(5)] == [True, True, True, False, False]
    assert floods.allows(topic("cam-other")), "each has its own"
    ticks.now = 1.0
    assert [floods.allows(topic("cam-door")) for _ in range(3)] == [True, True, False]
    ticks.now = 1000.0
    assert sum(floods.allows(topic("cam-door")) for _ in range(10)) == 3, "it fills no higher than it is"
    assert floods.passed_over == 10


def test_names_that_are_made_up_fill_nothing() -> None:
    floods = Floods(Ticks())
    for n in range(REMEMBERED + 500):
        floods.allows(topic(f"cam-{n}"))
    assert len(floods._left) == REMEMBERED
    assert device_of("a/b") == device_of("a/b/c/d/e/f") == "?"


def test_a_flood_is_said_once_and_keeps_neither_others_nor_its_own_later_words_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shop, link, ticks = open_shop(shop_settings(tmp_path), create=True), FloodedLink(), Ticks()
    inbox = Inbox(shop, link, Floods(ticks, burst=20, a_second=10))
    link.arrive("cam-mad", *(f"m-{n}" for n in range(100)))
    link.arrive("cam-door", "d-1")
    with caplog.at_level(logging.WARNING):
        assert inbox.turn(0.1) == 101
    assert link.done == list(range(1, 102)), "the MQTT broker need not keep any of it for us"
    assert link.told == [*(f"m-{n}" for n in range(20)), "d-1"], "what was passed over the camera still has"
    assert sum("says more than it may" in line for line in caplog.messages) == 1
    assert inbox.counted()["messages_passed_over"] == 80
    assert rejected.newest(shop.db) == []
    ticks.now = 1.0
    link.arrive("cam-mad", *(f"m-{n}" for n in range(20, 30)))
    inbox.turn(0.1)
    assert link.told[-10:] == [f"m-{n}" for n in range(20, 30)], "said again, it is taken"
    shop.db.close()
