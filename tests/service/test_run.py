"""The process itself: it stays while the world is in trouble, and ends when we are."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from broker import lifeline
from broker.service.run import Occupied, sole_service
from broker.settings import MqttSettings
from broker.shop import STORE_FILE
from tests.service.parts import PATIENCE_S, Device, free_port, service, settings_file, wait_until


def test_a_mistake_of_ours_that_repeats_ends_the_process_so_that_it_is_started_afresh(
    any_mqtt: MqttSettings, tmp_path: Path
) -> None:
    with service(settings_file(tmp_path, any_mqtt)) as process:
        with closing(sqlite3.connect(tmp_path / STORE_FILE, isolation_level=None)) as db:
            db.execute("DROP TABLE alerts")
        assert process.ends() == 1
    assert process.said.count("a turn of the service failed") == 3


def test_it_ends_when_its_supervisor_does(tmp_path: Path) -> None:
    settings = settings_file(tmp_path, MqttSettings(host="127.0.0.1", port=free_port()))
    end, held = os.pipe()
    command = [sys.executable, "-m", "broker", "run", "--settings", str(settings), "--log-level", "warning"]
    process = subprocess.Popen(command, env={**os.environ, lifeline.FD: str(end)}, pass_fds=(end,), stderr=subprocess.DEVNULL)
    try:
        os.close(end)
        wait_until(lambda: (tmp_path / STORE_FILE).exists())
        os.close(held)
        assert process.wait(PATIENCE_S) == 0
    finally:
        process.kill()
        process.wait()


def test_the_lock_is_let_go_of_and_names_who_holds_it(tmp_path: Path) -> None:
    with sole_service(tmp_path), pytest.raises(Occupied, match=str(os.getpid())), sole_service(tmp_path):
        pass
    with sole_service(tmp_path):
        pass


def test_a_stop_in_the_middle_of_the_stream_loses_nothing(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    settings = settings_file(tmp_path, any_mqtt)
    names = [f"ab-{n}" for n in range(400)]
    with Device(any_mqtt) as camera:
        with service(settings) as process:
            camera.say(*(camera.crossing(name) for name in names))
            assert process.stop() == 0
        with service(settings):
            camera.say(*(camera.crossing(name) for name in names))
            camera.wait_acknowledged(*names)
    with closing(sqlite3.connect(tmp_path / STORE_FILE)) as db:
        assert db.execute("SELECT count(*), count(DISTINCT event) FROM crossings").fetchone() == (400, 400)
