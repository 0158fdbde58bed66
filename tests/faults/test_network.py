"""The network between a camera and the shop is cut, swallows everything, forgets one end, or is late: all arrives, once."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from broker.link.line import KEEPALIVE_SECONDS
from broker.settings import MqttSettings
from tests.faults import stand
from tests.faults.proxy import Proxy
from tests.faults.rows import Row
from tests.service.parts import Process, count, own_broker, read_store, service, settings_file, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.fault]

RATE = 50
"""Events a second."""
BACK_WITHIN = 10.0
"""Seconds until all that was said during the fault is with the shop; a camera asks again after five at most."""


@dataclass
class Scene:
    """A service, a line that can be spoiled, and a camera behind it."""

    folder: Path
    line: Proxy
    spool: Path
    ledger: Path
    process: Process

    def said(self) -> int:
        return len(self.ledger.read_text().splitlines())

    def taken(self) -> int:
        return count(self.folder, "seen")

    def caught_up(self) -> float:
        """Return the seconds until the shop knows what the camera had said by now."""
        said, began = self.said(), time.monotonic()
        wait_until(lambda: self.taken() >= said, "the shop knows what was said", 4 * BACK_WITHIN)
        return time.monotonic() - began


@contextmanager
def a_scene(folder: Path) -> Iterator[Scene]:
    beside = folder / "elsewhere"
    beside.mkdir()
    with own_broker(beside) as mqtt, Proxy(mqtt.port) as line, service(settings_file(folder, mqtt)):
        through = mqtt.model_copy(update={"port": line.port})
        spool, ledger = beside / "spool.db", beside / "ledger"
        ledger.touch()
        command = [sys.executable, "-m", "tests.faults.feeder", str(settings_file(beside, through)), str(spool), str(ledger)]
        scene = Scene(folder, line, spool, ledger, Process(*command, str(RATE)))
        try:
            wait_until(lambda: scene.taken() > RATE / 2, "the camera is heard")
            yield scene
            scene.process.kill()
            last = Process(*command, "0")
            try:
                assert last.ends(60) == 0, last.said
            finally:
                last.kill()
        finally:
            scene.process.kill()


def wait_said(scene: Scene, more: int) -> None:
    """Wait until the camera has said so many *more*: it goes on whatever the network does."""
    wanted = scene.said() + more
    wait_until(lambda: scene.said() >= wanted, "the camera goes on")


def cut_often(scene: Scene) -> None:
    for _ in range(8):
        scene.line.cut()
        wait_said(scene, RATE // 3)
    scene.line.refuse()
    wait_said(scene, RATE)


def swallow_all(scene: Scene) -> None:
    scene.line.black_hole()
    wait_said(scene, int(RATE * (1.5 * KEEPALIVE_SECONDS + 3)))


def swallow_for_a_moment(scene: Scene) -> None:
    scene.line.black_hole()
    wait_said(scene, RATE * 3)


def forget_one_end(scene: Scene) -> None:
    for _ in range(4):
        scene.line.half_open()
        wait_said(scene, RATE)


def be_late(scene: Scene) -> None:
    scene.line.delay(0.4)
    scene.line.drip(60_000)
    wait_said(scene, RATE * 4)


@pytest.mark.parametrize(
    ("fault", "spoil"),
    [
        pytest.param("cut", cut_often, id="cut"),
        pytest.param("black-hole", swallow_for_a_moment, id="black hole for a moment"),
        pytest.param("black-hole", swallow_all, id="black hole until nobody believes in it"),
        pytest.param("half-open", forget_one_end, id="half open"),
        pytest.param("slow-line", be_late, id="late and slow"),
    ],
)
def test_a_bad_network_loses_nothing_and_mends_by_itself(
    tmp_path: Path, fault: str, spoil: Callable[[Scene], None], found: Callable[..., Row]
) -> None:
    with a_scene(tmp_path) as scene:
        spoil(scene)
        assert scene.process.alive, scene.process.said
        scene.line.mend()
        recovery = scene.caught_up()
    lost, doubled = stand.spool_losses(tmp_path, scene.spool, scene.ledger)
    found(fault, lost=lost, doubled=doubled, recovery=recovery)
    assert (lost, doubled) == (0, 0)
    assert recovery < BACK_WITHIN


def test_a_shop_that_cannot_reach_its_mqtt_broker_mends_by_itself(tmp_path: Path, found: Callable[..., Row]) -> None:
    beside = tmp_path / "elsewhere"
    beside.mkdir()
    with own_broker(beside) as mqtt, Proxy(mqtt.port) as line:
        through: MqttSettings = mqtt.model_copy(update={"port": line.port})
        spool, ledger = beside / "spool.db", beside / "ledger"
        command = [sys.executable, "-m", "tests.faults.feeder", str(settings_file(beside, mqtt)), str(spool), str(ledger)]
        with service(settings_file(tmp_path, through)) as process:
            scene = Scene(tmp_path, line, spool, ledger, Process(*command, str(RATE)))
            try:
                wait_until(lambda: scene.taken() > RATE / 2, "the camera is heard")
                for word in (line.cut, line.half_open, line.refuse):
                    word()
                    wait_said(scene, RATE)
                line.mend()
                recovery = scene.caught_up()
                connected = "SELECT json_extract(figures, '$.mqtt') FROM devices WHERE id = 'service'"
                wait_until(lambda: read_store(tmp_path, connected) == [(1,)], "the service says that it is connected")
                assert process.alive
            finally:
                scene.process.kill()
            last = Process(*command, "0")
            assert last.ends(60) == 0, last.said
    lost, doubled = stand.spool_losses(tmp_path, spool, ledger)
    found("cut", lost=lost, doubled=doubled, recovery=recovery)
    assert (lost, doubled) == (0, 0)
    assert recovery < BACK_WITHIN
