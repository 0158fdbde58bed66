"""Real footage through the whole shop: who came in on the film stands in the store, at the time of the film."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from broker.contract.codec import decode
from broker.contract.messages import Ack, Crossing, Direction, Kind, Message, Status
from broker.contract.topics import Channel, Topic
from broker.embedded import reach
from broker.settings import Settings
from broker.shop import STORE_FILE
from tests.deploy.running import greetline, wait_until
from tests.deploy.shops import camera, settings_of, shop_file

SHARED = Path(os.environ.get("GREETLINE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
FOOTAGE = SHARED / "footage"
NEAR = timedelta(seconds=1)
FILM_S = 60.0
"""Longer than any of the films, and starting the shop."""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.footage,
    pytest.mark.skipif(not FOOTAGE.is_dir(), reason=f"the measuring clips are not here ({FOOTAGE})"),
    pytest.mark.skipif(not shutil.which("mosquitto_sub"), reason="no mosquitto_sub to listen with"),
]
needs_mosquitto = [pytest.mark.mosquitto, pytest.mark.skipif(not shutil.which("mosquitto"), reason="no mosquitto here")]
BROKERS = ["amqtt", pytest.param("mosquitto", marks=needs_mosquitto)]


@dataclass(frozen=True)
class Film:
    """A clip and what two people saw on it."""

    path: Path
    truth: dict[str, Any]

    def at(self, direction: Direction, *, start: datetime) -> list[datetime]:
        """When somebody crossed in *direction*, had the film begun at *start*."""
        said = self.truth["in_dir"]
        fps = self.truth["fps"]
        frames = [event["frame"] for event in self.truth["events"] if (event["dir"] == said) == (direction is Direction.IN)]
        return [start + timedelta(seconds=frame / fps) for frame in frames]

    @property
    def allowed_more(self) -> int:
        """How many more may be counted coming in: the pram."""
        return len(self.truth.get("optional", ()))

    def as_camera(self, start: datetime) -> dict[str, object]:
        width, height = self.truth["size"]
        x1, y1, x2, y2 = self.truth["line"]
        points = [[x1 / width, y1 / height], [x2 / width, y2 / height]]
        return camera(str(self.path), points=points, inside=self.truth["in_dir"], starts_at=start.isoformat())


def film(name: str) -> Film:
    path = FOOTAGE / name
    if not path.exists():
        pytest.skip(f"{name} is not among the measuring clips")
    return Film(path, json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))


@contextmanager
def overheard(settings: Settings) -> Iterator[list[tuple[str, Message]]]:
    """Listen with mosquitto_sub, a client that is not ours, to everything that is said on the shop's MQTT broker."""
    mqtt = reach(settings.store.data, settings.mqtt)
    assert mqtt.password_file
    said: list[tuple[str, Message]] = []
    command = ["mosquitto_sub", "-V", "mqttv311", "-h", str(mqtt.host), "-p", str(mqtt.port), "-u", str(mqtt.username)]
    command += ["-P", mqtt.password_file.read_text().strip(), "-t", "greetline/#", "-v", "-q", "1"]
    listener = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def listen() -> None:
        assert listener.stdout
        for line in listener.stdout:
            topic, _, payload = line.rstrip("\n").partition(" ")
            said.append((topic, decode(topic, payload.encode())))

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    try:
        yield said
    finally:
        listener.terminate()
        listener.wait(5)
        thread.join(5)
        if listener.stdout:
            listener.stdout.close()


@pytest.mark.parametrize("own", BROKERS)
@pytest.mark.parametrize("name", ["shopdoor_overhead.mp4", "officedoor_a.mp4"])
def test_who_came_in_on_the_film_stands_in_the_store_at_the_time_of_the_film(tmp_path: Path, name: str, own: str) -> None:
    seen, start = film(name), datetime.now(UTC).replace(microsecond=0)
    settings = settings_of(shop_file(tmp_path, cameras=[seen.as_camera(start)], mqtt={"own": own}))
    with greetline("up", cwd=tmp_path) as running:
        running.wait_for("is open")
        with overheard(settings) as said:
            wait_until(
                lambda: any(isinstance(m.data, Status) and m.data.watch == "ended" for _, m in said), "the end", running, FILM_S
            )
            wait_until(lambda: crossings(said).keys() <= acknowledged(said), "every crossing acknowledged", running)
    the_store_agrees(settings, seen, start)
    the_wire_agrees(said, seen, start, settings)


def crossings(said: list[tuple[str, Message]]) -> dict[str, Message]:
    return {message.id: message for _, message in said if message.type is Kind.CROSSING}


def acknowledged(said: list[tuple[str, Message]]) -> set[str]:
    return {name for _, message in said if isinstance(message.data, Ack) for name in message.data.ids}


def the_store_agrees(settings: Settings, seen: Film, start: datetime) -> None:
    db = sqlite3.connect(f"file:{settings.store.data / STORE_FILE}?mode=ro", uri=True)
    t0s = [datetime.fromisoformat(row[0]) for row in db.execute("SELECT t0 FROM visits ORDER BY t0")]
    outs = [datetime.fromisoformat(row[0]) for row in db.execute("SELECT at FROM crossings WHERE NOT inward ORDER BY at")]
    people = db.execute("SELECT sum(size) FROM visits").fetchone()[0]
    db.close()
    assert_these(t0s, seen.at(Direction.IN, start=start), seen.allowed_more)
    assert_these(outs, seen.at(Direction.OUT, start=start), 0)
    assert people == len(t0s)


def the_wire_agrees(said: list[tuple[str, Message]], seen: Film, start: datetime, settings: Settings) -> None:
    store = settings.store.id
    topics = {topic for topic, _ in said}
    assert {str(Topic(store, "door", channel)) for channel in (Channel.EVENT, Channel.STATUS, Channel.ACK)} <= topics
    ins = sorted(m.time for m in crossings(said).values() if isinstance(m.data, Crossing) and m.data.direction is Direction.IN)
    assert_these(ins, seen.at(Direction.IN, start=start), seen.allowed_more)


def assert_these(found: list[datetime], true: list[datetime], allowed_more: int) -> None:
    """Each true time is found once, within a second; of others there are at most *allowed_more*."""
    rest = list(found)
    for at in true:
        nearest = min(rest, key=lambda other: abs(other - at), default=None)
        assert nearest is not None, f"{at} is missing in {found}"
        assert abs(nearest - at) <= NEAR, f"{at} is missing in {found}"
        rest.remove(nearest)
    assert len(rest) <= allowed_more, f"nobody crossed at {rest}"
