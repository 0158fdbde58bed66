"""The line to the MQTT broker, against real ones."""

from __future__ import annotations

import logging
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.codec import TooLarge, decode
from broker.contract.messages import MAX_BYTES, Ack, Press, message, offline
from broker.contract.topics import Channel, everything
from broker.embedded import prepare
from broker.link import Incoming, Link
from broker.settings import MqttSettings
from tests.service.conftest import KINDS
from tests.service.parts import PATIENCE_S, Process, free_port, listens, own_broker, wait_until

EVENTS = everything("shop", Channel.EVENT)


def a_press(name: str = "a-1"):
    return message(Press(zone="kids"), id=name, store="shop", device="button", time=datetime.now(UTC))


@pytest.fixture(params=KINDS)
def mqtt(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MqttSettings]:
    with own_broker(tmp_path, request.param) as settings:
        yield settings


@pytest.mark.parametrize("will", [True, False], ids=["with a last will", "without one"])
def test_a_broker_that_speaks_only_mqtt_3_is_found_out(tmp_path: Path, will: bool) -> None:
    last = offline(store="shop", device="cam", at=datetime.now(UTC)) if will else None
    with own_broker(tmp_path, "amqtt") as settings:
        mqtt = settings.model_copy(update={"protocol": "auto"})
        with Link(mqtt, client_id="cam", will=last, subscriptions=[EVENTS]) as link:
            assert link.wait_connected(PATIENCE_S)
            assert link.publish(a_press())
            assert link.inbox.get(timeout=PATIENCE_S)


def test_nothing_is_held_back_to_be_joined_with_more(mqtt: MqttSettings) -> None:
    with Link(mqtt, client_id="speaker") as link:
        assert link.wait_connected(PATIENCE_S)
        assert link._live
        assert link._live[1].socket()._sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)  # type: ignore[union-attr]


def test_a_message_arrives_as_it_was_said_and_is_delivered_once_when_acknowledged(mqtt: MqttSettings) -> None:
    with Link(mqtt, client_id="listener", subscriptions=[EVENTS], manual_ack=True, clean=False) as listener:
        assert listener.wait_connected(PATIENCE_S)
        with Link(mqtt, client_id="speaker") as speaker:
            assert speaker.wait_connected(PATIENCE_S)
            said = a_press()
            assert speaker.publish(said)
            heard = listener.inbox.get(timeout=PATIENCE_S)
            assert decode(heard.topic, heard.payload) == said
            listener.acknowledge(heard)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.mosquitto
def test_what_was_not_acknowledged_comes_again_on_the_next_connection(tmp_path: Path, protocol: str) -> None:
    with own_broker(tmp_path, "mosquitto", protocol) as mqtt:
        with Link(mqtt, client_id="listener", subscriptions=[EVENTS], manual_ack=True, clean=False) as first:
            assert first.wait_connected(PATIENCE_S)
            with Link(mqtt, client_id="speaker") as speaker:
                assert speaker.wait_connected(PATIENCE_S)
                assert speaker.publish(a_press("a-1"))
                assert speaker.publish(a_press("a-2"))
            one, _ = first.inbox.get(timeout=PATIENCE_S), first.inbox.get(timeout=PATIENCE_S)
            first.acknowledge(one)
        with Link(mqtt, client_id="listener", subscriptions=[EVENTS], manual_ack=True, clean=False) as second:
            again = second.inbox.get(timeout=PATIENCE_S)
            assert decode(again.topic, again.payload).id == "a-2"


def test_an_acknowledgement_of_an_earlier_connection_is_not_sent_on_this_one(mqtt: MqttSettings) -> None:
    with Link(mqtt, client_id="listener", subscriptions=[EVENTS], manual_ack=True) as link:
        assert link.wait_connected(PATIENCE_S)
        stale = Incoming("x", b"", retain=False, mid=7, connection=link.number - 1, qos=1)
        link.acknowledge(stale)
        assert link._live
        assert not link._live[1].want_write()


def test_publishing_without_a_connection_says_so_and_keeps_nothing(tmp_path: Path) -> None:
    port = free_port()
    made = prepare(tmp_path, MqttSettings(port=port))
    with Link(made.settings, client_id="speaker") as link:
        assert link.publish(a_press()) is False
        process = Process(*made.command)
        try:
            with Link(made.settings, client_id="listener", subscriptions=[EVENTS]) as listener:
                assert listener.wait_connected(PATIENCE_S)
                assert link.wait_connected(PATIENCE_S)
                assert link.publish(a_press("a-2"))
                assert decode(*_said(listener.inbox.get(timeout=PATIENCE_S))).id == "a-2"
                with pytest.raises(queue.Empty):
                    listener.inbox.get(timeout=0.2)
        finally:
            process.stop()


def _said(incoming: Incoming) -> tuple[str, bytes]:
    return incoming.topic, incoming.payload


def test_the_last_will_is_said_and_kept_when_the_line_is_cut(mqtt: MqttSettings) -> None:
    statuses = everything("shop", Channel.STATUS)
    will = offline(store="shop", device="cam", at=datetime.now(UTC))
    with Link(mqtt, client_id="listener", subscriptions=[statuses]) as listener:
        assert listener.wait_connected(PATIENCE_S)
        with Link(mqtt, client_id="cam", will=will) as camera:
            assert camera.wait_connected(PATIENCE_S)
            _cut(camera)
            assert decode(*_said(listener.inbox.get(timeout=PATIENCE_S))) == will
            assert wait_until(lambda: camera.number >= 2 and camera.connected.is_set(), "it is back by itself")
    with Link(mqtt, client_id="late", subscriptions=[statuses]) as late:
        assert decode(*_said(late.inbox.get(timeout=PATIENCE_S))) == will


def _cut(link: Link) -> None:
    assert link._live
    link._live[1].socket()._sock.shutdown(socket.SHUT_RDWR)  # type: ignore[union-attr]


def test_a_goodbye_leaves_no_last_will(mqtt: MqttSettings) -> None:
    will = offline(store="shop", device="cam", at=datetime.now(UTC))
    with Link(mqtt, client_id="listener", subscriptions=[everything("shop", Channel.STATUS)]) as listener:
        assert listener.wait_connected(PATIENCE_S)
        with Link(mqtt, client_id="cam", will=will) as camera:
            assert camera.wait_connected(PATIENCE_S)
        with pytest.raises(queue.Empty):
            listener.inbox.get(timeout=0.5)


def test_a_new_broker_on_the_same_port_is_found_within_two_seconds_and_subscribed_to(tmp_path: Path) -> None:
    made = prepare(tmp_path, MqttSettings(port=free_port()))
    process = Process(*made.command)
    with (
        Link(made.settings, client_id="listener", subscriptions=[EVENTS]) as listener,
        Link(made.settings, client_id="s") as speaker,
    ):
        assert listener.wait_connected(PATIENCE_S)
        process.kill()
        wait_until(lambda: not listener.connected.is_set() and not listens(made.settings.port))
        process = Process(*made.command)
        try:
            assert listener.wait_connected(PATIENCE_S)
            assert speaker.wait_connected(PATIENCE_S)
            assert speaker.publish(a_press())
            assert listener.inbox.get(timeout=PATIENCE_S)
        finally:
            process.stop()


def test_a_message_that_is_too_large_is_refused_before_it_is_sent(mqtt: MqttSettings) -> None:
    ids = tuple(f"{n:060d}" for n in range(120))
    far_too_long = message(Ack(ids=ids), id="a" * 60, store="shop", device="service", time=datetime.now(UTC), to="cam")
    with Link(mqtt, client_id="speaker") as link:
        assert link.wait_connected(PATIENCE_S)
        if len(far_too_long.model_dump_json()) > MAX_BYTES:
            with pytest.raises(TooLarge):
                link.publish(far_too_long)
        assert link.connected.is_set()


def test_a_refused_sign_in_is_said_once_in_plain_words(
    mqtt: MqttSettings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not the secret\n")
    with (
        caplog.at_level(logging.WARNING, logger="broker.link"),
        Link(mqtt.model_copy(update={"password_file": wrong}), client_id="stranger") as link,
    ):
        wait_until(lambda: "refused the sign-in of 'greetline'" in caplog.text, "it is refused")
        assert not link.wait_connected(4 if mqtt.own == "amqtt" else 1.5)
    refusals = [record.message for record in caplog.records if "refused the sign-in of 'greetline'" in record.message]
    assert len(refusals) == 1
    assert "password_file" in refusals[0]


def test_a_broker_that_takes_the_connection_and_says_nothing_is_given_up_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with (
        _black_hole() as (port, accepted),
        caplog.at_level(logging.WARNING, logger="broker.link"),
        Link(MqttSettings(host="127.0.0.1", port=port), client_id="patient") as link,
    ):
        wait_until(lambda: len(accepted) >= 3, "a third attempt")
        assert not link.connected.is_set()
    assert any("does not answer" in record.message for record in caplog.records)


@contextmanager
def _black_hole() -> Iterator[tuple[int, list[socket.socket]]]:
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            try:
                while True:
                    accepted.append(server.accept()[0])
            except OSError:
                pass

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], accepted
        server.shutdown(socket.SHUT_RDWR)
        thread.join(5)
    for one in accepted:
        one.close()


def test_stopping_does_not_take_long_even_when_nobody_is_there() -> None:
    link = Link(MqttSettings(host="127.0.0.1", port=free_port()), client_id="lonely")
    link.start()
    link.stop()
    assert not link._thread.is_alive()


def test_many_messages_at_once_arrive_complete_and_in_order(mqtt: MqttSettings) -> None:
    with (
        Link(mqtt, client_id="listener", subscriptions=[EVENTS], manual_ack=True) as listener,
        Link(mqtt, client_id="speaker") as speaker,
    ):
        assert listener.wait_connected(PATIENCE_S)
        assert speaker.wait_connected(PATIENCE_S)
        heard = []
        for n in range(300):
            assert wait_until(lambda n=n: speaker.publish(a_press(f"a-{n}")))
        for _ in range(300):
            incoming = listener.inbox.get(timeout=PATIENCE_S)
            listener.acknowledge(incoming)
            heard.append(decode(*_said(incoming)).id)
    assert heard == [f"a-{n}" for n in range(300)]
