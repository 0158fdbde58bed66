"""Queues over the wire: what a camera counts calls a colleague by the clock of the service, and survives its death."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from broker.contract.messages import Message, Outcome, Status, Watch, ZoneCount, ZoneStay, message
from broker.contract.plan import ZoneKind
from broker.settings import MqttSettings
from tests.service.parts import PATIENCE_S, STORE, Device, read_store, service, settings_file, wait_until

TILL = '[[zones]]\nid = "till"\nname = "Till"\nqueue_people = 3\nqueue_seconds = 5\n'
ALERTS = "SELECT kind, subject, state FROM alerts"


def said(body: ZoneCount | ZoneStay | Status, name: str, at: datetime | None = None) -> Message:
    return message(body, id=name, store=STORE, device="cam-door", time=at or datetime.now(UTC))


def counts(people: int, *, longest: float | None = None) -> ZoneCount:
    return ZoneCount(zone="till", area="line", kind=ZoneKind.QUEUE, people=people, longest=longest)


def shop(folder: Path, mqtt: MqttSettings) -> Path:
    path = settings_file(folder, mqtt)
    path.write_text(path.read_text() + TILL)
    return path


def test_a_queue_of_which_nothing_more_is_said_calls_a_colleague_in_time(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with service(shop(tmp_path, any_mqtt)), Device(any_mqtt) as camera:
        began = datetime.now(UTC)
        camera.say(said(Status(watch=Watch.WATCHING, since=began, zones=("till",)), "s-1"))
        camera.say(said(counts(4, longest=90), "z-1"))
        camera.wait_acknowledged("z-1")
        found = wait_until(lambda: read_store(tmp_path, ALERTS), "the queue is too long")
        assert found == [("queue_over", "till", "raised")]
        assert timedelta(seconds=4.9) < datetime.now(UTC) - began < timedelta(seconds=PATIENCE_S)
        assert read_store(tmp_path, "SELECT people, oldest IS NOT NULL FROM areas") == [(4, 1)]


def test_a_service_that_was_killed_meanwhile_calls_all_the_same_and_once(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = shop(tmp_path, any_mqtt)
    with service(settings) as first, Device(any_mqtt) as camera:
        camera.say(said(counts(4), "z-1"))
        camera.say(said(counts(4), "z-1"))
        camera.wait_acknowledged("z-1")
        first.kill()
    with service(settings):
        wait_until(lambda: read_store(tmp_path, ALERTS) == [("queue_over", "till", "raised")], "the queue is too long")


def test_how_a_wait_ended_is_kept(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with service(shop(tmp_path, any_mqtt)), Device(any_mqtt) as camera:
        for name, outcome in (("w-1", Outcome.SERVED), ("w-2", Outcome.LEFT), ("w-3", None)):
            camera.say(said(ZoneStay(zone="till", area="line", kind=ZoneKind.QUEUE, seconds=61.5, outcome=outcome), name))
        camera.wait_acknowledged("w-3")
        assert read_store(tmp_path, "SELECT outcome, seconds FROM area_stays ORDER BY id") == [
            ("served", 61.5), ("left", 61.5), ("", 61.5),
        ]  # fmt: skip
