"""`greetline broker ...`, as a person types it."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from broker.settings import MqttSettings
from broker.shop import STORE_FILE
from tests.service.parts import Device, Process, count, free_port, service, settings_file


def broker(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "broker", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_check_backup_and_rejected_work_while_the_service_runs(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, any_mqtt)
    with service(settings), Device(any_mqtt) as camera:
        camera.say_raw(f"greetline/1/oslo-city/{camera.name}/event", b"junk")
        camera.say(camera.crossing("ab-1"), camera.crossing("ab-2"))
        camera.wait_acknowledged("ab-1", "ab-2")
        found = broker("check", "--deep", "--json", "--settings", settings)
        copied = broker("backup", "--settings", settings, "-o", tmp_path / "copy" / "shop.db")
        refused = broker("rejected", "--json", "--settings", settings)
    said = json.loads(found.stdout)
    assert (found.returncode, said["sound"], said["counts"]["visits"]) == (0, True, 2)
    assert (copied.returncode, copied.stdout.strip()) == (0, str(tmp_path / "copy" / "shop.db"))
    with closing(sqlite3.connect(tmp_path / "copy" / "shop.db")) as copy:
        assert copy.execute("SELECT count(*) FROM visits").fetchone() == (2,)
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["shop.db"], "one file and no leavings"
    assert (tmp_path / "copy" / "shop.db").stat().st_mode & 0o077 == 0
    [kept] = [json.loads(line) for line in refused.stdout.splitlines()]
    assert kept["payload"] == "junk"


def test_check_finds_what_does_not_hold(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, any_mqtt)
    with service(settings), Device(any_mqtt) as camera:
        camera.say(camera.crossing("ab-1"))
        camera.wait_acknowledged("ab-1")
    with closing(sqlite3.connect(tmp_path / STORE_FILE, isolation_level=None)) as db:
        db.execute("DELETE FROM seen")
    found = broker("check", "--settings", settings)
    assert found.returncode == 1
    assert "NOT sound" in found.stdout
    assert "every crossing stands for an event that was taken" in found.stdout


def test_a_damaged_store_is_said_and_not_touched(tmp_path: Path) -> None:
    (tmp_path / STORE_FILE).write_bytes(b"this was never a store" * 1000)
    before = (tmp_path / STORE_FILE).read_bytes()
    for command in (["check"], ["backup"], ["rejected"], ["run", "--mqtt-host", "127.0.0.1"]):
        done = broker(*command, "--data", tmp_path)
        assert (done.returncode, "Traceback" in done.stderr) == (3, False), done.stderr
        assert "cannot be opened" in done.stderr
    assert (tmp_path / STORE_FILE).read_bytes() == before


@pytest.mark.parametrize("command", ["check", "backup", "rejected"])
def test_no_store_is_a_sentence_and_exit_code_3(command: str, tmp_path: Path) -> None:
    done = broker(command, "--data", tmp_path / "nowhere")
    assert done.returncode == 3
    assert "there is no store here" in done.stderr
    assert not (tmp_path / "nowhere").exists()


def test_a_typo_in_the_settings_stops_the_start(tmp_path: Path) -> None:
    path = tmp_path / "greetline.toml"
    path.write_text("[standards]\ngreet_within_second = 30\n")
    done = broker("run", "--settings", path)
    assert done.returncode == 3
    assert "greet_within_seconds" in done.stderr
    assert str(path) in done.stderr


def test_a_second_service_on_the_same_store_is_refused(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, any_mqtt)
    with service(settings) as first:
        second = broker("run", "--settings", settings)
        assert (second.returncode, "Traceback" in second.stderr) == (3, False)
        assert f"a service already works on this store (process {first.pid})" in second.stderr
        assert first.alive
        with Device(any_mqtt) as camera:
            camera.say(camera.crossing("ab-1"))
            camera.wait_acknowledged("ab-1")
        first.kill()
        with service(settings):
            assert count(tmp_path, "visits") == 1


def test_the_service_stops_cleanly_without_an_mqtt_broker(tmp_path: Path) -> None:
    settings = settings_file(tmp_path, MqttSettings(host="127.0.0.1", port=free_port()))
    process = Process(sys.executable, "-m", "broker", "run", "--settings", str(settings))
    process.wait_for("no connection to the MQTT broker")
    assert process.stop() == 0, process.said


def test_a_directory_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file where a directory should be: not even root can write below it")
    done = broker("run", "--data", tmp_path / "var" / "data", "--mqtt-host", "127.0.0.1")
    assert (done.returncode, "Traceback" in done.stderr) == (3, False)


@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["backup"], ["rejected"]])
def test_every_command_explains_itself(command: list[str]) -> None:
    done = broker(*command, "--help")
    assert done.returncode == 0
    assert not command or "Example: greetline broker" in done.stdout


def test_a_wrong_option_is_wrong_use() -> None:
    assert broker("check", "--depe").returncode == 2
