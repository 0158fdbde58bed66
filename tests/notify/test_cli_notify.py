"""`greetline notify ...`, as a person types it, beside a service that runs."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from broker.desk import alerts
from broker.domain.alerts import AlertKind, AlertMove
from broker.settings import MqttSettings, Settings, read
from broker.shop import open_shop
from broker.store.database import change
from tests.notify.sink import Sink
from tests.service.conftest import any_mqtt as any_mqtt
from tests.service.parts import service, settings_file, wait_until

pytest.importorskip("apprise", reason="the extra `notify` is not installed")


def greetline(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy", "notify", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def with_phone(settings: Path, sink: Sink, more: str = 'alerts = "zone"') -> Path:
    (settings.parent / "phone.url").write_text(f"json://127.0.0.1:{sink.port}/topic")
    phone = f'[[notify]]\nid = "phone"\nurl_file = "phone.url"\nallow = ["127.0.0.1"]\n{more}\n'
    settings.write_text(settings.read_text() + phone)
    return settings


def test_a_service_tells_a_phone_and_the_log_says_so(any_mqtt: MqttSettings, tmp_path: Path, sink: Sink) -> None:
    settings = with_phone(settings_file(tmp_path, any_mqtt), sink)
    with service(settings):
        shop = open_shop(read(Settings, settings))
        with closing(shop.db.conn), change(shop.db):
            now = shop.clock()
            alert = alerts.raise_(shop, AlertKind.WAITING, "v1", "entrance", since=now, at=now)
            if alert.raised_at is None:
                alerts.move(shop, alert, AlertMove.RAISE, now)
        wait_until(lambda: sink.heard, "it is told")
        wait_until(lambda: '"done"' in greetline("log", "--json", "--settings", settings).stdout, "it is in the log")
    (row,) = [json.loads(line) for line in greetline("log", "phone", "--json", "--settings", settings).stdout.splitlines()]
    assert (row["to"], row["event"], row["state"]) == ("phone", "alert.raised", "done")
    (listed,) = json.loads(greetline("list", "--json", "--settings", settings).stdout)
    assert (listed["told_of"], listed["disabled"], listed["waiting"]) == (["alerts from zone on"], None, 0)


def test_a_phone_is_tried_out_and_nothing_shows_its_address(tmp_path: Path, sink: Sink) -> None:
    settings = with_phone(settings_file(tmp_path, MqttSettings(host="127.0.0.1")), sink)
    open_shop(read(Settings, settings)).db.conn.close()
    done = greetline("test", "phone", "--json", "--settings", settings)
    assert (done.returncode, json.loads(done.stdout)["taken"], len(sink.heard)) == (0, True, 1)
    sink.then = 403
    refused = greetline("test", "phone", "--settings", settings)
    assert (refused.returncode, "403" in refused.stderr) == (1, True)
    unknown = greetline("test", "tablet", "--settings", settings)
    assert (unknown.returncode, "there is phone" in unknown.stderr) == (2, True)
    assert greetline("enable", "phone", "--settings", settings).returncode == 0
    for command in ("list", "log"):
        shown = greetline(command, "--settings", settings)
        assert shown.returncode == 0
        assert "topic" not in shown.stdout + shown.stderr
