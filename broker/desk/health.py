"""How the shop's machine is: each part by name, how it stands and since when. What makes the shop not work is down."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from broker.desk.cameras import SKEW_SECONDS
from broker.desk.screens import SERVICE_SILENT
from broker.domain.alerts import AlertKind
from broker.settings import SERVICE
from broker.shop import Shop
from broker.store import alerts, devices, journal, room
from broker.store.devices import WATCHING, Device
from broker.store.room import Room as Room
from broker.store.room import RoomState as RoomState

MEGABYTE: Final = 1024 * 1024
PRINTERS: Final = "printer:"
"""How the subject of an alert about a printer begins."""


class State(StrEnum):
    """How a part is, the worst last."""

    OK = "ok"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Look:
    """One part of the machine: how it stands, since when if that is known, and in words. `needed`: nothing goes without it.

    `why` is the same as a word that screens have a sentence for in each language; `n` is counted, in megabytes for the disk.
    """

    name: str
    state: State
    says: str
    since: datetime | None = None
    needed: bool = False
    why: str = "ok"
    n: int = 0
    of: int = 0


PARTS: Final = ("store", "service", "disk", "mqtt", "cameras", "printer")
"""The names of the parts, in the order of `looks`."""


def looks(shop: Shop) -> list[Look]:
    """Return how each of PARTS is. Reads only; a store that cannot be read is one of the answers."""
    here = space(shop)
    try:
        journal.last_id(shop.db)
        known = {device.id: device for device in devices.everyone(shop.db)}
    except sqlite3.Error as wrong:
        lost = Look("store", State.DOWN, f"it cannot be read: {wrong}", needed=True, why="lost")
        return [lost, _disk(here, shop)]
    return [
        _store(here), _service(shop, known.get(SERVICE)), _disk(here, shop), _mqtt(known.get(SERVICE)),
        _cameras(shop, known.values()), _printer(shop),
    ]  # fmt: skip


def overall(found: Iterable[Look]) -> State:
    """Return how the whole is: down when something that is needed is down, degraded when anything else is not well."""
    found = list(found)
    if any(look.needed and look.state is State.DOWN for look in found):
        return State.DOWN
    return State.OK if all(look.state is State.OK for look in found) else State.DEGRADED


def space(shop: Shop) -> Room:
    """Return how much room the store has."""
    return room.look(shop.settings.store.data, shop.settings.health.free_megabytes * MEGABYTE)


def _store(here: Room) -> Look:
    if here.state is RoomState.FULL:
        return Look("store", State.DOWN, "it cannot be written: the disk is full", here.since, needed=True, why="full")
    return Look("store", State.OK, "it can be read, and there is room to write", needed=True)


def _service(shop: Shop, service: Device | None) -> Look:
    if service is None:
        return Look("service", State.DOWN, "it has never run on this store", needed=True, why="never")
    if service.watch != WATCHING:
        return Look("service", State.DOWN, service.reason or "it was stopped", service.since, needed=True, why="stopped")
    if abs(shop.clock() - service.heard_at) > SERVICE_SILENT:
        return Look("service", State.DOWN, "it says nothing any more", service.heard_at, needed=True, why="silent")
    return Look("service", State.OK, "it runs", service.since, needed=True)


def _disk(here: Room, shop: Shop) -> Look:
    state = {RoomState.ENOUGH: State.OK, RoomState.LOW: State.DEGRADED, RoomState.FULL: State.DOWN}[here.state]
    least = f", {shop.settings.health.free_megabytes:,} MB are wanted" if state is not State.OK else ""
    why = {State.OK: "ok", State.DEGRADED: "low", State.DOWN: "full"}[state]
    free, wanted = here.free // MEGABYTE, shop.settings.health.free_megabytes
    return Look("disk", state, f"{free:,} MB are free{least}", here.since, needed=True, why=why, n=free, of=wanted)


def _mqtt(service: Device | None) -> Look:
    if service is None or "mqtt" not in service.figures:
        return Look("mqtt", State.DEGRADED, "the service has not said whether it is connected", why="unsaid")
    written = service.figures.get("mqtt_since")
    since = datetime.fromisoformat(written) if isinstance(written, str) else None
    if service.figures["mqtt"]:
        return Look("mqtt", State.OK, "the service is connected", since)
    return Look("mqtt", State.DOWN, "no connection: cameras are not heard, tickets and taps go on", since, why="lost")


def _cameras(shop: Shop, known: Iterable[Device]) -> Look:
    cameras = {device.id: device for device in known if device.kind == "camera"}
    names = cameras.keys() | {camera.id for camera in shop.settings.cameras}
    blind = [cameras.get(name) for name in names if name not in cameras or cameras[name].watch != WATCHING]
    wrong = [name for name in names if name in cameras and abs(cameras[name].skew or 0.0) > SKEW_SECONDS]
    if not blind and wrong:
        says = f"the clock of {len(wrong)} of {len(names)} is off by more than {SKEW_SECONDS:g} s"
        return Look("cameras", State.DEGRADED, says, why="clock", n=len(wrong), of=len(names))
    if not blind:
        says = f"all {len(names)} watch" if names else "there are none"
        return Look("cameras", State.OK, says, why="ok" if names else "none", n=len(names))
    begun = [device.since for device in blind if device is not None]
    state = State.DOWN if len(blind) == len(names) else State.DEGRADED
    says = f"{len(blind)} of {len(names)} do not watch"
    return Look("cameras", state, says, min(begun, default=None), why="blind", n=len(blind), of=len(names))


def _printer(shop: Shop) -> Look:
    told = [alert for alert in alerts.live(shop.db, kind=AlertKind.DEVICE) if alert.subject.startswith(PRINTERS)]
    if not told:
        return Look("printer", State.OK, "no trouble is known")
    begun = min(alert.since for alert in told)
    return Look("printer", State.DEGRADED, "it needs a hand; numbers are given without paper", begun, why="hand")
