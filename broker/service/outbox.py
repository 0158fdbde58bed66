"""What the service says on its own: that it runs, and "report" to every device it knows.

A service that has been away does not know how its cameras are. It asks each of them, so that the screens know within a
second and the spools are emptied at once instead of at the next resend.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from broker.contract.messages import Ask, Command, Message, Status, Watch, message, offline
from broker.desk import devices
from broker.link import Link
from broker.shop import Shop
from broker.store import devices as stored_devices

HEARTBEAT_SECONDS: Final = 2.0
"""The service writes so often that it runs; `[alerts] device_silent_seconds` is at least twice as long."""


def last_will(store: str, at: datetime) -> Message:
    """Return what the MQTT broker says for the service when it is gone."""
    return offline(store=store, device=devices.SERVICE, at=at)


class Outbox:
    """Says what must be said when its time has come."""

    def __init__(self, shop: Shop, link: Link, ticks: Callable[[], float] = time.monotonic) -> None:
        """Speak for the service of *shop* on *link*."""
        self._shop = shop
        self._link = link
        self._ticks = ticks
        self._began = shop.clock()
        self._epoch = secrets.token_hex(4)
        self._number = 0
        self._asked_on = 0
        self._next_beat = ticks()

    def turn(self) -> None:
        """Say what is due."""
        if self._ticks() >= self._next_beat:
            self._next_beat = self._ticks() + HEARTBEAT_SECONDS
            devices.heard(self._shop, devices.SERVICE, kind="service", watch=Watch.WATCHING, since=self._began)
        if self._link.connected.is_set() and self._asked_on != self._link.number:
            self._asked_on = self._link.number
            self._say_hello()

    def goodbye(self) -> None:
        """Say that the service stops on purpose."""
        now = self._shop.clock()
        reason = "the service was stopped"
        devices.heard(self._shop, devices.SERVICE, kind="service", watch=Watch.OFFLINE, since=now, reason=reason)
        self._link.publish(self._message(Status(watch=Watch.OFFLINE, since=now, reason=reason)), retain=True)

    def _say_hello(self) -> None:
        self._link.publish(self._message(Status(watch=Watch.WATCHING, since=self._began)), retain=True)
        for device in self._known():
            self._link.publish(self._message(Command(name=Ask.REPORT), to=device))

    def _known(self) -> list[str]:
        stored = (device.id for device in stored_devices.everyone(self._shop.db) if device.kind == "camera")
        configured = (camera.id for camera in self._shop.settings.cameras)
        return list(dict.fromkeys([*configured, *stored]))

    def _message(self, body: Status | Command, *, to: str | None = None) -> Message:
        self._number += 1
        store = self._shop.settings.store.id
        number = f"{self._epoch}-{self._number}"
        return message(body, id=number, store=store, device=devices.SERVICE, time=self._shop.clock(), to=to)
