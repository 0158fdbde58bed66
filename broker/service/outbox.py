"""What the service says on its own: that it runs, "report" to every device it knows, to a camera its plan, how the queues are.

A service that has been away does not know how its cameras are. It asks each of them, so that the screens know within a
second and the spools are emptied at once instead of at the next resend. A camera says with every status by which plan
it looks; as long as that is not the one that was drawn last, it is told, so nothing that was saved is ever missed.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from broker.contract.codec import TooLarge
from broker.contract.messages import Ask, Command, Light, Message, Mirror, Status, Watch, message, offline
from broker.desk import devices, plans
from broker.failpoints import passing
from broker.link import Link
from broker.notify.home_assistant import Announcer
from broker.notify.lights import Lights
from broker.service.mirrors import Mirrors
from broker.shop import Shop
from broker.store import devices as stored_devices
from broker.store import plans as stored_plans
from broker.store.database import text

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 2.0
"""The service writes so often that it runs; `[alerts] device_silent_seconds` is at least twice as long."""
PLAN_LOOK_SECONDS: Final = 0.25
"""A plan that any process has saved is noticed this much late at most."""
FIRST_AGAIN_SECONDS: Final = 5.0
LAST_AGAIN_SECONDS: Final = 60.0
"""A camera that does not say that it looks by its plan is told again after the first, then twice as long, up to the last."""


def last_will(store: str, at: datetime) -> Message:
    """Return what the MQTT broker says for the service when it is gone."""
    return offline(store=store, device=devices.SERVICE, at=at)


@dataclass(slots=True)
class _Told:
    """What a camera was told, and when it is told again."""

    version: int
    again_at: float
    pause: float = FIRST_AGAIN_SECONDS


class Outbox:
    """Says what must be said when its time has come."""

    def __init__(
        self, shop: Shop, link: Link, ticks: Callable[[], float] = time.monotonic,
        counted: Callable[[], dict[str, object]] = dict,
    ) -> None:  # fmt: skip
        """Speak for the service of *shop* on *link*; *counted* gives the figures it says of itself beside the connection's."""
        self._shop = shop
        self._link = link
        self._ticks = ticks
        self._began = shop.clock()
        self._counted = counted
        self._line = (False, self._began)
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._asked_on = 0
        self._next_beat = ticks()
        self._next_plan_look = ticks()
        self._told: dict[str, _Told] = {}
        self._mirrors = Mirrors(shop, ticks)
        self._lights = Lights(shop, ticks)
        self._announcer = Announcer(shop)

    def turn(self) -> None:
        """Say what is due."""
        if self._ticks() >= self._next_beat:
            self._next_beat = self._ticks() + HEARTBEAT_SECONDS
            figures = self._figures()
            devices.heard(self._shop, devices.SERVICE, kind="service", watch=Watch.WATCHING, since=self._began, figures=figures)
            passing("outbox.beat")
        if self._link.connected.is_set() and self._asked_on != self._link.number:
            self._asked_on = self._link.number
            self._say_hello()
            passing("outbox.hello")
        if self._link.connected.is_set() and self._ticks() >= self._next_plan_look:
            self._next_plan_look = self._ticks() + PLAN_LOOK_SECONDS
            self._send_plans()
        if self._link.connected.is_set():
            self._mirrors.turn(self._link.number, self._say_mirror)
            self._lights.turn(self._link.number, self._say_light)
            self._announcer.turn(self._link.number, self._link.keep)

    def ask_again(self) -> None:
        """Ask every camera how it is at the next turn: its clock is to be compared with ours anew."""
        self._asked_on = 0

    def goodbye(self) -> None:
        """Say that the service stops on purpose."""
        now = self._shop.clock()
        reason = "the service was stopped"
        devices.heard(self._shop, devices.SERVICE, kind="service", watch=Watch.OFFLINE, since=now, reason=reason)
        self._link.publish(self._message(Status(watch=Watch.OFFLINE, since=now, reason=reason)), retain=True)

    def _figures(self) -> dict[str, object]:
        """Return what the service says of itself: whether it is connected and since when, and what was counted."""
        connected = self._link.connected.is_set()
        if connected != self._line[0]:
            self._line = (connected, self._shop.clock())
        return {"mqtt": connected, "mqtt_since": text(self._line[1]), **self._counted()}

    def _say_hello(self) -> None:
        self._link.publish(self._message(Status(watch=Watch.WATCHING, since=self._began)), retain=True)
        for device in self._known():
            self._link.publish(self._message(Command(name=Ask.REPORT), to=device))

    def _send_plans(self) -> None:
        """Tell each connected camera its plan while it says that it looks by another."""
        drawn = stored_plans.versions(self._shop.db)
        from_settings = {camera.id: 0 for camera in self._shop.settings.cameras}
        behind = set()
        for device in stored_devices.everyone(self._shop.db):
            wanted, reported = (from_settings | drawn).get(device.id), device.figures.get("plan")
            # A camera that says nothing of plans is away, or of an earlier Greetline.
            if device.watch == devices.OFFLINE or wanted is None or reported in (None, wanted):
                continue
            behind.add(device.id)
            self._send_plan(device.id, wanted)
        self._told = {camera: told for camera, told in self._told.items() if camera in behind}

    def _send_plan(self, camera: str, version: int) -> None:
        told = self._told.get(camera)
        if told and told.version == version:
            if self._ticks() < told.again_at:
                return
            told.pause = min(told.pause * 2, LAST_AGAIN_SECONDS)
        else:
            told = self._told[camera] = _Told(version, 0.0)
        told.again_at = self._ticks() + told.pause
        plan = plans.current(self._shop, camera)
        if plan is None:
            return
        try:
            self._link.publish(self._message(Command(name=Ask.PLAN, plan=plan), to=camera))
        except TooLarge as wrong:
            log.error("plan %d of camera %s cannot be sent: %s", plan.version, camera, wrong)

    def _known(self) -> list[str]:
        stored = (device.id for device in stored_devices.everyone(self._shop.db) if device.kind == "camera")
        configured = (camera.id for camera in self._shop.settings.cameras)
        return list(dict.fromkeys([*configured, *stored]))

    def _say_mirror(self, body: Mirror) -> bool:
        return self._link.publish(self._message(body), retain=True)

    def _say_light(self, zone: str, body: Light) -> bool:
        return self._link.publish(self._message(body, to=zone), retain=True)

    def _message(self, body: Status | Command | Mirror | Light, *, to: str | None = None) -> Message:
        self._number += 1
        store = self._shop.settings.store.id
        number = f"{self._epoch}-{self._number}"
        return message(body, id=number, store=store, device=devices.SERVICE, time=self._shop.clock(), to=to)
