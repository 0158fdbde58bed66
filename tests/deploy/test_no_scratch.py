"""A machine whose temporary folders cannot be written still opens its shop, and no copy of a secret is left in one."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from broker.embedded import prepare
from broker.settings import MqttSettings
from tests.deploy.running import Running
from tests.deploy.shops import shop_file

CLOSED = """
mount --bind . . && for each in /tmp /var/tmp; do mount --rbind $each $each && mount -o remount,bind,ro $each || exit 9; done
cd "$PWD" && exec "$@"
"""
"""Run the rest with read-only temporary folders, but for the working directory."""
APART = ["unshare", "--mount", "--map-root-user", "sh", "-c", CLOSED, "sh"]


def closed(*command: str, cwd: Path) -> Running:
    tried = subprocess.run([*APART, "true"], cwd=cwd, capture_output=True, text=True, timeout=30, check=False)
    if tried.returncode:
        pytest.skip(f"no room apart can be made here: {tried.stderr.strip()}")
    return Running([*APART, *command], cwd, {"TMPDIR": ""})


def test_a_shop_opens_where_no_temporary_folder_can_be_written(tmp_path: Path) -> None:
    shop_file(tmp_path)
    running = closed(sys.executable, "-m", "deploy", "up", cwd=tmp_path)
    try:
        running.wait_for("Oslo City is open")
        family = running.descendants()
        running.process.send_signal(signal.SIGINT)
        assert running.ends() == 0
        assert not any(one.is_running() for one in family)
        assert "Traceback" not in running.said
    finally:
        running.process.kill()
        running.process.wait()


def test_the_secret_of_our_own_broker_lies_in_one_file_alone(tmp_path: Path) -> None:
    made = prepare(tmp_path, MqttSettings(own="mosquitto"))
    assert made.settings.password_file
    secret = made.settings.password_file.read_text().strip()
    assert [path.name for path in tmp_path.rglob("*") if path.is_file() and secret in path.read_text()] == ["secret"]
    assert {path.name for path in (tmp_path / "mqtt").iterdir()} == {"secret", "mosquitto.passwd", "mosquitto.conf"}
