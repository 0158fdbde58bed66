"""`greetline webhooks ...`, as a person types it, beside a service that runs and is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from broker.desk import visits
from broker.settings import MqttSettings, Settings, read
from broker.shop import open_shop
from tests.notify.sink import FINE, SECRET, a_sink
from tests.service.conftest import any_mqtt as any_mqtt
from tests.service.parts import service, settings_file, wait_until


def greetline(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy", "webhooks", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def with_hook(settings: Path, url: str, more: str = "") -> Path:
    (settings.parent / "crm.secret").write_text(SECRET)
    hook = f'[[webhooks]]\nid = "crm"\nurl = "{url}"\nsecret_file = "crm.secret"\nallow = ["127.0.0.1"]\n{more}\n'
    settings.write_text(settings.read_text() + hook)
    return settings


def come_in(settings: Path) -> None:
    shop = open_shop(read(Settings, settings))
    with closing(shop.db.conn):
        visits.add(shop, zone="entrance", by="test")


def test_a_service_tells_and_after_a_kill_goes_on_and_repeats_nothing(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    with a_sink() as sink:
        settings = with_hook(settings_file(tmp_path, any_mqtt), sink.url)
        with service(settings):
            come_in(settings)
            wait_until(lambda: len(sink.heard) == 1, "it is told")
        sink.then = 500
        with service(settings) as running:
            come_in(settings)
            wait_until(lambda: len(sink.heard) == 2, "it is tried")
            running.kill()
        listed = json.loads(greetline("list", "--json", "--settings", settings).stdout)
        assert (listed[0]["waiting"], listed[0]["disabled"]) == (1, None)
        sink.then = FINE
        assert greetline("enable", "crm", "--settings", settings).returncode == 0
        with service(settings):
            wait_until(lambda: len(sink.heard) == 3, "it is told after all")
            come_in(settings)
            wait_until(lambda: len(sink.heard) == 4, "and what comes then")
        first, second, again, next_ = sink.ids()
        assert (second, len({first, second, next_})) == (again, 3)
        assert sink.events() == ["visit.started"] * 4
        log = [json.loads(line) for line in greetline("log", "--json", "--settings", settings).stdout.splitlines()]
        assert [(row["state"], row["webhook_id"]) for row in log] == [("done", next_), ("done", again), ("done", first)]
        sent = greetline("send-again", log[-1]["id"], "--settings", settings)
        assert sent.returncode == 0, sent.stderr
        with service(settings):
            wait_until(lambda: sink.ids()[-1] == first, "again under the same id")


def test_a_test_says_whether_the_way_is_free(tmp_path: Path) -> None:
    plain = settings_file(tmp_path, MqttSettings(host="127.0.0.1"))
    open_shop(read(Settings, plain)).db.conn.close()
    with a_sink() as sink:
        settings = with_hook(plain, sink.url)
        done = greetline("test", "crm", "--json", "--settings", settings)
        assert (done.returncode, json.loads(done.stdout)["status"]) == (0, 204)
        assert sink.heard[0].read()["type"] == "greetline.test"
        sink.then = 302
        refused = greetline("test", "crm", "--settings", settings)
        assert refused.returncode == 1
        assert "put the right address into `url`" in refused.stderr
    assert greetline("test", "crm", "--settings", settings).returncode == 1, "nobody is there any more"
    unknown = greetline("test", "shop", "--settings", settings)
    assert (unknown.returncode, "there is crm" in unknown.stderr) == (2, True)
    listed = greetline("list", "--settings", settings)
    assert "crm" in listed.stdout
    for command in (("send-again", "7"), ("enable", "crm")):
        refused = greetline(*command, "--settings", settings)
        assert (refused.returncode, "Traceback" in refused.stderr) == (1, False)


def test_a_secret_is_new_is_ours_alone_and_is_never_written_over(tmp_path: Path) -> None:
    file = tmp_path / "crm.secret"
    made = greetline("secret", file)
    assert made.returncode == 0
    assert made.stdout == file.read_text()
    assert made.stdout.startswith("whsec_")
    assert file.stat().st_mode & 0o077 == 0
    again = greetline("secret", file)
    assert (again.returncode, file.read_text()) == (1, made.stdout)


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://10.0.0.1/x"])
def test_an_address_inside_ends_the_start_with_what_to_do(tmp_path: Path, url: str) -> None:
    settings = settings_file(tmp_path, MqttSettings(host="127.0.0.1"))
    settings.write_text(settings.read_text() + f'[[webhooks]]\nid = "crm"\nurl = "{url}"\nsecret_file = "s"\n')
    said = greetline("list", "--settings", settings)
    assert said.returncode == 3
    assert "named in `allow`" in said.stderr
