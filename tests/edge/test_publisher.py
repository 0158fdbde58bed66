"""The voice of a camera on a real MQTT broker: at once, again until acknowledged, in order, and nothing too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.codec import decode
from broker.contract.messages import Ack, Ask, Command, Crossing, Direction, Message, Refused, Status, StillPart, Watch, message
from broker.contract.topics import Channel, everything
from broker.link import Link
from broker.settings import MqttSettings
from edge import publisher as publishing
from edge.publisher import Publisher
from edge.sightings import Crossed
from edge.source import monotonic
from edge.spool import Spool
from tests.edge.builders import START
from tests.service.parts import PATIENCE_S, wait_until

STORE, DEVICE = "oslo-city", "door"


class Listener:
    """The service as a camera knows it: hears everything, and acknowledges when it is told to."""

    def __init__(self, mqtt: MqttSettings) -> None:
        topics = [everything(STORE, channel) for channel in (Channel.EVENT, Channel.STATUS)]
        self.link = Link(mqtt, client_id="listener", subscriptions=topics)
        self.heard: list[Message] = []

    def hear(self) -> list[Message]:
        while not self.link.inbox.empty():
            incoming = self.link.inbox.get()
            self.heard.append(decode(incoming.topic, incoming.payload))
        return self.heard

    def events(self) -> list[str]:
        return [said.id for said in self.hear() if said.channel is Channel.EVENT]

    def states(self) -> list[Watch]:
        return [said.data.watch for said in self.hear() if isinstance(said.data, Status)]

    def say(self, body: Ack | Command) -> None:
        said = message(body, id="service-1", store=STORE, device="service", time=datetime.now(UTC), to=DEVICE)
        assert self.link.publish(said)


@pytest.fixture
def listener(any_mqtt: MqttSettings) -> Iterator[Listener]:
    ears = Listener(any_mqtt)
    with ears.link:
        assert ears.link.wait_connected(PATIENCE_S)
        yield ears


@contextmanager
def voice(mqtt: MqttSettings, spool: Spool) -> Iterator[Publisher]:
    publisher = Publisher(mqtt, spool, store=STORE, device=DEVICE)
    publisher.start()
    try:
        yield publisher
    finally:
        publisher.stop()


def crossed(number: int, party: int | None = None) -> Crossed:
    return Crossed(
        number=number, party=party or number, line="door", zone="entrance", direction=Direction.IN, at=START, decided_at=START
    )


def test_an_event_is_said_again_until_it_is_acknowledged(any_mqtt: MqttSettings, listener: Listener, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    with voice(any_mqtt, spool) as publisher:
        publisher.say(crossed(1))
        begin = monotonic()
        wait_until(lambda: len(listener.events()) >= 2, "the event comes again")
        assert 1.2 < monotonic() - begin < 10
        listener.say(Ack(ids=(listener.events()[0],)))
        wait_until(lambda: len(spool) == 0, "the event is forgotten")
        said = len(listener.events())
        assert not wait_for_more(listener, said, 2.0)
    assert len(set(listener.events())) == 1


def wait_for_more(listener: Listener, said: int, seconds: float) -> bool:
    end = monotonic() + seconds
    while monotonic() < end:
        if len(listener.events()) > said:
            return True
        listener.link.connected.wait(0.05)
    return False


def test_what_happened_while_nobody_listened_is_said_in_order(tmp_path: Path, any_mqtt: MqttSettings, listener: Listener) -> None:
    spool = Spool(tmp_path / "spool.db")
    silent = Publisher(any_mqtt, spool, store=STORE, device=DEVICE)
    for number in range(1, 31):
        silent.say(crossed(number))
    assert len(spool) == 30
    with voice(any_mqtt, spool):
        wait_until(lambda: len(set(listener.events())) == 30, "all thirty")
    first_times = list(dict.fromkeys(listener.events()))
    assert first_times == [name for name, _ in spool.oldest(100)]


def test_only_so_many_events_are_in_flight(
    tmp_path: Path, any_mqtt: MqttSettings, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "MAX_IN_FLIGHT", 5)
    spool = Spool(tmp_path / "spool.db")
    with voice(any_mqtt, spool) as publisher:
        for number in range(1, 13):
            publisher.say(crossed(number))
        # They may be said again meanwhile: what counts is that no sixth is.
        wait_until(lambda: len(set(listener.events())) == 5, "the first five")
        wait_for_more(listener, len(listener.events()) + 5, 0.8)
        assert len(set(listener.events())) == 5
        listener.say(Ack(ids=tuple(set(listener.events()))))
        wait_until(lambda: len(set(listener.events())) == 10, "the next five")


def test_a_party_carries_the_id_of_its_first_crossing(any_mqtt: MqttSettings, listener: Listener, tmp_path: Path) -> None:
    with voice(any_mqtt, Spool(tmp_path / "spool.db")) as publisher:
        for number, party in ((1, 1), (2, 1), (3, 3), (4, 1)):
            publisher.say(crossed(number, party))
        wait_until(lambda: len(set(listener.events())) == 4, "four crossings")
    crossings = {said.id: said.data for said in listener.heard if isinstance(said.data, Crossing)}
    ids = list(crossings)
    assert [crossings[name].party for name in ids] == [ids[0], ids[0], ids[2], ids[0]]
    assert all(said.time == START for said in listener.heard if isinstance(said.data, Crossing))


def test_asked_for_a_report_it_says_everything_again_at_once(any_mqtt: MqttSettings, listener: Listener, tmp_path: Path) -> None:
    with voice(any_mqtt, Spool(tmp_path / "spool.db")) as publisher:
        publisher.say(crossed(1))
        wait_until(lambda: len(listener.events()) == 1, "the event")
        begin = monotonic()
        listener.say(Command(name=Ask.REPORT))
        assert publisher.report_wanted.wait(PATIENCE_S)
        wait_until(lambda: len(listener.events()) == 2, "the event again")
        assert monotonic() - begin < 1.2


def test_the_status_is_kept_for_whoever_comes_later_and_says_when_the_camera_is_gone(
    any_mqtt: MqttSettings, listener: Listener, tmp_path: Path
) -> None:
    with voice(any_mqtt, Spool(tmp_path / "spool.db")) as publisher:
        publisher.status(Status(watch=Watch.WATCHING, since=START))
        wait_until(lambda: Watch.WATCHING in listener.states(), "watching")
        late = Listener(any_mqtt)
        late.link._client_id = "late"
        with late.link:
            wait_until(lambda: late.states() == [Watch.WATCHING], "the kept status")
    wait_until(lambda: listener.states()[-1] is Watch.OFFLINE, "the goodbye")


def test_nonsense_on_its_topics_is_passed_over(any_mqtt: MqttSettings, listener: Listener, tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    with voice(any_mqtt, spool) as publisher:
        publisher.say(crossed(1))
        wait_until(lambda: len(listener.events()) == 1, "the event")
        for payload in (b"", b"{}", b"\xff\xfe", b'{"ids": ["' + b"x" * 3000 + b'"]}'):
            listener.link._live[1].publish(f"greetline/1/{STORE}/{DEVICE}/ack", payload, qos=1)  # type: ignore[index]
        listener.say(Ack(ids=(listener.events()[0],)))
        wait_until(lambda: len(spool) == 0, "the acknowledgement behind the nonsense")


def test_what_is_asked_waits_in_order_once_each_and_only_so_much_of_it(
    any_mqtt: MqttSettings, listener: Listener, tmp_path: Path
) -> None:
    with voice(any_mqtt, Spool(tmp_path / "spool.db")) as publisher:
        publisher.status(Status(watch=Watch.WATCHING, since=START))
        wait_until(listener.states, "it is on the wire")
        own = message(Command(name=Ask.SHOW, request="own"), id="o-1", store=STORE, device=DEVICE, time=datetime.now(UTC))
        assert listener.link.publish(own), "on its topic, and addressed to nobody"
        for request in ("r-1", "r-1", "r-2"):
            listener.say(Command(name=Ask.SHOW, request=request))
        listener.say(Command(name=Ask.REPORT))
        assert publisher.report_wanted.wait(PATIENCE_S)
        assert [asked.request for asked in iter(publisher.asked, None)] == ["r-1", "r-2"]
        publisher.report_wanted.clear()
        for number in range(50):
            listener.say(Command(name=Ask.SHOW, request=f"f-{number}"))
        listener.say(Command(name=Ask.REPORT))
        assert publisher.report_wanted.wait(PATIENCE_S), "who counts is not held up by who asks"
        assert [asked.request for asked in iter(publisher.asked, None)] == [f"f-{n}" for n in range(publishing.MAX_COMMANDS)]
        listener.say(Command(name=Ask.SHOW, request="f-49"))
        asked = wait_until(publisher.asked, "what was passed over may be asked again")
        assert asked.request == "f-49"


def test_a_part_of_a_picture_is_said_so_that_nobody_keeps_it(any_mqtt: MqttSettings, listener: Listener, tmp_path: Path) -> None:
    ears = Link(any_mqtt, client_id="asker", subscriptions=[everything(STORE, Channel.ANSWER)])
    with voice(any_mqtt, Spool(tmp_path / "spool.db")) as publisher, ears:
        assert ears.wait_connected(PATIENCE_S)
        part = StillPart(request="r-1", part=1, parts=1, width=4, height=3, content="AAAA")
        wait_until(lambda: publisher.answer(part), "a connection")
        wait_until(lambda: publisher.answer(Refused(request="r-1", reason="no")))
        heard = {}
        while len(heard) < 2:
            incoming = ears.inbox.get(timeout=PATIENCE_S)
            heard[type(decode(incoming.topic, incoming.payload).data)] = incoming
    assert (heard[StillPart].qos, heard[StillPart].retain) == (0, False)
    assert heard[Refused].qos == 1
