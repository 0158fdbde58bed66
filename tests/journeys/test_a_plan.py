"""From the office to the door: a line is drawn, and the camera counts by it, whoever was away meanwhile."""

from __future__ import annotations

import sys
import time
from itertools import count
from pathlib import Path

import pytest

from broker import inquiry
from broker.contract.plan import Line, Plan
from broker.desk import plans
from broker.settings import MqttSettings, Settings, read
from broker.shop import Shop, open_shop
from broker.store import devices
from tests.service.conftest import any_mqtt
from tests.service.parts import Process, in_quiet, service, settings_file, wait_until

__all__ = ["any_mqtt"]
CAMERA = "cam-door"
TABLE = f"""id = "{CAMERA}"
source = "scene:door?seed=3&busy=4"
lines = [{{ id = "door", zone = "entrance", points = [[0.08, 0.56], [0.92, 0.56]], inside = "up" }}]"""


def drawn(y: float) -> Plan:
    return Plan(lines=(Line(zone="entrance", points=((0.08, y), (0.92, y)), inside="up"),))


def in_force(shop: Shop) -> object:
    device = devices.find(shop.db, CAMERA)
    return device.figures.get("plan") if device and device.watch == "watching" else None


@pytest.mark.slow
def test_a_line_that_was_drawn_reaches_its_camera_and_stays_there(any_mqtt: MqttSettings, tmp_path: Path) -> None:
    file = settings_file(tmp_path, any_mqtt, **{"[cameras]": TABLE})
    settings = read(Settings, file)
    shop = open_shop(settings)
    edge = [sys.executable, "-m", "edge", "run", "--settings", str(file)]
    camera = None
    try:
        with service(file):
            # Saved before the camera was ever there.
            first = plans.save(shop, CAMERA, drawn(0.5), "anna", base=0)
            camera = Process(*edge)
            wait_until(lambda: in_force(shop) == first.version, "the camera says that it looks by it")
            assert inquiry.shown(settings, CAMERA) == first
            bases = count(1)

            def is_soon_in_force() -> Plan:
                begin, base = time.monotonic(), next(bases)
                saved = plans.save(shop, CAMERA, drawn(0.45 - base / 100), "anna", base=base)
                wait_until(lambda: in_force(shop) == saved.version, "the next one")
                assert time.monotonic() - begin < 2.0, "saved, sent, in force, said, heard and written down"
                return saved

            second = in_quiet(is_soon_in_force)
            camera.kill()
            wait_until(lambda: in_force(shop) is None, "the camera is gone")
            third = plans.put_back(shop, CAMERA, 1, "bo")
        # The service is away too; the camera alone looks as it did.
        camera = Process(*edge)
        wait_until(lambda: _shown(settings) == second, "the plan of before")
        with service(file):
            wait_until(lambda: in_force(shop) == third.version, "what was put back meanwhile")
    finally:
        if camera:
            camera.stop()
        shop.db.close()


def _shown(settings: Settings) -> Plan | None:
    try:
        return inquiry.shown(settings, CAMERA)
    except inquiry.NoAnswer:
        return None
