"""A real camera box, a real MQTT broker and the real service: what is drawn in the browser is what the camera counts by."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from broker.desk import devices
from broker.settings import CameraSettings, LineSettings, ZoneSettings
from broker.store.devices import find
from tests.browser.camera_page import drag, opened, save
from tests.browser.floor_parts import stands
from tests.browser.house import House, Watch
from tests.service.parts import Process, own_broker, service, settings_file

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DOOR = CameraSettings(
    id="entrance", name="Entrance", source="scene:door?seed=3&busy=3",
    lines=(LineSettings(zone="entrance", points=((0.08, 0.56), (0.92, 0.56)), inside="up"),),
)  # fmt: skip


def test_a_real_camera_shows_itself_counts_by_the_drawing_and_follows_it(
    tmp_path: Path, make_house: Callable[..., House], watch_over: Callable[[House], Watch]
) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    with own_broker(tmp_path) as mqtt:
        zones, line = (
            'id = "entrance"\nname = "Entrance"',
            '{ zone = "entrance", points = [[0.08, 0.56], [0.92, 0.56]], inside = "up" }',
        )
        camera = f'id = "entrance"\nname = "Entrance"\nsource = "{DOOR.source}"\nlines = [{line}]'
        file = settings_file(folder, mqtt, **{"[zones]": zones, "[cameras]": camera})
        with service(file):
            box = Process(sys.executable, "-m", "edge", "run", "--settings", str(file))
            try:
                house = make_house(mqtt=mqtt, cameras=(DOOR,), zones=(ZoneSettings(id="entrance", name="Entrance"),))
                assert stands(lambda: (seen := find(house.shop.db, "entrance")) and seen.watch == "watching", seconds=60), box.said
                watch = watch_over(house)
                # The first trial is looked at. A later one may meet a box that takes over the new plan just then.
                watch.expect_error("/cameras/entrance/trial")
                page = opened(house, watch)
                assert page.evaluate("document.querySelector('#still canvas').width") >= 320
                expect(page.locator("#trial")).to_contain_text("door counts", timeout=30_000)
                drag(page, (0.5, 0.56), (0.5, 0.62))
                page.get_by_role("button", name="Count live for a minute").click()
                expect(page.locator("#live-more")).to_contain_text("left", timeout=30_000)
                page.get_by_role("button", name="Stop counting").click()
                save(page)
                expect(page.locator("#force")).to_contain_text("In force since", timeout=30_000)
                seen = find(house.shop.db, "entrance")
                assert seen
                assert seen.figures["plan"] == 1
                assert seen.watch not in (devices.OFFLINE, devices.STARTING)
                page.get_by_role("button", name="Calibrate").click()
                drag(page, (0.3, 0.3), (0.7, 0.7))
                expect(page.locator("#swatches")).to_be_visible(timeout=30_000)
            finally:
                box.stop()
