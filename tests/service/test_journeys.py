"""From a message on a real MQTT broker to a visit in the store, and back to the device."""

from __future__ import annotations

import json
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from broker.contract.messages import Press, Status, Watch, message
from broker.contract.topics import TOPICS
from broker.settings import MqttSettings
from tests.service.parts import STORE, Device, count, read_store, service, settings_file, wait_until


def test_a_crossing_becomes_a_visit_and_is_acknowledged_after_the_commit(mqtt: MqttSettings, tmp_path: Path) -> None:
    t0 = datetime.now(UTC) - timedelta(seconds=3)
    with service(settings_file(tmp_path, mqtt)), Device(mqtt) as camera:
        camera.say(camera.crossing("ab-1", at=t0))
        camera.wait_acknowledged("ab-1")
        # No waiting here: what is acknowledged is committed.
        [(zone, kept_t0, state)] = read_store(tmp_path, "SELECT zone, t0, state FROM visits")
    assert (zone, state) == ("entrance", "entered")
    assert abs(datetime.fromisoformat(kept_t0) - t0) < timedelta(milliseconds=1), "T0 is the camera's time"


def test_a_party_and_a_repeated_message_are_one_visit(mqtt: MqttSettings, tmp_path: Path) -> None:
    with service(settings_file(tmp_path, mqtt)), Device(mqtt) as camera:
        camera.say(camera.crossing("ab-1"), camera.crossing("ab-2", party="ab-1"), camera.crossing("ab-1"))
        camera.say(camera.crossing("ab-2", party="ab-1"))
        camera.wait_acknowledged("ab-1", "ab-2")
        assert read_store(tmp_path, "SELECT size FROM visits") == [(2,)]
        assert count(tmp_path, "crossings") == 2


def test_a_press_of_the_button_greets_the_one_who_waits_longest(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with service(settings_file(tmp_path, any_mqtt)), Device(any_mqtt) as camera, Device(any_mqtt, "button") as button:
        camera.say(camera.crossing("ab-1", at=now - timedelta(seconds=9)), camera.crossing("ab-2", at=now))
        camera.wait_acknowledged("ab-1", "ab-2")
        press = message(Press(zone="entrance"), id="b-1", store=STORE, device="button", time=now + timedelta(seconds=1))
        button.say(press)
        button.wait_acknowledged("b-1")
        states = read_store(tmp_path, "SELECT party, state FROM visits ORDER BY party")
    assert states == [("ab-1", "acknowledged"), ("ab-2", "entered")]


def test_what_is_said_while_the_service_restarts_is_taken_afterwards(mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, mqtt)
    with Device(mqtt) as camera:
        with service(settings):
            camera.say(camera.crossing("ab-1"))
            camera.wait_acknowledged("ab-1")
        camera.say(camera.crossing("ab-2"))
        with service(settings):
            # The amqtt broker delivers what it had queued as if it were retained: the flag must not matter.
            camera.wait_acknowledged("ab-2")
    assert count(tmp_path, "visits") == 2


def test_a_service_that_starts_asks_every_camera_how_it_is(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, any_mqtt)
    with Device(any_mqtt) as camera:
        with service(settings):
            # Of now: one that is older is asked about its clock, which is another report.
            now = datetime.now(UTC)
            status = Status(watch=Watch.WATCHING, since=now, zones=("entrance",))
            camera.say(message(status, id="s-1", store=STORE, device="cam-door", time=now))
            wait_until(lambda: read_store(tmp_path, "SELECT watch FROM devices WHERE id = 'cam-door'") == [("watching",)])
        camera.listen()
        camera.commands.clear()
        with service(settings):
            wait_until(lambda: camera.listen() or camera.commands, "a report is asked for")
    assert camera.commands == ["report"]


def test_a_camera_whose_line_is_cut_is_offline_by_its_last_will(mqtt: MqttSettings, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    with service(settings_file(tmp_path, mqtt)), Device(mqtt) as camera:
        camera.say(message(Status(watch=Watch.WATCHING, since=now), id="s-1", store=STORE, device="cam-door", time=now))
        watch = "SELECT watch FROM devices WHERE id = 'cam-door'"
        wait_until(lambda: read_store(tmp_path, watch) == [("watching",)])
        camera.link._live[1].socket()._sock.close()  # type: ignore[index, union-attr]
        camera.link._stopping.set()
        wait_until(lambda: read_store(tmp_path, watch) == [("offline",)], "the last will")


def test_an_old_word_of_a_camera_that_is_long_gone_does_not_make_it_watch(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    with Device(any_mqtt) as camera:
        status = Status(watch=Watch.WATCHING, since=long_ago)
        camera.say(message(status, id="s-1", store=STORE, device="cam-door", time=long_ago))
        with service(settings_file(tmp_path, any_mqtt)):
            found = wait_until(lambda: read_store(tmp_path, "SELECT watch FROM devices WHERE id = 'cam-door'"))
    assert found == [("offline",)]


def test_the_screens_can_see_whether_the_service_runs(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    question = "SELECT kind, watch FROM devices WHERE id = 'service'"
    with service(settings_file(tmp_path, any_mqtt)):
        wait_until(lambda: read_store(tmp_path, question) == [("service", "watching")])
    assert read_store(tmp_path, question) == [("service", "offline")], "it was stopped on purpose and says so"


@pytest.mark.mosquitto
@pytest.mark.skipif(not shutil.which("mosquitto_sub"), reason="no mosquitto_sub here")
def test_mosquitto_sub_sees_the_documented_topics_and_payloads(mqtt: MqttSettings, tmp_path: Path) -> None:
    assert mqtt.password_file
    secret = mqtt.password_file.read_text().strip()
    with service(settings_file(tmp_path, mqtt)), Device(mqtt) as camera:
        now = datetime.now(UTC)
        camera.say(message(Status(watch=Watch.WATCHING, since=now), id="s-1", store=STORE, device="cam-door", time=now))
        listener = subprocess.Popen(
            ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(mqtt.port), "-u", "greetline", "-P", secret, "-V", "mqttv311",
             "-t", "greetline/#", "-v", "-W", "30"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert listener.stdout
            said = [listener.stdout.readline()]  # a retained status: from here on it hears everything
            camera.say(camera.crossing("ab-1"))
            # Of two topics the broker may send the later word first.
            while said[-1] and not all(any(topic in line for line in said) for topic in ("/event ", "/ack ")):
                said.append(listener.stdout.readline())
        finally:
            listener.kill()
            listener.wait()
    heard = {topic: json.loads(payload) for topic, payload in (line.split(" ", 1) for line in said)}
    named = {STORE: "<store>", "cam-door": "<device>", "service": "<device>", "entrance": "<zone>"}
    shapes = {"/".join(named.get(level, level) for level in topic.split("/")) for topic in heard}
    assert {TOPICS[c] for c in TOPICS if c in ("event", "status", "ack")} <= shapes <= set(TOPICS.values())
    assert heard[f"greetline/1/{STORE}/cam-door/ack"]["data"] == {"ids": ["ab-1"]}
    for payload in heard.values():
        assert {"specversion", "id", "source", "type", "time", "data"} <= payload.keys()
