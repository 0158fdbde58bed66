"""What the tests of the camera pages share: an MQTT broker that runs, and a camera's box as far as the wire knows it."""

from __future__ import annotations

import base64
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import pytest

from broker.contract.codec import decode
from broker.contract.messages import (
    STILL_PART_CHARACTERS,
    AreaCount,
    Ask,
    Command,
    Counting,
    LineCount,
    LineTrial,
    Refused,
    Shown,
    StillPart,
    Trial,
    UniformSeen,
    message,
)
from broker.contract.plan import Plan
from broker.contract.topics import Channel, Topic
from broker.desk import devices
from broker.link import Link
from broker.settings import AreaSettings, CameraSettings, LineSettings, MqttSettings
from edge.scene import Scene
from tests.browser.house import House
from tests.service.parts import own_broker

STORE = "oslo-city"
ENTRANCE = CameraSettings(
    id="entrance", name="Entrance", source="scene:door",
    lines=(LineSettings(zone="entrance", points=((0.2, 0.5), (0.8, 0.5)), inside="up"),),
    areas=(
        AreaSettings(id="till", zone="shoes", kind="queue", points=((0.66, 0.1), (0.92, 0.12), (0.9, 0.36), (0.64, 0.34))),
        AreaSettings(id="window", kind="ignore", points=((0.02, 0.1), (0.16, 0.08), (0.18, 0.4), (0.03, 0.42))),
    ),
)  # fmt: skip
BLUE_AND_WHITE = tuple(200 if n == 28 else 130 if n == 62 else 60 if n == 50 else 0 for n in range(64))


@cache
def picture(seconds: float = 7.0) -> bytes:
    """A JPEG of the rendered door."""
    done, jpeg = cv2.imencode(".jpg", cv2.resize(Scene.parse("scene:door?seed=3&busy=2").picture(seconds), (960, 540)))
    assert done
    return bytes(jpeg)


class Box:
    """Answers what the set-up page asks, as `answers` says; `asked` holds the commands it got."""

    def __init__(self, mqtt: MqttSettings, device: str = "entrance", plan: Plan | None = None) -> None:
        self.device = device
        self.plan = plan or ENTRANCE.plan
        self.asked: list[Command] = []
        self.refuses: str = ""
        self.trials: Callable[[Plan], Trial] = lambda plan: trial(plan)
        self.counting = threading.Event()
        self._link = Link(mqtt, client_id=f"box-{device}", subscriptions=[str(Topic(STORE, device, Channel.COMMAND))])
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="box", daemon=True)

    def __enter__(self) -> Box:
        self._link.start()
        assert self._link.wait_connected(10)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join(5)
        self._link.stop()

    def named(self, ask: Ask) -> list[Command]:
        return [command for command in self.asked if command.name is ask]

    def _run(self) -> None:
        while not self._ends.is_set():
            with suppress(queue.Empty):
                incoming = self._link.inbox.get(timeout=0.05)
                command = decode(incoming.topic, incoming.payload).data
                assert isinstance(command, Command)
                self.asked.append(command)
                if command.request:
                    self._answer(command, command.request)

    def _answer(self, command: Command, request: str) -> None:
        if self.refuses:
            return self._say(Refused(request=request, reason=self.refuses))
        match command.name:
            case Ask.SHOW:
                self._say(Shown(request=request, plan=self.plan))
            case Ask.STILL:
                self._still(request)
            case Ask.TRY if command.plan:
                self._say(self.trials(command.plan).model_copy(update={"request": request}))
            case Ask.UNIFORM:
                self._say(UniformSeen(request=request, uniform=BLUE_AND_WHITE))
            case Ask.WATCH if command.plan:
                threading.Thread(target=self._count, args=(request, command.plan), daemon=True).start()
        return None

    def _still(self, request: str) -> None:
        text = base64.b64encode(picture()).decode()
        parts = [text[at : at + STILL_PART_CHARACTERS] for at in range(0, len(text), STILL_PART_CHARACTERS)]
        for n, part in enumerate(parts, start=1):
            self._say(StillPart(request=request, part=n, parts=len(parts), width=1280, height=720, content=part))

    def _count(self, request: str, plan: Plan) -> None:
        self.counting.set()
        for second in range(1, 61):
            if self._ends.wait(0.2):
                return
            lines = tuple(LineCount(line=line.id, ins=second // 2, outs=second // 3) for line in plan.lines)
            areas = tuple(AreaCount(area=area.id, people=2) for area in plan.areas if area.kind == "queue")
            self._say(Counting(request=request, seconds=float(second), last=second == 60, lines=lines, areas=areas))

    def _say(self, body: Any) -> None:
        self._link.publish(message(body, id="a-1", store=STORE, device=self.device, time=datetime.now(UTC)))


def trial(plan: Plan, *, seconds: float = 3600) -> Trial:
    """A trial in which a higher line counts fewer: enough to see two that differ."""
    lines = []
    for line in plan.lines:
        ins = 42 + round((line.points[0][1] - 0.45) * 100)
        ins_ago, outs_ago = (tuple(sorted((n * 977 + 40 * n) % int(seconds) for n in range(many))) for many in (ins, 39))
        lines.append(LineTrial(line=line.id, ins=ins, outs=39, turned=5, ins_ago=ins_ago[:60], outs_ago=outs_ago))
    return Trial(request="x", seconds=seconds, lines=tuple(lines))


def says(house: House, camera: str = "entrance", *, watch: str = "watching", plan: int = 0, **more: Any) -> None:
    """Let the store hear how a camera is, as the service would have written it."""
    now = house.shop.clock()
    figures = {"frames_per_second": 12.0, "plan": plan} if watch == "watching" else {}
    devices.heard(house.shop, camera, watch=watch, since=now, zones=("entrance",), said_at=now, figures=figures, **more)


@pytest.fixture(scope="session")
def mqtt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MqttSettings]:
    """Our own MQTT broker, running."""
    with own_broker(Path(tmp_path_factory.mktemp("mqtt"))) as settings:
        yield settings
