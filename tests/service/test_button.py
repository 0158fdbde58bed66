"""A button on the wall, exactly as docs/protocol.md says it: the commands of the page against a real MQTT broker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from broker.contract.codec import decode
from broker.contract.messages import Press, Status, Watch, message
from broker.settings import MqttSettings
from tests.service.parts import STORE, Device, count, own_broker, read_store, service, settings_file, wait_until

PAGE = Path(__file__).resolve().parents[2] / "docs" / "protocol.md"
ZONES = """
[[zones]]
id = "entrance"
name = "Entrance"
[[zones]]
id = "shoes"
name = "Shoes"
"""

pytestmark = [
    pytest.mark.mosquitto,
    pytest.mark.skipif(not shutil.which("mosquitto"), reason="no mosquitto here"),
    pytest.mark.skipif(not shutil.which("mosquitto_pub"), reason="no mosquitto-clients here"),
]


def command(name: str) -> str:
    """Return the command of the page between the marks *name*."""
    found = re.search(rf"<!-- {name} -->\n```sh\n(.*?)```\n<!-- /{name} -->", PAGE.read_text(), re.DOTALL)
    assert found, f"docs/protocol.md has no command {name}"
    return found[1]


def press(name: str, mqtt: MqttSettings, *, zone: str = "entrance") -> str:
    """Run a command of the page in a shell and return what it prints."""
    script = command(name)
    if mqtt.username:
        assert mqtt.password_file
        password = mqtt.password_file.read_text().splitlines()[0]
        script = re.sub(r"(mosquitto_(?:pub|sub)) ", rf"\1 -u {mqtt.username} -P {password} ", script)
    variables = {"HOST": mqtt.host, "PORT": str(mqtt.port), "STORE": STORE, "ZONE": zone}
    done = subprocess.run(
        ["bash", "-c", script], env={**os.environ, **variables}, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


def waiting(folder: Path) -> list[tuple]:
    return read_store(folder, "SELECT zone, state, how FROM visits ORDER BY zone")


@pytest.fixture
def shop(tmp_path: Path):  # type: ignore[no-untyped-def]
    """The service with one party waiting at the entrance."""
    with own_broker(tmp_path, "mosquitto") as mqtt:
        settings = settings_file(tmp_path, mqtt)
        settings.write_text(settings.read_text() + ZONES)
        with service(settings), Device(mqtt) as camera:
            camera.say(camera.crossing("ab-1"))
            camera.wait_acknowledged("ab-1")
            yield tmp_path, mqtt


def test_the_command_of_the_page_greets_the_party_that_waits(shop: tuple[Path, MqttSettings]) -> None:
    folder, mqtt = shop
    press("press", mqtt, zone="shoes")
    press("press", mqtt)
    wait_until(lambda: waiting(folder) == [("entrance", "acknowledged", "button")], "the party is greeted")
    assert count(folder, "rejected") == 0
    press("press", mqtt)
    wait_until(lambda: count(folder, "seen") == 4, "each press is a press of its own")


def test_the_button_of_the_page_waits_for_its_acknowledgement(shop: tuple[Path, MqttSettings]) -> None:
    folder, mqtt = shop
    assert press("press-and-wait", mqtt) == "green light\n"
    assert waiting(folder) == [("entrance", "acknowledged", "button")]
    assert count(folder, "seen") == 2, "the same press said again counts once"


def test_a_button_that_fell_silent_is_not_a_camera_that_does_not_watch(shop: tuple[Path, MqttSettings]) -> None:
    folder, mqtt = shop
    now = datetime.now(UTC)
    with Device(mqtt, "button-1") as button:
        said = Status(kind="button", watch=Watch.WATCHING, since=now)
        button.say(message(said, id="s-1", store=STORE, device="button-1", time=now))
        wait_until(lambda: read_store(folder, "SELECT kind FROM devices WHERE id = 'button-1'") == [("button",)])
        button.say_raw(
            f"greetline/1/{STORE}/button-1/status",
            json.dumps(
                {"specversion": "1.0", "id": "will", "source": f"/{STORE}/button-1", "type": "greetline.status",
                 "time": now.isoformat(), "data": {"watch": "offline", "since": now.isoformat()}}
            ).encode(),
        )  # fmt: skip
        wait_until(lambda: read_store(folder, "SELECT watch FROM devices WHERE id = 'button-1'") == [("offline",)])
    assert read_store(folder, "SELECT kind FROM devices WHERE id = 'button-1'") == [("button",)]
    assert read_store(folder, "SELECT count(*) FROM watches WHERE device = 'button-1'") == [(0,)]


def test_the_message_of_the_page_is_of_the_contract() -> None:
    said = re.search(r"-m '(\{.*?\}\})'", command("press"), re.DOTALL)
    assert said
    filled = said[1].replace("'\"$press\"'", "b-1").replace("'\"$STORE\"'", "shop").replace("'\"$ZONE\"'", "entrance")
    filled = re.sub(r"'\"\$\(date[^)]*\)\"'", "2026-11-21T13:04:31Z", filled)
    assert isinstance(decode("greetline/1/shop/button-1/event", filled.encode()).data, Press)
