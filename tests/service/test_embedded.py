"""Our own MQTT broker: closed to everybody without the secret, and plain about what is in its way."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from broker import lifeline
from broker.embedded import __main__ as embedded
from broker.embedded import found, prepare, reach
from broker.link import Link
from broker.settings import BadSettings, MqttSettings
from deploy import checks
from tests.service.conftest import KINDS
from tests.service.parts import PATIENCE_S, Process, free_port, listens, wait_until


def test_the_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    first = prepare(tmp_path, MqttSettings())
    assert first.settings.password_file
    secret = first.settings.password_file.read_text()
    assert len(secret.strip()) >= 40
    assert prepare(tmp_path, MqttSettings(port=1999)).settings.password_file.read_text() == secret  # type: ignore[union-attr]
    for path in (tmp_path / "mqtt").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert path.name == "secret" or secret.strip() not in path.read_text(), f"{path} holds the secret in the open"
    assert stat.S_IMODE((tmp_path / "mqtt").stat().st_mode) == 0o700


@pytest.mark.parametrize("own", KINDS)
def test_nobody_enters_without_the_secret_and_nobody_from_outside(own: str, tmp_path: Path) -> None:
    made = prepare(tmp_path, MqttSettings(port=free_port(), own=own))  # type: ignore[arg-type]
    process = Process(*made.command)
    try:
        with Link(made.settings, client_id="friend") as friend:
            assert friend.wait_connected(PATIENCE_S)
        stranger = MqttSettings(host="127.0.0.1", port=made.settings.port, protocol="3.1.1")
        with Link(stranger, client_id="stranger") as link:
            assert not link.wait_connected(1)
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children()]
        heard_at = {c.laddr.ip for one in family for c in one.net_connections("tcp") if c.status == psutil.CONN_LISTEN}
        assert heard_at == {"127.0.0.1"}
    finally:
        assert process.stop() == 0


@pytest.mark.parametrize("own", KINDS)
def test_a_port_in_use_is_a_clear_sentence_and_exit_code_3(own: str, tmp_path: Path) -> None:
    made = prepare(tmp_path, MqttSettings(port=free_port(), own=own))  # type: ignore[arg-type]
    first = Process(*made.command)
    try:
        wait_until(lambda: listens(made.settings.port))
        second = Process(*made.command)
        assert second.ends() == 3
        assert f"cannot listen on 127.0.0.1:{made.settings.port}: Address already in use" in second.said
        assert "Traceback" not in second.said
        assert first.alive
    finally:
        first.stop()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("own", KINDS)
def test_it_ends_with_its_process_and_frees_the_port(own: str, number: int, tmp_path: Path) -> None:
    made = prepare(tmp_path, MqttSettings(port=free_port(), own=own))  # type: ignore[arg-type]
    process = Process(*made.command)
    wait_until(lambda: listens(made.settings.port))
    process.stop(number)
    wait_until(lambda: not listens(made.settings.port), "the port is free")


@pytest.mark.parametrize("own", KINDS)
def test_it_ends_when_its_supervisor_does(own: str, tmp_path: Path) -> None:
    made = prepare(tmp_path, MqttSettings(port=free_port(), own=own))  # type: ignore[arg-type]
    end, held = os.pipe()
    process = subprocess.Popen(made.command, env={**os.environ, lifeline.FD: str(end)}, pass_fds=(end,))
    try:
        os.close(end)
        wait_until(lambda: listens(made.settings.port))
        os.close(held)
        assert process.wait(PATIENCE_S) == 0
        wait_until(lambda: not listens(made.settings.port))
    finally:
        process.kill()
        process.wait()


def test_a_program_that_is_asked_for_and_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(found, "_OF_ROOT", ())
    with pytest.raises(BadSettings, match="no mosquitto is on this machine"):
        prepare(tmp_path, MqttSettings(own="mosquitto"))
    assert prepare(tmp_path, MqttSettings(own="auto")).program == "amqtt"


def test_a_program_that_lies_where_only_roots_path_leads_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # As on Debian, where whoever tries Greetline first is not root.
    there = tmp_path / "sbin/mosquitto"
    there.parent.mkdir()
    there.write_text("#!/bin/sh\necho 'mosquitto version 2.0.11'\nexit 7\n")
    there.chmod(0o755)
    monkeypatch.setenv("PATH", "/bin")
    monkeypatch.setattr(found, "_OF_ROOT", (str(there.parent),))
    assert checks.mosquitto().says == str(there)
    made = prepare(tmp_path, MqttSettings(port=free_port(), own="auto"))
    assert made.program == "mosquitto"
    started: list[object] = []
    monkeypatch.setattr(
        embedded.subprocess, "Popen", lambda command, **_: started.append(command[0]) or SimpleNamespace(wait=lambda: 0)
    )
    monkeypatch.setattr(embedded.signal, "signal", lambda *_: None)
    monkeypatch.setattr(embedded.lifeline, "watch", lambda: None)
    assert embedded._run_mosquitto(tmp_path / "mqtt") == 0
    assert started == [str(there)]


def test_a_broker_that_is_named_is_the_one_that_is_used(tmp_path: Path) -> None:
    named = MqttSettings(host="mqtt.example.org")
    assert reach(tmp_path, named) is named
    assert not (tmp_path / "mqtt").exists()
    assert reach(tmp_path, MqttSettings()).host == "127.0.0.1"


def test_the_small_process_beside_mosquitto_stays_small() -> None:
    program = "import sys, broker.embedded.__main__; print([m for m in ('pydantic', 'amqtt', 'argon2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)
    assert done.stdout.strip() == "[]"
