"""Asking a camera box: every way in which no answer comes is a sentence for the person who asked."""

from __future__ import annotations

import base64
import queue
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker import inquiry
from broker.contract.codec import decode
from broker.contract.messages import Answer, Ask, Command, Counting, Refused, Status, StillPart, Watch, message
from broker.contract.plan import Area, Plan, ZoneKind
from broker.contract.topics import Channel, Topic
from broker.inquiry import NoAnswer, NotDone
from broker.link import Link
from broker.settings import MqttSettings, Settings
from tests.service.conftest import any_mqtt
from tests.service.parts import PATIENCE_S, STORE, free_port, own_broker, shop_settings, wait_until

__all__ = ["any_mqtt"]
CAMERA = "cam-door"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 80


def settings(folder: Path, mqtt: MqttSettings) -> Settings:
    return shop_settings(folder, mqtt=mqtt)


class Box:
    """What a camera box may answer, honest or not: *says* gets the command, returns what is said and to which request."""

    def __init__(self, mqtt: MqttSettings, says: object) -> None:
        self._says = says
        topics = [str(Topic(STORE, CAMERA, Channel.COMMAND))]
        self.link = Link(mqtt, client_id="box", subscriptions=topics)
        self.heard: list[Command] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._answer, daemon=True)

    def say(self, body: Answer | Status, *, retain: bool = False) -> None:
        said = message(body, id="b-1", store=STORE, device=CAMERA, time=datetime.now(UTC))
        assert self.link.publish(said, retain=retain, qos=1)

    def _answer(self) -> None:
        while not self._stop.is_set():
            try:
                incoming = self.link.inbox.get(timeout=0.1)
            except queue.Empty:
                continue
            command = decode(incoming.topic, incoming.payload).data
            self.heard.append(command)
            for body in self._says(command):
                self.say(body)

    def __enter__(self) -> Box:
        self.link.start()
        assert self.link.wait_connected(PATIENCE_S)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(5)
        self.link.stop()


def parts(request: str, jpeg: bytes = JPEG, size: int = 7200) -> list[StillPart]:
    written = base64.b64encode(jpeg).decode()
    pieces = [written[begin : begin + size] for begin in range(0, len(written), size)]
    return [
        StillPart(request=request, part=n, parts=len(pieces), width=640, height=360, content=piece)
        for n, piece in enumerate(pieces, 1)
    ]


def test_a_picture_in_parts_is_whole_in_whatever_order_they_come(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    def says(command: Command) -> Iterator[Answer]:
        first, *others = parts(command.request)
        yield parts("another-request", b"\xff\xd8\xff" + b"not for us" * 900)[0]
        yield from (*reversed(others), others[0], first)

    with Box(any_mqtt, says):
        still = inquiry.still(settings(tmp_path, any_mqtt), CAMERA)
    assert (still.jpeg, still.width, still.height) == (JPEG, 640, 360)
    assert "jpeg" not in repr(still), "no log shows a picture by mistake"


def test_what_is_no_picture_is_not_shown(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with Box(any_mqtt, lambda command: parts(command.request, b"<script>" * 2000)), pytest.raises(NoAnswer, match="garbled"):
        inquiry.still(settings(tmp_path, any_mqtt), CAMERA)


def test_a_picture_that_breaks_off_is_no_answer(any_mqtt: MqttSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "ANSWER_SECONDS", 0.5)
    with Box(any_mqtt, lambda command: parts(command.request)[:-1]), pytest.raises(NoAnswer, match="does not answer"):
        inquiry.still(settings(tmp_path, any_mqtt), CAMERA)


def test_the_reason_of_the_box_is_handed_on(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    def says(command: Command) -> list[Answer]:
        return [Refused(request="of-somebody-else", reason="no"), Refused(request=command.request, reason="The lens is covered.")]

    with Box(any_mqtt, says), pytest.raises(NotDone) as refused:
        inquiry.trial(settings(tmp_path, any_mqtt), CAMERA, Plan())
    assert refused.value.reason == "The lens is covered."


def test_a_camera_that_is_not_connected_is_known_at_once(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with Box(any_mqtt, lambda command: []) as box:
        gone = Status(watch=Watch.OFFLINE, since=datetime.now(UTC), reason="switched off")
        box.say(gone, retain=True)
        begin = datetime.now(UTC)
        with pytest.raises(NoAnswer, match="cam-door is not connected: switched off"):
            inquiry.trial(settings(tmp_path, any_mqtt), CAMERA, Plan())
        assert (datetime.now(UTC) - begin).total_seconds() < 3


def test_nobody_answers_and_nothing_can_be_reached(any_mqtt: MqttSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inquiry, "ANSWER_SECONDS", 0.3)
    with pytest.raises(NoAnswer, match="Camera cam-door does not answer"):
        inquiry.shown(settings(tmp_path, any_mqtt), CAMERA)
    nowhere = MqttSettings(host="127.0.0.1", port=free_port())
    monkeypatch.setattr(inquiry, "CONNECT_SECONDS", 0.5)
    with pytest.raises(NoAnswer, match=f"127.0.0.1:{nowhere.port} cannot be reached"):
        inquiry.shown(settings(tmp_path, nowhere), CAMERA)
    with pytest.raises(NoAnswer, match="is not a device name"):
        inquiry.shown(settings(tmp_path, any_mqtt), "no/name")


def test_a_count_ends_with_its_last_word_and_a_silent_one_is_cut(
    any_mqtt: MqttSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def says(command: Command) -> list[Answer]:
        return [Counting(request=command.request, seconds=n, last=n == 3) for n in (1, 2, 3, 4)]

    asked = settings(tmp_path, any_mqtt)
    with Box(any_mqtt, says):
        assert [word.seconds for word in inquiry.counting(asked, CAMERA, Plan())] == [1, 2, 3]
        assert [word.seconds for word in inquiry.counting(asked, CAMERA, Plan(), seconds=2)] == [1, 2]
    monkeypatch.setattr(inquiry, "SILENCE_SECONDS", 0.3)
    with Box(any_mqtt, lambda command: says(command)[:1]), pytest.raises(NoAnswer):
        list(inquiry.counting(asked, CAMERA, Plan()))


def test_a_plan_too_large_to_be_sent_is_told_in_a_sentence(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    corners = tuple((n / 40 + 0.123456789, n / 40 + 0.0123456789) for n in range(32))
    vast = Plan(areas=tuple(Area(id=f"a{n}", kind=ZoneKind.IGNORE, points=corners) for n in range(16)))
    with pytest.raises(NotDone, match="too many corners"):
        inquiry.trial(settings(tmp_path, any_mqtt), CAMERA, vast)


def test_a_picture_is_asked_for_by_name_and_the_line_is_closed_again(tmp_path: Path) -> None:
    with own_broker(tmp_path) as mqtt, Box(mqtt, lambda command: parts(command.request)) as box:
        before = threading.active_count()
        inquiry.still(settings(tmp_path, mqtt), CAMERA)
        wait_until(lambda: threading.active_count() <= before, "its thread has ended")
        assert [command.name for command in box.heard] == [Ask.STILL]
